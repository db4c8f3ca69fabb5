//! What nobody will ask for is taken away: uploads that were not brought to their end, and files that no statement
//! named in time. In bounded pieces, so that the writer is not held up for long; never a file that a statement names.

use super::Exchange;
use super::bring_attachment::{list_upload, milliseconds};
use crate::storage::attachments;
use crate::storage::{Error as StorageError, Tx};

/// How many chunks one step takes away: 4 MiB.
const CHUNKS: i64 = 16;

impl Exchange {
    /// Takes away the next piece. Answers whether there was any.
    pub fn sweep_attachments(&self) -> Result<bool, StorageError> {
        let now = milliseconds(self.clock.now());
        // Asked outside first: an idle service does not write.
        let any = self.db.read(|c| {
            let upload = attachments::next_expired_upload(c, now)?;
            Ok::<_, StorageError>(upload.is_some() || attachments::next_expired(c, now)?.is_some())
        })?;
        if !any {
            return Ok(false);
        }
        Ok(self.db.write(sweep)?.value)
    }
}

/// Runs inside the writer: one bounded piece. Answers whether there was anything to do.
fn sweep(tx: &mut Tx<'_>) -> Result<bool, StorageError> {
    let now = milliseconds(tx.now());
    if let Some(upload) = attachments::next_expired_upload(tx, now)? {
        let most = usize::try_from(CHUNKS).unwrap_or(usize::MAX);
        if attachments::delete_chunks(tx, &upload, CHUNKS)? < most {
            attachments::unlist_upload(tx, &upload)?;
        }
        return Ok(true);
    }
    let Some(file) = attachments::next_expired(tx, now)? else {
        return Ok(false);
    };
    attachments::delete(tx, &file)?;
    list_upload(tx, &file.upload, &file.vendor_id, now)?;
    Ok(true)
}
