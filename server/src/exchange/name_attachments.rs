//! A statement names files, which its vendor must have brought before; from then on they are kept.

use kaiji_schema::statement::Attachment;
use kaiji_schema::violation::Violation;

use super::take_file::stored_size;
use crate::storage::attachments::{self, NamingRow};
use crate::storage::{DbConnection, Error as StorageError, Tx};

/// Every file that a statement names and the vendor did not bring, or brought in another size.
pub(super) fn missing_attachments(
    connection: &mut DbConnection,
    vendor: &str,
    files: &[Attachment],
) -> Result<Vec<Violation>, StorageError> {
    let mut found = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let held = attachments::find(connection, vendor, &file.sha256.to_string())?;
        let pointer = format!("/attachments/{index}");
        match held {
            None => {
                let detail = "upload the file first: PUT /api/v1/attachments/{sha256}";
                let pointer = format!("{pointer}/sha256");
                found.push(Violation::new(&pointer, "missing_attachment", detail));
            }
            Some(held) if held.bytes != stored_size(file.bytes) => {
                let detail = format!("the file of this digest has {} bytes", held.bytes);
                let pointer = format!("{pointer}/bytes");
                found.push(Violation::new(&pointer, "attachment_size", detail));
            }
            Some(_) => {}
        }
    }
    Ok(found)
}

/// Notes which files a new statement names, so that they are kept. Runs inside the writer.
pub(super) fn name_attachments(
    tx: &mut Tx<'_>,
    vendor: &str,
    statement_sha256: &str,
    files: &[Attachment],
) -> Result<(), StorageError> {
    for (position, file) in (0..).zip(files) {
        let row = NamingRow {
            statement_sha256: statement_sha256.to_owned(),
            position,
            vendor_id: vendor.to_owned(),
            attachment_sha256: file.sha256.to_string(),
            name: file.name.clone(),
        };
        attachments::name(tx, &row)?;
    }
    Ok(())
}
