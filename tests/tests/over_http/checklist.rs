//! The institution's own checklist: what it says, what the exchange fills in, what an inspector gets; and the list of kinds
//! of information.

use jiff::SignedDuration;
use kaiji_tests::{Institution, TestApp, on_both_databases, sha256_of};
use serde_json::{Value, json};

use super::review_scene::{Scene, days, reducing};

on_both_databases![
    every_item_is_there_before_anything_is_said_of_it,
    the_first_days_are_kept_whatever_is_said_later,
    what_does_not_fit_a_state_is_refused,
    what_the_exchange_knows_is_filled_in_and_confirmed,
    a_comparison_is_filled_in_with_what_is_flagged,
    what_is_flagged_is_done_while_its_reviews_are_in_force,
    the_yearly_review_is_due_a_year_after_the_oldest_look,
    of_two_people_who_edit_one_item_the_second_is_told,
    evidence_files_that_an_item_names_are_kept,
    an_inspector_gets_the_checklist_as_a_table,
    another_institution_has_a_checklist_of_its_own,
    kinds_of_information_are_kept_with_their_history,
];

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn item(clinic: &Institution, id: &str) -> Value {
    clinic.get(&format!("/checklist/{id}")).ok()
}

fn say(clinic: &Institution, id: &str, said: &Value) -> Value {
    clinic.put(&format!("/checklist/{id}")).json(said).ok()
}

/// Confirms what is filled in, as it is now.
fn confirm(clinic: &Institution, id: &str) -> kaiji_tests::Call {
    let facts = item(clinic, id)["filled_in"]["sha256"].clone();
    let call = clinic.post(&format!("/checklist/{id}/confirmation"));
    call.json(&json!({ "facts_sha256": facts, "responsible": "院長" }))
}

fn history(clinic: &Institution, id: &str) -> Vec<Value> {
    clinic.list(&format!("/checklist/{id}/history"))
}

fn every_item_is_there_before_anything_is_said_of_it(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let items = clinic.get("/checklist").ok();
    assert_eq!(items["next"], Value::Null);
    let items = items["items"].as_array().unwrap().clone();
    let published = app.nobody("GET", "/checklists/mhlw-7.0-compliance").ok();
    let published = published["items"].as_array().unwrap();
    assert_eq!(items.len(), 52);
    for (item, published) in items.iter().zip(published) {
        assert_eq!(item["item"], published["id"]);
        assert_eq!(item["text"], published["text"]);
        assert_eq!(item["state"], "not_started");
        assert_eq!(item["answer"], "no");
        assert_eq!(item["lacks"], json!(["first_checked_on", "planned_on"]));
        let filled_in = &item["filled_in"];
        assert_eq!(filled_in.is_null(), published["facts"].is_null(), "{item}");
        if !filled_in.is_null() {
            assert_eq!(filled_in["facts"]["kind"], published["facts"]);
            assert_eq!(filled_in["standing"], "unconfirmed");
            assert_eq!(filled_in["state"], "not_started");
            assert!(!filled_in["says"].as_str().unwrap().is_empty());
        }
        assert_eq!(
            &clinic
                .get(&format!("/checklist/{}", published["id"].as_str().unwrap()))
                .ok(),
            item
        );
    }
    assert_eq!(items[21]["printed"], "5 ④");
    clinic.get("/checklist/5-9").refused(404, "not_found");
    app.nobody("GET", "/checklists/mhlw-6.0")
        .refused(404, "not_found");
}

fn the_first_days_are_kept_whatever_is_said_later(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let planned = json!({
        "state": "planned", "planned_on": "2027-03-31", "responsible": "院長", "note": "規程の改訂と合わせる",
    });
    let said = say(&clinic, "6-1", &planned);
    assert_eq!(said["answer"], "no");
    assert_eq!(said["lacks"], json!([]));
    assert_eq!(said["first_checked_on"], "2026-11-21");
    assert_eq!(said["first_confirmed_on"], Value::Null);
    assert_eq!(said["overdue"], false);

    app.advance(DAY * 140);
    assert_eq!(item(&clinic, "6-1")["overdue"], true);
    let said = say(&clinic, "6-1", &json!({ "state": "done" }));
    assert_eq!(said["answer"], "yes");
    assert_eq!(said["planned_on"], Value::Null);
    assert_eq!(said["first_confirmed_on"], "2027-04-10");
    app.advance(DAY);
    say(&clinic, "6-1", &json!({ "state": "not_started" }));
    app.advance(DAY);
    let said = say(&clinic, "6-1", &json!({ "state": "done" }));
    assert_eq!(said["first_checked_on"], "2026-11-21");
    assert_eq!(said["first_confirmed_on"], "2027-04-10");
    assert_eq!(said["last_checked_on"], "2027-04-12");
    let said = say(
        &clinic,
        "6-1",
        &json!({ "state": "done", "checked_on": "2026-04-01" }),
    );
    assert_eq!(
        said["first_checked_on"], "2026-04-01",
        "it was looked at before it was put down here"
    );
    assert_eq!(said["first_confirmed_on"], "2026-04-01");

    let told = history(&clinic, "6-1");
    let states: Vec<_> = told
        .iter()
        .map(|change| change["document"]["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["planned", "done", "not_started", "done", "done"]);
    assert_eq!(told[0]["document"]["note"], "規程の改訂と合わせる");
    assert_eq!(told[0]["changed_by"], json!(clinic.id));
    assert_eq!(told[0]["revision"], 1);
    let first = clinic.get("/checklist/6-1/history?limit=2").ok();
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    assert!(first["next"].is_string());
    assert!(history(&clinic, "6-2").is_empty());
}

fn what_does_not_fit_a_state_is_refused(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let unfit = [
        (json!({}), vec![("/state", "missing")]),
        (json!({ "state": "yes" }), vec![("/state", "choice")]),
        (
            json!({ "state": "planned" }),
            vec![("/planned_on", "missing")],
        ),
        (
            json!({ "state": "planned", "planned_on": "令和9年3月" }),
            vec![("/planned_on", "date"), ("/planned_on", "missing")],
        ),
        (
            json!({ "state": "not_applicable" }),
            vec![("/reason", "missing")],
        ),
        (
            json!({ "state": "done", "planned_on": "2027-03-31" }),
            vec![("/planned_on", "unexpected")],
        ),
        (
            json!({ "state": "done", "reason": "ない" }),
            vec![("/reason", "unexpected")],
        ),
        (
            json!({ "state": "done", "checked_on": "2026-11-22" }),
            vec![("/checked_on", "future")],
        ),
        (
            json!({ "state": "done", "note": "長".repeat(2001) }),
            vec![("/note", "too_long")],
        ),
        (
            json!({ "state": "done", "first_confirmed_on": "2020-01-01" }),
            vec![("/first_confirmed_on", "unknown_member")],
        ),
        (
            json!({ "state": "done", "evidence_files": ["../x", "a".repeat(64), "a".repeat(64)] }),
            vec![
                ("/evidence_files/0", "choice"),
                ("/evidence_files/2", "twice"),
            ],
        ),
    ];
    for (said, expected) in unfit {
        clinic.put("/checklist/6-1").json(&said).violates(&expected);
    }
    let not_done = json!({ "state": "done" });
    clinic
        .put("/checklist/12-1")
        .json(&not_done)
        .refused(404, "not_found");
    assert!(history(&clinic, "6-1").is_empty());
    // Free text is kept as it is.
    let formula = json!({ "state": "not_applicable", "reason": "=1+1\n「〜」" });
    assert_eq!(say(&clinic, "7-6", &formula)["reason"], "=1+1\n「〜」");
}

fn what_the_exchange_knows_is_filled_in_and_confirmed(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let clinic = app.institution("サンプル医院");
    let product = vendor.product("見本クラウド電子カルテ");
    let system = clinic.system("電子カルテ", &product);
    let filled_in = |id| item(&clinic, id)["filled_in"].clone();
    for id in ["3-2", "7-2"] {
        assert_eq!(filled_in(id)["state"], "not_started");
        confirm(&clinic, id).refused(409, "not_done");
    }
    assert_eq!(
        filled_in("3-2")["facts"]["without"],
        json!([{ "system": system, "name": "電子カルテ" }])
    );
    assert_eq!(
        filled_in("7-2")["facts"]["incomplete"][0]["system"],
        json!(system),
        "its work is not said"
    );

    vendor.publish(&vendor.statement("sds-sample", &product));
    vendor.release(&clinic.request(&product));
    let work = json!({ "outsourced_work": "クラウドサービスの運用" });
    clinic.patch(&format!("/systems/{system}")).json(&work).ok();
    assert_eq!(filled_in("3-2")["facts"]["statements"], 1);
    assert_eq!(
        filled_in("3-2")["says"],
        "医療情報システム1件のうち1件の開示書（MDS/SDS）を受領しています。"
    );
    assert_eq!(
        filled_in("2-3")["facts"]["partners"],
        json!([{ "name": "見本電子カルテ株式会社", "systems": 1 }])
    );
    let says = filled_in("7-2")["says"].as_str().unwrap().to_owned();
    assert!(says.contains("2026年11月21日（令和8年11月21日）"), "{says}");
    let seen = filled_in("3-2")["sha256"].clone();
    for id in ["2-3", "3-2", "7-2"] {
        let confirmed = confirm(&clinic, id).ok();
        assert_eq!(confirmed["state"], "done", "{id}");
        assert_eq!(confirmed["responsible"], "院長");
        assert_eq!(confirmed["filled_in"]["standing"], "confirmed");
        assert_eq!(confirmed["first_confirmed_on"], "2026-11-21");
    }

    // Another system, of which nothing is known: what was confirmed says so, and is not taken back.
    clinic
        .post("/systems")
        .json(&json!({ "name": "レセコン" }))
        .created();
    for id in ["2-3", "3-2", "7-2"] {
        let now = item(&clinic, id);
        assert_eq!(now["state"], "done");
        assert_eq!(now["filled_in"]["standing"], "changed");
        assert_eq!(now["filled_in"]["state"], "not_started");
        confirm(&clinic, id).refused(409, "not_done");
    }
    let stale = json!({ "facts_sha256": seen });
    let stale = clinic.post("/checklist/3-2/confirmation").json(&stale);
    stale.refused(412, "stale");
    let own = json!({ "state": "done", "note": "レセコンは紙で受領" });
    assert_eq!(
        say(&clinic, "3-2", &own)["filled_in"]["standing"],
        "confirmed"
    );

    // A statement that is withdrawn is held no more.
    let statement = clinic.list("/statements")[0]["sha256"]
        .as_str()
        .unwrap()
        .to_owned();
    vendor.withdraw(&statement, "誤り").ok();
    assert_eq!(filled_in("3-2")["facts"]["statements"], 0);

    // Of other items nothing is known that could be confirmed.
    let unknown = json!({ "facts_sha256": sha256_of(b"x") });
    let unknown = clinic.post("/checklist/6-1/confirmation").json(&unknown);
    unknown.refused(404, "not_found");
    clinic
        .post("/checklist/3-2/confirmation")
        .json(&json!({}))
        .violates(&[("/facts_sha256", "missing")]);
}

fn a_comparison_is_filled_in_with_what_is_flagged(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let clinic = app.institution("サンプル医院");
    let product = vendor.product("見本クラウド電子カルテ");
    let first = clinic.system("電子カルテ", &product);
    let second = clinic.system("電子カルテ（分院）", &product);
    let third = clinic
        .post("/systems")
        .json(&json!({ "name": "レセコン" }))
        .created();
    vendor.publish(&vendor.statement("sds-sample", &product));
    vendor.publish(&vendor.statement("mds-sample", &product));
    vendor.release(&clinic.request(&product));

    let count = |outcome: &str| -> i64 {
        let comparisons = clinic.comparisons(&first);
        comparisons
            .iter()
            .map(|comparison| comparison["summary"][outcome].as_i64().unwrap())
            .sum()
    };
    let facts = item(&clinic, "10-9")["filled_in"]["facts"].clone();
    for outcome in [
        "conforming",
        "not_applicable",
        "nonconforming",
        "unconfirmed",
    ] {
        assert_eq!(facts[outcome], json!(2 * count(outcome)), "{outcome}");
    }
    let flagged = count("nonconforming") + count("unconfirmed");
    assert!(flagged > 0);
    let named = |id: &Value, name: &str| json!({ "system": id, "name": name, "items": flagged, "reviewed": 0 });
    let mut expected = vec![
        named(&json!(first), "電子カルテ"),
        named(&json!(second), "電子カルテ（分院）"),
    ];
    expected.sort_by_key(|system| system["system"].as_str().unwrap().to_owned());
    assert_eq!(facts["flagged"], json!(expected));
    assert_eq!(
        facts["not_compared"],
        json!([{ "system": third["id"], "name": "レセコン" }])
    );
    assert_eq!(facts["requirement_set"], "mhlw-7.0-annex");
    confirm(&clinic, "10-9").refused(409, "not_done");
}

fn what_is_flagged_is_done_while_its_reviews_are_in_force(app: &TestApp) {
    let scene = Scene::new(app);
    let filled_in = |which: &str| item(&scene.clinic, which)["filled_in"].clone();
    let flagged = scene
        .clinic
        .list(&format!("/systems/{}/reviews", scene.system));
    let (last, others) = flagged.split_last().unwrap();
    let approve = |flagged: &Value| scene.approve(flagged["item"].as_str().unwrap(), &reducing());
    for flagged in others {
        let _ = approve(flagged);
    }
    let before = filled_in("10-9");
    assert_eq!(before["state"], "not_started");
    assert_eq!(
        before["facts"]["flagged"][0]["reviewed"],
        json!(others.len())
    );
    assert!(before["says"].as_str().unwrap().contains("電子カルテ"));
    let _ = approve(last);
    let done = filled_in("10-9");
    assert_eq!(done["state"], "done");
    let said = format!("{0}項目のうち{0}項目のリスク評価が有効です", flagged.len());
    assert!(done["says"].as_str().unwrap().contains(&said), "{done}");
    let _ = confirm(&scene.clinic, "10-9").ok();

    // The vendor says something else of an item, and its review does not hold any more.
    scene.revise(|answers| answers["84"]["remark"] = json!("令和10年に対応する。"));
    let again = filled_in("10-9");
    assert_eq!(again["state"], "not_started");
    assert_eq!(
        again["facts"]["flagged"][0]["reviewed"],
        json!(others.len())
    );

    // Reviews of a statement that was withdrawn do not count for those of another.
    let mds = scene.vendor.statement("mds-sample", &scene.product);
    scene.vendor.publish(&mds);
    scene.vendor.withdraw(&scene.newest(), "誤り").ok();
    let other_form = filled_in("10-9");
    assert_eq!(other_form["state"], "not_started");
    assert_eq!(other_form["facts"]["flagged"][0]["reviewed"], json!(0));

    // A year later they are to be looked at again.
    assert_eq!(filled_in("4.3-1")["facts"]["reviews_due"], json!(0));
    days(app, 366);
    let review = filled_in("4.3-1");
    assert_eq!(review["facts"]["reviews_due"], json!(flagged.len()));
}

fn the_yearly_review_is_due_a_year_after_the_oldest_look(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let review = || item(&clinic, "4.3-1")["filled_in"].clone();
    let items = clinic.get("/checklist").ok()["items"]
        .as_array()
        .unwrap()
        .clone();
    for item in items.iter().filter(|item| item["item"] != "4.3-1") {
        assert_eq!(review()["state"], "not_started");
        say(
            &clinic,
            item["item"].as_str().unwrap(),
            &json!({ "state": "done" }),
        );
    }
    let facts = review()["facts"].clone();
    assert_eq!(
        (&facts["items"], &facts["within_a_year"]),
        (&json!(51), &json!(51))
    );
    assert_eq!(facts["next_due_on"], "2027-11-21");
    assert_eq!(
        confirm(&clinic, "4.3-1").ok()["filled_in"]["standing"],
        "confirmed"
    );

    app.advance(DAY * 364);
    assert_eq!(
        review()["standing"],
        "confirmed",
        "a day passes and nothing changes"
    );
    say(&clinic, "1.1-1", &json!({ "state": "done" }));
    assert_eq!(review()["standing"], "changed");
    assert_eq!(review()["facts"]["last_checked_on"], "2027-11-20");
    app.advance(DAY);
    assert_eq!(review()["facts"]["within_a_year"], 1);
    assert_eq!(review()["state"], "not_started");
}

fn of_two_people_who_edit_one_item_the_second_is_told(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let put = |tag: &str, note: &str| {
        let said = json!({ "state": "done", "note": note });
        clinic
            .put("/checklist/9-2")
            .header("If-Match", tag)
            .json(&said)
    };
    let unsaid = clinic.get("/checklist/9-2").send().expect(200).etag();
    let first = put(&unsaid, "一人目").send().expect(200).etag();
    put(&unsaid, "二人目").refused(412, "stale");
    assert_eq!(item(&clinic, "9-2")["note"], "一人目");
    put("\"made up\"", "三人目").refused(412, "stale");
    put(&first, "二人目が読み直して").ok();
    assert_eq!(history(&clinic, "9-2").len(), 2);

    let kind = clinic.information_kind("画像");
    let path = format!("/information-kinds/{kind}");
    let tag = clinic.get(&path).send().expect(200).etag();
    let named = |name: &str| json!({ "name": name, "sensitivity": "special_care" });
    clinic
        .put(&path)
        .header("If-Match", &tag)
        .json(&named("放射線画像"))
        .ok();
    clinic
        .put(&path)
        .header("If-Match", &tag)
        .json(&named("内視鏡画像"))
        .refused(412, "stale");
    clinic
        .delete(&path)
        .header("If-Match", &tag)
        .refused(412, "stale");
    assert_eq!(clinic.get(&path).ok()["name"], "放射線画像");
}

fn evidence_files_that_an_item_names_are_kept(app: &TestApp) {
    let [clinic, other] = ["サンプル医院", "よその医院"].map(|name| app.institution(name));
    let file = b"%PDF-1.7 contract";
    let named = json!({ "state": "done", "evidence_files": [sha256_of(file)] });
    let put = |clinic: &Institution| clinic.put("/checklist/5-1").json(&named);
    put(&clinic).violates(&[("/evidence_files/0", "missing_evidence_file")]);
    other
        .bring("就業規則.pdf", "application/pdf", file)
        .created();
    put(&clinic).violates(&[("/evidence_files/0", "missing_evidence_file")]);
    assert!(history(&clinic, "5-1").is_empty());

    clinic
        .bring("就業規則.pdf", "application/pdf", file)
        .created();
    assert_eq!(
        put(&clinic).ok()["evidence_files"],
        json!([sha256_of(file)])
    );
    assert_eq!(clinic.list("/evidence-files")[0]["expires_at"], Value::Null);
    clinic.bring("別の名.pdf", "application/pdf", file).ok();
    assert_eq!(
        clinic.list("/evidence-files")[0]["name"],
        "就業規則.pdf",
        "as the record knew it"
    );
    say(&clinic, "5-1", &json!({ "state": "done" }));
    app.advance(DAY * 2);
    app.step_jobs();
    let kept = clinic
        .get(&format!("/evidence-files/{}", sha256_of(file)))
        .send()
        .expect(200);
    assert_eq!(kept.body, file, "the history names it still");
    assert!(other.list("/evidence-files").is_empty());
}

fn an_inspector_gets_the_checklist_as_a_table(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let file = b"%PDF-1.7 minutes";
    clinic
        .bring("議事録.pdf", "application/pdf", file)
        .created();
    let said = json!({
        "state": "planned", "planned_on": "2027-03-31", "note": "=HYPERLINK(\"x\")", "responsible": "髙橋 院長😀",
        "evidence_files": [sha256_of(file)],
    });
    say(&clinic, "1.2-2", &said);
    let csv = clinic.get("/exports/checklist.csv").send().expect(200);
    assert_eq!(
        csv.header("Content-Disposition"),
        Some("attachment; filename=\"checklist.csv\"")
    );
    let text = csv
        .text()
        .strip_prefix('\u{feff}')
        .expect("a byte order mark");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let titles = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 52);
    let cell = |row: usize, title: &str| {
        let column = titles.iter().position(|other| other == title).unwrap();
        rows[row][column].to_owned()
    };
    for (title, expected) in [
        ("医療機関名", "サンプル医院"),
        ("項目区分", "1. 安全管理に関する責任・責務"),
        ("項番", "1.2 ②"),
        ("回答", "いいえ"),
        ("初回確認日", "2026-11-21"),
        ("目標日", "2027-03-31"),
        ("状態", "実施予定"),
        ("備考", "'=HYPERLINK(\"x\")"),
        ("責任者", "髙橋 院長😀"),
        ("証跡ファイル", "議事録.pdf"),
        ("不足", ""),
        ("自動記入", ""),
    ] {
        assert_eq!(cell(2, title), expected, "{title}");
    }
    assert_eq!(cell(10, "項番"), "3 ②");
    assert_eq!(cell(10, "不足"), "初回の確認日、目標日");
    assert_eq!(cell(10, "自動記入の確認"), "未確認");
    assert!(!cell(10, "自動記入").is_empty());

    let cp932 = clinic
        .get("/exports/checklist.csv?encoding=cp932")
        .send()
        .expect(200);
    assert_eq!(
        cp932.header("Content-Type"),
        Some("text/csv; charset=windows-31j; header=present")
    );
    // 髙 is there, 😀 is not and becomes 〓.
    let responsible = b"\xfb\xfc\x8b\xb4 \x89@\x92\xb7\x81\xac";
    assert!(
        cp932
            .body
            .windows(responsible.len())
            .any(|bytes| bytes == responsible)
    );
}

fn another_institution_has_a_checklist_of_its_own(app: &TestApp) {
    let [clinic, other] = ["サンプル医院", "よその医院"].map(|name| app.institution(name));
    say(&clinic, "6-1", &json!({ "state": "done", "note": "秘密" }));
    let kind = clinic.information_kind("画像");
    assert_eq!(item(&other, "6-1")["state"], "not_started");
    assert!(history(&other, "6-1").is_empty());
    let csv = other.get("/exports/checklist.csv").send().expect(200);
    assert!(!csv.text().contains("秘密"));
    assert_eq!(other.get("/information-kinds").ok()["items"], json!([]));
    for path in [
        format!("/information-kinds/{kind}"),
        format!("/information-kinds/{kind}/history"),
    ] {
        other.get(&path).refused(404, "not_found");
    }
}

fn kinds_of_information_are_kept_with_their_history(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let vendor = app.vendor("見本電子カルテ株式会社");
    let system = clinic.system("電子カルテ", &vendor.product("見本クラウド電子カルテ"));
    let templates = app.nobody("GET", "/information-kind-templates").ok();
    let template = templates["items"].as_array().unwrap().iter();
    let template = template
        .clone()
        .find(|template| template["id"] == "blood-test")
        .unwrap();
    let new = json!({
        "name": template["name"], "sensitivity": template["sensitivity"], "kept_in": template["kept_in"],
        "systems": [system],
    });
    assert_eq!(item(&clinic, "3-1")["filled_in"]["facts"]["kinds"], 0);
    let create = || {
        clinic
            .post("/information-kinds")
            .header("Idempotency-Key", "k1")
            .json(&new)
    };
    let created = create().send().expect(201);
    let kind = created.json();
    assert_eq!(create().created(), kind, "the same again makes one");
    let path = format!("/information-kinds/{}", kind["id"].as_str().unwrap());
    assert_eq!(created.header("Location"), Some(&*format!("/api/v1{path}")));
    assert_eq!(kind["name"], "血液検査結果");
    assert_eq!(kind["systems"], json!([system]));
    assert_eq!(confirm(&clinic, "3-1").ok()["state"], "done");

    for (said, expected) in [
        (
            json!({}),
            vec![("/name", "missing"), ("/sensitivity", "missing")],
        ),
        (
            json!({ "name": "画像", "sensitivity": "secret" }),
            vec![("/sensitivity", "choice")],
        ),
        (
            json!({ "name": "画像", "sensitivity": "other", "systems": [system, "sys_0"] }),
            vec![("/systems/1", "unknown_system")],
        ),
    ] {
        clinic
            .post("/information-kinds")
            .json(&said)
            .violates(&expected);
        clinic.put(&path).json(&said).violates(&expected);
    }
    app.advance(DAY);
    let changed = json!({ "name": "検体検査結果", "sensitivity": "special_care" });
    assert_eq!(clinic.put(&path).json(&changed).ok()["systems"], json!([]));
    assert_eq!(item(&clinic, "3-1")["filled_in"]["standing"], "changed");
    let _ = clinic.delete(&path).send().expect(204);
    clinic.get(&path).refused(404, "not_found");
    clinic.put(&path).json(&changed).refused(404, "not_found");
    clinic.delete(&path).refused(404, "not_found");
    assert_eq!(clinic.get("/information-kinds").ok()["items"], json!([]));
    let told = clinic.list(&format!("{path}/history"));
    let names: Vec<_> = told
        .iter()
        .map(|change| change["document"]["name"].clone())
        .collect();
    assert_eq!(
        names,
        [json!("血液検査結果"), json!("検体検査結果"), Value::Null]
    );
}
