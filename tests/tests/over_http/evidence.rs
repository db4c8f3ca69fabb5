//! Evidence folders as the service gives them out: unpacked, and checked by both verifiers without it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;
use std::process::Command;

use jiff::SignedDuration;
use kaiji_schema::evidence::{self, Contents, Files, Report, Trusted};
use kaiji_schema::jws::{self, Jws};
use kaiji_schema::key::PublicKey;
use kaiji_schema::status::{State, Status};
use kaiji_tests::{Client, Institution, TestApp, Vendor, on_both_databases, sha256, sha256_of};
use serde_json::json;
use zip::ZipArchive;

use super::anchors::Stamped;

on_both_databases![
    an_institution_takes_home_what_can_be_checked_without_the_service,
    a_vendor_takes_home_its_own_and_strangers_nothing,
    the_status_tells_what_became_of_a_statement,
];

/// A folder that was given out.
pub(super) struct Folder(pub(super) BTreeMap<String, Vec<u8>>);

impl Folder {
    pub(super) fn of(client: &Client, statement: &str) -> Self {
        let path = format!("/statements/{statement}/evidence");
        let answer = client.get(&path).send().expect(200);
        assert_eq!(answer.header("content-type"), Some("application/zip"));
        let disposition = format!("attachment; filename=\"evidence-{statement}.zip\"");
        assert_eq!(answer.header("content-disposition"), Some(&*disposition));
        let mut packed = ZipArchive::new(Cursor::new(answer.body)).unwrap();
        let mut files = BTreeMap::new();
        for index in 0..packed.len() {
            let mut file = packed.by_index(index).unwrap();
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            files.insert(file.name().unwrap().into_owned(), bytes);
        }
        Self(files)
    }

    pub(super) fn text(&self, name: &str) -> &str {
        std::str::from_utf8(&self.0[name]).unwrap()
    }

    fn status(&self) -> Status {
        let key = PublicKey::from_jwk_or_pem(self.text(evidence::RECEIPT_KEYS)).unwrap();
        let jws = Jws::parse(self.text(evidence::STATUS)).unwrap();
        jws::verify::<Status>(jws, &key).unwrap().into_document()
    }

    pub(super) fn report(&self) -> Report {
        let contents = |(name, bytes): (&String, &Vec<u8>)| {
            let bytes = Contents::Bytes(bytes.clone());
            (name.clone(), bytes)
        };
        let files: Files = self.0.iter().map(contents).collect();
        evidence::check(&files, &Trusted::default())
    }

    /// What `verify.py` says, and whether it passes. The folder is written below `directory`.
    pub(super) fn by_python(&self, directory: &Path) -> (bool, String) {
        for (name, bytes) in &self.0 {
            let path = directory.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let mut python = Command::new("python3");
        python
            .arg(directory.join(evidence::VERIFIER))
            .arg(directory);
        let said = python.output().expect("python3 is needed for this test");
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        (said.status.success(), text)
    }
}

/// A statement with a file, released to a clinic.
struct World {
    vendor: Vendor,
    clinic: Institution,
    product: String,
    jws: String,
}

impl World {
    fn new(app: &TestApp) -> Self {
        let vendor = app.vendor("見本電子カルテ株式会社");
        let clinic = app.institution("サンプル医院");
        let product = vendor.product("見本クラウド電子カルテ");
        let file = b"a file of the vendor's";
        vendor.bring(file).created();
        let mut statement = vendor.statement("sds-sample", &product);
        statement["attachments"] = json!([{
            "name": "構成図.pdf", "media_type": "application/pdf", "bytes": file.len(), "sha256": sha256_of(file),
        }]);
        let jws = vendor.sign(&statement);
        vendor.submit(&jws).created();
        vendor.release(&clinic.request(&product));
        Self {
            vendor,
            clinic,
            product,
            jws,
        }
    }

    fn name(&self) -> String {
        sha256(&self.jws)
    }
}

fn an_institution_takes_home_what_can_be_checked_without_the_service(app: &TestApp) {
    let world = World::new(app);
    let name = world.name();
    let first = Folder::of(&world.clinic, &name);
    assert_eq!(first.text(evidence::STATEMENT_JWS), world.jws);
    assert_eq!(first.0["attachments/構成図.pdf"], b"a file of the vendor's");
    assert!(!first.0.contains_key(evidence::ACKNOWLEDGEMENT));
    assert_eq!(first.report().failures().count(), 0);

    // To hand out the folder was to deliver the statement, which can be acknowledged now.
    world
        .clinic
        .post(&format!("/statements/{name}/acknowledgement"))
        .ok();
    for _ in 0..5 {
        app.vendor("別の会社");
    }
    let folder = Folder::of(&world.clinic, &name);
    assert!(folder.0.contains_key(evidence::ACKNOWLEDGEMENT));
    let report = folder.report();
    assert!(
        report.passed(),
        "{:?}",
        report.failures().collect::<Vec<_>>()
    );
    let checkpoints = folder
        .0
        .keys()
        .filter(|name| name.starts_with("checkpoint."));
    assert_eq!(checkpoints.count(), 3, "before, after, and now");
    let guide = folder.text(evidence::GUIDE);
    for said in ["見本電子カルテ株式会社", &name, "有効", "日本時間"] {
        assert!(guide.contains(said), "{said}: {guide}");
    }
    assert!(!guide.contains("電子署名"), "発行元と完全性の確認");

    let directory = app.database().directory().join("evidence");
    let (passed, said) = folder.by_python(&directory);
    assert!(passed, "{said}");
    fs::write(
        directory.join("attachments/構成図.pdf"),
        b"a file of another's",
    )
    .unwrap();
    let (passed, said) = {
        let said = Command::new("python3")
            .arg(directory.join(evidence::VERIFIER))
            .arg(&directory)
            .output()
            .unwrap();
        (
            said.status.success(),
            String::from_utf8_lossy(&said.stdout).into_owned(),
        )
    };
    assert!(!passed && said.contains("構成図.pdf"), "{said}");
}

fn a_vendor_takes_home_its_own_and_strangers_nothing(app: &TestApp) {
    let world = World::new(app);
    let name = world.name();
    let folder = Folder::of(&world.vendor, &name);
    assert!(folder.report().passed());
    assert!(!folder.0.contains_key(evidence::ACKNOWLEDGEMENT));
    let path = format!("/statements/{name}/evidence");
    for stranger in [&*app.vendor("別の会社"), &*app.institution("よその医院")] {
        stranger.get(&path).send().problem(404, "not_found");
    }
    let unknown = format!("/statements/{}/evidence", "0".repeat(64));
    world.clinic.get(&unknown).send().problem(404, "not_found");
}

fn the_status_tells_what_became_of_a_statement(app: &TestApp) {
    let world = World::new(app);
    let name = world.name();
    let status = Folder::of(&world.clinic, &name).status();
    assert_eq!(status.state, State::Valid);
    assert_eq!(status.newest.statement_sha256.to_string(), name);

    let mut next = world.vendor.statement("sds-sample", &world.product);
    next["revision"] = json!(2);
    next["supersedes"] = json!(name);
    let next = world.vendor.sign(&next);
    world.vendor.submit(&next).created();
    let status = Folder::of(&world.clinic, &name).status();
    assert_eq!(status.state, State::Superseded);
    assert_eq!(status.newest.statement_sha256.to_string(), sha256(&next));
    assert_eq!(status.newest.revision, 2);

    world.vendor.withdraw(&sha256(&next), "誤記のため").ok();
    let folder = Folder::of(&world.clinic, &sha256(&next));
    assert_eq!(folder.status().state, State::Withdrawn);
    assert!(
        folder.report().passed(),
        "what was withdrawn was signed all the same"
    );
}

#[test]
fn stamped_checkpoints_lie_around_a_receipt_and_are_checked() {
    let Stamped { app, authority } = &Stamped::on(kaiji_tests::Database::sqlite());
    app.vendor("別の会社");
    app.step_jobs();
    let world = World::new(app);
    app.advance(SignedDuration::from_hours(5));
    app.step_jobs();
    assert_eq!(authority.asked(), 2);
    let folder = Folder::of(&world.clinic, &world.name());
    let stamps: Vec<_> = folder
        .0
        .keys()
        .filter(|name| name.contains(".tsr"))
        .collect();
    assert_eq!(stamps.len(), 2, "{stamps:?}");
    assert!(folder.0.contains_key(evidence::TSA_ROOT));
    assert!(
        folder
            .text(evidence::GUIDE)
            .contains("第三者のタイムスタンプあり")
    );
    let (passed, said) = folder.by_python(&app.database().directory().join("evidence"));
    assert!(passed, "{said}");
}
