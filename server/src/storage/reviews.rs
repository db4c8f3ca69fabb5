//! Risk reviews, every change of them, and when it was told that they fall due.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::backend::{directly, insert};
use super::tables::{review_changes, review_reminders, reviews, systems};
use super::{DbConnection, Error};

/// A row of `reviews`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = reviews)]
#[allow(missing_docs, reason = "the columns are described in the migration")]
pub struct ReviewRow {
    pub id: String,
    pub institution_id: String,
    pub system_id: String,
    pub system_name: String,
    pub item: String,
    pub state: String,
    pub revision: i64,
    pub written: i64,
    pub approved: Option<i64>,
    pub review_on: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
}

/// A row of `review_changes`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = review_changes)]
#[allow(missing_docs, reason = "the columns are described in the migration")]
pub struct ChangeRow {
    pub review_id: String,
    pub number: i64,
    pub deed: String,
    pub occurred_at: i64,
    pub by_id: String,
    pub by_name: String,
    pub document: Option<String>,
    pub reason: Option<String>,
    pub approved_alone: Option<bool>,
    pub leaf: Option<i64>,
}

/// A row of `review_reminders`.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = review_reminders)]
#[allow(missing_docs, reason = "the columns are described in the migration")]
pub struct ReviewReminderRow {
    pub review_id: String,
    pub review_on: String,
    pub name: String,
    pub sent_at: i64,
}

/// An institution's systems from one id to another, also those that are off the list.
#[derive(Debug, Clone, Copy)]
pub struct Systems<'a> {
    /// The institution.
    pub institution_id: &'a str,
    /// The first system.
    pub first: &'a str,
    /// The last.
    pub last: &'a str,
}

/// Adds a review.
pub fn insert(connection: &mut DbConnection, row: &ReviewRow) -> Result<(), Error> {
    insert!(connection, reviews::table, row)?;
    Ok(())
}

/// Notes where a review stands after a change.
pub fn update(connection: &mut DbConnection, row: &ReviewRow) -> Result<(), Error> {
    diesel::update(reviews::table.find(row.id.clone()))
        .set((
            reviews::system_name.eq(row.system_name.clone()),
            reviews::state.eq(row.state.clone()),
            reviews::revision.eq(row.revision),
            reviews::written.eq(row.written),
            reviews::approved.eq(row.approved),
            reviews::review_on.eq(row.review_on.clone()),
            reviews::updated_at.eq(row.updated_at),
        ))
        .execute(connection)?;
    Ok(())
}

/// Adds a change.
pub fn insert_change(connection: &mut DbConnection, row: &ChangeRow) -> Result<(), Error> {
    insert!(connection, review_changes::table, row)?;
    Ok(())
}

/// The institution's review of a system's item.
pub fn find(
    connection: &mut DbConnection,
    institution_id: &str,
    system_id: &str,
    item: &str,
) -> Result<Option<ReviewRow>, Error> {
    let query = reviews::table
        .filter(reviews::institution_id.eq(institution_id))
        .filter(reviews::system_id.eq(system_id))
        .filter(reviews::item.eq(item));
    let found = directly!(connection, |own| query
        .select(ReviewRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// The reviews of these systems, system by system.
pub fn of_systems(
    connection: &mut DbConnection,
    systems: Systems<'_>,
) -> Result<Vec<ReviewRow>, Error> {
    let query = reviews::table
        .filter(reviews::institution_id.eq(systems.institution_id))
        .filter(reviews::system_id.between(systems.first, systems.last))
        .order((reviews::system_id, reviews::item));
    Ok(directly!(connection, |own| query
        .select(ReviewRow::as_select())
        .load(own))?)
}

/// Of each review of these systems the change that wrote its newest edition and the one that approved the edition in force.
pub fn editions(
    connection: &mut DbConnection,
    systems: Systems<'_>,
) -> Result<Vec<ChangeRow>, Error> {
    let counts = review_changes::number
        .eq(reviews::written)
        .or(review_changes::number.nullable().eq(reviews::approved));
    let query = review_changes::table
        .inner_join(reviews::table.on(reviews::id.eq(review_changes::review_id)))
        .filter(reviews::institution_id.eq(systems.institution_id))
        .filter(reviews::system_id.between(systems.first, systems.last))
        .filter(counts.assume_not_null());
    Ok(directly!(connection, |own| query
        .select(ChangeRow::as_select())
        .load(own))?)
}

/// Every change of a review, the oldest first.
pub fn changes(connection: &mut DbConnection, review_id: &str) -> Result<Vec<ChangeRow>, Error> {
    let query = review_changes::table
        .filter(review_changes::review_id.eq(review_id))
        .order(review_changes::number);
    Ok(directly!(connection, |own| query
        .select(ChangeRow::as_select())
        .load(own))?)
}

/// The institution's systems that are off the list and have reviews, in the order of their ids.
pub fn removed_systems(
    connection: &mut DbConnection,
    institution_id: &str,
) -> Result<Vec<String>, Error> {
    let on_list = systems::table.filter(systems::id.eq(reviews::system_id));
    let query = reviews::table
        .filter(reviews::institution_id.eq(institution_id))
        .filter(not(exists(on_list)));
    Ok(query
        .select(reviews::system_id)
        .distinct()
        .order(reviews::system_id)
        .load(connection)?)
}

/// The institution's reviews with a day on which they are to be looked at again, by that day: those before `before`, after
/// the position `after` of [`position`].
pub fn by_day(
    connection: &mut DbConnection,
    institution_id: &str,
    before: Option<&str>,
    after: &str,
    limit: i64,
) -> Result<Vec<ReviewRow>, Error> {
    let mut query = reviews::table
        .filter(reviews::institution_id.eq(institution_id))
        .filter(reviews::review_on.is_not_null())
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(reviews::review_on.lt(before.to_owned()));
    }
    if let Some((day, id)) = after.split_once(' ') {
        let same_day = reviews::review_on
            .eq(day.to_owned())
            .and(reviews::id.gt(id.to_owned()));
        query = query.filter(reviews::review_on.gt(day.to_owned()).or(same_day));
    }
    Ok(query
        .order((reviews::review_on, reviews::id))
        .limit(limit)
        .select(ReviewRow::as_select())
        .load(connection)?)
}

/// Where a list by day goes on: behind this review.
pub fn position(row: &ReviewRow) -> String {
    format!(
        "{} {}",
        row.review_on.as_deref().unwrap_or_default(),
        row.id
    )
}

/// Reviews that are to be looked at again on that day and of which it was not told under that name, institution by
/// institution.
pub fn not_reminded_of(
    connection: &mut DbConnection,
    name: &str,
    review_on: &str,
    limit: i64,
) -> Result<Vec<ReviewRow>, Error> {
    let told = review_reminders::table
        .filter(review_reminders::review_id.eq(reviews::id))
        .filter(review_reminders::review_on.eq(review_on))
        .filter(review_reminders::name.eq(name));
    let query = reviews::table
        .filter(reviews::review_on.eq(review_on))
        .filter(not(exists(told)));
    Ok(query
        .order((reviews::institution_id, reviews::id))
        .limit(limit)
        .select(ReviewRow::as_select())
        .load(connection)?)
}

/// Whether it was told that the review falls due on that day, under that name.
pub fn is_reminded_of(
    connection: &mut DbConnection,
    review_id: &str,
    review_on: &str,
    name: &str,
) -> Result<bool, Error> {
    let told = review_reminders::table.find((review_id, review_on, name));
    Ok(diesel::select(exists(told)).get_result(connection)?)
}

/// Notes that it was told.
pub fn insert_reminder(
    connection: &mut DbConnection,
    row: &ReviewReminderRow,
) -> Result<(), Error> {
    insert!(connection, review_reminders::table, row)?;
    Ok(())
}
