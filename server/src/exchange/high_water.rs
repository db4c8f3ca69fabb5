//! Whether the database holds all that this instance answered for: what its high-water file says, compared with it.
//!
//! A log that went on from less than it once had would contradict checkpoints and receipts that others keep, under the
//! same name and key. That cannot be mended afterwards, so it is asked before anything is served or appended.

use std::io;
use std::path::{Path, PathBuf};

use kaiji_schema::log::{Checkpoint, Note, root_at};

use super::log::log_name;
use super::service_keys::log_keys;
use crate::storage::{DbConnection, Error as StorageError, high_water, log};

/// Why the service must not go on with this database. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum HighWaterError {
    /// The file cannot be read.
    #[error("{path}: {cause}: let the service read the high-water file")]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// It is no checkpoint.
    #[error(
        "{0} is not a signed checkpoint, so nothing tells whether the database is whole: run `kaiji log verify`, compare \
         its size with checkpoints that others keep, and only if no leaf is missing put the file aside"
    )]
    Unreadable(PathBuf),
    /// The database has fewer leaves.
    #[error(
        "the database is older than what was answered: {path} notes {noted} leaves, the database has {found}. Bring back \
         a newer backup with `kaiji restore`. If the leaves are lost for good, this log must not go on: \
         docs/operations.md, \"A restore that loses leaves\", says how a new log begins under another name"
    )]
    Behind {
        /// The file.
        path: PathBuf,
        /// How many leaves it notes.
        noted: u64,
        /// How many there are.
        found: u64,
    },
    /// The database has other leaves.
    #[error(
        "the database has another history than what was answered: its first {noted} of {found} leaves are not those that \
         {path} notes ({noted} leaves). It went on from an older copy: bring back the right backup with `kaiji restore`, \
         and see docs/operations.md, \"A restore that loses leaves\""
    )]
    Forked {
        /// The file.
        path: PathBuf,
        /// How many leaves it notes.
        noted: u64,
        /// How many there are.
        found: u64,
    },
    /// The file belongs to another log.
    #[error(
        "{path} is of the log {noted} ({size} leaves), the database has the log {found}: set `database` and `high_water` \
         to what belongs together; with a new log, put the old file aside and keep it"
    )]
    OtherLog {
        /// The file.
        path: PathBuf,
        /// The log that it names.
        noted: String,
        /// How many leaves it notes.
        size: u64,
        /// The database's log.
        found: String,
    },
    /// None of the log's keys signed it.
    #[error(
        "{path} ({size} leaves) is not signed by any key that this log ever had: it was changed, or it belongs to another \
         log of the same name. Set `database` and `high_water` to what belongs together"
    )]
    Unsigned {
        /// The file.
        path: PathBuf,
        /// How many leaves it notes.
        size: u64,
    },
    /// The database could not be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// What the file notes. To be read before the database: then it can only be behind it.
pub struct HighWater {
    path: PathBuf,
    noted: Option<(Note, Checkpoint)>,
}

impl HighWater {
    /// Reads the file, if there is one.
    pub fn read(path: &Path) -> Result<Self, HighWaterError> {
        let text = high_water::read(path).map_err(|cause| match cause.kind() {
            io::ErrorKind::InvalidData => HighWaterError::Unreadable(path.to_owned()),
            _ => HighWaterError::File {
                path: path.to_owned(),
                cause,
            },
        })?;
        let noted = text.map(|text| {
            let parsed = Note::parse(&text).ok().zip(high_water::parse(&text));
            parsed.ok_or_else(|| HighWaterError::Unreadable(path.to_owned()))
        });
        Ok(Self {
            path: path.to_owned(),
            noted: noted.transpose()?,
        })
    }

    /// Whether there is such a file.
    pub fn exists(&self) -> bool {
        self.noted.is_some()
    }

    /// Refuses a log of so many leaves if more were answered for.
    pub fn reaches(&self, leaves: u64) -> Result<(), HighWaterError> {
        match &self.noted {
            Some((_, noted)) if noted.size > leaves => Err(HighWaterError::Behind {
                path: self.path.clone(),
                noted: noted.size,
                found: leaves,
            }),
            _ => Ok(()),
        }
    }

    /// Refuses a database whose log is not what is noted, or an extension of it.
    pub fn compare(&self, connection: &mut DbConnection) -> Result<(), HighWaterError> {
        let Some((note, noted)) = &self.noted else {
            return Ok(());
        };
        let path = || self.path.clone();
        let size = noted.size;
        let found = log::leaves(connection)?;
        if let Some(name) = log_name(connection)?
            && name != noted.origin
        {
            return Err(HighWaterError::OtherLog {
                path: path(),
                noted: noted.origin.clone(),
                size,
                found: name,
            });
        }
        self.reaches(found)?;
        let keys = log_keys(connection, &noted.origin)?;
        // A log that was never used has no keys yet; nor has it anything that could be lost.
        let is_new = size == 0 && keys.is_empty();
        if !is_new && !keys.iter().any(|key| note.verify(key).is_ok()) {
            return Err(HighWaterError::Unsigned { path: path(), size });
        }
        let root = root_at(&mut log::tiles(connection), size).map_err(super::log::lost)?;
        if root != noted.root {
            return Err(HighWaterError::Forked {
                path: path(),
                noted: size,
                found,
            });
        }
        Ok(())
    }
}
