//! The outbox: letters that wait, were sent, could not be delivered, or are kept for the day's digest.

use diesel::dsl::{count_star, max, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::backend::{directly, insert};
use super::tables::letters;
use super::{DbConnection, Error};

/// To be sent at its time.
pub const WAITING: &str = "waiting";
/// Handed over to the recipient's server.
pub const SENT: &str = "sent";
/// Given up.
pub const FAILED: &str = "failed";
/// Kept for the day's digest.
pub const KEPT: &str = "kept";
/// Told in a digest.
pub const GATHERED: &str = "gathered";

/// A row of `letters`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = letters)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct LetterRow {
    pub number: i64,
    /// Whoever learns of it when it cannot be delivered.
    pub organisation_id: Option<String>,
    pub request_id: Option<String>,
    pub to_address: String,
    pub to_name: Option<String>,
    /// A user or an organisation whose wishes about letters count.
    pub mailbox: Option<String>,
    pub content: String,
    pub link_purpose: Option<String>,
    pub link_id: Option<String>,
    pub link_generation: Option<i64>,
    pub state: String,
    pub attempts: i64,
    pub next_attempt_at: i64,
    pub failure: Option<String>,
    pub created_at: i64,
    pub settled_at: Option<i64>,
}

/// Adds a letter.
pub fn insert(connection: &mut DbConnection, row: &LetterRow) -> Result<(), Error> {
    insert!(connection, letters::table, row)?;
    Ok(())
}

/// The number of the next letter; only inside the writer.
pub fn next_number(connection: &mut DbConnection) -> Result<i64, Error> {
    let query = letters::table.select(max(letters::number));
    let last: Option<i64> = directly!(connection, |own| query.first(own))?;
    Ok(last.unwrap_or(0) + 1)
}

/// The letters whose time has come, the longest overdue first.
pub fn due(connection: &mut DbConnection, now: i64, limit: i64) -> Result<Vec<LetterRow>, Error> {
    let query = letters::table
        // Written out: SQLite uses the partial index for a constant alone, never for a parameter.
        .filter(sql::<Bool>("letters.state = 'waiting'"))
        .filter(letters::next_attempt_at.le(now));
    Ok(query
        .order((letters::next_attempt_at, letters::number))
        .limit(limit)
        .select(LetterRow::as_select())
        .load(connection)?)
}

/// The letter of that number.
pub fn find(connection: &mut DbConnection, number: i64) -> Result<Option<LetterRow>, Error> {
    let query = letters::table.find(number);
    let found = query.select(LetterRow::as_select()).first(connection);
    Ok(found.optional()?)
}

/// Notes when a letter is tried next, how often it was tried, and why that failed.
pub fn postpone(
    connection: &mut DbConnection,
    number: i64,
    attempts: i64,
    next_attempt_at: i64,
    failure: Option<&str>,
) -> Result<(), Error> {
    diesel::update(letters::table.find(number))
        .set((
            letters::attempts.eq(attempts),
            letters::next_attempt_at.eq(next_attempt_at),
            letters::failure.eq(failure.map(str::to_owned)),
        ))
        .execute(connection)?;
    Ok(())
}

/// Takes a letter to its last state.
pub fn settle(
    connection: &mut DbConnection,
    number: i64,
    state: &str,
    failure: Option<&str>,
    now: i64,
) -> Result<(), Error> {
    diesel::update(letters::table.find(number))
        .set((
            letters::state.eq(state.to_owned()),
            letters::failure.eq(failure.map(str::to_owned)),
            letters::settled_at.eq(Some(now)),
        ))
        .execute(connection)?;
    Ok(())
}

/// A mailbox for which letters from before that time are kept.
pub fn mailbox_with_kept(
    connection: &mut DbConnection,
    before: i64,
) -> Result<Option<String>, Error> {
    let query = letters::table
        .filter(sql::<Bool>("letters.state = 'kept'"))
        .filter(letters::created_at.lt(before))
        .filter(letters::mailbox.is_not_null())
        .order((letters::mailbox, letters::number));
    let found: Option<Option<String>> = query
        .select(letters::mailbox)
        .first(connection)
        .optional()?;
    Ok(found.flatten())
}

/// The letters from before that time that are kept for a mailbox, the oldest first.
pub fn kept(
    connection: &mut DbConnection,
    mailbox: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<LetterRow>, Error> {
    let query = letters::table
        .filter(sql::<Bool>("letters.state = 'kept'"))
        .filter(letters::mailbox.eq(mailbox))
        .filter(letters::created_at.lt(before));
    Ok(query
        .order(letters::number)
        .limit(limit)
        .select(LetterRow::as_select())
        .load(connection)?)
}

/// Marks what is kept for a mailbox from before that time as told. Answers how many letters that were.
pub fn gather(
    connection: &mut DbConnection,
    mailbox: &str,
    before: i64,
    now: i64,
) -> Result<usize, Error> {
    let query = letters::table
        .filter(sql::<Bool>("letters.state = 'kept'"))
        .filter(letters::mailbox.eq(mailbox))
        .filter(letters::created_at.lt(before));
    Ok(diesel::update(query)
        .set((
            letters::state.eq(GATHERED),
            letters::settled_at.eq(Some(now)),
        ))
        .execute(connection)?)
}

/// The newest letter about a request to that address.
pub fn newest(
    connection: &mut DbConnection,
    request_id: &str,
    to_address: &str,
) -> Result<Option<LetterRow>, Error> {
    let query = letters::table
        .filter(letters::request_id.eq(request_id))
        .filter(letters::to_address.eq(to_address));
    let found = query
        .order(letters::number.desc())
        .select(LetterRow::as_select())
        .first(connection);
    Ok(found.optional()?)
}

/// How many wait to be sent.
pub fn unsent(connection: &mut DbConnection) -> Result<i64, Error> {
    let query = letters::table.filter(sql::<Bool>("letters.state = 'waiting'"));
    Ok(query.select(count_star()).first(connection)?)
}

/// The number of the oldest letter that reached its last state, if it did so before that time.
pub fn next_settled_before(
    connection: &mut DbConnection,
    before: i64,
) -> Result<Option<i64>, Error> {
    let query = letters::table
        .filter(letters::settled_at.is_not_null())
        .order(letters::number);
    let oldest: Option<(i64, Option<i64>)> = directly!(connection, |own| query
        .select((letters::number, letters::settled_at))
        .first(own))
    .optional()?;
    Ok(oldest.and_then(|(number, at)| (at? < before).then_some(number)))
}

/// Takes away the letters with numbers below `number` that reached their last state before that time.
pub fn delete_settled_before(
    connection: &mut DbConnection,
    number: i64,
    before: i64,
) -> Result<(), Error> {
    let these = letters::table
        .filter(letters::number.lt(number))
        .filter(letters::settled_at.lt(before));
    diesel::delete(these).execute(connection)?;
    Ok(())
}
