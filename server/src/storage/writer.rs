//! The one writer: takes the changes that wait, runs each in a savepoint of one transaction, appends their leaves,
//! commits once, notes the checkpoint in the high-water file, and only then answers everybody.
//!
//! The contract with a change: it may run more than once and has no effect but rows. Where its savepoint rolls back,
//! the leaves and events it had reserved go with it and their numbers are used again, so the log and the feed have no
//! gaps. Where the whole transaction is lost (a full disk takes SQLite's savepoints with it), every change runs once
//! more, alone; what then still fails answers for itself. Where a transaction cannot even begin (the database is locked
//! or gone), everybody is told so at once. A change that waits alone is not made to wait for others; only while others
//! are being prepared is a flush held, and then for at most [`HOLD`].
//!
//! Entries of the audit trail that belong to no change wait beside the queue and come in with the next commit; where
//! none comes, the writer makes one for them alone. A lost transaction leaves them waiting.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::time::{Duration, Instant};

use diesel::connection::TransactionManager;
use jiff::Timestamp;
use kaiji_schema::audit::Deed;
use kaiji_schema::log::{Frontier, Growth, LogProof, inclusion_proof, leaf_hash};

use super::backend::{Access, DbConnection, Head, Source, begin_write, lock_head};
use super::high_water::{HighWater, Trouble};
use super::{Entry, Error, audit, events, log};
use crate::clock::Clock;
use crate::keys::LogSigner;
use change::{Change, Nudge, Queued};
pub use change::{Committed, Logged};
use unwritten::Unwritten;

mod change;
mod unwritten;

type Transactions = <DbConnection as diesel::Connection>::TransactionManager;

/// How long a flush is held at the most while other changes are being prepared.
const HOLD: Duration = Duration::from_millis(2);

/// How long entries of the audit trail wait for a change to come in with.
const RECORDED_WITHIN: Duration = Duration::from_secs(1);

/// How many changes share one commit at the most.
const MOST_PER_COMMIT: usize = 256;

/// A transaction in progress: a connection, the time that its receipts bear, and the ends of the log and the feed.
pub struct Tx<'c> {
    connection: &'c mut DbConnection,
    head: Head,
    pending: Vec<Entry>,
    object: Option<String>,
    now: Timestamp,
}

impl Tx<'_> {
    /// When this transaction happens: never before the receipt that precedes it, whatever the clock says.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Reserves the next leaf of the log for `entry`. Its receipt is signed when the closure has succeeded.
    pub fn append(&mut self, entry: Entry) -> i64 {
        let index = self.head.size;
        self.head.size += 1;
        self.pending.push(entry);
        index
    }

    /// Names what the change is about, for its entry in the audit trail.
    pub fn concerns(&mut self, object: &str) {
        self.object = Some(object.to_owned());
    }

    /// Tells the audit trail of this change, with what it said that it concerns and its first leaf.
    pub fn record(&mut self, mut deed: Deed) -> Result<(), Error> {
        if let Some(object) = self.object.take() {
            deed.object = object;
        }
        let appended = i64::try_from(self.pending.len()).unwrap_or(0);
        let leaf = (appended > 0).then_some(self.head.size - appended);
        let deeds = [(deed, leaf)];
        self.head.audit = audit::append(self.connection, self.head.audit, deeds)?;
        Ok(())
    }

    /// The number of the last event that anybody was told.
    pub fn last_event(&self) -> i64 {
        self.head.last_event
    }

    /// Tells an organisation of something, as the next event of its feed.
    pub fn notify(
        &mut self,
        organisation_id: &str,
        kind: &str,
        subject: &str,
    ) -> Result<(), Error> {
        let number = self.head.last_event + 1;
        let occurred_at = self.now.as_millisecond();
        events::insert(
            self.connection,
            events::EventRow {
                number,
                organisation_id: organisation_id.to_owned(),
                kind: kind.to_owned(),
                occurred_at,
                subject: subject.to_owned(),
            },
        )?;
        self.head.last_event = number;
        Ok(())
    }
}

impl Deref for Tx<'_> {
    type Target = DbConnection;

    fn deref(&self) -> &DbConnection {
        self.connection
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut DbConnection {
        self.connection
    }
}

/// A change that is being verified and will be written soon. Counts until it is dropped.
pub struct Preparing(Arc<AtomicUsize>);

impl Drop for Preparing {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How much the writer has done since it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriterStats {
    /// Transactions that became durable.
    pub commits: u64,
    /// Changes in them.
    pub changes: u64,
}

#[derive(Default)]
struct Counters {
    commits: AtomicU64,
    changes: AtomicU64,
}

/// The writer's end that the rest of the program sees.
pub(super) struct Writer {
    queue: Sender<Box<dyn Change>>,
    preparing: Arc<AtomicUsize>,
    unwritten: Arc<Unwritten>,
    counters: Arc<Counters>,
    trouble: Trouble,
}

impl Writer {
    /// Connects and starts the thread. It ends when the last [`super::Db`] is dropped.
    pub(super) fn start(
        source: Source,
        clock: Clock,
        signer: Arc<LogSigner>,
        high_water: HighWater,
    ) -> Result<Self, Error> {
        let (queue, waiting) = channel();
        let trouble = high_water.trouble();
        let preparing = Arc::new(AtomicUsize::new(0));
        let unwritten = Arc::new(Unwritten::default());
        let counters = Arc::new(Counters::default());
        let mut desk = Desk {
            source,
            clock,
            signer,
            connection: None,
            unwritten: Arc::clone(&unwritten),
            counters: Arc::clone(&counters),
            high_water,
        };
        desk.open_log()?;
        trouble.check()?;
        let others = Arc::clone(&preparing);
        std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || {
                while let Some(batch) = collect(&waiting, &others, &desk.unwritten) {
                    desk.commit(batch);
                }
                desk.commit(Vec::new());
            })
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok(Self {
            queue,
            preparing,
            unwritten,
            counters,
            trouble,
        })
    }

    pub(super) fn write<T, E, F>(
        &self,
        preparing: Option<Preparing>,
        change: F,
    ) -> Result<Committed<T>, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let gone = || Error::Unavailable("the writer has stopped".to_owned());
        let (reply, answer) = sync_channel(1);
        let queued = Queued::new(change, reply);
        // Before the writer can see the change: it must not hold the flush of a lone change for that change itself.
        drop(preparing);
        self.queue.send(Box::new(queued)).map_err(|_| gone())?;
        answer.recv().map_err(|_| gone())?
    }

    pub(super) fn record_later(&self, deed: Deed) {
        if self.unwritten.push(deed) {
            // A writer that is gone is noticed by the next change, and by `check_room_for_records` in the end.
            let _ = self.queue.send(Box::new(Nudge));
        }
    }

    pub(super) fn check_room_for_records(&self) -> Result<(), Error> {
        if self.unwritten.has_room() {
            return Ok(());
        }
        let what = "the audit trail could not be written for too long";
        Err(Error::Unavailable(what.to_owned()))
    }

    pub(super) fn stats(&self) -> WriterStats {
        WriterStats {
            commits: self.counters.commits.load(Ordering::Relaxed),
            changes: self.counters.changes.load(Ordering::Relaxed),
        }
    }

    pub(super) fn preparing(&self) -> Preparing {
        self.preparing.fetch_add(1, Ordering::Relaxed);
        Preparing(Arc::clone(&self.preparing))
    }

    /// Writes the head of the log over itself and takes it back: finds a database that is locked, read-only or gone. One that is
    /// full is found by the next change that needs room. A high-water file that could not be written is tried again.
    pub(super) fn check(&self) -> Result<(), Error> {
        enum Probe {
            Writable,
            Failed(Error),
        }
        impl From<Error> for Probe {
            fn from(error: Error) -> Self {
                Self::Failed(error)
            }
        }
        let outcome = self.write(None, |tx| {
            log::touch_head(tx)?;
            Err::<(), Probe>(Probe::Writable)
        });
        match outcome {
            Ok(_) | Err(Probe::Writable) => self.trouble.check(),
            Err(Probe::Failed(error)) => Err(error),
        }
    }
}

/// Waits for a change and takes those that wait with it; without one, no longer than entries of the audit trail may
/// wait. `None` when nobody can send any more.
fn collect(
    waiting: &Receiver<Box<dyn Change>>,
    preparing: &AtomicUsize,
    unwritten: &Unwritten,
) -> Option<Vec<Box<dyn Change>>> {
    let mut batch = loop {
        match waiting.recv_timeout(RECORDED_WITHIN) {
            Ok(change) => break vec![change],
            Err(RecvTimeoutError::Timeout) if unwritten.is_empty() => {}
            Err(RecvTimeoutError::Timeout) => return Some(Vec::new()),
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    };
    let mut until = None;
    while batch.len() < MOST_PER_COMMIT {
        if let Ok(change) = waiting.try_recv() {
            batch.push(change);
            continue;
        }
        if preparing.load(Ordering::Relaxed) == 0 {
            break;
        }
        let until = *until.get_or_insert_with(|| Instant::now() + HOLD);
        match waiting.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(change) => batch.push(change),
            Err(_) => break,
        }
    }
    Some(batch)
}

/// Where changes become commits.
struct Desk {
    source: Source,
    clock: Clock,
    signer: Arc<LogSigner>,
    /// `None` after a transaction was lost: what it left behind is not to be trusted.
    connection: Option<DbConnection>,
    unwritten: Arc<Unwritten>,
    counters: Arc<Counters>,
    high_water: HighWater,
}

/// Why nothing of a batch is in the database.
enum Failure {
    /// The transaction could not begin; no change was run.
    NotBegun(Error),
    /// It was begun and lost.
    Lost(Error),
}

impl Desk {
    fn commit(&mut self, mut batch: Vec<Box<dyn Change>>) {
        match self.transact(&mut batch) {
            Ok(()) => answer_all(batch, None),
            Err(Failure::NotBegun(error)) => {
                if batch.is_empty() {
                    tracing::warn!(%error, "the audit trail cannot be written now; its entries wait");
                }
                answer_all(batch, Some(&error));
            }
            Err(Failure::Lost(error)) => {
                tracing::warn!(changes = batch.len(), %error, "a transaction was lost; its changes run again, each alone");
                self.commit_each_alone(batch);
            }
        }
    }

    fn commit_each_alone(&mut self, mut batch: Vec<Box<dyn Change>>) {
        for change in &mut batch {
            change.forget();
        }
        let mut batch = batch.into_iter();
        while let Some(mut change) = batch.next() {
            match self.transact(std::slice::from_mut(&mut change)) {
                Ok(()) => change.answer(None),
                Err(Failure::Lost(error)) => change.answer(Some(error)),
                Err(Failure::NotBegun(error)) => {
                    answer_all([change].into_iter().chain(batch), Some(&error));
                    return;
                }
            }
        }
    }

    /// Runs the batch in one transaction, behind the entries of the audit trail that wait. They are put back if it is
    /// lost: where only the answer to its COMMIT was, they stand in the trail twice rather than not at all.
    fn transact(&mut self, batch: &mut [Box<dyn Change>]) -> Result<(), Failure> {
        if batch.is_empty() && self.unwritten.is_empty() {
            return Ok(());
        }
        // Begun on a connection taken out, so that one on which anything fails is dropped and made anew.
        let begun = self.begin().map_err(Failure::NotBegun)?;
        let deeds = self.unwritten.take();
        match self.run_all(batch, &deeds, begun) {
            Ok(checkpoint) => {
                self.high_water.note(checkpoint);
                Ok(())
            }
            Err(error) => {
                self.unwritten.give_back(deeds);
                Err(Failure::Lost(error))
            }
        }
    }

    fn begin(&mut self) -> Result<Begun, Error> {
        self.source.check()?;
        let begun = |mut connection| {
            begin_write(&mut connection)?;
            let (head, frontier) = lock_head(&mut connection)?;
            Ok(Begun {
                connection,
                head,
                frontier,
            })
        };
        match self.connection.take().map(begun) {
            // One that crosses a network may have died since the last change.
            Some(Err(_)) if self.source.is_remote() => {}
            Some(outcome) => return outcome,
            None => {}
        }
        begun(self.source.connect(Access::Write)?)
    }

    /// Sees to it that the log has its tree and a checkpoint: a new one has none, nor has one of an earlier version.
    fn open_log(&mut self) -> Result<(), Error> {
        let mut begun = self.begin()?;
        let connection = &mut begun.connection;
        if begun.head.size > 0 && begun.frontier.is_empty() {
            let frontier = log::grow_over_all(connection)?;
            log::store_head(connection, begun.head, &frontier)?;
            begun.frontier = frontier.to_bytes();
        }
        let checkpoint = if let Some(signed) = log::checkpoint(connection, begun.head.size)? {
            signed
        } else {
            let frontier = begun.head.frontier(&begun.frontier)?;
            self.sign_checkpoint(connection, begun.head, &frontier)?
        };
        Transactions::commit_transaction(connection)?;
        self.connection = Some(begun.connection);
        self.high_water.note(Some(checkpoint));
        Ok(())
    }

    /// Answers the checkpoint that was signed, if leaves were appended.
    fn run_all(
        &mut self,
        batch: &mut [Box<dyn Change>],
        deeds: &[Deed],
        begun: Begun,
    ) -> Result<Option<String>, Error> {
        let Begun {
            mut connection,
            head: before,
            frontier,
        } = begun;
        let mut head = before;
        let told = deeds.iter().map(|deed| (deed.clone(), None));
        head.audit = audit::append(&mut connection, head.audit, told)?;
        let last =
            Timestamp::from_millisecond(before.last_received_at).unwrap_or(Timestamp::UNIX_EPOCH);
        let now = self.clock.now().max(last);
        let mut growth = Growth::new(before.frontier(&frontier)?);
        let mut appended = Vec::with_capacity(batch.len());
        for change in batch.iter_mut() {
            let receipts;
            (head, receipts) = self.run(&mut connection, head, now, change.as_mut())?;
            for receipt in &receipts {
                growth.push(leaf_hash(receipt.as_bytes()));
            }
            appended.push(receipts);
        }
        if head != before {
            log::store_head(&mut connection, head, growth.frontier())?;
        }
        let mut signed = None;
        if head.size != before.size {
            log::store_tiles(&mut connection, before.leaves()?, &growth)?;
            let checkpoint = self.sign_checkpoint(&mut connection, head, growth.frontier())?;
            let mut index = before.leaves()?;
            for (change, receipts) in batch.iter_mut().zip(appended) {
                let (leaves, next) = proven(&mut growth, index, receipts, &checkpoint)?;
                change.keep(leaves);
                index = next;
            }
            signed = Some(checkpoint);
        }
        Transactions::commit_transaction(&mut connection)?;
        self.connection = Some(connection);
        let made = batch.iter().filter(|change| change.succeeded()).count();
        let commits = u64::from(made > 0);
        self.counters.commits.fetch_add(commits, Ordering::Relaxed);
        self.counters
            .changes
            .fetch_add(u64::try_from(made).unwrap_or(0), Ordering::Relaxed);
        Ok(signed)
    }

    /// Runs one change in its savepoint; answers the receipts of the leaves that it appended. An error means that the
    /// whole transaction is lost.
    fn run(
        &self,
        connection: &mut DbConnection,
        head: Head,
        now: Timestamp,
        change: &mut dyn Change,
    ) -> Result<(Head, Vec<String>), Error> {
        Transactions::begin_transaction(connection)?;
        let mut tx = Tx {
            connection,
            head,
            pending: Vec::new(),
            object: None,
            now,
        };
        let succeeded = change.run(&mut tx);
        let Tx {
            head: mut after,
            pending,
            ..
        } = tx;
        if !succeeded {
            Transactions::rollback_transaction(connection)?;
            return Ok((head, Vec::new()));
        }
        Transactions::commit_transaction(connection)?;
        let mut receipts = Vec::with_capacity(pending.len());
        for (index, entry) in (head.size..).zip(pending) {
            let receipt = self.sign(&entry, index, now)?;
            log::insert(connection, index, &entry, now, &receipt)?;
            receipts.push(receipt);
            after.last_received_at = now.as_millisecond();
        }
        Ok((after, receipts))
    }

    /// Signs and keeps what the log is at this size.
    fn sign_checkpoint(
        &self,
        connection: &mut DbConnection,
        head: Head,
        frontier: &Frontier,
    ) -> Result<String, Error> {
        let note = self
            .signer
            .checkpoint(frontier.size(), frontier.root())
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        let now = self.clock.now().as_millisecond();
        log::insert_checkpoint(connection, head.size, &note, now)?;
        Ok(note)
    }

    fn sign(&self, entry: &Entry, index: i64, now: Timestamp) -> Result<String, Error> {
        let index =
            u64::try_from(index).map_err(|_| Error::Corrupt(format!("leaf index {index}")))?;
        let receipt = entry.receipt(&self.signer, index, now);
        self.signer
            .sign(&receipt)
            .map_err(|error| Error::Unavailable(error.to_string()))
    }
}

/// A transaction that has begun, and the log as it found it.
struct Begun {
    connection: DbConnection,
    head: Head,
    frontier: Vec<u8>,
}

/// The leaves that one change appended, the first of them at `index`, each with its proof; and the index after them.
fn proven(
    growth: &mut Growth,
    index: u64,
    receipts: Vec<String>,
    checkpoint: &str,
) -> Result<(Vec<Logged>, u64), Error> {
    let size = growth.frontier().size();
    let mut leaves = Vec::with_capacity(receipts.len());
    let mut index = index;
    for receipt in receipts {
        let hashes = inclusion_proof(growth, index, size)
            .map_err(|error| Error::Corrupt(error.to_string()))?;
        let proof = LogProof {
            index,
            hashes,
            checkpoint: checkpoint.to_owned(),
        };
        leaves.push(Logged { receipt, proof });
        index += 1;
    }
    Ok((leaves, index))
}

fn answer_all(batch: impl IntoIterator<Item = Box<dyn Change>>, failure: Option<&Error>) {
    for change in batch {
        change.answer(failure.cloned());
    }
}

#[cfg(test)]
mod tests;
