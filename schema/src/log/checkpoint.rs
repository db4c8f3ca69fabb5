//! Checkpoints (`c2sp.org/tlog-checkpoint`): what a log says it is at some size.

use super::note::{Note, NoteError, VerifierKey};
use super::text::{base64_line, decimal, hash_line};
use crate::digest::Digest;
use crate::key::SigningKey;

/// A log's name, its size and the root over all its leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// How many leaves.
    pub size: u64,
    /// The Merkle tree hash over them.
    pub root: Digest,
}

impl Checkpoint {
    /// The text that is signed: three lines.
    pub fn body(&self) -> String {
        format!(
            "{}\n{}\n{}",
            self.origin,
            self.size,
            base64_line(&self.root)
        )
    }

    /// Signs it with the log's key.
    pub fn sign(&self, key: &SigningKey) -> Result<Note, NoteError> {
        Note::sign(self.body(), &self.origin, key)
    }

    /// Reads the text of a note, whoever signed it. Further lines, which C2SP allows, are refused: this log has none.
    pub fn parse(body: &str) -> Result<Self, NoteError> {
        let malformed = NoteError::Malformed("a checkpoint has three lines: name, size, root");
        let mut lines = body
            .strip_suffix('\n')
            .ok_or(malformed.clone())?
            .split('\n');
        let (Some(origin), Some(size), Some(root), None) =
            (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(malformed);
        };
        match (decimal(size), hash_line(root)) {
            (Some(size), Some(root)) if !origin.is_empty() => Ok(Self {
                origin: origin.to_owned(),
                size,
                root,
            }),
            _ => Err(malformed),
        }
    }

    /// Reads a signed checkpoint, if the log of that key signed it.
    pub fn open(text: &str, vkey: &VerifierKey) -> Result<Self, NoteError> {
        let note = Note::parse(text)?;
        note.verify(vkey)?;
        let checkpoint = Self::parse(note.body())?;
        if checkpoint.origin == vkey.name() {
            Ok(checkpoint)
        } else {
            Err(NoteError::Unsigned(vkey.name().to_owned()))
        }
    }
}
