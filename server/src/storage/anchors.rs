//! What ties the log to others than the operator: time stamps on checkpoints, and witnesses' cosignatures.

use diesel::prelude::*;

use super::backend::insert;
use super::tables::{cosignatures, timestamps};
use super::{DbConnection, Error};

/// A row of `timestamps`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = timestamps)]
#[allow(missing_docs, reason = "the columns are named in the migration")]
pub struct TimestampRow {
    pub size: i64,
    pub tsa: String,
    pub stamped_note: String,
    pub token: Vec<u8>,
    pub stamped_at: i64,
}

/// A row of `cosignatures`.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = cosignatures)]
#[allow(missing_docs, reason = "the columns are named in the migration")]
pub struct CosignatureRow {
    pub size: i64,
    pub name: String,
    pub key_id: String,
    pub line: String,
}

/// Keeps a time stamp.
pub fn insert_timestamp(connection: &mut DbConnection, row: &TimestampRow) -> Result<(), Error> {
    insert!(connection, timestamps::table, row)?;
    Ok(())
}

/// The size of the log and the time at which this authority stamped it last.
pub fn last_timestamp(
    connection: &mut DbConnection,
    tsa: &str,
) -> Result<Option<(i64, i64)>, Error> {
    let query = timestamps::table
        .filter(timestamps::tsa.eq(tsa))
        .order(timestamps::size.desc())
        .select((timestamps::size, timestamps::stamped_at));
    Ok(query.first(connection).optional()?)
}

/// The newest time stamp of at most `size` leaves.
pub fn timestamp_before(
    connection: &mut DbConnection,
    size: i64,
) -> Result<Option<TimestampRow>, Error> {
    let query = timestamps::table
        .filter(timestamps::size.le(size))
        .order((timestamps::size.desc(), timestamps::tsa))
        .select(TimestampRow::as_select());
    Ok(query.first(connection).optional()?)
}

/// The first time stamp that the leaf of that index is in.
pub fn timestamp_with(
    connection: &mut DbConnection,
    leaf: i64,
) -> Result<Option<TimestampRow>, Error> {
    let query = timestamps::table
        .filter(timestamps::size.gt(leaf))
        .order((timestamps::size, timestamps::tsa))
        .select(TimestampRow::as_select());
    Ok(query.first(connection).optional()?)
}

/// Time stamps, the newest first, behind the one of that size by that authority.
pub fn list_timestamps(
    connection: &mut DbConnection,
    after: Option<(i64, &str)>,
    limit: i64,
) -> Result<Vec<TimestampRow>, Error> {
    let (size, tsa) = after.unwrap_or((i64::MAX, ""));
    let behind = timestamps::size
        .lt(size)
        .or(timestamps::size.eq(size).and(timestamps::tsa.gt(tsa)));
    let query = timestamps::table
        .filter(behind)
        .order((timestamps::size.desc(), timestamps::tsa))
        .limit(limit)
        .select(TimestampRow::as_select());
    Ok(query.load(connection)?)
}

/// Keeps a witness's line, unless there is one by that key already.
pub fn insert_cosignature(
    connection: &mut DbConnection,
    row: &CosignatureRow,
) -> Result<(), Error> {
    let same = cosignatures::table.find((row.size, &row.name, &row.key_id));
    let kept: Option<i64> = same
        .select(cosignatures::size)
        .first(connection)
        .optional()?;
    if kept.is_none() {
        insert!(connection, cosignatures::table, row)?;
    }
    Ok(())
}

/// The lines of the witnesses of a checkpoint.
pub fn cosignatures(connection: &mut DbConnection, size: i64) -> Result<Vec<String>, Error> {
    let query = cosignatures::table
        .filter(cosignatures::size.eq(size))
        .order((cosignatures::name, cosignatures::key_id))
        .select(cosignatures::line);
    Ok(query.load(connection)?)
}
