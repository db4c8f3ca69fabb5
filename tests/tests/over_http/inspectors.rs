//! Inspectors' links: to one inspection, for some days, until revoked; every time that one is opened is put down.

use jiff::SignedDuration;
use kaiji_tests::{Answer, Institution, TestApp, on_both_databases};
use serde_json::{Value, json};

use super::inspections::{Package, World, frozen, id};

on_both_databases![
    an_inspector_sees_one_inspection_and_takes_it_away,
    a_link_ends_with_its_days_or_when_it_is_revoked,
    the_institution_sees_who_opened_what,
    guessed_tokens_are_counted,
    the_page_says_what_the_link_leads_to_or_why_not,
];

/// Makes a link; the link, and its token.
fn linked(clinic: &Institution, inspection: &Value, new: &Value) -> (Value, String) {
    let path = format!("/inspections/{}/links", id(inspection));
    let answer = clinic.post(&path).json(new).send().expect(201);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let link = answer.json();
    let url = link["url"].as_str().unwrap().to_owned();
    let (page, token) = url.split_once('#').unwrap();
    assert!(page.ends_with("/inspection"), "{page}");
    (link, token.to_owned())
}

fn shown(app: &TestApp, path: &str, token: &str) -> Answer {
    let call = app.site().call("GET", path);
    call.header("Kaiji-Link", token).send()
}

fn an_inspector_sees_one_inspection_and_takes_it_away(app: &TestApp) {
    let world = World::new(app);
    let clinic = &world.clinic;
    let inspection = frozen(clinic);
    let (link, token) = linked(clinic, &inspection, &json!({ "label": "見本保健所" }));
    assert_eq!(link["expires_at"], "2026-11-28T00:00:00.000Z");
    let seen = shown(app, "/api/v1/inspection", &token).expect(200).json();
    assert_eq!(seen["institution_name"], "サンプル医院");
    assert_eq!(seen["label"], "見本保健所");
    assert_eq!(seen["summary"], inspection["summary"]);
    assert_eq!(seen["facts_sha256"], inspection["facts_sha256"]);

    let own = Package::of(clinic, id(&inspection), "");
    let package = shown(app, "/api/v1/inspection/package", &token).expect(200);
    assert!(package.body == own.bytes, "the same for both");
    let name = format!(
        "attachment; filename=\"inspection-{}.zip\"",
        id(&inspection)
    );
    assert_eq!(package.header("content-disposition"), Some(&*name));
    let document = shown(app, "/api/v1/inspection/document", &token).expect(200);
    assert!(document.body == own.files["inspection.pdf"]);
    let cp932 = shown(app, "/api/v1/inspection/package?encoding=cp932", &token);
    assert!(cp932.expect(200).body != own.bytes);

    // The link opens nothing else: neither a request's answer nor the interface.
    shown(app, "/api/v1/link", &token).problem(404, "unknown_link");
    let inspections = app
        .nobody("GET", "/inspections")
        .header("Kaiji-Link", token);
    inspections.refused(401, "unauthenticated");
    let listed = clinic.list(&format!("/inspections/{}/links", id(&inspection)));
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["id"], link["id"]);
    assert!(listed[0].get("url").is_none(), "shown once");
}

fn a_link_ends_with_its_days_or_when_it_is_revoked(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let inspection = frozen(&clinic);
    let (_, short) = linked(&clinic, &inspection, &json!({ "label": "一日", "days": 1 }));
    let (link, long) = linked(
        &clinic,
        &inspection,
        &json!({ "label": "長い", "days": 30 }),
    );
    app.advance(SignedDuration::from_hours(24) - SignedDuration::from_secs(1));
    let _ = shown(app, "/api/v1/inspection", &short).expect(200);
    app.advance(SignedDuration::from_secs(1));
    for path in ["", "/package", "/document"] {
        let path = format!("/api/v1/inspection{path}");
        let problem = shown(app, &path, &short).problem(410, "link_gone");
        assert!(problem.detail.contains("time is over"), "{problem:?}");
    }
    let _ = shown(app, "/api/v1/inspection", &long).expect(200);
    let path = format!("/inspections/{}/links/{}", id(&inspection), id(&link));
    let _ = clinic.delete(&path).send().expect(204);
    let problem = shown(app, "/api/v1/inspection", &long).problem(410, "link_gone");
    assert!(problem.detail.contains("revoked"), "{problem:?}");
    let revoked = |clinic: &Institution| {
        let links = clinic.list(&format!("/inspections/{}/links", id(&inspection)));
        let link = links.into_iter().find(|found| found["id"] == link["id"]);
        link.unwrap()["revoked_at"].clone()
    };
    let first = revoked(&clinic);
    app.advance(SignedDuration::from_secs(60));
    let _ = clinic.delete(&path).send().expect(204);
    assert_eq!(revoked(&clinic), first, "once is for good");

    let other = app.institution("よその医院");
    other.delete(&path).refused(404, "not_found");
}

fn the_institution_sees_who_opened_what(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let inspection = frozen(&clinic);
    let (link, token) = linked(&clinic, &inspection, &json!({ "label": "見本保健所" }));
    for path in [
        "/inspection",
        "/api/v1/inspection/document",
        "/api/v1/inspection/package",
    ] {
        let _ = shown(app, path, &token).expect(200);
        app.advance(SignedDuration::from_secs(60));
    }
    let path = format!("/inspections/{}/links/{}", id(&inspection), id(&link));
    let _ = clinic.delete(&path).send().expect(204);
    shown(app, "/api/v1/inspection/package", &token).problem(410, "link_gone");

    let accesses = clinic.list(&format!("/inspections/{}/accesses", id(&inspection)));
    let told = |access: &Value| {
        assert_eq!(access["link"], link["id"]);
        assert_eq!(access["address"], "127.0.0.1");
        let text = |name: &str| access[name].as_str().unwrap().to_owned();
        [text("occurred_at"), text("what"), text("result")]
    };
    let told: Vec<_> = accesses.iter().map(told).collect();
    let expected = [
        ["2026-11-21T00:00:00.000Z", "summary", "shown"],
        ["2026-11-21T00:01:00.000Z", "document", "shown"],
        ["2026-11-21T00:02:00.000Z", "package", "shown"],
        ["2026-11-21T00:03:00.000Z", "package", "revoked"],
    ];
    assert_eq!(told, expected);
    let by_link = app.audit_trail().into_iter();
    let by_link = by_link.filter(|entry| entry.client_id == id(&link));
    assert_eq!(by_link.count(), 4, "the audit trail tells of them too");
    let other = app.institution("よその医院");
    let path = format!("/inspections/{}/accesses", id(&inspection));
    other.get(&path).refused(404, "not_found");
}

fn guessed_tokens_are_counted(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let inspection = frozen(&clinic);
    let (link, token) = linked(&clinic, &inspection, &json!({ "label": "見本保健所" }));
    let guess = format!("{}.{}", id(&link), "A".repeat(43));
    for _ in 0..10 {
        shown(app, "/api/v1/inspection", &guess).problem(404, "unknown_link");
    }
    shown(app, "/api/v1/inspection", &guess).problem(429, "too_many_tries");
    shown(app, "/api/v1/inspection", &token).problem(429, "too_many_tries");
    app.advance(SignedDuration::from_secs(60));
    let _ = shown(app, "/api/v1/inspection", &token).expect(200);
    shown(app, "/api/v1/inspection", "no token").problem(404, "unknown_link");
    let accesses = clinic.list(&format!("/inspections/{}/accesses", id(&inspection)));
    assert_eq!(accesses.len(), 1, "a guess is nobody's access");
}

fn the_page_says_what_the_link_leads_to_or_why_not(app: &TestApp) {
    let clinic = app.institution("<b>サンプル</b>医院");
    let inspection = frozen(&clinic);
    let (link, token) = linked(&clinic, &inspection, &json!({ "label": "見本保健所 様" }));
    let page = shown(app, "/inspection", &token).expect(200);
    let text = page.text();
    for said in [
        "&#60;b&#62;サンプル",
        "見本保健所 様",
        "2026年12月10日（令和8年12月10日）",
        "data-fetch",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(!text.contains("<b>サンプル"));
    let without = app.site().call("GET", "/inspection").send().expect(200);
    assert!(without.text().contains("/assets/link.js"));
    let unknown = shown(app, "/inspection", "lnk_0.secret").expect(404);
    assert!(unknown.text().contains("リンクを確認できませんでした"));
    let path = format!("/inspections/{}/links/{}", id(&inspection), id(&link));
    let _ = clinic.delete(&path).send().expect(204);
    let gone = shown(app, "/inspection", &token).expect(410);
    assert!(gone.text().contains("このリンクは無効になりました"));
    let (_, token) = linked(&clinic, &inspection, &json!({ "label": "一日", "days": 1 }));
    app.advance(SignedDuration::from_hours(24));
    let gone = shown(app, "/inspection", &token).expect(410);
    assert!(gone.text().contains("リンクの有効期限が過ぎています"));
}
