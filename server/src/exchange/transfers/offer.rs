//! The predecessor's side: it signs to whom its product goes.

use jiff::{SignedDuration, ToSpan};
use kaiji_schema::Digest;
use kaiji_schema::letter::{Letter, TransferOffered};
use kaiji_schema::receipt::Event;
use kaiji_schema::signed::Transfer;

use super::{TransferError, TransferView, tell_both};
use crate::actor::{Actor, OrganisationKind};
use crate::exchange::approve_key::usable_key;
use crate::exchange::letters::write_to;
use crate::exchange::time::{day_in_japan, midnight_of};
use crate::exchange::vendors_word::VendorsWordError;
use crate::exchange::{Exchange, violation};
use crate::storage::transfers::{self, OFFERED, TransferRow};
use crate::storage::{Entry, Error as StorageError, Tx, organisations, products};

/// How many days an offer waits for the successor's consent, to the end of the last one in Japan.
const DAYS: i32 = 30;

/// Who is offered a product again within that time gets no further letter.
const QUIET: SignedDuration = SignedDuration::from_hours(24);

impl Exchange {
    /// Offers one of the vendor's products to another vendor. Nothing moves before that one accepts.
    pub fn offer_transfer(
        &self,
        actor: &Actor,
        product: &str,
        document: &str,
    ) -> Result<TransferView, TransferError> {
        let (transfer, kid) = self.read_word::<Transfer>(actor, document)?;
        if transfer.product != product {
            return Err(refused(
                "/product",
                "other_product",
                "it is about another product",
            ));
        }
        let id = self.new_id("trf")?;
        let (offered, jws) = (id.clone(), document.to_owned());
        self.write(actor, move |tx| offer(tx, &offered, &transfer, &kid, &jws))?;
        self.find_transfer(actor, &id)
    }
}

/// A violation of the signed document.
pub(super) fn refused(pointer: &str, code: &'static str, detail: &str) -> TransferError {
    VendorsWordError::from(violation(pointer, code, detail)).into()
}

fn offer(
    tx: &mut Tx<'_>,
    id: &str,
    transfer: &Transfer,
    kid: &str,
    jws: &str,
) -> Result<(), TransferError> {
    tx.concerns(&transfer.product);
    let product = products::find(tx, &transfer.product)?
        .filter(|product| product.vendor_id == transfer.issuer)
        .ok_or(TransferError::NotFound)?;
    check_successor(tx, transfer)?;
    let now = tx.now();
    let today = day_in_japan(now);
    if transfer.offered_on != today {
        let detail = format!("it must be the day on which it is offered; in Japan it is {today}");
        return Err(refused("/offered_on", "not_today", &detail));
    }
    if transfers::is_known(tx, &product.id, jws)? {
        let detail = "this document offered the product before: sign another";
        return Err(TransferError::State(detail));
    }
    if let Some(open) = transfers::find_open(tx, &product.id, now.as_millisecond())? {
        return Err(TransferError::Open(open.id));
    }
    let key = usable_key(tx, &transfer.issuer, kid, now)?;
    let (_, key_leaf) = key.ok_or(VendorsWordError::Signer)?;
    let last_day = today.saturating_add(DAYS.days());
    let expires_at = midnight_of(last_day.saturating_add(1.day()));
    let row = TransferRow {
        id: id.to_owned(),
        product_id: product.id,
        from_id: transfer.issuer.clone(),
        to_id: transfer.to.clone(),
        state: OFFERED.to_owned(),
        offer_jws: jws.to_owned(),
        offer_kid: kid.to_owned(),
        offer_leaf: tx.append(Entry {
            vendor: Some(transfer.issuer.clone()),
            successor: Some(transfer.to.clone()),
            product: Some(transfer.product.clone()),
            transfer_sha256: Some(Digest::of(jws.as_bytes())),
            signer_kid: kid.parse().ok(),
            signer_key_leaf: Some(key_leaf),
            not_after: Some(expires_at),
            ..Entry::new(Event::TransferOffered)
        }),
        offered_at: now.as_millisecond(),
        expires_at: expires_at.as_millisecond(),
        acceptance_jws: None,
        acceptance_leaf: None,
        settled_at: None,
    };
    let recently = now.saturating_sub(QUIET).unwrap_or(now).as_millisecond();
    let is_told = transfers::was_offered_since(tx, &row.product_id, &row.to_id, recently)?;
    transfers::insert(tx, &row)?;
    tell_both(tx, "transfer_offered", &row)?;
    if is_told {
        return Ok(());
    }
    let from = organisations::find(tx, &row.from_id)?;
    let letter = Letter::TransferOffered(TransferOffered {
        from: from.map(|found| found.name).unwrap_or_default(),
        product: product.name,
        good_until: last_day,
    });
    Ok(write_to(tx, &row.to_id, &letter, None)?)
}

/// Another vendor that takes part.
fn check_successor(tx: &mut Tx<'_>, transfer: &Transfer) -> Result<(), TransferError> {
    if transfer.to == transfer.issuer {
        return Err(refused(
            "/to",
            "itself",
            "the product is this vendor's already",
        ));
    }
    let found: Result<_, StorageError> = organisations::find(tx, &transfer.to);
    let is_vendor = found?.is_some_and(|found| {
        found.kind == OrganisationKind::Vendor.as_str() && found.disabled_at.is_none()
    });
    if is_vendor {
        return Ok(());
    }
    let detail = "there is no such vendor in the exchange";
    Err(refused("/to", "unknown_organisation", detail))
}
