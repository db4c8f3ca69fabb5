//! Whoever holds a link to an inspection looks at it and takes it away. Every time is put down for the institution, also
//! those that are refused because the link has ended.

use std::sync::Arc;

use kaiji_schema::sheet::Encoding;
use serde::Serialize;

use super::links::{inspection_of, reference};
use super::package::InspectionPackage;
use super::{InspectionError, InspectionSummary, InspectionView};
use crate::actor::{Act, Actor, OrganisationKind, Scopes, Subject};
use crate::exchange::link::{LinkToken, Recognised};
use crate::exchange::tries::{Counted, TooManyTries};
use crate::exchange::{Exchange, Moment, stored_digest};
use crate::storage::inspections::{self, AccessRow, InspectionLinkRow, InspectionRow};
use crate::storage::{Error as StorageError, organisations};

/// How many hex digits of a token's digest name it in the audit trail.
const NAME_LENGTH: usize = 16;

/// Why a link shows nothing.
#[derive(Debug, thiserror::Error)]
pub enum InspectorError {
    /// It was never made.
    #[error("there is no such link: copy the whole of it from what you were handed")]
    Unknown,
    /// It was good once.
    #[error("the link is no longer good: {0}")]
    Ended(LinkEnd),
    /// Links that were never made were shown too often.
    #[error(transparent)]
    TooManyTries(#[from] TooManyTries),
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<InspectionError> for InspectorError {
    fn from(error: InspectionError) -> Self {
        match error {
            InspectionError::Storage(error) => Self::Storage(error),
            other => Self::Storage(StorageError::Corrupt(other.to_string())),
        }
    }
}

/// Why a link that was good once is no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkEnd {
    /// The institution took it back.
    #[error("the institution revoked it")]
    Revoked,
    /// Its time is over.
    #[error("its time is over; ask the institution for another")]
    Expired,
}

impl LinkEnd {
    /// The word in rows and views.
    fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }
}

/// What the holder of a link wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To look at the summary.
    Summary,
    /// To take the package away.
    Package,
    /// To take the PDF away.
    Document,
}

impl Purpose {
    /// The word in rows and views.
    fn as_str(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Package => "package",
            Self::Document => "document",
        }
    }
}

/// What became of it, where the link was good.
const SHOWN: &str = "shown";

/// Whoever holds a link that is good.
pub struct Inspector {
    link: InspectionLinkRow,
    inspection: InspectionRow,
}

/// An inspection as an inspector sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct InspectedView {
    /// Whose it is.
    pub institution_name: String,
    /// 医療機関コード, ten digits.
    pub medical_institution_code: Option<String>,
    /// For whom the link was made.
    pub label: String,
    /// When the link ends.
    #[schema(value_type = String)]
    pub expires_at: Moment,
    /// The inspection.
    pub inspection: String,
    /// What the institution calls it.
    pub title: Option<String>,
    /// The day of the visit, where it is known.
    pub visit_on: Option<String>,
    /// The moment that everything in it is of.
    #[schema(value_type = String)]
    pub frozen_at: Moment,
    /// SHA-256 of the frozen facts.
    pub facts_sha256: String,
    /// What is counted of it.
    pub summary: InspectionSummary,
}

impl Exchange {
    /// Recognises what the holder of a link to an inspection shows, and puts it down for the institution.
    pub fn receive_inspector(
        &self,
        shown: &str,
        act: Act,
        purpose: Purpose,
    ) -> Result<Inspector, InspectorError> {
        let shown = LinkToken::parse(shown).ok_or(InspectorError::Unknown)?;
        let counted = [Counted::network(&act.address), Counted::link(&shown.id)];
        self.may_try(&counted)??;
        let Some(inspector) = self.recognise_inspector(&shown)? else {
            self.begin_try(&counted)??;
            return Err(InspectorError::Unknown);
        };
        let end = inspector.end(self.clock.now().as_millisecond());
        self.put_down(&inspector, &shown, act, purpose, end)?;
        match end {
            Some(end) => Err(InspectorError::Ended(end)),
            None => Ok(inspector),
        }
    }

    fn recognise_inspector(&self, shown: &LinkToken) -> Result<Option<Inspector>, StorageError> {
        let Some(link) = self.db.read(|c| inspections::find_link(c, &shown.id))? else {
            return Ok(None);
        };
        let kept = stored_digest(&link.token_sha256)?;
        let recognised = self
            .links
            .recognise(&reference(&link.id), &kept, &shown.sha256);
        if recognised != Recognised::Newest {
            return Ok(None);
        }
        let inspection = self.db.read(|c| inspection_of(c, &link))?;
        Ok(Some(Inspector { link, inspection }))
    }

    /// Puts an access down, where the institution sees it and in the audit trail.
    fn put_down(
        &self,
        inspector: &Inspector,
        shown: &LinkToken,
        act: Act,
        purpose: Purpose,
        end: Option<LinkEnd>,
    ) -> Result<(), StorageError> {
        let actor = inspector.actor(shown, act);
        let id = self.new_id("acc")?;
        let link = &inspector.link;
        let (link, inspection) = (link.id.clone(), link.inspection_id.clone());
        let address = actor.act.address.clone();
        self.write(&actor, move |tx| {
            let row = AccessRow {
                id: id.clone(),
                inspection_id: inspection.clone(),
                link_id: link.clone(),
                occurred_at: tx.now().as_millisecond(),
                address: address.clone(),
                what: purpose.as_str().to_owned(),
                result: end.map_or(SHOWN, LinkEnd::as_str).to_owned(),
            };
            inspections::insert_access(tx, &row)
        })?;
        Ok(())
    }

    /// What an inspector sees first.
    pub fn inspected(&self, inspector: &Inspector) -> Result<InspectedView, InspectorError> {
        let Inspector { link, inspection } = inspector;
        let id = &inspection.institution_id;
        let institution = self.db.read(|c| organisations::find(c, id))?;
        let missing = || StorageError::Corrupt(format!("no institution {id}"));
        let institution = institution.ok_or_else(missing)?;
        let view = InspectionView::try_from(inspection.clone())?;
        Ok(InspectedView {
            institution_name: institution.name,
            medical_institution_code: institution.medical_institution_code,
            label: link.label.clone(),
            expires_at: Moment(link.expires_at),
            inspection: view.id,
            title: view.title,
            visit_on: view.visit_on,
            frozen_at: view.frozen_at,
            facts_sha256: view.facts_sha256,
            summary: view.summary,
        })
    }

    /// Begins to hand an inspector the package.
    pub fn inspector_package(
        &self,
        inspector: &Inspector,
        encoding: Encoding,
    ) -> Result<InspectionPackage, InspectorError> {
        Ok(self.begin_package(&inspector.inspection, encoding)?)
    }

    /// Hands an inspector the PDF; the inspection's id goes with it.
    pub fn inspector_document(
        &self,
        inspector: &Inspector,
    ) -> Result<(String, Vec<u8>), InspectorError> {
        let row = &inspector.inspection;
        Ok((row.id.clone(), self.printed(row)?))
    }
}

impl Inspector {
    /// Why the link is good no longer at that time, if it is not.
    fn end(&self, now: i64) -> Option<LinkEnd> {
        if self.link.revoked_at.is_some() {
            Some(LinkEnd::Revoked)
        } else if self.link.expires_at <= now {
            Some(LinkEnd::Expired)
        } else {
            None
        }
    }

    /// As the audit trail of the institution names them: by their link.
    fn actor(&self, shown: &LinkToken, act: Act) -> Actor {
        let mut token = shown.sha256.to_string();
        token.truncate(NAME_LENGTH);
        Actor {
            organisation: self.inspection.institution_id.clone(),
            kind: OrganisationKind::Institution,
            by: Subject::Link(self.link.id.clone()),
            agent: None,
            scopes: Scopes::default(),
            token,
            act: Arc::new(act),
        }
    }
}
