//! A statement that still holds: its vendor says so with one signed line, and the institution knows when to ask.

use jiff::SignedDuration;
use kaiji_schema::jws;
use kaiji_schema::receipt::{Event, Receipt};
use kaiji_tests::{Institution, TestApp, Vendor, on_both_databases};
use serde_json::{Value, json};

on_both_databases![
    a_vendor_confirms_and_everybody_who_holds_it_learns,
    the_same_day_again_is_answered_with_the_first_receipt,
    a_day_that_cannot_be_is_refused,
    only_the_newest_revision_is_confirmed_and_only_by_its_vendor,
    what_is_missing_is_proposed_until_it_is_asked_for,
    it_is_time_again_after_a_year_unless_the_vendor_confirms,
    a_renewed_contract_and_another_version_are_reasons_to_ask,
];

struct Held {
    vendor: Vendor,
    clinic: Institution,
    product: String,
    system: String,
    statement: String,
}

impl Held {
    /// A clinic that holds a vendor's statement, made on 2026-11-01 and received on 2026-11-21.
    fn new(app: &TestApp) -> Self {
        let vendor = app.vendor("見本電子カルテ株式会社");
        let clinic = app.institution("サンプル医院");
        let product = vendor.product("見本クラウド電子カルテ");
        let system = clinic.system("電子カルテ", &product);
        vendor.release(&clinic.request(&product));
        let statement = vendor.publish(&vendor.statement("sds-sample", &product));
        Self {
            vendor,
            clinic,
            product,
            system,
            statement,
        }
    }

    /// Why something should be asked for.
    fn occasions(&self) -> Vec<String> {
        let proposals = self.clinic.get("/proposals").ok();
        let [proposal] = proposals["items"].as_array().unwrap().as_slice() else {
            return Vec::new();
        };
        assert_eq!(proposal["system"], *self.system);
        let occasions = proposal["occasions"].as_array().unwrap().iter();
        occasions
            .map(|occasion| occasion["occasion"].as_str().unwrap().to_owned())
            .collect()
    }

    fn change(&self, change: &Value) {
        let _ = self
            .clinic
            .patch(&format!("/systems/{}", self.system))
            .json(change)
            .ok();
    }
}

fn a_vendor_confirms_and_everybody_who_holds_it_learns(app: &TestApp) {
    let held = Held::new(app);
    let confirmed = held.vendor.confirm(&held.statement, "2026-11-20").ok();
    assert_eq!(confirmed["statement"], *held.statement);
    assert_eq!(confirmed["confirmed_on"], "2026-11-20");

    let receipt = jws::Jws::parse(confirmed["receipt"].as_str().unwrap()).unwrap();
    let receipt = <Receipt as jws::Document>::parse(receipt.payload()).unwrap();
    assert_eq!(receipt.event, Event::StatementConfirmed);
    assert_eq!(
        receipt.leaf_index,
        confirmed["leaf_index"].as_u64().unwrap()
    );
    assert_eq!(
        receipt.statement_sha256.unwrap().to_string(),
        held.statement
    );
    let _ = app.verified_log();

    let shown = held.clinic.get(&format!("/statements/{}", held.statement));
    assert_eq!(shown.ok()["confirmed_on"], "2026-11-20");
    let compared = held.clinic.comparisons(&held.system);
    assert_eq!(compared[0]["confirmed_on"], "2026-11-20");
    app.step_jobs();
    let (kind, subject) = held.clinic.events().pop().unwrap();
    assert_eq!(kind, "statement_confirmed");
    assert_eq!(subject["statement"], *held.statement);
    assert_eq!(subject["confirmed_on"], "2026-11-20");
}

fn the_same_day_again_is_answered_with_the_first_receipt(app: &TestApp) {
    let held = Held::new(app);
    let first = held.vendor.confirm(&held.statement, "2026-11-20").ok();
    app.advance(SignedDuration::from_mins(1));
    let again = held.vendor.confirm(&held.statement, "2026-11-20").ok();
    assert_eq!(again, first);
    let later = held.vendor.confirm(&held.statement, "2026-11-21").ok();
    assert_ne!(later["leaf_index"], first["leaf_index"]);
}

fn a_day_that_cannot_be_is_refused(app: &TestApp) {
    let held = Held::new(app);
    let refused = |day: &str, code: &'static str| {
        held.vendor
            .confirm(&held.statement, day)
            .violates(&[("/confirmed_on", code)]);
    };
    refused("2026-11-22", "future");
    refused("2026-10-31", "before_statement");
    let _ = held.vendor.confirm(&held.statement, "2026-11-20").ok();
    refused("2026-11-19", "not_newest");
    // 15:00 UTC is midnight in Japan.
    app.advance(SignedDuration::from_hours(15));
    let _ = held.vendor.confirm(&held.statement, "2026-11-22").ok();
}

fn only_the_newest_revision_is_confirmed_and_only_by_its_vendor(app: &TestApp) {
    let held = Held::new(app);
    let stranger = app.vendor("別の会社");
    stranger
        .confirm(&held.statement, "2026-11-20")
        .refused(404, "not_found");
    let path = format!("/statements/{}/confirmation", held.statement);
    // A document that another signed, and one about another statement.
    held.vendor
        .post(&path)
        .jose(&stranger.confirmation(&held.statement, "2026-11-20"))
        .refused(422, "signer_refused");
    held.vendor
        .post(&path)
        .jose(&held.vendor.confirmation(&"0".repeat(64), "2026-11-20"))
        .violates(&[("/statement_sha256", "other_statement")]);
    held.vendor
        .post(&path)
        .jose(&held.vendor.withdrawal(&held.statement, "まちがい"))
        .refused(400, "jws_refused");

    let mut second = held.vendor.statement("sds-sample", &held.product);
    second["revision"] = json!(2);
    second["supersedes"] = json!(held.statement);
    let second = held.vendor.publish(&second);
    held.vendor
        .confirm(&held.statement, "2026-11-20")
        .refused(409, "statement_state");
    let _ = held.vendor.withdraw(&second, "誤り").ok();
    held.vendor
        .confirm(&second, "2026-11-20")
        .refused(409, "statement_state");
}

fn what_is_missing_is_proposed_until_it_is_asked_for(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let product = vendor.product("見本クラウド電子カルテ");
    let clinic = app.institution("サンプル医院");
    let linked = clinic.system("電子カルテ", &product);
    clinic
        .post("/systems")
        .json(&json!({ "name": "院内チャット", "vendor_name": "見本チャット株式会社" }))
        .created();
    // For the linked system, and for the other.
    let proposals = || {
        let found = clinic.get("/proposals").ok()["items"].clone();
        let found = found.as_array().unwrap().clone();
        let is_linked = |proposal: &Value| proposal["system"] == *linked;
        found.into_iter().partition::<Vec<Value>, _>(is_linked)
    };
    let (record, chat) = proposals();
    assert_eq!(record[0]["occasions"][0]["occasion"], "missing");
    let ask = &record[0]["ask"];
    assert_eq!(ask["vendor_name"], "見本電子カルテ株式会社");
    assert_eq!(chat[0]["ask"]["product"], Value::Null);
    assert_eq!(chat[0]["ask"]["vendor_name"], "見本チャット株式会社");

    // It is ready to be sent.
    let request = clinic
        .post("/requests")
        .json(&json!({ "product": ask["product"], "message": ask["message"] }))
        .created();
    let (record, _) = proposals();
    assert_eq!(record[0]["open_request"], request["id"]);
    assert_eq!(record[0]["ask"], Value::Null);
    vendor.release(request["id"].as_str().unwrap());
    let (record, _) = proposals();
    assert_eq!(record.len(), 1, "released, but nothing there");
    vendor.publish(&vendor.statement("sds-sample", &product));
    let (record, chat) = proposals();
    assert_eq!((record.len(), chat.len()), (0, 1));
}

fn it_is_time_again_after_a_year_unless_the_vendor_confirms(app: &TestApp) {
    let held = Held::new(app);
    assert_eq!(held.occasions(), Vec::<String>::new());
    app.advance(SignedDuration::from_hours(24 * 364));
    assert_eq!(held.occasions(), Vec::<String>::new());
    app.advance(SignedDuration::from_hours(24));
    assert_eq!(held.occasions(), ["year_passed"]);
    let _ = held.vendor.confirm(&held.statement, "2027-11-21").ok();
    assert_eq!(held.occasions(), Vec::<String>::new());
}

fn a_renewed_contract_and_another_version_are_reasons_to_ask(app: &TestApp) {
    let held = Held::new(app);
    let about = held.clinic.comparisons(&held.system)[0]["product_version"].clone();
    held.change(&json!({ "installed_version": about, "contract_renewal_on": "2026-11-22" }));
    assert_eq!(held.occasions(), Vec::<String>::new());
    app.advance(SignedDuration::from_hours(24));
    assert_eq!(held.occasions(), ["contract_renewed"]);
    held.change(&json!({ "installed_version": "99" }));
    let _ = held
        .vendor
        .patch(&format!("/products/{}", held.product))
        .json(&json!({ "version": "100" }))
        .ok();
    assert_eq!(
        held.occasions(),
        ["contract_renewed", "version_installed", "version_offered"]
    );
    let _ = held.vendor.confirm(&held.statement, "2026-11-22").ok();
    assert_eq!(held.occasions(), ["version_installed", "version_offered"]);
    let _ = held.vendor.withdraw(&held.statement, "誤り").ok();
    assert_eq!(held.occasions(), ["withdrawn"]);
}
