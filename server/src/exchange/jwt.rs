//! Access tokens and client assertions: the one place that uses `jsonwebtoken`, whose defaults are lax.
//!
//! What the library would let pass is checked here: the header may hold `alg`, `typ` and `kid` only (no `crit`), `typ`
//! must be the expected one, `exp`, `iss`, `sub` and `aud` must be there, and times are compared with the exchange's
//! clock, never with the system's. Signatures are made and checked by `ring`, through a provider of our own.

use std::sync::Once;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error as JwtError, ErrorKind, Result as JwtResult};
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, TokenData, Validation};
use kaiji_schema::key::{Algorithm as KeyAlgorithm, KeyError, PublicKey, SigningKey};
use kaiji_schema::strict_json::{self, Value};
use serde::{Deserialize, Serialize};

/// How long an access token is good for.
pub(super) const TOKEN_LIFETIME: SignedDuration = SignedDuration::from_mins(10);

/// How far ahead the `exp` of an assertion may lie: long enough for a slow clock, short enough to remember each `jti`.
const LONGEST_ASSERTION: SignedDuration = SignedDuration::from_mins(10);

/// How much the caller's clock may differ from ours.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(60);

/// The ES256 key that signs access tokens.
pub struct TokenKey {
    pem: String,
    public: PublicKey,
}

impl TokenKey {
    /// Reads the key of `token.pem`.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let public = SigningKey::from_pem(pem)?.public().clone();
        Ok(Self {
            pem: pem.to_owned(),
            public,
        })
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }
}

/// Claims of an access token (RFC 9068).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct AccessClaims {
    pub(super) iss: String,
    pub(super) sub: String,
    pub(super) client_id: String,
    pub(super) aud: String,
    pub(super) exp: i64,
    pub(super) iat: i64,
    pub(super) jti: String,
    pub(super) scope: String,
}

/// Claims of a client assertion (RFC 7523, section 3).
#[derive(Debug, Clone, Deserialize)]
pub(super) struct AssertionClaims {
    iss: String,
    sub: String,
    aud: Audience,
    pub(super) exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    iat: Option<i64>,
    pub(super) jti: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn is(&self, expected: &str) -> bool {
        match self {
            Self::One(audience) => audience == expected,
            Self::Many(audiences) => {
                matches!(audiences.as_slice(), [audience] if audience == expected)
            }
        }
    }
}

/// Why a token or an assertion is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JwtRefusal {
    /// It is not a JWT of the expected form.
    #[error("not a JWT of the expected form: {0}")]
    Form(&'static str),
    /// The signature is not the key's.
    #[error("the signature is not this client's")]
    Signature,
    /// A claim is missing or not as it must be.
    #[error("the claim `{0}` is missing or not as it must be: {1}")]
    Claim(&'static str, &'static str),
    /// It has expired.
    #[error("it has expired")]
    Expired,
}

/// Signs and reads access tokens, and reads assertions.
pub(super) struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    kid: String,
}

impl Tokens {
    pub(super) fn new(key: &TokenKey) -> Self {
        install_provider();
        // The library only carries these bytes; our provider reads them.
        let encoding = EncodingKey::from_ec_der(key.pem.as_bytes());
        let kid = key.public.thumbprint().as_str().to_owned();
        Self {
            encoding,
            decoding: decoding_key(&key.public),
            kid,
        }
    }

    pub(super) fn sign(&self, claims: &AccessClaims) -> Result<String, JwtRefusal> {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.encoding)
            .map_err(|_| JwtRefusal::Form("it could not be signed"))
    }

    /// Reads an access token of ours.
    pub(super) fn read(
        &self,
        token: &str,
        issuer: &str,
        now: Timestamp,
    ) -> Result<AccessClaims, JwtRefusal> {
        check_header(token, |typ| typ == Some("at+jwt"))?;
        let claims: AccessClaims = decode(token, &self.decoding, Algorithm::ES256)?;
        if claims.iss != issuer || claims.aud != issuer {
            return Err(JwtRefusal::Claim("aud", "it was made for another service"));
        }
        if claims.exp <= now.as_second() {
            return Err(JwtRefusal::Expired);
        }
        Ok(claims)
    }
}

/// Who an assertion says it is from, before anything is checked: to find the key that must have signed it.
pub(super) fn claimed_client(assertion: &str) -> Result<String, JwtRefusal> {
    let payload = assertion
        .split('.')
        .nth(1)
        .ok_or(JwtRefusal::Form("it has no payload"))?;
    let payload = URL_SAFE_NO_PAD
        .decode(payload)
        .map_err(|_| JwtRefusal::Form("its payload is not base64url"))?;
    match strict_json::parse(&payload) {
        Ok(Value::Object(members)) => members
            .into_iter()
            .find_map(|(name, value)| match value {
                Value::Text(subject) if name == "sub" => Some(subject.into_owned()),
                _ => None,
            })
            .ok_or(JwtRefusal::Claim("sub", "it must name the client")),
        _ => Err(JwtRefusal::Form(
            "its payload is not a JSON object without duplicate members",
        )),
    }
}

/// Reads a client's assertion, signed by `key` for `issuer`.
pub(super) fn read_assertion(
    assertion: &str,
    key: &PublicKey,
    issuer: &str,
    now: Timestamp,
) -> Result<AssertionClaims, JwtRefusal> {
    let is_jwt = |typ: Option<&str>| {
        typ.is_none_or(|typ| typ.eq_ignore_ascii_case("JWT") || typ == "client-authentication+jwt")
    };
    check_header(assertion, is_jwt)?;
    let algorithm = match key.algorithm() {
        KeyAlgorithm::Es256 => Algorithm::ES256,
        KeyAlgorithm::EdDsa => Algorithm::EdDSA,
        KeyAlgorithm::Ps256 => Algorithm::PS256,
    };
    let claims: AssertionClaims = decode(assertion, &decoding_key(key), algorithm)?;
    if claims.iss != claims.sub {
        return Err(JwtRefusal::Claim(
            "iss",
            "it must be the client's id, as `sub` is",
        ));
    }
    if !claims.aud.is(issuer) {
        return Err(JwtRefusal::Claim(
            "aud",
            "it must be the issuer's address and nothing else",
        ));
    }
    if claims.jti.is_empty() || claims.jti.len() > 128 {
        return Err(JwtRefusal::Claim(
            "jti",
            "it must be a new text of 1 to 128 characters",
        ));
    }
    check_times(&claims, now)?;
    Ok(claims)
}

fn check_times(claims: &AssertionClaims, now: Timestamp) -> Result<(), JwtRefusal> {
    let (now, skew) = (now.as_second(), CLOCK_SKEW.as_secs());
    if claims.exp <= now {
        return Err(JwtRefusal::Expired);
    }
    if claims.exp > now + LONGEST_ASSERTION.as_secs() + skew {
        return Err(JwtRefusal::Claim(
            "exp",
            "it must be at most 10 minutes ahead",
        ));
    }
    if claims.nbf.is_some_and(|nbf| nbf > now + skew) {
        return Err(JwtRefusal::Claim("nbf", "it lies ahead"));
    }
    if claims.iat.is_some_and(|iat| iat > now + skew) {
        return Err(JwtRefusal::Claim("iat", "it lies ahead"));
    }
    Ok(())
}

/// Refuses every header member but `alg`, `typ` and `kid`, each at most once, and a `typ` that is not the expected.
fn check_header(
    token: &str,
    typ_is_right: impl Fn(Option<&str>) -> bool,
) -> Result<(), JwtRefusal> {
    let header = token.split('.').next().unwrap_or_default();
    let header = URL_SAFE_NO_PAD
        .decode(header)
        .map_err(|_| JwtRefusal::Form("its header is not base64url"))?;
    let Ok(Value::Object(members)) = strict_json::parse(&header) else {
        return Err(JwtRefusal::Form(
            "its header is not a JSON object without duplicate members",
        ));
    };
    let mut typ = None;
    for (name, value) in &members {
        match (name.as_ref(), value) {
            ("alg" | "kid", Value::Text(_)) => {}
            ("typ", Value::Text(text)) => typ = Some(text.as_ref()),
            _ => {
                return Err(JwtRefusal::Form(
                    "its header may hold alg, typ and kid only",
                ));
            }
        }
    }
    if typ_is_right(typ) {
        Ok(())
    } else {
        Err(JwtRefusal::Form("its typ is another"))
    }
}

fn decode<T: for<'de> Deserialize<'de>>(
    token: &str,
    key: &DecodingKey,
    algorithm: Algorithm,
) -> Result<T, JwtRefusal> {
    let mut validation = Validation::new(algorithm);
    // Every claim is checked by the caller, against the exchange's clock.
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    let decoded: JwtResult<TokenData<T>> = jsonwebtoken::decode(token, key, &validation);
    decoded
        .map(|data| data.claims)
        .map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature
            | ErrorKind::InvalidAlgorithm
            | ErrorKind::InvalidAlgorithmName => JwtRefusal::Signature,
            ErrorKind::Json(_) => {
                JwtRefusal::Form("exp, iss, sub, aud and jti must be there, each of its type")
            }
            _ => JwtRefusal::Form("it is not a compact JWS"),
        })
}

/// The key in the wrapping that `jsonwebtoken` asks for; its bytes are the canonical JWK, which our provider reads.
fn decoding_key(key: &PublicKey) -> DecodingKey {
    let jwk = key.to_jwk();
    match key.algorithm() {
        KeyAlgorithm::Es256 => DecodingKey::from_ec_der(jwk.as_bytes()),
        KeyAlgorithm::EdDsa => DecodingKey::from_ed_der(jwk.as_bytes()),
        KeyAlgorithm::Ps256 => DecodingKey::from_rsa_der(jwk.as_bytes()),
    }
}

/// Cryptography for `jsonwebtoken` on `ring`: its own back ends take minutes to build.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory,
    verifier_factory,
    key_utils: KeyUtils::new_unimplemented(),
};

fn install_provider() {
    static ONCE: Once = Once::new();
    // Failing means that it is installed already, by an exchange before this one in the same process.
    ONCE.call_once(|| {
        let _ = PROVIDER.install_default();
    });
}

struct RingSigner(SigningKey);

impl Signer<Vec<u8>> for RingSigner {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        self.0.sign(message).map_err(signature::Error::from_source)
    }
}

impl JwtSigner for RingSigner {
    fn algorithm(&self) -> Algorithm {
        Algorithm::ES256
    }
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is the library's"
)]
fn signer_factory(algorithm: &Algorithm, key: &EncodingKey) -> JwtResult<Box<dyn JwtSigner>> {
    if *algorithm != Algorithm::ES256 {
        return Err(JwtError::from(ErrorKind::InvalidAlgorithm));
    }
    let pem = String::from_utf8_lossy(key.as_bytes());
    let key = SigningKey::from_pem(&pem).map_err(|_| ErrorKind::InvalidEcdsaKey)?;
    Ok(Box::new(RingSigner(key)))
}

struct RingVerifier(PublicKey, Algorithm);

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        if self.0.verify(message, signature) {
            Ok(())
        } else {
            Err(signature::Error::new())
        }
    }
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        self.1
    }
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is the library's"
)]
fn verifier_factory(algorithm: &Algorithm, key: &DecodingKey) -> JwtResult<Box<dyn JwtVerifier>> {
    let jwk = String::from_utf8_lossy(key.try_get_as_bytes()?);
    let key = PublicKey::from_jwk_text(&jwk).map_err(|_| ErrorKind::InvalidKeyFormat)?;
    Ok(Box::new(RingVerifier(key, *algorithm)))
}
