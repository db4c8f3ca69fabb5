//! The log as the public sees it: checkpoints, tiles, proofs of inclusion and of consistency.
//!
//! Nothing here is secret: a tile holds hashes, a checkpoint a root. The leaves themselves, the receipts, go to those
//! whom they concern.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use kaiji_schema::Digest;
use kaiji_schema::log::{
    LogProof, Nodes, ProofError, TILE_WIDTH, TileError, TileName, consistency_proof,
    inclusion_proof, inclusion_root,
};
use serde::Serialize;

use super::Exchange;
use super::cosign::cosigned;
use crate::storage::{DbConnection, Error as StorageError, high_water, log};

/// Why a part of the log cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// There is no such tile, or it is not that long yet.
    #[error("the log has no such tile, or not that much of it yet")]
    NoTile,
    /// No checkpoint was signed at that size.
    #[error("no checkpoint was signed at that size")]
    NoCheckpoint,
    /// A leaf or a size lies beyond the log.
    #[error("{0}")]
    Beyond(String),
    /// The rows could not be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// That a leaf is in the log of a size.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct InclusionProof {
    /// The leaf, counted from 0.
    pub leaf: u64,
    /// The size of the tree that it is proven to be in.
    pub size: u64,
    /// The root of that tree, in base64.
    pub root: String,
    /// The hashes that lead from the leaf's hash to the root, the lowest first, in base64 (RFC 6962, section 2.1.1).
    pub hashes: Vec<String>,
}

/// That the log of one size is the beginning of the log of another.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ConsistencyProof {
    /// The size of the smaller tree.
    pub from: u64,
    /// The size of the larger tree.
    pub to: u64,
    /// The hashes, in base64 (RFC 6962, section 2.1.2).
    pub hashes: Vec<String>,
}

/// Full tiles that were asked for lately. They never change, so what is remembered is always right.
#[derive(Debug, Default)]
pub(super) struct RememberedTiles(Mutex<HashMap<TileName, Arc<[u8]>>>);

/// How many are remembered: 8 MiB of hashes, the first level of a log of a quarter of a million leaves.
const MOST_TILES: usize = 1_024;

impl RememberedTiles {
    fn get(&self, name: TileName) -> Option<Arc<[u8]>> {
        let tiles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tiles.get(&name).cloned()
    }

    fn keep(&self, name: TileName, hashes: &Arc<[u8]>) {
        let mut tiles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tiles.len() >= MOST_TILES {
            tiles.clear();
        }
        tiles.insert(name, Arc::clone(hashes));
    }
}

impl Exchange {
    /// The newest checkpoint, a signed note, with what witnesses signed.
    pub fn checkpoint(&self) -> Result<String, LogError> {
        self.db.read(|c| {
            let (size, note) = log::newest_checkpoint(c)?.ok_or(LogError::NoCheckpoint)?;
            Ok(cosigned(c, size, note)?)
        })
    }

    /// The checkpoint that was signed at exactly that size, with what witnesses signed.
    pub fn checkpoint_at(&self, size: u64) -> Result<String, LogError> {
        let size = i64::try_from(size).map_err(|_| LogError::NoCheckpoint)?;
        self.db.read(|c| {
            let note = log::checkpoint(c, size)?.ok_or(LogError::NoCheckpoint)?;
            Ok(cosigned(c, size, note)?)
        })
    }

    /// A full tile that was read before.
    pub fn remembered_tile(&self, name: TileName) -> Option<Arc<[u8]>> {
        self.tiles.get(name)
    }

    /// The first `width` hashes of a tile; all 256 of a full one where no width is given.
    pub fn log_tile(&self, name: TileName, width: Option<u64>) -> Result<Arc<[u8]>, LogError> {
        let hashes = self.db.read(|c| log::tile(c, name))?;
        let asked = usize::try_from(width.unwrap_or(TILE_WIDTH) * 32).unwrap_or(usize::MAX);
        match hashes.get(..asked) {
            Some(part) => {
                let part: Arc<[u8]> = part.into();
                if width.is_none() {
                    self.tiles.keep(name, &part);
                }
                Ok(part)
            }
            None => Err(LogError::NoTile),
        }
    }

    /// The proof that a leaf is in the log as it was at `size`, or is now.
    pub fn log_inclusion(&self, leaf: u64, size: Option<u64>) -> Result<InclusionProof, LogError> {
        self.db.read(|c| {
            let size = size_within(c, size)?;
            let nodes = &mut log::tiles(c);
            let hashes = inclusion_proof(nodes, leaf, size)?;
            // Both are at hand by now: the leaf's hash stands in a tile that the proof was read from.
            let own = nodes.node(0, leaf).map_err(ProofError::Node)?;
            let corrupt = || StorageError::Corrupt(format!("leaf {leaf} of {size}"));
            let root = inclusion_root(leaf, size, &own, &hashes).ok_or_else(corrupt)?;
            Ok(InclusionProof {
                leaf,
                size,
                root: BASE64_STANDARD.encode(root.as_bytes()),
                hashes: in_base64(&hashes),
            })
        })
    }

    /// The proof that the log as it was at `from` is the beginning of the log as it was at `to`, or is now.
    pub fn log_consistency(
        &self,
        from: u64,
        to: Option<u64>,
    ) -> Result<ConsistencyProof, LogError> {
        self.db.read(|c| {
            let to = size_within(c, to)?;
            let hashes = consistency_proof(&mut log::tiles(c), from, to)?;
            let hashes = in_base64(&hashes);
            Ok(ConsistencyProof { from, to, hashes })
        })
    }
}

/// The log's name, which is a fact of the database as soon as it has a checkpoint.
pub fn log_name(connection: &mut DbConnection) -> Result<Option<String>, StorageError> {
    let Some((_, note)) = log::newest_checkpoint(connection)? else {
        return Ok(None);
    };
    let broken = || StorageError::Corrupt("the newest checkpoint".to_owned());
    let checkpoint = high_water::parse(&note).ok_or_else(broken)?;
    Ok(Some(checkpoint.origin))
}

/// The size asked for, or that of the newest checkpoint; never more than that, for which nothing was signed yet.
fn size_within(connection: &mut DbConnection, size: Option<u64>) -> Result<u64, LogError> {
    let newest = log::newest_checkpoint(connection)?.ok_or(LogError::NoCheckpoint)?;
    let newest = u64::try_from(newest.0).map_err(|_| LogError::NoCheckpoint)?;
    match size {
        None => Ok(newest),
        Some(size) if size <= newest => Ok(size),
        Some(size) => Err(LogError::Beyond(format!(
            "the log has {newest} leaves, not {size}"
        ))),
    }
}

fn in_base64(hashes: &[Digest]) -> Vec<String> {
    let text = |hash: &Digest| BASE64_STANDARD.encode(hash.as_bytes());
    hashes.iter().map(text).collect()
}

impl From<ProofError<TileError<StorageError>>> for LogError {
    fn from(error: ProofError<TileError<StorageError>>) -> Self {
        match error {
            ProofError::Node(error) => Self::Storage(lost(error)),
            beyond @ ProofError::Beyond { .. } => Self::Beyond(beyond.to_string()),
        }
    }
}

/// What a tile that cannot be had means.
pub(super) fn lost(error: TileError<StorageError>) -> StorageError {
    match error {
        TileError::Fetch(error) => error,
        truncated @ TileError::Truncated(_) => StorageError::Corrupt(truncated.to_string()),
    }
}

/// A leaf's proof under the newest checkpoint.
pub(super) fn current_proof(
    connection: &mut DbConnection,
    leaf: i64,
) -> Result<LogProof, StorageError> {
    let missing = || StorageError::Corrupt("the log has no checkpoint".to_owned());
    let (size, note) = log::newest_checkpoint(connection)?.ok_or_else(missing)?;
    proof_under(connection, leaf, size, note)
}

/// A leaf's proof under the first checkpoint that holds it: what was answered when it was appended.
pub(super) fn first_proof(
    connection: &mut DbConnection,
    leaf: i64,
) -> Result<LogProof, StorageError> {
    let missing = || StorageError::Corrupt(format!("no checkpoint holds leaf {leaf}"));
    let (size, note) = log::checkpoint_with(connection, leaf)?.ok_or_else(missing)?;
    proof_under(connection, leaf, size, note)
}

/// A leaf's proof under the checkpoint of that size.
pub(super) fn proof_under(
    connection: &mut DbConnection,
    leaf: i64,
    size: i64,
    checkpoint: String,
) -> Result<LogProof, StorageError> {
    let corrupt = |_| StorageError::Corrupt(format!("leaf {leaf} of {size}"));
    let (index, size) = (u64::try_from(leaf), u64::try_from(size));
    let (index, size) = (index.map_err(corrupt)?, size.map_err(corrupt)?);
    let hashes =
        inclusion_proof(&mut log::tiles(connection), index, size).map_err(|error| match error {
            ProofError::Node(error) => lost(error),
            beyond @ ProofError::Beyond { .. } => StorageError::Corrupt(beyond.to_string()),
        })?;
    Ok(LogProof {
        index,
        hashes,
        checkpoint,
    })
}
