//! The checkpoints of an evidence folder: one before the receipt, one after it, and the newest, where possible those that
//! an authority stamped, which is what sets them in time.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use kaiji_schema::Digest;
use kaiji_schema::evidence as files;
use kaiji_schema::inspection::{Anchors, FrozenEvidence};
use kaiji_schema::log::{Checkpoint, Consistency, Note, ProofError, consistency_proof};

use super::{Evidence, corrupt};
use crate::exchange::cosign::cosigned;
use crate::exchange::log::lost;
use crate::storage::anchors::{self, TimestampRow};
use crate::storage::{DbConnection, Error as StorageError, log};

/// The checkpoints, by their sizes.
pub(super) struct Checkpoints {
    with_receipt: u64,
    newest: u64,
    stamped_after: Option<Timestamp>,
    notes: BTreeMap<u64, String>,
    stamps: BTreeMap<u64, Vec<u8>>,
}

impl Checkpoints {
    /// Those around the leaf that is a statement's receipt.
    pub(super) fn around(connection: &mut DbConnection, leaf: i64) -> Result<Self, StorageError> {
        let missing = || StorageError::Corrupt(format!("no checkpoint with leaf {leaf}"));
        let mut found = Self {
            with_receipt: 0,
            newest: 0,
            stamped_after: None,
            notes: BTreeMap::new(),
            stamps: BTreeMap::new(),
        };
        if let Some(stamped) = anchors::timestamp_before(connection, leaf)? {
            found.take_stamped(stamped)?;
        } else {
            let before = log::checkpoint_before(connection, leaf)?;
            if let Some(before) = before.filter(|(size, _)| *size > 0) {
                found.take(connection, before)?;
            }
        }
        found.with_receipt = if let Some(stamped) = anchors::timestamp_with(connection, leaf)? {
            found.stamped_after = Timestamp::from_millisecond(stamped.stamped_at).ok();
            found.take_stamped(stamped)?
        } else {
            let after = log::checkpoint_with(connection, leaf)?.ok_or_else(missing)?;
            found.take(connection, after)?
        };
        let newest = log::newest_checkpoint(connection)?.ok_or_else(missing)?;
        found.newest = found.take(connection, newest)?;
        Ok(found)
    }

    fn take(
        &mut self,
        connection: &mut DbConnection,
        (size, note): (i64, String),
    ) -> Result<u64, StorageError> {
        let leaves = u64::try_from(size).map_err(corrupt)?;
        // One that was stamped keeps exactly the bytes that were.
        if let Entry::Vacant(place) = self.notes.entry(leaves) {
            place.insert(cosigned(connection, size, note)?);
        }
        Ok(leaves)
    }

    fn take_stamped(&mut self, stamped: TimestampRow) -> Result<u64, StorageError> {
        let leaves = u64::try_from(stamped.size).map_err(corrupt)?;
        self.notes.insert(leaves, stamped.stamped_note);
        self.stamps.insert(leaves, stamped.token);
        Ok(leaves)
    }

    /// The size of the one under which the receipt is proven.
    pub(super) fn with_receipt(&self) -> u64 {
        self.with_receipt
    }

    /// The size of the newest.
    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    /// When an authority stamped one that holds the receipt.
    pub(super) fn stamped_after(&self) -> Option<Timestamp> {
        self.stamped_after
    }

    /// The one of that size.
    pub(super) fn note(&self, size: u64) -> Result<&str, StorageError> {
        let note = self.notes.get(&size).map(String::as_str);
        note.ok_or_else(|| corrupt(format!("no checkpoint of {size}")))
    }

    /// What is frozen of them: notes and stamps are shared by all evidence of one moment.
    pub(super) fn freeze(&self, anchors: &mut Anchors) -> Vec<u64> {
        for (size, note) in &self.notes {
            // One that was stamped keeps exactly the bytes that were.
            if self.stamps.contains_key(size) || !anchors.notes.contains_key(size) {
                anchors.notes.insert(*size, note.clone());
            }
        }
        let stamps = self.stamps.iter();
        let stamps = stamps.map(|(size, token)| (*size, BASE64_STANDARD.encode(token)));
        anchors.stamps.extend(stamps);
        self.notes.keys().copied().collect()
    }

    /// Those that were frozen.
    pub(super) fn thaw(frozen: &FrozenEvidence, anchors: &Anchors) -> Result<Self, StorageError> {
        let mut found = Self {
            with_receipt: frozen.with_receipt,
            newest: anchors.log_size,
            stamped_after: frozen.stamped_after,
            notes: BTreeMap::new(),
            stamps: BTreeMap::new(),
        };
        for size in &frozen.checkpoints {
            let missing = || corrupt(format!("no checkpoint of {size} was frozen"));
            let note = anchors.notes.get(size).ok_or_else(missing)?;
            found.notes.insert(*size, note.clone());
            if let Some(token) = anchors.stamps.get(size) {
                let token = BASE64_STANDARD.decode(token).map_err(corrupt)?;
                found.stamps.insert(*size, token);
            }
        }
        Ok(found)
    }

    /// The root of the newest.
    pub(super) fn newest_root(&self) -> Result<Digest, StorageError> {
        let note = Note::parse(self.note(self.newest)?).map_err(corrupt)?;
        Ok(Checkpoint::parse(note.body()).map_err(corrupt)?.root)
    }

    /// Puts them into a folder, with their stamps, and with the proofs that each is the beginning of the next.
    pub(super) fn put(
        &self,
        connection: &mut DbConnection,
        evidence: &mut Evidence,
        tsa_root: Option<&str>,
    ) -> Result<(), StorageError> {
        for (size, note) in &self.notes {
            evidence.put(&files::checkpoint(*size), note.as_str());
        }
        for (from, to) in self.notes.keys().zip(self.notes.keys().skip(1)) {
            let (from, to) = (*from, *to);
            let hashes = consistency_proof(&mut log::tiles(connection), from, to);
            let hashes = hashes.map_err(|error| match error {
                ProofError::Node(error) => lost(error),
                beyond @ ProofError::Beyond { .. } => corrupt(beyond),
            })?;
            let proof = Consistency { from, to, hashes };
            evidence.put(&files::consistency(from, to), proof.to_text());
        }
        // Without the authority's root a stamp cannot be checked; the operator is told to configure it.
        if let Some(root) = tsa_root.filter(|_| !self.stamps.is_empty()) {
            evidence.put(files::TSA_ROOT, root);
            for (size, token) in &self.stamps {
                evidence.put(&files::stamp(*size), token.as_slice());
            }
        }
        Ok(())
    }
}
