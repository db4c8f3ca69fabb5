//! The leaves of the log, which are receipts, in order; the tiles of the tree over them, and its checkpoints.

use diesel::prelude::*;
use jiff::Timestamp;
use jiff::civil::Date;
use kaiji_schema::Digest;
use kaiji_schema::key::Thumbprint;
use kaiji_schema::log::{Frontier, Growth, TileName, Tiles, leaf_hash, tile_width};
use kaiji_schema::receipt::{Event, Receipt};

use super::audit::number;
use super::backend::{Head, directly, insert};
use super::tables::{checkpoints, leaves, log_head, log_tiles};
use super::{DbConnection, Error};
use crate::keys::LogSigner;

/// What a leaf will say, before its place in the log is known.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What happened.
    pub event: Event,
    /// Opaque id of the vendor concerned.
    pub vendor: Option<String>,
    /// Opaque id of the institution concerned.
    pub institution: Option<String>,
    /// Opaque id of the organisation that acts for the institution.
    pub agent: Option<String>,
    /// Opaque id of the vendor that the product goes to.
    pub successor: Option<String>,
    /// Opaque id of the product concerned.
    pub product: Option<String>,
    /// SHA-256 of the whole statement JWS.
    pub statement_sha256: Option<Digest>,
    /// SHA-256 of the edition of a risk review that was approved.
    pub review_sha256: Option<Digest>,
    /// SHA-256 of the JWS by which a vendor hands a product over.
    pub transfer_sha256: Option<Digest>,
    /// The key that signed, or that the event is about.
    pub signer_kid: Option<Thumbprint>,
    /// The leaf in which that key was registered.
    pub signer_key_leaf: Option<i64>,
    /// When the key, or the offer, expires.
    pub not_after: Option<Timestamp>,
    /// Since when signatures of a revoked key are not to be trusted.
    pub compromised_since: Option<Timestamp>,
    /// A day of the audit trail, how many entries it had at the end of that day, and the hash of the last.
    pub audit_head: Option<(Date, u64, Digest)>,
}

impl Entry {
    /// An entry that says nothing but what happened.
    pub fn new(event: Event) -> Self {
        Self {
            event,
            vendor: None,
            institution: None,
            agent: None,
            successor: None,
            product: None,
            statement_sha256: None,
            review_sha256: None,
            transfer_sha256: None,
            signer_kid: None,
            signer_key_leaf: None,
            not_after: None,
            compromised_since: None,
            audit_head: None,
        }
    }

    /// The receipt that says this, as the leaf `index`.
    pub(super) fn receipt(
        &self,
        signer: &LogSigner,
        index: u64,
        received_at: Timestamp,
    ) -> Receipt {
        Receipt {
            vendor: self.vendor.clone(),
            institution: self.institution.clone(),
            agent: self.agent.clone(),
            successor: self.successor.clone(),
            product: self.product.clone(),
            statement_sha256: self.statement_sha256,
            review_sha256: self.review_sha256,
            transfer_sha256: self.transfer_sha256,
            signer_kid: self.signer_kid.clone(),
            signer_key_leaf: self
                .signer_key_leaf
                .and_then(|leaf| u64::try_from(leaf).ok()),
            not_after: self.not_after,
            compromised_since: self.compromised_since,
            audit_day: self.audit_head.map(|(day, ..)| day),
            audit_entries: self.audit_head.map(|(_, entries, _)| entries),
            audit_head: self.audit_head.map(|(.., head)| head),
            ..signer.receipt(self.event, index, received_at)
        }
    }
}

/// Adds a leaf.
pub(super) fn insert(
    connection: &mut DbConnection,
    index: i64,
    entry: &Entry,
    received_at: Timestamp,
    receipt: &str,
) -> Result<(), Error> {
    insert!(
        connection,
        leaves::table,
        (
            leaves::leaf_index.eq(index),
            leaves::event.eq(entry.event.as_str()),
            leaves::received_at.eq(received_at.as_millisecond()),
            leaves::receipt.eq(receipt),
        )
    )?;
    Ok(())
}

pub(super) fn store_head(
    connection: &mut DbConnection,
    head: Head,
    frontier: &Frontier,
) -> Result<(), Error> {
    diesel::update(log_head::table.find(1))
        .set((
            log_head::size.eq(head.size),
            log_head::last_received_at.eq(head.last_received_at),
            log_head::last_event.eq(head.last_event),
            log_head::frontier.eq(frontier.to_bytes()),
            log_head::audit_size.eq(number(head.audit.entries)?),
            log_head::audit_head.eq(head.audit.head.to_string()),
        ))
        .execute(connection)?;
    Ok(())
}

/// Writes the head over itself: whoever can do that can write.
pub(super) fn touch_head(connection: &mut DbConnection) -> Result<(), Error> {
    diesel::update(log_head::table.find(1))
        .set(log_head::size.eq(log_head::size))
        .execute(connection)?;
    Ok(())
}

/// Adds to each tile what it gained in a tree that had `before` leaves.
pub(super) fn store_tiles(
    connection: &mut DbConnection,
    before: u64,
    growth: &Growth,
) -> Result<(), Error> {
    for (name, gained) in growth.tiles() {
        let (level, index) = place(*name)?;
        let mut hashes = tile(connection, *name)?;
        if hashes.len() as u64 != 32 * tile_width(*name, before) {
            return Err(Error::Corrupt(format!("tile {name} of the log")));
        }
        let is_new = hashes.is_empty();
        hashes.extend(gained);
        if is_new {
            let row = (
                log_tiles::level.eq(level),
                log_tiles::tile_index.eq(index),
                log_tiles::hashes.eq(hashes),
            );
            insert!(connection, log_tiles::table, row)?;
        } else {
            diesel::update(log_tiles::table.find((level, index)))
                .set(log_tiles::hashes.eq(hashes))
                .execute(connection)?;
        }
    }
    Ok(())
}

/// Grows the tree over all leaves that are there: for a database of a version that kept none.
pub(super) fn grow_over_all(connection: &mut DbConnection) -> Result<Frontier, Error> {
    const AT_ONCE: i64 = 1_000;
    let mut frontier = Frontier::default();
    loop {
        let before = frontier.size();
        let from = i64::try_from(before).map_err(|_| Error::Corrupt("size".to_owned()))?;
        let receipts = receipts(connection, from, AT_ONCE)?;
        if receipts.is_empty() {
            return Ok(frontier);
        }
        let mut growth = Growth::new(frontier);
        for receipt in receipts {
            growth.push(leaf_hash(receipt.as_bytes()));
        }
        store_tiles(connection, before, &growth)?;
        frontier = growth.frontier().clone();
    }
}

fn place(name: TileName) -> Result<(i64, i64), Error> {
    let index = i64::try_from(name.index).map_err(|_| Error::Corrupt(format!("tile {name}")))?;
    Ok((i64::from(name.level), index))
}

/// The hashes of a tile, as many as there are.
pub fn tile(connection: &mut DbConnection, name: TileName) -> Result<Vec<u8>, Error> {
    let (level, index) = place(name)?;
    let found = directly!(connection, |own| log_tiles::table
        .find((level, index))
        .select(log_tiles::hashes)
        .first(own));
    Ok(found.optional()?.unwrap_or_default())
}

/// The nodes of the tree, from the tiles that are stored.
pub fn tiles(
    connection: &mut DbConnection,
) -> Tiles<impl FnMut(TileName) -> Result<Vec<u8>, Error> + '_> {
    Tiles::new(move |name| tile(connection, name))
}

/// Keeps a checkpoint, as it was signed.
pub(super) fn insert_checkpoint(
    connection: &mut DbConnection,
    size: i64,
    note: &str,
    signed_at: i64,
) -> Result<(), Error> {
    let row = (
        checkpoints::size.eq(size),
        checkpoints::note.eq(note),
        checkpoints::signed_at.eq(signed_at),
    );
    insert!(connection, checkpoints::table, row)?;
    Ok(())
}

/// The newest checkpoint: its size and its note.
pub fn newest_checkpoint(connection: &mut DbConnection) -> Result<Option<(i64, String)>, Error> {
    let found = directly!(connection, |own| checkpoints::table
        .order(checkpoints::size.desc())
        .select((checkpoints::size, checkpoints::note))
        .first(own));
    Ok(found.optional()?)
}

/// The checkpoint that was signed at exactly that size.
pub fn checkpoint(connection: &mut DbConnection, size: i64) -> Result<Option<String>, Error> {
    let found = checkpoints::table
        .find(size)
        .select(checkpoints::note)
        .first(connection);
    Ok(found.optional()?)
}

/// The last checkpoint of at most `size` leaves.
pub fn checkpoint_before(
    connection: &mut DbConnection,
    size: i64,
) -> Result<Option<(i64, String)>, Error> {
    let found = checkpoints::table
        .filter(checkpoints::size.le(size))
        .order(checkpoints::size.desc())
        .select((checkpoints::size, checkpoints::note))
        .first(connection);
    Ok(found.optional()?)
}

/// The first checkpoint that the leaf of that index is in.
pub fn checkpoint_with(
    connection: &mut DbConnection,
    leaf: i64,
) -> Result<Option<(i64, String)>, Error> {
    let found = checkpoints::table
        .filter(checkpoints::size.gt(leaf))
        .order(checkpoints::size)
        .select((checkpoints::size, checkpoints::note))
        .first(connection);
    Ok(found.optional()?)
}

/// How many leaves the log has.
pub fn size(connection: &mut DbConnection) -> Result<i64, Error> {
    Ok(log_head::table
        .find(1)
        .select(log_head::size)
        .first(connection)?)
}

/// The log as its head says it is: how many leaves, when the last was received, and the right edge of the tree.
pub fn head(connection: &mut DbConnection) -> Result<(i64, i64, Vec<u8>), Error> {
    let columns = (
        log_head::size,
        log_head::last_received_at,
        log_head::frontier,
    );
    Ok(log_head::table.find(1).select(columns).first(connection)?)
}

/// A leaf as it is stored.
#[derive(Debug, Clone, Queryable)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct LeafRow {
    pub leaf_index: i64,
    pub event: String,
    pub received_at: i64,
    pub receipt: String,
}

/// Leaves in order, from `from` on.
pub fn leaf_rows(
    connection: &mut DbConnection,
    from: i64,
    limit: i64,
) -> Result<Vec<LeafRow>, Error> {
    Ok(directly!(connection, |own| leaves::table
        .filter(leaves::leaf_index.ge(from))
        .order(leaves::leaf_index)
        .limit(limit)
        .load(own))?)
}

/// Checkpoints in order, those of more than `after` leaves.
pub fn checkpoints_after(
    connection: &mut DbConnection,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, String)>, Error> {
    Ok(directly!(connection, |own| checkpoints::table
        .filter(checkpoints::size.gt(after))
        .order(checkpoints::size)
        .select((checkpoints::size, checkpoints::note))
        .limit(limit)
        .load(own))?)
}

/// How many tiles are stored.
pub fn count_tiles(connection: &mut DbConnection) -> Result<i64, Error> {
    Ok(log_tiles::table.count().get_result(connection)?)
}

/// How many leaves the log has, as the tree counts them.
pub fn leaves(connection: &mut DbConnection) -> Result<u64, Error> {
    let size = size(connection)?;
    u64::try_from(size).map_err(|_| Error::Corrupt(format!("a log of {size}")))
}

/// The receipt that is the leaf of that index, if the log has so many.
pub fn find_receipt(connection: &mut DbConnection, index: i64) -> Result<Option<String>, Error> {
    let found = directly!(connection, |own| leaves::table
        .find(index)
        .select(leaves::receipt)
        .first(own));
    Ok(found.optional()?)
}

/// The receipt that is the leaf of that index, which a row says is there.
pub fn receipt(connection: &mut DbConnection, index: i64) -> Result<String, Error> {
    let missing = || Error::Corrupt(format!("no leaf {index}"));
    find_receipt(connection, index)?.ok_or_else(missing)
}

/// Receipts in order, from the leaf `from` on.
pub fn receipts(
    connection: &mut DbConnection,
    from: i64,
    limit: i64,
) -> Result<Vec<String>, Error> {
    let query = leaves::table
        .filter(leaves::leaf_index.ge(from))
        .order(leaves::leaf_index)
        .limit(limit);
    Ok(query.select(leaves::receipt).load(connection)?)
}
