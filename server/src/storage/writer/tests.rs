//! The contract of the writer, on batches that the tests put together themselves: nothing here depends on timing.

use std::path::PathBuf;
use std::sync::atomic::AtomicU32;

use diesel::connection::SimpleConnection;
use jiff::{SignedDuration, Timestamp};
use kaiji_schema::Digest;
use kaiji_schema::audit::Trail;
use kaiji_schema::jws::Jws;
use kaiji_schema::key::SigningKey;
use kaiji_schema::log::{Checkpoint, VerifierKey, inclusion_holds, leaf_hash, root_at};
use kaiji_schema::receipt::Event;

use super::super::backend::{Access, lock_head};
use super::super::organisations::{self, OrganisationRow};
use super::super::{DatabaseUrl, Entry, audit, backend, events, high_water};
use super::*;

const KEY: &str = include_str!("../../../../fixtures/keys/TEST-ONLY-vendor-es256.pem");
const LOG_KEY: &str = include_str!("../../../../fixtures/keys/TEST-ONLY-vendor-ed25519.pem");
const HIGH_WATER: &str = "high-water.checkpoint";
const FEED: &str = "ven_with_a_feed";

/// A directory of its own, taken away at the end.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("kaiji-writer-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A desk with an empty log, at a time that the test sets.
struct Office {
    desk: Desk,
    clock: Clock,
    directory: Directory,
}

impl Office {
    fn open() -> Self {
        Self::with_settings("")
    }

    fn with_settings(settings: &str) -> Self {
        let directory = Directory::new();
        let file = directory.0.join("kaiji.sqlite");
        backend::migrate(&DatabaseUrl::sqlite(&file)).unwrap();
        let url = format!("sqlite:{}{settings}", file.display());
        let clock = Clock::fixed("2026-11-21T09:00:00Z".parse().unwrap());
        let signer = SigningKey::from_pem(KEY).unwrap();
        let log_key = SigningKey::from_pem(LOG_KEY).unwrap();
        let desk = Desk {
            source: Source::new(url.parse().unwrap()).unwrap(),
            clock: clock.clone(),
            signer: Arc::new(LogSigner::new(
                signer,
                log_key,
                "log.example".to_owned(),
                None,
            )),
            connection: None,
            unwritten: Arc::default(),
            counters: Arc::default(),
            high_water: HighWater::new(directory.0.join(HIGH_WATER)),
        };
        let mut office = Self {
            desk,
            clock,
            directory,
        };
        office.commit_one(|tx| organisations::insert(tx, &organisation(FEED, "")));
        office
    }

    fn commit_one<T: Send + 'static>(
        &mut self,
        change: impl Fn(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Committed<T> {
        let mut batch = Batch::default();
        let answer = batch.queue(change);
        self.desk.commit(batch.0);
        answer.try_recv().unwrap().unwrap()
    }

    fn stats(&self) -> (u64, u64) {
        let counters = &self.desk.counters;
        (
            counters.commits.load(Ordering::Relaxed),
            counters.changes.load(Ordering::Relaxed),
        )
    }

    /// Receipts in the order of the log, read by a connection that has nothing to do with the desk's.
    fn log(&self) -> Vec<serde_json::Value> {
        let mut reader = self.desk.source.connect(Access::Read).unwrap();
        let receipts = log::receipts(&mut reader, 0, 1_000).unwrap();
        assert_eq!(
            log::size(&mut reader).unwrap(),
            i64::try_from(receipts.len()).unwrap()
        );
        receipts.iter().map(|receipt| said(receipt)).collect()
    }

    fn assert_gapless(&self, leaves: usize) {
        let indices: Vec<_> = self.log().iter().map(leaf_index).collect();
        assert_eq!(indices, (0..leaves as u64).collect::<Vec<_>>());
    }
}

type Answer<T> = Receiver<Result<Committed<T>, Error>>;

#[derive(Default)]
struct Batch(Vec<Box<dyn Change>>);

impl Batch {
    fn queue<T: Send + 'static>(
        &mut self,
        change: impl Fn(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Answer<T> {
        let (reply, answer) = sync_channel(1);
        self.0.push(Box::new(Queued::new(change, reply)));
        answer
    }
}

fn organisation(id: &str, name: &str) -> OrganisationRow {
    OrganisationRow {
        id: id.to_owned(),
        kind: "vendor".to_owned(),
        name: name.to_owned(),
        name_folded: String::new(),
        corporate_number: None,
        medical_institution_code: None,
        contact: None,
        revision: 1,
        created_at: 0,
        disabled_at: None,
        email: None,
        letters: "at_once".to_owned(),
    }
}

fn said(receipt: &str) -> serde_json::Value {
    serde_json::from_slice(Jws::parse(receipt).unwrap().payload()).unwrap()
}

fn leaf_index(receipt: &serde_json::Value) -> u64 {
    receipt["leaf_index"].as_u64().unwrap()
}

/// Appends one leaf that is about `subject`.
fn append(subject: &'static str) -> impl Fn(&mut Tx<'_>) -> Result<i64, Error> + Send {
    move |tx| {
        Ok(tx.append(Entry {
            statement_sha256: Some(Digest::of(subject.as_bytes())),
            ..Entry::new(Event::StatementReceived)
        }))
    }
}

/// Appends a leaf and an event, and then thinks better of it.
fn refuse(tx: &mut Tx<'_>) -> Result<i64, Error> {
    append("never kept")(tx)?;
    tx.notify(FEED, "never_kept", "{}")?;
    Err(Error::Corrupt("refused".to_owned()))
}

#[test]
fn many_changes_share_one_commit_and_each_gets_its_own_receipt() {
    let mut office = Office::open();
    let (commits, changes) = office.stats();
    let mut batch = Batch::default();
    let answers: Vec<_> = (0..40)
        .map(|_| batch.queue(append("a statement")))
        .collect();
    office.desk.commit(batch.0);

    assert_eq!(office.stats(), (commits + 1, changes + 40));
    for (expected, answer) in (0_u64..).zip(answers) {
        let committed = answer.try_recv().unwrap().unwrap();
        let [logged] = committed.leaves.as_slice() else {
            panic!("one leaf, one receipt");
        };
        assert_eq!(committed.value, i64::try_from(expected).unwrap());
        assert_eq!(leaf_index(&said(&logged.receipt)), expected);
    }
    office.assert_gapless(40);
}

#[test]
fn each_leaf_is_answered_with_a_proof_under_the_checkpoint_of_its_commit() {
    let mut office = Office::open();
    let vkey = VerifierKey::of_log(
        "log.example",
        SigningKey::from_pem(LOG_KEY).unwrap().public(),
    );
    let vkey = vkey.unwrap();
    let mut size = 0;
    for changes in [1, 2, 5, 250, 1, 40] {
        let mut batch = Batch::default();
        let answers: Vec<_> = (0..changes)
            .map(|_| batch.queue(append("a statement")))
            .collect();
        office.desk.commit(batch.0);
        size += changes;
        for answer in answers {
            let (_, leaf) = answer.try_recv().unwrap().unwrap().into_value_and_leaf();
            let Logged { receipt, proof } = leaf.unwrap();
            let checkpoint = Checkpoint::open(&proof.checkpoint, &vkey).unwrap();
            assert_eq!(checkpoint.size, size);
            let hash = leaf_hash(receipt.as_bytes());
            assert!(inclusion_holds(
                proof.index,
                size,
                &hash,
                &proof.hashes,
                &checkpoint.root
            ));
        }
    }
    let mut reader = office.desk.source.connect(Access::Read).unwrap();
    let (newest, note) = log::newest_checkpoint(&mut reader).unwrap().unwrap();
    assert_eq!(u64::try_from(newest).unwrap(), size);
    let root = Checkpoint::open(&note, &vkey).unwrap().root;
    assert_eq!(root_at(&mut log::tiles(&mut reader), size).unwrap(), root);
}

#[test]
fn a_database_of_a_version_without_a_tree_gets_one_when_it_is_opened() {
    let mut office = Office::open();
    for _ in 0..5 {
        office.commit_one(append("a statement"));
    }
    let mut direct = office.desk.source.connect(Access::Write).unwrap();
    let (head, edge) = lock_head(&mut direct).unwrap();
    let forget = "DROP TRIGGER log_tiles_are_never_deleted; DROP TRIGGER checkpoints_are_never_deleted; \
                  DELETE FROM log_tiles; DELETE FROM checkpoints; UPDATE log_head SET frontier = x'';";
    direct.batch_execute(forget).unwrap();
    office.desk.open_log().unwrap();
    assert_eq!(lock_head(&mut direct).unwrap(), (head, edge));
    assert_eq!(
        log::newest_checkpoint(&mut direct).unwrap().unwrap().0,
        head.size
    );
    office.commit_one(append("one more"));
    office.assert_gapless(6);
}

#[test]
fn what_the_log_holds_is_neither_changed_nor_deleted() {
    let mut office = Office::open();
    office.commit_one(append("a statement"));
    let mut direct = office.desk.source.connect(Access::Write).unwrap();
    for forbidden in [
        "UPDATE leaves SET receipt = ''",
        "DELETE FROM leaves",
        "UPDATE checkpoints SET note = ''",
        "DELETE FROM checkpoints",
        "UPDATE log_tiles SET hashes = x'00'",
        "DELETE FROM log_tiles",
        "UPDATE log_head SET size = 0",
    ] {
        assert!(direct.batch_execute(forbidden).is_err(), "{forbidden}");
    }
}

#[test]
fn a_refused_change_takes_no_other_with_it_and_leaves_no_gap() {
    let mut office = Office::open();
    let mut batch = Batch::default();
    let first = batch.queue(append("first"));
    let refused = batch.queue(refuse);
    let second = batch.queue(append("second"));
    office.desk.commit(batch.0);

    assert_eq!(first.try_recv().unwrap().unwrap().value, 0);
    let answer = refused.try_recv().unwrap().unwrap_err();
    assert!(matches!(answer, Error::Corrupt(_)), "its own refusal");
    assert_eq!(second.try_recv().unwrap().unwrap().value, 1);
    office.assert_gapless(2);
    let about = Digest::of(b"second").to_string();
    assert_eq!(office.log()[1]["statement_sha256"], about);
}

#[test]
fn the_feed_has_no_gap_where_a_change_was_refused() {
    let mut office = Office::open();
    let mut batch = Batch::default();
    let told = |tx: &mut Tx<'_>| tx.notify(FEED, "told", "{}");
    let answers = [batch.queue(told), batch.queue(told)];
    let refused = batch.queue(refuse);
    let last = batch.queue(told);
    office.desk.commit(batch.0);

    assert!(refused.try_recv().unwrap().is_err());
    for answer in answers.into_iter().chain([last]) {
        answer.try_recv().unwrap().unwrap();
    }
    let mut reader = office.desk.source.connect(Access::Read).unwrap();
    let events = events::list(&mut reader, FEED, 0, 10).unwrap();
    let numbers: Vec<_> = events.iter().map(|event| event.number).collect();
    assert_eq!(numbers, [1, 2, 3]);
}

#[test]
fn when_the_transaction_is_lost_every_change_runs_once_more_alone() {
    let mut office = Office::open();
    let (commits, _) = office.stats();
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    let mut batch = Batch::default();
    let before = batch.queue(append("before"));
    // What SQLite does by itself when the disk is full: the transaction goes, savepoints and all.
    let losing = batch.queue(move |tx| {
        if counted.fetch_add(1, Ordering::Relaxed) == 0 {
            tx.batch_execute("ROLLBACK")?;
        }
        append("the second time it works")(tx)
    });
    let after = batch.queue(append("after"));
    office.desk.commit(batch.0);

    let values = [before, losing, after].map(|answer| answer.try_recv().unwrap().unwrap().value);
    assert_eq!(values, [0, 1, 2]);
    assert_eq!(runs.load(Ordering::Relaxed), 2);
    assert_eq!(office.stats().0, commits + 3, "each in a commit of its own");
    office.assert_gapless(3);
}

#[test]
fn on_a_full_disk_what_fits_is_kept_and_what_does_not_is_refused_whole() {
    let mut office = Office::open();
    let pages = {
        let file = office.directory.0.join("kaiji.sqlite");
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        let mut writer = office.desk.source.connect(Access::Write).unwrap();
        writer.batch_execute(checkpoint).unwrap();
        std::fs::metadata(file).unwrap().len() / 4096
    };
    let limit = format!("PRAGMA max_page_count = {}", pages + 8);
    let mut limited = office.desk.source.connect(Access::Write).unwrap();
    limited.batch_execute(&limit).unwrap();
    office.desk.connection = Some(limited);

    let mut batch = Batch::default();
    let small = batch.queue(append("small"));
    let large = batch.queue(move |tx| {
        // The limit is the connection's own, and a lost transaction takes the connection with it.
        tx.batch_execute(&limit)?;
        append("large")(tx)?;
        organisations::insert(tx, &organisation("ven_large", &"x".repeat(1 << 20)))
    });
    let other = batch.queue(append("other"));
    office.desk.commit(batch.0);

    assert_eq!(small.try_recv().unwrap().unwrap().value, 0);
    let answer = large.try_recv().unwrap().unwrap_err();
    assert!(matches!(answer, Error::Unavailable(_)), "{answer}");
    assert_eq!(other.try_recv().unwrap().unwrap().value, 1);
    office.assert_gapless(2);
    let mut reader = office.desk.source.connect(Access::Read).unwrap();
    assert!(
        organisations::find(&mut reader, "ven_large")
            .unwrap()
            .is_none()
    );
}

#[test]
fn while_another_program_has_the_lock_everybody_is_told_at_once_and_nothing_runs() {
    let mut office = Office::with_settings("?busy_timeout_ms=0");
    let mut other = office.desk.source.connect(Access::Write).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let mut batch = Batch::default();
    let answers: Vec<_> = (0..3)
        .map(|_| {
            let runs = Arc::clone(&runs);
            batch.queue(move |_| Ok(runs.fetch_add(1, Ordering::Relaxed)))
        })
        .collect();
    office.desk.commit(batch.0);

    for answer in answers {
        let answer = answer.try_recv().unwrap().unwrap_err();
        assert!(matches!(answer, Error::Unavailable(_)), "{answer}");
    }
    assert_eq!(runs.load(Ordering::Relaxed), 0);
    other.batch_execute("ROLLBACK").unwrap();
    assert_eq!(office.commit_one(append("afterwards")).value, 0);
}

#[test]
fn rows_are_not_written_to_a_file_that_was_taken_away() {
    let mut office = Office::open();
    office.commit_one(append("before"));
    let file = office.directory.0.join("kaiji.sqlite");
    let aside = office.directory.0.join("aside");
    std::fs::rename(&file, &aside).unwrap();
    let mut batch = Batch::default();
    let answer = batch.queue(append("lost for ever, if it were written"));
    office.desk.commit(batch.0);
    let answer = answer.try_recv().unwrap().unwrap_err();
    assert!(matches!(answer, Error::Unavailable(_)), "{answer}");

    std::fs::rename(&aside, &file).unwrap();
    assert_eq!(office.commit_one(append("it is back")).value, 1);
    office.assert_gapless(2);
}

fn deed(object: &str) -> Deed {
    Deed {
        occurred_at: 0,
        organisation: FEED.to_owned(),
        client: "cli_01".to_owned(),
        token: String::new(),
        address: String::new(),
        action: "systems_list".to_owned(),
        object: object.to_owned(),
        result: "answered".to_owned(),
        agent: None,
    }
}

/// Objects and leaves of the audit trail, whose every hash is checked.
fn trail(office: &Office) -> Vec<(String, Option<u64>)> {
    let mut reader = office.desk.source.connect(Access::Read).unwrap();
    let mut trail = Trail::default();
    let rows = audit::entries(&mut reader, 0, 100_000).unwrap();
    let told = rows.into_iter().map(|row| {
        let (entry, hash) = row.into_entry().unwrap();
        trail.follow(&entry, &hash).unwrap();
        (entry.deed.object, entry.leaf)
    });
    let told = told.collect();
    assert_eq!(audit::end(&mut reader).unwrap(), trail);
    told
}

fn told(told: &[(&str, Option<u64>)]) -> Vec<(String, Option<u64>)> {
    told.iter()
        .map(|(object, leaf)| ((*object).to_owned(), *leaf))
        .collect()
}

#[test]
fn what_waits_to_be_recorded_comes_in_before_the_changes_of_the_next_commit() {
    let mut office = Office::open();
    let (commits, _) = office.stats();
    for object in ["first", "second"] {
        office.desk.unwritten.push(deed(object));
    }
    office.commit_one(|tx| {
        append("a statement")(tx)?;
        tx.concerns("made");
        tx.record(deed("replaced"))
    });
    assert_eq!(office.stats().0, commits + 1);
    let expected = [("first", None), ("second", None), ("made", Some(0))];
    assert_eq!(trail(&office), told(&expected));
    assert!(office.desk.unwritten.is_empty());
}

#[test]
fn what_waits_to_be_recorded_does_not_need_a_change() {
    let mut office = Office::open();
    office.desk.commit(Vec::new());
    for number in 0..1_200 {
        office.desk.unwritten.push(deed(&number.to_string()));
    }
    office.desk.commit(Vec::new());
    let written = trail(&office);
    assert_eq!(written.len(), 1_200);
    assert_eq!(written[1_199].0, "1199");
}

#[test]
fn a_refused_change_takes_its_entry_with_it_and_no_other() {
    let mut office = Office::open();
    office.desk.unwritten.push(deed("waited"));
    let mut batch = Batch::default();
    let refused = batch.queue(|tx| {
        tx.record(deed("never kept"))?;
        refuse(tx)
    });
    let made = batch.queue(|tx| tx.record(deed("kept")));
    office.desk.commit(batch.0);
    assert!(refused.try_recv().unwrap().is_err());
    made.try_recv().unwrap().unwrap();
    assert_eq!(trail(&office), told(&[("waited", None), ("kept", None)]));
}

#[test]
fn when_the_transaction_is_lost_entries_wait_on_and_are_written_once() {
    let mut office = Office::open();
    office.desk.unwritten.push(deed("waited"));
    let mut batch = Batch::default();
    let runs = AtomicU32::new(0);
    let losing = batch.queue(move |tx| {
        tx.record(deed("never kept"))?;
        if runs.fetch_add(1, Ordering::Relaxed) < 2 {
            tx.batch_execute("ROLLBACK")?;
        }
        Ok(())
    });
    office.desk.commit(batch.0);
    assert!(losing.try_recv().unwrap().is_err());
    assert_eq!(trail(&office), []);

    office.desk.unwritten.push(deed("came later"));
    office.commit_one(|tx| tx.record(deed("made")));
    let expected = [("waited", None), ("came later", None), ("made", None)];
    assert_eq!(trail(&office), told(&expected));
}

#[test]
fn entries_wait_while_the_database_is_locked_until_there_is_no_room_for_more() {
    let mut office = Office::with_settings("?busy_timeout_ms=0");
    let mut other = office.desk.source.connect(Access::Write).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let mut nudges = 0;
    while office.desk.unwritten.has_room() {
        nudges += u32::from(office.desk.unwritten.push(deed("waits")));
    }
    assert_eq!(nudges, 20, "so many that a commit is worth it");
    office.desk.commit(Vec::new());
    assert!(!office.desk.unwritten.has_room());
    other.batch_execute("ROLLBACK").unwrap();
    office.desk.commit(vec![Box::new(Nudge)]);
    assert!(office.desk.unwritten.has_room());
    assert_eq!(trail(&office).len(), 20_000);
}

#[test]
fn the_writer_comes_for_entries_that_no_change_takes_along() {
    let office = Office::open();
    let (_queue, waiting) = channel();
    let (preparing, unwritten) = (AtomicUsize::new(0), &office.desk.unwritten);
    unwritten.push(deed("waits"));
    let batch = collect(&waiting, &preparing, unwritten);
    assert!(batch.is_some_and(|batch| batch.is_empty()));
}

#[test]
fn the_time_of_receipt_never_goes_back_when_the_clock_does() {
    let mut office = Office::open();
    office.commit_one(append("first"));
    office.clock.advance(SignedDuration::from_hours(-1));
    let now = office.commit_one(|tx| {
        append("second")(tx)?;
        Ok(tx.now())
    });
    let times: Vec<_> = office
        .log()
        .iter()
        .map(|receipt| receipt["received_at"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(times[0], times[1]);
    assert_eq!(times[1].parse::<Timestamp>().unwrap(), now.value);

    office.clock.advance(SignedDuration::from_hours(2));
    office.commit_one(append("third"));
    assert!(office.log()[2]["received_at"].as_str().unwrap() > times[1].as_str());
}

#[test]
fn another_writers_leaves_are_seen_before_the_next_transaction() {
    let mut here = Office::open();
    let mut there = Desk {
        source: here.desk.source.clone(),
        clock: here.clock.clone(),
        signer: Arc::clone(&here.desk.signer),
        connection: None,
        unwritten: Arc::default(),
        counters: Arc::default(),
        high_water: HighWater::new(here.directory.0.join("there.checkpoint")),
    };
    for turn in 0..3 {
        assert_eq!(here.commit_one(append("here")).value, 2 * turn);
        let mut batch = Batch::default();
        let answer = batch.queue(append("there"));
        there.commit(batch.0);
        assert_eq!(answer.try_recv().unwrap().unwrap().value, 2 * turn + 1);
    }
    here.assert_gapless(6);
}

#[test]
fn the_high_water_file_notes_each_commit_that_appended_and_no_step_back() {
    let mut office = Office::open();
    let file = office.directory.0.join(HIGH_WATER);
    let noted = || high_water::read(&file).unwrap().unwrap();
    office.commit_one(append("first"));
    let (_, leaf) = office.commit_one(append("second")).into_value_and_leaf();
    let checkpoint = leaf.unwrap().proof.checkpoint;
    assert_eq!(noted(), checkpoint);
    office.commit_one(|tx| tx.notify(FEED, "told", "{}"));
    assert_eq!(noted(), checkpoint);
    let first = log::checkpoint(&mut office.desk.source.connect(Access::Read).unwrap(), 1);
    office.desk.high_water.note(first.unwrap());
    assert_eq!(noted(), checkpoint, "another process was faster");
}

#[test]
fn a_high_water_file_that_cannot_be_written_is_owed_until_it_can() {
    let mut office = Office::open();
    let in_the_way = office.directory.0.join(format!("{HIGH_WATER}.new"));
    std::fs::create_dir(&in_the_way).unwrap();
    assert_eq!(office.commit_one(append("durable all the same")).value, 0);
    assert!(office.desk.high_water.trouble().check().is_err());
    std::fs::remove_dir(&in_the_way).unwrap();
    office.commit_one(|_| Ok(()));
    assert!(office.desk.high_water.trouble().check().is_ok());
    let noted = high_water::read(&office.directory.0.join(HIGH_WATER)).unwrap();
    assert_eq!(high_water::parse(&noted.unwrap()).unwrap().size, 1);
}

#[test]
fn those_who_wait_are_taken_together_up_to_a_limit() {
    let (queue, waiting) = channel();
    let mut batch = Batch::default();
    for _ in 0..MOST_PER_COMMIT + 3 {
        drop(batch.queue(append("one of many")));
    }
    for change in batch.0 {
        queue.send(change).unwrap();
    }
    let nobody_prepares = AtomicUsize::new(0);
    let nothing_waits = Unwritten::default();
    let taken = || collect(&waiting, &nobody_prepares, &nothing_waits).map(|batch| batch.len());
    assert_eq!(taken(), Some(MOST_PER_COMMIT));
    assert_eq!(taken(), Some(3));
    drop(queue);
    assert_eq!(taken(), None);
}
