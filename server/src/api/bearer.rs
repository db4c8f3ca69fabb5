//! What a request shows of who asks: a bearer token, and whom it is for (`Kaiji-Acting-For`).

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};

use super::auth::record;
use super::headers::acting_for;
use super::problem::{Kind, Problem};
use crate::actor::{Act, Actor};
use crate::exchange::Exchange;

/// What a request shows of who asks, and for whom.
pub struct Bearer {
    token: String,
    act: Act,
    acting_for: Result<Option<String>, Problem>,
}

impl Bearer {
    /// What the headers show besides the token.
    pub fn new(token: &str, act: Act, headers: &HeaderMap) -> Self {
        Self {
            token: token.to_owned(),
            act,
            acting_for: acting_for(headers),
        }
    }

    /// Who is behind it. Whoever is refused to act for another is recorded as who they are.
    pub fn actor(self, exchange: &Exchange) -> Result<Actor, Problem> {
        let own = exchange.authenticate(&self.token, self.act)?;
        let acting = self.acting_for.and_then(|institution| match institution {
            None => Ok(None),
            Some(institution) => Ok(Some(exchange.act_for(&own, &institution)?)),
        });
        if acting.is_err() {
            record(exchange, &own, &acting);
        }
        Ok(acting?.unwrap_or(own))
    }
}

/// The bearer token of a request, which nobody has looked at.
pub fn token(request: &HttpRequest) -> Result<&str, Problem> {
    let missing = || {
        Problem::new(
            Kind::Unauthenticated,
            "send an access token, or the token of a session, as `Authorization: Bearer`",
        )
    };
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let (Some(header), None) = (headers.next(), headers.next()) else {
        return Err(missing());
    };
    let (scheme, token) = header
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or_else(missing)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(token.trim())
    } else {
        Err(missing())
    }
}
