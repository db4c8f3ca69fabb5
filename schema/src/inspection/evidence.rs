//! What is frozen of the evidence of signed statements: all that later changes, or cannot be made again alike.
//!
//! Statements, receipts, tiles and attachments never change and are read where they are. A signed status is random, and
//! checkpoints, stamps and keys come to be more.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The evidence of one statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenEvidence {
    /// The statement, by digest.
    pub statement: String,
    /// Its vendor's name.
    pub vendor: String,
    /// What it is worth: a name of [`crate::status::State`].
    pub state: String,
    /// That, signed by the service.
    pub status: String,
    /// The leaf of the institution's acknowledgement.
    pub acknowledgement_leaf: Option<i64>,
    /// The sizes of the checkpoints around its receipt, the newest last.
    pub checkpoints: Vec<u64>,
    /// The one of them that its receipt is proven under.
    pub with_receipt: u64,
    /// When an authority stamped one that holds the receipt.
    pub stamped_after: Option<Timestamp>,
}

/// What the evidence of all statements has in common.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchors {
    /// The log's name.
    pub log: String,
    /// The service's public address.
    pub issuer: String,
    /// The size of the log at the moment of the inspection.
    pub log_size: u64,
    /// Checkpoints by size, each with the cosignatures that there were.
    pub notes: BTreeMap<u64, String>,
    /// The time stamps on them, in base64.
    pub stamps: BTreeMap<u64, String>,
    /// The root of the authority that stamped them.
    pub tsa_root: Option<String>,
    /// The keys that the service ever signed receipts with.
    pub receipt_keys: Vec<ServiceKey>,
    /// The keys that the log's checkpoints were ever signed with, a line each.
    pub log_vkeys: String,
}

impl Anchors {
    /// The checkpoint of the moment of the inspection, a signed note.
    pub fn checkpoint(&self) -> &str {
        self.notes.get(&self.log_size).map_or("", String::as_str)
    }

    /// The same in one line, `<origin> <size> <root>`, as exports show it.
    pub fn checkpoint_line(&self) -> String {
        let body = self.checkpoint().split("\n\n").next().unwrap_or_default();
        body.trim_end().replace('\n', " ")
    }
}

/// A public key of the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceKey {
    /// Its thumbprint.
    pub kid: String,
    /// The key.
    pub pem: String,
}
