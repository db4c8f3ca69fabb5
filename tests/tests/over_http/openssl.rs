//! A vendor that has a shell and OpenSSL, and nothing of ours: `docs/sign-with-openssl.sh`.

use std::path::{Path, PathBuf};
use std::process::Command;

use kaiji_schema::key::SigningKey;
use kaiji_tests::{TestApp, on_both_databases};
use serde_json::json;

on_both_databases![a_vendor_with_openssl_alone_registers_a_key_and_submits_revisions];

/// The vendor's desk: a directory with its key.
struct Desk(PathBuf);

impl Desk {
    fn new(app: &TestApp) -> Self {
        let desk = Self(app.database().directory().to_owned());
        desk.run(&[
            "openssl",
            "genpkey",
            "-algorithm",
            "EC",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-out",
            "key.pem",
        ]);
        desk
    }

    fn run(&self, command: &[&str]) -> String {
        let output = Command::new(command[0])
            .args(&command[1..])
            .current_dir(&self.0)
            .output();
        let output =
            output.unwrap_or_else(|error| panic!("this test needs `{}`: {error}", command[0]));
        assert!(
            output.status.success(),
            "{command:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    fn sign(&self, payload: &str, typ: &str) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/sign-with-openssl.sh");
        std::fs::write(self.0.join("payload.json"), payload).unwrap();
        let signed = self.run(&[
            "sh",
            script.to_str().unwrap(),
            "key.pem",
            "payload.json",
            typ,
        ]);
        signed.trim_end().to_owned()
    }
}

fn a_vendor_with_openssl_alone_registers_a_key_and_submits_revisions(app: &TestApp) {
    let desk = Desk::new(app);
    let vendor = app.vendor_without_key("見本電子カルテ株式会社");
    let pem = std::fs::read_to_string(desk.0.join("key.pem")).unwrap();
    let public = SigningKey::from_pem(&pem).unwrap().public().to_jwk();
    let (challenge, issuer) = (vendor.challenge(), &vendor.organisation);
    let proof = format!(r#"{{"challenge":"{challenge}","issuer":"{issuer}","jwk":{public}}}"#);
    let registered = vendor
        .post("/keys")
        .jose(&desk.sign(&proof, "kaiji-key-proof+jws"))
        .created();
    app.approve(registered["kid"].as_str().unwrap());

    // OpenSSL drops the leading zeros of r and s, in one signature of 128: the more of them, the more surely one is met.
    let mut statement = vendor.statement("sds-sample", &vendor.product("見本クラウド電子カルテ"));
    for revision in 1..=8 {
        statement["revision"] = json!(revision);
        let submitted = vendor
            .submit(&desk.sign(&statement.to_string(), "kaiji-statement+jws"))
            .created();
        statement["supersedes"] = submitted["sha256"].clone();
    }
    assert_eq!(vendor.list("/statements").len(), 8);
}
