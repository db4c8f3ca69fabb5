//! Where rows are: SQL on two databases, and no rule about what the rows mean.
//!
//! [`Db`] is the door. `read` lends a pooled connection; `write` hands a closure to the one writer, which commits many
//! at once (`writer.rs`). Every write holds the lock on the head of the log, so a check and the insert that depends on
//! it cannot be torn apart by another writer: uniqueness is asked before, not guessed from an error afterwards.

pub mod anchors;
pub mod attachments;
pub mod attested;
pub mod audit;
pub mod backend;
pub mod backup;
pub mod clients;
pub mod comparisons;
pub mod confirmations;
pub mod credentials;
pub mod deliveries;
pub mod events;
pub mod evidence_files;
pub mod files;
pub mod high_water;
pub mod idempotency;
pub mod inspections;
pub mod letters;
pub mod links;
pub mod log;
pub mod mandates;
pub mod measure_templates;
pub mod organisations;
pub mod products;
pub mod questions;
pub mod records;
pub mod registrations;
pub mod reminders;
pub mod requests;
pub mod requirement_sets;
pub mod reviews;
pub mod risk_matrices;
pub mod service_keys;
pub mod sessions;
pub mod signing_keys;
pub mod statements;
pub mod systems;
mod tables;
pub mod transfers;
pub mod tries;
pub mod users;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use backend::{DatabaseUrl, DbConnection};
pub use log::Entry;
pub use writer::{Committed, Logged, Preparing, Tx, WriterStats};

use kaiji_schema::audit::Deed;

use crate::clock::Clock;
use crate::keys::LogSigner;
use backend::{Access, Manager, Source};
use high_water::HighWater;
use writer::Writer;

/// How long a reader waits for a connection before the database counts as unavailable.
const POOL_PATIENCE: Duration = Duration::from_secs(5);

/// Why rows could not be read or written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The database is locked, read-only, full or gone. Trying again later may help.
    #[error("the database cannot be used now: {0}")]
    Unavailable(String),
    /// A stored value is not one that this version of the program writes.
    #[error("a stored value is not understood: {0}")]
    Corrupt(String),
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        match error {
            diesel::result::Error::DeserializationError(cause) => Self::Corrupt(cause.to_string()),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

/// The database: a pool of readers and one writer. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    source: Source,
    readers: diesel::r2d2::Pool<Manager>,
    writer: Arc<Writer>,
}

/// What a [`Db`] is opened with.
pub struct Options {
    /// Where the database is.
    pub url: DatabaseUrl,
    /// How many connections read at the same time.
    pub readers: u32,
    /// The time.
    pub clock: Clock,
    /// What signs receipts and checkpoints.
    pub signer: Arc<LogSigner>,
    /// Where the newest checkpoint is noted outside the database.
    pub high_water: PathBuf,
}

impl Db {
    /// Opens the pool and starts the writer. The tables must exist already ([`backend::migrate`]).
    pub fn open(options: Options) -> Result<Self, Error> {
        let source = Source::new(options.url)?;
        let readers = diesel::r2d2::Pool::builder()
            .max_size(options.readers)
            .min_idle(Some(1))
            .connection_timeout(POOL_PATIENCE)
            .test_on_check_out(source.is_remote())
            .build_unchecked(Manager::new(source.clone(), Access::Read));
        let high_water = HighWater::new(options.high_water);
        let writer = Writer::start(source.clone(), options.clock, options.signer, high_water)?;
        Ok(Self {
            source,
            readers,
            writer: Arc::new(writer),
        })
    }

    /// Lends a connection for reading.
    pub fn read<T, E: From<Error>>(
        &self,
        read: impl FnOnce(&mut DbConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.source.check()?;
        let mut connection = self
            .readers
            .get()
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        read(&mut connection)
    }

    /// Runs `change` in a transaction and answers once it is durable, with the receipts of the leaves it appended.
    ///
    /// `change` may run more than once and must have no effect but rows (the contract is in `writer.rs`).
    pub fn write<T, E, F>(&self, change: F) -> Result<Committed<T>, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.writer.write(None, change)
    }

    /// The same for a change that was announced with [`Db::preparing`], which ends when the change goes into the queue.
    pub fn write_prepared<T, E, F>(
        &self,
        preparing: Preparing,
        change: F,
    ) -> Result<Committed<T>, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.writer.write(Some(preparing), change)
    }

    /// Tells the writer that a change is being prepared, so that it may hold a flush for it for a moment.
    pub fn preparing(&self) -> Preparing {
        self.writer.preparing()
    }

    /// Puts down what was done without a change: it comes into the audit trail with the next commit, a second later at
    /// the latest, and waits there for nothing.
    pub fn record_later(&self, deed: Deed) {
        self.writer.record_later(deed);
    }

    /// Refuses where so much waits to be recorded that the database must have been out of reach for long.
    pub fn check_room_for_records(&self) -> Result<(), Error> {
        self.writer.check_room_for_records()
    }

    /// Waits until everything that was put down is in the audit trail.
    pub fn flush(&self) -> Result<(), Error> {
        self.writer.write(None, |_| Ok::<_, Error>(())).map(drop)
    }

    /// How much the writer has done since it started.
    pub fn writer_stats(&self) -> WriterStats {
        self.writer.stats()
    }

    /// Whether the database can be read and written now, and the newest checkpoint be noted outside it.
    pub fn check(&self) -> Result<(), Error> {
        self.read(|connection| log::size(connection).map(drop))?;
        self.writer.check()
    }
}
