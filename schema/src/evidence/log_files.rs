//! The log's files of a folder: checkpoints, proofs of inclusion and of consistency.

use std::collections::BTreeMap;

use super::fault::Fault;
use crate::log::{
    Checkpoint, Consistency, LogProof, Note, NoteError, VerifierKey, inclusion_holds, leaf_hash,
};

/// The keys of a log and those checkpoints of the folder that it signed.
pub(super) struct Log {
    vkeys: Vec<VerifierKey>,
    pub(super) checkpoints: BTreeMap<u64, Checkpoint>,
}

impl Log {
    pub(super) fn new(vkeys: Vec<VerifierKey>) -> Self {
        Self {
            vkeys,
            checkpoints: BTreeMap::new(),
        }
    }

    /// All keys of `log.vkey` have the same name.
    pub(super) fn name(&self) -> &str {
        self.vkeys.first().map_or("", VerifierKey::name)
    }

    /// Reads a checkpoint that at least one key of the log signed, and none in vain.
    fn open(&self, text: &str) -> Result<Checkpoint, Fault> {
        let note = Note::parse(text)?;
        let mut signed = false;
        for vkey in &self.vkeys {
            match note.verify(vkey) {
                Ok(_) => signed = true,
                Err(NoteError::Unsigned(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if !signed {
            return Err(NoteError::Unsigned(self.name().to_owned()).into());
        }
        let checkpoint = Checkpoint::parse(note.body())?;
        if checkpoint.origin == self.name() {
            Ok(checkpoint)
        } else {
            Err(Fault::Form)
        }
    }
}

/// A checkpoint by the size in its name.
pub(super) fn open_checkpoint_file(log: &Log, size: u64, text: &str) -> Result<Checkpoint, Fault> {
    let checkpoint = log.open(text)?;
    if checkpoint.size == size {
        Ok(checkpoint)
    } else {
        Err(Fault::Form)
    }
}

/// That `leaf` is the leaf `index` under a checkpoint of the folder.
pub(super) fn check_proof(log: &Log, text: &str, leaf: &[u8], index: u64) -> Result<(), Fault> {
    let proof = LogProof::parse(text).ok_or(Fault::Form)?;
    // The optional line `extra` is vouched for by nothing, so no evidence has one.
    if proof.to_text() != text {
        return Err(Fault::Form);
    }
    if proof.index != index {
        return Err(Fault::Member("leaf_index"));
    }
    let checkpoint = log.open(&proof.checkpoint)?;
    if log.checkpoints.get(&checkpoint.size) != Some(&checkpoint) {
        return Err(Fault::OtherCheckpoint);
    }
    let (size, root) = (checkpoint.size, &checkpoint.root);
    if inclusion_holds(index, size, &leaf_hash(leaf), &proof.hashes, root) {
        Ok(())
    } else {
        Err(Fault::Root)
    }
}

/// That one checkpoint of the folder is the beginning of another.
pub(super) fn check_consistency(log: &Log, text: &str, from: u64, to: u64) -> Result<(), Fault> {
    let proof = Consistency::parse(text).ok_or(Fault::Form)?;
    if (proof.from, proof.to) != (from, to) {
        return Err(Fault::Form);
    }
    let checkpoint = |size| log.checkpoints.get(&size).ok_or(Fault::Prerequisite);
    if proof.holds(&checkpoint(from)?.root, &checkpoint(to)?.root) {
        Ok(())
    } else {
        Err(Fault::Root)
    }
}
