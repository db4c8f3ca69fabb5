//! The vendors' signing keys, and the challenges for registering them.

use diesel::prelude::*;

use super::backend::{directly, insert};
use super::tables::{key_challenges, signing_keys};
use super::{DbConnection, Error};

/// A row of `signing_keys`. A kid belongs to one vendor for ever, so rows are never deleted.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = signing_keys, primary_key(kid), treat_none_as_null = true)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct SigningKeyRow {
    pub kid: String,
    pub vendor_id: String,
    pub algorithm: String,
    pub jwk: String,
    pub not_after: i64,
    pub registered_at: i64,
    pub approved_at: Option<i64>,
    pub approved_by: Option<String>,
    pub approval_note: Option<String>,
    pub approval_leaf: Option<i64>,
    pub retired_at: Option<i64>,
    pub retirement_leaf: Option<i64>,
    pub revoked_at: Option<i64>,
    pub revocation_reason: Option<String>,
    pub compromised_since: Option<i64>,
    pub revocation_leaf: Option<i64>,
}

/// Adds a key.
pub fn insert(connection: &mut DbConnection, row: &SigningKeyRow) -> Result<(), Error> {
    insert!(connection, signing_keys::table, row)?;
    Ok(())
}

/// Replaces the row of the same kid.
pub fn update(connection: &mut DbConnection, row: &SigningKeyRow) -> Result<(), Error> {
    diesel::update(signing_keys::table.find(row.kid.clone()))
        .set(row.clone())
        .execute(connection)?;
    Ok(())
}

/// The key of that thumbprint, whoever has it.
pub fn find(connection: &mut DbConnection, kid: &str) -> Result<Option<SigningKeyRow>, Error> {
    let found = directly!(connection, |own| signing_keys::table
        .find(kid)
        .select(SigningKeyRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// Which keys.
#[derive(Debug, Clone, Copy)]
pub enum Keys<'a> {
    /// Those of this vendor.
    Of(&'a str),
    /// Every vendor's that wait for approval.
    Waiting,
}

/// Keys, the oldest first, after the key registered at `after.0` with the kid `after.1`.
pub fn list(
    connection: &mut DbConnection,
    keys: Keys<'_>,
    after: (i64, &str),
    limit: i64,
) -> Result<Vec<SigningKeyRow>, Error> {
    let later = signing_keys::registered_at
        .gt(after.0)
        .or(signing_keys::registered_at
            .eq(after.0)
            .and(signing_keys::kid.gt(after.1)));
    let query = signing_keys::table.filter(later).into_boxed();
    let query = match keys {
        Keys::Of(vendor_id) => query.filter(signing_keys::vendor_id.eq(vendor_id)),
        Keys::Waiting => query
            .filter(signing_keys::approved_at.is_null())
            .filter(signing_keys::retired_at.is_null())
            .filter(signing_keys::revoked_at.is_null()),
    };
    Ok(query
        .order((signing_keys::registered_at, signing_keys::kid))
        .limit(limit)
        .select(SigningKeyRow::as_select())
        .load(connection)?)
}

/// Whether any key of the vendor has ever been approved.
pub fn any_approved(connection: &mut DbConnection, vendor_id: &str) -> Result<bool, Error> {
    let approved = signing_keys::table
        .filter(signing_keys::vendor_id.eq(vendor_id))
        .filter(signing_keys::approved_at.is_not_null());
    Ok(diesel::select(diesel::dsl::exists(approved)).get_result(connection)?)
}

/// Keeps a challenge, and forgets those that have expired.
pub fn insert_challenge(
    connection: &mut DbConnection,
    challenge: &str,
    vendor_id: &str,
    expires_at: i64,
    now: i64,
) -> Result<(), Error> {
    diesel::delete(key_challenges::table.filter(key_challenges::expires_at.lt(now)))
        .execute(connection)?;
    insert!(
        connection,
        key_challenges::table,
        (
            key_challenges::challenge.eq(challenge),
            key_challenges::vendor_id.eq(vendor_id),
            key_challenges::expires_at.eq(expires_at),
        )
    )?;
    Ok(())
}

/// Takes a challenge away; `true` if it was the vendor's and had not expired.
pub fn take_challenge(
    connection: &mut DbConnection,
    challenge: &str,
    vendor_id: &str,
    now: i64,
) -> Result<bool, Error> {
    let live = key_challenges::table
        .find(challenge)
        .filter(key_challenges::vendor_id.eq(vendor_id))
        .filter(key_challenges::expires_at.gt(now));
    Ok(diesel::delete(live).execute(connection)? == 1)
}
