//! Tiles (`c2sp.org/tlog-tiles`): the hashes of every eighth level of the tree, 256 in a file.
//!
//! The hash `i` of level `8·L` stands in tile `i / 256` of `L`. A tile that is not full yet is a prefix of the full one,
//! so a tile only ever grows. All other nodes follow from these.

use std::collections::HashMap;
use std::fmt;

use super::proof::Nodes;
use super::tree::node_hash;
use crate::digest::Digest;

/// How many hashes a full tile has.
pub const TILE_WIDTH: u64 = 256;
/// How many levels of the tree a tile spans.
const TILE_HEIGHT: u32 = 8;
/// More levels than a tree of 2^63 leaves has.
const MAX_LEVEL: u8 = 7;

/// Which tile: its level and its place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileName {
    /// 0 holds the leaves' hashes, each next one the hashes eight levels above.
    pub level: u8,
    /// Counted from 0.
    pub index: u64,
}

impl TileName {
    /// Where the hash of a full subtree of 2^`height` leaves is kept, if tiles keep that height at all.
    pub fn of_node(height: u32, place: u64) -> Option<Self> {
        let level = u8::try_from(height / TILE_HEIGHT).ok()?;
        (height.is_multiple_of(TILE_HEIGHT)).then_some(Self {
            level,
            index: place / TILE_WIDTH,
        })
    }

    /// Reads `L/N`, the address below `/tile/`: `0/x001/x234/067` is tile 1,234,067 of level 0. There is one spelling.
    pub fn parse(path: &str) -> Option<Self> {
        let (level, index) = path.split_once('/')?;
        let name = Self {
            level: level.parse().ok().filter(|level| *level <= MAX_LEVEL)?,
            index: parse_index(index)?,
        };
        (name.to_string() == path).then_some(name)
    }
}

fn parse_index(text: &str) -> Option<u64> {
    let mut groups = text.split('/').rev();
    let digits = |group: &str| {
        let three = group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit());
        three.then(|| group.parse::<u64>().ok()).flatten()
    };
    let mut index = digits(groups.next()?)?;
    let mut worth = 1000_u64;
    for group in groups {
        let higher = digits(group.strip_prefix('x')?)?.checked_mul(worth)?;
        index = index.checked_add(higher)?;
        worth = worth.checked_mul(1000)?;
    }
    Some(index)
}

impl fmt::Display for TileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.level)?;
        let mut groups = vec![self.index % 1000];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        let (last, higher) = groups.split_first().ok_or(fmt::Error)?;
        for group in higher.iter().rev() {
            write!(f, "x{group:03}/")?;
        }
        write!(f, "{last:03}")
    }
}

/// How many hashes a tile has in a log of `size` leaves; 0 if it does not exist yet.
pub fn tile_width(name: TileName, size: u64) -> u64 {
    let hashes = size
        .checked_shr(TILE_HEIGHT * u32::from(name.level))
        .unwrap_or(0);
    hashes
        .saturating_sub(name.index.saturating_mul(TILE_WIDTH))
        .min(TILE_WIDTH)
}

/// Why a node cannot be had from tiles.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileError<E> {
    /// The tile ends before a hash that it must have.
    #[error("tile {0} is missing or shorter than the log's size says")]
    Truncated(TileName),
    /// The tile could not be fetched.
    #[error(transparent)]
    Fetch(E),
}

/// The nodes of a tree, read from tiles that are fetched once each.
pub struct Tiles<F> {
    fetch: F,
    fetched: HashMap<TileName, Vec<Digest>>,
}

impl<E, F: FnMut(TileName) -> Result<Vec<u8>, E>> Tiles<F> {
    /// Nodes from what `fetch` brings: a tile's bytes, as many as there are (none where it does not exist).
    pub fn new(fetch: F) -> Self {
        Self {
            fetch,
            fetched: HashMap::new(),
        }
    }

    fn tile(&mut self, name: TileName) -> Result<&[Digest], TileError<E>> {
        if !self.fetched.contains_key(&name) {
            let bytes = (self.fetch)(name).map_err(TileError::Fetch)?;
            // What is left over at the end is part of a hash: the tile is as long as its whole ones.
            let (hashes, _) = bytes.as_chunks::<32>();
            let hashes = hashes.iter().map(|hash| Digest::from(*hash)).collect();
            self.fetched.insert(name, hashes);
        }
        let fetched = self.fetched.get(&name).map(Vec::as_slice);
        fetched.ok_or(TileError::Truncated(name))
    }
}

impl<E, F: FnMut(TileName) -> Result<Vec<u8>, E>> Nodes for Tiles<F> {
    type Error = TileError<E>;

    fn node(&mut self, height: u32, place: u64) -> Result<Digest, TileError<E>> {
        // The tile's own row of hashes below this node: so many levels down, so many of them.
        let above = height % TILE_HEIGHT;
        let name = TileName {
            level: u8::try_from(height / TILE_HEIGHT).unwrap_or(u8::MAX),
            index: place >> (TILE_HEIGHT - above),
        };
        let truncated = || TileError::Truncated(name);
        let tile = self.tile(name)?;
        let first = (place << above) % TILE_WIDTH;
        let first = usize::try_from(first).map_err(|_| truncated())?;
        let row = tile.get(first..first + (1 << above));
        Ok(fold(row.ok_or_else(truncated)?))
    }
}

/// The root over a row of 2^n hashes.
fn fold(row: &[Digest]) -> Digest {
    let mut row = row.to_vec();
    while row.len() > 1 {
        let pairs = row.as_chunks::<2>().0;
        row = pairs
            .iter()
            .map(|[left, right]| node_hash(left, right))
            .collect();
    }
    row.first().copied().unwrap_or_else(super::empty_root)
}
