//! The Merkle tree hash of RFC 6962, section 2.1, grown leaf by leaf.

use std::collections::HashMap;

use super::proof::Nodes;
use super::tile::TileName;
use crate::digest::Digest;
use crate::provider;

/// What hashing a leaf begins with, so that no leaf can pass for a node.
const LEAF: u8 = 0;
const NODE: u8 = 1;

/// The hash of a leaf: SHA-256 of 0x00 and its bytes.
pub fn leaf_hash(leaf: &[u8]) -> Digest {
    Digest::from(provider::sha256_of(&[&[LEAF], leaf]))
}

/// The hash of a node: SHA-256 of 0x01 and the hashes of its two children.
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    let mut node = [NODE; 65];
    let (_, children) = node.split_at_mut(1);
    let (first, second) = children.split_at_mut(32);
    first.copy_from_slice(left.as_bytes());
    second.copy_from_slice(right.as_bytes());
    Digest::of(&node)
}

/// The root of a log without leaves: SHA-256 of nothing.
pub fn empty_root() -> Digest {
    Digest::of(b"")
}

/// The right edge of a tree: the roots of the full subtrees that its leaves fall into, the largest first. It is all
/// that is needed to add leaves and to know the root.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Digest>,
}

impl Frontier {
    /// Reads [`Self::to_bytes`]. `None` if these are not the peaks of a tree of that size.
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Option<Self> {
        let (peaks, []) = bytes.as_chunks::<32>() else {
            return None;
        };
        let expected = usize::try_from(size.count_ones()).ok()?;
        (peaks.len() == expected).then(|| Self {
            size,
            peaks: peaks.iter().map(|peak| Digest::from(*peak)).collect(),
        })
    }

    /// The peaks' 32 bytes each, the largest subtree's first.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.peaks
            .iter()
            .flat_map(|peak| *peak.as_bytes())
            .collect()
    }

    /// How many leaves there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf by its hash. Calls `completed` for each subtree that it completes: with its height (the leaf's is
    /// 0), its place among those of that height, and its root.
    pub fn push(&mut self, leaf: Digest, mut completed: impl FnMut(u32, u64, &Digest)) {
        let mut node = leaf;
        completed(0, self.size, &node);
        // As many subtrees end here as the size has ones at its end.
        for height in 1..=self.size.trailing_ones() {
            let Some(left) = self.peaks.pop() else { break };
            node = node_hash(&left, &node);
            completed(height, self.size >> height, &node);
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// The root of the tree.
    pub fn root(&self) -> Digest {
        let mut peaks = self.peaks.iter().rev();
        match peaks.next() {
            None => empty_root(),
            Some(last) => peaks.fold(*last, |root, left| node_hash(left, &root)),
        }
    }
}

/// A tree that is growing: its right edge, and every subtree that was completed meanwhile. It gives the proofs of the
/// leaves that were added to it, and what its tiles gain, without the tree that was there before.
#[derive(Debug)]
pub struct Growth {
    frontier: Frontier,
    nodes: HashMap<(u32, u64), Digest>,
    tiles: Vec<(TileName, Vec<u8>)>,
}

/// A node of the tree that was there before, and not at its edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a node of height {0} lies inside what was there before")]
pub struct Missing(u32);

impl Growth {
    /// Begins to grow the tree with that edge.
    pub fn new(frontier: Frontier) -> Self {
        let mut nodes = HashMap::new();
        let mut leaves = 0;
        for (height, peak) in (0..u64::BITS)
            .rev()
            .filter(|height| frontier.size >> height & 1 == 1)
            .zip(&frontier.peaks)
        {
            nodes.insert((height, leaves >> height), *peak);
            leaves += 1 << height;
        }
        Self {
            frontier,
            nodes,
            tiles: Vec::new(),
        }
    }

    /// Adds a leaf by its hash.
    pub fn push(&mut self, leaf: Digest) {
        let (nodes, tiles) = (&mut self.nodes, &mut self.tiles);
        self.frontier.push(leaf, |height, place, hash| {
            nodes.insert((height, place), *hash);
            let Some(name) = TileName::of_node(height, place) else {
                return;
            };
            match tiles.iter_mut().find(|(grown, _)| *grown == name) {
                Some((_, hashes)) => hashes.extend(hash.as_bytes()),
                None => tiles.push((name, hash.as_bytes().to_vec())),
            }
        });
    }

    /// The edge as it is now.
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// What each tile gained at its end.
    pub fn tiles(&self) -> &[(TileName, Vec<u8>)] {
        &self.tiles
    }
}

impl Nodes for Growth {
    type Error = Missing;

    fn node(&mut self, height: u32, place: u64) -> Result<Digest, Missing> {
        let node = self.nodes.get(&(height, place));
        node.copied().ok_or(Missing(height))
    }
}
