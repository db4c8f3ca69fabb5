//! Whoever asks for a page: with the link's token in a header, or without, and then they get the script that sends it.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::error::ErrorInternalServerError;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use askama::Template;

use super::unusable;
use crate::actor::Act;
use crate::exchange::{Exchange, LinkError, Visitor};
use crate::pages::{Page, State};

/// The header in which a link's token travels.
const KAIJI_LINK: &str = "Kaiji-Link";

/// What the audit trail calls an act of somebody with a link, on a page.
const ACTION: &str = "answer_page";

/// A request for a page of a link.
pub(super) struct Holder {
    shown: Option<String>,
    act: Act,
    exchange: Arc<Exchange>,
}

impl FromRequest for Holder {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let missing = || ErrorInternalServerError("the pages were configured without their state");
        let state = request.app_data::<web::Data<State>>();
        ready(state.ok_or_else(missing).map(|state| {
            let address = state.origins.address(request);
            let shown = request.headers().get(KAIJI_LINK);
            Self {
                shown: shown.map(|shown| String::from_utf8_lossy(shown.as_bytes()).into_owned()),
                act: Act::new(address, ACTION, request.path()),
                exchange: Arc::clone(&state.exchange),
            }
        }))
    }
}

#[derive(Template)]
#[template(path = "pages/shell.html")]
struct Shell;

impl Holder {
    /// Makes a page for whoever holds the link, off the network's threads. Without a token it is the page that sends it.
    pub(super) async fn ask(
        self,
        verb: impl FnOnce(&Exchange, &Visitor) -> Result<Page, LinkError> + Send + 'static,
    ) -> HttpResponse {
        let Self {
            shown,
            act,
            exchange,
        } = self;
        let Some(shown) = shown else {
            return Page::ok(&Shell).into();
        };
        let made = web::block(move || {
            let visitor = exchange.recognise_link(&shown, act)?;
            let made = verb(&exchange, &visitor);
            exchange.record(
                visitor.actor(),
                if made.is_ok() { "answered" } else { "refused" },
            );
            made
        });
        let page = match made.await {
            Ok(Ok(page)) => page,
            Ok(Err(error)) => unusable::page(&error),
            Err(_) => unusable::failed(),
        };
        page.into()
    }
}
