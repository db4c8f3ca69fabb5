//! `reviews.csv`: every item that is flagged or was reviewed, made piece by piece.

use jiff::civil::Date;
use kaiji_schema::sheet::reviews::{ALONE, BY_ANOTHER, ReviewRow as SheetRow};
use kaiji_schema::sheet::{Encoding, Sheet};

use super::cosign::line_of;
use super::piece::Piece;
use super::reviews::{ReviewValue, ReviewValues};
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
        let shown = |day: Option<Date>| day.map_or_else(String::new, |day| day.to_string());
        let evidence = value.evidence.join(" ");
        let [
            target_date,
            accepted_until,
            next_review_on,
            written_on,
            approved_on,
        ] = [
            value.target_date,
            value.accepted_until,
            value.next_review_on,
            value.written_on,
            value.approved_on,
        ]
        .map(shown);
        let leaf = value.approval_leaf;
        let leaf = leaf.map_or_else(String::new, |leaf| leaf.to_string());
        let row = SheetRow {
            institution_code: code.unwrap_or_default(),
            institution: owner.map_or("", |owner| &owner.name),
            system: &value.system_name,
            form: &value.form,
            chapter: &value.chapter,
            number: &value.number,
            text: &value.text,
            judgement: &value.outcome,
            reason: &value.reason,
            standing: &value.standing,
            cause: &value.cause,
            state: &value.state,
            risk: &value.risk,
            likelihood: &value.likelihood,
            impact: &value.impact,
            level: &value.level,
            treatment: &value.treatment,
            measures: &value.measures,
            evidence: &evidence,
            owner: &value.owner,
            target_date: &target_date,
            decision: &value.decision,
            accepted_until: &accepted_until,
            next_review_on: &next_review_on,
            written_by: &value.written_by,
            written_on: &written_on,
            approved_by: &value.approved_by,
            approved_on: &approved_on,
            approval: approval_label(value),
            leaf: &leaf,
            checkpoint: &self.checkpoint.1,
        };
        Ok(sheet.row(row.cells())?)
    }
}

fn approval_label(value: &ReviewValue) -> &'static str {
    match value.approved_on {
        None => "",
        Some(_) if value.approved_alone => ALONE,
        Some(_) => BY_ANOTHER,
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
