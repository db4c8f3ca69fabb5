//! Transfers: products that move to another vendor (事業承継).

use actix_web::web;

use super::answer::{Answer, Created, Listed, Resource, Shown};
use super::auth::{Caller, Releasers, StatementReaders, VendorReads};
use super::body::Jose;
use super::page::Listing;
use crate::exchange::TransferView;

impl Resource for TransferView {
    fn location(&self) -> String {
        format!("/api/v1/transfers/{}", self.id)
    }
}

/// Offers a product to another vendor.
pub async fn offer(
    caller: Caller<Releasers>,
    product: web::Path<String>,
    transfer: Jose,
) -> Answer<Created<TransferView>> {
    let verb = caller.ask(move |exchange, actor| {
        Ok(exchange.offer_transfer(actor, &product, transfer.read()?)?)
    });
    verb.await.map(Created)
}

/// Lists by which transfers a product came to its vendor.
pub async fn list_of_product(
    caller: Caller<StatementReaders>,
    product: web::Path<String>,
    listing: Listing,
) -> Answer<Listed<TransferView>> {
    let verb = caller.ask(move |exchange, actor| {
        Ok(exchange.list_transfers_of_product(actor, &product, &listing.window()?)?)
    });
    verb.await.map(Listed)
}

/// Lists those from and to the vendor.
pub async fn list(caller: Caller<VendorReads>, listing: Listing) -> Answer<Listed<TransferView>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.list_transfers(actor, &listing.window()?)?))
        .await
        .map(Listed)
}

/// Shows one.
pub async fn find(
    caller: Caller<VendorReads>,
    id: web::Path<String>,
) -> Answer<Shown<TransferView>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.find_transfer(actor, &id)?))
        .await
        .map(Shown)
}

/// Accepts one.
pub async fn accept(
    caller: Caller<Releasers>,
    id: web::Path<String>,
    acceptance: Jose,
) -> Answer<Shown<TransferView>> {
    let verb = caller.ask(move |exchange, actor| {
        Ok(exchange.accept_transfer(actor, &id, acceptance.read()?)?)
    });
    verb.await.map(Shown)
}

/// Declines one.
pub async fn decline(
    caller: Caller<Releasers>,
    id: web::Path<String>,
) -> Answer<Shown<TransferView>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.decline_transfer(actor, &id)?))
        .await
        .map(Shown)
}

/// Takes one back.
pub async fn withdraw(
    caller: Caller<Releasers>,
    id: web::Path<String>,
) -> Answer<Shown<TransferView>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.withdraw_transfer(actor, &id)?))
        .await
        .map(Shown)
}
