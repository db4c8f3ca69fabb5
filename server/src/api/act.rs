//! What is known of a request before anybody looks at its token: where it comes from, and which operation it asks for.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::{IpAddr, SocketAddr};

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, X_FORWARDED_FOR};
use actix_web::{FromRequest, HttpRequest};

use super::State;
use super::operation::{About, Describe, Operation};
use crate::actor::Act;

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
    behind_proxy: bool,
}

impl Acts {
    /// Behind a reverse proxy, that one says where requests come from.
    pub fn new(behind_proxy: bool) -> Self {
        Self { behind_proxy }
    }

    /// What the request asks for, and from where.
    pub fn of(&self, request: &HttpRequest) -> Act {
        let names = request.app_data::<Names>();
        let name = names.and_then(|names| names.0.get(request.method()));
        let name = name.map_or_else(|| request.method().as_str(), String::as_str);
        Act::new(self.address(request), name, request.path())
    }

    fn address(&self, request: &HttpRequest) -> String {
        let forwarded = || forwarded_for(request.headers());
        let peer = request.peer_addr().map(|peer| peer.ip());
        let address = self.behind_proxy.then(forwarded).flatten().or(peer);
        address.map_or_else(String::new, |address| address.to_canonical().to_string())
    }
}

/// The address that the nearest proxy saw: the last one. Those before it are what the proxy was told.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all(X_FORWARDED_FOR).last()?;
    let last = last.to_str().ok()?.rsplit(',').next()?.trim();
    let with_port = || last.parse::<SocketAddr>().ok().map(|address| address.ip());
    last.parse().ok().or_else(with_port)
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

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn address(behind_proxy: bool, forwarded: &[&str]) -> String {
        let mut request =
            TestRequest::default().peer_addr("[::ffff:192.0.2.7]:4711".parse().unwrap());
        for value in forwarded {
            request = request.append_header((X_FORWARDED_FOR, *value));
        }
        Acts::new(behind_proxy).address(&request.to_http_request())
    }

    #[test]
    fn the_connection_says_where_a_request_comes_from() {
        assert_eq!(address(false, &[]), "192.0.2.7");
        assert_eq!(address(false, &["198.51.100.1"]), "192.0.2.7");
    }

    #[test]
    fn behind_a_proxy_the_last_address_that_it_forwards_counts() {
        assert_eq!(address(true, &["10.0.0.1, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(address(true, &["10.0.0.1", "2001:db8::1"]), "2001:db8::1");
        assert_eq!(address(true, &["198.51.100.1:8080"]), "198.51.100.1");
    }

    #[test]
    fn what_is_no_address_is_not_believed() {
        assert_eq!(address(true, &[]), "192.0.2.7");
        assert_eq!(address(true, &["198.51.100.1, <script>"]), "192.0.2.7");
    }
}
