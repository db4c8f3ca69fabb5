//! Replies in the order of their keys: a sorted list, which is smaller and faster here than a tree.

use std::borrow::Borrow;

use super::Reply;

/// Replies by a key, in its order; no key stands twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replies<K>(Vec<(K, Reply)>);

impl<K: Ord> Replies<K> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The reply under a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&Reply>
    where
        K: Borrow<Q>,
    {
        let position = self
            .0
            .binary_search_by(|(found, _)| found.borrow().cmp(key));
        self.0.get(position.ok()?).map(|(_, reply)| reply)
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &Reply)> {
        self.0.iter().map(|(key, reply)| (key, reply))
    }
}

impl<K> Default for Replies<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord> FromIterator<(K, Reply)> for Replies<K> {
    /// Sorts them. Where a key stands twice, the first counts.
    fn from_iter<I: IntoIterator<Item = (K, Reply)>>(replies: I) -> Self {
        let mut sorted: Vec<_> = replies.into_iter().collect();
        sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
        sorted.dedup_by(|(later, _), (earlier, _)| later == earlier);
        Self(sorted)
    }
}
