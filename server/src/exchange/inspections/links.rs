//! Links by which an inspector sees one inspection: for some days, until revoked. The institution hands them over itself.

use jiff::SignedDuration;
use kaiji_schema::reader::{FromMembers, Reader};
use serde::Serialize;

use super::{InspectionError, own};
use crate::actor::Actor;
use crate::exchange::idempotency::{Idempotency, made_before, remember};
use crate::exchange::link::{LinkPurpose, LinkRef};
use crate::exchange::{Exchange, Moment, Page, Window};
use crate::storage::inspections::{self, InspectionLinkRow};
use crate::storage::{DbConnection, Error as StorageError};

/// For how many days a link is good that does not say it.
const DAYS: i64 = 7;

/// For how many days a link may be good.
const MOST_DAYS: i64 = 30;

/// A link to be made.
#[derive(Debug, Clone)]
pub struct NewInspectionLink {
    label: String,
    days: i64,
}

impl FromMembers for NewInspectionLink {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let label = reader.required_text("label", 200);
        let days = reader.optional_integer("days", 1..=MOST_DAYS);
        Some(Self {
            label: label?,
            days: days.unwrap_or(DAYS),
        })
    }
}

/// A link to an inspection.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct InspectionLinkView {
    /// Opaque id, `lnk_…`.
    pub id: String,
    /// The inspection.
    pub inspection: String,
    /// For whom it is.
    pub label: String,
    /// Who made it: a client (`cli_…`) or a person (`usr_…`).
    pub made_by: String,
    /// The organisation whose they are, where it acted for the institution by its mandate.
    pub agent: Option<String>,
    /// When it was made.
    #[schema(value_type = String)]
    pub created_at: Moment,
    /// When it ends.
    #[schema(value_type = String)]
    pub expires_at: Moment,
    /// When the institution revoked it.
    #[schema(value_type = Option<String>)]
    pub revoked_at: Option<Moment>,
}

/// A link that was just made.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct MadeLink {
    /// What will be shown of it later.
    #[serde(flatten)]
    pub link: InspectionLinkView,
    /// The address to hand over. It is shown this once, and is all that it takes.
    pub url: String,
}

impl From<InspectionLinkRow> for InspectionLinkView {
    fn from(row: InspectionLinkRow) -> Self {
        Self {
            id: row.id,
            inspection: row.inspection_id,
            label: row.label,
            made_by: row.made_by,
            agent: row.agent_id,
            created_at: Moment(row.created_at),
            expires_at: Moment(row.expires_at),
            revoked_at: row.revoked_at.map(Moment),
        }
    }
}

impl Exchange {
    /// Makes a link to one of the institution's inspections.
    pub fn make_inspection_link(
        &self,
        actor: &Actor,
        inspection: &str,
        new: NewInspectionLink,
        request: Option<Idempotency>,
    ) -> Result<MadeLink, InspectionError> {
        let (id, asking) = (self.new_id("lnk")?, actor.clone());
        let (inspection, links) = (inspection.to_owned(), self.links.clone());
        let made = self.write(actor, move |tx| {
            own(tx, &asking, &inspection)?;
            if let Some(id) = made_before(tx, request.as_ref())? {
                return link_of(tx, &inspection, &id);
            }
            let lasts = SignedDuration::from_hours(24 * new.days);
            let expires_at = tx.now().saturating_add(lasts).unwrap_or(tx.now());
            let row = InspectionLinkRow {
                id: id.clone(),
                inspection_id: inspection.clone(),
                label: new.label.clone(),
                token_sha256: links.digest(&reference(&id)).to_string(),
                made_by: asking.by.id().to_owned(),
                created_at: tx.now().as_millisecond(),
                expires_at: expires_at.as_millisecond(),
                revoked_at: None,
                agent_id: asking.agent.clone(),
            };
            inspections::insert_link(tx, &row)?;
            remember(tx, request.as_ref(), &row.id)?;
            Ok::<_, InspectionError>(row)
        })?;
        Ok(MadeLink {
            url: self.links.url(&reference(&made.value.id)),
            link: made.value.into(),
        })
    }

    /// The links to one of the institution's inspections.
    pub fn list_inspection_links(
        &self,
        actor: &Actor,
        inspection: &str,
        window: &Window,
    ) -> Result<Page<InspectionLinkView>, InspectionError> {
        let after = window.after_id();
        let rows = self.db.read(|c| {
            own(c, actor, inspection)?;
            Ok::<_, InspectionError>(inspections::links(c, inspection, after, window.fetch())?)
        })?;
        Ok(window.page(rows, |row| row.id.clone(), InspectionLinkView::from))
    }

    /// Ends a link. One that was revoked before stays so.
    pub fn revoke_inspection_link(
        &self,
        actor: &Actor,
        inspection: &str,
        link: &str,
    ) -> Result<(), InspectionError> {
        let (asking, inspection, link) = (actor.clone(), inspection.to_owned(), link.to_owned());
        self.write(actor, move |tx| {
            own(tx, &asking, &inspection)?;
            let row = link_of(tx, &inspection, &link)?;
            tx.concerns(&row.id);
            if row.revoked_at.is_none() {
                let now = tx.now().as_millisecond();
                inspections::revoke_link(tx, &row.id, now)?;
            }
            Ok::<_, InspectionError>(())
        })?;
        Ok(())
    }
}

/// What the token of a link is derived from.
pub(super) fn reference(id: &str) -> LinkRef {
    LinkRef {
        purpose: LinkPurpose::OpenInspection,
        id: id.to_owned(),
        generation: 1,
    }
}

fn link_of(
    connection: &mut DbConnection,
    inspection: &str,
    id: &str,
) -> Result<InspectionLinkRow, InspectionError> {
    let found = inspections::find_link(connection, id)?;
    let found = found.filter(|row| row.inspection_id == inspection);
    found.ok_or(InspectionError::NotFound)
}

/// The inspection that a link is to.
pub(super) fn inspection_of(
    connection: &mut DbConnection,
    link: &InspectionLinkRow,
) -> Result<inspections::InspectionRow, StorageError> {
    let missing = || StorageError::Corrupt(format!("link {} without its inspection", link.id));
    inspections::get(connection, &link.inspection_id)?.ok_or_else(missing)
}
