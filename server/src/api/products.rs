//! A vendor's products, and the grants of institutions to them.

use actix_web::web;

use super::answer::{Answer, Created, Deleted, Listed, Resource, Tagged};
use super::auth::{Caller, Releasers, VendorReads, VendorWrites};
use super::body::Document;
use super::headers::{IdempotencyKey, IfMatch};
use super::page::Listing;
use crate::exchange::{NewProduct, ProductChange, ProductView};

impl Resource for ProductView {
    fn location(&self) -> String {
        format!("/api/v1/products/{}", self.id)
    }

    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }
}

/// Creates a product.
pub async fn create(
    caller: Caller<VendorWrites>,
    new: Document<NewProduct>,
    key: IdempotencyKey,
) -> Answer<Created<ProductView>> {
    let verb = caller.ask(move |exchange, actor| {
        let request = key.of(actor, new.bytes()?)?;
        Ok(exchange.create_product(actor, new.read()?, request)?)
    });
    verb.await.map(Created)
}

/// Lists the vendor's products.
pub async fn list(caller: Caller<VendorReads>, listing: Listing) -> Answer<Listed<ProductView>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.list_products(actor, &listing.window()?)?))
        .await
        .map(Listed)
}

/// Shows one.
pub async fn find(
    caller: Caller<VendorReads>,
    id: web::Path<String>,
) -> Answer<Tagged<ProductView>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.find_product(actor, &id)?))
        .await
        .map(Tagged)
}

/// Changes one.
pub async fn change(
    caller: Caller<VendorWrites>,
    id: web::Path<String>,
    change: Document<ProductChange>,
    expected: IfMatch,
) -> Answer<Tagged<ProductView>> {
    let verb = caller.ask(move |exchange, actor| {
        Ok(exchange.change_product(actor, &id, change.read()?, expected.revision())?)
    });
    verb.await.map(Tagged)
}

/// Takes back the grant of a product to an institution.
pub async fn revoke_grant(
    caller: Caller<Releasers>,
    ids: web::Path<(String, String)>,
) -> Answer<Deleted> {
    let verb = caller.ask(move |exchange, actor| {
        let (product, institution) = ids.into_inner();
        Ok(exchange.revoke_grant(actor, &product, &institution)?)
    });
    verb.await.map(|()| Deleted)
}
