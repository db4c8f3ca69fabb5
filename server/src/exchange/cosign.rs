//! Witnesses' cosignatures on checkpoints (`c2sp.org/tlog-cosignature`): others say that they saw the log only grow.
//!
//! The operator hands them in, and only lines of witnesses that he configured are kept. They stand after the log's own
//! line wherever the checkpoint is shown.

use jiff::Timestamp;
use kaiji_schema::log::{Checkpoint, Note, NoteError, NoteSignature};
use serde::Serialize;

use super::{Exchange, LogError, Moment};
use crate::actor::Actor;
use crate::storage::anchors::{self, CosignatureRow};
use crate::storage::{DbConnection, Error as StorageError, log};

/// Why cosignatures are not kept.
#[derive(Debug, thiserror::Error)]
pub enum CosignError {
    /// The text is no checkpoint.
    #[error(transparent)]
    Note(NoteError),
    /// It is not one that this log signed.
    #[error("the log signed no checkpoint with this text")]
    AnotherCheckpoint,
    /// A line claims to be a witness's and is not.
    #[error(transparent)]
    Signature(NoteError),
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// The cosignatures that are kept of those handed in.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Cosigned {
    /// The size of the checkpoint.
    pub size: u64,
    /// Those that verify.
    pub witnesses: Vec<WitnessView>,
}

/// A witness's cosignature.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct WitnessView {
    /// The witness.
    pub name: String,
    /// Which of its keys, in hex.
    pub key_id: String,
    /// When it saw the checkpoint, as it says.
    #[schema(value_type = String)]
    pub time: Moment,
}

impl Exchange {
    /// Keeps the lines of witnesses that stand under a checkpoint of this log.
    pub fn cosign(&self, actor: &Actor, text: &str) -> Result<Cosigned, CosignError> {
        let note = Note::parse(text).map_err(CosignError::Note)?;
        let checkpoint = Checkpoint::parse(note.body()).map_err(CosignError::Note)?;
        let size = i64::try_from(checkpoint.size).map_err(|_| CosignError::AnotherCheckpoint)?;
        let ours = self.db.read(|c| log::checkpoint(c, size))?;
        let ours = ours.and_then(|ours| Note::parse(&ours).ok());
        if ours.is_none_or(|ours| ours.body() != note.body()) {
            return Err(CosignError::AnotherCheckpoint);
        }
        let known = self.witnessed(&note)?;
        let rows: Vec<CosignatureRow> = known
            .iter()
            .map(|(line, _)| CosignatureRow {
                size,
                name: line.name.clone(),
                key_id: hex(line.key_id),
                line: line.to_line(),
            })
            .collect();
        let keep = move |tx: &mut crate::storage::Tx<'_>| {
            rows.iter()
                .try_for_each(|row| anchors::insert_cosignature(tx, row))
        };
        self.write::<_, StorageError, _>(actor, keep)?;
        let view = |(line, time): &(&NoteSignature, Timestamp)| WitnessView {
            name: line.name.clone(),
            key_id: hex(line.key_id),
            time: Moment(time.as_millisecond()),
        };
        Ok(Cosigned {
            size: checkpoint.size,
            witnesses: known.iter().map(view).collect(),
        })
    }

    /// The lines by witnesses that are known here, each verified. Other lines are passed over, as C2SP says.
    fn witnessed<'n>(
        &self,
        note: &'n Note,
    ) -> Result<Vec<(&'n NoteSignature, Timestamp)>, CosignError> {
        let mut known = Vec::new();
        for witness in &self.anchors.witnesses {
            let by_it =
                |line: &&NoteSignature| line.name == witness.name() && line.key_id == witness.id();
            let Some(line) = note.signatures().iter().find(by_it) else {
                continue;
            };
            let time = note.verify(witness).map_err(CosignError::Signature)?;
            known.extend(time.map(|time| (line, time)));
        }
        Ok(known)
    }

    /// The newest checkpoint in one line, `<origin> <size> <root>`: for exports and letters.
    pub fn checkpoint_line(&self) -> Result<String, LogError> {
        line_of(&self.checkpoint()?)
    }
}

/// A checkpoint in one line: its text with spaces for line feeds.
pub(super) fn line_of(note: &str) -> Result<String, LogError> {
    let note = Note::parse(note).map_err(|error| StorageError::Corrupt(error.to_string()))?;
    Ok(note.body().trim_end().replace('\n', " "))
}

/// A checkpoint as it is shown: the log's own line, then the witnesses'.
pub(super) fn cosigned(
    connection: &mut DbConnection,
    size: i64,
    mut note: String,
) -> Result<String, StorageError> {
    note.extend(anchors::cosignatures(connection, size)?);
    Ok(note)
}

fn hex(key_id: [u8; 4]) -> String {
    format!("{:08x}", u32::from_be_bytes(key_id))
}
