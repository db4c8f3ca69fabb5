//! What ties the log to others than the operator: time stamps by an authority, witnesses' cosignatures.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use jiff::SignedDuration;
use kaiji::config::{Config, TimestampSettings};
use kaiji_schema::key::SigningKey;
use kaiji_schema::log::{Checkpoint, Note, NoteSignature, VerifierKey};
use kaiji_tests::{Database, TestApp, ed25519_key, on_both_databases};
use serde_json::Value;

use super::authority::{Authority, Manner};

on_both_databases![the_checkpoint_of_an_export_is_that_of_its_time];

/// Makes two tests of a story, each with settings that need the database's directory first.
macro_rules! on_both_databases_with {
    ($($story:ident($given:ty)),+ $(,)?) => {
        mod with_sqlite {
            $(#[test] fn $story() { super::$story(&<$given>::on(kaiji_tests::Database::sqlite())); })+
        }
        mod with_postgres {
            $(#[test] fn $story() { super::$story(&<$given>::on(kaiji_tests::Database::postgres())); })+
        }
    };
}

on_both_databases_with![
    openssl_finds_that_the_stamp_is_on_the_checkpoint(super::Stamped),
    a_stamp_is_due_when_the_log_has_grown_and_the_interval_is_over(super::Stamped),
    a_bad_answer_is_not_kept_and_the_authority_left_alone_for_a_while(super::Stamped),
    what_was_kept_is_never_changed(super::Stamped),
    a_witness_stands_after_the_log_under_its_checkpoint(super::Witnessed),
    a_witness_that_does_not_verify_is_refused_and_one_that_is_unknown_passed_over(super::Witnessed),
    only_what_stands_under_a_checkpoint_of_this_log_is_taken(super::Witnessed),
];

/// A service whose checkpoints are stamped. The service goes first.
pub struct Stamped {
    /// The service.
    pub app: TestApp,
    /// Who stamps them.
    pub authority: Authority,
}

impl Stamped {
    /// With a database of its own.
    pub fn on(database: Database) -> Self {
        let authority = Authority::in_directory(database.directory());
        let settings = TimestampSettings {
            url: authority.url().to_owned(),
            every_hours: 4,
            root: Some(authority.root()),
        };
        let set = |config: &mut Config| config.timestamps = Some(settings);
        let app = TestApp::with(database, set);
        Self { app, authority }
    }

    fn stamps(&self) -> Vec<Value> {
        let listed = self.app.nobody("GET", "/log/timestamps").ok();
        listed["items"].as_array().unwrap().clone()
    }
}

fn checkpoint(app: &TestApp) -> String {
    let answer = app.site().call("GET", "/log/checkpoint").send();
    answer.expect(200).text().to_owned()
}

fn openssl_finds_that_the_stamp_is_on_the_checkpoint(given: &Stamped) {
    let Stamped { app, authority } = given;
    app.step_jobs();
    assert_eq!(authority.asked(), 0, "an empty log is not stamped");
    app.vendor("見本電子カルテ株式会社");
    app.step_jobs();
    let [stamp] = &given.stamps()[..] else {
        panic!("one stamp: {:?}", given.stamps())
    };
    assert_eq!(stamp["checkpoint"], checkpoint(app));
    assert_eq!(stamp["tsa"], authority.url());
    assert_eq!(stamp["stamped_at"], "2026-11-21T00:00:00.000Z");
    let stamped = stamp["checkpoint"].as_str().unwrap();
    let token = stamp["token"].as_str().unwrap();
    let token = BASE64_STANDARD.decode(token).unwrap();
    assert!(authority.verifies(stamped.as_bytes(), &token));
    assert!(!authority.verifies(&stamped.as_bytes()[1..], &token));
}

fn a_stamp_is_due_when_the_log_has_grown_and_the_interval_is_over(given: &Stamped) {
    let Stamped { app, authority } = given;
    let sizes = || {
        app.step_jobs();
        let stamps = given.stamps();
        let sizes = stamps.iter().map(|stamp| stamp["size"].as_i64().unwrap());
        sizes.collect::<Vec<_>>()
    };
    app.vendor("見本電子カルテ株式会社");
    assert_eq!(sizes(), [1]);
    // On the same day: the head of the audit trail of a day that is over is a leaf, too.
    app.advance(SignedDuration::from_hours(5));
    assert_eq!(sizes(), [1], "the log has not grown");
    app.vendor("別の会社");
    app.vendor("もう一つの会社");
    assert_eq!(sizes(), [3, 1]);
    app.vendor("四つ目の会社");
    app.advance(SignedDuration::from_mins(4 * 60 - 1));
    assert_eq!(sizes(), [3, 1], "the interval is not over");
    app.advance(SignedDuration::from_mins(1));
    assert_eq!(sizes(), [4, 3, 1]);
    assert_eq!(authority.asked(), 3);

    let first = app.nobody("GET", "/log/timestamps?limit=2").ok();
    let cursor = first["next"].as_str().unwrap();
    let rest = format!("/log/timestamps?cursor={cursor}");
    let rest = app.nobody("GET", &rest).ok();
    assert_eq!(first["items"][1]["size"], 3);
    assert_eq!(rest["items"][0]["size"], 1);
    assert_eq!(rest["next"], Value::Null);
}

fn a_bad_answer_is_not_kept_and_the_authority_left_alone_for_a_while(given: &Stamped) {
    let Stamped { app, authority } = given;
    let vendor = app.vendor("見本電子カルテ株式会社");
    let clinic = app.institution("サンプル医院");
    let product = vendor.product("見本クラウド電子カルテ");
    vendor.release(&clinic.request(&product));
    vendor.publish(&vendor.statement("sds-sample", &product));
    for (failed, manner) in [
        Manner::AnotherDigest,
        Manner::AnotherNonce,
        Manner::Refusing,
        Manner::Garbage,
        Manner::Endlessly,
        Manner::Failing,
        Manner::Elsewhere,
    ]
    .into_iter()
    .enumerate()
    {
        authority.answers(manner);
        app.step_jobs();
        app.step_jobs();
        assert_eq!(authority.asked(), failed + 1, "{manner:?}");
        assert_eq!(given.stamps(), [] as [Value; 0], "{manner:?}");
        // A minute, then twice as long each time.
        let pause = SignedDuration::from_mins(1 << failed);
        app.advance(pause - SignedDuration::from_secs(1));
        app.step_jobs();
        assert_eq!(authority.asked(), failed + 1, "{manner:?}");
        app.advance(SignedDuration::from_secs(1));
    }
    let told = clinic.list("/events");
    let told = told
        .iter()
        .any(|event| event["kind"] == "statement_received");
    assert!(told, "the other jobs go on");
    authority.answers(Manner::Well);
    app.step_jobs();
    assert_eq!(given.stamps().len(), 1);
}

/// Whoever may write to the database, but is not careful, meets a refusal.
fn what_was_kept_is_never_changed(given: &Stamped) {
    let Stamped { app, .. } = given;
    app.vendor("見本電子カルテ株式会社");
    app.step_jobs();
    let run = |sql: &str| match app.database().url().strip_prefix("sqlite:") {
        Some(file) => SqliteConnection::establish(file)
            .unwrap()
            .batch_execute(sql),
        None => PgConnection::establish(app.database().url())
            .unwrap()
            .batch_execute(sql),
    };
    run("INSERT INTO cosignatures (size, name, key_id, line) VALUES (1, 'w', '00', '-')").unwrap();
    for sql in [
        "UPDATE timestamps SET stamped_at = 0",
        "DELETE FROM timestamps",
        "UPDATE cosignatures SET line = ''",
        "DELETE FROM cosignatures",
    ] {
        let refused = run(sql).unwrap_err().to_string();
        assert!(refused.contains("only appended"), "{sql}: {refused}");
    }
}

/// Takes as long as the service waits for an authority, so it runs once.
#[test]
fn an_authority_that_never_answers_keeps_the_service_from_nothing() {
    let given = Stamped::on(Database::sqlite());
    given.authority.answers(Manner::Never);
    given.app.vendor("見本電子カルテ株式会社");
    given.app.step_jobs();
    assert_eq!(given.authority.asked(), 1);
    assert!(given.stamps().is_empty());
    given.authority.answers(Manner::Well);
    given.app.advance(SignedDuration::from_mins(1));
    given.app.step_jobs();
    assert_eq!(given.stamps().len(), 1);
}

/// A service that knows a witness.
struct Witnessed {
    app: TestApp,
    witness: Witness,
}

/// A witness (`c2sp.org/tlog-cosignature`), written from the specification alone.
struct Witness {
    name: String,
    key: SigningKey,
}

impl Witnessed {
    fn on(database: Database) -> Self {
        let witness = Witness::new("witness.example.jp/w1");
        let vkey = witness.vkey();
        let app = TestApp::with(database, |config| config.witnesses = vec![vkey]);
        app.vendor("見本電子カルテ株式会社");
        Self { app, witness }
    }

    fn hand_in(&self, note: &str) -> kaiji_tests::Call {
        let post = self.app.operator().post("/log/cosignatures");
        post.body("text/plain; charset=utf-8", note)
    }
}

impl Witness {
    fn new(name: &str) -> Self {
        let (name, key) = (name.to_owned(), ed25519_key());
        Self { name, key }
    }

    fn encoded(&self) -> Vec<u8> {
        let mut encoded = vec![4];
        encoded.extend(self.key.public().as_ed25519().unwrap());
        encoded
    }

    fn key_id(&self) -> [u8; 4] {
        let hashed = [self.name.as_bytes(), b"\n", &self.encoded()].concat();
        *kaiji_schema::Digest::of(&hashed)
            .as_bytes()
            .first_chunk()
            .unwrap()
    }

    fn vkey(&self) -> String {
        let id = u32::from_be_bytes(self.key_id());
        let key = BASE64_STANDARD.encode(self.encoded());
        format!("{}+{id:08x}+{key}", self.name)
    }

    /// The checkpoint with this witness's line under it.
    fn cosign(&self, checkpoint: &str, seconds: u64) -> String {
        let (text, _) = checkpoint.split_once("\n\n").unwrap();
        let message = format!("cosignature/v1\ntime {seconds}\n{text}\n");
        let mut line = self.key_id().to_vec();
        line.extend(seconds.to_be_bytes());
        line.extend(self.key.sign(message.as_bytes()).unwrap());
        let line = BASE64_STANDARD.encode(line);
        format!("{checkpoint}\u{2014} {} {line}\n", self.name)
    }
}

fn a_witness_stands_after_the_log_under_its_checkpoint(given: &Witnessed) {
    let Witnessed { app, witness } = given;
    let ours = checkpoint(app);
    let cosigned = witness.cosign(&ours, 1_795_219_200);
    let answer = given.hand_in(&cosigned).ok();
    assert_eq!(answer["size"], 1);
    assert_eq!(answer["witnesses"][0]["name"], witness.name);
    assert_eq!(answer["witnesses"][0]["time"], "2026-11-21T00:00:00.000Z");
    assert_eq!(checkpoint(app), cosigned);
    let key: VerifierKey = witness.vkey().parse().unwrap();
    assert!(Note::parse(&cosigned).unwrap().verify(&key).is_ok());

    let again = given.hand_in(&witness.cosign(&ours, 1_795_219_201)).ok();
    assert_eq!(again["witnesses"][0]["time"], "2026-11-21T00:00:01.000Z");
    assert_eq!(checkpoint(app), cosigned, "the first one stays");

    app.vendor("別の会社");
    assert!(!checkpoint(app).contains(&witness.name), "a later one");
    let then = app.nobody("GET", "/log/checkpoints/1").send().expect(200);
    assert_eq!(then.text(), cosigned);
    for size in ["3", "01", "-1", "x"] {
        let path = format!("/log/checkpoints/{size}");
        app.nobody("GET", &path).refused(404, "not_found");
    }
}

fn a_witness_that_does_not_verify_is_refused_and_one_that_is_unknown_passed_over(
    given: &Witnessed,
) {
    let Witnessed { app, witness } = given;
    let ours = checkpoint(app);
    let stranger = Witness::new("stranger.example.jp");
    let by_both = witness.cosign(&stranger.cosign(&ours, 7), 8);
    let answer = given.hand_in(&by_both).ok();
    assert_eq!(answer["witnesses"].as_array().unwrap().len(), 1);
    assert_eq!(checkpoint(app), witness.cosign(&ours, 8));

    app.vendor("別の会社");
    let ours = checkpoint(app);
    let mut forged = Note::parse(&witness.cosign(&ours, 7)).unwrap();
    let mut line = forged.signatures()[1].clone();
    line.signature[7] ^= 1;
    forged = Note::parse(&ours).unwrap().with(line);
    let refused = given.hand_in(&forged.to_string());
    let refused = refused.refused(422, "bad_signature");
    assert!(refused.detail.contains(&witness.name), "{refused:?}");
    let namesake = Witness::new(&witness.name);
    let answer = given.hand_in(&namesake.cosign(&ours, 7)).ok();
    assert_eq!(answer["witnesses"], serde_json::json!([]), "another key");
    assert_eq!(checkpoint(app), ours);
}

fn only_what_stands_under_a_checkpoint_of_this_log_is_taken(given: &Witnessed) {
    let Witnessed { app, witness } = given;
    let ours = checkpoint(app);
    let read = Checkpoint::parse(Note::parse(&ours).unwrap().body()).unwrap();
    let line: NoteSignature = Note::parse(&ours).unwrap().signatures()[0].clone();
    for (size, origin) in [(2, &*read.origin), (u64::MAX, &read.origin), (1, "other")] {
        let other = Checkpoint {
            size,
            origin: origin.to_owned(),
            root: read.root,
        };
        let text = format!("{}\n{}", other.body(), line.to_line());
        given
            .hand_in(&witness.cosign(&text, 7))
            .violates(&[("", "another_checkpoint")]);
    }
    given.hand_in("今日は").violates(&[("", "checkpoint")]);
    let no_checkpoint = format!("今日は\n\n{}", line.to_line());
    given
        .hand_in(&no_checkpoint)
        .violates(&[("", "checkpoint")]);
    let post = app.operator().post("/log/cosignatures");
    post.body("application/json", ours)
        .refused(415, "unsupported_media_type");
}

fn the_checkpoint_of_an_export_is_that_of_its_time(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let clinic = app.institution("サンプル医院");
    let product = vendor.product("見本クラウド電子カルテ");
    clinic.system("電子カルテ", &product);
    for _ in 0..2 {
        let csv = clinic.get("/exports/comparison.csv").send().expect(200);
        let note = csv.header("Kaiji-Checkpoint").unwrap();
        let note = BASE64_STANDARD.decode(note).unwrap();
        assert_eq!(note, checkpoint(app).as_bytes());
        let note = String::from_utf8(note).unwrap();
        let (body, _) = note.split_once("\n\n").unwrap();
        let rows = csv.text().trim_start_matches('\u{feff}').as_bytes();
        let mut rows = csv::Reader::from_reader(rows);
        assert_eq!(
            rows.headers().unwrap().iter().next_back(),
            Some("ログ検査点")
        );
        for row in rows.records().map(Result::unwrap) {
            assert_eq!(row.iter().next_back(), Some(&*body.replace('\n', " ")));
        }
        app.vendor("別の会社");
    }
}
