//! `kill -9` at any moment: what was answered is there, the log is whole, and the high-water file is where it may be.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::thread;

use diesel::prelude::*;
use kaiji_schema::jws::Jws;
use kaiji_schema::log::{Checkpoint, LogProof, Note, inclusion_holds, leaf_hash};
use kaiji_tests::{Home, Program, Vendor, sha256};
use serde_json::Value;

use super::{Answered, done, noted};

/// How many clients submit when the service is killed.
const CLIENTS: usize = 8;

/// The most submissions that are answered before it is killed.
const ANSWERED: usize = 40;

diesel::table! {
    leaves (leaf_index) {
        leaf_index -> BigInt,
        receipt -> Text,
    }
}

diesel::table! {
    checkpoints (size) {
        size -> BigInt,
        note -> Text,
    }
}

/// How often the service is killed: more often where somebody asks for it with `KAIJI_KILLS`.
#[allow(clippy::disallowed_methods, reason = "asks the one who runs the tests")]
fn kills() -> usize {
    let asked = std::env::var("KAIJI_KILLS").unwrap_or_default();
    asked.parse().unwrap_or(3)
}

#[test]
fn whatever_was_answered_is_in_the_log_after_kill_9_and_the_log_is_whole() {
    let home = Home::empty();
    let operator = home.operator();
    let mut program = home.serve();
    let vendor = operator.vendor("株式会社見本");
    let mut all = Vec::new();
    for round in 0..kills() {
        // Not always at the same moment of a flush.
        let before = 1 + round * 7 % ANSWERED;
        let answered = kill_under_load(program, &vendor, before);
        all.extend(answered.iter().cloned());
        assert_the_high_water_file_is_where_it_may_be(&home);
        assert_eq!(done(&home, &["log", "verify", "--json"])["verified"], true);
        assert_all_is_in_the_log(&home, &all);
        program = home.serve();
        assert_reads(&vendor, &answered);
    }
    assert_everything_is_there(&vendor, &all);
}

fn kill_under_load(program: Program, vendor: &Vendor, before: usize) -> Vec<Answered> {
    let products: Vec<String> = (0..2 * ANSWERED).map(|_| vendor.product("見本")).collect();
    let (answered, answers) = mpsc::channel();
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (products, answered) = (&products, answered.clone());
            scope.spawn(move || {
                for product in products.iter().skip(client).step_by(CLIENTS) {
                    let jws = vendor.sign(&vendor.statement("sds-sample", product));
                    // Killed in the middle of it: nothing was promised.
                    let Ok(answer) = vendor.submit(&jws).try_send() else {
                        return;
                    };
                    let answer = answer.expect(201).json();
                    let _ = answered.send(Answered::of(&jws, &answer));
                }
            });
        }
        drop(answered);
        let mut kept: Vec<Answered> = answers.iter().take(before).collect();
        program.kill();
        kept.extend(answers);
        kept
    })
}

fn database(home: &Home) -> SqliteConnection {
    let file = home.directory().join("var/kaiji.sqlite");
    SqliteConnection::establish(&file.to_string_lossy()).unwrap()
}

/// Never ahead of the database, and at most one flush behind it.
fn assert_the_high_water_file_is_where_it_may_be(home: &Home) {
    let noted = i64::try_from(noted(home).size).unwrap();
    let newest = checkpoints::table.order(checkpoints::size.desc()).limit(2);
    let newest: Vec<i64> = newest
        .select(checkpoints::size)
        .load(&mut database(home))
        .unwrap();
    let last_but_one = newest.last().unwrap();
    assert!(noted <= newest[0], "{noted} is ahead of {newest:?}");
    assert!(
        noted >= *last_but_one,
        "{noted} is more than one flush behind {newest:?}"
    );
    let partial: &Path = &home.directory().join("var/high-water.checkpoint.new");
    drop(fs::remove_file(partial));
}

/// Each receipt is the leaf that it says, each proof holds, and its checkpoint is one of the log's, all of which verify.
fn assert_all_is_in_the_log(home: &Home, answered: &[Answered]) {
    let connection = &mut database(home);
    for Answered { receipt, proof, .. } in answered {
        let proof = LogProof::parse(proof).unwrap();
        let index = i64::try_from(proof.index).unwrap();
        let leaf = leaves::table.find(index).select(leaves::receipt);
        assert_eq!(&leaf.first::<String>(connection).unwrap(), receipt);
        let note = Note::parse(&proof.checkpoint).unwrap();
        let Checkpoint { size, root, .. } = Checkpoint::parse(note.body()).unwrap();
        let leaf = leaf_hash(receipt.as_bytes());
        assert!(inclusion_holds(
            proof.index,
            size,
            &leaf,
            &proof.hashes,
            &root
        ));
        let size = i64::try_from(size).unwrap();
        let stored = checkpoints::table.find(size).select(checkpoints::note);
        assert_eq!(
            stored.first::<String>(connection).unwrap(),
            proof.checkpoint
        );
    }
}

fn assert_reads(vendor: &Vendor, answered: &[Answered]) {
    for Answered { jws, receipt, .. } in answered {
        let path = format!("/statements/{}", sha256(jws));
        let read = vendor.get(&path).header("Accept", "application/jose");
        assert_eq!(read.send().expect(200).text(), jws);
        let read = vendor.get(&format!("{path}/receipt")).send().expect(200);
        assert_eq!(read.text(), receipt);
    }
}

/// What is held without having been answered is whole as well, and no leaf is missing.
fn assert_everything_is_there(vendor: &Vendor, answered: &[Answered]) {
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
    for Answered { jws, receipt, .. } in answered {
        assert_eq!(held.get(jws), Some(receipt));
    }
    leaves.sort_unstable();
    let first = leaves[0];
    let expected: Vec<u64> = (first..).take(leaves.len()).collect();
    assert_eq!(
        leaves, expected,
        "no leaf is missing, and none is there twice"
    );
}
