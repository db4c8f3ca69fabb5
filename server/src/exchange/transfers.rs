//! A product moves to another vendor (事業承継). Both consent by a signature, and both consents are leaves of the log.
//!
//! What belongs to the product goes with it: the chains of its statements, to which the successor adds the next revision,
//! the institutions' grants, inventories, questions and open requests. What the predecessor signed stays its own word, and
//! both may read it.

mod accept;
mod end;
mod offer;

use jiff::Timestamp;
use serde::Serialize;

use super::vendors_word::VendorsWordError;
use super::{Exchange, Moment, Page, Window};
use crate::actor::{Actor, OrganisationKind};
use crate::storage::transfers::{self, TransferRow};
use crate::storage::{DbConnection, Error as StorageError, Tx, log, organisations, products};

/// A transfer, as both vendors see it; one that took place, as everybody does who may know of the product.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct TransferView {
    /// Opaque id, `trf_…`.
    pub id: String,
    /// The product.
    pub product: String,
    /// The product's name.
    pub product_name: String,
    /// The vendor that hands it over.
    pub from: String,
    /// Its name.
    pub from_name: String,
    /// The vendor that is to have it.
    pub to: String,
    /// Its name.
    pub to_name: String,
    /// `offered`, `accepted`, `declined`, `withdrawn` or `expired`.
    pub state: &'static str,
    /// When it was offered.
    #[schema(value_type = String)]
    pub offered_at: Moment,
    /// Until when it can be accepted.
    #[schema(value_type = String)]
    pub expires_at: Moment,
    /// When it was accepted, declined or withdrawn.
    #[schema(value_type = Option<String>)]
    pub settled_at: Option<Moment>,
    /// What the predecessor signed: a `kaiji-transfer+jws`.
    pub transfer: String,
    /// What the successor signed: a `kaiji-transfer-acceptance+jws`.
    pub acceptance: Option<String>,
    /// The receipts of both consents, as far as they were given: compact JWS of the service.
    pub receipts: Vec<String>,
}

/// Why a product was not offered, taken over or found.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// There is no such transfer or product, or it is not the caller's.
    #[error("there is no such transfer or product")]
    NotFound,
    /// The signed document is not taken.
    #[error(transparent)]
    Word(#[from] VendorsWordError),
    /// Another offer of the product waits.
    #[error("the transfer {0} of this product is open: withdraw it first")]
    Open(String),
    /// Its state, or which side the caller is on, does not allow this.
    #[error("{0}")]
    State(&'static str),
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Exchange {
    /// The transfers of products from and to the vendor.
    pub fn list_transfers(
        &self,
        actor: &Actor,
        window: &Window,
    ) -> Result<Page<TransferView>, TransferError> {
        self.transfers(window, |c| {
            let vendor = &actor.organisation;
            Ok(transfers::list(
                c,
                vendor,
                window.after_id(),
                window.fetch(),
            )?)
        })
    }

    /// One of them.
    pub fn find_transfer(&self, actor: &Actor, id: &str) -> Result<TransferView, TransferError> {
        let now = self.clock.now();
        self.db.read(|c| {
            let row = transfers::find(c, &actor.organisation, id)?;
            Ok(view(c, row.ok_or(TransferError::NotFound)?, now)?)
        })
    }

    /// From whom to whom a product has moved, for everybody who may know of it.
    pub fn list_transfers_of_product(
        &self,
        actor: &Actor,
        product: &str,
        window: &Window,
    ) -> Result<Page<TransferView>, TransferError> {
        self.transfers(window, |c| {
            if !is_known(c, actor, product)? {
                return Err(TransferError::NotFound);
            }
            let (after, limit) = (window.after_id(), window.fetch());
            Ok(transfers::of_product(c, product, after, limit)?)
        })
    }

    fn transfers(
        &self,
        window: &Window,
        read: impl Fn(&mut DbConnection) -> Result<Vec<TransferRow>, TransferError>,
    ) -> Result<Page<TransferView>, TransferError> {
        let now = self.clock.now();
        self.db.read(|c| {
            let page = window.page(read(c)?, |row| row.id.clone(), |row| row);
            let items = page.items.into_iter().map(|row| view(c, row, now));
            Ok(Page {
                items: items.collect::<Result<_, _>>()?,
                next: page.next,
            })
        })
    }
}

fn is_known(
    connection: &mut DbConnection,
    actor: &Actor,
    product: &str,
) -> Result<bool, StorageError> {
    let organisation = &actor.organisation;
    if actor.kind == OrganisationKind::Institution {
        return products::is_known_to(connection, organisation, product);
    }
    let found = products::find(connection, product)?;
    Ok(found.is_some_and(|found| found.vendor_id == *organisation)
        || transfers::has_handed_over(connection, organisation, product)?)
}

/// The vendor's transfer, if it still waits for the successor's consent.
fn open(tx: &mut Tx<'_>, vendor: &str, id: &str) -> Result<TransferRow, TransferError> {
    tx.concerns(id);
    let row = transfers::find(tx, vendor, id)?.ok_or(TransferError::NotFound)?;
    match state(&row, tx.now()) {
        transfers::OFFERED => Ok(row),
        EXPIRED => Err(TransferError::State(
            "the offer expired: the vendor whose product it is signs another",
        )),
        _ => Err(TransferError::State(
            "the transfer was accepted, declined or withdrawn before",
        )),
    }
}

/// What an offer that nobody accepted in time has come to.
const EXPIRED: &str = "expired";

fn state(row: &TransferRow, now: Timestamp) -> &'static str {
    match row.state.as_str() {
        transfers::OFFERED if now.as_millisecond() < row.expires_at => transfers::OFFERED,
        transfers::OFFERED => EXPIRED,
        transfers::ACCEPTED => transfers::ACCEPTED,
        transfers::DECLINED => transfers::DECLINED,
        _ => transfers::WITHDRAWN,
    }
}

/// What events say of a transfer.
fn subject(row: &TransferRow) -> serde_json::Value {
    serde_json::json!({
        "transfer": row.id, "product": row.product_id, "from": row.from_id, "to": row.to_id,
    })
}

fn tell_both(tx: &mut Tx<'_>, kind: &str, row: &TransferRow) -> Result<(), StorageError> {
    let subject = subject(row).to_string();
    tx.notify(&row.from_id, kind, &subject)?;
    tx.notify(&row.to_id, kind, &subject)
}

fn view(
    connection: &mut DbConnection,
    row: TransferRow,
    now: Timestamp,
) -> Result<TransferView, StorageError> {
    let product = products::find(connection, &row.product_id)?;
    let from = organisations::find(connection, &row.from_id)?;
    let to = organisations::find(connection, &row.to_id)?;
    let leaves = std::iter::once(row.offer_leaf).chain(row.acceptance_leaf);
    let receipts = leaves.map(|leaf| log::receipt(connection, leaf));
    Ok(TransferView {
        receipts: receipts.collect::<Result<_, _>>()?,
        state: state(&row, now),
        id: row.id,
        product: row.product_id,
        product_name: product.map(|found| found.name).unwrap_or_default(),
        from: row.from_id,
        from_name: from.map(|found| found.name).unwrap_or_default(),
        to: row.to_id,
        to_name: to.map(|found| found.name).unwrap_or_default(),
        offered_at: Moment(row.offered_at),
        expires_at: Moment(row.expires_at),
        settled_at: row.settled_at.map(Moment),
        transfer: row.offer_jws,
        acceptance: row.acceptance_jws,
    })
}
