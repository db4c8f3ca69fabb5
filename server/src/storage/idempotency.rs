//! Idempotency keys: which resource a request made when it came first.

use diesel::prelude::*;

use super::backend::{directly, insert};
use super::tables::idempotency_keys;
use super::{DbConnection, Error};

/// A row of `idempotency_keys`, written in the savepoint of its effect.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = idempotency_keys)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct IdempotencyRow {
    pub client_id: String,
    pub method: String,
    pub path: String,
    pub key: String,
    pub body_sha256: String,
    pub resource_id: String,
    pub created_at: i64,
}

/// Remembers what a request made, and forgets what is older than `forget_before`.
pub fn remember(
    connection: &mut DbConnection,
    row: &IdempotencyRow,
    forget_before: i64,
) -> Result<(), Error> {
    let old = idempotency_keys::table.filter(idempotency_keys::created_at.lt(forget_before));
    diesel::delete(old).execute(connection)?;
    insert!(connection, idempotency_keys::table, row)?;
    Ok(())
}

/// What the request with that key made, if it was kept at or after `since`.
pub fn find(
    connection: &mut DbConnection,
    client_id: &str,
    method: &str,
    path: &str,
    key: &str,
    since: i64,
) -> Result<Option<IdempotencyRow>, Error> {
    let query = idempotency_keys::table
        .find((client_id, method, path, key))
        .filter(idempotency_keys::created_at.ge(since));
    let found = directly!(connection, |own| query
        .select(IdempotencyRow::as_select())
        .first(own));
    Ok(found.optional()?)
}
