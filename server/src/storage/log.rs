//! The leaves of the log: receipts, in order. The tree over them has a home of its own.

use diesel::prelude::*;
use jiff::Timestamp;
use kaiji_schema::Digest;
use kaiji_schema::key::Thumbprint;
use kaiji_schema::receipt::{Event, Receipt};

use super::backend::{Head, directly, insert};
use super::tables::{leaves, log_head};
use super::{DbConnection, Error};
use crate::keys::ReceiptSigner;

/// What a leaf will say, before its place in the log is known.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What happened.
    pub event: Event,
    /// Opaque id of the vendor concerned.
    pub vendor: Option<String>,
    /// Opaque id of the institution concerned.
    pub institution: Option<String>,
    /// Opaque id of the product concerned.
    pub product: Option<String>,
    /// SHA-256 of the whole statement JWS.
    pub statement_sha256: Option<Digest>,
    /// The key that signed, or that the event is about.
    pub signer_kid: Option<Thumbprint>,
    /// The leaf in which that key was registered.
    pub signer_key_leaf: Option<i64>,
    /// When the key expires.
    pub not_after: Option<Timestamp>,
    /// Since when signatures of a revoked key are not to be trusted.
    pub compromised_since: Option<Timestamp>,
}

impl Entry {
    /// An entry that says nothing but what happened.
    pub fn new(event: Event) -> Self {
        Self {
            event,
            vendor: None,
            institution: None,
            product: None,
            statement_sha256: None,
            signer_kid: None,
            signer_key_leaf: None,
            not_after: None,
            compromised_since: None,
        }
    }

    /// The receipt that says this, as the leaf `index`.
    pub(super) fn receipt(
        &self,
        signer: &ReceiptSigner,
        index: u64,
        received_at: Timestamp,
    ) -> Receipt {
        Receipt {
            vendor: self.vendor.clone(),
            institution: self.institution.clone(),
            product: self.product.clone(),
            statement_sha256: self.statement_sha256,
            signer_kid: self.signer_kid.clone(),
            signer_key_leaf: self
                .signer_key_leaf
                .and_then(|leaf| u64::try_from(leaf).ok()),
            not_after: self.not_after,
            compromised_since: self.compromised_since,
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

pub(super) fn store_head(connection: &mut DbConnection, head: Head) -> Result<(), Error> {
    diesel::update(log_head::table.find(1))
        .set((
            log_head::size.eq(head.size),
            log_head::last_received_at.eq(head.last_received_at),
            log_head::last_event.eq(head.last_event),
        ))
        .execute(connection)?;
    Ok(())
}

/// How many leaves the log has.
pub fn size(connection: &mut DbConnection) -> Result<i64, Error> {
    Ok(log_head::table
        .find(1)
        .select(log_head::size)
        .first(connection)?)
}

/// The receipt that is the leaf of that index.
pub fn receipt(connection: &mut DbConnection, index: i64) -> Result<Option<String>, Error> {
    let found = directly!(connection, |own| leaves::table
        .find(index)
        .select(leaves::receipt)
        .first(own));
    Ok(found.optional()?)
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
