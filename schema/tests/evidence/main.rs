//! Evidence folders: whole ones pass, and whatever is wrong with one is found where it is.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where it cannot go on; clippy takes its helpers for other code"
)]

mod folder;

use kaiji_schema::Digest;
use kaiji_schema::evidence::{
    self, Contents, Fault, Files, Outcome, Report, Trusted, What, check, log_vkeys, receipt_keys,
};
use kaiji_schema::jws::{self, Document};
use kaiji_schema::key::Algorithm;
use kaiji_schema::log::{LogProof, Note};
use kaiji_schema::receipt::{Event, Receipt};
use kaiji_schema::statement::Statement;
use kaiji_schema::status::Status;

use folder::{Parts, RECEIPT_LEAF, REGISTRATION_LEAF, bytes, key, list, put, vkey};

const ALGORITHMS: [Algorithm; 3] = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Ps256];

fn checked(files: &Files) -> Report {
    check(files, &Trusted::default())
}

/// The names of what failed.
fn failures(report: &Report) -> Vec<(What, &str)> {
    let failed = report.failures();
    failed.map(|one| (one.what, one.file.as_str())).collect()
}

/// What failed for a reason of its own, not because something before it failed.
fn causes(report: &Report) -> Vec<(What, &str)> {
    let failed = report
        .failures()
        .filter(|one| one.outcome != Outcome::Failed(Fault::Prerequisite));
    failed.map(|one| (one.what, one.file.as_str())).collect()
}

fn full() -> Parts {
    Parts::full(Algorithm::EdDsa)
}

/// Expects that this and nothing else is wrong with the folder, its list of digests aside, which is written anew.
#[track_caller]
fn assert_causes(mut files: Files, expected: &[(What, &str)]) {
    list(&mut files);
    let report = checked(&files);
    assert_eq!(causes(&report), expected);
    assert!(!report.passed());
}

/// A whole folder with one thing in its parts changed before it is signed.
fn with(change: impl FnOnce(&mut Parts)) -> Files {
    let mut parts = full();
    change(&mut parts);
    parts.files()
}

#[test]
fn a_whole_folder_passes_with_every_kind_of_vendor_key() {
    for algorithm in ALGORITHMS {
        for parts in [Parts::least(algorithm), Parts::full(algorithm)] {
            let report = checked(&parts.files());
            assert_eq!(failures(&report), []);
            assert!(report.passed());
            let subject = &report.subjects()[0];
            assert_eq!(subject.receipt.as_ref(), Some(&parts.receipt));
            assert_eq!(subject.vendor_key, Some(parts.vendor.public().thumbprint()));
            assert_eq!(subject.acknowledgement, parts.acknowledgement);
        }
    }
}

#[test]
fn one_changed_byte_in_any_file_is_found() {
    let whole = full().files();
    for name in whole.keys() {
        for at in 0..bytes(&whole, name).len() {
            let mut files = whole.clone();
            let mut changed = bytes(&whole, name).to_vec();
            changed[at] ^= 1;
            put(&mut files, name, changed);
            // The list of digests is looked at first, and the rest need not be asked for: a folder that holds nothing
            // else is enough, and fast enough to ask about each byte of all files.
            let sums = checked(&lists_only(&files));
            let found = sums
                .failures()
                .any(|one| one.what == What::Sums && (one.file == *name || name == evidence::SUMS));
            assert!(found, "byte {at} of {name}");
        }
    }
}
