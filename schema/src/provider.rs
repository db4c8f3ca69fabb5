//! The cryptography that this crate takes from elsewhere: SHA-256, signatures, random bytes.
//!
//! The only file that names `ring`, so that another provider can replace it. It decides nothing: which keys are
//! accepted is the business of [`crate::key`], which signatures are asked for that of [`crate::jws`].

pub use ring::rand::SecureRandom;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair as _, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaKeyPair,
    UnparsedPublicKey,
};

/// SHA-256 (FIPS 180-4).
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut output = [0; 32];
    output.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref());
    output
}

/// SHA-256 of what comes in parts.
#[derive(Clone)]
pub struct Sha256(ring::digest::Context);

impl Sha256 {
    pub fn new() -> Self {
        Self(ring::digest::Context::new(&ring::digest::SHA256))
    }

    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub fn finish(self) -> [u8; 32] {
        let mut output = [0; 32];
        output.copy_from_slice(self.0.finish().as_ref());
        output
    }
}

/// SHA-256 of the parts, one after the other.
pub fn sha256_of(parts: &[&[u8]]) -> [u8; 32] {
    let mut whole = Sha256::new();
    for part in parts {
        whole.add(part);
    }
    whole.finish()
}

/// ECDSA on P-256 with SHA-256; the key is an uncompressed point, the signature r||s (RFC 7518, section 3.4).
pub fn verify_es256(point: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
        .verify(message, signature)
        .is_ok()
}

/// Ed25519 (RFC 8032, section 5.1.7), without multiplication by the cofactor.
pub fn verify_ed25519(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, key)
        .verify(message, signature)
        .is_ok()
}

/// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes (RFC 7518, section 3.5).
pub fn verify_ps256(modulus: &[u8], exponent: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let key = PublicKeyComponents {
        n: modulus,
        e: exponent,
    };
    key.verify(&RSA_PSS_2048_8192_SHA256, message, signature)
        .is_ok()
}

/// A private key of one of the three algorithms, ready to sign.
pub enum KeyPair {
    Es256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Ps256(Box<RsaKeyPair>),
}

impl KeyPair {
    /// From the private scalar and the uncompressed point that belongs to it.
    pub fn es256(scalar: &[u8], point: &[u8]) -> Option<Self> {
        let random = signing_random();
        EcdsaKeyPair::from_private_key_and_public_key(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            scalar,
            point,
            &random,
        )
        .ok()
        .map(Self::Es256)
    }

    /// From PKCS#8, version 1 as OpenSSL 3.0 writes it or version 2 (RFC 8410, section 7).
    pub fn ed25519(pkcs8: &[u8]) -> Option<Self> {
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8)
            .ok()
            .map(Self::Ed25519)
    }

    /// From an `RSAPrivateKey` (RFC 8017, appendix A.1.2) of at most 4096 bits.
    pub fn ps256(private_key: &[u8]) -> Option<Self> {
        RsaKeyPair::from_der(private_key)
            .ok()
            .map(|pair| Self::Ps256(Box::new(pair)))
    }

    /// The public half: a point, 32 bytes, or a PKCS#1 `RSAPublicKey`.
    pub fn public(&self) -> &[u8] {
        match self {
            Self::Es256(pair) => pair.public_key().as_ref(),
            Self::Ed25519(pair) => pair.public_key().as_ref(),
            Self::Ps256(pair) => pair.public_key().as_ref(),
        }
    }

    /// The signature as a JWS holds it. `None` if the system gives no random bytes.
    pub fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Es256(pair) => {
                let signature = pair.sign(&signing_random(), message).ok()?;
                Some(signature.as_ref().to_vec())
            }
            Self::Ed25519(pair) => Some(pair.sign(message).as_ref().to_vec()),
            Self::Ps256(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PSS_SHA256, &signing_random(), message, &mut signature)
                    .ok()?;
                Some(signature)
            }
        }
    }
}

/// A new P-256 key in PKCS#8, version 1.
pub fn generate_es256(random: &dyn SecureRandom) -> Option<Vec<u8>> {
    EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, random)
        .ok()
        .map(|document| document.as_ref().to_vec())
}

/// 32 random bytes.
pub fn random_bytes(random: &dyn SecureRandom) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    random.fill(&mut bytes).ok()?;
    Some(bytes)
}

#[allow(
    clippy::disallowed_methods,
    reason = "ring seals its source of randomness: no caller could hand in one that makes signatures reproducible"
)]
fn signing_random() -> SystemRandom {
    SystemRandom::new()
}
