//! Attested statements: what people answered through links, for the institution that asked.

use actix_web::web;

use super::answer::{Answer, Listed, Shown};
use super::auth::{Caller, InstitutionReads, InstitutionRequests};
use super::page::Listing;
use crate::exchange::{Acknowledged, AttestedDocument, AttestedView};

/// Lists them.
pub async fn list(
    caller: Caller<InstitutionReads>,
    listing: Listing,
) -> Answer<Listed<AttestedView>> {
    let verb = caller.ask(move |exchange, actor| {
        let window = listing.window()?;
        Ok(exchange.list_attested(actor, &window)?)
    });
    verb.await.map(Listed)
}

/// Shows one.
pub async fn find(
    caller: Caller<InstitutionReads>,
    sha256: web::Path<String>,
) -> Answer<Shown<AttestedDocument>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.find_attested(actor, &sha256)?))
        .await
        .map(Shown)
}

/// Acknowledges one.
pub async fn acknowledge(
    caller: Caller<InstitutionRequests>,
    sha256: web::Path<String>,
) -> Answer<Shown<Acknowledged>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.acknowledge_attested(actor, &sha256)?))
        .await
        .map(Shown)
}
