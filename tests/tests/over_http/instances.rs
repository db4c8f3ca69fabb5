//! Several instances on one database append to one log; and a clock that jumps back takes no receipt with it.

use std::thread;

use jiff::{SignedDuration, Timestamp};
use kaiji_schema::jws::Jws;
use kaiji_schema::log::{Checkpoint, LogProof, Note, inclusion_holds, leaf_hash};
use kaiji_tests::{Site, TestApp, Vendor, on_both_databases};
use serde_json::Value;

on_both_databases!(
    several_instances_append_to_one_log_without_forks_or_gaps,
    receipts_never_go_back_in_time_when_the_clock_does,
);

/// How many statements each instance is given by each of two threads.
const EACH: usize = 8;

fn several_instances_append_to_one_log_without_forks_or_gaps(app: &TestApp) {
    let vendor = app.vendor("株式会社見本");
    let others = [
        app.another("second.checkpoint"),
        app.another("third.checkpoint"),
    ];
    let sites = [app.site(), others[0].site(), others[1].site()];
    let products: Vec<String> = (0..6 * EACH).map(|_| vendor.product("見本")).collect();
    let token = vendor.token();
    let answers: Vec<Value> = thread::scope(|scope| {
        let threads: Vec<_> = products
            .chunks(EACH)
            .zip(sites.iter().cycle())
            .map(|(products, site)| {
                let (vendor, token) = (&vendor, &token);
                scope.spawn(move || submit_all(vendor, token, site, products))
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });

    let audit = app.verified_log();
    let size = audit["size"].as_u64().unwrap();
    let mut leaves: Vec<u64> = answers
        .iter()
        .map(|answer| assert_is_in_the_log(app, answer))
        .collect();
    leaves.sort_unstable();
    let first = leaves[0];
    let expected: Vec<u64> = (first..).take(6 * EACH).collect();
    assert_eq!(leaves, expected);
    assert_eq!(size, first + 6 * EACH as u64);
    let noted = [app.noted(), others[0].noted(), others[1].noted()].map(|noted| noted.size);
    assert!(
        noted.iter().all(|noted| *noted <= size),
        "{noted:?} of {size}"
    );
    assert!(noted.contains(&size), "whoever was last noted all of it");
}

fn submit_all(vendor: &Vendor, token: &str, site: &Site, products: &[String]) -> Vec<Value> {
    let submit = |product: &String| {
        let jws = vendor.sign(&vendor.statement("sds-sample", product));
        let call = site.call("POST", "/api/v1/statements");
        call.bearer(token).jose(&jws).created()
    };
    products.iter().map(submit).collect()
}

/// The proof that was answered holds, and its checkpoint is the log's own. Answers the leaf.
fn assert_is_in_the_log(app: &TestApp, answer: &Value) -> u64 {
    let proof = LogProof::parse(answer["proof"].as_str().unwrap()).unwrap();
    let note = Note::parse(&proof.checkpoint).unwrap();
    let Checkpoint { size, root, .. } = Checkpoint::parse(note.body()).unwrap();
    let leaf = leaf_hash(answer["receipt"].as_str().unwrap().as_bytes());
    assert!(inclusion_holds(
        proof.index,
        size,
        &leaf,
        &proof.hashes,
        &root
    ));
    let stored = app.nobody("GET", &format!("/log/checkpoints/{size}"));
    assert_eq!(stored.send().expect(200).text(), proof.checkpoint);
    proof.index
}

fn receipts_never_go_back_in_time_when_the_clock_does(app: &TestApp) {
    let vendor = app.vendor("株式会社見本");
    let submit = || {
        let product = vendor.product("見本");
        let jws = vendor.sign(&vendor.statement("sds-sample", &product));
        received_at(&vendor.submit(&jws).created())
    };
    let before = submit();
    app.advance(SignedDuration::from_mins(-5));
    let during = submit();
    assert_eq!(during, before);
    app.advance(SignedDuration::from_mins(6));
    let after = submit();
    assert_eq!(after, before + SignedDuration::from_mins(1));
    app.verified_log();
}

fn received_at(answer: &Value) -> Timestamp {
    let receipt = Jws::parse(answer["receipt"].as_str().unwrap()).unwrap();
    let said: Value = serde_json::from_slice(receipt.payload()).unwrap();
    said["received_at"].as_str().unwrap().parse().unwrap()
}
