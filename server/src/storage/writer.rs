//! The one writer: takes the changes that wait, runs each in a savepoint of one transaction, appends their leaves,
//! commits once, and only then answers everybody.
//!
//! The contract with a change: it may run more than once and has no effect but rows. Where its savepoint rolls back,
//! the leaves and events it had reserved go with it and their numbers are used again, so the log and the feed have no
//! gaps. Where the whole transaction is lost (a full disk takes SQLite's savepoints with it), every change runs once
//! more, alone; what then still fails answers for itself. Where a transaction cannot even begin (the database is locked
//! or gone), everybody is told so at once. A change that waits alone is not made to wait for others; only while others
//! are being prepared is a flush held, and then for at most [`HOLD`].

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::time::{Duration, Instant};

use diesel::connection::TransactionManager;
use jiff::Timestamp;

use super::backend::{Access, DbConnection, Head, Source, begin_write, lock_head};
use super::{Entry, Error, events, log};
use crate::clock::Clock;
use crate::keys::ReceiptSigner;

type Transactions = <DbConnection as diesel::Connection>::TransactionManager;

/// How long a flush is held at the most while other changes are being prepared.
const HOLD: Duration = Duration::from_millis(2);

/// How many changes share one commit at the most.
const MOST_PER_COMMIT: usize = 256;

/// What a change answers once it is durable.
#[derive(Debug)]
pub struct Committed<T> {
    /// What the closure returned.
    pub value: T,
    /// The receipts (compact JWS) of the leaves it appended, in their order.
    pub receipts: Vec<String>,
}

/// A transaction in progress: a connection, the time that its receipts bear, and the ends of the log and the feed.
pub struct Tx<'c> {
    connection: &'c mut DbConnection,
    head: Head,
    pending: Vec<Entry>,
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

/// One change in the queue, with its types forgotten.
trait Change: Send {
    /// Runs the closure; `false` asks for its savepoint to be rolled back.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// Forgets a run whose transaction was lost: what it refused may not be so.
    fn forget(&mut self);
    /// Whether the closure succeeded when it ran last.
    fn succeeded(&self) -> bool;
    /// Keeps the receipts of the leaves that this run appended.
    fn keep(&mut self, receipts: Vec<String>);
    /// Answers the one who waits: the closure's own outcome, or the error that kept it from becoming durable.
    fn answer(self: Box<Self>, failure: Option<Error>);
}

struct Queued<T, E, F> {
    change: F,
    outcome: Option<Result<T, E>>,
    receipts: Vec<String>,
    reply: SyncSender<Result<Committed<T>, E>>,
}

impl<T, E, F> Change for Queued<T, E, F>
where
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<Error> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        let outcome = (self.change)(tx);
        let succeeded = outcome.is_ok();
        self.outcome = Some(outcome);
        succeeded
    }

    fn forget(&mut self) {
        self.outcome = None;
        self.receipts.clear();
    }

    fn succeeded(&self) -> bool {
        matches!(self.outcome, Some(Ok(_)))
    }

    fn keep(&mut self, receipts: Vec<String>) {
        self.receipts = receipts;
    }

    fn answer(self: Box<Self>, failure: Option<Error>) {
        let answer = match (self.outcome, failure) {
            // The closure's own refusal says more than the failure that came after it.
            (Some(Err(error)), _) => Err(error),
            (_, Some(failure)) => Err(failure.into()),
            (Some(Ok(value)), None) => Ok(Committed {
                value,
                receipts: self.receipts,
            }),
            (None, None) => Err(Error::Unavailable("the change was not run".to_owned()).into()),
        };
        // Nobody waits any more if the caller's thread is gone; the rows are there all the same.
        let _ = self.reply.send(answer);
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
    counters: Arc<Counters>,
}

impl Writer {
    /// Connects and starts the thread. It ends when the last [`super::Db`] is dropped.
    pub(super) fn start(
        source: Source,
        clock: Clock,
        signer: ReceiptSigner,
    ) -> Result<Self, Error> {
        let connection = Some(source.connect(Access::Write)?);
        let (queue, waiting) = channel();
        let preparing = Arc::new(AtomicUsize::new(0));
        let counters = Arc::new(Counters::default());
        let mut desk = Desk {
            source,
            clock,
            signer,
            connection,
            counters: Arc::clone(&counters),
        };
        let others = Arc::clone(&preparing);
        std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || {
                while let Some(batch) = collect(&waiting, &others) {
                    desk.commit(batch);
                }
            })
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok(Self {
            queue,
            preparing,
            counters,
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
        let queued = Queued {
            change,
            outcome: None,
            receipts: Vec::new(),
            reply,
        };
        // Before the writer can see the change: it must not hold the flush of a lone change for that change itself.
        drop(preparing);
        self.queue.send(Box::new(queued)).map_err(|_| gone())?;
        answer.recv().map_err(|_| gone())?
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
    /// full is found by the next change that needs room.
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
            let head = tx.head;
            log::store_head(tx, head)?;
            Err::<(), Probe>(Probe::Writable)
        });
        match outcome {
            Ok(_) | Err(Probe::Writable) => Ok(()),
            Err(Probe::Failed(error)) => Err(error),
        }
    }
}

/// Waits for a change and takes those that wait with it. `None` when nobody can send any more.
fn collect(
    waiting: &Receiver<Box<dyn Change>>,
    preparing: &AtomicUsize,
) -> Option<Vec<Box<dyn Change>>> {
    let mut batch = vec![waiting.recv().ok()?];
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
    signer: ReceiptSigner,
    /// `None` after a transaction was lost: what it left behind is not to be trusted.
    connection: Option<DbConnection>,
    counters: Arc<Counters>,
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
            Err(Failure::NotBegun(error)) => answer_all(batch, Some(&error)),
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

    /// Runs the batch in one transaction.
    fn transact(&mut self, batch: &mut [Box<dyn Change>]) -> Result<(), Failure> {
        // Begun on a connection taken out, so that one on which anything fails is dropped and made anew.
        let (connection, head) = self.begin().map_err(Failure::NotBegun)?;
        self.run_all(batch, connection, head).map_err(Failure::Lost)
    }

    fn begin(&mut self) -> Result<(DbConnection, Head), Error> {
        self.source.check()?;
        let begun = |mut connection| {
            begin_write(&mut connection)?;
            let head = lock_head(&mut connection)?;
            Ok((connection, head))
        };
        match self.connection.take().map(begun) {
            // One that crosses a network may have died since the last change.
            Some(Err(_)) if self.source.is_remote() => {}
            Some(outcome) => return outcome,
            None => {}
        }
        begun(self.source.connect(Access::Write)?)
    }

    fn run_all(
        &mut self,
        batch: &mut [Box<dyn Change>],
        mut connection: DbConnection,
        before: Head,
    ) -> Result<(), Error> {
        let mut head = before;
        let last =
            Timestamp::from_millisecond(before.last_received_at).unwrap_or(Timestamp::UNIX_EPOCH);
        let now = self.clock.now().max(last);
        for change in batch.iter_mut() {
            head = self.run(&mut connection, head, now, change.as_mut())?;
        }
        if head != before {
            log::store_head(&mut connection, head)?;
        }
        Transactions::commit_transaction(&mut connection)?;
        self.connection = Some(connection);
        let made = batch.iter().filter(|change| change.succeeded()).count();
        let commits = u64::from(made > 0);
        self.counters.commits.fetch_add(commits, Ordering::Relaxed);
        self.counters
            .changes
            .fetch_add(u64::try_from(made).unwrap_or(0), Ordering::Relaxed);
        Ok(())
    }

    /// Runs one change in its savepoint. An error means that the whole transaction is lost.
    fn run(
        &self,
        connection: &mut DbConnection,
        head: Head,
        now: Timestamp,
        change: &mut dyn Change,
    ) -> Result<Head, Error> {
        Transactions::begin_transaction(connection)?;
        let mut tx = Tx {
            connection,
            head,
            pending: Vec::new(),
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
            return Ok(head);
        }
        Transactions::commit_transaction(connection)?;
        let mut receipts = Vec::with_capacity(pending.len());
        for (index, entry) in (head.size..).zip(pending) {
            let receipt = self.sign(&entry, index, now)?;
            log::insert(connection, index, &entry, now, &receipt)?;
            receipts.push(receipt);
            after.last_received_at = now.as_millisecond();
        }
        change.keep(receipts);
        Ok(after)
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

fn answer_all(batch: impl IntoIterator<Item = Box<dyn Change>>, failure: Option<&Error>) {
    for change in batch {
        change.answer(failure.cloned());
    }
}

#[cfg(test)]
mod tests;
