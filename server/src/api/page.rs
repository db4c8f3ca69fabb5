//! Lists in parts: `limit`, and a `cursor` that says where the next part begins.
//!
//! A cursor is sealed with HMAC-SHA256 under the service's secret and bound to the address of its list, so that it is
//! opaque in fact: nobody depends on what is inside, and one that was made up is refused.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

use super::State;
use super::operation::{About, Describe};
use super::problem::{Kind, Problem};
use super::query::{Fields, Pairs, Parameter, Values};
use crate::exchange::Window;

const DEFAULT_LIMIT: u16 = 50;
const MOST: u16 = 200;

/// How many bytes of the MAC a cursor carries.
const SEAL: usize = 16;

/// Seals cursors and opens them again.
pub struct CursorKey(hmac::Key);

impl CursorKey {
    /// A key from the service's secret, which all its instances share.
    pub fn new(secret: &[u8; 32]) -> Self {
        let secret = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), b"kaiji cursors");
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret.as_ref()))
    }

    /// The cursor of a position in the list at `path`.
    pub fn seal(&self, path: &str, position: &str) -> String {
        let mut sealed = self.mac(path, position).to_vec();
        sealed.extend_from_slice(position.as_bytes());
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// The position inside a cursor of the list at `path`.
    pub fn open(&self, path: &str, cursor: &str) -> Result<String, Problem> {
        let opened = || {
            let sealed = URL_SAFE_NO_PAD.decode(cursor).ok()?;
            let (seal, position) = sealed.split_at_checked(SEAL)?;
            let position = str::from_utf8(position).ok()?;
            // A cursor guards no secret: who could forge one would only begin elsewhere in a list of their own.
            (self.mac(path, position) == seal).then(|| position.to_owned())
        };
        opened().ok_or_else(|| Kind::BadCursor.into())
    }

    fn mac(&self, path: &str, position: &str) -> [u8; SEAL] {
        let tag = hmac::sign(&self.0, format!("{path}\n{position}").as_bytes());
        tag.as_ref().first_chunk().copied().unwrap_or_default()
    }
}

/// Which part of a list is asked for, and the filter `F` of the list.
pub struct Listing<F = ()>(Result<(F, Window), Problem>);

impl<F> Listing<F> {
    /// The filter and the part.
    pub fn read(self) -> Result<(F, Window), Problem> {
        self.0
    }
}

impl Listing<()> {
    /// The part of a list that has no filter.
    pub fn window(self) -> Result<Window, Problem> {
        self.0.map(|((), window)| window)
    }
}

/// `limit`: from 1 to 200, 50 where it is not said.
pub fn limit(pairs: &mut Pairs) -> Result<u16, Problem> {
    let number = |text: &str| text.parse().ok().filter(|limit| (1..=MOST).contains(limit));
    Ok(pairs
        .choice("limit", number, "a number from 1 to 200")?
        .unwrap_or(DEFAULT_LIMIT))
}

/// What `limit` means, for the `OpenAPI` document.
pub const LIMIT: Parameter = Parameter {
    name: "limit",
    about: "How many things at the most: 1 to 200, 50 if it is left out.",
    required: false,
    values: Values::Number,
};

const CURSOR: Parameter = Parameter {
    name: "cursor",
    about: "Where to begin: `next` of the part before.",
    required: false,
    values: Values::Text,
};

fn read<F: Fields>(request: &HttpRequest) -> Result<(F, Window), Problem> {
    let mut pairs = Pairs::parse(request.query_string())?;
    let limit = limit(&mut pairs)?;
    let after = match pairs.take("cursor")? {
        Some(cursor) => Some(
            State::of(request)?
                .cursors()
                .open(request.path(), &cursor)?,
        ),
        None => None,
    };
    let filter = F::take(&mut pairs)?;
    pairs.finish()?;
    Ok((filter, Window { after, limit }))
}

impl<F: Fields> FromRequest for Listing<F> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(read(request))))
    }
}

impl<F: Fields> Describe for Listing<F> {
    fn describe(about: &mut About) {
        about.query(F::PARAMETERS);
        about.query(&[LIMIT, CURSOR]);
        about.refuses(&[Kind::BadCursor]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_under_the_key_and_the_path_that_sealed_it() {
        let key = CursorKey::new(&[7; 32]);
        let cursor = key.seal("/api/v1/products", "prd_01");
        assert_eq!(key.open("/api/v1/products", &cursor).unwrap(), "prd_01");
        assert!(key.open("/api/v1/systems", &cursor).is_err());
        assert!(
            CursorKey::new(&[8; 32])
                .open("/api/v1/products", &cursor)
                .is_err()
        );
    }

    #[test]
    fn a_cursor_that_was_made_up_is_refused() {
        let key = CursorKey::new(&[7; 32]);
        for cursor in [
            "",
            "prd_01",
            "AAAA",
            "====",
            "cHJkXzAxcHJkXzAxcHJkXzAxcHJkXzAx",
        ] {
            assert!(key.open("/api/v1/products", cursor).is_err(), "{cursor}");
        }
    }
}
