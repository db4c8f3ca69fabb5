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

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::time::{Duration, Instant};

use kaiji_schema::audit::Deed;

use super::backend::Source;
use super::high_water::{HighWater, Trouble};
use super::{Error, log};
use crate::clock::Clock;
use crate::keys::LogSigner;
use change::{Change, Nudge, Queued};
pub use change::{Committed, Logged};
use desk::Desk;
pub use tx::Tx;
use unwritten::Unwritten;

mod change;
mod desk;
mod tx;
mod unwritten;

/// How long a flush is held at the most while other changes are being prepared.
const HOLD: Duration = Duration::from_millis(2);

/// How long entries of the audit trail wait for a change to come in with.
const RECORDED_WITHIN: Duration = Duration::from_secs(1);

/// How many changes share one commit at the most.
const MOST_PER_COMMIT: usize = 256;

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

#[cfg(test)]
mod tests;
