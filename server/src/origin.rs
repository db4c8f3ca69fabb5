//! Where a request comes from, as far as the network tells: for the audit trail, and for slowing down who guesses.

use std::net::{IpAddr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderMap, X_FORWARDED_FOR};

/// Tells the addresses of requests.
#[derive(Debug, Clone, Copy)]
pub struct Origins {
    behind_proxy: bool,
}

impl Origins {
    /// Behind a reverse proxy, that one says where requests come from.
    pub fn new(behind_proxy: bool) -> Self {
        Self { behind_proxy }
    }

    /// The address of a request; empty where there is none.
    pub fn address(self, request: &HttpRequest) -> String {
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
        Origins::new(behind_proxy).address(&request.to_http_request())
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
