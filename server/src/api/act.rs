//! What is known of a request before anybody looks at its token: where it comes from, and which operation it asks for.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::{FromRequest, HttpRequest};

use super::State;
use super::operation::{About, Describe, Operation};
use crate::actor::Act;
use crate::origin::Origins;

/// What the operations at one address are called, by method.
pub struct Names(HashMap<Method, String>);

impl Names {
    /// Of those operations.
    pub fn of(operations: &[Operation]) -> Self {
        let named = |operation: &Operation| (operation.method.clone(), operation.id.clone());
        Self(operations.iter().map(named).collect())
    }
}

/// Reads requests as acts.
pub struct Acts {
    origins: Origins,
}

impl Acts {
    /// Behind a reverse proxy, that one says where requests come from.
    pub fn new(behind_proxy: bool) -> Self {
        let origins = Origins::new(behind_proxy);
        Self { origins }
    }

    /// What the request asks for, and from where.
    pub fn of(&self, request: &HttpRequest) -> Act {
        let names = request.app_data::<Names>();
        let name = names.and_then(|names| names.0.get(request.method()));
        let name = name.map_or_else(|| request.method().as_str(), String::as_str);
        Act::new(self.address(request), name, request.path())
    }

    fn address(&self, request: &HttpRequest) -> String {
        self.origins.address(request)
    }
}

/// Where a request comes from, for one that has no token.
pub struct From(pub String);

impl FromRequest for From {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let state = State::of(request);
        let address = state.map(|state| state.acts().address(request));
        ready(Ok(Self(address.unwrap_or_default())))
    }
}

/// The caller does not say it.
impl Describe for From {
    fn describe(_: &mut About) {}
}
