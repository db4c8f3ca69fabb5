//! Pages for people, rendered here and shown in a browser: the same verbs as behind the REST interface.
//!
//! They stand behind links: `answer` to a request; `account` for whoever is invited or forgot a password; `inspection` for
//! an inspector; `unsubscribe` for whoever wants fewer letters. Each address of the first three answers a request without a token with
//! the script that sends one, and then with the page (`holder`). `fields`, `field`, `small_form` and `mistakes` are what
//! forms are made of, `plain` pages that only say something. `assets` is what all pages look like and the one script;
//! `passage` the headers that let a browser run that script and nothing else.

mod account;
mod answer;
mod assets;
mod field;
mod fields;
mod holder;
mod inspection;
mod mistakes;
mod passage;
mod plain;
mod small_form;
mod unsubscribe;

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, web};
use askama::Template;

use crate::exchange::Exchange;
use crate::origin::Origins;

/// What the pages share. One for the whole process.
pub struct State {
    exchange: Arc<Exchange>,
    origins: Origins,
}

impl State {
    /// Pages of this exchange. Behind a reverse proxy, that one says where requests come from.
    pub fn new(exchange: Arc<Exchange>, behind_proxy: bool) -> Self {
        let origins = Origins::new(behind_proxy);
        Self { exchange, origins }
    }
}

/// Puts the pages into a server. Before the interface, which answers for every address that nobody else has.
pub fn configure(state: web::Data<State>) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        config.service(assets::scope().wrap(from_fn(passage::pass)));
        let scopes = [
            answer::scope(),
            account::invitation(),
            account::password(),
            inspection::scope(),
            unsubscribe::scope(),
        ];
        for pages in scopes {
            let pages = pages.app_data(state.clone());
            config.service(pages.wrap(from_fn(passage::pass)));
        }
    }
}

/// A page that is ready to be sent.
struct Page {
    status: StatusCode,
    html: String,
    /// After how many seconds it is worth trying again.
    retry_after: Option<i64>,
    /// Where to go instead.
    location: Option<&'static str>,
}

impl Page {
    fn new(status: StatusCode, template: &impl Template) -> Self {
        match template.render() {
            Ok(html) => Self {
                html,
                ..Self::empty(status)
            },
            // Rendering plain data to memory: what fails there is a mistake in the program.
            Err(error) => {
                tracing::error!(%error, "a page could not be rendered");
                Self::empty(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }

    fn empty(status: StatusCode) -> Self {
        Self {
            status,
            html: String::new(),
            retry_after: None,
            location: None,
        }
    }

    fn ok(template: &impl Template) -> Self {
        Self::new(StatusCode::OK, template)
    }

    /// With what is to be put right.
    fn wrong(template: &impl Template) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, template)
    }

    /// Sends the browser on to another page, which it asks for anew.
    fn elsewhere(path: &'static str) -> Self {
        Self {
            location: Some(path),
            ..Self::empty(StatusCode::SEE_OTHER)
        }
    }

    /// Nothing to show.
    fn nothing() -> Self {
        Self::empty(StatusCode::NO_CONTENT)
    }
}

impl From<Page> for HttpResponse {
    fn from(page: Page) -> Self {
        let mut response = HttpResponse::build(page.status);
        response.insert_header((CONTENT_TYPE, "text/html; charset=utf-8"));
        if let Some(location) = page.location {
            response.insert_header((LOCATION, location));
        }
        if let Some(seconds) = page.retry_after {
            response.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        response.body(page.html)
    }
}
