//! What the service says about itself: whether it lives and is ready, its keys, its problems, its interface.

use std::future::{Ready, ready};
use std::sync::LazyLock;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, Responder, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{Answer, Shown, set};
use super::operation::{About, Describe};
use super::problem::{Kind, Problem};
use super::shapes::{OpenApiDocument, PlainText};
use super::{State, openapi};
use crate::exchange::ServiceKeyView;

/// That all is well.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ok`; otherwise the answer is a problem.
    status: &'static str,
}

const OK: Shown<Health> = Shown(Health { status: "ok" });

/// The process lives.
pub fn alive() -> Ready<Shown<Health>> {
    ready(OK)
}

/// The database can be read and written.
pub async fn is_ready(state: web::Data<State>) -> Answer<Shown<Health>> {
    state
        .ask(|exchange| Ok(exchange.check_readiness()?))
        .await
        .map(|()| OK)
}

/// The service's own public keys.
#[derive(Serialize, ToSchema)]
pub struct ServiceKeys {
    /// Every one that it ever had, with the times of its use.
    keys: Vec<ServiceKeyView>,
}

/// Lists the service's own public keys.
pub async fn keys(state: web::Data<State>) -> Answer<Shown<ServiceKeys>> {
    state
        .ask(|exchange| Ok(exchange.list_service_keys()?))
        .await
        .map(|keys| Shown(ServiceKeys { keys }))
}

/// A text for people.
pub struct Page(String);

impl Responder for Page {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::with_body(StatusCode::OK, BoxBody::new(self.0));
        set(&mut response, CONTENT_TYPE, "text/plain; charset=utf-8");
        response
    }
}

impl Describe for Page {
    fn describe(about: &mut About) {
        about.answers_with::<PlainText>(200, "A text for people.", "text/plain");
    }
}

/// What is behind the `type` of a problem.
pub fn problem(slug: web::Path<String>) -> Ready<Answer<Page>> {
    let page = |kind: Kind| {
        Page(format!(
            "{} {}\n\n{}\n",
            kind.status(),
            kind.title(),
            kind.help()
        ))
    };
    ready(
        Kind::of_slug(&slug.into_inner())
            .map(page)
            .ok_or_else(|| Problem::from(Kind::NotFound)),
    )
}

/// The `OpenAPI` document.
pub struct Document;

static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| openapi::text().into());

impl Responder for Document {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::with_body(StatusCode::OK, BoxBody::new(DOCUMENT.clone()));
        set(&mut response, CONTENT_TYPE, "application/json");
        response
    }
}

impl Describe for Document {
    fn describe(about: &mut About) {
        about.answers_with::<OpenApiDocument>(200, "The document.", "application/json");
    }
}

/// The description of the interface.
pub fn document() -> Ready<Document> {
    ready(Document)
}
