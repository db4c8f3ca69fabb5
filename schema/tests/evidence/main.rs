//! Evidence folders: whole ones pass, and whatever is wrong with one is found where it is.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
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

/// The files of a folder whose bytes nothing but `SHA256SUMS` vouches for: prose and programs.
const ONLY_LISTED: [&str; 2] = [evidence::GUIDE, evidence::VERIFIER];

/// Changes each byte of a file, with a list of digests that was written anew or not, and expects that it is found.
fn assert_bytes_matter(whole: &Files, name: &str, listed_anew: bool) {
    let original = bytes(whole, name);
    let mut files = whole.clone();
    for at in 0..original.len() {
        let mut changed = original.to_vec();
        changed[at] ^= 1;
        put(&mut files, name, changed);
        if listed_anew {
            list(&mut files);
        }
        assert!(!checked(&files).passed(), "byte {at} of {name}");
    }
}

#[test]
fn one_changed_byte_in_any_file_is_found_though_the_list_of_digests_is_written_anew() {
    let whole = full().files();
    let mut names: Vec<_> = whole.keys().collect();
    names.retain(|name| !ONLY_LISTED.contains(&name.as_str()) && *name != evidence::SUMS);
    // Half a minute of signatures, on as many processors as there are.
    let next = std::sync::Mutex::new(names.into_iter());
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let name = next.lock().unwrap().next();
                    let Some(name) = name else { break };
                    assert_bytes_matter(&whole, name, true);
                }
            });
        }
    });
}

#[test]
fn one_changed_byte_of_the_guide_the_verifier_or_the_list_is_found() {
    // All of what lies below does not matter to the list, and takes long: a folder of few files shows it.
    let mut whole = Files::new();
    put(&mut whole, evidence::GUIDE, "はじめに\n");
    put(&mut whole, evidence::VERIFIER, "print()\n");
    list(&mut whole);
    let sums = |files: &Files| {
        let report = checked(files);
        report
            .checks()
            .iter()
            .find(|one| one.what == What::Sums)
            .unwrap()
            .outcome
            .clone()
    };
    assert_eq!(sums(&whole), Outcome::Passed);
    for name in whole.keys() {
        for at in 0..bytes(&whole, name).len() {
            let mut files = whole.clone();
            let mut changed = bytes(&whole, name).to_vec();
            changed[at] ^= 1;
            put(&mut files, name, changed);
            assert_ne!(sums(&files), Outcome::Passed, "byte {at} of {name}");
        }
    }
}

#[test]
fn a_missing_file_is_named() {
    let whole = full().files();
    for name in whole.keys() {
        let mut files = whole.clone();
        files.remove(name);
        let report = checked(&files);
        assert!(!report.passed(), "{name}");
        let named = report.failures().any(|one| one.file == *name);
        assert!(named || name.starts_with("checkpoint."), "{name}");
    }
    for name in evidence::MANDATORY {
        let mut files = whole.clone();
        files.remove(name);
        let report = checked(&files);
        let fault = Outcome::Failed(Fault::Missing);
        let missing = report
            .failures()
            .any(|one| (one.what, one.file.as_str(), &one.outcome) == (What::Files, name, &fault));
        assert!(missing, "{name}");
    }
}

#[test]
fn a_file_that_does_not_belong_is_named() {
    for name in [
        "note.txt",
        "checkpoint.07",
        "checkpoint.5.tsr",
        "3-7.consistency",
        "more/x",
        evidence::TSA_ROOT,
        ".DS_Store",
    ] {
        let mut files = full().files();
        put(&mut files, name, "x");
        assert_causes(files, &[(What::Files, name)]);
    }
    let mut files = full().files();
    put(&mut files, "attachments/more.pdf", "x");
    assert_causes(files, &[(What::Attachment, "attachments/more.pdf")]);
    let mut files = full().files();
    put(
        &mut files,
        "checkpoint.9",
        bytes(&full().files(), "checkpoint.7"),
    );
    assert!(!checked(&files).passed());
}

#[test]
fn an_unreadable_file_is_named() {
    let mut files = full().files();
    let unreadable = Contents::Unreadable("permission denied".to_owned());
    files.insert(evidence::RECEIPT.to_owned(), unreadable);
    let report = checked(&files);
    assert!(causes(&report).contains(&(What::Files, evidence::RECEIPT)));
    assert!(causes(&report).contains(&(What::Header, evidence::RECEIPT)));
}

#[test]
fn garbage_in_the_place_of_any_file_is_found_without_panic() {
    let whole = full().files();
    let deep = "[".repeat(100_000);
    for name in whole.keys() {
        for garbage in [
            &b""[..],
            b"\n",
            b"\xff\xfe",
            b"{}",
            b"a.b.c",
            b"+++",
            deep.as_bytes(),
            b"\n\n\n",
        ] {
            let mut files = whole.clone();
            put(&mut files, name, garbage);
            let listed = ONLY_LISTED.contains(&name.as_str());
            if name != evidence::SUMS && !listed {
                list(&mut files);
            }
            assert!(!checked(&files).passed(), "{name}");
        }
    }
    assert!(!checked(&Files::new()).passed());
}

#[test]
fn the_list_of_digests_has_one_form() {
    let whole = full().files();
    let sums = String::from_utf8(bytes(&whole, evidence::SUMS).to_vec()).unwrap();
    let mut lines: Vec<_> = sums.lines().collect();
    lines.reverse();
    for wrong in [
        lines.join("\n") + "\n",
        sums.replace('\n', "\r\n"),
        sums.to_uppercase(),
        format!("{sums}\n"),
    ] {
        let mut files = whole.clone();
        put(&mut files, evidence::SUMS, wrong);
        let report = checked(&files);
        assert!(report.failures().all(|one| one.what == What::Sums));
        assert!(!report.passed());
    }
    let mut files = whole;
    put(&mut files, evidence::GUIDE, "another guide");
    assert_eq!(failures(&checked(&files)), [(What::Sums, evidence::GUIDE)]);
}

#[test]
fn the_statement_must_be_signed_by_the_key_of_the_folder() {
    let mut files = full().files();
    let other = key(Algorithm::EdDsa);
    put(&mut files, evidence::VENDOR_KEY, other.public().to_pem());
    assert_causes(files, &[(What::Signature, evidence::STATEMENT_JWS)]);
    // The same payload, well signed by a key that was never registered.
    let mut parts = full();
    let of_another = jws::sign(Statement::TYP, &parts.payload, &other).unwrap();
    parts.statement = of_another;
    let mut files = parts.files();
    put(&mut files, evidence::VENDOR_KEY, other.public().to_pem());
    let expected = [
        (What::Registration, evidence::KEY_REGISTERED),
        (What::Receipt, evidence::RECEIPT),
        (What::Acknowledgement, evidence::ACKNOWLEDGEMENT),
        (What::Status, evidence::STATUS),
    ];
    assert_causes(files, &expected);
}

#[test]
fn another_document_in_the_place_of_a_document_is_found() {
    let mut files = full().files();
    let receipt = bytes(&files, evidence::RECEIPT).to_vec();
    put(&mut files, evidence::STATUS, receipt);
    assert_causes(files, &[(What::Header, evidence::STATUS)]);
}

#[test]
fn another_payload_is_found() {
    let mut files = full().files();
    put(&mut files, evidence::STATEMENT_JSON, "{}");
    assert_causes(files, &[(What::Payload, evidence::STATEMENT_JSON)]);
}

#[test]
fn a_statement_whose_issuer_cannot_be_read_is_found() {
    let files = with(|parts| parts.sign(br#"{"issuer": 1}"#.to_vec()));
    let report = checked(&files);
    assert!(causes(&report).contains(&(What::Signature, evidence::STATEMENT_JWS)));
}

#[test]
fn a_registration_of_something_else_is_found() {
    let registration = |change: fn(&mut Receipt)| with(|parts| change(&mut parts.registration));
    let found = (What::Registration, evidence::KEY_REGISTERED);
    assert_causes(registration(|it| it.event = Event::KeyRetired), &[found]);
    assert_causes(
        registration(|it| it.vendor = Some("ven_2".to_owned())),
        &[found],
    );
    let kid = key(Algorithm::Es256).public().thumbprint();
    let files = with(|parts| parts.registration.signer_kid = Some(kid));
    assert_causes(files, &[found]);
    let log = (What::Log, evidence::KEY_REGISTERED);
    assert_causes(
        registration(|it| it.log = "kaiji.example/other".to_owned()),
        &[log],
    );
}

#[test]
fn a_receipt_of_something_else_is_found() {
    let changes: [fn(&mut Receipt); 8] = [
        |it| it.event = Event::StatementWithdrawn,
        |it| it.statement_sha256 = Some(Digest::of(b"another")),
        |it| it.signer_kid = None,
        |it| it.vendor = Some("ven_2".to_owned()),
        |it| it.product = Some("prd_2".to_owned()),
        |it| it.signer_key_leaf = Some(REGISTRATION_LEAF + 1),
        |it| it.received_at = "2026-11-01T00:01:59Z".parse().unwrap(),
        |it| it.received_at = "2029-11-01T00:00:00Z".parse().unwrap(),
    ];
    for change in changes {
        let files = with(|parts| change(&mut parts.receipt));
        assert_causes(files, &[(What::Receipt, evidence::RECEIPT)]);
    }
    let files = with(|parts| parts.receipt.log = "kaiji.example/other".to_owned());
    assert_causes(files, &[(What::Log, evidence::RECEIPT)]);
    let files = with(|parts| parts.registration.not_after = None);
    assert_causes(files, &[(What::Receipt, evidence::RECEIPT)]);
}

#[test]
fn leaves_in_another_order_are_found() {
    let files = with(|parts| {
        parts.registration.leaf_index = RECEIPT_LEAF + 1;
        parts.receipt.signer_key_leaf = Some(RECEIPT_LEAF + 1);
    });
    assert_causes(files, &[(What::Receipt, evidence::RECEIPT)]);
    let files =
        with(|parts| parts.acknowledgement.as_mut().unwrap().leaf_index = REGISTRATION_LEAF - 1);
    assert_causes(files, &[(What::Acknowledgement, evidence::ACKNOWLEDGEMENT)]);
}

#[test]
fn a_transfer_of_something_else_is_found() {
    let changes: [fn(&mut Receipt, &mut Receipt); 11] = [
        |offered, _| offered.transfer_sha256 = Some(Digest::of(b"another")),
        |offered, accepted| (offered.transfer_sha256, accepted.transfer_sha256) = (None, None),
        |offered, accepted| offered.not_after = Some(accepted.received_at),
        |offered, _| offered.event = Event::TransferAccepted,
        |_, accepted| accepted.event = Event::TransferOffered,
        |offered, _| offered.product = Some("prd_2".to_owned()),
        |_, accepted| accepted.product = None,
        |offered, _| offered.successor = Some("ven_2".to_owned()),
        |_, accepted| accepted.successor = None,
        |_, accepted| accepted.vendor = Some("ven_2".to_owned()),
        |offered, accepted| (offered.vendor, accepted.vendor) = (None, None),
    ];
    let found = (What::Transfer, evidence::TRANSFER_ACCEPTED);
    for change in changes {
        let files = with(|parts| {
            let (offered, accepted) = parts.transfer.as_mut().unwrap();
            change(offered, accepted);
        });
        assert_causes(files, &[found]);
    }
    // After the statement, or the acceptance before the offer.
    for (offer, acceptance) in [(3, RECEIPT_LEAF + 1), (4, 3)] {
        let files = with(|parts| {
            let (offered, accepted) = parts.transfer.as_mut().unwrap();
            (offered.leaf_index, accepted.leaf_index) = (offer, acceptance);
        });
        assert_causes(files, &[found]);
    }
    // One consent without the other.
    let mut files = full().files();
    files.remove(evidence::TRANSFER_OFFERED);
    files.remove(&evidence::proof_of(evidence::TRANSFER_OFFERED));
    list(&mut files);
    assert!(causes(&checked(&files)).contains(&(What::Files, evidence::TRANSFER_OFFERED)));
}

#[test]
fn an_acknowledgement_of_something_else_is_found() {
    let changes: [fn(&mut Receipt); 2] = [
        |it| it.event = Event::DeliveryMade,
        |it| it.statement_sha256 = Some(Digest::of(b"another")),
    ];
    for change in changes {
        let files = with(|parts| change(parts.acknowledgement.as_mut().unwrap()));
        let found = (What::Acknowledgement, evidence::ACKNOWLEDGEMENT);
        assert_causes(files, &[found]);
    }
}

#[test]
fn a_receipt_by_a_key_that_the_folder_does_not_hold_is_found() {
    let parts = full();
    let mut files = parts.files();
    let older = parts.service.last().unwrap().public().to_pem();
    put(&mut files, evidence::RECEIPT_KEYS, &*older);
    let expected = [
        (What::Signature, evidence::RECEIPT),
        (What::Signature, evidence::ACKNOWLEDGEMENT),
        (What::Signature, evidence::STATUS),
    ];
    assert_causes(files.clone(), &expected);
    // In another order: the first is the one that signed the receipt.
    let current = parts.service.first().unwrap().public().to_pem();
    put(
        &mut files,
        evidence::RECEIPT_KEYS,
        format!("{older}{current}"),
    );
    assert_causes(files, &[(What::Receipt, evidence::RECEIPT)]);
}

#[test]
fn keys_have_one_spelling() {
    let parts = full();
    let pem = parts.vendor.public().to_pem();
    for wrong in [
        format!("{pem}\n"),
        format!("key\n{pem}"),
        pem.replace('\n', "\r\n"),
        pem.trim().to_owned(),
    ] {
        let mut files = parts.files();
        put(&mut files, evidence::VENDOR_KEY, wrong);
        assert_causes(files, &[(What::Key, evidence::VENDOR_KEY)]);
    }
    let mut files = parts.files();
    put(&mut files, evidence::RECEIPT_KEYS, pem);
    assert_causes(files, &[(What::Key, evidence::RECEIPT_KEYS)]);
    let line = vkey(parts.log.first().unwrap()).to_string();
    for wrong in [
        line.clone(),
        format!("{line}\n\n"),
        format!("{line}\r\n"),
        String::new(),
    ] {
        let mut files = parts.files();
        put(&mut files, evidence::LOG_VKEYS, wrong);
        assert_causes(files, &[(What::Key, evidence::LOG_VKEYS)]);
    }
}

#[test]
fn a_proof_of_another_leaf_is_found() {
    let mut files = full().files();
    let of_another = bytes(&files, evidence::KEY_REGISTERED_PROOF).to_vec();
    put(&mut files, evidence::RECEIPT_PROOF, of_another);
    assert_causes(files, &[(What::Proof, evidence::RECEIPT_PROOF)]);
    // The right number over another leaf's hashes.
    let mut files = full().files();
    let text = |files: &Files, name| String::from_utf8(bytes(files, name).to_vec()).unwrap();
    let mut proof = LogProof::parse(&text(&files, evidence::KEY_REGISTERED_PROOF)).unwrap();
    proof.index = RECEIPT_LEAF;
    put(&mut files, evidence::RECEIPT_PROOF, proof.to_text());
    assert_causes(files, &[(What::Proof, evidence::RECEIPT_PROOF)]);
    // A line that nothing vouches for.
    let mut files = full().files();
    let extra = text(&files, evidence::RECEIPT_PROOF).replacen("index", "extra AAAA\nindex", 1);
    put(&mut files, evidence::RECEIPT_PROOF, extra);
    assert_causes(files, &[(What::Proof, evidence::RECEIPT_PROOF)]);
}

#[test]
fn a_checkpoint_of_another_log_is_found() {
    let (parts, other) = (full(), full());
    let mut files = parts.files();
    put(
        &mut files,
        "checkpoint.11",
        bytes(&other.files(), "checkpoint.11"),
    );
    let report = checked(&files);
    assert!(causes(&report).contains(&(What::Checkpoint, "checkpoint.11")));
    // Of another log under the same key: well signed, and no continuation of this one.
    // (Signatures are randomised, so that the receipts, and with them the roots, are others each time.)
    let mut files = parts.files();
    put(
        &mut files,
        "checkpoint.11",
        bytes(&parts.files(), "checkpoint.11"),
    );
    let expected = [
        (What::Proof, evidence::ACKNOWLEDGEMENT_PROOF),
        (What::Consistency, "7-11.consistency"),
        (What::Status, evidence::STATUS),
    ];
    assert_causes(files, &expected);
}

#[test]
fn a_checkpoint_under_another_size_is_found() {
    let mut files = full().files();
    let checkpoint = files.remove("checkpoint.7").unwrap();
    let consistency = files.remove("7-11.consistency").unwrap();
    files.insert("checkpoint.8".to_owned(), checkpoint);
    files.insert("8-11.consistency".to_owned(), consistency);
    list(&mut files);
    let report = checked(&files);
    assert!(causes(&report).contains(&(What::Checkpoint, "checkpoint.8")));
    assert!(causes(&report).contains(&(What::Consistency, "8-11.consistency")));
}

#[test]
fn a_witness_may_sign_a_checkpoint_as_well() {
    let mut files = full().files();
    let text = String::from_utf8(bytes(&files, "checkpoint.11").to_vec()).unwrap();
    let witness = key(Algorithm::EdDsa);
    let by_witness = Note::sign("x\n".to_owned(), "witness.example", &witness).unwrap();
    let line = by_witness.signatures()[0].clone();
    let note = Note::parse(&text).unwrap().with(line);
    put(&mut files, "checkpoint.11", note.to_string());
    list(&mut files);
    assert_eq!(failures(&checked(&files)), []);
}

#[test]
fn a_file_that_the_statement_names_must_be_there_as_it_was() {
    let name = "attachments/構成図.pdf";
    let mut files = full().files();
    put(&mut files, name, b"%PDF-1.7 Sample");
    assert_causes(files, &[(What::Attachment, name)]);
    let mut files = full().files();
    put(&mut files, name, "longer than it was before");
    assert_causes(files, &[(What::Attachment, name)]);
    let mut files = full().files();
    files.remove(name);
    assert_causes(files, &[(What::Attachment, name)]);
}

#[test]
fn a_status_of_something_else_is_found() {
    let changes: [fn(&mut Status); 4] = [
        |it| it.log = "kaiji.example/other".to_owned(),
        |it| it.statement_sha256 = Digest::of(b"another"),
        |it| it.log_size = 9,
        |it| it.log_root = Digest::of(b"another"),
    ];
    for change in changes {
        let files = with(|parts| change(&mut parts.status));
        assert_causes(files, &[(What::Status, evidence::STATUS)]);
    }
}

#[test]
fn keys_from_elsewhere_are_compared_with_those_of_the_folder() {
    let parts = full();
    let files = parts.files();
    let text = |name| String::from_utf8(bytes(&files, name).to_vec()).unwrap();
    let mut trusted = Trusted {
        log_vkeys: Some(log_vkeys(&text(evidence::LOG_VKEYS)).unwrap()),
        receipt_keys: Some(receipt_keys(&text(evidence::RECEIPT_KEYS)).unwrap()),
    };
    assert_eq!(failures(&check(&files, &trusted)), []);
    trusted.log_vkeys.as_mut().unwrap().pop();
    trusted.receipt_keys.as_mut().unwrap().pop();
    let expected = [
        (What::Trust, evidence::RECEIPT_KEYS),
        (What::Trust, evidence::LOG_VKEYS),
    ];
    assert_eq!(failures(&check(&files, &trusted)), expected);
}

#[test]
fn a_time_stamp_waits_until_it_is_settled() {
    let mut files = full().files();
    put(&mut files, "checkpoint.7.tsr", "a stamp");
    let without_root = files.clone();
    put(&mut files, evidence::TSA_ROOT, "a root");
    list(&mut files);
    let mut report = checked(&files);
    assert!(!report.passed());
    let [stamp] = &report.stamps()[..] else {
        panic!("one stamp")
    };
    assert_eq!(stamp.data, "checkpoint.7");
    report.settle(stamp, Ok(()));
    assert!(report.passed());
    let mut report = checked(&files);
    report.settle(stamp, Err(Fault::Stamp("no".to_owned())));
    assert_eq!(causes(&report), [(What::Stamp, "checkpoint.7.tsr")]);
    let expected = [
        (What::Files, evidence::TSA_ROOT),
        (What::Stamp, "checkpoint.7.tsr"),
    ];
    assert_causes(without_root, &expected);
}

#[test]
fn a_folder_of_folders_is_checked_folder_by_folder() {
    let mut files = Files::new();
    for (folder, parts) in [("a", full()), ("b", Parts::least(Algorithm::Es256))] {
        for (name, file) in parts.files() {
            files.insert(format!("{folder}/{name}"), file);
        }
    }
    let report = checked(&files);
    assert_eq!(failures(&report), []);
    assert_eq!(report.subjects().len(), 2);
    let mut own = Files::new();
    put(&mut own, evidence::GUIDE, "guide");
    put(&mut own, evidence::VERIFIER, "verifier");
    list(&mut own);
    files.extend(own);
    assert!(checked(&files).passed());
    let mut wrong = files.clone();
    put(&mut wrong, "note.txt", "x");
    put(&mut wrong, evidence::GUIDE, "another");
    put(&mut wrong, "b/statement.json", "{}");
    let expected = [
        (What::Files, "note.txt"),
        (What::Sums, evidence::GUIDE),
        (What::Sums, "note.txt"),
        (What::Sums, "b/statement.json"),
        (What::Payload, "b/statement.json"),
    ];
    let mut found = failures(&checked(&wrong))
        .into_iter()
        .map(|(what, file)| (what, file.to_owned()))
        .collect::<Vec<_>>();
    found.sort();
    let mut expected = expected.map(|(what, file)| (what, file.to_owned()));
    expected.sort();
    assert_eq!(found, expected);
    put(&mut files, "c/receipt.jws", "x");
    assert!(!checked(&files).passed());
}
