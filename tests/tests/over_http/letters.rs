//! Letters: who gets them, how, and what they say.

use jiff::SignedDuration;
use kaiji_tests::{Institution, TestApp, Vendor, on_both_databases};
use serde_json::{Value, json};

on_both_databases![
    an_institution_reads_of_a_statement_at_its_address,
    an_organisation_chooses_one_letter_a_day,
    an_organisation_can_do_without_news,
    one_click_ends_what_one_can_do_without,
    a_disabled_organisation_gets_no_letters,
    what_is_no_address_is_refused,
];

const ADDRESS: &str = "clinic@sample.example.jp";

/// A clinic that is told of things at its address, and a vendor whose product it may read.
fn clinic_and_vendor(app: &TestApp) -> (Institution, Vendor, String) {
    let vendor = app.vendor("見本社");
    let product = vendor.product("見本カルテ");
    let clinic = app.institution("サンプル医院");
    let request = clinic.request(&product);
    vendor.release(&request);
    // From now on: of the release itself nothing is told here.
    change(app, &clinic, &json!({ "email": ADDRESS }));
    (clinic, vendor, product)
}

fn change(app: &TestApp, clinic: &Institution, change: &Value) {
    app.operator()
        .patch(&format!("/organisations/{}", clinic.organisation))
        .json(change)
        .ok();
}

fn an_institution_reads_of_a_statement_at_its_address(app: &TestApp) {
    let (_, vendor, product) = clinic_and_vendor(app);
    vendor.publish(&vendor.statement("sds-sample", &product));
    let letter = app.letter_to(ADDRESS);
    assert_eq!(letter.to_name.as_deref(), Some("サンプル医院"));
    assert_eq!(
        letter.subject,
        "【開示書】見本カルテ の開示書（SDS、第1版）が提出されました"
    );
    letter.is_as(app.site(), "statement_received");
}

fn an_organisation_chooses_one_letter_a_day(app: &TestApp) {
    let (clinic, vendor, product) = clinic_and_vendor(app);
    change(app, &clinic, &json!({ "letters": "daily" }));
    vendor.publish(&vendor.statement("sds-sample", &product));
    assert_eq!(app.letters_to(ADDRESS).len(), 0);
    // It is 9 o'clock in Japan; the next morning's letter is written at 8.
    app.advance(SignedDuration::from_hours(22));
    assert_eq!(app.letters_to(ADDRESS).len(), 0);
    app.advance(SignedDuration::from_hours(1));
    let letter = app.letter_to(ADDRESS);
    assert_eq!(letter.subject, "【開示書】11月22日までのお知らせ（1件）");
    assert!(
        letter.text.contains("見本カルテ の開示書"),
        "{}",
        letter.text
    );
    app.advance(SignedDuration::from_hours(24));
    assert_eq!(app.letters_to(ADDRESS).len(), 1);
}

fn an_organisation_can_do_without_news(app: &TestApp) {
    let (clinic, vendor, product) = clinic_and_vendor(app);
    change(app, &clinic, &json!({ "letters": "never" }));
    vendor.publish(&vendor.statement("sds-sample", &product));
    assert_eq!(app.letters_to(ADDRESS).len(), 0);
}

fn one_click_ends_what_one_can_do_without(app: &TestApp) {
    let (_, vendor, product) = clinic_and_vendor(app);
    vendor.publish(&vendor.statement("sds-sample", &product));
    let letter = app.letter_to(ADDRESS);
    let header = letter.header("List-Unsubscribe").unwrap();
    let url = header.trim_matches(['<', '>']);
    let path = url.strip_prefix(app.site().url()).unwrap();
    let page = app.site().call("GET", path).send();
    assert_eq!(page.status, 200);
    assert!(page.text().contains("お知らせを停止する"));
    // Opening the link, as programs do that look for harmful ones, ends nothing.
    let second = vendor.publish(&vendor.statement("mds-sample", &product));
    assert_eq!(app.letters_to(ADDRESS).len(), 2);
    let forged = path.replace("token=", "token=A");
    assert_eq!(app.site().call("POST", &forged).send().status, 404);
    assert_eq!(app.site().call("GET", &forged).send().status, 404);
    let click = app.site().call("POST", path);
    let click = click.form(&[("List-Unsubscribe", "One-Click")]);
    assert_eq!(click.send().status, 200);
    vendor.withdraw(&second, "誤記").ok();
    assert_eq!(app.letters_to(ADDRESS).len(), 2);
}

fn a_disabled_organisation_gets_no_letters(app: &TestApp) {
    let (clinic, vendor, product) = clinic_and_vendor(app);
    change(app, &clinic, &json!({ "disabled": true }));
    vendor.publish(&vendor.statement("sds-sample", &product));
    assert_eq!(app.letters_to(ADDRESS).len(), 0);
}

fn what_is_no_address_is_refused(app: &TestApp) {
    for address in [
        "clinic@sample.example.jp\r\nBcc: everybody@sample.example.jp",
        "clinic@sample.example.jp\u{1b}",
        "clinic",
        "",
    ] {
        app.operator()
            .post("/organisations")
            .json(&json!({ "kind": "institution", "name": "サンプル医院", "email": address }))
            .violates(&[("/email", "choice")]);
    }
}
