//! Whoever asks for a page behind a letter's link: with the link's token in a header, or without, and then they get the
//! script that sends it.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::error::ErrorInternalServerError;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use askama::Template;

use super::{Page, State, plain};
use crate::actor::Act;
use crate::exchange::Exchange;

/// The header in which a link's token travels.
const KAIJI_LINK: &str = "Kaiji-Link";

/// What the pages behind one kind of link have in common, and the page without a token, in their words.
#[derive(Debug, Clone, Copy, Template)]
#[template(path = "pages/shell.html")]
pub(super) struct Shell {
    /// What the audit trail calls an act on these pages.
    pub(super) act: &'static str,
    pub(super) title: &'static str,
    /// What to do for whom the script cannot run.
    pub(super) otherwise: &'static str,
    /// What is left of the work when the server cannot be reached.
    pub(super) kept: &'static str,
    /// For whom these pages are.
    pub(super) foot: &'static str,
}

/// A request for a page of a link.
pub(super) struct Holder {
    shown: Option<String>,
    act: Act,
    exchange: Arc<Exchange>,
    shell: Shell,
}

impl FromRequest for Holder {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let missing = || ErrorInternalServerError("the pages were configured without their state");
        let state = request.app_data::<web::Data<State>>();
        let configured = state.zip(request.app_data::<Shell>());
        ready(configured.ok_or_else(missing).map(|(state, shell)| {
            let address = state.origins.address(request);
            let shown = request.headers().get(KAIJI_LINK);
            Self {
                shown: shown.map(|shown| String::from_utf8_lossy(shown.as_bytes()).into_owned()),
                act: Act::new(address, shell.act, request.path()),
                exchange: Arc::clone(&state.exchange),
                shell: *shell,
            }
        }))
    }
}

impl Holder {
    /// Makes a page of the token that is shown, off the network's threads. Without a token it is the page that sends it.
    pub(super) async fn show(
        self,
        make: impl FnOnce(&Exchange, &str, Act) -> Page + Send + 'static,
    ) -> HttpResponse {
        let Self {
            shown,
            act,
            exchange,
            shell,
        } = self;
        let Some(shown) = shown else {
            return Page::ok(&shell).into();
        };
        let made = web::block(move || make(&exchange, &shown, act));
        made.await.unwrap_or_else(|_| plain::failed()).into()
    }
}
