//! An inspection as the institution sees it, with what is counted of it.

use kaiji_schema::comparison::Outcome;
use kaiji_schema::inspection::Facts;
use serde::{Deserialize, Serialize};

use crate::exchange::Moment;
use crate::storage::Error as StorageError;
use crate::storage::inspections::InspectionRow;

/// An inspection.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct InspectionView {
    /// Opaque id, `isp_…`.
    pub id: String,
    /// What the institution calls it.
    pub title: Option<String>,
    /// The day of the visit, where it is known.
    pub visit_on: Option<String>,
    /// The moment that everything in it is of.
    #[schema(value_type = String)]
    pub frozen_at: Moment,
    /// Who froze it: a client (`cli_…`) or a person (`usr_…`).
    pub frozen_by: String,
    /// The organisation whose they are, where it acted for the institution by its mandate.
    pub agent: Option<String>,
    /// How many leaves the log had: the evidence is under the checkpoint of this size.
    pub log_size: i64,
    /// SHA-256 of the frozen facts (`facts.json` in the package), which is also printed in the PDF.
    pub facts_sha256: String,
    /// What is counted of it.
    pub summary: InspectionSummary,
}

/// What is counted of an inspection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct InspectionSummary {
    /// Systems of the inventory.
    pub systems: usize,
    /// Systems for which no statement was received.
    pub systems_without_statement: usize,
    /// Statements that are held.
    pub statements: usize,
    /// Items of all systems: 適合.
    pub conforming: usize,
    /// Items of all systems: 対象外.
    pub not_applicable: usize,
    /// Items of all systems: 要リスク評価.
    pub nonconforming: usize,
    /// Items of all systems: 要確認.
    pub unconfirmed: usize,
    /// Risk reviews that are still to be worked on.
    pub open_reviews: usize,
    /// Risk reviews that were approved or need none any more.
    pub settled_reviews: usize,
    /// Items of the checklist that are answered はい or 対象外.
    pub checklist_done: usize,
    /// All items of the checklist.
    pub checklist_items: usize,
}

impl InspectionSummary {
    /// Counts.
    pub(super) fn of(facts: &Facts) -> Self {
        let counts = facts.summary();
        let items = |outcome: Outcome| {
            let mut counts = counts.iter();
            let found = counts.find(|(counted, _)| *counted == outcome);
            found.map_or(0, |(_, count)| *count)
        };
        let open = facts.reviews.iter().filter(|review| review.is_open());
        let open = open.count();
        let bare = |system: &&kaiji_schema::inspection::SystemFact| system.statements.is_empty();
        let answered = facts
            .checklist
            .iter()
            .filter(|item| item.answer != "いいえ");
        Self {
            systems: facts.systems.len(),
            systems_without_statement: facts.systems.iter().filter(bare).count(),
            statements: facts.statements.len(),
            conforming: items(Outcome::Conforming),
            not_applicable: items(Outcome::NotApplicable),
            nonconforming: items(Outcome::Nonconforming),
            unconfirmed: items(Outcome::Unconfirmed),
            open_reviews: open,
            settled_reviews: facts.reviews.len() - open,
            checklist_done: answered.count(),
            checklist_items: facts.checklist.len(),
        }
    }
}

impl TryFrom<InspectionRow> for InspectionView {
    type Error = StorageError;

    fn try_from(row: InspectionRow) -> Result<Self, StorageError> {
        let summary = serde_json::from_str(&row.summary)
            .map_err(|error| StorageError::Corrupt(format!("summary of {}: {error}", row.id)))?;
        Ok(Self {
            id: row.id,
            title: row.title,
            visit_on: row.visit_on,
            frozen_at: Moment(row.frozen_at),
            frozen_by: row.frozen_by,
            agent: row.agent_id,
            log_size: row.log_size,
            facts_sha256: row.facts_sha256,
            summary,
        })
    }
}
