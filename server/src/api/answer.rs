//! Answers: a view with its status and headers.
//!
//! Errors are in [`problem`](super::problem); here is only what is answered when nothing went wrong.

use actix_web::body::BoxBody;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH, LOCATION,
};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaType, Type};

use super::State;
use super::operation::{About, Describe, answer_header};
use super::problem::{Kind, Problem};
use super::shapes::CompactJws;
use crate::exchange::Page;

/// What a handler answers.
pub type Answer<T> = Result<T, Problem>;

/// A view of something with an address.
pub trait Resource: Serialize + ToSchema {
    /// Its address.
    fn location(&self) -> String;

    /// Its revision, if it can be changed.
    fn revision(&self) -> Option<i64> {
        None
    }
}

/// 200 with a view.
pub struct Shown<T>(pub T);

/// 200 with a resource and its `ETag`; 304 where the caller has this revision already.
pub struct Tagged<T>(pub T);

/// 201 with a resource, its address and its `ETag`.
pub struct Created<T>(pub T);

/// 201 with something that has no address of its own.
pub struct Made<T>(pub T);

/// 201 with something that is shown this once, and that no cache may keep.
pub struct Secret<T>(pub T);

/// 202: it is done later, if it is done at all.
pub struct Accepted;

/// 200 with a part of a list.
pub struct Listed<T>(pub Page<T>);

/// 200 with a signed document as it is kept.
pub struct Signed(pub String);

/// 204.
pub struct Deleted;

/// A view as JSON. Plain data to memory: what could fail there is a mistake in the program.
pub fn json(status: StatusCode, view: &impl Serialize) -> HttpResponse {
    match serde_json::to_vec(view) {
        Ok(body) => {
            let mut response = HttpResponse::with_body(status, BoxBody::new(body));
            set(&mut response, CONTENT_TYPE, "application/json");
            response
        }
        Err(error) => HttpResponse::from_error(Problem::inside(Kind::Internal, error)),
    }
}

/// 201 for what is new, 200 for what was there already.
pub fn kept<T: Serialize>(value: &T, is_new: bool) -> HttpResponse {
    let status = if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    json(status, value)
}

/// Sets a header, unless its value is none that a header can have.
pub fn set(response: &mut HttpResponse, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn etag(revision: i64) -> String {
    format!("\"{revision}\"")
}

impl<T: Serialize> Responder for Shown<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        json(StatusCode::OK, &self.0)
    }
}

impl<T: Serialize> Responder for Made<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        json(StatusCode::CREATED, &self.0)
    }
}

impl<T: Serialize> Responder for Secret<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        not_stored(json(StatusCode::CREATED, &self.0))
    }
}

impl Responder for Accepted {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::new(StatusCode::ACCEPTED)
    }
}

impl<T: Resource> Responder for Created<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = json(StatusCode::CREATED, &self.0);
        set(&mut response, LOCATION, &self.0.location());
        if let Some(revision) = self.0.revision() {
            set(&mut response, ETAG, &etag(revision));
        }
        response
    }
}

impl<T: Resource> Responder for Tagged<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let tag = self.0.revision().map(etag).unwrap_or_default();
        let known = request
            .headers()
            .get(IF_NONE_MATCH)
            .filter(|_| request.method() == Method::GET);
        let known = known.is_some_and(|known| known == tag.as_str());
        let mut response = if known {
            HttpResponse::new(StatusCode::NOT_MODIFIED)
        } else {
            json(StatusCode::OK, &self.0)
        };
        set(&mut response, ETAG, &tag);
        response
    }
}

impl<T: Serialize> Responder for Listed<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let Page { items, next } = self.0;
        let seal = |position: String| {
            State::of(request).map(|state| state.cursors().seal(request.path(), &position))
        };
        match next.map(seal).transpose() {
            Ok(next) => json(StatusCode::OK, &Page { items, next }),
            Err(problem) => HttpResponse::from_error(problem),
        }
    }
}

impl Responder for Signed {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::with_body(StatusCode::OK, BoxBody::new(self.0));
        set(&mut response, CONTENT_TYPE, "application/jose");
        response
    }
}

impl Responder for Deleted {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::new(StatusCode::NO_CONTENT)
    }
}

/// Keeps an answer out of every cache.
pub fn not_stored(mut response: HttpResponse) -> HttpResponse {
    set(&mut response, CACHE_CONTROL, "no-store");
    response
}

const JSON: &str = "application/json";

impl<T: ToSchema> Describe for Shown<T> {
    fn describe(about: &mut About) {
        about.answers_with::<T>(200, "Done.", JSON);
    }
}

impl<T: ToSchema> Describe for Made<T> {
    fn describe(about: &mut About) {
        about.answers_with::<T>(201, "Made.", JSON);
    }
}

impl<T: ToSchema> Describe for Secret<T> {
    fn describe(about: &mut About) {
        let response = about.answers_with::<T>(201, "Made; shown this once.", JSON);
        answer_header(response, "Cache-Control", "`no-store`.");
    }
}

impl Describe for Accepted {
    fn describe(about: &mut About) {
        about.answers(202, "Heard. Whether anything comes of it is not told.");
    }
}

impl<T: ToSchema> Describe for Created<T> {
    fn describe(about: &mut About) {
        let response = about.answers_with::<T>(201, "Created.", JSON);
        answer_header(response, "Location", "The address of what was created.");
        answer_header(response, "ETag", "Its revision, where it can be changed.");
    }
}

impl<T: ToSchema> Describe for Tagged<T> {
    fn describe(about: &mut About) {
        let response = about.answers_with::<T>(200, "Done.", JSON);
        answer_header(response, "ETag", "The revision, for `If-Match`.");
    }
}

impl<T: ToSchema> Describe for Listed<T> {
    fn describe(about: &mut About) {
        let items = ArrayBuilder::new().items(about.schema::<T>()).build();
        let next = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .description(Some("The cursor of the next part; null at the end."))
            .build();
        let list = ObjectBuilder::new()
            .property("items", items)
            .required("items")
            .property("next", next);
        let content = utoipa::openapi::Content::new(Some(list.required("next").build()));
        about
            .answers(200, "A part of the list.")
            .content
            .insert(JSON.to_owned(), content.into());
    }
}

impl Describe for Signed {
    fn describe(about: &mut About) {
        about.answers_with::<CompactJws>(
            200,
            "The signed document, byte for byte.",
            "application/jose",
        );
    }
}

impl Describe for Deleted {
    fn describe(about: &mut About) {
        about.answers(204, "Done; nothing is left to show.");
    }
}
