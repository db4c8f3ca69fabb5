//! Verifies the log in the database from leaf 0: that it is whole, and that every checkpoint ever signed is of it.
//!
//! In pages and on the database as it is at one moment, so that neither the log's size nor a service that goes on writing
//! matters. Receipts' signatures take most of the time and are asked for apart.

use std::collections::HashMap;
use std::num::NonZero;
use std::{thread, vec};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use kaiji_schema::Digest;
use kaiji_schema::jws::{self, Jws};
use kaiji_schema::key::PublicKey;
use kaiji_schema::log::{Checkpoint, Frontier, TILE_WIDTH, TileName, VerifierKey, leaf_hash};
use kaiji_schema::receipt::Receipt;
use serde::{Deserialize, Serialize};

use super::log::log_name;
use super::service_keys::{self, ServicePurpose};
use crate::storage::log::{self, LeafRow};
use crate::storage::service_keys::list;
use crate::storage::{DbConnection, Error as StorageError, backend};

/// How many leaves or checkpoints are read at once.
const PAGE: i64 = 5_000;

/// A log that was found whole.
#[derive(Debug, Clone, Serialize)]
pub struct LogAudit {
    /// Its name; `None` for one that was never opened.
    pub log: Option<String>,
    /// How many leaves it has.
    pub size: u64,
    /// The root over them.
    #[serde(serialize_with = "as_hex")]
    pub root: Digest,
    /// How many checkpoints were signed of it.
    pub checkpoints: u64,
    /// Whether the receipts' signatures were verified as well.
    pub signatures: bool,
}

/// The first thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// A leaf is missing, or there are leaves beyond the end.
    #[error("leaf {0} is missing")]
    Gap(u64),
    /// There are more leaves than the log's head says.
    #[error("there are leaves beyond the log's end at {0}")]
    Beyond(u64),
    /// A receipt does not say what its row says.
    #[error("leaf {leaf}: {what}")]
    Leaf {
        /// The leaf.
        leaf: u64,
        /// What is wrong with it.
        what: String,
    },
    /// A tile does not hold the hashes of the leaves.
    #[error("tile {0} is not that of the leaves")]
    Tile(TileName),
    /// There are tiles that no leaf is in.
    #[error("there are {found} tiles where the leaves make {expected}")]
    Tiles {
        /// How many there are.
        found: i64,
        /// How many there should be.
        expected: i64,
    },
    /// A checkpoint does not hold.
    #[error("the checkpoint of {size} leaves: {what}")]
    Checkpoint {
        /// Its size.
        size: i64,
        /// What is wrong with it.
        what: String,
    },
    /// What the writer goes on from is not the end of the log.
    #[error("the log's head is not that of its leaves: {0}")]
    Head(&'static str),
}

/// Why a log was not found whole.
#[derive(Debug, thiserror::Error)]
pub enum VerifyLogError {
    /// It is not.
    #[error(transparent)]
    Flawed(#[from] Flaw),
    /// It could not be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Verifies the log; with `signatures`, each receipt's signature too.
pub fn verify_log(
    connection: &mut DbConnection,
    signatures: bool,
) -> Result<LogAudit, VerifyLogError> {
    backend::at_one_moment(connection, |connection| audit_log(connection, signatures))
}

/// The same where nobody writes meanwhile.
pub(super) fn audit_log(
    connection: &mut DbConnection,
    signatures: bool,
) -> Result<LogAudit, VerifyLogError> {
    let mut auditor = Auditor::new(connection, signatures)?;
    auditor.check_checkpoints(connection)?;
    let mut rows = log::leaf_rows(connection, auditor.next()?, PAGE)?;
    while let Some(last) = rows.last() {
        let (keys, behind) = (auditor.receipt_keys.as_ref(), last.leaf_index + 1);
        let (examined, following) = in_parallel(
            &rows,
            |row| examine(row, keys),
            || log::leaf_rows(connection, behind, PAGE),
        );
        for (row, hash) in rows.iter().zip(examined) {
            auditor.take(connection, row, hash)?;
        }
        rows = following?;
    }
    auditor.conclude(connection)
}

/// The log as far as it was read.
struct Auditor {
    name: Option<String>,
    log_keys: Vec<VerifierKey>,
    receipt_keys: Option<HashMap<String, PublicKey>>,
    head: (u64, i64, Vec<u8>),
    frontier: Frontier,
    last_received_at: i64,
    /// The tile of each level that is being filled.
    tiles: Vec<(TileName, Vec<u8>)>,
    tile_count: i64,
    /// Checkpoints that were read ahead, and the one that comes next.
    ahead: vec::IntoIter<(i64, Opened)>,
    checkpoint: Option<(i64, Opened)>,
    last_checkpoint: i64,
    checkpoints: u64,
}

impl Auditor {
    fn new(connection: &mut DbConnection, signatures: bool) -> Result<Self, StorageError> {
        let name = log_name(connection)?;
        let (size, last_received_at, frontier) = log::head(connection)?;
        let size = u64::try_from(size).map_err(|_| StorageError::Corrupt(size.to_string()))?;
        let log_keys = service_keys::log_keys(connection, name.as_deref().unwrap_or_default());
        let mut auditor = Self {
            log_keys: if name.is_some() {
                log_keys?
            } else {
                Vec::new()
            },
            name,
            receipt_keys: signatures.then(|| receipt_keys(connection)).transpose()?,
            head: (size, last_received_at, frontier),
            frontier: Frontier::default(),
            last_received_at: i64::MIN,
            tiles: Vec::new(),
            tile_count: 0,
            ahead: Vec::new().into_iter(),
            checkpoint: None,
            last_checkpoint: -1,
            checkpoints: 0,
        };
        auditor.next_checkpoint(connection)?;
        Ok(auditor)
    }

    fn next(&self) -> Result<i64, StorageError> {
        let size = self.frontier.size();
        i64::try_from(size).map_err(|_| StorageError::Corrupt(format!("a log of {size}")))
    }

    /// Adds the next leaf, if it is one.
    fn take(
        &mut self,
        connection: &mut DbConnection,
        row: &LeafRow,
        hash: Result<Digest, String>,
    ) -> Result<(), VerifyLogError> {
        let leaf = self.frontier.size();
        if row.leaf_index != self.next()? {
            return Err(Flaw::Gap(leaf).into());
        }
        if leaf == self.head.0 {
            return Err(Flaw::Beyond(leaf).into());
        }
        let flawed = |what: String| Flaw::Leaf { leaf, what };
        if row.received_at < self.last_received_at {
            return Err(
                flawed("it was received before the leaf that precedes it".to_owned()).into(),
            );
        }
        self.last_received_at = row.received_at;
        self.grow(connection, hash.map_err(flawed)?)?;
        self.check_checkpoints(connection)
    }

    /// Adds a leaf to the tree, and compares the tiles that it completes.
    fn grow(&mut self, connection: &mut DbConnection, leaf: Digest) -> Result<(), VerifyLogError> {
        let tiles = &mut self.tiles;
        let mut is_full = false;
        self.frontier.push(leaf, |height, place, hash| {
            let Some(name) = TileName::of_node(height, place) else {
                return;
            };
            match tiles.iter_mut().find(|(filling, _)| *filling == name) {
                Some((_, hashes)) => hashes.extend(hash.as_bytes()),
                None => tiles.push((name, hash.as_bytes().to_vec())),
            }
            is_full |= place % TILE_WIDTH == TILE_WIDTH - 1;
        });
        if is_full {
            self.compare_tiles(connection, |hashes| hashes.len() as u64 == 32 * TILE_WIDTH)?;
        }
        Ok(())
    }

    /// Compares those of the tiles with what is stored, and forgets them.
    fn compare_tiles(
        &mut self,
        connection: &mut DbConnection,
        which: impl Fn(&[u8]) -> bool,
    ) -> Result<(), VerifyLogError> {
        let (compared, filling) = self.tiles.drain(..).partition(|(_, hashes)| which(hashes));
        self.tiles = filling;
        let compared: Vec<(TileName, Vec<u8>)> = compared;
        for (name, hashes) in compared {
            if log::tile(connection, name)? != hashes {
                return Err(Flaw::Tile(name).into());
            }
            self.tile_count += 1;
        }
        Ok(())
    }

    /// Verifies the checkpoints of the size that is reached.
    fn check_checkpoints(&mut self, connection: &mut DbConnection) -> Result<(), VerifyLogError> {
        let reached = self.next()?;
        while let Some((size, opened)) = self.checkpoint.take_if(|(size, _)| *size <= reached) {
            self.check_checkpoint(size, opened)
                .map_err(|what| Flaw::Checkpoint { size, what })?;
            self.last_checkpoint = size;
            self.checkpoints += 1;
            self.next_checkpoint(connection)?;
        }
        Ok(())
    }

    fn check_checkpoint(&self, size: i64, opened: Opened) -> Result<(), String> {
        let Some(checkpoint) = opened else {
            return Err("it is not signed by any key that this log ever had".to_owned());
        };
        if i64::try_from(checkpoint.size) != Ok(size) {
            return Err(format!("it says {}", checkpoint.size));
        }
        if checkpoint.root != self.frontier.root() {
            return Err("its root is not that of the leaves".to_owned());
        }
        Ok(())
    }

    fn next_checkpoint(&mut self, connection: &mut DbConnection) -> Result<(), StorageError> {
        if self.ahead.len() == 0 {
            let after = self.last_checkpoint;
            let notes = log::checkpoints_after(connection, after, PAGE)?;
            let open = |(size, note): &(i64, String)| (*size, open(note, &self.log_keys));
            let (opened, ()) = in_parallel(&notes, open, || ());
            self.ahead = opened.into_iter();
        }
        self.checkpoint = self.ahead.next();
        Ok(())
    }

    /// All leaves were read: what remains is the end.
    fn conclude(mut self, connection: &mut DbConnection) -> Result<LogAudit, VerifyLogError> {
        let (size, last_received_at, frontier) = &self.head;
        if self.frontier.size() != *size {
            return Err(Flaw::Gap(self.frontier.size()).into());
        }
        if self.frontier.to_bytes() != *frontier {
            return Err(Flaw::Head("the edge of its tree").into());
        }
        if *size > 0 && self.last_received_at != *last_received_at {
            return Err(Flaw::Head("the time of the last receipt").into());
        }
        if let Some((size, _)) = self.checkpoint {
            let what = "there are not so many leaves".to_owned();
            return Err(Flaw::Checkpoint { size, what }.into());
        }
        let size = self.next()?;
        if self.last_checkpoint != size && size > 0 {
            let what = "it is missing".to_owned();
            return Err(Flaw::Checkpoint { size, what }.into());
        }
        self.compare_tiles(connection, |_| true)?;
        let (found, expected) = (log::count_tiles(connection)?, self.tile_count);
        if found != expected {
            return Err(Flaw::Tiles { found, expected }.into());
        }
        Ok(LogAudit {
            log: self.name,
            size: self.frontier.size(),
            root: self.frontier.root(),
            checkpoints: self.checkpoints,
            signatures: self.receipt_keys.is_some(),
        })
    }
}

/// A checkpoint, if any of the log's keys signed it.
type Opened = Option<Checkpoint>;

fn open(note: &str, keys: &[VerifierKey]) -> Opened {
    let mut opened = keys.iter().map(|key| Checkpoint::open(note, key));
    opened.find_map(Result::ok)
}

/// What `examine` says of each item, in their order; made on all processors, for hashes and signatures take most of
/// the time. `meanwhile` is done beside it.
fn in_parallel<T: Sync, U: Send, M>(
    items: &[T],
    examine: impl Fn(&T) -> U + Sync,
    meanwhile: impl FnOnce() -> M,
) -> (Vec<U>, M) {
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let share = items.len().div_ceil(workers).max(1);
    let examine = &examine;
    thread::scope(|scope| {
        let parts = items
            .chunks(share)
            .map(|part| scope.spawn(move || part.iter().map(examine).collect::<Vec<U>>()));
        let running: Vec<_> = parts.collect();
        let meanwhile = meanwhile();
        let done = running.into_iter().map(|part| match part.join() {
            Ok(examined) => examined,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        (done.flatten().collect(), meanwhile)
    })
}

/// Reads a leaf by itself: its hash, if its receipt is that of its row and, where keys are given, well signed.
fn examine(row: &LeafRow, keys: Option<&HashMap<String, PublicKey>>) -> Result<Digest, String> {
    says_what_its_row_says(row)?;
    if let Some(keys) = keys {
        is_signed(keys, row)?;
    }
    Ok(leaf_hash(row.receipt.as_bytes()))
}

/// What of a receipt is compared with its row.
#[derive(Deserialize)]
struct Stated<'a> {
    event: &'a str,
    leaf_index: u64,
    received_at: &'a str,
}

/// Whether the receipt is that of its row, by its payload alone.
fn says_what_its_row_says(row: &LeafRow) -> Result<(), String> {
    let payload = row.receipt.split('.').nth(1).unwrap_or_default();
    let payload = BASE64_URL_SAFE_NO_PAD.decode(payload);
    let payload = payload.map_err(|_| "its receipt is not a compact JWS".to_owned())?;
    let stated: Stated<'_> = serde_json::from_slice(&payload)
        .map_err(|error| format!("its receipt cannot be read: {error}"))?;
    let received_at: Option<Timestamp> = stated.received_at.parse().ok();
    if i64::try_from(stated.leaf_index) != Ok(row.leaf_index) {
        Err(format!("its receipt is that of leaf {}", stated.leaf_index))
    } else if stated.event != row.event {
        Err(format!(
            "its receipt says {}, not {}",
            stated.event, row.event
        ))
    } else if received_at.map(Timestamp::as_millisecond) != Some(row.received_at) {
        Err(format!("its receipt says {}", stated.received_at))
    } else {
        Ok(())
    }
}

fn is_signed(keys: &HashMap<String, PublicKey>, row: &LeafRow) -> Result<(), String> {
    let jws = Jws::parse(&row.receipt).map_err(|error| format!("its receipt: {error}"))?;
    let unknown = || {
        format!(
            "its receipt is signed by {}, no key of this service",
            jws.kid()
        )
    };
    let key = keys.get(jws.kid().as_str()).ok_or_else(unknown)?;
    let verified = jws::verify::<Receipt>(jws, key);
    verified
        .map(drop)
        .map_err(|error| format!("its receipt: {error}"))
}

fn receipt_keys(connection: &mut DbConnection) -> Result<HashMap<String, PublicKey>, StorageError> {
    let known = list(connection)?.into_iter();
    let of_receipts = known.filter(|row| row.purpose == ServicePurpose::Receipt.as_str());
    of_receipts
        .map(|row| Ok((row.kid.clone(), service_keys::public_key(&row)?)))
        .collect()
}

fn as_hex<S: serde::Serializer>(digest: &Digest, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(digest)
}
