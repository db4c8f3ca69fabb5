//! API clients, and the assertions that they have used.

use diesel::prelude::*;

use super::backend::{directly, insert};
use super::tables::{clients, organisations, used_assertions};
use super::{DbConnection, Error};

/// A row of `clients`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = clients)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct ClientRow {
    pub id: String,
    pub organisation_id: String,
    pub name: String,
    pub kid: String,
    pub jwk: String,
    pub scopes: String,
    pub created_at: i64,
    pub disabled_at: Option<i64>,
}

/// Adds a client.
pub fn insert(connection: &mut DbConnection, row: &ClientRow) -> Result<(), Error> {
    insert!(connection, clients::table, row)?;
    Ok(())
}

/// The client of that id, disabled or not.
pub fn find(connection: &mut DbConnection, id: &str) -> Result<Option<ClientRow>, Error> {
    let found = directly!(connection, |own| clients::table
        .find(id)
        .select(ClientRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// Clients of an organisation in the order of their ids.
pub fn list(
    connection: &mut DbConnection,
    organisation_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<ClientRow>, Error> {
    let query = clients::table
        .filter(clients::organisation_id.eq(organisation_id))
        .filter(clients::id.gt(after));
    Ok(query
        .order(clients::id)
        .limit(limit)
        .select(ClientRow::as_select())
        .load(connection)?)
}

/// The scopes of each enabled client of an organisation, with their ids.
pub fn scopes_of_enabled(
    connection: &mut DbConnection,
    organisation_id: &str,
) -> Result<Vec<(String, String)>, Error> {
    let query = clients::table
        .filter(clients::organisation_id.eq(organisation_id))
        .filter(clients::disabled_at.is_null());
    Ok(query
        .select((clients::id, clients::scopes))
        .load(connection)?)
}

/// Disables a client of that organisation for good; `false` if there is none that is enabled.
pub fn disable(
    connection: &mut DbConnection,
    organisation_id: &str,
    id: &str,
    now: i64,
) -> Result<bool, Error> {
    let enabled = clients::table
        .find(id)
        .filter(clients::organisation_id.eq(organisation_id))
        .filter(clients::disabled_at.is_null());
    Ok(diesel::update(enabled)
        .set(clients::disabled_at.eq(Some(now)))
        .execute(connection)?
        == 1)
}

/// What stands behind a client now: its key and scopes, and the kind of its organisation. `None` when the client or
/// its organisation is unknown or disabled.
pub fn standing(
    connection: &mut DbConnection,
    id: &str,
) -> Result<Option<(ClientRow, String)>, Error> {
    let query = clients::table
        .inner_join(organisations::table.on(organisations::id.eq(clients::organisation_id)))
        .filter(clients::id.eq(id))
        .filter(clients::disabled_at.is_null())
        .filter(organisations::disabled_at.is_null());
    let found = directly!(connection, |own| query
        .select((ClientRow::as_select(), organisations::kind))
        .first(own));
    Ok(found.optional()?)
}

/// Whether that assertion was used before.
pub fn assertion_was_used(
    connection: &mut DbConnection,
    client_id: &str,
    jti: &str,
) -> Result<bool, Error> {
    let query = used_assertions::table.find((client_id, jti));
    Ok(diesel::select(diesel::dsl::exists(query)).get_result(connection)?)
}

/// Remembers an assertion until it expires, and forgets those that have.
pub fn remember_assertion(
    connection: &mut DbConnection,
    client_id: &str,
    jti: &str,
    expires_at: i64,
    now: i64,
) -> Result<(), Error> {
    diesel::delete(used_assertions::table.filter(used_assertions::expires_at.lt(now)))
        .execute(connection)?;
    insert!(
        connection,
        used_assertions::table,
        (
            used_assertions::client_id.eq(client_id),
            used_assertions::jti.eq(jti),
            used_assertions::expires_at.eq(expires_at),
        )
    )?;
    Ok(())
}
