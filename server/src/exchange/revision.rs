//! The revision of a mutable resource: what its `ETag` shows and `If-Match` asks for.

/// Counts the changes of a resource, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revision(pub i64);

/// The resource has changed since the caller read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the resource has changed since; its revision is now {}", .0.0)]
pub struct Stale(pub Revision);

impl Revision {
    /// Lets a change pass if the caller asked for no revision or for this one.
    pub(super) fn expect(self, expected: Option<Self>) -> Result<Self, Stale> {
        match expected {
            Some(expected) if expected != self => Err(Stale(self)),
            _ => Ok(Self(self.0 + 1)),
        }
    }
}
