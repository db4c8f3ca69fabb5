//! Keys: which are accepted, how they are written and how they are named.
//!
//! A public key is kept as its canonical JWK and named by the thumbprint of that. Acceptance ([`Weakness`], the JWK
//! rules) is decided once, when a key is read: every [`PublicKey`] that exists is fit to verify with. Whose key it is
//! and whether it is active is not known here.

mod jwk;
mod material;
mod pem;
mod signing;

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::provider;
use crate::violation::Violations;

pub use crate::provider::SecureRandom;
pub use material::Weakness;
pub use signing::SigningKey;

use material::Material;

/// How a key signs. The key decides it, never the header of what was signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256 (RFC 7518, section 3.4). Of the two values of s that each verify both are
    /// accepted: the RFC does not forbid the high one, and no rule here rests on a signature having one form.
    Es256,
    /// Ed25519 (RFC 8037, section 3.1).
    EdDsa,
    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes (RFC 7518, section 3.5).
    Ps256,
}

impl Algorithm {
    /// The `alg` that this crate writes: `ES256`, `EdDSA` or `PS256`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Ps256 => "PS256",
        }
    }

    /// Reads an `alg`. Ed25519 has two names: `EdDSA` (RFC 8037) and `Ed25519` (RFC 9864).
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "ES256" => Some(Self::Es256),
            "EdDSA" | "Ed25519" => Some(Self::EdDsa),
            "PS256" => Some(Self::Ps256),
            _ => None,
        }
    }
}

/// The name of a key: its SHA-256 JWK thumbprint (RFC 7638), in base64url without padding, 43 characters.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Thumbprint(String);

/// The text is not a thumbprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key is named by its RFC 7638 thumbprint: 43 characters of base64url")]
pub struct NotAThumbprint;

impl Thumbprint {
    /// The 43 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Thumbprint {
    type Err = NotAThumbprint;

    /// One spelling only: the last character's spare bits must be zero.
    fn from_str(text: &str) -> Result<Self, NotAThumbprint> {
        match BASE64_URL_SAFE_NO_PAD.decode(text) {
            Ok(bytes) if bytes.len() == 32 => Ok(Self(text.to_owned())),
            _ => Err(NotAThumbprint),
        }
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl serde::Serialize for Thumbprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Why a key cannot be read, made or used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not one block of PEM (RFC 7468) with DER inside.
    #[error("the key is not PEM: {0}")]
    Pem(String),
    /// PEM of something else than what was asked for.
    #[error("the PEM holds a \"{found}\" where a \"{expected}\" is needed")]
    Label {
        /// What was asked for, e.g. `PUBLIC KEY`.
        expected: &'static str,
        /// What the PEM says it holds.
        found: String,
    },
    /// A private key in SEC 1 or PKCS#1, the formats of OpenSSL before PKCS#8.
    #[error(
        "the key is in OpenSSL's traditional format; convert it to PKCS#8: \
         openssl pkcs8 -topk8 -nocrypt -in key.pem -out key.pkcs8.pem"
    )]
    Traditional,
    /// A private key under a passphrase.
    #[error(
        "the key is encrypted and nobody is here to type its passphrase; decrypt it: \
         openssl pkcs8 -topk8 -nocrypt -in key.pem -out key.pkcs8.pem"
    )]
    Encrypted,
    /// The public key is inside a certificate. Certificates are not looked at.
    #[error(
        "a certificate is not a key; take the key out of it: openssl x509 -in cert.pem -noout -pubkey"
    )]
    Certificate,
    /// A key of another kind, or a P-256 key whose point is written in compressed form.
    #[error("the key is of a kind that is not accepted: use P-256, Ed25519 or RSA, named as such")]
    Unsupported,
    /// The key's inner structure does not decode, or its two halves do not belong together.
    #[error("the key does not decode")]
    Malformed,
    /// A key that must not be trusted.
    #[error(transparent)]
    Weak(#[from] Weakness),
    /// A JWK against the rules.
    #[error(transparent)]
    Jwk(#[from] Violations),
    /// RSA keys are made elsewhere.
    #[error(
        "RSA keys are not made here; make one with OpenSSL: \
         openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out key.pem"
    )]
    RsaGeneration,
    /// The system gave no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness,
}

/// A public key that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    material: Material,
    thumbprint: Thumbprint,
}

impl PublicKey {
    /// Reads a file that holds a JWK or PEM (SPKI).
    pub fn from_jwk_or_pem(text: &str) -> Result<Self, KeyError> {
        if text.trim_start().starts_with('{') {
            Ok(Self::from_jwk_text(text)?)
        } else {
            Self::from_pem(text)
        }
    }

    /// An Ed25519 key from its 32 bytes (RFC 8032, section 5.1.5).
    pub fn from_ed25519(bytes: [u8; 32]) -> Result<Self, KeyError> {
        Ok(Self::new(Material::ed25519(bytes)?))
    }

    /// The 32 bytes of an Ed25519 key; `None` for one of another kind.
    pub fn as_ed25519(&self) -> Option<&[u8; 32]> {
        match &self.material {
            Material::Ed25519(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The name of the key (RFC 7638).
    pub fn thumbprint(&self) -> Thumbprint {
        self.thumbprint.clone()
    }

    /// How the key signs.
    pub fn algorithm(&self) -> Algorithm {
        match self.material {
            Material::P256 { .. } => Algorithm::Es256,
            Material::Ed25519 { .. } => Algorithm::EdDsa,
            Material::Rsa { .. } => Algorithm::Ps256,
        }
    }

    /// Whether `signature`, in the form that a JWS has it, was made over `message` by this key's owner.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::P256(point) => provider::verify_es256(point, message, signature),
            Material::Ed25519(key) => provider::verify_ed25519(key, message, signature),
            Material::Rsa { modulus, exponent } => {
                provider::verify_ps256(modulus, exponent, message, signature)
            }
        }
    }

    fn new(material: Material) -> Self {
        let digest = provider::sha256(jwk::canonical(&material).as_bytes());
        Self {
            material,
            thumbprint: Thumbprint(BASE64_URL_SAFE_NO_PAD.encode(digest)),
        }
    }
}

#[cfg(test)]
mod tests;
