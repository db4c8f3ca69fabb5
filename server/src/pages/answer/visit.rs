//! Whoever opens the link of a letter about a request.

use actix_web::HttpResponse;

use super::unusable;
use crate::actor::Act;
use crate::exchange::{Exchange, LinkError, Visitor};
use crate::pages::Page;
use crate::pages::holder::Holder;

impl Holder {
    /// Makes a page for whoever holds the link of a request. Whatever comes of it is recorded, under the link's name.
    pub(super) async fn ask(
        self,
        verb: impl FnOnce(&Exchange, &Visitor) -> Result<Page, LinkError> + Send + 'static,
    ) -> HttpResponse {
        let made = self.show(move |exchange, shown, act| {
            recorded(exchange, shown, act, verb).unwrap_or_else(|error| unusable::page(&error))
        });
        made.await
    }
}

fn recorded(
    exchange: &Exchange,
    shown: &str,
    act: Act,
    verb: impl FnOnce(&Exchange, &Visitor) -> Result<Page, LinkError>,
) -> Result<Page, LinkError> {
    let visitor = exchange.recognise_link(shown, act)?;
    let made = verb(exchange, &visitor);
    let result = if made.is_ok() { "answered" } else { "refused" };
    exchange.record(visitor.actor(), result);
    made
}
