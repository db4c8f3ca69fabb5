//! Evidence folders on disk, checked by `kaiji verify`, by their own `verify.py` and by `docs/verify-with-openssl.sh`:
//! the three must agree about whole folders and about spoilt ones.
//!
//! Needs `python3` and OpenSSL 3 (`openssl`) and fails without them.

#![allow(
    clippy::unwrap_used,
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
use kaiji_schema::jws::{self, Document};
use kaiji_schema::key::Algorithm;
use kaiji_schema::receipt::{Event, Receipt};

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
    let ours = verdict(&by_kaiji(folder, &[]));
    let python = verdict(&by_python(folder, &[]));
    assert_eq!(ours, python, "{case}: kaiji and verify.py");
    let shell = by_shell(folder);
    let said = String::from_utf8_lossy(&shell.stdout).into_owned();
    assert_eq!(
        ours.passed,
        verdict(&shell).passed,
        "{case}: the script\n{said}"
    );
    ours
}

#[track_caller]
fn assert_found(case: &str, files: &Files, folder: &Path) {
    write(files, folder);
    let found = judged(case, folder);
    assert!(!found.passed, "{case} is not found");
    assert!(!found.failed.is_empty(), "{case}: nothing is named");
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
fn all_three_find_a_changed_byte_even_where_the_list_of_digests_was_written_anew() {
    let place = place("evidence_bytes");
    let whole = Parts::full(Algorithm::EdDsa).files();
    for name in whole.keys() {
        let length = bytes(&whole, name).len();
        for at in [0, length / 3, length - 1] {
            let mut files = whole.clone();
            let mut changed = bytes(&whole, name).to_vec();
            changed[at] ^= 1;
            put(&mut files, name, changed);
            let case = format!("byte {at} of {name}");
            if at == 0 {
                assert_found(&case, &files, &place);
            }
            // Nothing but the list speaks of the guide and of the verifier.
            if ![evidence::GUIDE, evidence::VERIFIER, evidence::SUMS].contains(&name.as_str()) {
                list(&mut files);
                assert_found(&format!("{case}, listed anew"), &files, &place);
            }
        }
    }
}

#[test]
fn all_three_find_what_is_missing_and_what_does_not_belong() {
    let place = place("evidence_files");
    let whole = Parts::full(Algorithm::Es256).files();
    for name in whole.keys() {
        let mut files = whole.clone();
        files.remove(name);
        if name != evidence::SUMS {
            list(&mut files);
        }
        // Without it nothing is left to say that a checkpoint was there, or that a file was acknowledged.
        assert_found(&format!("{name} missing"), &files, &place);
    }
    for name in [
        "note.txt",
        "checkpoint.07",
        "checkpoint.5.tsr",
        "3-7.consistency",
        "attachments/more.pdf",
        "more/x",
        "tsa-root.pem",
    ] {
        let mut files = whole.clone();
        put(&mut files, name, "x");
        list(&mut files);
        assert_found(&format!("{name} added"), &files, &place);
    }
}
