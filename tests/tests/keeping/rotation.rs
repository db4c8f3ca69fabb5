//! The service's own keys: those that do not belong to the log are refused, and are exchanged by an explicit act.

use std::fs;
use std::path::PathBuf;

use kaiji_schema::jws::{self, Jws};
use kaiji_schema::key::PublicKey;
use kaiji_schema::log::{Checkpoint, VerifierKey};
use kaiji_schema::receipt::Receipt;
use kaiji_tests::{Home, new_key};
use serde_json::Value;

use super::{
    done, high_water, on_both_homes, refuses_to_start, starts, stop, submit, verified_size,
};

on_both_homes!(a_rotated_key_signs_from_then_on_and_what_the_old_one_signed_still_verifies);

fn key_file(home: &Home, name: &str) -> PathBuf {
    home.directory().join("var/keys").join(name)
}

fn published(home: &Home) -> Vec<Value> {
    let keys = home.site().call("GET", "/.well-known/kaiji-keys.json").ok();
    keys["keys"].as_array().unwrap().clone()
}

/// Finds the published key that signed the receipt, and verifies it.
fn assert_verifies(receipt: &str, keys: &[Value]) {
    let jws = Jws::parse(receipt).unwrap();
    let key = keys.iter().find(|key| key["kid"] == jws.kid().as_str());
    let key = PublicKey::from_jwk_or_pem(&key.unwrap()["jwk"].to_string()).unwrap();
    jws::verify::<Receipt>(jws, &key).unwrap();
}

fn a_rotated_key_signs_from_then_on_and_what_the_old_one_signed_still_verifies(home: &Home) {
    let operator = home.operator();
    let program = home.serve();
    let vendor = operator.vendor("株式会社見本");
    let before = submit(&vendor);
    let serving = home.run(&["admin", "rotate-key", "receipt"]);
    assert_eq!(serving.status, Some(3), "{serving:?}");
    assert!(serving.stderr.contains("stop the service"), "{serving:?}");
    stop(program);

    for purpose in ["receipt", "log", "token"] {
        let rotated = done(home, &["admin", "rotate-key", purpose, "--json"]);
        let retired = home.directory().join(rotated["retired"].as_str().unwrap());
        assert!(retired.exists(), "{rotated}");
        assert!(rotated["leaf"].is_u64(), "{rotated}");
    }
    let program = home.serve();
    // Its token was signed with the old key.
    vendor.sign_out();
    let after = submit(&vendor);
    let keys = published(home);
    for purpose in ["receipt", "log", "token"] {
        let of_it = keys.iter().filter(|key| key["purpose"] == purpose);
        let ended = of_it.filter(|key| !key["until"].is_null()).count();
        assert_eq!(ended, 1, "{keys:?}");
    }
    assert_ne!(
        Jws::parse(&before.receipt).unwrap().kid(),
        Jws::parse(&after.receipt).unwrap().kid()
    );
    assert_verifies(&before.receipt, &keys);
    assert_verifies(&after.receipt, &keys);
    let in_use = keys
        .iter()
        .find(|key| key["purpose"] == "log" && key["until"].is_null());
    let vkey: VerifierKey = in_use.unwrap()["vkey"].as_str().unwrap().parse().unwrap();
    let checkpoint = fs::read_to_string(high_water(home)).unwrap();
    Checkpoint::open(&checkpoint, &vkey).unwrap();
    stop(program);
    verified_size(home);
}

#[test]
fn a_rotation_that_was_interrupted_is_asked_for_and_completed() {
    let home = Home::empty();
    let operator = home.operator();
    let program = home.serve();
    submit(&operator.vendor("株式会社見本"));
    stop(program);
    let rotated = done(&home, &["admin", "rotate-key", "receipt", "--json"]);
    let size = verified_size(&home);
    // As if it had died between the row and the files.
    let file = key_file(&home, "receipt.pem");
    fs::rename(&file, key_file(&home, "receipt.new.pem")).unwrap();
    fs::rename(
        home.directory().join(rotated["retired"].as_str().unwrap()),
        &file,
    )
    .unwrap();
    refuses_to_start(&home, &["interrupted", "kaiji admin rotate-key receipt"]);

    let completed = done(&home, &["admin", "rotate-key", "receipt", "--json"]);
    assert_eq!(completed["kid"], rotated["kid"]);
    assert_eq!(completed["leaf"], Value::Null);
    assert_eq!(verified_size(&home), size);
    let program = home.serve();
    submit(&operator.vendor("株式会社別"));
    stop(program);
}

#[test]
fn a_rotation_that_died_before_its_row_takes_the_key_that_it_had_made() {
    let home = Home::empty();
    home.operator();
    let waiting = new_key();
    let path = key_file(&home, "receipt.new.pem");
    fs::copy(key_file(&home, "token.pem"), &path).unwrap();
    starts(&home);
    let rotated = done(&home, &["admin", "rotate-key", "receipt", "--json"]);
    assert_ne!(rotated["kid"], waiting.public().thumbprint().as_str());
    assert!(!path.exists());
    assert_eq!(
        fs::read(key_file(&home, "receipt.pem")).unwrap(),
        fs::read(key_file(&home, "token.pem")).unwrap()
    );
    starts(&home);
}

#[test]
fn a_key_file_that_is_not_the_logs_is_refused_and_replaced_only_when_asked() {
    for purpose in ["receipt", "log"] {
        let home = Home::empty();
        let operator = home.operator();
        let program = home.serve();
        let vendor = operator.vendor("株式会社見本");
        let answered = submit(&vendor);
        let keys = published(&home);
        stop(program);
        let in_use = keys.iter().find(|key| key["purpose"] == purpose).unwrap();
        let other = Home::empty();
        other.operator();
        let name = format!("{purpose}.pem");
        fs::copy(key_file(&other, &name), key_file(&home, &name)).unwrap();
        let kid = in_use["kid"].as_str().unwrap();
        refuses_to_start(&home, &[&name, kid, "is in use", "--lost"]);
        let plain = home.run(&["admin", "rotate-key", purpose]);
        assert_eq!(plain.status, Some(3), "{plain:?}");

        done(&home, &["admin", "rotate-key", purpose, "--lost", "--json"]);
        let program = home.serve();
        submit(&vendor);
        assert_verifies(&answered.receipt, &published(&home));
        stop(program);
        verified_size(&home);
    }
}
