//! Who gets to read a product's statements: asking, releasing, declining, taking back. What was delivered stays.

use jiff::SignedDuration;
use kaiji_tests::{Institution, TestApp, Vendor, on_both_databases};
use serde_json::json;

on_both_databases![
    a_statement_that_was_never_released_is_not_there,
    the_vendor_decides_each_request_for_a_product_on_request,
    an_automatic_product_answers_each_request_at_once,
    a_listed_product_needs_no_request,
    a_release_covers_what_comes_later,
    only_an_open_request_is_answered_or_cancelled,
    one_asks_once_at_a_time,
    a_product_outside_the_directory_is_asked_for_by_its_id,
    the_directory_is_searched_whatever_the_width_and_case,
    a_grant_taken_back_keeps_what_was_delivered,
    a_narrowed_release_keeps_what_was_delivered,
    a_delivered_statement_is_compared_and_exported_after_its_grant_and_its_time,
    what_was_not_fetched_is_not_acknowledged,
    a_disabled_vendor_is_neither_found_nor_asked,
];

/// A vendor with a published statement, and an institution that may not read it yet.
struct Offer {
    vendor: Vendor,
    clinic: Institution,
    product: String,
    statement: String,
}

impl Offer {
    fn new(app: &TestApp, release: &str) -> Self {
        let vendor = app.vendor("見本電子カルテ株式会社");
        let clinic = app.institution("サンプル医院");
        let product = json!({ "name": "見本クラウド電子カルテ", "release": release });
        let product = vendor.product_with(&product);
        let statement = vendor.publish(&vendor.statement("sds-sample", &product));
        Self {
            vendor,
            clinic,
            product,
            statement,
        }
    }

    fn is_readable(&self) -> bool {
        let listed = self
            .clinic
            .list("/statements")
            .iter()
            .any(|held| held["sha256"] == *self.statement);
        let shown = self
            .clinic
            .get(&format!("/statements/{}", self.statement))
            .send();
        assert_eq!(
            listed,
            shown.status == 200,
            "the list and the address agree"
        );
        if !listed {
            shown.problem(404, "not_found");
        }
        listed
    }

    fn next_revision(&self) -> String {
        let mut statement = self.vendor.statement("sds-sample", &self.product);
        statement["revision"] = json!(2);
        statement["supersedes"] = json!(self.statement);
        self.vendor.publish(&statement)
    }

    fn revoke_grant(&self) -> u16 {
        let path = format!(
            "/products/{}/grants/{}",
            self.product, self.clinic.organisation
        );
        self.vendor.delete(&path).send().status
    }
}

fn a_statement_that_was_never_released_is_not_there(app: &TestApp) {
    let offer = Offer::new(app, "on_request");
    let system = offer.clinic.system("電子カルテ", &offer.product);
    assert!(!offer.is_readable());
    assert_eq!(offer.clinic.fetch(&offer.statement).status, 404);
    for part in ["receipt", &*format!("changes?since={}", offer.statement)] {
        let path = format!("/statements/{}/{part}", offer.statement);
        offer.clinic.get(&path).refused(404, "not_found");
    }
    let acknowledge = format!("/statements/{}/acknowledgement", offer.statement);
    offer.clinic.post(&acknowledge).refused(404, "not_found");
    assert!(offer.clinic.comparisons(&system).is_empty());
    let unknown = offer.clinic.get(&format!("/statements/{}", "0".repeat(64)));
    let known = offer
        .clinic
        .get(&format!("/statements/{}", offer.statement));
    assert_eq!(
        unknown.refused(404, "not_found"),
        known.refused(404, "not_found")
    );
}

fn the_vendor_decides_each_request_for_a_product_on_request(app: &TestApp) {
    let offer = Offer::new(app, "on_request");
    let asked = json!({ "product": offer.product, "message": "立入検査のため\nお願いします", "due_on": "2026-12-10" });
    let request = offer.clinic.post("/requests").json(&asked).created();
    assert_eq!(request["state"], "open");
    let id = request["id"].as_str().unwrap();
    let seen = offer.vendor.get(&format!("/requests/{id}")).ok();
    assert_eq!(seen["institution_name"], "サンプル医院");
    assert_eq!(
        (&seen["message"], &seen["due_on"]),
        (&asked["message"], &asked["due_on"])
    );

    let decline = || offer.vendor.post(&format!("/requests/{id}/decline"));
    decline()
        .json(&json!({}))
        .violates(&[("/reason", "missing")]);
    let declined = decline()
        .json(&json!({ "reason": "契約が確認できません" }))
        .ok();
    assert_eq!(declined["state"], "declined");
    assert!(!offer.is_readable());
    let (kind, subject) = offer.clinic.events().pop().unwrap();
    assert_eq!(
        (&*kind, &subject["reason"]),
        ("request_declined", &json!("契約が確認できません"))
    );

    let again = offer.clinic.request(&offer.product);
    offer.vendor.release(&again);
    assert!(offer.is_readable());
    assert_eq!(offer.clinic.list("/requests?state=declined").len(), 1);
    assert_eq!(offer.clinic.list("/requests").len(), 2);
}

fn an_automatic_product_answers_each_request_at_once(app: &TestApp) {
    let offer = Offer::new(app, "automatic");
    assert!(!offer.is_readable(), "one has to ask");
    let request = offer
        .clinic
        .post("/requests")
        .json(&json!({ "product": offer.product }))
        .created();
    assert_eq!(request["state"], "released");
    assert!(offer.is_readable());
}

fn a_listed_product_needs_no_request(app: &TestApp) {
    let offer = Offer::new(app, "listed");
    assert!(offer.is_readable());
    let system = offer.clinic.system("電子カルテ", &offer.product);
    assert_eq!(offer.clinic.comparisons(&system).len(), 1);
    let later = offer.next_revision();
    app.step_jobs();
    let (kind, subject) = offer.clinic.events().pop().unwrap();
    assert_eq!(
        (&*kind, &subject["statement"]),
        ("statement_received", &json!(later))
    );
}

fn a_release_covers_what_comes_later(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let clinic = app.institution("サンプル医院");
    let product = vendor.product("まだ開示書のない製品");
    vendor.release(&clinic.request(&product));
    assert!(clinic.list("/statements").is_empty());
    let first = vendor.publish(&vendor.statement("mds-sample", &product));
    let second = vendor.publish(&vendor.statement("sds-sample", &product));
    let names: Vec<_> = clinic
        .list("/statements")
        .into_iter()
        .map(|held| held["sha256"].clone())
        .collect();
    assert_eq!(
        names,
        [json!(first), json!(second)],
        "both forms, in the order of receipt"
    );
}

fn only_an_open_request_is_answered_or_cancelled(app: &TestApp) {
    let offer = Offer::new(app, "on_request");
    let other = app.institution("よその医院");
    let request = offer.clinic.request(&offer.product);
    other
        .post(&format!("/requests/{request}/cancel"))
        .refused(404, "not_found");
    let cancelled = offer
        .clinic
        .post(&format!("/requests/{request}/cancel"))
        .ok();
    assert_eq!(cancelled["state"], "cancelled");
    assert_eq!(offer.vendor.events().pop().unwrap().0, "request_cancelled");
    offer
        .vendor
        .post(&format!("/requests/{request}/release"))
        .refused(409, "request_state");
    let reason = json!({ "reason": "遅い" });
    let decline = offer.vendor.post(&format!("/requests/{request}/decline"));
    decline.json(&reason).refused(409, "request_state");
    offer
        .clinic
        .post(&format!("/requests/{request}/cancel"))
        .refused(409, "request_state");
    assert!(!offer.is_readable());
}

fn one_asks_once_at_a_time(app: &TestApp) {
    let offer = Offer::new(app, "on_request");
    let first = offer.clinic.request(&offer.product);
    let again = || {
        offer
            .clinic
            .post("/requests")
            .json(&json!({ "product": offer.product }))
    };
    let problem = again().refused(409, "request_open");
    assert!(
        problem.detail.contains(&first),
        "it names the one that is open"
    );
    let _ = offer.clinic.post(&format!("/requests/{first}/cancel")).ok();
    again().created();
}

fn a_product_outside_the_directory_is_asked_for_by_its_id(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let clinic = app.institution("サンプル医院");
    let hidden = vendor.product_with(&json!({ "name": "受託開発品", "in_directory": false }));
    assert!(clinic.list("/directory/products").is_empty());
    clinic.request(&hidden);
    let unknown = json!({ "product": "prd_unknown" });
    clinic
        .post("/requests")
        .json(&unknown)
        .violates(&[("/product", "unknown_product")]);
}

fn the_directory_is_searched_whatever_the_width_and_case(app: &TestApp) {
    let vendor = app.vendor("ＡＢＣメディカル");
    let clinic = app.institution("サンプル医院");
    vendor.product("カルテPro 100%");
    app.advance(SignedDuration::from_millis(1));
    vendor.product("レセプト_X");
    let found = |query: &str| {
        let found = clinic.list(&format!("/directory/products?q={query}"));
        found
            .iter()
            .map(|entry| entry["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(found("ｶﾙﾃpro"), ["カルテPro 100%"]);
    assert_eq!(
        found("abc"),
        ["カルテPro 100%", "レセプト_X"],
        "by the vendor's name"
    );
    assert_eq!(found("100%25"), ["カルテPro 100%"], "a % is a %");
    assert_eq!(found("t_x"), Vec::<String>::new());
    assert_eq!(found("ト_x"), ["レセプト_X"], "a _ is a _");
    assert_eq!(found("").len(), 2);
}

fn a_grant_taken_back_keeps_what_was_delivered(app: &TestApp) {
    let offer = Offer::new(app, "on_request");
    let undelivered = offer
        .vendor
        .publish(&offer.vendor.statement("mds-sample", &offer.product));
    offer.vendor.release(&offer.clinic.request(&offer.product));
    let _ = offer.clinic.fetch(&offer.statement).expect(200);

    assert_eq!(offer.revoke_grant(), 204);
    assert_eq!(offer.revoke_grant(), 404);
    assert_eq!(offer.clinic.events().pop().unwrap().0, "grant_revoked");
    assert!(offer.is_readable());
    assert_eq!(offer.clinic.fetch(&undelivered).status, 404);
    let later = offer.next_revision();
    assert_eq!(offer.clinic.fetch(&later).status, 404);

    offer.vendor.release(&offer.clinic.request(&offer.product));
    assert_eq!(offer.clinic.fetch(&later).status, 200, "granted anew");
}

fn a_narrowed_release_keeps_what_was_delivered(app: &TestApp) {
    let offer = Offer::new(app, "listed");
    let late = app.institution("遅れて来た医院");
    let _ = offer.clinic.fetch(&offer.statement).expect(200);
    let narrowed = json!({ "release": "on_request" });
    offer
        .vendor
        .patch(&format!("/products/{}", offer.product))
        .json(&narrowed)
        .ok();
    assert!(offer.is_readable());
    assert_eq!(late.fetch(&offer.statement).status, 404);
}

fn a_delivered_statement_is_compared_and_exported_after_its_grant_and_its_time(app: &TestApp) {
    let offer = Offer::new(app, "automatic");
    let system = offer.clinic.system("電子カルテ", &offer.product);
    offer.clinic.request(&offer.product);
    let _ = offer.clinic.fetch(&offer.statement).expect(200);
    assert_eq!(offer.revoke_grant(), 204);
    let later = offer.next_revision();
    app.step_jobs();

    let kept = offer.clinic.comparisons(&system);
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0]["statement"], *offer.statement);
    assert_eq!(kept[0]["validity"], "superseded");
    let sheet = offer
        .clinic
        .get("/exports/comparison.csv")
        .send()
        .expect(200);
    assert!(!sheet.text().contains("未受領"), "it was received");
    let told = |kind: &str| offer.clinic.events().iter().any(|(of, _)| of == kind);
    assert!(
        !told("statement_received"),
        "the later revision is none of its business"
    );

    offer.vendor.withdraw(&later, "誤記のため").ok();
    app.step_jobs();
    assert!(!told("statement_withdrawn"), "it never had that one");
}

fn what_was_not_fetched_is_not_acknowledged(app: &TestApp) {
    let offer = Offer::new(app, "listed");
    let path = format!("/statements/{}", offer.statement);
    let acknowledge = || offer.clinic.post(&format!("{path}/acknowledgement"));
    let shown = offer.clinic.get(&path).ok();
    assert_eq!(
        (&shown["delivered_at"], &shown["acknowledged_at"]),
        (&json!(null), &json!(null))
    );
    acknowledge().refused(409, "not_delivered");

    let _ = offer.clinic.fetch(&offer.statement).expect(200);
    let _ = offer.clinic.fetch(&offer.statement).expect(200);
    let _ = acknowledge().ok();
    let shown = offer.clinic.get(&path).ok();
    assert_eq!(shown["delivered_at"], "2026-11-21T00:00:00.000Z");
    assert_eq!(shown["acknowledged_at"], "2026-11-21T00:00:00.000Z");
    let told = offer
        .vendor
        .events()
        .into_iter()
        .filter(|(kind, _)| kind == "statement_delivered");
    assert_eq!(told.count(), 1, "the first fetch is the delivery");
}

fn a_disabled_vendor_is_neither_found_nor_asked(app: &TestApp) {
    let offer = Offer::new(app, "listed");
    let path = format!("/organisations/{}", offer.vendor.organisation);
    app.operator()
        .patch(&path)
        .json(&json!({ "disabled": true }))
        .ok();
    offer
        .vendor
        .get("/products")
        .refused(401, "unauthenticated");
    assert!(offer.clinic.list("/directory/products").is_empty());
    let asked = json!({ "product": offer.product });
    offer
        .clinic
        .post("/requests")
        .json(&asked)
        .violates(&[("/product", "unknown_product")]);
    assert!(offer.is_readable(), "what it published stays readable");
}
