//! The institution sees who looked at its inspections by a link, when, and from where.

use serde::Serialize;

use super::{InspectionError, own};
use crate::actor::Actor;
use crate::exchange::{Exchange, Moment, Page, Window};
use crate::storage::inspections::{self, AccessRow};

/// One time that a link to an inspection was shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AccessView {
    /// Opaque id, `acc_…`.
    pub id: String,
    /// The link.
    pub link: String,
    /// When.
    #[schema(value_type = String)]
    pub occurred_at: Moment,
    /// The address that the request came from, as in the audit trail.
    pub address: String,
    /// What was asked for: `summary`, `package` or `document`.
    pub what: String,
    /// `shown`; or `revoked` or `expired`, and then nothing was.
    pub result: String,
}

impl From<AccessRow> for AccessView {
    fn from(row: AccessRow) -> Self {
        Self {
            id: row.id,
            link: row.link_id,
            occurred_at: Moment(row.occurred_at),
            address: row.address,
            what: row.what,
            result: row.result,
        }
    }
}

impl Exchange {
    /// When the links to an inspection were shown, the earliest first.
    pub fn list_inspection_accesses(
        &self,
        actor: &Actor,
        inspection: &str,
        window: &Window,
    ) -> Result<Page<AccessView>, InspectionError> {
        let after = window.after_id();
        let rows = self.db.read(|c| {
            own(c, actor, inspection)?;
            let rows = inspections::accesses(c, inspection, after, window.fetch())?;
            Ok::<_, InspectionError>(rows)
        })?;
        Ok(window.page(rows, |row| row.id.clone(), AccessView::from))
    }
}
