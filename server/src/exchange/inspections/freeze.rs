//! An institution freezes what it has to show: once what it holds is delivered to it, everything is read as of one moment.

use jiff::civil::Date;
use kaiji_schema::reader::{FromMembers, Reader};

use super::collect::Collector;
use super::view::InspectionSummary;
use super::{InspectionError, InspectionView, kept, own};
use crate::actor::Actor;
use crate::exchange::Exchange;
use crate::exchange::idempotency::{Idempotency, made_before, remember};
use crate::storage::inspections::{self, FrozenInspection};
use crate::storage::{Error as StorageError, backend};

/// An inspection to be prepared for.
#[derive(Debug, Clone, Default)]
pub struct NewInspection {
    pub(super) title: Option<String>,
    pub(super) visit_on: Option<Date>,
}

impl FromMembers for NewInspection {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            title: reader.optional_text("title", 200),
            visit_on: reader.optional_date("visit_on"),
        })
    }
}

impl Exchange {
    /// Freezes what the institution has to show, as of now. The signed statements that it holds are delivered by this.
    pub fn freeze_inspection(
        &self,
        actor: &Actor,
        new: &NewInspection,
        request: Option<Idempotency>,
    ) -> Result<InspectionView, InspectionError> {
        if let Some(made) = self.frozen_before(actor, request.clone())? {
            return Ok(made);
        }
        self.deliver_all_held(actor)?;
        let frozen = self.collected(actor, new)?;
        let (id, asking) = (frozen.id.clone(), actor.clone());
        let row = self.write(actor, move |tx| {
            if let Some(id) = made_before(tx, request.as_ref())? {
                return own(tx, &asking, &id);
            }
            inspections::insert(tx, frozen.clone())?;
            remember(tx, request.as_ref(), &id)?;
            own(tx, &asking, &id)
        })?;
        Ok(row.value.try_into()?)
    }

    /// What the same request froze: then nothing is collected.
    fn frozen_before(
        &self,
        actor: &Actor,
        request: Option<Idempotency>,
    ) -> Result<Option<InspectionView>, InspectionError> {
        if request.is_none() {
            return Ok(None);
        }
        let asking = actor.clone();
        let found = self.db.write(move |tx| {
            let id = made_before(tx, request.as_ref())?;
            id.map(|id| own(tx, &asking, &id)).transpose()
        })?;
        Ok(found.value.map(TryInto::try_into).transpose()?)
    }

    fn collected(
        &self,
        actor: &Actor,
        new: &NewInspection,
    ) -> Result<FrozenInspection, InspectionError> {
        let id = self.new_id("isp")?;
        let now = self.clock.now();
        let facts = self.db.read(|c| {
            backend::at_one_moment(c, |c| {
                Collector::begin(self, c, &actor.organisation, now)?.collect(c, id, new)
            })
        })?;
        let corrupt = |error: &dyn std::error::Error| StorageError::Corrupt(error.to_string());
        let (kept, sha256) = kept::deflated(&facts).map_err(|error| corrupt(&error))?;
        let summary = serde_json::to_string(&InspectionSummary::of(&facts));
        Ok(FrozenInspection {
            id: facts.id,
            institution_id: facts.institution.id,
            title: facts.title,
            visit_on: facts.visit_on.map(|day| day.to_string()),
            frozen_at: now.as_millisecond(),
            frozen_by: actor.by.id().to_owned(),
            log_size: i64::try_from(facts.anchors.log_size).unwrap_or(i64::MAX),
            facts_sha256: sha256.to_string(),
            summary: summary.map_err(|error| corrupt(&error))?,
            facts: kept,
            agent_id: actor.agent.clone(),
        })
    }
}
