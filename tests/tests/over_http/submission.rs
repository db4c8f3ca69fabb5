//! What is not taken in, and why. Each refusal says what is wrong, and stores nothing.

use kaiji_schema::jws;
use kaiji_schema::key::SigningKey;
use kaiji_tests::{Client, TestApp, Vendor, compact, fixture_key, on_both_databases};
use serde_json::{Value, json};

on_both_databases![
    a_body_is_at_most_one_mebibyte_of_the_right_type_and_not_encoded,
    every_header_but_ours_is_refused,
    a_header_names_no_other_algorithm_than_the_key_has,
    only_canonical_compact_jws_is_read,
    bytes_that_were_not_signed_are_refused,
    a_payload_is_strict_json,
    every_violation_is_told_at_once_with_its_place,
    question_numbers_are_numbers_and_unknown_ones_are_kept,
    items_of_a_known_set_are_its_own_and_other_sets_are_kept,
    remarks_have_a_length_and_no_hidden_characters,
    a_statement_of_another_edition_is_kept_and_not_derived,
    a_statement_is_of_its_vendor_and_of_its_product,
    revisions_follow_one_another,
    a_chain_has_one_statement_id,
    the_same_payload_under_another_signature_answers_the_first_receipt,
];

/// A vendor with a product, before any statement of it.
struct Ready {
    vendor: Vendor,
    product: String,
}

impl Ready {
    fn new(app: &TestApp) -> Self {
        let vendor = app.vendor("見本電子カルテ株式会社");
        let product = vendor.product("見本クラウド電子カルテ");
        Self { vendor, product }
    }

    fn statement(&self) -> Value {
        self.vendor.statement("sds-sample", &self.product)
    }

    /// Submits the sample with a change, and expects exactly these violations.
    fn violates(&self, change: impl FnOnce(&mut Value), expected: &[(&str, &str)]) {
        let mut statement = self.statement();
        change(&mut statement);
        self.vendor
            .submit(&self.vendor.sign(&statement))
            .violates(expected);
    }

    /// Submits the sample's text with `from` replaced by `to`.
    fn violates_as_text(&self, from: &str, to: &str, expected: &[(&str, &str)]) {
        let text = self.statement().to_string();
        assert!(text.contains(from), "{from}");
        let jws = self
            .vendor
            .sign_bytes(text.replacen(from, to, 1).as_bytes());
        self.vendor.submit(&jws).violates(expected);
    }

    /// Submits a JWS with that header, rightly signed; the code of the refusal.
    fn refusal_of_header(&self, header: &Value) -> String {
        let payload = self.statement().to_string();
        let jws = compact(&header.to_string(), payload.as_bytes(), &self.vendor.key);
        self.refusal(&jws)
    }

    fn refusal(&self, jws: &str) -> String {
        self.vendor
            .submit(jws)
            .refused(400, "jws_refused")
            .code()
            .to_owned()
    }

    fn kid(&self) -> String {
        self.vendor.key.public().thumbprint().as_str().to_owned()
    }
}

/// Whatever was refused left nothing behind.
impl Drop for Ready {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(held(&self.vendor).is_empty(), "a refusal stored something");
        }
    }
}

fn held(vendor: &Client) -> Vec<Value> {
    vendor.list("/statements")
}

fn a_body_is_at_most_one_mebibyte_of_the_right_type_and_not_encoded(app: &TestApp) {
    let ready = Ready::new(app);
    let vendor = &ready.vendor;
    let jws = vendor.sign(&ready.statement());
    let post = || vendor.post("/statements");
    post()
        .jose(&"a".repeat(1024 * 1024 + 1))
        .refused(413, "too_large");
    post()
        .body("application/json", jws.clone())
        .refused(415, "unsupported_media_type");
    post().refused(415, "unsupported_media_type");
    let encoded = post().jose(&jws).header("Content-Encoding", "gzip");
    encoded.refused(415, "unsupported_encoding");
    assert_eq!(ready.refusal(""), "not_compact");
}

fn every_header_but_ours_is_refused(app: &TestApp) {
    let ready = Ready::new(app);
    let good = json!({ "alg": "ES256", "kid": ready.kid(), "typ": "kaiji-statement+jws" });
    let with = |name: &str, value: Value| {
        let mut header = good.clone();
        header[name] = value;
        ready.refusal_of_header(&header)
    };
    let without = |name: &str| {
        let mut header = good.clone();
        header.as_object_mut().unwrap().remove(name);
        ready.refusal_of_header(&header)
    };
    assert_eq!(with("crit", json!(["exp"])), "header_member");
    assert_eq!(with("b64", json!(false)), "header_member");
    assert_eq!(with("jwk", json!({})), "header_member");
    assert_eq!(
        with("jku", json!("https://evil.example/keys")),
        "header_member"
    );
    assert_eq!(with("x5c", json!([])), "header_member");
    assert_eq!(with("x5t#S256", json!("")), "header_member");
    assert_eq!(with("kid", json!(17)), "header_text");
    assert_eq!(with("kid", json!("not-a-thumbprint")), "kid");
    assert_eq!(with("typ", json!("JWT")), "typ");
    assert_eq!(with("typ", json!("kaiji-withdrawal+jws")), "typ");
    for name in ["alg", "kid", "typ"] {
        assert_eq!(without(name), "header_text", "{name}");
    }
    let payload = ready.statement().to_string();
    let twice = good.to_string().replace('{', r#"{"alg":"none","#);
    let jws = compact(&twice, payload.as_bytes(), &ready.vendor.key);
    assert_eq!(ready.refusal(&jws), "header_syntax");
}

fn a_header_names_no_other_algorithm_than_the_key_has(app: &TestApp) {
    let ready = Ready::new(app);
    let with = |alg: &str| {
        ready.refusal_of_header(
            &json!({ "alg": alg, "kid": ready.kid(), "typ": "kaiji-statement+jws" }),
        )
    };
    for refused in [
        "none", "None", "HS256", "RS256", "RS512", "ES384", "es256", "",
    ] {
        assert_eq!(with(refused), "alg_refused", "{refused}");
    }
    for other in ["EdDSA", "PS256"] {
        assert_eq!(with(other), "alg_key_mismatch", "{other}");
    }
}

fn only_canonical_compact_jws_is_read(app: &TestApp) {
    let ready = Ready::new(app);
    let jws = ready.vendor.sign(&ready.statement());
    let [header, payload, signature] = jws.split('.').collect::<Vec<_>>().try_into().unwrap();
    let object = json!({ "payload": payload, "protected": header, "signature": signature });
    assert_eq!(ready.refusal(&object.to_string()), "json_serialisation");
    assert_eq!(ready.refusal(&format!("{header}.{payload}")), "not_compact");
    assert_eq!(ready.refusal(&format!("{jws}.")), "not_compact");
    for wrong in [
        format!("{jws}="),
        format!("{jws}\n"),
        format!("{header}.{payload}+.{signature}"),
    ] {
        assert_eq!(ready.refusal(&wrong), "base64url", "{wrong}");
    }
    // The last character of 64 bytes has four bits that mean nothing: only one of sixteen spellings is canonical.
    let last = if jws.ends_with('A') {
        'B'
    } else {
        char::from(jws.as_bytes()[jws.len() - 1] + 1)
    };
    assert_eq!(
        ready.refusal(&format!("{}{last}", &jws[..jws.len() - 1])),
        "base64url"
    );
}

fn bytes_that_were_not_signed_are_refused(app: &TestApp) {
    let ready = Ready::new(app);
    let mut statement = ready.statement();
    let signed = ready.vendor.sign(&statement);
    statement["answers"]["17.1"]["answer"] = json!("yes");
    let improved = ready.vendor.sign(&statement);
    let parts = |jws: &str| jws.split('.').map(str::to_owned).collect::<Vec<_>>();
    let (signed, improved) = (parts(&signed), parts(&improved));
    let forged = [&*signed[0], &*improved[1], &*signed[2]].join(".");
    let problem = ready.vendor.submit(&forged).refused(422, "bad_signature");
    assert_eq!(problem.code(), "bad_signature");

    // The header claims the vendor's key; the signature is a stranger's.
    let header = json!({ "alg": "ES256", "kid": ready.kid(), "typ": "kaiji-statement+jws" });
    let stranger: SigningKey = fixture_key("other-es256");
    let forged = compact(
        &header.to_string(),
        statement.to_string().as_bytes(),
        &stranger,
    );
    ready.vendor.submit(&forged).refused(422, "bad_signature");
}

fn a_payload_is_strict_json(app: &TestApp) {
    let ready = Ready::new(app);
    ready.violates_as_text(
        r#""revision":1"#,
        r#""revision":1,"revision":2"#,
        &[("/revision", "duplicate_member")],
    );
    ready.violates_as_text(
        r#""revision":1"#,
        r#""revision":1,"r\u0065vision":1"#,
        &[("/revision", "duplicate_member")],
    );
    ready.violates_as_text(
        r#""revision":1"#,
        r#""revision":1.0"#,
        &[("/revision", "float")],
    );
    ready.violates_as_text(
        r#""version":"3.2""#,
        r#""version":"\u0000""#,
        &[("/product/version", "nul")],
    );
    ready.violates_as_text(
        r#""version":"3.2""#,
        r#""version":"\ud800""#,
        &[("/product/version", "lone_surrogate")],
    );
    for not_json in [&b"1"[..], b"[1", b"\xff\xfe", "\u{feff}{}".as_bytes()] {
        let problem = ready.vendor.submit(&ready.vendor.sign_bytes(not_json));
        problem.refused(422, "violations").code();
    }
}

fn every_violation_is_told_at_once_with_its_place(app: &TestApp) {
    let ready = Ready::new(app);
    let change = |statement: &mut Value| {
        statement["answers"]["17.1"] = json!({ "answer": "maybe", "note": "?" });
        statement["answers"]["18"] = json!({});
        statement["issued_on"] = json!("2026-02-30");
        statement["comment"] = json!("これは何か");
    };
    let mut statement = ready.statement();
    change(&mut statement);
    let problem = ready
        .vendor
        .submit(&ready.vendor.sign(&statement))
        .refused(422, "violations");
    let mut found = problem.violations;
    found.sort();
    let expected = [
        ("/answers/17.1/answer", "choice"),
        ("/answers/17.1/note", "unknown_member"),
        ("/answers/18", "empty_answer"),
        ("/comment", "unknown_member"),
        ("/issued_on", "date"),
    ];
    assert_eq!(
        found,
        expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned()))
    );
}

fn question_numbers_are_numbers_and_unknown_ones_are_kept(app: &TestApp) {
    let ready = Ready::new(app);
    for wrong in ["017", "17.", "No.17", "１７"] {
        let pointer = format!("/answers/{wrong}");
        ready.violates(
            |statement| statement["answers"][wrong] = json!({ "answer": "yes" }),
            &[(&pointer, "question_number")],
        );
    }

    let vendor = app.vendor("番号を足す会社");
    let mut statement = vendor.statement("sds-sample", &vendor.product("見本"));
    statement["answers"]["999.1"] = json!({ "answer": "no" });
    let name = vendor.publish(&statement);
    let kept = vendor.get(&format!("/statements/{name}")).ok();
    assert_eq!(kept["payload"], statement);
}

fn items_of_a_known_set_are_its_own_and_other_sets_are_kept(app: &TestApp) {
    let ready = Ready::new(app);
    let answer = |set: &'static str, item: &'static str| {
        move |statement: &mut Value| statement["annex"][set][item] = json!({ "answer": "yes" })
    };
    let unknown = [("/annex/mhlw-7.0-annex/sds-9999", "unknown_item")];
    ready.violates(answer("mhlw-7.0-annex", "sds-9999"), &unknown);
    ready.violates(
        answer("mhlw-7.0-annex", "mds-4.1"),
        &[("/annex/mhlw-7.0-annex/mds-4.1", "wrong_form")],
    );

    let vendor = app.vendor("先を行く会社");
    let mut statement = vendor.statement("sds-sample", &vendor.product("見本"));
    answer("mhlw-8.0-annex", "sds-9999")(&mut statement);
    let submitted = vendor.submit(&vendor.sign(&statement)).created();
    let compared = submitted["comparisons"].as_array().unwrap();
    assert_eq!(
        compared.len(),
        1,
        "a set that nobody knows is kept and not compared"
    );
}

fn remarks_have_a_length_and_no_hidden_characters(app: &TestApp) {
    let ready = Ready::new(app);
    let remark = |text: String| {
        move |statement: &mut Value| statement["answers"]["17"]["remark"] = json!(text)
    };
    let place = "/answers/17/remark";
    ready.violates(remark("あ".repeat(2001)), &[(place, "too_long")]);
    ready.violates(remark("安全\u{202e}です".into()), &[(place, "bidi")]);
    ready.violates(remark("安全\u{0007}です".into()), &[(place, "control")]);

    let vendor = app.vendor("説明の長い会社");
    let mut statement = vendor.statement("sds-sample", &vendor.product("見本"));
    remark(format!("一行目\n{}", "😀".repeat(1996)))(&mut statement);
    vendor.publish(&statement);
}

fn a_statement_of_another_edition_is_kept_and_not_derived(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let statement = vendor.statement("form-edition-unknown", &vendor.product("見本"));
    let submitted = vendor.submit(&vendor.sign(&statement)).created();
    assert_eq!(submitted["form_edition"], statement["form_edition"]);
    let summary = &submitted["comparisons"][0]["summary"];
    assert_ne!(summary["unconfirmed"], 0);
    assert_eq!(summary["nonconforming"], 0);
}

fn a_statement_is_of_its_vendor_and_of_its_product(app: &TestApp) {
    let ready = Ready::new(app);
    let stranger = app.vendor("別の会社");
    let theirs = stranger.product("よその製品");
    ready.violates(
        |statement| statement["issuer"] = json!(stranger.organisation),
        &[("/issuer", "wrong_issuer")],
    );
    for product in [theirs.as_str(), "prd_unknown"] {
        ready.violates(
            |statement| statement["product"]["id"] = json!(product),
            &[("/product/id", "unknown_product")],
        );
    }
    let jws = ready.vendor.sign(&ready.statement());
    stranger.submit(&jws).refused(422, "signer_refused");
}

fn revisions_follow_one_another(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let product = vendor.product("見本クラウド電子カルテ");
    let first = vendor.statement("sds-sample", &product);
    let revision = |number: u32, supersedes: &str, remark: &str| {
        let mut statement = first.clone();
        statement["revision"] = json!(number);
        statement["supersedes"] = json!(supersedes);
        statement["answers"]["17.1"]["remark"] = json!(remark);
        vendor.submit(&vendor.sign(&statement))
    };
    let nothing = "0".repeat(64);
    revision(2, &nothing, "最初がない").refused(409, "revision_does_not_follow");
    let head = vendor.publish(&first);

    let mut other = first.clone();
    other["answers"]["17.1"]["remark"] = json!("書き直した");
    vendor
        .submit(&vendor.sign(&other))
        .refused(409, "revision_taken");
    revision(3, &head, "飛ばした").refused(409, "revision_does_not_follow");
    revision(2, &nothing, "別のものに続く").refused(409, "revision_does_not_follow");
    assert_eq!(held(&vendor).len(), 1);

    let second = revision(2, &head, "続き").created();
    revision(2, &head, "もう一つの続き").refused(409, "revision_taken");
    revision(3, &head, "古いものに続く").refused(409, "revision_does_not_follow");
    revision(3, second["sha256"].as_str().unwrap(), "その続き").created();
    assert_eq!(held(&vendor).len(), 3);
}

fn a_chain_has_one_statement_id(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let product = vendor.product("見本クラウド電子カルテ");
    let mut statement = vendor.statement("sds-sample", &product);
    let head = vendor.publish(&statement);

    statement["statement_id"] = json!("another-id");
    vendor
        .submit(&vendor.sign(&statement))
        .refused(409, "chain_exists");
    statement["revision"] = json!(2);
    statement["supersedes"] = json!(head);
    vendor
        .submit(&vendor.sign(&statement))
        .refused(409, "chain_exists");

    let mut elsewhere = vendor.statement("sds-sample", &vendor.product("もう一つの製品"));
    elsewhere["statement_id"] = json!(format!("sds-{product}"));
    vendor
        .submit(&vendor.sign(&elsewhere))
        .refused(409, "chain_exists");
    assert_eq!(held(&vendor).len(), 1);
}

fn the_same_payload_under_another_signature_answers_the_first_receipt(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let product = vendor.product("見本クラウド電子カルテ");
    let payload = vendor.statement("sds-sample", &product).to_string();
    let first = vendor.sign_bytes(payload.as_bytes());
    let retry = vendor.sign_bytes(payload.as_bytes());
    assert_ne!(first, retry, "ES256 signatures are randomised");

    let created = vendor.submit(&first).created();
    assert_eq!(vendor.submit(&first).ok(), created);
    assert_eq!(vendor.submit(&retry).ok(), created);
    let second_key = fixture_key("vendor-es256");
    app.approve(&vendor.register_key(&second_key));
    let by_another_key = jws::sign("kaiji-statement+jws", payload.as_bytes(), &second_key).unwrap();
    let again = vendor.submit(&by_another_key).ok();
    for member in ["sha256", "receipt", "leaf_index", "comparisons"] {
        assert_eq!(again[member], created[member]);
    }
    assert_ne!(again["proof"], created["proof"], "the log has grown since");
    assert_eq!(held(&vendor).len(), 1);
}
