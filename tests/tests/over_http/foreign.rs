//! What the service takes and signs, verified by others' code: `PyJWT` and the npm package `jose`, which
//! `tests/with-foreign-tools` provides.

use std::io::Write as _;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use kaiji_tests::foreign::{script, tools};
use kaiji_tests::{TestApp, fixture_key, on_both_databases, sha256_of};
use serde_json::{Value, json};

on_both_databases![
    pyjwt_verifies_statements_and_receipts_and_refuses_what_was_tampered_with,
    jose_verifies_statements_and_receipts_and_refuses_what_was_tampered_with,
];

fn pyjwt_verifies_statements_and_receipts_and_refuses_what_was_tampered_with(app: &TestApp) {
    let mut python = Command::new("python3");
    python.arg(script("verify.py"));
    python.env("PYTHONPATH", tools().join("python"));
    agrees(&mut python, &signed(app));
}

fn jose_verifies_statements_and_receipts_and_refuses_what_was_tampered_with(app: &TestApp) {
    let mut node = Command::new(tools().join("bin/node"));
    node.arg(script("verify.mjs")).arg(tools());
    agrees(&mut node, &signed(app));
}

/// A document that the service took or made, and the key that it says is its signer's.
struct Signed {
    jws: String,
    typ: &'static str,
    algorithm: &'static str,
    jwk: Value,
}

/// For each algorithm: a statement, its receipt, and the receipt of its acknowledgement. Keys come from the service.
fn signed(app: &TestApp) -> Vec<Signed> {
    let published = app.site().call("GET", "/.well-known/kaiji-keys.json").ok();
    let mut published = published["keys"].as_array().unwrap().iter();
    let service = published.find(|key| key["purpose"] == "receipt").unwrap();
    let vendor = app.vendor("見本電子カルテ株式会社");
    let clinic = app.institution("サンプル医院");
    let mut documents = Vec::new();
    for (key, algorithm) in [
        ("vendor-es256", "ES256"),
        ("vendor-ed25519", "EdDSA"),
        ("vendor-rsa3072", "PS256"),
    ] {
        let key = fixture_key(key);
        let kid = vendor.register_key(&key);
        app.approve(&kid);
        let product = json!({ "name": algorithm, "version": "1", "release": "listed" });
        let statement = vendor.statement("sds-sample", &vendor.product_with(&product));
        let payload = statement.to_string();
        let jws = kaiji_schema::jws::sign("kaiji-statement+jws", payload.as_bytes(), &key).unwrap();
        let taken = vendor.submit(&jws).created();
        let name = taken["sha256"].as_str().unwrap();
        let path = format!("/statements/{name}/acknowledgement");
        let fetched = clinic.fetch(name);
        assert_eq!(fetched.body, jws.as_bytes());
        let acknowledged = clinic.post(&path).ok();

        let registered = vendor.get(&format!("/keys/{kid}")).ok();
        documents.push(Signed {
            jws,
            typ: "kaiji-statement+jws",
            algorithm,
            jwk: registered["jwk"].clone(),
        });
        for answer in [taken, acknowledged] {
            documents.push(Signed {
                jws: answer["receipt"].as_str().unwrap().to_owned(),
                typ: "kaiji-receipt+jws",
                algorithm: "ES256",
                jwk: service["jwk"].clone(),
            });
        }
    }
    documents
}

/// The verifier reads the same payload and type from each document, and refuses whatever is not quite the document.
fn agrees(verifier: &mut Command, documents: &[Signed]) {
    let mut cases = Vec::new();
    for document in documents {
        let payload = parts(&document.jws)[1].clone();
        let good = format!("verified {} {}", sha256_of(&payload), document.typ);
        cases.push((document.jws.clone(), document, good));
        for tampered in tampered(document) {
            cases.push((tampered, document, "refused".to_owned()));
        }
    }
    let questions = cases.iter().map(|(jws, document, _)| {
        json!({ "jws": jws, "jwk": document.jwk, "alg": document.algorithm }).to_string() + "\n"
    });
    let said = ask(verifier, &questions.collect::<String>());
    let said: Vec<&str> = said.lines().collect();
    assert_eq!(said.len(), cases.len());
    for (said, (jws, document, expected)) in said.iter().zip(&cases) {
        let algorithm = document.algorithm;
        assert!(said.starts_with(expected), "{algorithm}: {said}: {jws}");
    }
}

/// The document with another payload, with another header, with another signature, with none, and with the key taken
/// for a shared secret's.
fn tampered(document: &Signed) -> [String; 5] {
    let [header, payload, signature] = parts(&document.jws);
    let compact = |header: &[u8], payload: &[u8], signature: &[u8]| {
        let parts = [header, payload, signature].map(|part| BASE64URL.encode(part));
        parts.join(".")
    };
    let edited = |bytes: &[u8], from: &str, to: &str| {
        let text = std::str::from_utf8(bytes).unwrap();
        assert!(text.contains(from), "{text}");
        text.replacen(from, to, 1).into_bytes()
    };
    let mut flipped = signature.clone();
    flipped[20] ^= 1;
    let own = format!(r#""{}""#, document.algorithm);
    [
        compact(&header, &edited(&payload, "\":\"", "\":\" "), &signature),
        compact(&edited(&header, "+jws", "+jwt"), &payload, &signature),
        compact(&header, &payload, &flipped),
        compact(&edited(&header, &own, r#""none""#), &payload, b""),
        compact(
            &edited(&header, &own, r#""HS256""#),
            &payload,
            &signature[..32],
        ),
    ]
}

fn parts(jws: &str) -> [Vec<u8>; 3] {
    let parts: Vec<_> = jws
        .split('.')
        .map(|part| BASE64URL.decode(part).unwrap())
        .collect();
    parts.try_into().unwrap()
}

/// What a program answers to what it is told on its standard input.
fn ask(program: &mut Command, questions: &str) -> String {
    program.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = program.stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let questions = questions.to_owned();
    // It answers while it is still being asked, and would wait for somebody to read that.
    let asking = std::thread::spawn(move || stdin.write_all(questions.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    asking.join().unwrap().unwrap();
    String::from_utf8(output.stdout).unwrap()
}
