//! The rows of the audit trail, which are only added to, and the days of it that are closed.

use diesel::prelude::*;
use kaiji_schema::Digest;
use kaiji_schema::audit::{AuditEntry, Deed, Trail};

use super::backend::{directly, insert, trail};
use super::tables::{audit_events, audit_heads, leaves, log_head};
use super::{DbConnection, Error};

/// How many rows go to the database at once.
const AT_ONCE: usize = 500;

/// A row of `audit_events`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_events)]
#[allow(missing_docs, reason = "the columns are described at `Deed`")]
pub struct AuditRow {
    pub number: i64,
    pub occurred_at: i64,
    pub organisation_id: String,
    pub client_id: String,
    pub token: String,
    pub address: String,
    pub action: String,
    pub object: String,
    pub result: String,
    pub leaf: Option<i64>,
    pub hash: String,
    pub agent_id: Option<String>,
}

/// A row of `audit_heads`: a day that is closed.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_heads)]
pub struct AuditHeadRow {
    /// The day (UTC), as `YYYY-MM-DD`.
    pub day: String,
    /// How many entries there were up to its end.
    pub entries: i64,
    /// The hash of the last of them.
    pub head: String,
    /// The leaf that says so.
    pub leaf: i64,
}

/// Which entries of an organisation are listed.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Not before this time.
    pub since: Option<i64>,
    /// Before this time.
    pub until: Option<i64>,
    /// Of this client.
    pub client: Option<String>,
    /// Of this action.
    pub action: Option<String>,
}

/// A number as rows keep it.
pub(super) fn number(number: u64) -> Result<i64, Error> {
    i64::try_from(number).map_err(|_| Error::Corrupt(format!("number {number}")))
}

fn place(number: i64) -> Result<u64, Error> {
    u64::try_from(number).map_err(|_| Error::Corrupt(format!("number {number}")))
}

impl AuditRow {
    fn new(entry: AuditEntry, hash: Digest) -> Result<Self, Error> {
        let deed = entry.deed;
        Ok(Self {
            number: number(entry.number)?,
            occurred_at: deed.occurred_at,
            organisation_id: deed.organisation,
            client_id: deed.client,
            token: deed.token,
            address: deed.address,
            action: deed.action,
            object: deed.object,
            result: deed.result,
            agent_id: deed.agent,
            leaf: entry.leaf.map(number).transpose()?,
            hash: hash.to_string(),
        })
    }

    /// The entry, and the hash that it was kept with.
    pub fn into_entry(self) -> Result<(AuditEntry, Digest), Error> {
        let hash = self.hash.parse();
        let entry = AuditEntry {
            number: place(self.number)?,
            deed: Deed {
                occurred_at: self.occurred_at,
                organisation: self.organisation_id,
                client: self.client_id,
                token: self.token,
                address: self.address,
                action: self.action,
                object: self.object,
                result: self.result,
                agent: self.agent_id,
            },
            leaf: self.leaf.map(place).transpose()?,
        };
        let hash = hash.map_err(|_| Error::Corrupt(format!("hash of entry {}", entry.number)))?;
        Ok((entry, hash))
    }
}

/// Adds entries, each with the first leaf that it appended, behind the end of the trail. Answers the new end.
pub(super) fn append(
    connection: &mut DbConnection,
    mut trail: Trail,
    deeds: impl IntoIterator<Item = (Deed, Option<i64>)>,
) -> Result<Trail, Error> {
    let mut rows = Vec::new();
    for (deed, leaf) in deeds {
        let entry = AuditEntry {
            number: trail.entries,
            deed,
            leaf: leaf.map(place).transpose()?,
        };
        trail.head = entry.hash(&trail.head);
        trail.entries += 1;
        rows.push(AuditRow::new(entry, trail.head)?);
    }
    if let [row] = rows.as_slice() {
        insert!(connection, audit_events::table, row)?;
        return Ok(trail);
    }
    for rows in rows.chunks(AT_ONCE) {
        insert!(connection, audit_events::table, rows)?;
    }
    Ok(trail)
}

/// The end of the trail.
pub fn end(connection: &mut DbConnection) -> Result<Trail, Error> {
    let (size, head): (i64, String) = log_head::table
        .find(1)
        .select((log_head::audit_size, log_head::audit_head))
        .first(connection)?;
    trail(size, &head)
}

/// An organisation's entries after that number: what was done for it, and what it did for others.
pub fn list(
    connection: &mut DbConnection,
    organisation_id: &str,
    filter: &Filter,
    after: i64,
    limit: i64,
) -> Result<Vec<AuditRow>, Error> {
    // Two lists, each by its index, where one list of both would be sorted as a whole.
    let mut rows = list_of(connection, Side::For(organisation_id), filter, after, limit)?;
    rows.extend(list_of(
        connection,
        Side::By(organisation_id),
        filter,
        after,
        limit,
    )?);
    rows.sort_by_key(|row| row.number);
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(rows)
}

/// On which side of an entry an organisation stands.
#[derive(Clone, Copy)]
enum Side<'a> {
    /// It was acted for, or acted itself.
    For(&'a str),
    /// It acted for another.
    By(&'a str),
}

fn list_of(
    connection: &mut DbConnection,
    side: Side<'_>,
    filter: &Filter,
    after: i64,
    limit: i64,
) -> Result<Vec<AuditRow>, Error> {
    let mut query = audit_events::table
        .filter(audit_events::number.gt(after))
        .into_boxed();
    query = match side {
        Side::For(id) => query.filter(audit_events::organisation_id.eq(id)),
        Side::By(id) => query.filter(audit_events::agent_id.eq(id)),
    };
    if let Some(since) = filter.since {
        query = query.filter(audit_events::occurred_at.ge(since));
    }
    if let Some(until) = filter.until {
        query = query.filter(audit_events::occurred_at.lt(until));
    }
    if let Some(client) = &filter.client {
        query = query.filter(audit_events::client_id.eq(client));
    }
    if let Some(action) = &filter.action {
        query = query.filter(audit_events::action.eq(action));
    }
    Ok(query
        .order(audit_events::number)
        .limit(limit)
        .select(AuditRow::as_select())
        .load(connection)?)
}

/// Entries of all organisations in order, from that number on.
pub fn entries(
    connection: &mut DbConnection,
    from: u64,
    limit: i64,
) -> Result<Vec<AuditRow>, Error> {
    Ok(audit_events::table
        .filter(audit_events::number.ge(number(from)?))
        .order(audit_events::number)
        .limit(limit)
        .select(AuditRow::as_select())
        .load(connection)?)
}

/// The last entry that happened before that time, if it is not one of the first `from`.
pub fn last_before(
    connection: &mut DbConnection,
    time: i64,
    from: u64,
) -> Result<Option<AuditRow>, Error> {
    let from = number(from)?;
    let query = audit_events::table
        .filter(audit_events::occurred_at.lt(time))
        .filter(audit_events::number.ge(from))
        .order(audit_events::number.desc());
    let found = directly!(connection, |own| query
        .select(AuditRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// Closes a day.
pub fn insert_head(connection: &mut DbConnection, row: &AuditHeadRow) -> Result<(), Error> {
    insert!(connection, audit_heads::table, row)?;
    Ok(())
}

/// The day that was closed last.
pub fn last_head(connection: &mut DbConnection) -> Result<Option<AuditHeadRow>, Error> {
    let query = audit_heads::table.order(audit_heads::day.desc());
    let found = directly!(connection, |own| query
        .select(AuditHeadRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// The first day after that one that is closed.
pub fn next_head(connection: &mut DbConnection, day: &str) -> Result<Option<AuditHeadRow>, Error> {
    let found = audit_heads::table
        .filter(audit_heads::day.gt(day))
        .order(audit_heads::day)
        .select(AuditHeadRow::as_select())
        .first(connection);
    Ok(found.optional()?)
}

/// How many leaves of the log are of that event.
pub fn leaves_of(connection: &mut DbConnection, event: &str) -> Result<i64, Error> {
    Ok(leaves::table
        .filter(leaves::event.eq(event))
        .count()
        .get_result(connection)?)
}
