//! What the service's documents must say of a statement, once their signatures are verified.

use super::fault::Fault;
use super::log_files::Log;
use super::stated::Stated;
use crate::jws::Verified;
use crate::key::PublicKey;
use crate::receipt::{Event, Receipt};
use crate::status::Status;

/// The statement and the key that signed it.
pub(super) type Signed = Verified<Stated>;

pub(super) fn same(as_it_should_be: bool, fault: Fault) -> Result<(), Fault> {
    as_it_should_be.then_some(()).ok_or(fault)
}

pub(super) fn check_registration(
    statement: &Signed,
    registration: &Verified<Receipt>,
) -> Result<(), Fault> {
    let registration = registration.document();
    let event = registration.event == Event::KeyRegistered;
    same(event, Fault::Member("event"))?;
    let kid = registration.signer_kid.as_ref() == Some(statement.kid());
    same(kid, Fault::Member("signer_kid"))?;
    let vendor = registration.vendor.as_ref() == Some(&statement.document().issuer);
    same(vendor, Fault::Member("vendor"))
}

pub(super) fn check_receipt(
    statement: &Signed,
    registration: &Verified<Receipt>,
    receipt: &Verified<Receipt>,
    current: Option<&PublicKey>,
) -> Result<(), Fault> {
    let by_the_first = current.is_some_and(|key| key.thumbprint() == *receipt.kid());
    same(by_the_first, Fault::Signer)?;
    let (registration, receipt) = (registration.document(), receipt.document());
    let stated = statement.document();
    let members = [
        (receipt.event == Event::StatementReceived, "event"),
        (
            receipt.statement_sha256 == Some(statement.sha256()),
            "statement_sha256",
        ),
        (
            receipt.signer_kid.as_ref() == Some(statement.kid()),
            "signer_kid",
        ),
        (receipt.vendor.as_ref() == Some(&stated.issuer), "vendor"),
        (receipt.product.as_ref() == Some(&stated.product), "product"),
        (
            receipt.signer_key_leaf == Some(registration.leaf_index),
            "signer_key_leaf",
        ),
        (registration.not_after.is_some(), "not_after"),
    ];
    for (holds, member) in members {
        same(holds, Fault::Member(member))?;
    }
    same(registration.leaf_index < receipt.leaf_index, Fault::Order)?;
    let before_expiry = registration
        .not_after
        .is_some_and(|end| receipt.received_at < end);
    let after_approval = registration.received_at <= receipt.received_at;
    same(after_approval && before_expiry, Fault::Time)
}

pub(super) fn check_acknowledgement(
    statement: &Signed,
    receipt: &Receipt,
    given: &Receipt,
) -> Result<(), Fault> {
    let event = given.event == Event::DeliveryAcknowledged;
    same(event, Fault::Member("event"))?;
    let of_it = given.statement_sha256 == Some(statement.sha256());
    same(of_it, Fault::Member("statement_sha256"))?;
    same(receipt.leaf_index < given.leaf_index, Fault::Order)
}

/// That the issuer came by the product from another vendor, with the consent of both, before it made the statement.
pub(super) fn check_transfer(
    statement: &Signed,
    receipt: &Receipt,
    offered: &Receipt,
    accepted: &Receipt,
) -> Result<(), Fault> {
    let events = [
        (offered, Event::TransferOffered),
        (accepted, Event::TransferAccepted),
    ];
    let stated = statement.document();
    for (consent, event) in events {
        same(consent.event == event, Fault::Member("event"))?;
        let product = consent.product.as_ref() == Some(&stated.product);
        same(product, Fault::Member("product"))?;
        let successor = consent.successor.as_ref() == Some(&stated.issuer);
        same(successor, Fault::Member("successor"))?;
    }
    let same_offer =
        offered.transfer_sha256.is_some() && offered.transfer_sha256 == accepted.transfer_sha256;
    same(same_offer, Fault::Member("transfer_sha256"))?;
    let predecessor = offered.vendor.is_some() && offered.vendor == accepted.vendor;
    same(predecessor, Fault::Member("vendor"))?;
    let leaves = [offered, accepted, receipt].map(|receipt| receipt.leaf_index);
    same(leaves.is_sorted_by(|one, next| one < next), Fault::Order)?;
    let in_time = offered
        .not_after
        .is_some_and(|end| accepted.received_at < end);
    same(in_time, Fault::Time)
}

pub(super) fn check_status(statement: &Signed, status: &Status, log: &Log) -> Result<(), Fault> {
    same(status.log == log.name(), Fault::Member("log"))?;
    let of_it = status.statement_sha256 == statement.sha256();
    same(of_it, Fault::Member("statement_sha256"))?;
    let checkpoint = log.checkpoints.get(&status.log_size);
    let checkpoint = checkpoint.ok_or(Fault::OtherCheckpoint)?;
    same(
        checkpoint.root == status.log_root,
        Fault::Member("log_root"),
    )
}
