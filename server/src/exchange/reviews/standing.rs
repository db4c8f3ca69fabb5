//! Where every item of a system stands: what is found now beside what was reviewed. Nothing of it is stored; it follows from
//! the rows each time, so that no revision and no requirement set can leave it behind.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;
use kaiji_schema::requirement::RequirementSet;
use kaiji_schema::review::{
    Approved, Cause, Edition, Finding, ReviewState, Standing, Verdict, holds, verdict,
};

use super::compared::{Comparer, Documents};
use crate::storage::reviews::{self, ChangeRow, ReviewRow, Systems};
use crate::storage::systems::{self, SystemRow};
use crate::storage::{DbConnection, Error as StorageError};

/// Whose reviews, against which set, and on which day.
#[derive(Clone, Copy)]
pub(in crate::exchange) struct AsOf<'a> {
    pub(in crate::exchange) institution_id: &'a str,
    /// The set that systems are compared with now.
    pub(in crate::exchange) set: &'static RequirementSet,
    /// The day that it is in Japan.
    pub(in crate::exchange) today: Date,
}

/// An item that is flagged or was reviewed.
pub(in crate::exchange) struct ReviewedItem {
    pub(in crate::exchange) system: String,
    pub(in crate::exchange) system_name: String,
    pub(in crate::exchange) item: String,
    /// What is found now; nothing where it is not compared any more.
    pub(in crate::exchange) now: Option<Finding>,
    pub(in crate::exchange) verdict: Verdict,
    pub(in crate::exchange) review: Option<Review>,
}

/// A review as it stands in the rows.
pub(in crate::exchange) struct Review {
    pub(in crate::exchange) row: ReviewRow,
    pub(in crate::exchange) state: ReviewState,
    /// The newest edition.
    pub(in crate::exchange) written: Written,
    /// Why the newest edition does not rest on what is found now.
    pub(in crate::exchange) outdated: Option<Cause>,
    /// The edition that was approved last.
    pub(in crate::exchange) approved: Option<Written>,
}

/// An edition, and the change that wrote or approved it.
pub(in crate::exchange) struct Written {
    pub(in crate::exchange) edition: Edition,
    pub(in crate::exchange) change: ChangeRow,
}

impl Written {
    pub(super) fn of(change: ChangeRow) -> Result<Self, StorageError> {
        let corrupt = |what: String| {
            let ChangeRow {
                review_id, number, ..
            } = &change;
            StorageError::Corrupt(format!("review {review_id}, change {number}: {what}"))
        };
        let document = change.document.as_deref();
        let document = document.ok_or_else(|| corrupt("no document".to_owned()))?;
        let edition = serde_json::from_str(document).map_err(|error| corrupt(error.to_string()))?;
        Ok(Self { edition, change })
    }
}

impl ReviewedItem {
    /// What is found now, if the item is flagged.
    pub(in crate::exchange) fn flagged(&self) -> Option<&Finding> {
        self.now.as_ref().filter(|now| now.outcome.is_flagged())
    }

    /// The id of its review, where there is one.
    pub(in crate::exchange) fn review_id(&self) -> Option<&str> {
        let review = self.review.as_ref();
        review.map(|review| review.row.id.as_str())
    }

    /// Whether an approved review holds.
    pub(in crate::exchange) fn is_in_force(&self) -> bool {
        self.verdict.standing == Standing::InForce
    }

    /// Whether it is to be looked at again on that day, or was before.
    pub(in crate::exchange) fn is_due(&self, day: Date) -> bool {
        let review_on = self
            .review
            .as_ref()
            .and_then(|review| review.row.review_on.as_deref());
        !self.is_closed() && review_on.is_some_and(|due| due <= day.to_string().as_str())
    }

    /// Whether there is nothing to review any more.
    pub(in crate::exchange) fn is_closed(&self) -> bool {
        self.verdict.standing == Standing::Closed
    }

    /// The edition to show of it: the one that was approved, else the newest.
    pub(in crate::exchange) fn edition(&self) -> Option<&Written> {
        let review = self.review.as_ref()?;
        Some(review.approved.as_ref().unwrap_or(&review.written))
    }
}

/// Every item of one of the institution's systems that is flagged or was reviewed; nothing where there is no such system
/// and never was one with a review.
pub(in crate::exchange) fn of_system(
    connection: &mut DbConnection,
    as_of: AsOf<'_>,
    system_id: &str,
) -> Result<Option<Vec<ReviewedItem>>, StorageError> {
    let AsOf {
        institution_id,
        set,
        today,
    } = as_of;
    let system = systems::find(connection, institution_id, system_id)?;
    let mut comparer = Comparer::new(set);
    let range = Systems {
        institution_id,
        first: system_id,
        last: system_id,
    };
    let mut kept = Kept::read(connection, range)?;
    if system.is_none() && kept.is_empty() {
        return Ok(None);
    }
    let found = match &system {
        Some(system) => kept.beside(connection, &mut comparer, system, today)?,
        None => kept.removed(connection, &mut comparer, today)?,
    };
    Ok(Some(found))
}

/// The same of several systems in the order of their ids, which stand on the list.
pub(in crate::exchange) fn of_systems(
    connection: &mut DbConnection,
    comparer: &mut Comparer,
    systems: &[SystemRow],
    today: Date,
) -> Result<Vec<ReviewedItem>, StorageError> {
    let (Some(first), Some(last)) = (systems.first(), systems.last()) else {
        return Ok(Vec::new());
    };
    let range = Systems {
        institution_id: &first.institution_id,
        first: &first.id,
        last: &last.id,
    };
    let mut kept = Kept::read(connection, range)?;
    let mut found = Vec::new();
    for system in systems {
        found.extend(kept.beside(connection, comparer, system, today)?);
    }
    Ok(found)
}

/// The reviews of some systems, with their editions.
struct Kept {
    /// By system, then by item.
    reviews: HashMap<String, BTreeMap<String, ReviewRow>>,
    /// By review and number of the change.
    editions: HashMap<(String, i64), ChangeRow>,
}

impl Kept {
    fn read(connection: &mut DbConnection, range: Systems<'_>) -> Result<Self, StorageError> {
        let mut reviews: HashMap<String, BTreeMap<String, ReviewRow>> = HashMap::new();
        for row in reviews::of_systems(connection, range)? {
            let of_system = reviews.entry(row.system_id.clone()).or_default();
            of_system.insert(row.item.clone(), row);
        }
        let editions = reviews::editions(connection, range)?.into_iter();
        let named = editions.map(|change| ((change.review_id.clone(), change.number), change));
        Ok(Self {
            reviews,
            editions: named.collect(),
        })
    }

    fn is_empty(&self) -> bool {
        self.reviews.is_empty()
    }

    /// The items of a system of the list.
    fn beside(
        &mut self,
        connection: &mut DbConnection,
        comparer: &mut Comparer,
        system: &SystemRow,
        today: Date,
    ) -> Result<Vec<ReviewedItem>, StorageError> {
        let documents = Documents::read(connection, system)?;
        let mut rows = self.reviews.remove(&system.id).unwrap_or_default();
        let found = comparer.now(connection, &documents, |item| {
            item.outcome.is_flagged() || rows.contains_key(&*item.id)
        })?;
        let mut items = Vec::with_capacity(found.len() + rows.len());
        let mut looking = Looking {
            connection,
            comparer,
            documents: &documents,
            today,
        };
        for (item, now) in found {
            let review = rows.remove(&item).map(|row| self.whole(row)).transpose()?;
            let place = (system.id.clone(), system.name.clone(), item);
            items.push(looking.reviewed(place, Some(now), review)?);
        }
        for (item, row) in rows {
            let review = Some(self.whole(row)?);
            let place = (system.id.clone(), system.name.clone(), item);
            items.push(looking.reviewed(place, None, review)?);
        }
        Ok(items)
    }

    /// The items of systems that are off the list.
    fn removed(
        &mut self,
        connection: &mut DbConnection,
        comparer: &mut Comparer,
        today: Date,
    ) -> Result<Vec<ReviewedItem>, StorageError> {
        let documents = Documents::none();
        let mut looking = Looking {
            connection,
            comparer,
            documents: &documents,
            today,
        };
        let rows: Vec<ReviewRow> = std::mem::take(&mut self.reviews)
            .into_values()
            .flat_map(BTreeMap::into_values)
            .collect();
        let mut items = Vec::with_capacity(rows.len());
        for row in rows {
            let place = (
                row.system_id.clone(),
                row.system_name.clone(),
                row.item.clone(),
            );
            let review = Some(self.whole(row)?);
            items.push(looking.reviewed(place, None, review)?);
        }
        Ok(items)
    }

    fn whole(&mut self, row: ReviewRow) -> Result<Review, StorageError> {
        let corrupt = |what: &str| StorageError::Corrupt(format!("review {}: {what}", row.id));
        let state = ReviewState::from_word(&row.state).ok_or_else(|| corrupt(&row.state))?;
        let mut change = |number: i64| self.editions.remove(&(row.id.clone(), number));
        let written = change(row.written).ok_or_else(|| corrupt("no edition"))?;
        let approved = row.approved.and_then(change);
        Ok(Review {
            state,
            written: Written::of(written)?,
            outdated: None,
            approved: approved.map(Written::of).transpose()?,
            row,
        })
    }
}

/// A look at the items of one system.
struct Looking<'a> {
    connection: &'a mut DbConnection,
    comparer: &'a mut Comparer,
    documents: &'a Documents,
    today: Date,
}

impl Looking<'_> {
    fn reviewed(
        &mut self,
        (system, system_name, item): (String, String, String),
        now: Option<Finding>,
        mut review: Option<Review>,
    ) -> Result<ReviewedItem, StorageError> {
        if let (Some(review), Some(now)) = (&mut review, &now) {
            review.outdated = self.outdated(&item, &review.written.edition.basis, now)?;
        }
        let approved = review.as_ref().and_then(|review| review.approved.as_ref());
        let verdict = match approved.map(|approved| &approved.edition) {
            None => verdict(None, &[], now.as_ref(), self.today),
            Some(edition) => {
                let since = self.since(&item, &edition.basis)?;
                let approved = Approved {
                    basis: &edition.basis,
                    expiry: edition.content.expiry(),
                };
                let since: Vec<&Finding> = since.iter().collect();
                verdict(Some(approved), &since, now.as_ref(), self.today)
            }
        };
        Ok(ReviewedItem {
            system,
            system_name,
            item,
            now,
            verdict,
            review,
        })
    }

    fn outdated(
        &mut self,
        item: &str,
        basis: &Finding,
        now: &Finding,
    ) -> Result<Option<Cause>, StorageError> {
        let since = self.since(item, basis)?;
        let since: Vec<&Finding> = since.iter().collect();
        Ok(holds(basis, &since, now))
    }

    fn since(&mut self, item: &str, basis: &Finding) -> Result<Vec<Finding>, StorageError> {
        self.comparer
            .since(self.connection, self.documents, item, basis)
    }
}

/// Where the items of these reviews stand, in their order.
pub(in crate::exchange) fn of_rows(
    connection: &mut DbConnection,
    as_of: AsOf<'_>,
    rows: &[ReviewRow],
) -> Result<Vec<ReviewedItem>, StorageError> {
    let mut found: HashMap<(String, String), ReviewedItem> = HashMap::new();
    let systems: BTreeSet<&str> = rows.iter().map(|row| row.system_id.as_str()).collect();
    for system in systems {
        let items = of_system(connection, as_of, system)?;
        let items = items.unwrap_or_default().into_iter();
        found.extend(items.map(|item| ((item.system.clone(), item.item.clone()), item)));
    }
    let ordered = rows
        .iter()
        .filter_map(|row| found.remove(&(row.system_id.clone(), row.item.clone())));
    Ok(ordered.collect())
}
