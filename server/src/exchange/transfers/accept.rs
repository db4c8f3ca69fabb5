//! The successor's side: with its signature the product is its own.

use kaiji_schema::Digest;
use kaiji_schema::receipt::Event;
use kaiji_schema::signed::TransferAcceptance;
use serde_json::json;

use super::offer::refused;
use super::{TransferError, TransferView, open, subject};
use crate::actor::Actor;
use crate::exchange::Exchange;
use crate::exchange::announce::Announcement;
use crate::exchange::approve_key::usable_key;
use crate::exchange::link::LinkTokens;
use crate::exchange::requests::news;
use crate::exchange::vendors_word::VendorsWordError;
use crate::storage::transfers::{self, ACCEPTED, TransferRow};
use crate::storage::{
    Entry, Error as StorageError, Tx, organisations, products, requests, signing_keys,
};

impl Exchange {
    /// Takes a product over. All who hold it are told, and those whose requests about it wait.
    pub fn accept_transfer(
        &self,
        actor: &Actor,
        id: &str,
        document: &str,
    ) -> Result<TransferView, TransferError> {
        let (acceptance, kid) = self.read_word::<TransferAcceptance>(actor, document)?;
        let (accepted, jws, links) = (id.to_owned(), document.to_owned(), self.links.clone());
        self.write(actor, move |tx| {
            let mut row = open(tx, &acceptance.issuer, &accepted)?;
            if row.to_id != acceptance.issuer {
                let detail = "the vendor that is to have the product accepts it";
                return Err(TransferError::State(detail));
            }
            check_what_is_accepted(&acceptance, &row)?;
            refuse_an_offer_that_does_not_stand(tx, &row)?;
            let now = tx.now();
            let key = usable_key(tx, &row.to_id, &kid, now)?;
            let (_, key_leaf) = key.ok_or(VendorsWordError::Signer)?;
            ACCEPTED.clone_into(&mut row.state);
            row.acceptance_jws = Some(jws.clone());
            row.settled_at = Some(now.as_millisecond());
            row.acceptance_leaf = Some(tx.append(Entry {
                vendor: Some(row.from_id.clone()),
                successor: Some(row.to_id.clone()),
                product: Some(row.product_id.clone()),
                transfer_sha256: Some(acceptance.transfer_sha256),
                signer_kid: kid.parse().ok(),
                signer_key_leaf: Some(key_leaf),
                ..Entry::new(Event::TransferAccepted)
            }));
            transfers::update(tx, &row)?;
            Ok(hand_over(tx, &links, &row)?)
        })?;
        self.find_transfer(actor, id)
    }
}

fn check_what_is_accepted(
    acceptance: &TransferAcceptance,
    row: &TransferRow,
) -> Result<(), TransferError> {
    if acceptance.product != row.product_id {
        return Err(refused(
            "/product",
            "other_product",
            "the transfer is of another product",
        ));
    }
    if acceptance.from != row.from_id {
        return Err(refused(
            "/from",
            "other_vendor",
            "the transfer is from another vendor",
        ));
    }
    if acceptance.transfer_sha256 != Digest::of(row.offer_jws.as_bytes()) {
        let detail = "it must be the SHA-256 of the JWS by which the other vendor consented";
        return Err(refused("/transfer_sha256", "other_transfer", detail));
    }
    Ok(())
}

/// The operator may have shut the predecessor out since, or it may have lost its key.
fn refuse_an_offer_that_does_not_stand(
    tx: &mut Tx<'_>,
    row: &TransferRow,
) -> Result<(), TransferError> {
    let from = organisations::find(tx, &row.from_id)?;
    if from.is_none_or(|from| from.disabled_at.is_some()) {
        let detail = "the vendor that offered the product does not take part any more";
        return Err(TransferError::State(detail));
    }
    let key = signing_keys::find(tx, &row.offer_kid)?;
    if key.is_some_and(|key| key.revoked_at.is_none()) {
        return Ok(());
    }
    let detail = "the key that signed the offer was revoked: the offer is to be signed anew";
    Err(TransferError::State(detail))
}

/// The product is its successor's, and so are the open requests about it. What the predecessor had forwarded stays its own:
/// it was the one that named somebody.
fn hand_over(tx: &mut Tx<'_>, links: &LinkTokens, row: &TransferRow) -> Result<(), StorageError> {
    let missing = || StorageError::Corrupt(format!("no product {}", row.product_id));
    let mut product = products::find(tx, &row.product_id)?.ok_or_else(missing)?;
    let now = tx.now().as_millisecond();
    product.vendor_id.clone_from(&row.to_id);
    product.revision += 1;
    product.updated_at = now;
    products::update(tx, &product)?;
    for mut request in requests::open_about(tx, &row.product_id, &row.from_id)? {
        request.vendor_id = Some(row.to_id.clone());
        request.revision += 1;
        request.updated_at = now;
        requests::update(tx, &request)?;
        let told = json!({ "request": request.origin_id, "vendor": row.to_id }).to_string();
        tx.notify(&request.institution_id, "request_handed_over", &told)?;
        news::ask(tx, links, &request)?;
    }
    let announcement = Announcement::product_transferred(&row.product_id, subject(row));
    tx.notify(&row.from_id, announcement.kind(), &subject(row).to_string())?;
    announcement.post(tx, &row.to_id)
}
