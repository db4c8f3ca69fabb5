//! What an institution says of itself: checklist, kinds of information, contract points. Each has its whole history.
//!
//! A thing is a JSON document of a [`RecordKind`], named by a subject. Whoever changes it says which revision they saw;
//! each change is a new row, and what is taken away is only marked as gone.

use kaiji_schema::violation::Violations;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::idempotency::IdempotencyError;
use super::{Exchange, Moment, Page, Revision, Stale, Window};
use crate::actor::Actor;
use crate::storage::records::{self, RecordRow};
use crate::storage::{DbConnection, Error as StorageError, Tx};

/// Why a record was not made, changed or found.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The institution has none of that name.
    #[error("there is no such thing on your list")]
    NotFound,
    /// What it says breaks rules.
    #[error(transparent)]
    Violations(#[from] Violations),
    /// It has changed since the caller read it.
    #[error(transparent)]
    Stale(#[from] Stale),
    /// What the exchange knows about it is no longer what the caller saw.
    #[error("what the exchange knows about this has changed since: look at it again")]
    FactsChanged,
    /// By what the exchange knows, it is not done.
    #[error("by what the exchange knows, this is not done: say yourself how it stands")]
    NotDone,
    /// See [`IdempotencyError`].
    #[error(transparent)]
    Idempotency(#[from] IdempotencyError),
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RecordKind {
    /// An item of the checklist (遵守項目); its subject is `checklist/item`.
    ChecklistItem,
    /// A kind of information; its subject is its id.
    InformationKind,
    /// The contract points of a system; its subject is the system's id.
    ContractPoints,
}

impl RecordKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::ChecklistItem => "checklist_item",
            Self::InformationKind => "information_kind",
            Self::ContractPoints => "contract_points",
        }
    }
}

/// A document as it stands, and which revision of it that is.
#[derive(Debug, Clone)]
pub(super) struct Record<T> {
    pub(super) subject: String,
    pub(super) revision: i64,
    pub(super) changed_at: Moment,
    pub(super) document: T,
}

/// One revision of a record.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ChangeView {
    /// Counts the changes, from 1.
    pub revision: i64,
    /// When it was made.
    #[schema(value_type = String)]
    pub changed_at: Moment,
    /// Who made it: a person (`usr_…`) or a client (`cli_…`).
    pub changed_by: String,
    /// The organisation whose they are, where it acted for the institution by its mandate.
    pub agent: Option<String>,
    /// What was said; null where it was taken off the list.
    #[schema(value_type = Option<Object>)]
    pub document: Option<Box<RawValue>>,
}

/// Every record of that kind, in the order of their subjects.
pub(super) fn all_records<T: DeserializeOwned>(
    connection: &mut DbConnection,
    institution: &str,
    kind: RecordKind,
) -> Result<Vec<Record<T>>, StorageError> {
    let rows = records::all(connection, institution, kind.as_str())?;
    let found = rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    Ok(found.into_iter().flatten().collect())
}

/// The record of that subject, as it stands.
pub(super) fn find_record<T: DeserializeOwned>(
    connection: &mut DbConnection,
    institution: &str,
    kind: RecordKind,
    subject: &str,
) -> Result<Option<Record<T>>, StorageError> {
    match records::newest(connection, institution, kind.as_str(), subject)? {
        Some(row) => read(row),
        None => Ok(None),
    }
}

/// What a row says; `None` where the thing is gone.
fn read<T: DeserializeOwned>(row: RecordRow) -> Result<Option<Record<T>>, StorageError> {
    let Some(document) = row.document else {
        return Ok(None);
    };
    let document = serde_json::from_str(&document).map_err(|error| {
        StorageError::Corrupt(format!("the {} {}: {error}", row.kind, row.subject))
    })?;
    Ok(Some(Record {
        subject: row.subject,
        revision: row.revision,
        changed_at: Moment(row.changed_at),
        document,
    }))
}

/// A change to a record that is about to be made.
pub(super) struct Change<'a> {
    pub(super) actor: &'a Actor,
    pub(super) kind: RecordKind,
    pub(super) subject: &'a str,
    /// The revision that the change is meant for.
    pub(super) expected: Option<Revision>,
}

impl Change<'_> {
    /// Makes it. Runs inside the writer. A thing that nobody has said anything of yet is of the revision 0.
    pub(super) fn make<T: Serialize>(
        &self,
        tx: &mut Tx<'_>,
        document: T,
    ) -> Result<Record<T>, RecordError> {
        let text = serde_json::to_string(&document)
            .map_err(|error| StorageError::Corrupt(error.to_string()))?;
        let row = self.add(tx, Some(text))?;
        Ok(Record {
            subject: row.subject,
            revision: row.revision,
            changed_at: Moment(row.changed_at),
            document,
        })
    }

    /// Marks the thing as gone. Runs inside the writer.
    pub(super) fn remove(&self, tx: &mut Tx<'_>) -> Result<(), RecordError> {
        self.add(tx, None)?;
        Ok(())
    }

    fn add(&self, tx: &mut Tx<'_>, document: Option<String>) -> Result<RecordRow, RecordError> {
        let institution = &self.actor.organisation;
        let newest = records::newest(tx, institution, self.kind.as_str(), self.subject)?;
        let revision = Revision(newest.map_or(0, |row| row.revision)).expect(self.expected)?;
        let row = RecordRow {
            institution_id: institution.clone(),
            kind: self.kind.as_str().to_owned(),
            subject: self.subject.to_owned(),
            revision: revision.0,
            document,
            changed_at: tx.now().as_millisecond(),
            changed_by: self.actor.by.id().to_owned(),
            agent_id: self.actor.agent.clone(),
        };
        records::insert(tx, &row)?;
        Ok(row)
    }
}

impl Exchange {
    /// The revisions of a record, the first first.
    pub(super) fn record_history(
        &self,
        actor: &Actor,
        kind: RecordKind,
        subject: &str,
        window: &Window,
    ) -> Result<Page<ChangeView>, StorageError> {
        let (institution, after) = (&actor.organisation, window.after_number(0));
        let rows = self.db.read(|c| {
            records::history(
                c,
                institution,
                kind.as_str(),
                subject,
                after,
                window.fetch(),
            )
        })?;
        let page = window.page(rows, |row| row.revision.to_string(), shown);
        Ok(Page {
            items: page.items.into_iter().collect::<Result<_, _>>()?,
            next: page.next,
        })
    }
}

fn shown(row: RecordRow) -> Result<ChangeView, StorageError> {
    let document = row.document.map(RawValue::from_string).transpose();
    Ok(ChangeView {
        revision: row.revision,
        changed_at: Moment(row.changed_at),
        changed_by: row.changed_by,
        agent: row.agent_id,
        document: document.map_err(|error| StorageError::Corrupt(error.to_string()))?,
    })
}
