//! What nobody will ask for is taken away: uploads that were not brought to their end, and files that no statement and no
//! record named in time. In bounded pieces, so that the writer is not held up for long; never a file that is named.

use super::Exchange;
use super::take_file::{list_upload, milliseconds};
use crate::storage::{DbConnection, Error as StorageError, Tx, attachments, evidence_files, files};

/// How many chunks one step takes away: 4 MiB.
const CHUNKS: i64 = 16;

impl Exchange {
    /// Takes away the next piece. Answers whether there was any.
    pub fn sweep_files(&self) -> Result<bool, StorageError> {
        let now = milliseconds(self.clock.now());
        // Asked outside first: an idle service does not write.
        let any = self.db.read(|c| {
            let upload = files::next_expired_upload(c, now)?;
            Ok::<_, StorageError>(upload.is_some() || next_expired(c, now)?.is_some())
        })?;
        if !any {
            return Ok(false);
        }
        Ok(self.db.write(sweep)?.value)
    }
}

/// A file that nothing named in time.
enum Unnamed {
    Attachment(attachments::AttachmentRow),
    Evidence(evidence_files::EvidenceFileRow),
}

fn next_expired(connection: &mut DbConnection, now: i64) -> Result<Option<Unnamed>, StorageError> {
    if let Some(row) = attachments::next_expired(connection, now)? {
        return Ok(Some(Unnamed::Attachment(row)));
    }
    Ok(evidence_files::next_expired(connection, now)?.map(Unnamed::Evidence))
}

/// Runs inside the writer: one bounded piece. Answers whether there was anything to do.
fn sweep(tx: &mut Tx<'_>) -> Result<bool, StorageError> {
    let now = milliseconds(tx.now());
    if let Some(upload) = files::next_expired_upload(tx, now)? {
        let most = usize::try_from(CHUNKS).unwrap_or(usize::MAX);
        if files::delete_chunks(tx, &upload, CHUNKS)? < most {
            files::unlist_upload(tx, &upload)?;
        }
        return Ok(true);
    }
    match next_expired(tx, now)? {
        None => return Ok(false),
        Some(Unnamed::Attachment(row)) => {
            attachments::delete(tx, &row)?;
            list_upload(tx, &row.upload, &row.vendor_id, now)?;
        }
        Some(Unnamed::Evidence(row)) => {
            evidence_files::delete(tx, &row)?;
            list_upload(tx, &row.upload, &row.institution_id, now)?;
        }
    }
    Ok(true)
}
