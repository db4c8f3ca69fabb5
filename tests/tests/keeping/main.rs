//! Keeping what was promised: the high-water file, the service's keys, backups, several instances, `kill -9`. One
//! program for all, run on the built executable.

#![allow(missing_docs, reason = "a test has no users")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what fails here fails the test"
)]

mod backup;
mod high_water;
mod killed;
mod rotation;
mod verify;

use std::fs;
use std::path::PathBuf;

use kaiji_schema::log::{Checkpoint, Note};
use kaiji_tests::{Ended, Home, Vendor};
use serde_json::Value;

/// Makes two tests of each story, one on SQLite and one on PostgreSQL. A story is a function that takes `&Home`.
macro_rules! on_both_homes {
    ($($story:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $story() { super::$story(&kaiji_tests::Home::empty()); })+
        }
        mod postgres {
            $(#[test] fn $story() { super::$story(&kaiji_tests::Home::postgres()); })+
        }
    };
}
pub(crate) use on_both_homes;

/// A statement that was answered 201.
#[derive(Debug, Clone)]
struct Answered {
    jws: String,
    receipt: String,
    proof: String,
}

impl Answered {
    fn of(jws: &str, answer: &Value) -> Self {
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        Self {
            jws: jws.to_owned(),
            receipt: text("receipt"),
            proof: text("proof"),
        }
    }
}

fn submit(vendor: &Vendor) -> Answered {
    let product = vendor.product("見本");
    let jws = vendor.sign(&vendor.statement("sds-sample", &product));
    Answered::of(&jws, &vendor.submit(&jws).created())
}

fn high_water(home: &Home) -> PathBuf {
    home.directory().join("var/high-water.checkpoint")
}

/// What the high-water file notes.
fn noted(home: &Home) -> Checkpoint {
    let text = fs::read_to_string(high_water(home)).unwrap();
    Checkpoint::parse(Note::parse(&text).unwrap().body()).unwrap()
}

/// The service does not start, and says why.
#[track_caller]
fn refuses_to_start(home: &Home, why: &[&str]) {
    let ended = home
        .try_serve()
        .err()
        .expect("a service that refuses to start");
    assert_eq!(ended.status, Some(3), "{ended:?}");
    for why in why {
        assert!(ended.stderr.contains(why), "{why}: {ended:?}");
    }
}

/// The service starts and serves.
#[track_caller]
fn starts(home: &Home) {
    let program = home.serve();
    home.site().call("GET", "/readyz").ok();
    stop(program);
}

#[track_caller]
fn stop(program: kaiji_tests::Program) {
    let ended = program.terminate();
    assert_eq!(ended.status, Some(0), "{ended:?}");
}

/// Runs a command that must be done; answers its JSON.
#[track_caller]
fn done(home: &Home, arguments: &[&str]) -> Value {
    let ended = home.run(arguments);
    assert_eq!(ended.status, Some(0), "{ended:?}");
    json(&ended)
}

#[track_caller]
fn json(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
}

/// The whole log verifies, signatures included; answers its size.
#[track_caller]
fn verified_size(home: &Home) -> u64 {
    let audit = done(home, &["log", "verify", "--signatures", "--json"]);
    assert_eq!(audit["verified"], true);
    audit["size"].as_u64().unwrap()
}
