//! The log's mathematics: a Merkle tree over receipts (RFC 6962), its tiles, proofs and signed checkpoints (C2SP).
//!
//! Leaves are hashed, never interpreted; where tiles and checkpoints are kept is not known here. Formats:
//! `c2sp.org/tlog-tiles`, `c2sp.org/tlog-checkpoint`, `c2sp.org/signed-note`, `c2sp.org/tlog-cosignature`,
//! `c2sp.org/tlog-proof@v1`.

mod checkpoint;
mod note;
mod proof;
mod text;
mod tile;
mod tree;

pub use checkpoint::Checkpoint;
pub use note::{Note, NoteError, NoteSignature, VerifierKey};
pub use proof::{
    Consistency, LogProof, Nodes, ProofError, consistency_holds, consistency_proof,
    inclusion_holds, inclusion_proof, inclusion_root, root_at,
};
pub use tile::{TILE_WIDTH, TileError, TileName, Tiles, tile_width};
pub use tree::{Frontier, Growth, Missing, empty_root, leaf_hash, node_hash};

#[cfg(test)]
mod tests;
