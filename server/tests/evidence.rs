//! Evidence folders on disk, checked by `kaiji verify`, by their own `verify.py` and by `docs/verify-with-openssl.sh`:
//! the three must agree about whole folders and about spoilt ones.
//!
//! Needs `python3` and OpenSSL 3 (`openssl`) and fails without them.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test ends where it cannot go on; clippy takes its helpers for other code"
)]

#[path = "../../schema/tests/evidence/folder.rs"]
mod folder;
mod stamping;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use kaiji_schema::evidence::{self, Contents, Files};
use kaiji_schema::key::Algorithm;
use kaiji_schema::receipt::Event;

use folder::{Parts, bytes, list, put};

/// A directory of its own for one test.
fn place(test: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    drop(fs::remove_dir_all(&path));
    fs::create_dir_all(&path).unwrap();
    path
}

fn write(files: &Files, folder: &Path) {
    drop(fs::remove_dir_all(folder));
    for (name, file) in files {
        let Contents::Bytes(bytes) = file else {
            continue;
        };
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// Runs a program, whose absence is said loudly.
fn run(program: &str, command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| {
        panic!("{program} is needed for the tests of evidence folders; install it: {error}")
    })
}

/// What a verifier says: whether all is well, and what failed. The script says only the first.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    passed: bool,
    failed: BTreeSet<String>,
}

#[track_caller]
fn verdict(output: &Output) -> Verdict {
    let text = String::from_utf8_lossy(&output.stdout);
    let both = format!("{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(matches!(output.status.code(), Some(0 | 1)), "{both}");
    assert!(!both.contains("Traceback"), "{both}");
    let failed = text.lines().filter_map(|line| line.strip_prefix("× "));
    Verdict {
        passed: output.status.code() == Some(0),
        failed: failed
            .map(|line| line.split(": ").next().unwrap().to_owned())
            .collect(),
    }
}

fn docs(script: &str) -> String {
    format!("{}/../docs/{script}", env!("CARGO_MANIFEST_DIR"))
}

fn verifier() -> String {
    format!(
        "{}/../fixtures/evidence/verify.py",
        env!("CARGO_MANIFEST_DIR")
    )
}

fn by_kaiji(folder: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaiji"));
    run("kaiji", command.arg("verify").arg(folder).args(more))
}

fn by_python(folder: &Path, more: &[&str]) -> Output {
    // The folder's own copy may be what was spoilt.
    let mut command = Command::new("python3");
    run("python3", command.arg(verifier()).arg(folder).args(more))
}

fn by_shell(folder: &Path) -> Output {
    let mut command = Command::new("sh");
    run(
        "sh",
        command.arg(docs("verify-with-openssl.sh")).arg(folder),
    )
}

/// Asks all three; answers what failed.
#[track_caller]
fn judged(case: &str, folder: &Path) -> Verdict {
    let ours = judged_by_two(case, folder);
    let shell = by_shell(folder);
    let said = String::from_utf8_lossy(&shell.stdout).into_owned();
    let passed = verdict(&shell).passed;
    assert_eq!(ours.passed, passed, "{case}: the script\n{said}");
    ours
}

/// The script takes seconds a folder: most cases are for the other two.
#[track_caller]
fn judged_by_two(case: &str, folder: &Path) -> Verdict {
    let ours = verdict(&by_kaiji(folder, &[]));
    let python = verdict(&by_python(folder, &[]));
    assert_eq!(ours, python, "{case}: kaiji and verify.py");
    assert_eq!(ours.passed, ours.failed.is_empty(), "{case}");
    ours
}

#[track_caller]
fn assert_found(case: &str, files: &Files, folder: &Path) {
    write(files, folder);
    assert!(!judged(case, folder).passed, "{case} is not found");
}

/// What is changed in the parts of a folder before they are signed.
type Change = fn(&mut Parts);

/// A whole folder with one thing in its parts changed before it is signed.
fn with(change: impl FnOnce(&mut Parts)) -> Files {
    let mut parts = Parts::full(Algorithm::EdDsa);
    change(&mut parts);
    parts.files()
}

const ALGORITHMS: [Algorithm; 3] = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Ps256];

#[test]
fn all_three_pass_whole_folders_of_every_kind_of_key() {
    let place = place("evidence_whole");
    for algorithm in ALGORITHMS {
        for parts in [Parts::least(algorithm), Parts::full(algorithm)] {
            write(&parts.files(), &place);
            let found = judged("a whole folder", &place);
            assert!(found.passed, "{:?}", found.failed);
        }
    }
}

#[test]
fn a_changed_byte_is_found_even_where_the_list_of_digests_was_written_anew() {
    let place = place("evidence_bytes");
    let whole = Parts::full(Algorithm::Es256).files();
    // Every byte is changed in kaiji-schema's tests, for the Rust verifier alone; here are few, for all of them.
    for (number, name) in whole.keys().enumerate() {
        let length = bytes(&whole, name).len();
        for (at, bit) in [(length / 2, 1), (length - 1, 2)] {
            let mut files = whole.clone();
            let mut changed = bytes(&whole, name).to_vec();
            changed[at] ^= bit;
            put(&mut files, name, changed);
            // Nothing but the list speaks of the guide and of the verifier.
            let only_listed = [evidence::GUIDE, evidence::VERIFIER, evidence::SUMS];
            let only_listed = only_listed.contains(&name.as_str());
            if !only_listed {
                list(&mut files);
            }
            let case = format!("byte {at} of {name}");
            write(&files, &place);
            let found = if at == length / 2 && number.is_multiple_of(3) {
                judged(&case, &place)
            } else {
                judged_by_two(&case, &place)
            };
            assert!(!found.passed, "{case} is not found");
        }
    }
}

#[test]
fn what_is_missing_and_what_does_not_belong_is_found() {
    let place = place("evidence_files");
    let whole = Parts::full(Algorithm::Es256).files();
    for name in whole.keys() {
        let mut files = whole.clone();
        files.remove(name);
        if name != evidence::SUMS {
            list(&mut files);
        }
        write(&files, &place);
        let case = format!("{name} missing");
        let found = if name.contains(".jws") {
            judged(&case, &place)
        } else {
            judged_by_two(&case, &place)
        };
        assert!(!found.passed, "{case} is not found");
    }
    for name in [
        "note.txt",
        "checkpoint.07",
        "attachments/more.pdf",
        "more/x",
        evidence::TSA_ROOT,
    ] {
        let mut files = whole.clone();
        put(&mut files, name, "x");
        list(&mut files);
        assert_found(&format!("{name} added"), &files, &place);
    }
    write(&whole, &place);
    std::os::unix::fs::symlink("/etc/hostname", place.join("attachments/link")).unwrap();
    assert!(!judged("a symbolic link", &place).passed);
}

#[test]
fn a_proof_of_another_leaf_and_a_checkpoint_of_another_log_are_found() {
    let place = place("evidence_log");
    let parts = Parts::full(Algorithm::EdDsa);
    let whole = parts.files();
    let mut files = whole.clone();
    let of_another = bytes(&whole, evidence::KEY_REGISTERED_PROOF);
    put(&mut files, evidence::RECEIPT_PROOF, of_another);
    list(&mut files);
    assert_found("another leaf's proof", &files, &place);
    // Receipts are signed anew each time: a second log under the same key.
    for (case, other) in [
        ("another key's log", Parts::full(Algorithm::EdDsa).files()),
        ("another log under the same key", parts.files()),
    ] {
        let mut files = whole.clone();
        put(&mut files, "checkpoint.11", bytes(&other, "checkpoint.11"));
        list(&mut files);
        assert_found(case, &files, &place);
    }
    let mut files = whole.clone();
    for name in ["checkpoint.7", "7-11.consistency", evidence::STATUS] {
        files.remove(name);
    }
    list(&mut files);
    assert_found("less than there was", &files, &place);
}

#[test]
fn a_well_signed_record_of_something_else_is_found() {
    let place = place("evidence_records");
    let cases: [(&str, Change); 16] = [
        ("registration: event", |it| {
            it.registration.event = Event::KeyRetired;
        }),
        ("registration: vendor", |it| {
            it.registration.vendor = Some("ven_2".to_owned());
        }),
        ("registration: kid", |it| {
            it.registration.signer_kid = Some(it.service[0].public().thumbprint());
        }),
        ("registration: not_after", |it| {
            it.registration.not_after = None;
        }),
        ("receipt: event", |it| {
            it.receipt.event = Event::DeliveryMade;
        }),
        ("receipt: statement", |it| {
            it.receipt.statement_sha256 = it.receipt.audit_head;
        }),
        ("receipt: vendor", |it| {
            it.receipt.vendor = Some("ven_2".to_owned());
        }),
        ("receipt: product", |it| {
            it.receipt.product = Some("prd_2".to_owned());
        }),
        ("receipt: key leaf", |it| {
            it.receipt.signer_key_leaf = Some(1);
        }),
        ("receipt: too early", |it| {
            it.receipt.received_at = "2026-11-01T00:01:59Z".parse().unwrap();
        }),
        ("receipt: too late", |it| {
            it.receipt.received_at = "2029-11-01T00:00:00Z".parse().unwrap();
        }),
        ("receipt: log", |it| {
            it.receipt.log = "kaiji.example/other".to_owned();
        }),
        ("order", |it| {
            it.registration.leaf_index = folder::RECEIPT_LEAF + 1;
            it.receipt.signer_key_leaf = Some(folder::RECEIPT_LEAF + 1);
        }),
        ("acknowledgement", |it| {
            it.acknowledgement.as_mut().unwrap().event = Event::DeliveryMade;
        }),
        ("status: log", |it| {
            it.status.log = "kaiji.example/other".to_owned();
        }),
        ("status: size", |it| it.status.log_size = 9),
    ];
    for (number, (case, change)) in cases.into_iter().enumerate() {
        write(&with(change), &place);
        let found = if number.is_multiple_of(3) {
            judged(case, &place)
        } else {
            judged_by_two(case, &place)
        };
        assert!(!found.passed, "{case} is not found");
    }
    let mut files = with(|_| ());
    put(&mut files, evidence::STATEMENT_JSON, "{}");
    list(&mut files);
    assert_found("another payload", &files, &place);
}

#[test]
fn garbage_is_found_without_a_traceback() {
    let place = place("evidence_garbage");
    let whole = Parts::full(Algorithm::Es256).files();
    let deep = "[".repeat(100_000);
    let garbage: [&[u8]; 5] = [b"", b"\xff\xfe\x00", b"{}", b"a.b.c", deep.as_bytes()];
    for (place_of, name) in whole.keys().enumerate() {
        let mut files = whole.clone();
        put(&mut files, name, garbage[place_of % garbage.len()]);
        if name != evidence::SUMS && name != evidence::GUIDE && name != evidence::VERIFIER {
            list(&mut files);
        }
        write(&files, &place);
        assert!(!judged_by_two(name, &place).passed, "{name}");
    }
    write(&Files::new(), &place);
    fs::create_dir_all(&place).unwrap();
    assert!(!judged("an empty folder", &place).passed);
    let none = place.join("none");
    assert_eq!(by_kaiji(&none, &[]).status.code(), Some(3));
    assert_eq!(by_python(&none, &[]).status.code(), Some(3));
    assert_eq!(by_shell(&none).status.code(), Some(3));
}

#[test]
fn time_stamps_are_checked_by_openssl() {
    let place = place("evidence_stamps");
    let authority = stamping::Authority::new(place.join("authority"));
    let mut files = Parts::full(Algorithm::Es256).files();
    for checkpoint in ["checkpoint.7", "checkpoint.11"] {
        let stamp = authority.stamp(bytes(&files, checkpoint));
        put(&mut files, &format!("{checkpoint}.tsr"), stamp);
    }
    put(&mut files, evidence::TSA_ROOT, authority.root());
    list(&mut files);
    let folder = place.join("folder");
    write(&files, &folder);
    let found = judged("stamped", &folder);
    assert!(found.passed, "{:?}", found.failed);
    let mut swapped = files.clone();
    put(
        &mut swapped,
        "checkpoint.7.tsr",
        bytes(&files, "checkpoint.11.tsr"),
    );
    list(&mut swapped);
    assert_found("another checkpoint's stamp", &swapped, &folder);
    let mut other = files.clone();
    let another = stamping::Authority::new(place.join("another"));
    put(&mut other, evidence::TSA_ROOT, another.root());
    list(&mut other);
    assert_found("another authority", &other, &folder);
    // OpenSSL that cannot be found is a failed check.
    write(&files, &folder);
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaiji"));
    let ran = run("kaiji", command.arg("verify").arg(&folder).env("PATH", ""));
    let found = verdict(&ran);
    assert_eq!(found.failed.len(), 2, "{:?}", found.failed);
}

#[test]
fn folders_of_folders_and_keys_from_elsewhere() {
    let place = place("evidence_nested");
    let parts = Parts::full(Algorithm::Es256);
    write(&parts.files(), &place.join("a"));
    write(&Parts::least(Algorithm::EdDsa).files(), &place.join("b"));
    assert!(judged("two folders", &place).passed);
    fs::write(place.join("b/statement.json"), "{}").unwrap();
    assert!(!judged("two folders, one spoilt", &place).passed);
    // What the reader has from elsewhere decides.
    let (own, other) = (place.join("a"), place.join("b"));
    let kept = |folder: &Path| {
        ["--log-vkey", "log.vkey", "--receipt-key", "receipt.pub.pem"].map(|argument| {
            if argument.starts_with("--") {
                argument.to_owned()
            } else {
                folder.join(argument).display().to_string()
            }
        })
    };
    for (folder, passed) in [(&own, true), (&other, false)] {
        let arguments = kept(folder);
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let ours = verdict(&by_kaiji(&own, &arguments));
        assert_eq!(ours.passed, passed);
        assert_eq!(verdict(&by_python(&own, &arguments)), ours);
    }
    let json = by_kaiji(&own, &["--json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["verified"], true);
    assert_eq!(json["statements"][0]["issuer"], "ven_1");
    let usage = by_kaiji(&own.join("receipt.jws"), &[]);
    assert_eq!(usage.status.code(), Some(2));
}
