//! The built executable: how it starts, refuses to start and ends, and what is left when it is killed.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what fails in a test is what it is for"
)]

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;
use std::{fs, thread};

use kaiji_schema::jws::Jws;
use kaiji_tests::{Home, Vendor, sha256};
use serde_json::Value;

/// How many clients submit when the service is killed.
const CLIENTS: usize = 8;

/// How many submissions are answered before it is killed.
const ANSWERED: usize = 40;

fn is_ready(home: &Home) -> bool {
    home.site().call("GET", "/readyz").send().status == 200
}

fn keys(home: &Home) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = fs::read_dir(home.directory().join("var/keys")).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    paths
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn the_embedded_default_makes_what_it_needs_ends_cleanly_and_starts_again() {
    let home = Home::empty();
    let program = home.serve();
    assert!(is_ready(&home));
    let made = keys(&home);
    assert_eq!(made.len(), 4, "{made:?}");
    for path in made.keys() {
        assert_eq!(mode(path), 0o600, "{}", path.display());
    }
    let ended = program.terminate();
    assert_eq!(ended.status, Some(0), "{ended:?}");

    let program = home.serve();
    assert!(is_ready(&home));
    assert_eq!(keys(&home), made, "the keys are made once");
    assert_eq!(program.terminate().status, Some(0));
}

#[test]
fn a_port_that_is_taken_is_named_and_ends_the_start_with_status_3() {
    let home = Home::empty();
    let taken = take(home.port());
    let ended = home.try_serve().err().unwrap();
    drop(taken);
    assert_eq!(ended.status, Some(3), "{ended:?}");
    let address = format!("127.0.0.1:{}", home.port());
    assert!(ended.stderr.contains(&address), "{ended:?}");
}

/// Listens on a port that was free a moment ago. A process that another test starts just then holds it from its fork
/// to its exec.
fn take(port: u16) -> TcpListener {
    for _ in 0..500 {
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
            return listener;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("port {port} is not free");
}

#[test]
fn a_mistake_in_the_settings_is_named_and_ends_the_start_with_status_2() {
    for (settings, named) in [
        ("databse = \"sqlite:kaiji.sqlite\"", "databse"),
        ("database = \"mysql://localhost/kaiji\"", "database"),
        ("public_url = \"kaiji.example.jp\"", "public_url"),
        ("readers = \"many\"", "readers"),
        ("readers = 0", "readers"),
    ] {
        let home = Home::empty();
        home.set(settings);
        let ended = home.try_serve().err().unwrap();
        assert_eq!(ended.status, Some(2), "{settings}: {ended:?}");
        assert!(ended.stderr.contains(named), "{settings}: {ended:?}");
    }
}

#[test]
fn keys_that_are_lost_are_not_replaced_where_receipts_were_signed_with_them() {
    let home = Home::empty();
    let operator = home.operator();
    let program = home.serve();
    operator.vendor("株式会社見本");
    assert_eq!(program.terminate().status, Some(0));

    let key = home.directory().join("var/keys/receipt.pem");
    let aside = home.directory().join("receipt.pem");
    fs::rename(&key, &aside).unwrap();
    let ended = home.try_serve().err().unwrap();
    assert_eq!(ended.status, Some(3), "{ended:?}");
    assert!(ended.stderr.contains("backup"), "{ended:?}");
    assert!(!key.exists(), "no other key takes its place");

    fs::rename(&aside, &key).unwrap();
    let _program = home.serve();
    assert!(is_ready(&home));
}

#[test]
fn a_key_that_others_can_read_is_not_used() {
    let home = Home::empty();
    let program = home.serve();
    assert!(is_ready(&home));
    assert_eq!(program.terminate().status, Some(0));
    let key = home.directory().join("var/keys/log.pem");
    set_mode(&key, 0o640);
    let ended = home.try_serve().err().unwrap();
    assert_eq!(ended.status, Some(3), "{ended:?}");
    let mended = format!("chmod 600 {}", "var/keys/log.pem");
    assert!(ended.stderr.contains(&mended), "{ended:?}");

    set_mode(&key, 0o600);
    let _program = home.serve();
    assert!(is_ready(&home));
}

#[test]
fn whatever_was_answered_is_there_after_kill_9_and_the_log_goes_on_without_a_gap() {
    let home = Home::empty();
    let operator = home.operator();
    let mut program = home.serve();
    let vendor = operator.vendor("株式会社見本");
    let mut acknowledged = BTreeMap::new();
    for _ in 0..rounds() {
        let products: Vec<String> = (0..2 * ANSWERED).map(|_| vendor.product("見本")).collect();
        let (answered, answers) = mpsc::channel();
        let mut kept = thread::scope(|scope| {
            for client in 0..CLIENTS {
                let (vendor, products, answered) = (&vendor, &products, answered.clone());
                scope.spawn(move || {
                    for product in products.iter().skip(client).step_by(CLIENTS) {
                        let jws = vendor.sign(&vendor.statement("sds-sample", product));
                        // Killed in the middle of it: nothing was promised.
                        let Ok(answer) = vendor.submit(&jws).try_send() else {
                            return;
                        };
                        let receipt = answer.expect(201).json()["receipt"].clone();
                        let _ = answered.send((jws, receipt));
                    }
                });
            }
            drop(answered);
            let mut kept: Vec<(String, Value)> = answers.iter().take(ANSWERED).collect();
            program.kill();
            kept.extend(answers);
            kept
        });
        acknowledged.extend(kept.drain(..));
        program = home.serve();
        assert_everything_is_there(&vendor, &acknowledged);
    }
}

/// How often the service is killed: more often where somebody asks for it with `KAIJI_KILL_ROUNDS`.
#[allow(clippy::disallowed_methods, reason = "asks the one who runs the tests")]
fn rounds() -> usize {
    let asked = std::env::var("KAIJI_KILL_ROUNDS").unwrap_or_default();
    asked.parse().unwrap_or(3)
}

/// All that was acknowledged is held byte for byte, with the receipt that was given; whatever else is held is whole;
/// and the leaves follow each other.
fn assert_everything_is_there(vendor: &Vendor, acknowledged: &BTreeMap<String, Value>) {
    let mut leaves = Vec::new();
    let mut held = BTreeMap::new();
    for view in vendor.list("/statements") {
        let name = view["sha256"].as_str().unwrap();
        let path = format!("/statements/{name}");
        let read = vendor.get(&path).header("Accept", "application/jose");
        let jws = read.send().expect(200).text().to_owned();
        assert_eq!(sha256(&jws), name, "whole, and under its own name");
        let receipt = vendor.get(&format!("{path}/receipt")).send().expect(200);
        let receipt = receipt.text().to_owned();
        let said: Value = serde_json::from_slice(Jws::parse(&receipt).unwrap().payload()).unwrap();
        assert_eq!(said["statement_sha256"], name);
        leaves.push(said["leaf_index"].as_u64().unwrap());
        held.insert(jws, receipt);
    }
    for (jws, receipt) in acknowledged {
        assert_eq!(held.get(jws).map(String::as_str), receipt.as_str());
    }
    leaves.sort_unstable();
    let first = leaves[0];
    let expected: Vec<u64> = (first..).take(leaves.len()).collect();
    assert_eq!(
        leaves, expected,
        "no leaf is missing, and none is there twice"
    );
}
