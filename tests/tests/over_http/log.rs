//! The log as everybody sees it: checkpoints, tiles and proofs, checked without the service; and what it tells those who
//! hold a document.

use kaiji_schema::jws::{self, Jws};
use kaiji_schema::key::PublicKey;
use kaiji_schema::log::{
    Checkpoint, Consistency, LogProof, Tiles, VerifierKey, inclusion_holds, leaf_hash, root_at,
};
use kaiji_schema::receipt::{Event, Receipt};
use kaiji_tests::{TestApp, Vendor, on_both_databases, sha256};
use serde_json::Value;

on_both_databases![
    an_upload_is_answered_with_a_proof_that_needs_no_service,
    the_log_is_rebuilt_from_its_tiles_alone,
    a_kept_checkpoint_is_the_beginning_of_every_later_log,
    what_lies_beyond_the_log_is_not_there,
    a_statement_in_hand_is_found_with_what_became_of_it,
    a_receipt_in_hand_is_found_if_it_is_a_leaf,
    the_same_answers_under_another_signature_name_the_one_that_was_received,
];

fn log_key(app: &TestApp) -> VerifierKey {
    let keys = app.site().call("GET", "/.well-known/kaiji-keys.json").ok();
    let mut keys = keys["keys"].as_array().unwrap().iter();
    let key = keys.rfind(|key| key["purpose"] == "log");
    let key = PublicKey::from_jwk_text(&key.unwrap()["jwk"].to_string()).unwrap();
    let text = checkpoint(app);
    VerifierKey::of_log(text.lines().next().unwrap(), &key).unwrap()
}

fn receipt_key(app: &TestApp) -> PublicKey {
    let keys = app.site().call("GET", "/.well-known/kaiji-keys.json").ok();
    let mut keys = keys["keys"].as_array().unwrap().iter();
    let key = keys.find(|key| key["purpose"] == "receipt").unwrap();
    PublicKey::from_jwk_text(&key["jwk"].to_string()).unwrap()
}

fn checkpoint(app: &TestApp) -> String {
    let answer = app.site().call("GET", "/log/checkpoint").send();
    assert_eq!(answer.status, 200);
    String::from_utf8(answer.body).unwrap()
}

fn opened(app: &TestApp) -> Checkpoint {
    Checkpoint::open(&checkpoint(app), &log_key(app)).unwrap()
}

fn vendor(app: &TestApp) -> (Vendor, String) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let product = vendor.product("見本クラウド電子カルテ");
    (vendor, product)
}

fn an_upload_is_answered_with_a_proof_that_needs_no_service(app: &TestApp) {
    let (vendor, product) = vendor(app);
    let jws = vendor.sign(&vendor.statement("sds-sample", &product));
    let submitted = vendor.submit(&jws).created();
    let receipt = submitted["receipt"].as_str().unwrap();
    let proof = LogProof::parse(submitted["proof"].as_str().unwrap()).unwrap();
    let said = jws::verify::<Receipt>(Jws::parse(receipt).unwrap(), &receipt_key(app)).unwrap();
    let checkpoint = Checkpoint::open(&proof.checkpoint, &log_key(app)).unwrap();

    assert_eq!(said.document().event, Event::StatementReceived);
    assert_eq!(said.document().leaf_index, proof.index);
    assert_eq!(said.document().log, checkpoint.origin);
    let hash = leaf_hash(receipt.as_bytes());
    let holds = |leaf, hash: &kaiji_schema::Digest| {
        inclusion_holds(leaf, checkpoint.size, hash, &proof.hashes, &checkpoint.root)
    };
    assert!(holds(proof.index, &hash));
    assert!(!holds(proof.index, &leaf_hash(b"another")));
    assert!(!holds(proof.index + 1, &hash));

    let again = vendor.submit(&jws).ok();
    assert_eq!(again["receipt"], submitted["receipt"]);
    assert!(LogProof::parse(again["proof"].as_str().unwrap()).is_some());
    let later = vendor
        .get(&format!("/statements/{}/proof", sha256(&jws)))
        .send();
    assert_eq!(later.status, 200);
    let later = LogProof::parse(std::str::from_utf8(&later.body).unwrap()).unwrap();
    assert_eq!(later.index, proof.index);
}

fn the_log_is_rebuilt_from_its_tiles_alone(app: &TestApp) {
    let (vendor, product) = vendor(app);
    vendor
        .submit(&vendor.sign(&vendor.statement("sds-sample", &product)))
        .created();
    let newest = opened(app);
    let width = newest.size % 256;
    let path = format!("/log/tile/0/000.p/{width}");
    let answer = app.site().call("GET", &path).send();
    assert_eq!(answer.status, 200);
    assert!(
        answer
            .header("cache-control")
            .unwrap()
            .contains("immutable")
    );
    assert_eq!(answer.body.len() as u64, 32 * newest.size);
    let mut tiles = Tiles::new(|_| Ok::<_, ()>(answer.body.clone()));
    assert_eq!(root_at(&mut tiles, newest.size), Ok(newest.root));
    let first = app.site().call("GET", "/log/tile/0/000.p/1").send();
    assert_eq!(first.body, answer.body[..32]);
}

fn a_kept_checkpoint_is_the_beginning_of_every_later_log(app: &TestApp) {
    let (vendor, product) = vendor(app);
    let kept = opened(app);
    for revision in 0..3 {
        let mut statement = vendor.statement("sds-sample", &product);
        statement["statement_id"] = Value::from(format!("chain-{revision}"));
        statement["product"]["id"] = Value::from(vendor.product("もう一つの製品"));
        vendor.submit(&vendor.sign(&statement)).created();
    }
    let now = opened(app);
    let path = format!("/log/consistency?from={}&to={}", kept.size, now.size);
    let answer = app.nobody("GET", &path).ok();
    let hashes: Vec<_> = answer["hashes"].as_array().unwrap().iter().collect();
    let text = hashes
        .iter()
        .fold(format!("{} {}\n", kept.size, now.size), |text, hash| {
            text + hash.as_str().unwrap() + "\n"
        });
    let proof = Consistency::parse(&text).unwrap();
    assert!(proof.holds(&kept.root, &now.root));
    assert!(!proof.holds(&now.root, &kept.root));

    let leaf = app
        .nobody("GET", &format!("/log/proof?leaf=0&size={}", kept.size))
        .ok();
    assert_eq!(leaf["size"], kept.size);
}

fn what_lies_beyond_the_log_is_not_there(app: &TestApp) {
    let _ = vendor(app);
    let size = opened(app).size;
    for path in [
        format!("/log/proof?leaf={size}"),
        format!("/log/proof?leaf=0&size={}", size + 1),
        format!("/log/consistency?from={}", size + 1),
        format!("/log/consistency?from=1&to={}", size + 1),
        format!("/log/consistency?from=2&to={}", 1),
    ] {
        app.nobody("GET", &path).send().problem(404, "beyond_log");
    }
    for path in [
        "/log/proof",
        "/log/proof?leaf=-1",
        "/log/proof?leaf=+1",
        "/log/consistency?to=1",
    ] {
        app.nobody("GET", path).send().problem(400, "bad_query");
    }
    for tile in [
        "0/000".to_owned(),
        format!("0/000.p/{}", size + 1),
        "0/000.p/0".to_owned(),
        "0/000.p/256".to_owned(),
        "0/000.p/01".to_owned(),
        "0/001.p/1".to_owned(),
        "1/000.p/1".to_owned(),
        "0/0".to_owned(),
        "data/000".to_owned(),
        "entries/000".to_owned(),
        "../checkpoint".to_owned(),
    ] {
        let answer = app.site().call("GET", &format!("/log/tile/{tile}")).send();
        assert_eq!(answer.status, 404, "{tile}");
    }
}

fn a_statement_in_hand_is_found_with_what_became_of_it(app: &TestApp) {
    let (vendor, product) = vendor(app);
    let clinic = app.institution("サンプル医院");
    let jws = vendor.sign(&vendor.statement("sds-sample", &product));
    let unknown = clinic.post("/verify").jose(&jws).ok();
    assert_eq!(
        (&unknown["in_log"], &unknown["statement"]),
        (&Value::from(false), &Value::Null)
    );

    vendor.submit(&jws).created();
    // Nothing was released to the clinic; it got the bytes by mail.
    let found = clinic.post("/verify").jose(&jws).ok();
    assert_eq!(found["kind"], "statement");
    assert_eq!(found["in_log"], true);
    assert_eq!(found["statement"]["validity"], "valid");
    assert!(LogProof::parse(found["proof"].as_str().unwrap()).is_some());

    vendor.withdraw(&sha256(&jws), "誤記のため").ok();
    let found = clinic.post("/verify").jose(&jws).ok();
    assert_eq!(found["statement"]["validity"], "withdrawn");
}

fn a_receipt_in_hand_is_found_if_it_is_a_leaf(app: &TestApp) {
    let (vendor, product) = vendor(app);
    let jws = vendor.sign(&vendor.statement("sds-sample", &product));
    let receipt = vendor.submit(&jws).created()["receipt"]
        .as_str()
        .unwrap()
        .to_owned();
    let found = vendor.post("/verify").jose(&receipt).ok();
    assert_eq!(
        (&found["kind"], &found["in_log"], &found["event"]),
        (
            &Value::from("receipt"),
            &Value::from(true),
            &Value::from("statement_received")
        )
    );
    assert_eq!(found["statement"]["sha256"], sha256(&jws));

    // The same words, signed by somebody else.
    let payload = Jws::parse(&receipt).unwrap().payload().to_vec();
    let forged = jws::sign("kaiji-receipt+jws", &payload, &vendor.key).unwrap();
    let found = vendor.post("/verify").jose(&forged).ok();
    assert_eq!(
        (&found["in_log"], &found["event"]),
        (&Value::from(false), &Value::Null)
    );

    let withdrawal = vendor.withdrawal(&sha256(&jws), "誤記のため");
    vendor
        .post("/verify")
        .jose(&withdrawal)
        .send()
        .problem(400, "jws_refused");
    app.nobody("POST", "/verify")
        .send()
        .problem(401, "unauthenticated");
}

fn the_same_answers_under_another_signature_name_the_one_that_was_received(app: &TestApp) {
    let (vendor, product) = vendor(app);
    let statement = vendor.statement("sds-sample", &product);
    let (one, other) = (vendor.sign(&statement), vendor.sign(&statement));
    vendor.submit(&one).created();
    let found = vendor.post("/verify").jose(&other).ok();
    assert_eq!(found["in_log"], false);
    assert_eq!(found["received_as"], sha256(&one));
}
