//! A client shows who it is with a signed assertion (RFC 7523), gets a short token (RFC 9068), and asks with it.
//!
//! A verified token is remembered by its digest until it expires; the state behind it (client, organisation, scopes)
//! is read anew for every request, so that disabling either acts at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use kaiji_schema::Digest;
use kaiji_schema::key::PublicKey;
use serde::Serialize;

use super::Exchange;
use super::jwt::{self, AccessClaims, JwtRefusal, TOKEN_LIFETIME};
use super::sign_in::TOKEN_PREFIX;
use crate::actor::{Act, Actor, OrganisationKind, Scopes, Subject};
use crate::storage::Error as StorageError;
use crate::storage::clients::{self, ClientRow};

/// The value of `client_assertion_type` (RFC 7523, section 2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How many hex digits of a token's digest name it in the audit trail.
const NAME_LENGTH: usize = 16;

/// How many verified tokens are remembered at the most.
const MOST_REMEMBERED: usize = 20_000;

/// What came to `POST /oauth/token`.
#[derive(Debug, Clone, Default, utoipa::ToSchema)]
pub struct TokenRequest {
    /// `client_credentials`.
    pub grant_type: Option<String>,
    /// The type of the assertion.
    pub client_assertion_type: Option<String>,
    /// The assertion: a JWT signed by the client's key.
    pub client_assertion: Option<String>,
    /// `client_id`, which may be left out.
    pub client_id: Option<String>,
    /// The scopes asked for; without it, all that the client has.
    pub scope: Option<String>,
}

/// An access token (RFC 6749, section 5.1).
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct TokenResponse {
    /// The token, an `at+jwt`.
    pub access_token: String,
    /// `Bearer`.
    pub token_type: &'static str,
    /// Seconds until it expires.
    pub expires_in: i64,
    /// The scopes that it has.
    pub scope: String,
}

/// Why no token is given.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// A parameter is missing or wrong.
    #[error("{0}")]
    InvalidRequest(&'static str),
    /// The grant is not `client_credentials`.
    #[error("grant_type must be client_credentials")]
    UnsupportedGrantType,
    /// The client is unknown or disabled, or its assertion does not hold.
    #[error("the client could not be authenticated: {0}")]
    InvalidClient(String),
    /// A scope was asked for that the client does not have.
    #[error("the client does not have every scope that it asks for")]
    InvalidScope,
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl TokenError {
    /// What the audit trail calls it: RFC 6749's name of the error.
    fn word(&self) -> &'static str {
        match self {
            Self::InvalidRequest(_) => "invalid_request",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidClient(_) => "invalid_client",
            Self::InvalidScope => "invalid_scope",
            Self::Storage(_) => "unavailable",
        }
    }
}

impl From<JwtRefusal> for TokenError {
    fn from(refusal: JwtRefusal) -> Self {
        Self::InvalidClient(refusal.to_string())
    }
}

/// Why a bearer token is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// The token does not hold, or the client or organisation behind it is disabled.
    #[error("the access token is not accepted: {0}")]
    Refused(String),
    /// The rows could not be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Tokens whose signature was checked.
#[derive(Default)]
pub(super) struct Remembered(Mutex<HashMap<Digest, AccessClaims>>);

impl Remembered {
    fn get(&self, token: &Digest) -> Option<AccessClaims> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(token)
            .cloned()
    }

    fn insert(&self, token: Digest, claims: AccessClaims, now: i64) {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= MOST_REMEMBERED {
            remembered.retain(|_, claims| claims.exp > now);
        }
        if remembered.len() < MOST_REMEMBERED {
            remembered.insert(token, claims);
        }
    }
}

impl Exchange {
    /// Gives a token to a client that proves who it is.
    ///
    /// From the moment on at which it is known who asks, the audit trail tells of it.
    pub fn issue_token(
        &self,
        request: &TokenRequest,
        address: &str,
    ) -> Result<TokenResponse, TokenError> {
        let assertion = assertion_of(request)?;
        let claimed = jwt::claimed_client(assertion)?;
        if request.client_id.as_ref().is_some_and(|id| *id != claimed) {
            return Err(TokenError::InvalidRequest(
                "client_id is not the subject of the assertion",
            ));
        }
        let client = self.standing_client(&claimed)?;
        let key = PublicKey::from_jwk_text(&client.jwk)
            .map_err(|_| StorageError::Corrupt(format!("key of client {claimed}")))?;
        let now = self.clock.now();
        let assertion = jwt::read_assertion(assertion, &key, &self.issuer, now)?;
        self.db.check_room_for_records()?;
        let issued = granted_scopes(&client, request.scope.as_deref())
            .and_then(|scopes| self.issue_to(&client, scopes, &assertion, address, now));
        if let Err(error) = &issued {
            let refused = token_actor(&client, String::new(), address, "token_refused");
            self.record(&refused, error.word());
        }
        issued
    }

    fn issue_to(
        &self,
        client: &ClientRow,
        scopes: Scopes,
        assertion: &jwt::AssertionClaims,
        address: &str,
        now: Timestamp,
    ) -> Result<TokenResponse, TokenError> {
        let mut jti = [0; 16];
        self.fill(&mut jti)?;
        let claims = AccessClaims {
            iss: self.issuer.clone(),
            sub: client.id.clone(),
            client_id: client.id.clone(),
            aud: self.issuer.clone(),
            exp: now.as_second() + TOKEN_LIFETIME.as_secs(),
            iat: now.as_second(),
            jti: URL_SAFE_NO_PAD.encode(jti),
            scope: scopes.to_string(),
        };
        let access_token = self.tokens.sign(&claims)?;
        let named = name_of(&Digest::of(access_token.as_bytes()));
        let actor = token_actor(client, named, address, "token_issued");
        self.use_assertion_once(&actor, assertion)?;
        Ok(TokenResponse {
            access_token,
            token_type: "Bearer",
            expires_in: TOKEN_LIFETIME.as_secs(),
            scope: claims.scope,
        })
    }

    /// Who is behind an access token, or the token of a session, now, and does `act`. Whoever asks says afterwards what became of it
    /// ([`Exchange::record`]).
    pub fn authenticate(&self, token: &str, act: Act) -> Result<Actor, AuthenticateError> {
        if token.starts_with(TOKEN_PREFIX) {
            return self.authenticate_session(token, act);
        }
        let now = self.clock.now();
        let digest = Digest::of(token.as_bytes());
        let claims = self.claims_of(token, digest, now)?;
        if claims.exp <= now.as_second() {
            return Err(AuthenticateError::Refused(JwtRefusal::Expired.to_string()));
        }
        let (client, kind) = self
            .db
            .read(|c| clients::standing(c, &claims.client_id))?
            .ok_or_else(|| {
                AuthenticateError::Refused("the client or its organisation is disabled".to_owned())
            })?;
        self.db.check_room_for_records()?;
        let corrupt = |what: &str| StorageError::Corrupt(format!("{what} of client {}", client.id));
        let scopes: Scopes = client.scopes.parse().map_err(|_| corrupt("scopes"))?;
        let token_scopes: Scopes = claims.scope.parse().unwrap_or_default();
        Ok(Actor {
            kind: kind.parse().map_err(|_| corrupt("kind"))?,
            organisation: client.organisation_id,
            by: Subject::Client(client.id),
            agent: None,
            scopes: token_scopes.common(scopes),
            token: name_of(&digest),
            act: Arc::new(act),
        })
    }

    /// What the token says, verified now or before.
    fn claims_of(
        &self,
        token: &str,
        digest: Digest,
        now: Timestamp,
    ) -> Result<AccessClaims, AuthenticateError> {
        if let Some(claims) = self.remembered.get(&digest) {
            return Ok(claims);
        }
        let refused = |refusal: JwtRefusal| AuthenticateError::Refused(refusal.to_string());
        let claims = self
            .tokens
            .read(token, &self.issuer, now)
            .map_err(refused)?;
        self.remembered
            .insert(digest, claims.clone(), now.as_second());
        Ok(claims)
    }

    fn standing_client(&self, id: &str) -> Result<ClientRow, TokenError> {
        let standing = self.db.read(|c| clients::standing(c, id))?;
        let (client, _) = standing
            .ok_or_else(|| TokenError::InvalidClient("it is unknown or disabled".to_owned()))?;
        Ok(client)
    }

    fn use_assertion_once(
        &self,
        actor: &Actor,
        assertion: &jwt::AssertionClaims,
    ) -> Result<(), TokenError> {
        let (client_id, jti) = (actor.by.id().to_owned(), assertion.jti.clone());
        // Kept a little longer than it is good for, so that no clock's step makes it new again.
        let expires_at = (assertion.exp + 120).saturating_mul(1000);
        self.write(actor, move |tx| {
            if clients::assertion_was_used(tx, &client_id, &jti)? {
                return Err(TokenError::InvalidClient(
                    "the assertion was used before: make a new `jti`".to_owned(),
                ));
            }
            let now = tx.now().as_millisecond();
            Ok(clients::remember_assertion(
                tx, &client_id, &jti, expires_at, now,
            )?)
        })?;
        Ok(())
    }
}

/// What the audit trail calls a token.
pub(super) fn name_of(token: &Digest) -> String {
    let mut name = token.to_string();
    name.truncate(NAME_LENGTH);
    name
}

/// A client at the token endpoint, which needs no scope there.
fn token_actor(client: &ClientRow, token: String, address: &str, action: &str) -> Actor {
    Actor {
        organisation: client.organisation_id.clone(),
        kind: OrganisationKind::Operator,
        by: Subject::Client(client.id.clone()),
        agent: None,
        scopes: Scopes::default(),
        token,
        act: Arc::new(Act::new(address, action, &client.id)),
    }
}

fn assertion_of(request: &TokenRequest) -> Result<&str, TokenError> {
    match request.grant_type.as_deref() {
        Some("client_credentials") => {}
        Some(_) => return Err(TokenError::UnsupportedGrantType),
        None => {
            return Err(TokenError::InvalidRequest(
                "grant_type is missing: it must be client_credentials",
            ));
        }
    }
    if request.client_assertion_type.as_deref() != Some(ASSERTION_TYPE) {
        let detail =
            "client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        return Err(TokenError::InvalidRequest(detail));
    }
    request
        .client_assertion
        .as_deref()
        .ok_or(TokenError::InvalidRequest("client_assertion is missing"))
}

fn granted_scopes(client: &ClientRow, asked: Option<&str>) -> Result<Scopes, TokenError> {
    let has: Scopes = client
        .scopes
        .parse()
        .map_err(|_| StorageError::Corrupt(format!("scopes of client {}", client.id)))?;
    let Some(asked) = asked else { return Ok(has) };
    let asked: Scopes = asked.parse().map_err(|_| TokenError::InvalidScope)?;
    if asked.is_empty() || !has.covers(asked) {
        Err(TokenError::InvalidScope)
    } else {
        Ok(asked)
    }
}
