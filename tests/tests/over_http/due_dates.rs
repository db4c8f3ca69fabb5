//! When requests are due: business days of Japan, what is overdue, and a vendor's queue in the order of days.

use jiff::SignedDuration;
use kaiji_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

on_both_databases![
    a_request_is_due_in_so_many_business_days,
    what_is_no_due_date_is_refused,
    a_request_is_overdue_on_the_day_after_in_japan,
    a_vendor_sees_its_queue_by_due_date,
];

fn ids(requests: &[Value]) -> Vec<&str> {
    let ids = requests.iter();
    ids.map(|request| request["id"].as_str().unwrap()).collect()
}

fn a_request_is_due_in_so_many_business_days(app: &TestApp) {
    let product = app.vendor("見本社").product("見本カルテ");
    let clinic = app.institution("サンプル医院");
    // It is Saturday, 21 November 2026; Monday is 勤労感謝の日.
    let made = clinic
        .post("/requests")
        .json(&json!({ "product": product, "due_in_business_days": 1 }))
        .created();
    assert_eq!(made["due_on"], "2026-11-24");
    assert_eq!(made["state"], "open");
}

fn what_is_no_due_date_is_refused(app: &TestApp) {
    let product = app.vendor("見本社").product("見本カルテ");
    let clinic = app.institution("サンプル医院");
    let refused = |due: Value, code: &'static str| {
        let mut new = json!({ "product": product });
        new.as_object_mut()
            .unwrap()
            .extend(due.as_object().unwrap().clone());
        clinic
            .post("/requests")
            .json(&new)
            .violates(&[("/due_in_business_days", code)]);
    };
    refused(json!({ "due_in_business_days": 0 }), "range");
    refused(json!({ "due_in_business_days": 241 }), "range");
    refused(
        json!({ "due_in_business_days": 5, "due_on": "2026-12-01" }),
        "both",
    );
    app.advance(SignedDuration::from_hours(24 * 400));
    refused(json!({ "due_in_business_days": 5 }), "unknown_year");
}

fn a_request_is_overdue_on_the_day_after_in_japan(app: &TestApp) {
    let vendor = app.vendor("見本社");
    let product = vendor.product("見本カルテ");
    let clinic = app.institution("サンプル医院");
    let made = clinic
        .post("/requests")
        .json(&json!({ "product": product, "due_on": "2026-11-21" }))
        .created();
    let id = made["id"].as_str().unwrap();
    let state = || clinic.get(&format!("/requests/{id}")).ok()["state"].clone();
    let listed = |state: &str| vendor.list(&format!("/requests?state={state}")).len();
    // The last second of the day in Japan.
    app.advance(SignedDuration::from_secs(15 * 3600 - 1));
    assert_eq!(state(), "open");
    assert_eq!((listed("open"), listed("overdue")), (1, 0));
    app.advance(SignedDuration::from_secs(1));
    assert_eq!(state(), "overdue");
    assert_eq!((listed("open"), listed("overdue")), (0, 1));
    vendor.release(id);
    assert_eq!(state(), "released");
    assert_eq!(listed("overdue"), 0);
}

fn a_vendor_sees_its_queue_by_due_date(app: &TestApp) {
    let vendor = app.vendor("見本社");
    let product = vendor.product("見本カルテ");
    let ask = |name: &str, due: Value| {
        let clinic = app.institution(name);
        let made = clinic
            .post("/requests")
            .json(&json!({ "product": product, "due_on": due }))
            .created();
        made["id"].as_str().unwrap().to_owned()
    };
    let whenever = ask("甲医院", Value::Null);
    let late = ask("乙医院", json!("2027-01-15"));
    let soon = ask("丙医院", json!("2026-12-01"));
    let also_late = ask("丁医院", json!("2027-01-15"));
    let mut same_day = [late, also_late];
    same_day.sort();
    let [one, other] = &same_day;
    let expected = [&soon, one, other, &whenever];
    let whole = vendor.get("/requests?order=due").ok()["items"].clone();
    assert_eq!(ids(whole.as_array().unwrap()), expected);
    // The same one by one.
    let mut path = "/requests?order=due&limit=1".to_owned();
    let mut found = Vec::new();
    loop {
        let page = vendor.get(&path).ok();
        found.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("/requests?order=due&limit=1&cursor={next}");
    }
    assert_eq!(ids(&found), expected);
}
