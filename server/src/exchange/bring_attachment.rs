//! A vendor brings a file that a statement will name; of any kind.

use super::Exchange;
use super::shelf::Shelf;
use super::take_file::{FileError, Upload};
use crate::actor::Actor;

impl Exchange {
    /// Begins to take a vendor's file in, of so many bytes if that was said.
    pub fn begin_attachment(
        &self,
        actor: &Actor,
        sha256: &str,
        announced: Option<u64>,
    ) -> Result<Upload, FileError> {
        self.begin_upload(actor, Shelf::Attachments, sha256, announced)
    }
}
