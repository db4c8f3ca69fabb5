//! Sessions of people who have signed in.

use diesel::prelude::*;

use super::backend::{directly, insert};
use super::tables::{organisations, sessions, users};
use super::users::UserRow;
use super::{DbConnection, Error};

/// A row of `sessions`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions)]
#[allow(missing_docs, reason = "the columns are described in the migration")]
pub struct SessionRow {
    pub id: String,
    pub user_id: String,
    pub token_sha256: String,
    pub address: String,
    pub created_at: i64,
    pub last_seen_at: i64,
    pub stepped_up_at: Option<i64>,
    pub expires_at: i64,
}

/// A session, whose it is, and of what kind the organisation is.
pub type Standing = (SessionRow, UserRow, String);

/// Begins a session, and forgets those that are over.
pub fn begin(connection: &mut DbConnection, row: &SessionRow) -> Result<(), Error> {
    diesel::delete(sessions::table.filter(sessions::expires_at.le(row.created_at)))
        .execute(connection)?;
    insert!(connection, sessions::table, row)?;
    Ok(())
}

/// What stands behind a token now. `None` when there is no such session, or the person or the organisation is disabled.
pub fn standing(
    connection: &mut DbConnection,
    token_sha256: &str,
) -> Result<Option<Standing>, Error> {
    let query = sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .inner_join(organisations::table.on(organisations::id.eq(users::organisation_id)))
        .filter(sessions::token_sha256.eq(token_sha256))
        .filter(users::disabled_at.is_null())
        .filter(organisations::disabled_at.is_null());
    let found = directly!(connection, |own| query
        .select((
            SessionRow::as_select(),
            UserRow::as_select(),
            organisations::kind
        ))
        .first(own));
    Ok(found.optional()?)
}

/// The session of that id.
pub fn find(connection: &mut DbConnection, id: &str) -> Result<Option<SessionRow>, Error> {
    let found = directly!(connection, |own| sessions::table
        .find(id)
        .select(SessionRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// Notes when the session was used last.
pub fn touch(connection: &mut DbConnection, id: &str, now: i64) -> Result<(), Error> {
    diesel::update(sessions::table.find(id))
        .set(sessions::last_seen_at.eq(now))
        .execute(connection)?;
    Ok(())
}

/// Notes that a one-time code was shown in the session; `false` if it is over.
pub fn step_up(connection: &mut DbConnection, id: &str, now: i64) -> Result<bool, Error> {
    let updated = diesel::update(sessions::table.find(id))
        .set(sessions::stepped_up_at.eq(Some(now)))
        .execute(connection)?;
    Ok(updated == 1)
}

/// The person's sessions that are not over by their time, in the order of their ids.
pub fn list(
    connection: &mut DbConnection,
    user_id: &str,
    now: i64,
    after: &str,
    limit: i64,
) -> Result<Vec<SessionRow>, Error> {
    let query = sessions::table
        .filter(sessions::user_id.eq(user_id))
        .filter(sessions::expires_at.gt(now))
        .filter(sessions::id.gt(after));
    Ok(query
        .order(sessions::id)
        .limit(limit)
        .select(SessionRow::as_select())
        .load(connection)?)
}

/// Ends a session of the person; `false` if there is none of that id.
pub fn end(connection: &mut DbConnection, user_id: &str, id: &str) -> Result<bool, Error> {
    let own = sessions::table
        .find(id)
        .filter(sessions::user_id.eq(user_id));
    Ok(diesel::delete(own).execute(connection)? == 1)
}

/// Ends all sessions of the person, but for one.
pub fn end_all(
    connection: &mut DbConnection,
    user_id: &str,
    but: Option<&str>,
) -> Result<(), Error> {
    let others = sessions::table
        .filter(sessions::user_id.eq(user_id))
        .filter(sessions::id.ne(but.unwrap_or_default().to_owned()));
    diesel::delete(others).execute(connection)?;
    Ok(())
}
