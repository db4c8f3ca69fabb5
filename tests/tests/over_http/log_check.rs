//! `kaiji log check`: one who kept a checkpoint finds out whether the log still extends it.

use std::fs;
use std::path::{Path, PathBuf};

use kaiji_schema::Digest;
use kaiji_schema::key::SigningKey;
use kaiji_schema::log::{Checkpoint, LogProof, Note, VerifierKey};
use kaiji_tests::{Ended, TestApp, ed25519_key, kaiji, on_both_databases};
use serde_json::Value;

on_both_databases![
    a_log_that_only_grew_extends_what_was_kept,
    a_proof_that_was_kept_does_as_well,
    a_log_that_signed_another_history_is_found,
    what_this_log_did_not_sign_is_told_apart,
];

/// One who keeps checkpoints, at a desk of his own.
struct Keeper<'a> {
    app: &'a TestApp,
    desk: PathBuf,
}

impl<'a> Keeper<'a> {
    fn new(app: &'a TestApp) -> Self {
        app.vendor("見本電子カルテ株式会社");
        let desk = app.database().directory().join("keeper");
        fs::create_dir_all(&desk).unwrap();
        Self { app, desk }
    }

    fn today(&self) -> String {
        let answer = self.app.site().call("GET", "/log/checkpoint").send();
        answer.expect(200).text().to_owned()
    }

    fn keep(&self, name: &str, contents: &str) {
        fs::write(self.desk.join(name), contents).unwrap();
    }

    fn kept(&self, name: &str) -> String {
        fs::read_to_string(self.desk.join(name)).unwrap()
    }

    fn check(&self, since: &str, more: &[&str]) -> Ended {
        let url = self.app.site().url();
        let arguments = [&["log", "check", "--since", since, "--url", url], more].concat();
        kaiji(&self.desk, &arguments)
    }

    /// Checks, and expects the answer to be no for this reason.
    fn finds(&self, since: &str, more: &[&str], code: &str) -> Value {
        let ended = self.check(since, &[more, &["--json"]].concat());
        assert_eq!(ended.status, Some(1), "{ended:?}");
        let found: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(found["code"], code, "{found}");
        assert_eq!(found["extends"], false);
        found
    }

    /// The log's own key, which only the operator has.
    fn log_key(&self) -> SigningKey {
        let path = self.app.database().directory().join("keys/log.pem");
        SigningKey::from_pem(&fs::read_to_string(path).unwrap()).unwrap()
    }

    /// Today's checkpoint, as another history would have it, signed by the log.
    fn forge(&self, change: impl FnOnce(&mut Checkpoint), key: &SigningKey) -> String {
        let mut checkpoint = Checkpoint::parse(Note::parse(&self.today()).unwrap().body()).unwrap();
        change(&mut checkpoint);
        checkpoint.sign(key).unwrap().to_string()
    }

    fn vkey(&self) -> String {
        let today = self.today();
        let name = today.lines().next().unwrap();
        VerifierKey::of_log(name, self.log_key().public())
            .unwrap()
            .to_string()
    }
}

fn files(desk: &Path) -> Vec<String> {
    let entries = fs::read_dir(desk).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

fn a_log_that_only_grew_extends_what_was_kept(app: &TestApp) {
    let keeper = Keeper::new(app);
    keeper.keep("kept", &keeper.today());
    keeper.keep("vkey", &keeper.vkey());
    for size in 1..=4 {
        let ended = keeper.check("kept", &["--save", "kept"]);
        assert_eq!(ended.status, Some(0), "{ended:?}");
        assert!(ended.stderr.contains("service's own word"), "{ended:?}");
        assert_eq!(keeper.kept("kept"), keeper.today());
        app.vendor("別の会社");
        let ended = keeper.check("kept", &["--log-vkey", "vkey", "--json"]);
        assert_eq!(ended.status, Some(0), "{ended:?}");
        assert_eq!(ended.stderr, "");
        let found: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(found["extends"], true);
        assert_eq!(found["keys"], "given");
        assert_eq!(found["kept"]["size"], size);
        assert_eq!(found["today"]["size"], size + 1);
    }
    assert_eq!(files(&keeper.desk), ["kept", "vkey"]);
}

fn a_proof_that_was_kept_does_as_well(app: &TestApp) {
    let keeper = Keeper::new(app);
    let proof = LogProof {
        index: 0,
        hashes: Vec::new(),
        checkpoint: keeper.today(),
    };
    keeper.keep("receipt.tlog-proof", &proof.to_text());
    app.vendor("別の会社");
    let ended = keeper.check("receipt.tlog-proof", &[]);
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("extends"), "{ended:?}");
}

fn a_log_that_signed_another_history_is_found(app: &TestApp) {
    let keeper = Keeper::new(app);
    app.vendor("別の会社");
    let key = keeper.log_key();
    let another = |checkpoint: &mut Checkpoint| checkpoint.root = Digest::of(b"another");
    let forked = keeper.forge(another, &key);
    keeper.keep("forked", &forked);
    keeper.keep(
        "longer",
        &keeper.forge(|checkpoint| checkpoint.size = 9, &key),
    );
    let found = keeper.finds("forked", &["--save", "forked"], "forked");
    assert_eq!(keeper.kept("forked"), forked, "evidence is not overwritten");
    let saved = found["saved"].as_str().unwrap();
    assert_eq!(keeper.kept(saved), keeper.today());
    keeper.finds("longer", &[], "shorter");
    app.vendor("もう一つの会社");
    keeper.finds("forked", &[], "forked");
    let ended = keeper.check("forked", &[]);
    assert!(ended.stderr.contains("Keep both files"), "{ended:?}");
}

fn what_this_log_did_not_sign_is_told_apart(app: &TestApp) {
    let keeper = Keeper::new(app);
    let another_name =
        |checkpoint: &mut Checkpoint| "other.example".clone_into(&mut checkpoint.origin);
    keeper.keep("other", &keeper.forge(another_name, &keeper.log_key()));
    keeper.finds("other", &[], "other_log");
    keeper.keep("unsigned", &keeper.forge(|_| (), &ed25519_key()));
    keeper.finds("unsigned", &[], "kept_not_verified");
    keeper.keep("kept", &keeper.today());
    let name = keeper.today().lines().next().unwrap().to_owned();
    let strange = VerifierKey::of_log(&name, ed25519_key().public()).unwrap();
    keeper.keep("vkey", &strange.to_string());
    keeper.finds("kept", &["--log-vkey", "vkey"], "kept_not_verified");
    keeper.keep("vkey", "x");
    let ended = keeper.check("kept", &["--log-vkey", "vkey"]);
    assert_eq!(ended.status, Some(2), "{ended:?}");

    keeper.keep("nothing", "今日は");
    assert_eq!(keeper.check("nothing", &[]).status, Some(2));
    assert_eq!(keeper.check("missing", &[]).status, Some(3));
    let away = "http://127.0.0.1:9";
    let away = ["log", "check", "--since", "kept", "--url", away];
    assert_eq!(kaiji(&keeper.desk, &away).status, Some(3));
    assert_eq!(
        files(&keeper.desk),
        ["kept", "nothing", "other", "unsigned", "vkey"]
    );
}
