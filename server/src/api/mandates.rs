//! Mandates: by which an institution lets another act for it.

use actix_web::web;

use super::answer::{Answer, Created, Deleted, Listed, Resource, Shown};
use super::auth::{Caller, InstitutionMembers, MandateKeepers, MandateReaders};
use super::body::Document;
use super::headers::IdempotencyKey;
use super::page::Listing;
use crate::exchange::{ActingForView, MandateView, NewMandate};

impl Resource for MandateView {
    fn location(&self) -> String {
        format!("/api/v1/mandates/{}", self.id)
    }
}

/// Gives a mandate.
pub async fn grant(
    caller: Caller<MandateKeepers>,
    new: Document<NewMandate>,
    key: IdempotencyKey,
) -> Answer<Created<MandateView>> {
    let verb = caller.ask(move |exchange, actor| {
        let request = key.of(actor, new.bytes()?)?;
        Ok(exchange.grant_mandate(actor, new.read()?, request)?)
    });
    verb.await.map(Created)
}

/// Lists those that were given and those that are held.
pub async fn list(caller: Caller<MandateReaders>, listing: Listing) -> Answer<Listed<MandateView>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.list_mandates(actor, &listing.window()?)?))
        .await
        .map(Listed)
}

/// Shows one.
pub async fn find(
    caller: Caller<MandateReaders>,
    id: web::Path<String>,
) -> Answer<Shown<MandateView>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.find_mandate(actor, &id)?))
        .await
        .map(Shown)
}

/// Ends one.
pub async fn end(caller: Caller<MandateKeepers>, id: web::Path<String>) -> Answer<Deleted> {
    caller
        .ask(move |exchange, actor| Ok(exchange.end_mandate(actor, &id)?))
        .await
        .map(|()| Deleted)
}

/// Lists whom the caller may act for.
pub async fn list_acting_for(
    caller: Caller<InstitutionMembers>,
    listing: Listing,
) -> Answer<Listed<ActingForView>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.list_acting_for(actor, &listing.window()?)?))
        .await
        .map(Listed)
}
