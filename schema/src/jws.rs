//! Signed documents: compact JWS (RFC 7515) in the one form that is accepted, from text to [`Verified`].
//!
//! The protected header is exactly `alg`, `kid` and `typ`; `cty` may be there. No header member chooses a key, an
//! algorithm or an encoding: the key is found by its thumbprint and decides the algorithm. What is signed is kept
//! byte for byte. Whether the key is active, and whose it is, must be asked elsewhere and again when it matters.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::digest::Digest;
use crate::key::{Algorithm, KeyError, PublicKey, SigningKey, Thumbprint};
use crate::strict_json::{self, SyntaxError, Value};
use crate::violation::Violations;

/// A document that travels as a compact JWS with a `typ` of its own.
pub trait Document: Sized {
    /// The `typ` of the header that says which document this is.
    const TYP: &'static str;

    /// Reads the payload: strict JSON, then the document's rules. Syntax errors become violations.
    fn parse(payload: &[u8]) -> Result<Self, Violations>;
}

/// Why a JWS is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The JSON serialisation (RFC 7515, section 7.2), which may hold several signatures and unprotected headers.
    #[error(
        "this is the JSON serialisation of a JWS; send the compact one, header.payload.signature"
    )]
    JsonSerialisation,
    /// Not three parts with something in each: a detached payload and an unsigned JWS are refused as well.
    #[error("a compact JWS is three non-empty parts, header.payload.signature")]
    NotCompact,
    /// A part is not base64url in its one canonical spelling: no padding, no white space, spare bits zero.
    #[error("the {part} is not canonical base64url without padding")]
    Base64url {
        /// `header`, `payload` or `signature`.
        part: &'static str,
    },
    /// The header is not strict JSON, or no object; a member given twice is refused here.
    #[error("the header is not a strict JSON object: {0}")]
    HeaderSyntax(String),
    /// The header has a member beyond `alg`, `kid`, `typ` and `cty`: `crit`, `b64`, `jwk`, `jku`, `x5c` and so on.
    #[error("the header member \"{name}\" is not allowed; allowed are alg, kid, typ and cty")]
    HeaderMember {
        /// The member.
        name: String,
    },
    /// The header lacks a member, or its value is not a string.
    #[error("the header needs \"{name}\" as a string")]
    HeaderText {
        /// `alg`, `kid`, `typ` or `cty`.
        name: &'static str,
    },
    /// An algorithm that is never accepted: `none`, HS*, RS*, and what is not known here.
    #[error("the algorithm \"{0}\" is refused; use ES256, EdDSA (Ed25519) or PS256")]
    AlgRefused(String),
    /// The `kid` is not a thumbprint, or not that of the key at hand.
    #[error("the kid is not the RFC 7638 thumbprint of the signer's key")]
    Kid,
    /// Another document than the one asked for.
    #[error("the typ is \"{found}\" where \"{expected}\" is needed")]
    Typ {
        /// [`Document::TYP`].
        expected: &'static str,
        /// The header's.
        found: String,
    },
    /// The header names another algorithm than the registered key has.
    #[error("the key signs with {}, the header says otherwise", key.as_str())]
    AlgKeyMismatch {
        /// The key's algorithm.
        key: Algorithm,
    },
    /// The signature was not made over these bytes by this key.
    #[error("the signature does not verify")]
    BadSignature,
}

impl Refusal {
    /// A `snake_case` name, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::JsonSerialisation => "json_serialisation",
            Self::NotCompact => "not_compact",
            Self::Base64url { .. } => "base64url",
            Self::HeaderSyntax(_) => "header_syntax",
            Self::HeaderMember { .. } => "header_member",
            Self::HeaderText { .. } => "header_text",
            Self::AlgRefused(_) => "alg_refused",
            Self::Kid => "kid",
            Self::Typ { .. } => "typ",
            Self::AlgKeyMismatch { .. } => "alg_key_mismatch",
            Self::BadSignature => "bad_signature",
        }
    }
}

impl From<SyntaxError> for Refusal {
    fn from(error: SyntaxError) -> Self {
        Self::HeaderSyntax(error.to_string())
    }
}

/// Why a JWS does not become a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Not signed as it must be.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Signed, but the document is against its rules.
    #[error(transparent)]
    Document(#[from] Violations),
}

/// A compact JWS that was parsed and NOT verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jws {
    compact: String,
    header: Header,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl Jws {
    /// Takes a compact JWS apart and checks its header; white space around it is not allowed.
    pub fn parse(compact: &str) -> Result<Self, Refusal> {
        if compact.trim_start().starts_with('{') {
            return Err(Refusal::JsonSerialisation);
        }
        let mut parts = compact.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Refusal::NotCompact);
        };
        Ok(Self {
            compact: compact.to_owned(),
            header: Header::parse(&decode("header", header)?)?,
            payload: decode("payload", payload)?,
            signature: decode("signature", signature)?,
        })
    }

    /// The key that the signer names.
    pub fn kid(&self) -> &Thumbprint {
        &self.header.kid
    }

    /// Which document the signer says this is.
    pub fn typ(&self) -> &str {
        &self.header.typ
    }

    /// The exact bytes that were signed as the payload.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The JWS as it was received.
    pub fn compact(&self) -> &str {
        &self.compact
    }

    /// The digest of the whole compact JWS, by which a statement is named. Computed anew each time.
    pub fn sha256(&self) -> Digest {
        Digest::of(self.compact.as_bytes())
    }

    fn check(&self, typ: &'static str, key: &PublicKey) -> Result<(), Refusal> {
        if self.header.typ != typ {
            return Err(Refusal::Typ {
                expected: typ,
                found: self.header.typ.clone(),
            });
        }
        if self.header.kid != key.thumbprint() {
            return Err(Refusal::Kid);
        }
        if self.header.alg != key.algorithm() {
            return Err(Refusal::AlgKeyMismatch {
                key: key.algorithm(),
            });
        }
        let (signed, _) = self.compact.rsplit_once('.').ok_or(Refusal::NotCompact)?;
        if !key.verify(signed.as_bytes(), &self.signature) {
            return Err(Refusal::BadSignature);
        }
        Ok(())
    }
}

/// A document of which one thing is certain: exactly these bytes were signed under this public key.
///
/// Only [`verify`] makes one. That the key is active and belongs to the issuer is not said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T> {
    document: T,
    jws: Jws,
    sha256: Digest,
    payload_sha256: Digest,
}

impl<T> Verified<T> {
    /// The document.
    pub fn document(&self) -> &T {
        &self.document
    }

    /// The document alone.
    pub fn into_document(self) -> T {
        self.document
    }

    /// The JWS as it was received.
    pub fn compact(&self) -> &str {
        self.jws.compact()
    }

    /// The exact bytes that were signed as the payload.
    pub fn payload(&self) -> &[u8] {
        self.jws.payload()
    }

    /// The digest of the whole compact JWS.
    pub fn sha256(&self) -> Digest {
        self.sha256
    }

    /// The digest of the payload, which stays the same under another signature.
    pub fn payload_sha256(&self) -> Digest {
        self.payload_sha256
    }

    /// The key that signed.
    pub fn kid(&self) -> &Thumbprint {
        self.jws.kid()
    }
}

/// Verifies that `jws` is a `T` signed by `key`, and reads it. The payload is looked at last: nothing unsigned is
/// parsed.
pub fn verify<T: Document>(jws: Jws, key: &PublicKey) -> Result<Verified<T>, VerifyError> {
    jws.check(T::TYP, key)?;
    let document = T::parse(&jws.payload)?;
    Ok(Verified {
        document,
        sha256: jws.sha256(),
        payload_sha256: Digest::of(jws.payload()),
        jws,
    })
}

/// Signs `payload` as the document `typ`; the answer is a compact JWS. The payload's rules are not checked.
pub fn sign(typ: &str, payload: &[u8], key: &SigningKey) -> Result<String, KeyError> {
    let text = |value: &str| Value::Text(value.to_owned().into());
    let header = Value::Object(vec![
        ("alg".into(), text(key.public().algorithm().as_str())),
        ("kid".into(), text(key.public().thumbprint().as_str())),
        ("typ".into(), text(typ)),
    ]);
    let mut compact = BASE64_URL_SAFE_NO_PAD.encode(header.to_string());
    compact.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(payload, &mut compact);
    let signature = key.sign(compact.as_bytes())?;
    compact.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut compact);
    Ok(compact)
}

/// The protected header.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Header {
    alg: Algorithm,
    kid: Thumbprint,
    typ: String,
}

impl Header {
    fn parse(json: &[u8]) -> Result<Self, Refusal> {
        let Value::Object(members) = strict_json::parse(json)? else {
            return Err(Refusal::HeaderSyntax("not an object".to_owned()));
        };
        let (mut alg, mut kid, mut typ, mut cty) = (None, None, None, None);
        for (name, value) in &members {
            let member = match name.as_ref() {
                "alg" => &mut alg,
                "kid" => &mut kid,
                "typ" => &mut typ,
                "cty" => &mut cty,
                other => {
                    let name = other.to_owned();
                    return Err(Refusal::HeaderMember { name });
                }
            };
            *member = Some(value);
        }
        let alg = header_text("alg", alg)?;
        let kid = header_text("kid", kid)?;
        let typ = header_text("typ", typ)?;
        if cty.is_some() {
            header_text("cty", cty)?;
        }
        Ok(Self {
            alg: Algorithm::parse(alg).ok_or_else(|| Refusal::AlgRefused(alg.to_owned()))?,
            kid: kid.parse().map_err(|_| Refusal::Kid)?,
            typ: typ.to_owned(),
        })
    }
}

fn header_text<'v>(name: &'static str, value: Option<&'v Value<'_>>) -> Result<&'v str, Refusal> {
    value
        .and_then(Value::as_text)
        .ok_or(Refusal::HeaderText { name })
}

fn decode(part: &'static str, text: &str) -> Result<Vec<u8>, Refusal> {
    if text.is_empty() {
        return Err(Refusal::NotCompact);
    }
    BASE64_URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| Refusal::Base64url { part })
}

#[cfg(test)]
mod tests;
