//! API clients of an organisation: the operator creates, lists and disables them.

use actix_web::web;

use super::answer::{Answer, Created, Deleted, Listed, Resource};
use super::auth::{Administrator, Caller, ClientMakers};
use super::body::Document;
use super::headers::IdempotencyKey;
use super::page::Listing;
use crate::exchange::{ClientView, NewClient};

impl Resource for ClientView {
    fn location(&self) -> String {
        format!(
            "/api/v1/organisations/{}/clients/{}",
            self.organisation, self.client_id
        )
    }
}

/// Creates a client of the organisation.
pub async fn create(
    caller: Caller<ClientMakers>,
    organisation: web::Path<String>,
    new: Document<NewClient>,
    key: IdempotencyKey,
) -> Answer<Created<ClientView>> {
    let verb = caller.ask(move |exchange, actor| {
        let request = key.of(actor, new.bytes()?)?;
        Ok(exchange.create_client(actor, &organisation, new.read()?, request)?)
    });
    verb.await.map(Created)
}

/// Lists the clients of an organisation.
pub async fn list(
    caller: Caller<Administrator>,
    organisation: web::Path<String>,
    listing: Listing,
) -> Answer<Listed<ClientView>> {
    let verb = caller
        .ask(move |exchange, _| Ok(exchange.list_clients(&organisation, &listing.window()?)?));
    verb.await.map(Listed)
}

/// Shuts a client out for good.
pub async fn disable(
    caller: Caller<ClientMakers>,
    ids: web::Path<(String, String)>,
) -> Answer<Deleted> {
    let verb = caller.ask(move |exchange, actor| {
        let (organisation, client) = ids.into_inner();
        Ok(exchange.disable_client(actor, &organisation, &client)?)
    });
    verb.await.map(|()| Deleted)
}
