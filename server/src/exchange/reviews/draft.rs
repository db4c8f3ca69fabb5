//! Writing a review. What it rests on is what is found now; an approved edition stays in force until another is approved.

use kaiji_schema::requirement::RequirementSet;
use kaiji_schema::review::{Content, Edition};
use kaiji_schema::violation::Violations;

use super::steps::{self, By, Deed, by};
use super::view::ReviewDocument;
use super::{ReviewError, ReviewedItem, look};
use crate::actor::Actor;
use crate::exchange::Exchange;
use crate::exchange::evidence_files::name_evidence_files;
use crate::exchange::revision::{Revision, Stale};
use crate::exchange::risk_matrix::Matrices;
use crate::storage::reviews::{self, ReviewRow};
use crate::storage::{Error as StorageError, Tx};

impl Exchange {
    /// Writes the draft of a review, the first or another edition.
    pub fn draft_review(
        &self,
        actor: &Actor,
        system: &str,
        item: &str,
        content: Content,
        expected: Option<Revision>,
    ) -> Result<ReviewDocument, ReviewError> {
        let new_id = self.new_id("rvw")?;
        let as_of = self.as_of(&actor.organisation);
        let draft = self.db.read(|c| {
            let institution = &actor.organisation;
            let found = look(c, as_of, system, item)?;
            let found = found.ok_or_else(|| nothing_to_review(as_of.set, item))?;
            let matrices = Matrices::read(c, institution)?;
            Violations::from_vec(content.beyond(matrices.current()?.1))?;
            Draft::new(institution, &found, content, &matrices, new_id)
        })?;
        let asking = actor.clone();
        self.write(actor, move |tx| {
            let by = by(tx, &asking)?;
            draft.write(tx, &by, expected)
        })?;
        self.find_review(actor, system, item)
    }
}

/// An item that is in the set is not flagged; others there are not.
fn nothing_to_review(set: &RequirementSet, item: &str) -> ReviewError {
    if set.item(item).is_some() {
        ReviewError::NotFlagged
    } else {
        ReviewError::NotFound
    }
}

/// An edition that is about to be written. Its number comes with the row.
pub(in crate::exchange) struct Draft {
    institution_id: String,
    /// The review's id, if this is its first edition.
    new_id: String,
    edition: Edition,
}

impl Draft {
    /// The edition of what is found now, which must be flagged.
    pub(in crate::exchange) fn new(
        institution_id: &str,
        found: &ReviewedItem,
        content: Content,
        matrices: &Matrices,
        new_id: String,
    ) -> Result<Self, ReviewError> {
        let basis = found.flagged().ok_or(ReviewError::NotFlagged)?;
        let (version, matrix) = matrices.current()?;
        Ok(Self {
            institution_id: institution_id.to_owned(),
            edition: Edition {
                schema: Edition::SCHEMA.to_owned(),
                review: new_id.clone(),
                edition: 0,
                system: found.system.clone(),
                system_name: found.system_name.clone(),
                item: found.item.clone(),
                matrix: version,
                level: content.level(matrix),
                template: None,
                content,
                basis: basis.clone(),
            },
            new_id,
        })
    }

    /// The same, as a template of measures filled it in.
    pub(in crate::exchange) fn filled_in_by(mut self, template: &str) -> Self {
        self.edition.template = Some(template.to_owned());
        self
    }

    /// Writes it, if the review has the revision that is expected; 0 is one that is not there yet.
    pub(in crate::exchange) fn write(
        &self,
        tx: &mut Tx<'_>,
        by: &By,
        expected: Option<Revision>,
    ) -> Result<(), ReviewError> {
        let Edition { system, item, .. } = &self.edition;
        let known = reviews::find(tx, &self.institution_id, system, item)?;
        let row = known.unwrap_or_else(|| self.begun(tx));
        expect(row.revision, expected)?;
        let evidence = &self.edition.content.evidence;
        let missing = name_evidence_files(tx, &self.institution_id, evidence, "/evidence")?;
        Violations::from_vec(missing)?;
        let mut change = steps::next(tx, &row, by, Deed::Drafted);
        let edition = Edition {
            review: row.id.clone(),
            edition: change.number,
            ..self.edition.clone()
        };
        change.document = Some(
            serde_json::to_string(&edition)
                .map_err(|error| StorageError::Corrupt(error.to_string()))?,
        );
        let row = ReviewRow {
            system_name: edition.system_name,
            written: change.number,
            ..row
        };
        Ok(steps::put_down(tx, row, &change, Deed::Drafted)?)
    }

    fn begun(&self, tx: &Tx<'_>) -> ReviewRow {
        let now = tx.now().as_millisecond();
        ReviewRow {
            id: self.new_id.clone(),
            institution_id: self.institution_id.clone(),
            system_id: self.edition.system.clone(),
            system_name: self.edition.system_name.clone(),
            item: self.edition.item.clone(),
            state: String::new(),
            revision: 0,
            written: 0,
            approved: None,
            review_on: None,
            created_at: now,
            updated_at: now,
        }
    }
}

/// Refuses a change that is meant for another revision.
pub(super) fn expect(revision: i64, expected: Option<Revision>) -> Result<(), Stale> {
    Revision(revision).expect(expected).map(drop)
}
