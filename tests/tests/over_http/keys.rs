//! Signing keys: registered with proof of possession, approved, retired, revoked, expired. A key that does not count
//! gets one and the same answer, whatever is wrong with it.

use jiff::SignedDuration;
use kaiji_schema::jws;
use kaiji_schema::key::SigningKey;
use kaiji_schema::signed::KeyProof;
use kaiji_tests::{Problem, TestApp, Vendor, fixture_key, new_key, on_both_databases};
use serde_json::{Value, json};

on_both_databases![
    a_vendors_first_key_waits_for_the_operator,
    a_later_key_is_approved_by_an_active_one_or_by_the_operator,
    only_an_active_key_of_the_vendor_approves,
    an_approval_names_the_key_in_the_address_and_its_vendor,
    a_key_that_does_not_count_gets_one_answer_whatever_is_wrong,
    a_challenge_serves_once_for_ten_minutes_and_for_its_vendor,
    a_key_belongs_to_one_vendor_for_ever,
    a_key_must_prove_itself,
    weak_and_private_keys_are_refused,
    rsa_and_ed25519_sign_as_well,
    a_key_says_until_when_it_is_good,
    a_retired_key_signs_nothing_new_and_a_revoked_one_stays_revoked,
];

/// Where the vendor's keys stand, in the order of the words: keys of the same instant come in that of their kids.
fn states(vendor: &Vendor) -> Vec<String> {
    let keys = vendor.list("/keys");
    let mut states: Vec<_> = keys
        .iter()
        .map(|key| key["state"].as_str().unwrap().to_owned())
        .collect();
    states.sort();
    states
}

fn a_vendors_first_key_waits_for_the_operator(app: &TestApp) {
    let vendor = app.vendor_without_key("見本電子カルテ株式会社");
    let kid = vendor.register_key(&vendor.key);
    assert_eq!(kid, vendor.key.public().thumbprint().as_str());

    let approval = vendor.approval(&kid, &vendor.key);
    vendor
        .post(&format!("/keys/{kid}/approval"))
        .jose(&approval)
        .refused(422, "signer_refused");
    assert_eq!(states(&vendor), ["pending"]);
    let waiting = app.operator().list("/keys");
    assert_eq!(waiting.len(), 1);
    assert_eq!(
        (&waiting[0]["kid"], &waiting[0]["vendor"]),
        (&json!(kid), &json!(vendor.organisation))
    );

    app.approve(&kid);
    assert!(app.operator().list("/keys").is_empty(), "none waits");
    assert_eq!(states(&vendor), ["active"]);
    assert_eq!(
        vendor.events().last().unwrap(),
        &("key_approved".to_owned(), json!({ "kid": kid }))
    );
    let again = app.operator().post(&format!("/keys/{kid}/approval"));
    again
        .json(&json!({ "note": "もう一度" }))
        .refused(409, "key_state");
}

fn a_later_key_is_approved_by_an_active_one_or_by_the_operator(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let (second, third) = (new_key(), new_key());
    let kid = vendor.register_key(&second);
    let approval = vendor.approval(&kid, &vendor.key);
    let approved = vendor
        .post(&format!("/keys/{kid}/approval"))
        .jose(&approval)
        .ok();
    assert_eq!(approved["state"], "active");
    assert_eq!(
        approved["approved_by"],
        vendor.key.public().thumbprint().as_str()
    );

    app.approve(&vendor.register_key(&third));
    assert_eq!(states(&vendor), ["active", "active", "active"]);
}

fn only_an_active_key_of_the_vendor_approves(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let stranger = app.vendor("別の会社");
    let pending = new_key();
    let kid = vendor.register_key(&pending);
    let path = format!("/keys/{kid}/approval");
    for key in [&pending, &stranger.key, &new_key()] {
        let approval = vendor.approval(&kid, key);
        vendor
            .post(&path)
            .jose(&approval)
            .refused(422, "signer_refused");
    }
    let approval = stranger.approval(&kid, &stranger.key);
    stranger
        .post(&path)
        .jose(&approval)
        .refused(404, "not_found");
    assert_eq!(states(&vendor), ["active", "pending"]);
}

fn an_approval_names_the_key_in_the_address_and_its_vendor(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let stranger = app.vendor("別の会社");
    let (one, other) = (
        vendor.register_key(&new_key()),
        vendor.register_key(&new_key()),
    );
    let path = format!("/keys/{one}/approval");
    let of_the_other = vendor.approval(&other, &vendor.key);
    vendor
        .post(&path)
        .jose(&of_the_other)
        .violates(&[("/kid", "other_key")]);
    let of_a_stranger = stranger.approval(&one, &vendor.key);
    vendor
        .post(&path)
        .jose(&of_a_stranger)
        .violates(&[("/issuer", "wrong_issuer")]);
}

fn a_key_that_does_not_count_gets_one_answer_whatever_is_wrong(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let stranger = app.vendor("別の会社");
    let product = vendor.product("見本クラウド電子カルテ");
    let statement = vendor.statement("sds-sample", &product).to_string();
    let submit = |key: &SigningKey| -> Problem {
        let jws = jws::sign("kaiji-statement+jws", statement.as_bytes(), key).unwrap();
        vendor.submit(&jws).refused(422, "signer_refused")
    };
    let end = |key: &SigningKey, how: &str| {
        let kid = vendor.register_key(key);
        app.approve(&kid);
        let reason = json!({ "reason": "担当者の端末を紛失した。" });
        let call = vendor.post(&format!("/keys/{kid}/{how}"));
        let _ = if how == "revocation" {
            call.json(&reason)
        } else {
            call
        }
        .ok();
    };
    let [unknown, pending, retired, revoked] = [new_key(), new_key(), new_key(), new_key()];
    vendor.register_key(&pending);
    end(&retired, "retirement");
    end(&revoked, "revocation");

    let answers = [&unknown, &pending, &retired, &revoked, &stranger.key].map(submit);
    app.advance(SignedDuration::from_hours(3 * 365 * 24));
    let expired = submit(&vendor.key);
    for answer in answers {
        assert_eq!(answer, expired);
    }
    assert!(vendor.list("/statements").is_empty());
}

fn a_challenge_serves_once_for_ten_minutes_and_for_its_vendor(app: &TestApp) {
    let vendor = app.vendor_without_key("見本電子カルテ株式会社");
    let stranger = app.vendor_without_key("別の会社");
    let register = |challenge: &str| {
        let proof = vendor.proof(challenge, &new_key());
        vendor.post("/keys").jose(&proof)
    };
    let refused = [("/challenge", "challenge")];

    let challenge = vendor.challenge();
    register(&challenge).created();
    register(&challenge).violates(&refused);
    register(&stranger.challenge()).violates(&refused);
    register("made-up").violates(&refused);
    let challenge = vendor.challenge();
    app.advance(SignedDuration::from_mins(10));
    register(&challenge).violates(&refused);
    assert_eq!(vendor.list("/keys").len(), 1);
}

fn a_key_belongs_to_one_vendor_for_ever(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let stranger = app.vendor("別の会社");
    let kid = vendor.key.public().thumbprint();
    let _ = vendor.post(&format!("/keys/{kid}/retirement")).ok();
    for who in [&stranger, &vendor] {
        let proof = who.proof(&who.challenge(), &vendor.key);
        who.post("/keys").jose(&proof).refused(409, "key_taken");
    }
    stranger
        .post(&format!("/keys/{kid}/retirement"))
        .refused(404, "not_found");
}

fn a_key_must_prove_itself(app: &TestApp) {
    let vendor = app.vendor_without_key("見本電子カルテ株式会社");
    let stranger = app.vendor_without_key("別の会社");
    let (key, other) = (new_key(), new_key());
    let proof = KeyProof {
        challenge: vendor.challenge(),
        issuer: vendor.organisation.clone(),
        jwk: key.public().clone(),
    };
    let by_another = jws::sign("kaiji-key-proof+jws", &proof.payload(), &other).unwrap();
    assert_eq!(
        vendor
            .post("/keys")
            .jose(&by_another)
            .refused(400, "jws_refused")
            .code(),
        "kid"
    );
    let of_another_kind = jws::sign("kaiji-key-approval+jws", &proof.payload(), &key).unwrap();
    assert_eq!(
        vendor
            .post("/keys")
            .jose(&of_another_kind)
            .refused(400, "jws_refused")
            .code(),
        "typ"
    );
    let of_a_stranger = stranger.proof(&vendor.challenge(), &key);
    vendor
        .post("/keys")
        .jose(&of_a_stranger)
        .violates(&[("/issuer", "wrong_issuer")]);
    assert!(vendor.list("/keys").is_empty());
}

fn weak_and_private_keys_are_refused(app: &TestApp) {
    let vendor = app.vendor_without_key("見本電子カルテ株式会社");
    let public: Value = serde_json::from_str(&vendor.key.public().to_jwk()).unwrap();
    let register = |jwk: &Value| {
        let proof =
            json!({ "challenge": vendor.challenge(), "issuer": vendor.organisation, "jwk": jwk });
        let jws = jws::sign(
            "kaiji-key-proof+jws",
            proof.to_string().as_bytes(),
            &vendor.key,
        )
        .unwrap();
        vendor
            .post("/keys")
            .jose(&jws)
            .refused(422, "violations")
            .violations[0]
            .0
            .clone()
    };
    let with = |name: &str, value: &str| {
        let mut jwk = public.clone();
        jwk[name] = json!(value);
        jwk
    };
    assert_eq!(
        register(&with("d", "AAAA")),
        "/jwk/d",
        "a private key stays at home"
    );
    assert_eq!(register(&with("use", "enc")), "/jwk/use");
    assert_eq!(register(&with("crv", "P-384")), "/jwk/crv");
    let identity = json!({ "kty": "OKP", "crv": "Ed25519", "x": "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" });
    assert!(
        register(&identity).starts_with("/jwk"),
        "a point of small order"
    );
    assert!(vendor.list("/keys").is_empty());
}

fn rsa_and_ed25519_sign_as_well(app: &TestApp) {
    let vendor = app.vendor_without_key("見本電子カルテ株式会社");
    for (name, algorithm, sample) in [
        ("vendor-rsa3072", "PS256", "sds-sample"),
        ("vendor-ed25519", "EdDSA", "mds-sample"),
    ] {
        let key = fixture_key(name);
        let kid = vendor.register_key(&key);
        app.approve(&kid);
        let product = vendor.product("見本クラウド電子カルテ");
        let statement = vendor.statement(sample, &product).to_string();
        let jws = jws::sign("kaiji-statement+jws", statement.as_bytes(), &key).unwrap();
        vendor.submit(&jws).created();
        let keys = vendor.list("/keys");
        assert_eq!(keys.last().unwrap()["algorithm"], algorithm);
        app.advance(SignedDuration::from_secs(1));
    }
}

fn a_key_says_until_when_it_is_good(app: &TestApp) {
    let vendor = app.vendor_without_key("見本電子カルテ株式会社");
    let register = |not_after: &str| {
        let proof = vendor.proof(&vendor.challenge(), &new_key());
        vendor
            .post(&format!("/keys?not_after={not_after}"))
            .jose(&proof)
    };
    let registered = register("2027-11-21T00:00:00Z").created();
    assert_eq!(registered["not_after"], "2027-11-21T00:00:00.000Z");
    for wrong in ["2026-11-21T00:00:00Z", "2030-01-01T00:00:00Z"] {
        register(wrong).violates(&[("/not_after", "range")]);
    }
    app.approve(registered["kid"].as_str().unwrap());
    app.advance(SignedDuration::from_hours(365 * 24));
    assert_eq!(states(&vendor), ["expired"]);
}

fn a_retired_key_signs_nothing_new_and_a_revoked_one_stays_revoked(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let kid = vendor.key.public().thumbprint();
    let end = |how: &str, body: Value| vendor.post(&format!("/keys/{kid}/{how}")).json(&body);
    let retire = || vendor.post(&format!("/keys/{kid}/retirement"));
    assert_eq!(retire().ok()["state"], "retired");
    retire().refused(409, "key_state");

    let later = json!({ "reason": "漏えい", "compromised_since": "2026-11-22T00:00:00Z" });
    end("revocation", later).violates(&[("/compromised_since", "range")]);
    end("revocation", json!({})).violates(&[("/reason", "missing")]);
    let revoked = end(
        "revocation",
        json!({ "reason": "漏えい", "compromised_since": "2026-11-20T00:00:00Z" }),
    )
    .ok();
    assert_eq!(revoked["state"], "revoked");
    assert_eq!(revoked["compromised_since"], "2026-11-20T00:00:00.000Z");
    end("revocation", json!({ "reason": "もう一度" })).refused(409, "key_state");
    retire().refused(409, "key_state");
}
