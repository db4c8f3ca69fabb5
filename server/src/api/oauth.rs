//! `POST /oauth/token`: the one way to an access token (RFC 6749, section 4.4; RFC 7523).

use std::future::Future;
use std::pin::Pin;

use actix_web::body::BoxBody;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::State;
use super::act::From;
use super::answer::{Answer, Shown, json, not_stored};
use super::body::{self, BODY, FORM, Held};
use super::operation::{About, Describe, answer_header};
use super::problem::{Kind, Problem};
use super::query::Pairs;
use crate::actor::Scope;
use crate::exchange::{TokenRequest, TokenResponse};

/// The form that asks for a token.
pub struct TokenForm(Held);

impl TokenForm {
    /// Its parameters. Each may be given once; those that nobody knows are ignored (RFC 6749, section 3.2).
    fn read(self) -> Result<TokenRequest, Problem> {
        let malformed = |problem: Problem| Problem::new(Kind::InvalidRequest, problem.to_string());
        let bytes = self.0?;
        let text = str::from_utf8(&bytes).map_err(|_| Problem::from(Kind::InvalidRequest))?;
        let mut pairs = Pairs::parse(text).map_err(malformed)?;
        let mut take = |name| pairs.take(name).map_err(malformed);
        Ok(TokenRequest {
            grant_type: take("grant_type")?,
            client_assertion_type: take("client_assertion_type")?,
            client_assertion: take("client_assertion")?,
            client_id: take("client_id")?,
            scope: take("scope")?,
        })
    }
}

impl FromRequest for TokenForm {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let form = body::form(request, payload);
        Box::pin(async { Ok(Self(form.await)) })
    }
}

impl Describe for TokenForm {
    fn describe(about: &mut About) {
        about.takes::<TokenRequest>(FORM, None);
        about.refuses(&[
            Kind::InvalidRequest,
            Kind::UnsupportedGrantType,
            Kind::InvalidScope,
            Kind::InvalidClient,
        ]);
        about.refuses(&BODY);
        about.refuses(&[Kind::Unavailable]);
    }
}

/// A token, which no cache may keep.
pub struct Token(TokenResponse);

impl Responder for Token {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        not_stored(json(StatusCode::OK, &self.0))
    }
}

impl Describe for Token {
    fn describe(about: &mut About) {
        let response =
            about.answers_with::<TokenResponse>(200, "An access token.", "application/json");
        answer_header(response, "Cache-Control", "`no-store`.");
    }
}

/// Gives a token to a client that proves who it is.
pub async fn token(state: web::Data<State>, from: From, form: TokenForm) -> Answer<Token> {
    let request = form.read()?;
    state
        .ask(move |exchange| Ok(exchange.issue_token(&request, &from.0)?))
        .await
        .map(Token)
}

/// What the service says about its token endpoint (RFC 8414).
#[derive(Serialize, ToSchema)]
pub struct AuthorizationServer {
    /// The service's public base address: `aud` of assertions.
    issuer: String,
    /// Where tokens are given.
    token_endpoint: String,
    /// `client_credentials`.
    grant_types_supported: [&'static str; 1],
    /// None: there is no authorization endpoint.
    response_types_supported: [&'static str; 0],
    /// `private_key_jwt`.
    token_endpoint_auth_methods_supported: [&'static str; 1],
    /// How assertions may be signed.
    token_endpoint_auth_signing_alg_values_supported: [&'static str; 3],
    /// Every scope.
    scopes_supported: Vec<&'static str>,
}

/// Where and how a client gets a token.
pub async fn metadata(state: web::Data<State>) -> Shown<AuthorizationServer> {
    let issuer = state.exchange().issuer();
    Shown(AuthorizationServer {
        issuer: issuer.to_owned(),
        token_endpoint: format!("{issuer}/oauth/token"),
        grant_types_supported: ["client_credentials"],
        response_types_supported: [],
        token_endpoint_auth_methods_supported: ["private_key_jwt"],
        token_endpoint_auth_signing_alg_values_supported: ["ES256", "EdDSA", "PS256"],
        scopes_supported: Scope::ALL.map(Scope::as_str).to_vec(),
    })
}
