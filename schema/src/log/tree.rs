//! The Merkle tree hash of RFC 6962, section 2.1, grown leaf by leaf.

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
