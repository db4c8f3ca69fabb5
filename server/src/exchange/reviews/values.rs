//! All reviews of an institution as plain values, for the table of reviews and for the package of an inspection.
//!
//! They are read system by system in batches, so that an inventory of any size needs no more memory than a batch.

use std::collections::VecDeque;

use jiff::civil::Date;
use kaiji_schema::comparison::Reason;
use kaiji_schema::requirement::RequirementSet;
use kaiji_schema::review::{Cause, Finding, Treatment};
use kaiji_schema::sheet::reviews::ReviewValue;

use super::compared::Comparer;
use super::standing::{self, AsOf, ReviewedItem, Written};
use super::view::{GradeView, level};
use crate::exchange::risk_matrix::Matrices;
use crate::exchange::time::day_in_japan;
use crate::exchange::{Exchange, Moment};
use crate::storage::{DbConnection, Error as StorageError, reviews, systems};

/// How many systems are read at a time.
const BATCH: i64 = 50;

/// A walk through an institution's reviews.
pub struct ReviewValues {
    institution_id: String,
    set: &'static RequirementSet,
    today: Date,
    comparer: Comparer,
    matrices: Matrices,
    /// The last system that was read; `None` once the list is at its end.
    after: Option<String>,
    /// The systems that are off the list and not read yet.
    removed: VecDeque<String>,
}

impl Exchange {
    /// Begins a walk through an institution's reviews, the open ones as well as the closed.
    pub fn begin_review_values(&self, institution_id: &str) -> Result<ReviewValues, StorageError> {
        let as_of = self.as_of(institution_id);
        self.db.read(|c| ReviewValues::begin(c, as_of))
    }

    /// The next of them, system by system; `None` after the last.
    pub fn next_review_values(
        &self,
        values: &mut ReviewValues,
    ) -> Result<Option<Vec<ReviewValue>>, StorageError> {
        self.db.read(|c| values.next(c))
    }
}

impl ReviewValues {
    /// At the beginning.
    pub(in crate::exchange) fn begin(
        connection: &mut DbConnection,
        as_of: AsOf<'_>,
    ) -> Result<Self, StorageError> {
        let AsOf {
            institution_id,
            set,
            today,
        } = as_of;
        Ok(Self {
            institution_id: institution_id.to_owned(),
            set,
            today,
            comparer: Comparer::new(set),
            matrices: Matrices::read(connection, institution_id)?,
            after: Some(String::new()),
            removed: reviews::removed_systems(connection, institution_id)?.into(),
        })
    }

    /// The next batch.
    pub(in crate::exchange) fn next(
        &mut self,
        connection: &mut DbConnection,
    ) -> Result<Option<Vec<ReviewValue>>, StorageError> {
        let found = match self.after.take() {
            Some(after) => self.of_list(connection, &after)?,
            None => None,
        };
        let found = match found {
            Some(found) => Some(found),
            None => self.of_removed(connection)?,
        };
        let Some(found) = found else { return Ok(None) };
        let values = found.iter().map(|item| self.value(item));
        values.collect::<Result<_, _>>().map(Some)
    }

    fn of_list(
        &mut self,
        connection: &mut DbConnection,
        after: &str,
    ) -> Result<Option<Vec<ReviewedItem>>, StorageError> {
        let rows = systems::list(connection, &self.institution_id, after, BATCH)?;
        let Some(last) = rows.last() else {
            return Ok(None);
        };
        self.after = Some(last.id.clone());
        standing::of_systems(connection, &mut self.comparer, &rows, self.today).map(Some)
    }

    fn of_removed(
        &mut self,
        connection: &mut DbConnection,
    ) -> Result<Option<Vec<ReviewedItem>>, StorageError> {
        let Some(system) = self.removed.pop_front() else {
            return Ok(None);
        };
        let as_of = AsOf {
            institution_id: &self.institution_id,
            set: self.set,
            today: self.today,
        };
        let found = standing::of_system(connection, as_of, &system)?;
        Ok(Some(found.unwrap_or_default()))
    }

    fn value(&self, found: &ReviewedItem) -> Result<ReviewValue, StorageError> {
        let mut value = ReviewValue {
            system: found.system.clone(),
            system_name: found.system_name.clone(),
            item: found.item.clone(),
            standing: found.verdict.standing.label().to_owned(),
            cause: found.verdict.cause.map_or("", Cause::label).to_owned(),
            ..ReviewValue::default()
        };
        if let Some(known) = found.now.as_ref().or_else(|| found.edition().map(basis)) {
            known.source.form.as_str().clone_into(&mut value.form);
            value.chapter = known.chapter.to_string();
            value.number = format!("No.{}", known.number);
            value.text.clone_from(&known.text);
        }
        if let Some(now) = &found.now {
            now.outcome.label().clone_into(&mut value.outcome);
            let reason = now.reason.map_or("", Reason::label);
            reason.clone_into(&mut value.reason);
        }
        if let Some(review) = &found.review {
            value.review.clone_from(&review.row.id);
            review.state.label().clone_into(&mut value.state);
            value.next_review_on = day(review.row.review_on.as_deref());
            let author = &review.written.change;
            value.written_by.clone_from(&author.by_name);
            value.written_on = Some(day_in_japan(Moment(author.occurred_at).timestamp()));
            if let Some(approved) = &review.approved {
                tell_approval(&mut value, approved);
            }
        }
        if let Some(written) = found.edition() {
            self.tell_edition(&mut value, written)?;
        }
        Ok(value)
    }

    fn tell_edition(
        &self,
        value: &mut ReviewValue,
        Written { edition, .. }: &Written,
    ) -> Result<(), StorageError> {
        let content = edition.content.clone();
        let level = level(self.matrices.version(edition.matrix)?, edition)?;
        let label = |grade: Option<GradeView>| grade.map(|grade| grade.label).unwrap_or_default();
        value.risk = content.risk.unwrap_or_default();
        value.likelihood = label(level.likelihood);
        value.impact = label(level.impact);
        value.level = label(level.level);
        let treatment = content.treatment.map_or("", Treatment::label);
        treatment.clone_into(&mut value.treatment);
        value.measures = content.measures.unwrap_or_default();
        value.evidence = content.evidence.iter().map(ToString::to_string).collect();
        value.owner = content.owner.unwrap_or_default();
        value.target_date = content.target_date;
        value.decision = content.decision.unwrap_or_default();
        value.accepted_until = content.accepted_until;
        Ok(())
    }
}

fn basis(written: &Written) -> &Finding {
    &written.edition.basis
}

fn day(day: Option<&str>) -> Option<Date> {
    day.and_then(|day| day.parse().ok())
}

fn tell_approval(value: &mut ReviewValue, Written { change, .. }: &Written) {
    value.approved_by.clone_from(&change.by_name);
    value.approved_on = Some(day_in_japan(Moment(change.occurred_at).timestamp()));
    value.approved_alone = change.approved_alone.unwrap_or_default();
    value.approval_leaf = change.leaf;
}
