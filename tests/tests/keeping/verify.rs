//! `kaiji log verify`: whatever is wrong with the log is found and named.

use std::fs;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use kaiji_tests::Home;

use super::{json, starts, stop, submit, verified_size};

/// What lets rows be changed that the database protects.
const UNPROTECTED: &str = "DROP TRIGGER leaves_are_never_changed; DROP TRIGGER leaves_are_never_deleted; \
     DROP TRIGGER checkpoints_are_never_changed; DROP TRIGGER checkpoints_are_never_deleted; \
     DROP TRIGGER log_tiles_only_grow; DROP TRIGGER log_tiles_are_never_deleted; DROP TRIGGER log_only_grows;";

#[test]
fn whatever_is_wrong_with_the_log_is_found_and_named() {
    let home = Home::empty();
    let operator = home.operator();
    let program = home.serve();
    let vendor = operator.vendor("株式会社見本");
    for _ in 0..3 {
        submit(&vendor);
    }
    stop(program);
    let size = verified_size(&home);
    assert!(size >= 4);
    let file = home.directory().join("var/kaiji.sqlite");
    let whole = fs::read(&file).unwrap();
    let last = size - 1;
    let last_is_missing = format!("leaf {last} is missing");
    for (damage, named) in [
        ("DELETE FROM leaves WHERE leaf_index = 1".to_owned(), "leaf 1 is missing"),
        (format!("DELETE FROM leaves WHERE leaf_index = {last}"), &last_is_missing),
        ("UPDATE leaves SET received_at = received_at + 1 WHERE leaf_index = 1".to_owned(), "leaf 1: its receipt says"),
        ("UPDATE leaves SET received_at = 0 WHERE leaf_index = 2".to_owned(), "leaf 2: it was received before"),
        ("UPDATE leaves SET event = 'key_retired' WHERE leaf_index = 1".to_owned(), "leaf 1: its receipt says"),
        (
            "UPDATE leaves SET receipt = (SELECT receipt FROM leaves WHERE leaf_index = 2) WHERE leaf_index = 1".to_owned(),
            "leaf 1: its receipt is that of leaf 2",
        ),
        // Spare bits of the signature's last character: the payload stays, the leaf's bytes do not.
        ("UPDATE leaves SET receipt = receipt || 'A' WHERE leaf_index = 1".to_owned(), "its root is not that of the leaves"),
        ("UPDATE log_tiles SET hashes = zeroblob(length(hashes))".to_owned(), "tile 0/000"),
        ("INSERT INTO log_tiles VALUES (3, 7, zeroblob(32))".to_owned(), "tiles where the leaves make"),
        ("UPDATE checkpoints SET note = replace(note, '\u{2014} ', '\u{2014} x') WHERE size = 1".to_owned(), "the checkpoint of 1 leaves"),
        (format!("DELETE FROM checkpoints WHERE size = {size}"), "it is missing"),
        ("UPDATE log_head SET frontier = zeroblob(length(frontier))".to_owned(), "the edge of its tree"),
        ("UPDATE log_head SET size = size - 1".to_owned(), "there are leaves beyond"),
    ] {
        fs::write(&file, &whole).unwrap();
        let mut direct = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
        direct.batch_execute(&format!("{UNPROTECTED} {damage}")).unwrap();
        drop(direct);
        let ended = home.run(&["log", "verify", "--json"]);
        assert_eq!(ended.status, Some(1), "{damage}: {ended:?}");
        let flaw = json(&ended)["flaw"].as_str().unwrap().to_owned();
        assert!(flaw.contains(named), "{damage}: {flaw}");
    }
    fs::write(&file, &whole).unwrap();
    assert_eq!(verified_size(&home), size);
    starts(&home);
}

#[test]
fn a_signature_that_does_not_hold_is_found_when_it_is_asked_for() {
    let home = Home::empty();
    let operator = home.operator();
    let service = home.serve();
    submit(&operator.vendor("株式会社見本"));
    stop(service);
    verified_size(&home);
    let file = home.directory().join("var/kaiji.sqlite");
    let mut direct = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    // The key that is registered is another than the one that signed.
    let swapped = "UPDATE service_keys SET jwk = (SELECT jwk FROM service_keys WHERE purpose = 'token') WHERE purpose = 'receipt'";
    direct.batch_execute(swapped).unwrap();
    assert_eq!(home.run(&["log", "verify"]).status, Some(0));
    let ended = home.run(&["log", "verify", "--signatures"]);
    assert_eq!(ended.status, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("leaf 0"), "{ended:?}");
}

#[test]
fn a_database_that_is_not_there_is_no_answer_and_is_not_made() {
    let home = Home::empty();
    let ended = home.run(&["log", "verify"]);
    assert_eq!(ended.status, Some(3), "{ended:?}");
    assert!(!home.directory().join("var").exists());
}
