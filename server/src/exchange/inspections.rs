//! Inspections (立入検査): an institution freezes what it has to show, and hands it to an inspector, as a package or by a
//! link.
//!
//! What is frozen are facts ([`kaiji_schema::inspection`]); package and PDF are made of them whenever they are asked for,
//! and are the same bytes each time.

mod access;
mod collect;
mod dealings;
mod deliver;
mod freeze;
mod guide;
mod inspector;
mod kept;
mod links;
mod own_work;
mod package;
mod view;

use kaiji_schema::inspection::Facts;
use kaiji_schema::violation::Violations;

use super::idempotency::IdempotencyError;
use super::read_statement::ReadStatementError;
use super::{Exchange, LogError, Page, Window};
use crate::actor::Actor;
use crate::storage::inspections::{self, InspectionRow};
use crate::storage::{DbConnection, Error as StorageError};

pub use access::AccessView;
pub use freeze::NewInspection;
pub use inspector::{InspectedView, Inspector, InspectorError, LinkEnd, Purpose};
pub use links::{InspectionLinkView, MadeLink, NewInspectionLink};
pub use package::InspectionPackage;
pub use view::{InspectionSummary, InspectionView};

/// Why an inspection was not frozen, shown or opened to anybody.
#[derive(Debug, thiserror::Error)]
pub enum InspectionError {
    /// The institution has none of that id.
    #[error("there is no such inspection")]
    NotFound,
    /// What was sent breaks rules.
    #[error(transparent)]
    Violations(#[from] Violations),
    /// The log has no checkpoint to freeze it under.
    #[error(transparent)]
    Log(#[from] LogError),
    /// See [`IdempotencyError`].
    #[error(transparent)]
    Idempotency(#[from] IdempotencyError),
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<ReadStatementError> for InspectionError {
    fn from(error: ReadStatementError) -> Self {
        match error {
            ReadStatementError::Storage(error) => Self::Storage(error),
            ReadStatementError::NotFound | ReadStatementError::OtherChain => Self::NotFound,
        }
    }
}

impl Exchange {
    /// The institution's inspections, in the order in which they were frozen.
    pub fn list_inspections(
        &self,
        actor: &Actor,
        window: &Window,
    ) -> Result<Page<InspectionView>, InspectionError> {
        let (institution, after) = (&actor.organisation, window.after_id());
        let rows = self
            .db
            .read(|c| inspections::list(c, institution, after, window.fetch()))?;
        let page = window.page(rows, |row| row.id.clone(), InspectionView::try_from);
        Ok(Page {
            items: page.items.into_iter().collect::<Result<_, _>>()?,
            next: page.next,
        })
    }

    /// One of them.
    pub fn find_inspection(
        &self,
        actor: &Actor,
        id: &str,
    ) -> Result<InspectionView, InspectionError> {
        let row = self.db.read(|c| own(c, actor, id))?;
        Ok(row.try_into()?)
    }

    /// The PDF of an inspection.
    pub fn inspection_document(&self, actor: &Actor, id: &str) -> Result<Vec<u8>, InspectionError> {
        let row = self.db.read(|c| own(c, actor, id))?;
        self.printed(&row)
    }

    fn printed(&self, row: &InspectionRow) -> Result<Vec<u8>, InspectionError> {
        let (_, facts) = self.db.read(|c| frozen(c, row))?;
        let printed = crate::print::inspection(&facts, &row.facts_sha256);
        Ok(printed.map_err(|error| StorageError::Corrupt(error.to_string()))?)
    }
}

/// The caller's inspection of that id.
fn own(
    connection: &mut DbConnection,
    actor: &Actor,
    id: &str,
) -> Result<InspectionRow, InspectionError> {
    inspections::find(connection, &actor.organisation, id)?.ok_or(InspectionError::NotFound)
}

/// The facts of an inspection, as they are kept and read.
fn frozen(
    connection: &mut DbConnection,
    row: &InspectionRow,
) -> Result<(Vec<u8>, Facts), StorageError> {
    let deflated = inspections::facts(connection, &row.id)?;
    let facts = kept::inflated(&deflated, &row.facts_sha256)
        .map_err(|error| StorageError::Corrupt(format!("the facts of {}: {error}", row.id)))?;
    Ok((deflated, facts))
}
