//! The feed of each organisation, and the announcements that will become events.

use diesel::prelude::*;

use super::backend::{directly, insert};
use super::tables::{announcements, events};
use super::{DbConnection, Error};

/// A row of `events`. Numbers are given out under the lock on the head, so a reader never sees a later one first.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = events)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct EventRow {
    pub number: i64,
    pub organisation_id: String,
    pub kind: String,
    pub occurred_at: i64,
    /// What it is about, as a JSON object.
    pub subject: String,
}

/// A row of `announcements`: an event that all who hold a product are to get.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = announcements)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct AnnouncementRow {
    /// That of the vendor's own event, so that announcements are spread in the order in which things happened.
    pub number: i64,
    pub product_id: String,
    pub kind: String,
    pub subject: String,
    /// A statement; whoever it was delivered to is told as well.
    pub also_delivered: Option<String>,
    /// The last institution that has it.
    pub announced_up_to: String,
    pub created_at: i64,
}

pub(super) fn insert(connection: &mut DbConnection, row: EventRow) -> Result<(), Error> {
    insert!(connection, events::table, row)?;
    Ok(())
}

/// The organisation's events after that number.
pub fn list(
    connection: &mut DbConnection,
    organisation_id: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<EventRow>, Error> {
    let query = events::table
        .filter(events::organisation_id.eq(organisation_id))
        .filter(events::number.gt(after));
    Ok(query
        .order(events::number)
        .limit(limit)
        .select(EventRow::as_select())
        .load(connection)?)
}

/// The number of the oldest event, if it happened before that time.
pub fn next_before(connection: &mut DbConnection, before: i64) -> Result<Option<i64>, Error> {
    let query = events::table.order(events::number);
    let oldest: Option<(i64, i64)> = directly!(connection, |own| query
        .select((events::number, events::occurred_at))
        .first(own))
    .optional()?;
    Ok(oldest.and_then(|(number, at)| (at < before).then_some(number)))
}

/// Takes away the events with numbers below `number` that happened before that time.
pub fn delete_before(connection: &mut DbConnection, number: i64, before: i64) -> Result<(), Error> {
    let these = events::table
        .filter(events::number.lt(number))
        .filter(events::occurred_at.lt(before));
    diesel::delete(these).execute(connection)?;
    Ok(())
}

/// Adds an announcement.
pub fn announce(connection: &mut DbConnection, row: &AnnouncementRow) -> Result<(), Error> {
    insert!(connection, announcements::table, row)?;
    Ok(())
}

/// The oldest announcement that has not reached everybody.
pub fn next_announcement(connection: &mut DbConnection) -> Result<Option<AnnouncementRow>, Error> {
    let query = announcements::table.order(announcements::number);
    let found = directly!(connection, |own| query
        .select(AnnouncementRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// Notes how far an announcement has come.
pub fn announced(connection: &mut DbConnection, number: i64, up_to: &str) -> Result<(), Error> {
    diesel::update(announcements::table.find(number))
        .set(announcements::announced_up_to.eq(up_to))
        .execute(connection)?;
    Ok(())
}

/// Takes away an announcement that has reached everybody.
pub fn finish_announcement(connection: &mut DbConnection, number: i64) -> Result<(), Error> {
    diesel::delete(announcements::table.find(number)).execute(connection)?;
    Ok(())
}
