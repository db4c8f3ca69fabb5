//! Reminders of requests: around the day that they are due on, and by hand.

use jiff::SignedDuration;
use kaiji_tests::{Institution, TestApp, Vendor, on_both_databases};
use serde_json::{Value, json};

on_both_databases![
    a_vendor_is_reminded_around_the_day_each_time_once,
    whoever_has_a_link_is_reminded_with_the_link_that_they_have,
    what_was_answered_is_not_reminded_of,
    mornings_that_the_service_missed_are_made_up_for,
    an_institution_reminds_by_hand_once_a_day,
    a_thousand_requests_due_on_one_day_are_reminded_of_once_each,
];

const VENDOR: &str = "desk@vendor.example.jp";
const STRANGER: &str = "desk@stranger.example.jp";

fn vendor_with_address(app: &TestApp) -> (Vendor, String) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let path = format!("/organisations/{}", vendor.organisation);
    app.operator()
        .patch(&path)
        .json(&json!({ "email": VENDOR }))
        .ok();
    let product = vendor.product("見本カルテ");
    (vendor, product)
}

fn request(clinic: &Institution, product: &str, due_on: &str) -> String {
    let new = json!({ "product": product, "due_on": due_on });
    let made = clinic.post("/requests").json(&new).created();
    made["id"].as_str().unwrap().to_owned()
}

fn reminders(app: &TestApp, address: &str) -> usize {
    let letters = app.letters_to(address).into_iter();
    letters
        .filter(|letter| letter.subject.contains("ご依頼について"))
        .count()
}

fn days(app: &TestApp, days: i64) {
    app.advance(SignedDuration::from_hours(24 * days));
}

fn a_vendor_is_reminded_around_the_day_each_time_once(app: &TestApp) {
    let (_vendor, product) = vendor_with_address(app);
    let clinic = app.institution("サンプル医院");
    // It is 9 o'clock on 21 November in Japan.
    request(&clinic, &product, "2026-12-01");
    assert_eq!(reminders(app, VENDOR), 0);
    days(app, 2);
    assert_eq!(reminders(app, VENDOR), 0);
    days(app, 1);
    assert_eq!(reminders(app, VENDOR), 1, "a week before");
    days(app, 5);
    assert_eq!(reminders(app, VENDOR), 1);
    days(app, 1);
    assert_eq!(reminders(app, VENDOR), 2, "the day before");
    days(app, 1);
    assert_eq!(reminders(app, VENDOR), 2, "not on the day itself");
    days(app, 1);
    assert_eq!(reminders(app, VENDOR), 3, "the day after");
    let letters = app.letters_to(VENDOR);
    let late = letters
        .iter()
        .find(|letter| letter.subject.contains("過ぎています"));
    late.unwrap().is_as(app.site(), "request_reminder_overdue");
    days(app, 6);
    assert_eq!(reminders(app, VENDOR), 4, "a week after");
    days(app, 30);
    assert_eq!(reminders(app, VENDOR), 4, "and no more");
}

fn whoever_has_a_link_is_reminded_with_the_link_that_they_have(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let new = json!({
        "to": { "name": "見本販売株式会社", "email": STRANGER },
        "subject": "見本カルテ", "due_on": "2026-11-29",
    });
    clinic.post("/requests").json(&new).created();
    let first = app.letter_to(STRANGER).link_token("/answer");
    days(app, 1);
    let letters = app.letters_to(STRANGER).into_iter();
    let reminder = letters.filter(|letter| letter.subject.contains("ご依頼について"));
    let reminder: Vec<_> = reminder.collect();
    assert_eq!(reminder.len(), 1);
    assert_eq!(reminder[0].link_token("/answer"), first);
    reminder[0].is_as(app.site(), "request_reminder_by_link");
}

fn what_was_answered_is_not_reminded_of(app: &TestApp) {
    let (vendor, product) = vendor_with_address(app);
    let clinic = app.institution("サンプル医院");
    let request = request(&clinic, &product, "2026-11-29");
    vendor.release(&request);
    days(app, 10);
    assert_eq!(reminders(app, VENDOR), 0);
}

fn mornings_that_the_service_missed_are_made_up_for(app: &TestApp) {
    let (_vendor, product) = vendor_with_address(app);
    let clinic = app.institution("サンプル医院");
    request(&clinic, &product, "2026-11-29");
    // The reminder of the 22nd is written on the 24th.
    days(app, 3);
    assert_eq!(reminders(app, VENDOR), 1);
}

fn an_institution_reminds_by_hand_once_a_day(app: &TestApp) {
    let (vendor, product) = vendor_with_address(app);
    let clinic = app.institution("サンプル医院");
    let request = request(&clinic, &product, "2026-12-31");
    let remind = || clinic.post(&format!("/requests/{request}/remind"));
    let reminded: Value = remind().ok();
    assert_eq!(reminded["state"], "open");
    remind().refused(409, "reminded_today");
    assert_eq!(reminders(app, VENDOR), 1);
    let events = vendor.events().into_iter();
    let told = events.filter(|(kind, _)| kind == "request_reminder");
    assert_eq!(told.count(), 1);
    days(app, 1);
    remind().ok();
    vendor.release(&request);
    days(app, 1);
    remind().refused(409, "request_state");
    assert_eq!(reminders(app, VENDOR), 2);
}

fn a_thousand_requests_due_on_one_day_are_reminded_of_once_each(app: &TestApp) {
    let (_vendor, product) = vendor_with_address(app);
    let clinic = app.institution("サンプル医院");
    let one = request(&clinic, &product, "2026-11-29");
    // The others are written straight into the database: the same, but for their ids.
    let copy = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999)
         INSERT INTO requests (id, institution_id, vendor_id, product_id, forms, origin_id, step, state, due_on,
                               revision, created_at, updated_at)
         SELECT id || '-' || i, institution_id, vendor_id, product_id, forms, id || '-' || i, step, state, due_on,
                revision, created_at, updated_at
         FROM requests, n WHERE id = '{one}'"
    );
    app.database()
        .execute("DROP INDEX IF EXISTS requests_open")
        .unwrap();
    app.database().execute(&copy).unwrap();
    days(app, 1);
    assert_eq!(reminders(app, VENDOR), 1000);
    days(app, 1);
    assert_eq!(reminders(app, VENDOR), 1000);
}
