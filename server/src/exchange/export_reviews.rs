//! `reviews.csv`: every item that is flagged or was reviewed, made piece by piece.

use kaiji_schema::sheet::reviews::{ReviewRow as SheetRow, ReviewValue};
use kaiji_schema::sheet::{Encoding, Sheet};

use super::cosign::line_of;
use super::piece::Piece;
use super::reviews::ReviewValues;
use super::{Exchange, ExportError};
use crate::actor::Actor;
use crate::storage::organisations::{self, OrganisationRow};

/// An export in progress.
pub struct ReviewsExport {
    owner: Option<OrganisationRow>,
    values: ReviewValues,
    /// `None` once the last row is written.
    sheet: Option<Sheet<Piece>>,
    piece: Piece,
    /// The log's checkpoint when it was begun: the signed note, and in one line.
    checkpoint: (String, String),
}

impl ReviewsExport {
    /// The log's checkpoint when the export was begun, a signed note.
    pub fn checkpoint(&self) -> &str {
        &self.checkpoint.0
    }

    fn write(&self, sheet: &mut Sheet<Piece>, value: &ReviewValue) -> Result<(), ExportError> {
        let owner = self.owner.as_ref();
        let code = owner.and_then(|owner| owner.medical_institution_code.as_deref());
        let name = owner.map_or("", |owner| &owner.name);
        Ok(value.write(sheet, (code.unwrap_or_default(), name), &self.checkpoint.1)?)
    }
}

impl Exchange {
    /// Begins the export of the institution's reviews.
    pub fn export_reviews(
        &self,
        actor: &Actor,
        encoding: Encoding,
    ) -> Result<ReviewsExport, ExportError> {
        let institution = &actor.organisation;
        let note = self.checkpoint()?;
        let line = line_of(&note)?;
        let piece = Piece::default();
        Ok(ReviewsExport {
            owner: self.db.read(|c| organisations::find(c, institution))?,
            values: self.begin_review_values(institution)?,
            sheet: Some(Sheet::new(piece.clone(), encoding, &SheetRow::HEADER)?),
            piece,
            checkpoint: (note, line),
        })
    }

    /// The next piece of the file, which may be empty; `None` after the last.
    pub fn continue_reviews_export(
        &self,
        export: &mut ReviewsExport,
    ) -> Result<Option<Vec<u8>>, ExportError> {
        let Some(mut sheet) = export.sheet.take() else {
            return Ok(None);
        };
        let values = self.next_review_values(&mut export.values)?;
        for value in values.iter().flatten() {
            export.write(&mut sheet, value)?;
        }
        sheet.flush()?;
        export.sheet = values.map(|_| sheet);
        Ok(Some(export.piece.take()))
    }
}
