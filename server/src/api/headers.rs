//! Request headers that operations act on: `If-Match`, `Idempotency-Key`, `Kaiji-Link`, `Kaiji-Acting-For`, `Accept`.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{ACCEPT, HeaderMap, HeaderName, IF_MATCH};
use actix_web::{FromRequest, HttpRequest};
use kaiji_schema::Digest;

use super::operation::{About, Describe};
use super::problem::{Kind, Problem};
use crate::actor::Actor;
use crate::exchange::{Idempotency, LinkToken, Revision};

/// What the link of a letter travels in: `<id>.<token>`.
pub const KAIJI_LINK: HeaderName = HeaderName::from_static("kaiji-link");
const KAIJI_ACTING_FOR: HeaderName = HeaderName::from_static("kaiji-acting-for");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The revision that a change is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(Option<Revision>);

impl IfMatch {
    /// No revision where the caller asked for none.
    pub fn revision(self) -> Option<Revision> {
        self.0
    }

    /// A tag that no revision ever has is never current, so that the exchange answers `stale`.
    fn of(headers: &HeaderMap) -> Self {
        const NEVER: Revision = Revision(-1);
        let Some(value) = headers.get(IF_MATCH) else {
            return Self(None);
        };
        let tag = value.to_str().unwrap_or_default().trim();
        if tag == "*" {
            return Self(None);
        }
        let number = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
        Self(Some(
            number
                .and_then(|number| number.parse().ok())
                .map_or(NEVER, Revision),
        ))
    }
}

impl FromRequest for IfMatch {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request.headers())))
    }
}

impl Describe for IfMatch {
    fn describe(about: &mut About) {
        about.header(
            "If-Match",
            "The `ETag` of the revision that the change is meant for; without it, whichever.",
        );
        about.refuses(&[Kind::Stale]);
    }
}

/// The `Idempotency-Key` of a request, with the request that it belongs to.
pub struct IdempotencyKey {
    key: Result<Option<String>, Problem>,
    method: String,
    path: String,
}

impl IdempotencyKey {
    /// What the request is recognised by when it comes again; nothing where it has no key.
    pub fn of(self, actor: &Actor, body: &[u8]) -> Result<Option<Idempotency>, Problem> {
        let Some(key) = self.key? else {
            return Ok(None);
        };
        // What one does for one institution is not what one does for another.
        let client = match &actor.agent {
            None => actor.by.id().to_owned(),
            Some(_) => format!("{} {}", actor.by.id(), actor.organisation),
        };
        let body = Digest::of(body);
        Ok(Some(Idempotency {
            client,
            method: self.method,
            path: self.path,
            key,
            body,
        }))
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let malformed = || {
        Problem::new(
            Kind::BadHeader,
            "an Idempotency-Key is 1 to 255 printable ASCII characters",
        )
    };
    let mut values = headers.get_all(IDEMPOTENCY_KEY);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let key = value.to_str().map_err(|_| malformed())?;
    let printable = key.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if printable && (1..=255).contains(&key.len()) && values.next().is_none() {
        Ok(Some(key.to_owned()))
    } else {
        Err(malformed())
    }
}

impl FromRequest for IdempotencyKey {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let key = idempotency_key(request.headers());
        let (method, path) = (request.method().to_string(), request.path().to_owned());
        ready(Ok(Self { key, method, path }))
    }
}

impl Describe for IdempotencyKey {
    fn describe(about: &mut About) {
        let what = "Makes the request safe to repeat for 24 hours: the same key with the same body answers with what \
                    was made the first time. 1 to 255 printable ASCII characters.";
        about.header("Idempotency-Key", what);
        about.refuses(&[Kind::BadHeader, Kind::IdempotencyKeyReused]);
    }
}

/// Whom the caller acts for; themselves where it is not said.
pub fn acting_for(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let malformed = || {
        let detail = "`Kaiji-Acting-For` is the id of one institution (`ins_…`), given once";
        Problem::new(Kind::BadHeader, detail)
    };
    let mut values = headers.get_all(KAIJI_ACTING_FOR);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            let named = value.to_str().map_err(|_| malformed())?.trim();
            Ok(Some(named.to_owned()))
        }
        _ => Err(malformed()),
    }
}

/// Says of an operation that it can be done for another.
pub fn describe_acting_for(about: &mut About) {
    let what = "The institution (`ins_…`) that the caller acts for by its mandate: what is done is its own.";
    about.header("Kaiji-Acting-For", what);
    about.refuses(&[Kind::BadHeader, Kind::NotFound]);
}

/// What the holder of a link shows.
pub fn shown_link(headers: &HeaderMap) -> Result<&str, Problem> {
    let malformed = || {
        let detail = "send what stands behind # in the letter's link as `Kaiji-Link`, once";
        Problem::new(Kind::BadHeader, detail)
    };
    let mut values = headers.get_all(KAIJI_LINK);
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().map_err(|_| malformed()),
        _ => Err(malformed()),
    }
}

/// The link in a letter, by which its holder is known.
pub struct KaijiLink(Result<LinkToken, Problem>);

impl KaijiLink {
    /// What was shown.
    pub fn read(self) -> Result<LinkToken, Problem> {
        self.0
    }
}

impl FromRequest for KaijiLink {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let unknown = || Problem::from(Kind::UnknownLink);
        let shown = shown_link(request.headers());
        ready(Ok(Self(shown.and_then(|shown| {
            LinkToken::parse(shown).ok_or_else(unknown)
        }))))
    }
}

impl Describe for KaijiLink {
    fn describe(about: &mut About) {
        about.header(
            "Kaiji-Link",
            "What stands behind the `#` of the link in the letter.",
        );
        about.refuses(&[
            Kind::BadHeader,
            Kind::UnknownLink,
            Kind::LinkUsed,
            Kind::LinkGone,
        ]);
    }
}

/// Which of two representations the caller wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The signed bytes: `application/jose` is accepted.
    Jose,
    /// JSON: whatever else is accepted.
    Json,
}

impl FromRequest for Wanted {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let accepted = request
            .headers()
            .get_all(ACCEPT)
            .filter_map(|value| value.to_str().ok());
        let (mut jose, mut json) = (0.0_f32, 0.0_f32);
        for (essence, weight) in accepted.flat_map(|value| value.split(',')).map(weighted) {
            match essence.to_ascii_lowercase().as_str() {
                "application/jose" => jose = jose.max(weight),
                "application/json" | "application/*" | "*/*" => json = json.max(weight),
                _ => {}
            }
        }
        // Taking the signed bytes is a delivery, which must not happen to one who would rather see JSON.
        let jose = jose > 0.0 && jose >= json;
        ready(Ok(if jose { Self::Jose } else { Self::Json }))
    }
}

/// A media range and its weight (RFC 9110, section 12.4.2); a weight that is none counts as 0.
fn weighted(range: &str) -> (&str, f32) {
    let mut parts = range.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
    (
        essence,
        weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0)),
    )
}

/// The answer's content types say it already.
impl Describe for Wanted {
    fn describe(_: &mut About) {}
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn if_match(value: &str) -> Option<Revision> {
        IfMatch::of(
            TestRequest::default()
                .insert_header((IF_MATCH, value))
                .to_http_request()
                .headers(),
        )
        .revision()
    }

    #[test]
    fn an_etag_names_a_revision_and_a_star_none() {
        assert_eq!(if_match("\"7\""), Some(Revision(7)));
        assert_eq!(if_match("*"), None);
    }

    #[test]
    fn a_tag_that_was_never_given_is_never_current() {
        for tag in ["7", "W/\"7\"", "\"7\", \"8\"", "\"abc\"", ""] {
            assert_eq!(if_match(tag), Some(Revision(-1)), "{tag}");
        }
    }

    #[test]
    fn an_idempotency_key_is_short_printable_and_given_once() {
        let read = |value: &str| {
            let request = TestRequest::default().insert_header((IDEMPOTENCY_KEY, value));
            idempotency_key(request.to_http_request().headers())
        };
        assert_eq!(read("k-1").ok().flatten().as_deref(), Some("k-1"));
        assert!(read("").is_err());
        assert!(read("鍵").is_err());
        assert!(read(&"k".repeat(256)).is_err());
    }
}
