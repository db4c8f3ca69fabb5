//! One template of measures becomes the drafts of many reviews. What somebody wrote, submitted or had approved is reported
//! and never written over; doing it again changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use kaiji_schema::reader::{FromMembers, Reader};
use kaiji_schema::review::{Content, ReviewState, Standing};
use kaiji_schema::strict_json::Value;
use serde::Serialize;

use super::Exchange;
use super::measure_templates::{MeasureTemplateError, own, stored};
use super::reviews::{AsOf, Comparer, Draft, ReviewError, ReviewedItem, by, of_system, of_systems};
use super::revision::Revision;
use super::risk_matrix::Matrices;
use crate::actor::Actor;
use crate::storage::{DbConnection, Error as StorageError, systems};

/// The most items that are named at once.
const MOST_TARGETS: usize = 1000;

/// How many drafts are written in one change; so many that it does not hold the writer up for long.
const BATCH: usize = 100;

/// How many systems are read at a time.
const SYSTEMS: i64 = 50;

/// Which items a template is applied to.
#[derive(Debug, Clone)]
pub enum Targets {
    /// These items of these systems.
    Named(BTreeSet<Target>),
    /// That item of every system where it is flagged.
    Everywhere(String),
}

/// An item of a system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
pub struct Target {
    /// The system's id.
    pub system: String,
    /// The item's id.
    pub item: String,
}

/// What became of an application.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub struct TemplateApplication {
    /// Where a draft was written.
    pub applied: Vec<Target>,
    /// Where it stood like that already.
    pub unchanged: Vec<Target>,
    /// Where nothing was written, and why.
    pub skipped: Vec<SkippedTarget>,
}

/// An item whose review was left alone.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SkippedTarget {
    /// Which.
    #[serde(flatten)]
    pub target: Target,
    /// `unknown`, `not_flagged`, `edited` (somebody wrote it), `submitted`, `sent_back` or `approved`.
    pub reason: &'static str,
}

impl FromMembers for Target {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let system = reader.required_text("system", 64);
        let item = reader.required_text("item", 100);
        Some(Self {
            system: system?,
            item: item?,
        })
    }
}

impl FromMembers for Targets {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let item = reader.optional_text("item", 100);
        let named = read_targets(reader);
        match (item, named) {
            (Some(item), None) => Some(Self::Everywhere(item)),
            (None, Some(named)) => Some(Self::Named(named?)),
            (Some(_), Some(_)) => {
                reader.report("item", "both", "say it once: either targets or item");
                None
            }
            (None, None) => {
                let detail = "say which: targets, or the item of every system";
                reader.report("", "missing", detail);
                None
            }
        }
    }
}

/// `None` where the member is absent; `Some(None)` where it cannot be read.
#[allow(
    clippy::option_option,
    reason = "one that cannot be read is not one that is absent"
)]
fn read_targets(reader: &mut Reader<'_>) -> Option<Option<BTreeSet<Target>>> {
    let Value::Array(values) = reader.take("targets")? else {
        reader.report("targets", "type", "must be an array");
        return Some(None);
    };
    if values.is_empty() || values.len() > MOST_TARGETS {
        let detail = format!("must hold 1 to {MOST_TARGETS} items");
        reader.report("targets", "count", detail);
        return Some(None);
    }
    let mut targets = BTreeSet::new();
    for (index, value) in values.iter().enumerate() {
        let pointer = format!("{}/{index}", reader.pointer_to("targets"));
        let mut nested = Reader::at(value, pointer);
        targets.extend(Target::from_members(&mut nested));
        reader.absorb(nested.finish());
    }
    Some(Some(targets))
}

impl Exchange {
    /// Writes the drafts of many reviews from one template.
    pub fn apply_measure_template(
        &self,
        actor: &Actor,
        id: &str,
        targets: Targets,
    ) -> Result<TemplateApplication, MeasureTemplateError> {
        let (mut told, mut drafts) = (TemplateApplication::default(), Vec::new());
        let content = self.db.read(|c| {
            let row = own(c, &actor.organisation, id)?;
            Ok::<_, MeasureTemplateError>(stored(&row)?.content())
        })?;
        for (target, found) in self.find_targets(actor, targets)? {
            match found.map_or(Decision::Skip("unknown"), |found| {
                decide(found, id, &content)
            }) {
                Decision::Write(found) => drafts.push((target, *found)),
                Decision::Leave => told.unchanged.push(target),
                Decision::Skip(reason) => told.skipped.push(SkippedTarget { target, reason }),
            }
        }
        let mut prepared = self.prepare(actor, id, &content, drafts)?;
        while !prepared.is_empty() {
            let rest = prepared.split_off(prepared.len().min(BATCH));
            self.write_drafts(actor, std::mem::replace(&mut prepared, rest), &mut told)?;
        }
        Ok(told)
    }

    fn find_targets(
        &self,
        actor: &Actor,
        targets: Targets,
    ) -> Result<Vec<(Target, Option<ReviewedItem>)>, StorageError> {
        let as_of = self.as_of(&actor.organisation);
        match targets {
            Targets::Named(named) => self.db.read(|c| beside(c, as_of, named)),
            Targets::Everywhere(item) => {
                let (mut found, mut after) = (Vec::new(), String::new());
                let mut comparer = Comparer::new(as_of.set);
                while let Some((items, last)) = self
                    .db
                    .read(|c| next_systems(c, as_of, &mut comparer, &after))?
                {
                    let these = items.into_iter();
                    let these = these.filter(|found| found.item == item && !found.is_closed());
                    found.extend(these.map(|found| (target_of(&found), Some(found))));
                    after = last;
                }
                Ok(found)
            }
        }
    }

    /// The editions to be written, each with the revision that was looked at.
    fn prepare(
        &self,
        actor: &Actor,
        template: &str,
        content: &Content,
        found: Vec<(Target, ReviewedItem)>,
    ) -> Result<Vec<(Target, Draft, Revision)>, StorageError> {
        let matrices = self
            .db
            .read(|c: &mut DbConnection| Matrices::read(c, &actor.organisation))?;
        let mut prepared = Vec::with_capacity(found.len());
        for (target, found) in found {
            let revision = found
                .review
                .as_ref()
                .map_or(0, |review| review.row.revision);
            let id = self.new_id("rvw")?;
            let draft = Draft::new(&actor.organisation, &found, content.clone(), &matrices, id);
            let draft = draft.map_err(into_storage)?.filled_in_by(template);
            prepared.push((target, draft, Revision(revision)));
        }
        Ok(prepared)
    }

    /// Writes them in one change; those that somebody else was quicker with are left alone.
    fn write_drafts(
        &self,
        actor: &Actor,
        drafts: Vec<(Target, Draft, Revision)>,
        told: &mut TemplateApplication,
    ) -> Result<(), StorageError> {
        let asking = actor.clone();
        let written = self.write(actor, move |tx| {
            let by = by(tx, &asking)?;
            let mut written = Vec::with_capacity(drafts.len());
            for (target, draft, revision) in &drafts {
                let is_written = match draft.write(tx, &by, Some(*revision)) {
                    Ok(()) => true,
                    Err(ReviewError::Stale(_)) => false,
                    Err(error) => return Err(into_storage(error)),
                };
                written.push((target.clone(), is_written));
            }
            Ok::<_, StorageError>(written)
        })?;
        for (target, is_written) in written.value {
            if is_written {
                told.applied.push(target);
            } else {
                let reason = "edited";
                told.skipped.push(SkippedTarget { target, reason });
            }
        }
        Ok(())
    }
}

/// What is found at the items that were named.
fn beside(
    connection: &mut DbConnection,
    as_of: AsOf<'_>,
    named: BTreeSet<Target>,
) -> Result<Vec<(Target, Option<ReviewedItem>)>, StorageError> {
    let systems: BTreeSet<_> = named.iter().map(|target| target.system.clone()).collect();
    let mut found = BTreeMap::new();
    for system in systems {
        let items = of_system(connection, as_of, &system)?.unwrap_or_default();
        found.extend(items.into_iter().map(|item| (target_of(&item), item)));
    }
    let beside = named.into_iter().map(|target| {
        let item = found.remove(&target);
        (target, item)
    });
    Ok(beside.collect())
}

/// What is found at the next systems of the list, and the last of them; `None` at its end.
fn next_systems(
    connection: &mut DbConnection,
    as_of: AsOf<'_>,
    comparer: &mut Comparer,
    after: &str,
) -> Result<Option<(Vec<ReviewedItem>, String)>, StorageError> {
    let rows = systems::list(connection, as_of.institution_id, after, SYSTEMS)?;
    let Some(last) = rows.last().map(|row| row.id.clone()) else {
        return Ok(None);
    };
    let items = of_systems(connection, comparer, &rows, as_of.today)?;
    Ok(Some((items, last)))
}

/// What is left once it was decided that a draft may be written.
fn into_storage(error: ReviewError) -> StorageError {
    match error {
        ReviewError::Storage(error) => error,
        other => StorageError::Corrupt(other.to_string()),
    }
}

fn target_of(found: &ReviewedItem) -> Target {
    Target {
        system: found.system.clone(),
        item: found.item.clone(),
    }
}

enum Decision {
    Write(Box<ReviewedItem>),
    Leave,
    Skip(&'static str),
}

fn decide(found: ReviewedItem, template: &str, content: &Content) -> Decision {
    if found.is_closed() {
        return Decision::Skip("not_flagged");
    }
    let Some(review) = &found.review else {
        return Decision::Write(Box::new(found));
    };
    let edition = &review.written.edition;
    match review.state {
        ReviewState::Draft if edition.template.is_none() => Decision::Skip("edited"),
        ReviewState::Draft => {
            let is_like_that = edition.template.as_deref() == Some(template)
                && edition.content == *content
                && review.outdated.is_none();
            if is_like_that {
                Decision::Leave
            } else {
                Decision::Write(Box::new(found))
            }
        }
        ReviewState::Submitted => Decision::Skip("submitted"),
        ReviewState::SentBack => Decision::Skip("sent_back"),
        ReviewState::Approved if found.verdict.standing == Standing::Reopened => {
            Decision::Write(Box::new(found))
        }
        ReviewState::Approved => Decision::Skip("approved"),
    }
}
