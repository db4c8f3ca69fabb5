//! An edition of a review: its content with what it rests on, as it is kept and, once approved, logged by its digest.
//!
//! The review's id in it, which nobody can guess, keeps the digest from telling what it is a digest of.

use serde::{Deserialize, Serialize};

use super::{Content, Finding};

/// One edition of a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// Always [`Self::SCHEMA`].
    pub schema: String,
    /// The review's id.
    pub review: String,
    /// Its number among the changes of the review.
    pub edition: i64,
    /// The system's id.
    pub system: String,
    /// What the institution called the system.
    pub system_name: String,
    /// The item's id.
    pub item: String,
    /// Which version of the institution's risk matrix likelihood and impact are steps of.
    pub matrix: i64,
    /// The level that it gave.
    pub level: Option<u8>,
    /// The template of measures that it was written from and not edited since.
    pub template: Option<String>,
    /// What it says.
    pub content: Content,
    /// What it rests on.
    pub basis: Finding,
}

impl Edition {
    /// What an edition is, for whoever meets its bytes: its `schema`.
    pub const SCHEMA: &'static str = "kaiji-review/1";
}
