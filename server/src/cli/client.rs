//! A small client of a Kaiji service: signs in with a client's key, asks, and reads refusals.
//!
//! `submit` and `demo` use the same one, so that the demonstration does what any machine does.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use kaiji_schema::jws;
use kaiji_schema::key::{KeyError, SigningKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use ureq::http::Response;
use ureq::{Agent, Body, RequestBuilder};

use super::Ambient;
use super::end::CommandError;
use super::problem::Problem;
use crate::clock::Clock;
use crate::exchange::Random;

/// How long an answer may take altogether.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long an assertion is good for: long enough for a slow clock.
const ASSERTION_LIFETIME: SignedDuration = SignedDuration::from_mins(2);

const JSON: &str = "application/json";
const JOSE: &str = "application/jose";
const CSV: &str = "text/csv";
const ANYTHING: &str = "*/*";
const TEXT: &str = "text/plain";
const BEARER_ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Why a service did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum ServiceError {
    /// There was no answer.
    #[error("{url} could not be reached: {cause}")]
    Unreachable { url: String, cause: ureq::Error },
    /// The service answered that it does not.
    #[error("{url}: {problem}")]
    Refused { url: String, problem: Box<Problem> },
    /// The answer is none that a Kaiji service gives.
    #[error("{url} does not answer as a Kaiji service does: {detail}")]
    Unexpected { url: String, detail: String },
    /// Signing in would prove who one is to another service than the one that was named.
    #[error(
        "the service at {url} calls itself {issuer}: if that is the one you mean, use it as --url"
    )]
    OtherIssuer { url: String, issuer: String },
    /// The assertion could not be signed.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There were no random bytes for the assertion.
    #[error("the operating system gave no random bytes")]
    Random,
}

impl ServiceError {
    /// Whether the service refuses, so that asking again would not help.
    pub(super) fn is_refusal(&self) -> bool {
        match self {
            Self::Refused { problem, .. } => problem.is_final(),
            _ => false,
        }
    }
}

/// A Kaiji service, as everybody may ask it.
pub(super) struct Service {
    agent: Agent,
    url: String,
    clock: Clock,
    random: Random,
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    token_endpoint: String,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

#[derive(Serialize)]
struct Assertion<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: String,
}

impl Service {
    /// The service at `url`, its public base address without a slash at the end.
    pub(super) fn at(url: &str, ambient: &Ambient) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .user_agent(concat!("kaiji/", env!("CARGO_PKG_VERSION")));
        // What runs on this machine is not reached through a proxy.
        let local = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"];
        let config = if local.iter().any(|local| url.starts_with(local)) {
            config.proxy(None)
        } else {
            config
        };
        Self {
            agent: Agent::new_with_config(config.build()),
            url: url.to_owned(),
            clock: ambient.clock.clone(),
            random: ambient.random.clone(),
        }
    }

    /// The base address.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Gets a public document.
    pub(super) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ServiceError> {
        let url = format!("{}{path}", self.url);
        read(&url, self.agent.get(&url).header("accept", JSON).call())
    }

    /// Gets a public text.
    pub(super) fn get_text(&self, path: &str) -> Result<String, ServiceError> {
        let url = format!("{}{path}", self.url);
        let body = answer(&url, self.agent.get(&url).header("accept", TEXT).call())?;
        String::from_utf8(body).map_err(|error| ServiceError::Unexpected {
            url,
            detail: error.to_string(),
        })
    }

    /// Gets a token for the client (RFC 7523), and with it a session.
    pub(super) fn sign_in(
        &self,
        client: &str,
        key: &SigningKey,
    ) -> Result<Session<'_>, ServiceError> {
        let metadata: Metadata = self.get("/.well-known/oauth-authorization-server")?;
        // RFC 8414, section 3.3: an assertion for another issuer would let this service pose as the client there.
        if metadata.issuer != self.url {
            let url = self.url.clone();
            return Err(ServiceError::OtherIssuer {
                url,
                issuer: metadata.issuer,
            });
        }
        let assertion = self.assertion(client, &metadata.issuer, key)?;
        let form = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", BEARER_ASSERTION),
            ("client_assertion", assertion.as_str()),
        ];
        let url = metadata.token_endpoint;
        let sent = self.agent.post(&url).header("accept", JSON).send_form(form);
        let token: Token = read(&url, sent)?;
        Ok(Session {
            service: self,
            token: token.access_token,
        })
    }

    fn assertion(
        &self,
        client: &str,
        issuer: &str,
        key: &SigningKey,
    ) -> Result<String, ServiceError> {
        let mut jti = [0; 16];
        self.random
            .fill(&mut jti)
            .map_err(|_| ServiceError::Random)?;
        let iat = self.clock.now().as_second();
        let claims = Assertion {
            iss: client,
            sub: client,
            aud: issuer,
            iat,
            exp: iat + ASSERTION_LIFETIME.as_secs(),
            jti: URL_SAFE_NO_PAD.encode(jti),
        };
        // Plain data: there is nothing that could not be written.
        let claims = serde_json::to_vec(&claims).unwrap_or_default();
        Ok(jws::sign("JWT", &claims, key)?)
    }
}

/// The body of a 2xx answer; another answer is a problem.
fn answer(url: &str, sent: Result<Response<Body>, ureq::Error>) -> Result<Vec<u8>, ServiceError> {
    let unreachable = |cause| ServiceError::Unreachable {
        url: url.to_owned(),
        cause,
    };
    let mut response = sent.map_err(unreachable)?;
    let status = response.status();
    let body = response.body_mut().read_to_vec().map_err(unreachable)?;
    if status.is_success() {
        Ok(body)
    } else {
        Err(ServiceError::Refused {
            url: url.to_owned(),
            problem: Box::new(Problem::read(status.as_u16(), &body)),
        })
    }
}

/// The JSON document of a 2xx answer.
fn read<T: DeserializeOwned>(
    url: &str,
    sent: Result<Response<Body>, ureq::Error>,
) -> Result<T, ServiceError> {
    serde_json::from_slice(&answer(url, sent)?).map_err(|error| ServiceError::Unexpected {
        url: url.to_owned(),
        detail: error.to_string(),
    })
}

/// A client that has signed in. Its token is good for ten minutes.
pub(super) struct Session<'s> {
    service: &'s Service,
    token: String,
}

impl Session<'_> {
    /// The access token.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// Gets JSON.
    pub(super) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ServiceError> {
        let url = self.url(path);
        read(&url, self.prepare(self.agent().get(&url), JSON).call())
    }

    /// Gets a signed document, a compact JWS.
    pub(super) fn get_jose(&self, path: &str) -> Result<String, ServiceError> {
        let url = self.url(path);
        let body = answer(&url, self.prepare(self.agent().get(&url), JOSE).call())?;
        String::from_utf8(body).map_err(|error| ServiceError::Unexpected {
            url,
            detail: error.to_string(),
        })
    }

    /// Gets a CSV file, byte for byte.
    pub(super) fn get_csv(&self, path: &str) -> Result<Vec<u8>, ServiceError> {
        let url = self.url(path);
        answer(&url, self.prepare(self.agent().get(&url), CSV).call())
    }

    /// Gets a file of any size, byte for byte, into a file.
    pub(super) fn download(&self, path: &str, into: &Path) -> Result<(), CommandError> {
        let url = self.url(path);
        let sent = self.prepare(self.agent().get(&url), ANYTHING).call();
        let mut response = sent.map_err(|cause| ServiceError::Unreachable {
            url: url.clone(),
            cause,
        })?;
        if !response.status().is_success() {
            answer(&url, Ok(response))?;
            return Ok(());
        }
        let mut file = File::create(into).map_err(CommandError::file(into))?;
        let copied = io::copy(&mut response.body_mut().as_reader(), &mut file);
        copied.map(drop).map_err(CommandError::file(into))
    }

    /// Posts JSON.
    pub(super) fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ServiceError> {
        let url = self.url(path);
        let request = self.prepare(self.agent().post(&url), JSON);
        read(&url, request.send_json(body))
    }

    /// Puts JSON.
    pub(super) fn put<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ServiceError> {
        let url = self.url(path);
        let request = self.prepare(self.agent().put(&url), JSON);
        read(&url, request.send_json(body))
    }

    /// Posts without a body.
    pub(super) fn post_empty<T: DeserializeOwned>(&self, path: &str) -> Result<T, ServiceError> {
        let url = self.url(path);
        let request = self.prepare(self.agent().post(&url), JSON);
        read(&url, request.send_empty())
    }

    /// Posts a signed document, a compact JWS.
    pub(super) fn post_jose<T: DeserializeOwned>(
        &self,
        path: &str,
        compact: &str,
    ) -> Result<T, ServiceError> {
        let url = self.url(path);
        let request = self.prepare(self.agent().post(&url), JSON);
        read(&url, request.content_type(JOSE).send(compact))
    }

    /// A request with the token that wants `accept` for an answer.
    fn prepare<B>(&self, request: RequestBuilder<B>, accept: &str) -> RequestBuilder<B> {
        let bearer = format!("Bearer {}", self.token);
        request
            .header("authorization", bearer)
            .header("accept", accept)
    }

    fn agent(&self) -> &Agent {
        &self.service.agent
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.service.url)
    }
}
