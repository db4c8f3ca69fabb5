//! Where changes become commits: the writer's thread stands here, and nobody else holds the lock on the log's head.
//!
//! A transaction that is lost is run again, each change alone; what is signed leaves only after the commit.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use diesel::connection::TransactionManager;
use jiff::Timestamp;
use kaiji_schema::audit::Deed;
use kaiji_schema::log::{Frontier, Growth, LogProof, inclusion_proof, leaf_hash};

use super::change::{Change, Logged};
use super::unwritten::Unwritten;
use super::{Counters, Tx};
use crate::clock::Clock;
use crate::keys::LogSigner;
use crate::storage::backend::{Access, DbConnection, Head, Source, begin_write, lock_head};
use crate::storage::high_water::HighWater;
use crate::storage::{Entry, Error, audit, log};

type Transactions = <DbConnection as diesel::Connection>::TransactionManager;

/// Where changes become commits.
pub(super) struct Desk {
    pub(super) source: Source,
    pub(super) clock: Clock,
    pub(super) signer: Arc<LogSigner>,
    /// `None` after a transaction was lost: what it left behind is not to be trusted.
    pub(super) connection: Option<DbConnection>,
    pub(super) unwritten: Arc<Unwritten>,
    pub(super) counters: Arc<Counters>,
    pub(super) high_water: HighWater,
}

/// Why nothing of a batch is in the database.
enum Failure {
    /// The transaction could not begin; no change was run.
    NotBegun(Error),
    /// It was begun and lost.
    Lost(Error),
}

impl Desk {
    pub(super) fn commit(&mut self, mut batch: Vec<Box<dyn Change>>) {
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
    pub(super) fn open_log(&mut self) -> Result<(), Error> {
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
