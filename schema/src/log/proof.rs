//! Proofs that a leaf is in a tree, and that one tree is the beginning of another: made from tiles (RFC 6962, sections
//! 2.1.1 and 2.1.2), checked without them (RFC 9162, sections 2.1.3.2 and 2.1.4.2), and written as text.

use super::text::{base64_line, decimal, hash_line};
use super::tree::{empty_root, node_hash};
use crate::digest::Digest;

/// Where the roots of full subtrees come from.
pub trait Nodes {
    /// Why one cannot be had.
    type Error;

    /// The root of the full subtree of 2^`height` leaves at `place` among those of its height.
    fn node(&mut self, height: u32, place: u64) -> Result<Digest, Self::Error>;
}

/// The first line of a proof of inclusion (`c2sp.org/tlog-proof@v1`).
const LOG_PROOF: &str = "c2sp.org/tlog-proof@v1";
/// More hashes than a proof in a tree of 2^63 leaves can have, in both directions.
const MAX_HASHES: usize = 128;

/// Why a proof cannot be made or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError<E> {
    /// The leaf or the smaller tree lies beyond the larger one.
    #[error("{part} lies beyond a log of {size} leaves")]
    Beyond {
        /// What was asked for.
        part: u64,
        /// The size of the tree.
        size: u64,
    },
    /// A node could not be had.
    #[error(transparent)]
    Node(E),
}

/// The largest power of two below `size`, where the tree is split.
fn split(size: u64) -> u64 {
    match size {
        0 | 1 => 0,
        _ => 1 << (size - 1).ilog2(),
    }
}

/// The Merkle tree hash over the leaves `from..to`, where `from` is aligned as a split leaves it.
fn range<N: Nodes>(nodes: &mut N, from: u64, to: u64) -> Result<Digest, N::Error> {
    let size = to - from;
    if size.is_power_of_two() {
        let height = size.ilog2();
        return nodes.node(height, from >> height);
    }
    let middle = from + split(size);
    let left = range(nodes, from, middle)?;
    Ok(node_hash(&left, &range(nodes, middle, to)?))
}

/// The root of the first `size` leaves.
pub fn root_at<N: Nodes>(nodes: &mut N, size: u64) -> Result<Digest, N::Error> {
    match size {
        0 => Ok(empty_root()),
        _ => range(nodes, 0, size),
    }
}

/// The hashes that lead from a leaf to the root of the first `size` leaves, the lowest first.
pub fn inclusion_proof<N: Nodes>(
    nodes: &mut N,
    leaf: u64,
    size: u64,
) -> Result<Vec<Digest>, ProofError<N::Error>> {
    let mut hash = |from, to| range(nodes, from, to).map_err(ProofError::Node);
    if leaf >= size {
        return Err(ProofError::Beyond { part: leaf, size });
    }
    let mut proof = Vec::new();
    let (mut from, mut to) = (0, size);
    while to - from > 1 {
        let middle = from + split(to - from);
        if leaf < middle {
            proof.push(hash(middle, to)?);
            to = middle;
        } else {
            proof.push(hash(from, middle)?);
            from = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// The hashes that show that the first `from` leaves of a tree of `to` leaves are a tree that somebody kept the root of.
pub fn consistency_proof<N: Nodes>(
    nodes: &mut N,
    from: u64,
    to: u64,
) -> Result<Vec<Digest>, ProofError<N::Error>> {
    let mut hash = |from, to| range(nodes, from, to).map_err(ProofError::Node);
    if from > to {
        return Err(ProofError::Beyond {
            part: from,
            size: to,
        });
    }
    if from == 0 || from == to {
        return Ok(Vec::new());
    }
    let mut proof = Vec::new();
    let (mut begin, mut end, mut whole) = (0, to, true);
    while from != end {
        let middle = begin + split(end - begin);
        if from <= middle {
            proof.push(hash(middle, end)?);
            end = middle;
        } else {
            proof.push(hash(begin, middle)?);
            begin = middle;
            whole = false;
        }
    }
    // The smaller root itself is known to whoever asks; a subtree in the middle is not.
    if !whole {
        proof.push(hash(begin, end)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Whether `proof` leads from the leaf's hash to the root of a tree of `size` leaves.
pub fn inclusion_holds(
    leaf: u64,
    size: u64,
    leaf_hash: &Digest,
    proof: &[Digest],
    root: &Digest,
) -> bool {
    inclusion_root(leaf, size, leaf_hash, proof).as_ref() == Some(root)
}

/// The root of a tree of `size` leaves that `proof` leads to from the leaf's hash (RFC 9162, section 2.1.3.2); `None`
/// where it has more or fewer hashes than lead there.
pub fn inclusion_root(
    leaf: u64,
    size: u64,
    leaf_hash: &Digest,
    proof: &[Digest],
) -> Option<Digest> {
    if leaf >= size {
        return None;
    }
    let (mut place, mut last, mut node) = (leaf, size - 1, *leaf_hash);
    for hash in proof {
        if last == 0 {
            return None;
        }
        if place & 1 == 1 || place == last {
            node = node_hash(hash, &node);
            while place & 1 == 0 && place != 0 {
                (place, last) = (place >> 1, last >> 1);
            }
        } else {
            node = node_hash(&node, hash);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    (last == 0).then_some(node)
}

/// That a tree of `from` leaves is the beginning of one of `to` leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consistency {
    /// The size of the smaller tree.
    pub from: u64,
    /// The size of the larger tree.
    pub to: u64,
    /// The hashes, in the order of RFC 6962.
    pub hashes: Vec<Digest>,
}

impl Consistency {
    /// Whether it leads to both roots.
    pub fn holds(&self, from_root: &Digest, to_root: &Digest) -> bool {
        consistency_holds(self.from, self.to, &self.hashes, from_root, to_root)
    }

    /// The contents of `<from>-<to>.consistency`: the two sizes, then the hashes in base64, one a line.
    pub fn to_text(&self) -> String {
        let mut text = format!("{} {}\n", self.from, self.to);
        text.extend(self.hashes.iter().map(base64_line));
        text
    }

    /// Reads [`Self::to_text`], in that one spelling.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let (from, to) = lines.next()?.split_once(' ')?;
        let (from, to) = (decimal(from)?, decimal(to)?);
        let hashes: Option<Vec<_>> = lines.map(hash_line).collect();
        let hashes = hashes.filter(|hashes| hashes.len() <= MAX_HASHES)?;
        Some(Self { from, to, hashes })
    }
}

/// Whether `proof` leads to the roots of both trees (RFC 9162, section 2.1.4.2).
pub fn consistency_holds(
    from: u64,
    to: u64,
    proof: &[Digest],
    from_root: &Digest,
    to_root: &Digest,
) -> bool {
    if from > to {
        return false;
    }
    if from == to {
        return proof.is_empty() && from_root == to_root;
    }
    if from == 0 {
        return proof.is_empty() && *from_root == empty_root();
    }
    let mut hashes = proof.iter();
    let first = if from.is_power_of_two() {
        Some(from_root)
    } else {
        hashes.next()
    };
    let Some(first) = first else { return false };
    let (mut place, mut last) = (from - 1, to - 1);
    while place & 1 == 1 {
        (place, last) = (place >> 1, last >> 1);
    }
    let (mut smaller, mut larger) = (*first, *first);
    for hash in hashes {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            smaller = node_hash(hash, &smaller);
            larger = node_hash(hash, &larger);
            while place & 1 == 0 && place != 0 {
                (place, last) = (place >> 1, last >> 1);
            }
        } else {
            larger = node_hash(&larger, hash);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    last == 0 && smaller == *from_root && larger == *to_root
}

/// A leaf's place in a log, with all that is needed to check it (`c2sp.org/tlog-proof@v1`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogProof {
    /// The leaf, counted from 0.
    pub index: u64,
    /// The hashes that lead from it to the checkpoint's root.
    pub hashes: Vec<Digest>,
    /// The checkpoint, a signed note.
    pub checkpoint: String,
}

impl LogProof {
    /// The text form.
    pub fn to_text(&self) -> String {
        let mut text = format!("{LOG_PROOF}\nindex {}\n", self.index);
        text.extend(self.hashes.iter().map(base64_line));
        text.push('\n');
        text.push_str(&self.checkpoint);
        text
    }

    /// Reads the text form. The optional line `extra`, which nothing vouches for, is passed over.
    pub fn parse(text: &str) -> Option<Self> {
        let (head, checkpoint) = text.split_once("\n\n")?;
        let mut lines = head.split('\n');
        if lines.next()? != LOG_PROOF {
            return None;
        }
        let mut line = lines.next()?;
        if line.starts_with("extra ") {
            line = lines.next()?;
        }
        let index = decimal(line.strip_prefix("index ")?)?;
        let hashes: Option<Vec<_>> = lines.map(hash_line).collect();
        let hashes = hashes.filter(|hashes| hashes.len() <= MAX_HASHES)?;
        Some(Self {
            index,
            hashes,
            checkpoint: checkpoint.to_owned(),
        })
    }
}
