//! Private keys: read from PKCS#8, made anew, and signed with.
//!
//! Where they lie and who may read the file is not known here.

use std::fmt;

use p256::elliptic_curve::sec1::ToSec1Point;

use super::pem::{self, Kind};
use super::{Algorithm, KeyError, PublicKey};
use crate::provider::{self, KeyPair, SecureRandom};

/// A private key with its public half.
pub struct SigningKey {
    pair: KeyPair,
    public: PublicKey,
}

impl SigningKey {
    /// A new key and its PKCS#8 PEM, which OpenSSL reads: version 1, for Ed25519 too. RSA keys are not made here
    /// ([`KeyError::RsaGeneration`]).
    pub fn generate(
        algorithm: Algorithm,
        random: &dyn SecureRandom,
    ) -> Result<(Self, String), KeyError> {
        let pkcs8 = match algorithm {
            Algorithm::Es256 => provider::generate_es256(random),
            Algorithm::EdDsa => {
                provider::random_bytes(random).map(|seed| pem::ed25519_pkcs8(&seed))
            }
            Algorithm::Ps256 => return Err(KeyError::RsaGeneration),
        };
        let pem = pem::encode("PRIVATE KEY", &pkcs8.ok_or(KeyError::NoRandomness)?);
        Ok((Self::from_pem(&pem)?, pem))
    }

    /// Reads PKCS#8 in PEM, `-----BEGIN PRIVATE KEY-----`: P-256 (with or without its public half), Ed25519 of
    /// version 1 or 2, RSA of 3072 to 4096 bits. The refusal of another format gives the command that converts it.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let document = pem::decode(text, "PRIVATE KEY")?;
        let pkcs8 = document.as_bytes();
        let (kind, private_key) = pem::private_key_info(pkcs8)?;
        let pair = match kind {
            Kind::P256 => es256_pair(pem::ec_private_scalar(private_key)?),
            Kind::Ed25519 => KeyPair::ed25519(pkcs8),
            Kind::Rsa => KeyPair::ps256(private_key),
        };
        let pair = pair.ok_or(KeyError::Malformed)?;
        let public = PublicKey::from_parts(kind, pair.public())?;
        Ok(Self { pair, public })
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs `message`; the answer is what a JWS holds (for ES256 r||s, 64 bytes). Signatures other than Ed25519's
    /// are randomised: the same message gives another signature each time.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.pair.sign(message).ok_or(KeyError::NoRandomness)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("kid", &self.public.thumbprint().as_str())
            .finish_non_exhaustive()
    }
}

/// The provider wants the public half as well, which Java leaves out of PKCS#8.
fn es256_pair(scalar: &[u8]) -> Option<KeyPair> {
    let point = p256::SecretKey::from_slice(scalar)
        .ok()?
        .public_key()
        .to_sec1_point(false);
    KeyPair::es256(scalar, point.as_bytes())
}
