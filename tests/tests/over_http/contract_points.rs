//! What an institution confirmed with the vendor of a system: the nine points of the contract, and the certificates.

use jiff::SignedDuration;
use kaiji_tests::{Institution, TestApp, on_both_databases, sha256_of};
use serde_json::{Value, json};

on_both_databases![
    every_point_is_there_before_anything_is_said_of_it,
    what_was_confirmed_is_kept_with_its_place_and_its_history,
    a_certificate_counts_until_its_last_day,
    what_does_not_fit_a_point_is_refused,
    of_two_people_who_edit_the_points_the_second_is_told,
    the_points_of_all_systems_are_a_table,
];

fn system(clinic: &Institution, name: &str) -> String {
    let created = clinic
        .post("/systems")
        .json(&json!({ "name": name }))
        .created();
    created["id"].as_str().unwrap().to_owned()
}

fn path(system: &str) -> String {
    format!("/systems/{system}/contract-points")
}

fn point<'a>(view: &'a Value, id: &str) -> &'a Value {
    let points = view["points"].as_array().unwrap();
    points.iter().find(|point| point["point"] == id).unwrap()
}

/// A body that says this of one point.
fn of(id: &str, said: &Value) -> Value {
    json!({ "points": { id: said } })
}

fn every_point_is_there_before_anything_is_said_of_it(app: &TestApp) {
    let [clinic, other] = ["サンプル医院", "よその医院"].map(|name| app.institution(name));
    let system = system(&clinic, "電子カルテ");
    let view = clinic.get(&path(&system)).ok();
    let lists = app.nobody("GET", "/contract-point-lists").ok();
    let published = lists["items"][0]["points"].as_array().unwrap();
    assert_eq!(view["list"], lists["items"][0]["id"]);
    let points = view["points"].as_array().unwrap();
    assert_eq!(points.len(), published.len());
    for (point, published) in points.iter().zip(published) {
        assert_eq!(point["point"], published["id"]);
        assert_eq!(point["state"], "not_confirmed");
        assert_eq!(point["expired"], false);
    }
    assert_eq!(view["contract_points"], 9);
    assert_eq!(view["settled"], 0);
    assert_eq!(view["is_certified"], false);
    let again = point(&view, "contract-6")["text"].as_str().unwrap();
    assert!(
        again.contains("再委託"),
        "which the explanation of the guideline leaves out"
    );
    other.get(&path(&system)).refused(404, "not_found");
    clinic.get(&path("sys_0")).refused(404, "not_found");
}

fn what_was_confirmed_is_kept_with_its_place_and_its_history(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let system = system(&clinic, "電子カルテ");
    let file = b"%PDF-1.7 contract";
    let confirmed = json!({
        "state": "confirmed", "written_in": "保守委託契約書", "clause": "第8条第2項", "confirmed_on": "2026-11-20",
        "note": "再委託先は別紙", "evidence_files": [sha256_of(file)],
    });
    let said = json!({ "points": { "contract-6": confirmed, "contract-3": { "state": "not_applicable" } } });
    let missing = clinic.put(&path(&system)).json(&said);
    missing.violates(&[(
        "/points/contract-6/evidence_files/0",
        "missing_evidence_file",
    )]);
    clinic
        .bring("契約書.pdf", "application/pdf", file)
        .created();
    let view = clinic.put(&path(&system)).json(&said).ok();
    assert_eq!(view["settled"], 2);
    for (member, value) in confirmed.as_object().unwrap() {
        assert_eq!(&point(&view, "contract-6")[member], value);
    }
    assert_eq!(clinic.get(&path(&system)).ok(), view);

    let rest = of("contract-3", &json!({ "state": "not_applicable" }));
    let view = clinic.put(&path(&system)).json(&rest).ok();
    assert_eq!(view["settled"], 1, "what is left out is unconfirmed again");
    let told = clinic.list(&format!("{}/history", path(&system)));
    assert_eq!(told.len(), 2);
    assert_eq!(
        told[0]["document"]["points"]["contract-6"]["clause"],
        "第8条第2項"
    );
    assert_eq!(told[0]["changed_by"], json!(clinic.id));
    app.advance(SignedDuration::from_hours(48));
    app.step_jobs();
    let kept = clinic
        .get(&format!("/evidence-files/{}", sha256_of(file)))
        .send();
    assert_eq!(kept.expect(200).body, file);

    let _ = clinic
        .delete(&format!("/systems/{system}"))
        .send()
        .expect(204);
    clinic.get(&path(&system)).refused(404, "not_found");
    clinic
        .put(&path(&system))
        .json(&rest)
        .refused(404, "not_found");
}

fn a_certificate_counts_until_its_last_day(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let system = system(&clinic, "電子カルテ");
    let isms = json!({
        "state": "confirmed", "confirmed_on": "2026-11-20", "certificate_number": "IS 000000", "expires_on": "2026-11-22",
    });
    let view = clinic
        .put(&path(&system))
        .json(&of("certificate-isms", &isms))
        .ok();
    assert_eq!(view["is_certified"], true);
    app.advance(SignedDuration::from_hours(24));
    assert_eq!(clinic.get(&path(&system)).ok()["is_certified"], true);
    // In Japan the next day has come.
    app.advance(SignedDuration::from_hours(15));
    let view = clinic.get(&path(&system)).ok();
    assert_eq!(view["is_certified"], false);
    assert_eq!(point(&view, "certificate-isms")["expired"], true);
    assert_eq!(point(&view, "certificate-isms")["state"], "confirmed");
}

fn what_does_not_fit_a_point_is_refused(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let system = system(&clinic, "電子カルテ");
    for (said, expected) in [
        (json!({}), vec![("/points", "missing")]),
        (json!({ "points": [] }), vec![("/points", "type")]),
        (
            of("contract-10", &json!({ "state": "confirmed" })),
            vec![("/points/contract-10", "unknown_point")],
        ),
        (
            of("a/b", &json!({ "state": "confirmed" })),
            vec![("/points/a~1b", "unknown_point")],
        ),
        (
            of("contract-1", &json!("はい")),
            vec![("/points/contract-1", "type")],
        ),
        (
            of("contract-1", &json!({ "state": "yes" })),
            vec![("/points/contract-1/state", "choice")],
        ),
        (
            of("contract-1", &json!({ "state": "confirmed" })),
            vec![
                ("/points/contract-1/confirmed_on", "missing"),
                ("/points/contract-1/written_in", "missing"),
            ],
        ),
        (
            of(
                "selection-1",
                &json!({ "state": "confirmed", "confirmed_on": "2026-11-22", "expires_on": "2027-01-01" }),
            ),
            vec![
                ("/points/selection-1/confirmed_on", "future"),
                ("/points/selection-1/expires_on", "unexpected"),
            ],
        ),
        (
            of(
                "selection-2",
                &json!({ "state": "not_confirmed", "certificate_number": "1" }),
            ),
            vec![("/points/selection-2/certificate_number", "unexpected")],
        ),
        (
            of(
                "certificate-isms",
                &json!({ "state": "not_confirmed", "expires_on": "2027-02-29", "more": 1 }),
            ),
            vec![
                ("/points/certificate-isms/expires_on", "date"),
                ("/points/certificate-isms/more", "unknown_member"),
            ],
        ),
    ] {
        clinic.put(&path(&system)).json(&said).violates(&expected);
    }
    assert!(
        clinic
            .list(&format!("{}/history", path(&system)))
            .is_empty()
    );
}

fn of_two_people_who_edit_the_points_the_second_is_told(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let system = system(&clinic, "電子カルテ");
    let put = |tag: &str, point: &str| {
        let said = of(point, &json!({ "state": "not_applicable" }));
        clinic
            .put(&path(&system))
            .header("If-Match", tag)
            .json(&said)
    };
    let unsaid = clinic.get(&path(&system)).send().expect(200).etag();
    put(&unsaid, "contract-1").ok();
    put(&unsaid, "contract-2").refused(412, "stale");
    let view = clinic.get(&path(&system)).ok();
    assert_eq!(point(&view, "contract-1")["state"], "not_applicable");
    assert_eq!(point(&view, "contract-2")["state"], "not_confirmed");
}

fn the_points_of_all_systems_are_a_table(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let systems = ["電子カルテ", "=レセコン"].map(|name| system(&clinic, name));
    let isms =
        json!({ "state": "confirmed", "confirmed_on": "2026-11-20", "expires_on": "2026-11-20" });
    clinic
        .put(&path(&systems[0]))
        .json(&of("certificate-isms", &isms))
        .ok();
    let csv = clinic
        .get("/exports/contract-points.csv")
        .send()
        .expect(200);
    let text = csv
        .text()
        .strip_prefix('\u{feff}')
        .expect("a byte order mark");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let titles = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let place = |title: &str| titles.iter().position(|other| other == title).unwrap();
    assert_eq!(rows.len(), 2 * 23);
    assert!(
        rows.iter()
            .any(|row| &row[place("システム")] == "'=レセコン")
    );
    let expired: Vec<_> = rows
        .iter()
        .filter(|row| &row[place("期限切れ")] == "期限切れ")
        .collect();
    assert_eq!(expired.len(), 1);
    assert_eq!(&expired[0][place("確認事項")], "ISMS 認証");
    assert_eq!(&expired[0][place("システム")], "電子カルテ");
    assert_eq!(&expired[0][place("状態")], "確認済");
}
