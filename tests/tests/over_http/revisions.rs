//! What becomes of a statement: a later revision, a withdrawal, a key that was revoked.

use jiff::SignedDuration;
use kaiji_schema::jws;
use kaiji_schema::key::SigningKey;
use kaiji_tests::{Institution, TestApp, Vendor, new_key, on_both_databases};
use serde_json::{Value, json};

on_both_databases![
    a_new_revision_takes_the_place_of_the_old_one_and_everybody_is_told_what_changed,
    two_revisions_are_set_side_by_side,
    a_withdrawn_statement_is_shown_as_such_and_nothing_takes_its_place,
    only_the_newest_revision_is_withdrawn_and_only_by_its_vendor,
    a_withdrawal_names_the_statement_in_the_address,
    what_a_revoked_key_signed_before_stays_valid,
    what_was_received_after_a_compromise_is_to_be_signed_again,
];

/// A published sample that an institution has as its system.
struct Held {
    vendor: Vendor,
    clinic: Institution,
    system: String,
    first: Value,
    name: String,
}

impl Held {
    fn new(app: &TestApp) -> Self {
        let vendor = app.vendor("見本電子カルテ株式会社");
        let clinic = app.institution("サンプル医院");
        let product = vendor.product("見本クラウド電子カルテ");
        vendor.release(&clinic.request(&product));
        let first = vendor.statement("sds-sample", &product);
        let name = vendor.publish(&first);
        let system = clinic.system("電子カルテ", &product);
        app.step_jobs();
        Self {
            vendor,
            clinic,
            system,
            first,
            name,
        }
    }

    /// The second revision: one answer, one remark and one direct answer are different.
    fn second(&self) -> Value {
        let mut second = self.first.clone();
        second["revision"] = json!(2);
        second["supersedes"] = json!(self.name);
        second["answers"]["84"] = json!({ "answer": "yes" });
        second["answers"]["17"]["remark"] = json!("画面を新しくした。");
        second["annex"]["mhlw-7.0-annex"]
            .as_object_mut()
            .unwrap()
            .remove("sds-54");
        second
    }

    fn validity(&self) -> Value {
        let shown = self.clinic.get(&format!("/statements/{}", self.name)).ok();
        shown["validity"].clone()
    }

    fn comparison(&self) -> Value {
        let mut comparisons = self.clinic.comparisons(&self.system);
        assert_eq!(comparisons.len(), 1);
        comparisons.remove(0)
    }

    fn revoke(&self, compromised_since: &Value) {
        let kid = self.vendor.key.public().thumbprint();
        let body = json!({ "reason": "端末の紛失", "compromised_since": compromised_since });
        let _ = self
            .vendor
            .post(&format!("/keys/{kid}/revocation"))
            .json(&body)
            .ok();
    }
}

fn a_new_revision_takes_the_place_of_the_old_one_and_everybody_is_told_what_changed(app: &TestApp) {
    let held = Held::new(app);
    let outsider = app.institution("関係のない医院");
    let second = held.vendor.publish(&held.second());
    assert_eq!(app.step_jobs(), 1, "so few are told in one step");

    let now = held.comparison();
    assert_eq!(
        (&now["statement"], &now["revision"]),
        (&json!(second), &json!(2))
    );
    assert_eq!(now["summary"]["conforming"], 47);
    assert_eq!(held.validity(), "superseded");
    let superseded = held.vendor.get(&format!("/statements/{}", held.name)).ok();
    assert_eq!(superseded["superseded_by"], json!(second));

    let (kind, subject) = held.clinic.events().pop().unwrap();
    assert_eq!(kind, "statement_received");
    assert_eq!(subject["supersedes"], json!(held.name));
    let outcome = |item: &str, before: &str| json!({ "requirement_set": "mhlw-7.0-annex", "item": item, "before": before, "after": "conforming" });
    let mut told = subject["changes"].clone();
    told["outcomes"]
        .as_array_mut()
        .unwrap()
        .sort_by_key(|outcome| outcome["item"].to_string());
    assert_eq!(
        told,
        json!({
            "answers": ["17", "84"],
            "annex": ["sds-54"],
            "outcomes": [outcome("sds-54", "unconfirmed"), outcome("sds-84", "nonconforming")],
        })
    );
    assert_eq!(
        held.vendor.events().pop().unwrap().1,
        subject,
        "the vendor is told the same"
    );
    assert!(outsider.events().is_empty());
}

fn two_revisions_are_set_side_by_side(app: &TestApp) {
    let held = Held::new(app);
    let second = held.vendor.publish(&held.second());
    let changes = |later: &str, since: &str| {
        held.clinic
            .get(&format!("/statements/{later}/changes?since={since}"))
    };
    let found = changes(&second, &held.name).ok();
    assert_eq!(
        (&found["statement"], &found["since"]),
        (&json!(second), &json!(held.name))
    );
    assert_eq!(
        found["answers"],
        json!([
            { "number": "17", "before": { "answer": "yes", "remark": null },
              "after": { "answer": "yes", "remark": "画面を新しくした。" } },
            { "number": "84", "before": { "answer": "no", "remark": held.first["answers"]["84"]["remark"] },
              "after": { "answer": "yes", "remark": null } },
        ])
    );
    let [item] = found["annex"].as_array().unwrap().as_slice() else {
        panic!("{found}")
    };
    assert_eq!(
        (&item["item"], &item["before"]["answer"], &item["after"]),
        (&json!("sds-54"), &json!("no"), &json!(null))
    );

    changes(&held.name, &second).refused(422, "other_chain");
    changes(&second, &second).refused(422, "other_chain");
    changes(&second, &"0".repeat(64)).refused(404, "not_found");
    held.clinic
        .get(&format!("/statements/{second}/changes"))
        .refused(400, "bad_query");
}

fn a_withdrawn_statement_is_shown_as_such_and_nothing_takes_its_place(app: &TestApp) {
    let held = Held::new(app);
    let second = held.vendor.publish(&held.second());
    let withdrawn = held.vendor.withdraw(&second, "回答に誤りがあった。").ok();
    assert_eq!(withdrawn["statement"], json!(second));
    app.step_jobs();

    assert_eq!(
        held.comparison()["statement"],
        json!(second),
        "no older revision in its place"
    );
    assert_eq!(held.comparison()["validity"], "withdrawn");
    let shown = held.clinic.get(&format!("/statements/{second}")).ok();
    assert_eq!(shown["withdrawal_reason"], "回答に誤りがあった。");
    let (kind, subject) = held.clinic.events().pop().unwrap();
    assert_eq!(
        (&*kind, &subject["reason"]),
        ("statement_withdrawn", &json!("回答に誤りがあった。"))
    );
    let csv = held
        .clinic
        .get("/exports/comparison.csv")
        .send()
        .expect(200);
    assert!(csv.text().contains("取下げ済み"));

    let mut third = held.second();
    third["revision"] = json!(3);
    third["supersedes"] = json!(second);
    let third = held.vendor.publish(&third);
    assert_eq!(
        held.comparison()["statement"],
        json!(third),
        "the next revision follows the withdrawn one"
    );
    assert_eq!(held.comparison()["validity"], "valid");
}

fn only_the_newest_revision_is_withdrawn_and_only_by_its_vendor(app: &TestApp) {
    let held = Held::new(app);
    let stranger = app.vendor("別の会社");
    let second = held.vendor.publish(&held.second());
    stranger
        .withdraw(&second, "いやがらせ")
        .refused(404, "not_found");
    held.vendor
        .withdraw(&held.name, "古い")
        .refused(409, "statement_state");
    held.vendor
        .withdraw(&second, "")
        .violates(&[("/reason", "empty")]);
    let _ = held.vendor.withdraw(&second, "誤り").ok();
    held.vendor
        .withdraw(&second, "もう一度")
        .refused(409, "statement_state");
    held.vendor
        .withdraw(&"0".repeat(64), "ない")
        .refused(404, "not_found");
}

fn a_withdrawal_names_the_statement_in_the_address(app: &TestApp) {
    let held = Held::new(app);
    let statement = json!({ "issuer": held.vendor.organisation, "statement_sha256": "0".repeat(64), "reason": "誤り" });
    let post = |document: &Value, typ: &str, key: &SigningKey| {
        let jws = jws::sign(typ, document.to_string().as_bytes(), key).unwrap();
        held.vendor
            .post(&format!("/statements/{}/withdrawal", held.name))
            .jose(&jws)
    };
    let typ = "kaiji-withdrawal+jws";
    post(&statement, typ, &held.vendor.key).violates(&[("/statement_sha256", "other_statement")]);
    let mut right = statement;
    right["statement_sha256"] = json!(held.name);
    post(&right, typ, &new_key()).refused(422, "signer_refused");
    let other_typ = post(&right, "kaiji-statement+jws", &held.vendor.key);
    assert_eq!(other_typ.refused(400, "jws_refused").code(), "typ");
    let mut of_another = right;
    of_another["issuer"] = json!("ven_other");
    post(&of_another, typ, &held.vendor.key).violates(&[("/issuer", "wrong_issuer")]);
    assert_eq!(held.validity(), "valid");
}

fn what_a_revoked_key_signed_before_stays_valid(app: &TestApp) {
    let held = Held::new(app);
    app.advance(SignedDuration::from_hours(1));
    held.revoke(&json!("2026-11-21T00:30:00Z"));
    assert_eq!(held.validity(), "valid_key_later_revoked");
    assert_eq!(held.comparison()["validity"], "valid_key_later_revoked");
    held.vendor
        .withdraw(&held.name, "失効した鍵で")
        .refused(422, "signer_refused");
}

fn what_was_received_after_a_compromise_is_to_be_signed_again(app: &TestApp) {
    let held = Held::new(app);
    app.advance(SignedDuration::from_hours(1));
    held.revoke(&json!("2026-11-20T23:59:59Z"));
    assert_eq!(held.validity(), "to_be_signed_again");
    let csv = held
        .clinic
        .get("/exports/comparison.csv")
        .send()
        .expect(200);
    assert!(csv.text().contains("再署名が必要"));
}
