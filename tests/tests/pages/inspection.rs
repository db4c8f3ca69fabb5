//! The page behind an inspector's link: what it shows, what is taken away from it, and what is seen when it has ended.

use kaiji_tests::{Key, TestApp, on_both_databases};
use serde_json::json;

use super::{looked_at, opened};

on_both_databases![an_inspector_takes_the_files_away_with_the_keyboard_alone];

/// Notes under which name the browser is handed how many bytes, instead of saving them.
const NOTE: &str = "
    const make = URL.createObjectURL;
    URL.createObjectURL = (file) => { window.bytes = file.size; return make.call(URL, file); };
    HTMLAnchorElement.prototype.click = function () { window.handed = [this.download, window.bytes]; };";

fn an_inspector_takes_the_files_away_with_the_keyboard_alone(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    clinic
        .post("/systems")
        .json(&json!({ "name": "電子カルテ" }))
        .created();
    let new = json!({ "title": "令和8年度 立入検査", "visit_on": "2026-12-10" });
    let inspection = clinic.post("/inspections").json(&new).created();
    let path = format!("/inspections/{}", inspection["id"].as_str().unwrap());
    let label = json!({ "label": "見本保健所 検査担当 様" });
    let link = clinic.post(&format!("{path}/links")).json(&label).created();
    let url = link["url"].as_str().unwrap();
    let (address, _) = url.split_once('#').unwrap();

    let browser = opened(url, "サンプル医院の立入検査資料");
    assert_eq!(browser.url(), address, "the token is gone from the address");
    browser.wait_for("dl", "2026年12月10日（令和8年12月10日）");
    looked_at(&browser, app, "inspection");
    browser.tab_to("a[href='/api/v1/inspection/document']");
    browser.press(Key::Enter);
    browser.wait_for("[data-told]", ".pdf");
    browser.run(NOTE, &json!([]));
    browser.tab_to("a[href='/api/v1/inspection/package']");
    browser.press(Key::Enter);
    browser.wait_for("[data-told]", ".zip");
    let size = clinic
        .get(&format!("{path}/package"))
        .send()
        .expect(200)
        .body
        .len();
    let name = format!("inspection-{}.zip", inspection["id"].as_str().unwrap());
    assert_eq!(
        browser.run("return window.handed", &json!([])),
        json!([name, size])
    );

    // Revoked while the page is open, and afterwards.
    let revoked = format!("{path}/links/{}", link["id"].as_str().unwrap());
    let _ = clinic.delete(&revoked).send().expect(204);
    browser.press(Key::Enter);
    browser.wait_for("[data-told]", "取得できませんでした");
    let browser = opened(url, "このリンクは無効になりました");
    looked_at(&browser, app, "inspection-revoked");
    let what: Vec<_> = clinic.list(&format!("{path}/accesses"));
    assert_eq!(what.len(), 5, "{what:?}");
}
