//! Institutions are told that reviews are to be looked at again (年次見直し): a month ahead and on the day, each once.
//!
//! An institution gets one letter for the reviews of a day, and an event for each of them. What is not flagged any more is
//! passed over.

use jiff::ToSpan;
use jiff::civil::Date;
use kaiji_schema::letter::{Letter, ReviewDue, ReviewsDue};
use kaiji_schema::requirement::RequirementSet;
use serde_json::json;

use super::Exchange;
use super::letters::write_to;
use super::reviews::{AsOf, ReviewedItem, of_rows};
use super::time::last_morning;
use crate::storage::reviews::{self, ReviewReminderRow, ReviewRow};
use crate::storage::{DbConnection, Error as StorageError, Tx};

/// How many days before the day it is told; and on the day itself.
const AHEAD: [i32; 2] = [30, 0];

/// How many mornings are made up for after the service was away.
const MORNINGS: i32 = 7;

/// How many reviews one letter can be about; of one institution, so that it does not hold the writer up for long.
const BATCH: i64 = 1000;

/// How many of them the letter names.
const NAMED: usize = 20;

/// The reviews of one institution that are to be looked at again on one day.
struct DueReviews {
    day: Date,
    ahead: i32,
    rows: Vec<ReviewRow>,
    /// Those of them that are not closed.
    alive: Vec<ReviewedItem>,
}

impl Exchange {
    /// Tells the next institution of its reviews. Answers whether there was any.
    pub fn remind_of_reviews(&self) -> Result<bool, StorageError> {
        let morning = last_morning(self.clock.now());
        if self.review_mornings.are_written(morning) {
            return Ok(false);
        }
        let Some(due) = self.db.read(|c| next(c, self.sets.current(), morning))? else {
            self.review_mornings.set_written(morning);
            return Ok(false);
        };
        self.db.write(move |tx| tell(tx, &due))?;
        Ok(true)
    }
}

fn next(
    connection: &mut DbConnection,
    set: &'static RequirementSet,
    morning: Date,
) -> Result<Option<DueReviews>, StorageError> {
    for back in 0..MORNINGS {
        for ahead in AHEAD {
            let day = morning
                .saturating_sub(back.days())
                .saturating_add(ahead.days());
            let name = name_of(ahead);
            let rows = reviews::not_reminded_of(connection, &name, &day.to_string(), BATCH)?;
            let Some(institution) = rows.first().map(|row| row.institution_id.clone()) else {
                continue;
            };
            let own = rows
                .into_iter()
                .take_while(|row| row.institution_id == institution);
            let rows: Vec<ReviewRow> = own.collect();
            let as_of = AsOf {
                institution_id: &institution,
                set,
                today: morning,
            };
            let mut alive = of_rows(connection, as_of, &rows)?;
            alive.retain(|found| !found.is_closed());
            return Ok(Some(DueReviews {
                day,
                ahead,
                rows,
                alive,
            }));
        }
    }
    Ok(None)
}

fn name_of(ahead: i32) -> String {
    (-ahead).to_string()
}

fn tell(tx: &mut Tx<'_>, due: &DueReviews) -> Result<(), StorageError> {
    let day = due.day.to_string();
    let mut told = Vec::new();
    for row in &due.rows {
        if note(tx, row, &day, &name_of(due.ahead))? {
            told.extend(due.alive.iter().find(|found| found.is_of(&row.id)));
        }
    }
    let Some(first) = due.rows.first().filter(|_| !told.is_empty()) else {
        return Ok(());
    };
    for found in &told {
        let review = found.review.as_ref().map(|review| &review.row.id);
        let said = json!({
            "review": review, "system": found.system, "item": found.item, "review_on": day,
        });
        tx.notify(&first.institution_id, "review_due", &said.to_string())?;
    }
    write_to(tx, &first.institution_id, &letter(due, &told), None)
}

/// Notes that it is told of a review. Answers whether it was not: another instance may have been quicker.
fn note(tx: &mut Tx<'_>, row: &ReviewRow, day: &str, name: &str) -> Result<bool, StorageError> {
    if reviews::is_reminded_of(tx, &row.id, day, name)? {
        return Ok(false);
    }
    let reminder = ReviewReminderRow {
        review_id: row.id.clone(),
        review_on: day.to_owned(),
        name: name.to_owned(),
        sent_at: tx.now().as_millisecond(),
    };
    reviews::insert_reminder(tx, &reminder)?;
    Ok(true)
}

fn letter(due: &DueReviews, told: &[&ReviewedItem]) -> Letter {
    let reviews = told.iter().take(NAMED).map(|found| {
        let approved = found.edition().map(|written| &written.edition);
        ReviewDue {
            system: found.system_name.clone(),
            number: approved.map_or_else(String::new, |edition| edition.basis.number.clone()),
            expires: approved.is_some_and(|edition| edition.content.expiry() == Some(due.day)),
        }
    });
    Letter::ReviewsDue(ReviewsDue {
        day: due.day,
        is_ahead: due.ahead > 0,
        reviews: reviews.collect(),
        count: told.len().try_into().unwrap_or(u64::MAX),
    })
}
