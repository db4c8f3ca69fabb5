//! People of organisations, and the links in the letters to them.

use diesel::dsl::exists;
use diesel::prelude::*;

use super::backend::{directly, insert};
use super::tables::{user_links, users};
use super::{DbConnection, Error};

/// A row of `users`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = users, treat_none_as_null = true)]
#[allow(missing_docs, reason = "the columns are described in the migration")]
pub struct UserRow {
    pub id: String,
    pub organisation_id: String,
    pub email: String,
    pub email_folded: String,
    pub name: String,
    pub roles: String,
    pub letters: String,
    pub password_hash: Option<String>,
    pub totp_secret: Option<Vec<u8>>,
    pub totp_step: i64,
    pub revision: i64,
    pub created_at: i64,
    pub updated_at: i64,
    pub joined_at: Option<i64>,
    pub disabled_at: Option<i64>,
}

/// A row of `user_links`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = user_links, treat_none_as_null = true)]
#[allow(missing_docs, reason = "the columns are described in the migration")]
pub struct UserLinkRow {
    pub id: String,
    pub user_id: String,
    pub purpose: String,
    pub generation: i64,
    pub token_sha256: String,
    pub sent_by: String,
    pub expires_at: i64,
    pub used_at: Option<i64>,
}

/// Somebody who gets an organisation's letters.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = users)]
#[allow(missing_docs, reason = "the columns are described in the migration")]
pub struct RecipientRow {
    pub id: String,
    pub email: String,
    pub name: String,
    pub letters: String,
}

/// Adds a person.
pub fn insert(connection: &mut DbConnection, row: &UserRow) -> Result<(), Error> {
    insert!(connection, users::table, row)?;
    Ok(())
}

/// Replaces the row of the same id.
pub fn update(connection: &mut DbConnection, row: &UserRow) -> Result<(), Error> {
    diesel::update(users::table.find(row.id.clone()))
        .set(row.clone())
        .execute(connection)?;
    Ok(())
}

/// Notes when a person wants letters. Answers how many there are of that id.
pub fn wish_for_letters(
    connection: &mut DbConnection,
    id: &str,
    letters: &str,
) -> Result<usize, Error> {
    let changed = diesel::update(users::table.find(id))
        .set(users::letters.eq(letters.to_owned()))
        .execute(connection)?;
    Ok(changed)
}

/// The person of that id.
pub fn find(connection: &mut DbConnection, id: &str) -> Result<Option<UserRow>, Error> {
    let found = directly!(connection, |own| users::table
        .find(id)
        .select(UserRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// The person with that address, folded.
pub fn find_by_email(
    connection: &mut DbConnection,
    email_folded: &str,
) -> Result<Option<UserRow>, Error> {
    let query = users::table.filter(users::email_folded.eq(email_folded));
    let found = directly!(connection, |own| query
        .select(UserRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// People of an organisation in the order of their ids.
pub fn list(
    connection: &mut DbConnection,
    organisation_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<UserRow>, Error> {
    let query = users::table
        .filter(users::organisation_id.eq(organisation_id))
        .filter(users::id.gt(after));
    Ok(query
        .order(users::id)
        .limit(limit)
        .select(UserRow::as_select())
        .load(connection)?)
}

/// The roles of each person of an organisation who can sign in, with their ids.
pub fn roles_of_active(
    connection: &mut DbConnection,
    organisation_id: &str,
) -> Result<Vec<(String, String)>, Error> {
    let query = users::table
        .filter(users::organisation_id.eq(organisation_id))
        .filter(users::joined_at.is_not_null())
        .filter(users::disabled_at.is_null());
    Ok(query.select((users::id, users::roles)).load(connection)?)
}

/// Who gets an organisation's letters: its people who can sign in, in the order of their ids.
pub fn recipients(
    connection: &mut DbConnection,
    organisation_id: &str,
) -> Result<Vec<RecipientRow>, Error> {
    let query = users::table
        .filter(users::organisation_id.eq(organisation_id))
        .filter(users::joined_at.is_not_null())
        .filter(users::disabled_at.is_null());
    Ok(query
        .order(users::id)
        .select(RecipientRow::as_select())
        .load(connection)?)
}

/// Adds a link, or puts another in its place.
pub fn put_link(connection: &mut DbConnection, row: &UserLinkRow) -> Result<(), Error> {
    let known = exists(user_links::table.find(row.id.clone()));
    if diesel::select(known).get_result(connection)? {
        diesel::update(user_links::table.find(row.id.clone()))
            .set(row.clone())
            .execute(connection)?;
    } else {
        insert!(connection, user_links::table, row)?;
    }
    Ok(())
}

/// The link of that id.
pub fn find_link(connection: &mut DbConnection, id: &str) -> Result<Option<UserLinkRow>, Error> {
    let found = directly!(connection, |own| user_links::table
        .find(id)
        .select(UserLinkRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// The person's link for that purpose.
pub fn link_of(
    connection: &mut DbConnection,
    user_id: &str,
    purpose: &str,
) -> Result<Option<UserLinkRow>, Error> {
    let query = user_links::table
        .filter(user_links::user_id.eq(user_id))
        .filter(user_links::purpose.eq(purpose));
    let found = directly!(connection, |own| query
        .select(UserLinkRow::as_select())
        .first(own));
    Ok(found.optional()?)
}
