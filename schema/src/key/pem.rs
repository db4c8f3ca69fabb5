//! Keys as PEM (RFC 7468): public ones as SPKI (RFC 5280), private ones as PKCS#8 (RFC 5958).
//!
//! Reading is left to the `der` family of crates. Writing needs a dozen bytes around the numbers and cannot fail.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use pkcs1::RsaPublicKeyRef;
use spki::der::asn1::OctetStringRef;
use spki::der::{self, Decode, Document, SliceReader, Tag};
use spki::{AlgorithmIdentifierRef, ObjectIdentifier, SubjectPublicKeyInfoRef};

use super::material::Material;
use super::{KeyError, PublicKey};

/// id-ecPublicKey (RFC 5480).
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// secp256r1 (RFC 5480).
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
/// id-Ed25519 (RFC 8410).
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// rsaEncryption (RFC 8017). Keys bound to PSS with parameters of their own (id-RSASSA-PSS) are not accepted.
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// The kinds of keys that are accepted, by their `AlgorithmIdentifier`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    P256,
    Ed25519,
    Rsa,
}

impl PublicKey {
    /// Reads SPKI in PEM, `-----BEGIN PUBLIC KEY-----`. A P-256 point must be uncompressed, as it is by default.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let document = decode(text, "PUBLIC KEY")?;
        let info = SubjectPublicKeyInfoRef::from_der(document.as_bytes())
            .map_err(|_| KeyError::Malformed)?;
        let key = info
            .subject_public_key
            .as_bytes()
            .ok_or(KeyError::Malformed)?;
        Self::from_parts(kind(&info.algorithm)?, key)
    }

    /// The key as SPKI in PEM, which OpenSSL reads.
    pub fn to_pem(&self) -> String {
        encode("PUBLIC KEY", &spki(&self.material))
    }

    /// From what SPKI wraps: a point, 32 bytes, or a PKCS#1 `RSAPublicKey`.
    pub(super) fn from_parts(kind: Kind, key: &[u8]) -> Result<Self, KeyError> {
        let material = match kind {
            Kind::P256 => {
                let (x, y) = uncompressed_point(key).ok_or(KeyError::Unsupported)?;
                Material::p256(x, y)?
            }
            Kind::Ed25519 => Material::ed25519(key.try_into().map_err(|_| KeyError::Malformed)?)?,
            Kind::Rsa => {
                let key = RsaPublicKeyRef::from_der(key).map_err(|_| KeyError::Malformed)?;
                Material::rsa(key.modulus.as_bytes(), key.public_exponent.as_bytes())?
            }
        };
        Ok(Self::new(material))
    }
}

/// The DER inside PEM of the given label.
pub(super) fn decode(text: &str, expected: &'static str) -> Result<Document, KeyError> {
    for (mark, refusal) in [
        ("BEGIN EC PRIVATE KEY-", KeyError::Traditional),
        ("BEGIN RSA PRIVATE KEY-", KeyError::Traditional),
        ("BEGIN ENCRYPTED PRIVATE KEY-", KeyError::Encrypted),
        ("BEGIN CERTIFICATE-", KeyError::Certificate),
    ] {
        if text.contains(mark) {
            return Err(refusal);
        }
    }
    let (label, document) =
        Document::from_pem(text).map_err(|error| KeyError::Pem(error.to_string()))?;
    if label != expected {
        let found = label.to_owned();
        return Err(KeyError::Label { expected, found });
    }
    Ok(document)
}

/// DER as PEM, in lines of 64 characters.
pub(super) fn encode(label: &str, der: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    // 48 bytes are 64 characters.
    for line in der.chunks(48) {
        BASE64_STANDARD.encode_string(line, &mut text);
        text.push('\n');
    }
    text + &format!("-----END {label}-----\n")
}

/// The kind of a key and the octets that hold it (RFC 5958, section 2), from PKCS#8 of version 1 or 2.
pub(super) fn private_key_info(der: &[u8]) -> Result<(Kind, &[u8]), KeyError> {
    let (algorithm, key) =
        versioned(der, AlgorithmIdentifierRef::decode).map_err(|_| KeyError::Malformed)?;
    Ok((kind(&algorithm)?, key))
}

/// The private scalar of an `ECPrivateKey` (RFC 5915, section 3). The public key in it is optional and not needed.
pub(super) fn ec_private_scalar(der: &[u8]) -> Result<&[u8], KeyError> {
    versioned(der, |_| Ok(()))
        .map(|((), scalar)| scalar)
        .map_err(|_| KeyError::Malformed)
}

/// PKCS#8 of version 1 around the seed of an Ed25519 key (RFC 8410, section 7). OpenSSL 3.0 does not read version 2.
pub(super) fn ed25519_pkcs8(seed: &[u8; 32]) -> Vec<u8> {
    let algorithm = tlv(0x30, &[&tlv(0x06, &[ED25519.as_bytes()])]);
    let key = tlv(0x04, &[&tlv(0x04, &[seed])]);
    tlv(0x30, &[&tlv(0x02, &[&[0]]), &algorithm, &key])
}

/// The beginning that PKCS#8 and `ECPrivateKey` share: a version, what `middle` reads, and an octet string.
fn versioned<'a, T>(
    der: &'a [u8],
    middle: impl FnOnce(&mut SliceReader<'a>) -> der::Result<T>,
) -> der::Result<(T, &'a [u8])> {
    let mut reader = SliceReader::new(der)?;
    der::Header::decode(&mut reader)?
        .tag()
        .assert_eq(Tag::Sequence)?;
    u8::decode(&mut reader)?;
    let middle = middle(&mut reader)?;
    let octets = <&OctetStringRef>::decode(&mut reader)?;
    Ok((middle, octets.as_bytes()))
}

fn kind(algorithm: &AlgorithmIdentifierRef<'_>) -> Result<Kind, KeyError> {
    let curve = || algorithm.parameters_oid().ok();
    match algorithm.oid {
        EC if curve() == Some(P256) => Ok(Kind::P256),
        ED25519 if algorithm.parameters.is_none() => Ok(Kind::Ed25519),
        RSA => Ok(Kind::Rsa),
        _ => Err(KeyError::Unsupported),
    }
}

fn uncompressed_point(point: &[u8]) -> Option<([u8; 32], [u8; 32])> {
    let coordinates = point.strip_prefix(&[4])?;
    let (x, y) = coordinates.split_at_checked(32)?;
    Some((x.try_into().ok()?, y.try_into().ok()?))
}

fn spki(material: &Material) -> Vec<u8> {
    let (algorithm, key) = match material {
        Material::P256(point) => {
            let oids = [tlv(0x06, &[EC.as_bytes()]), tlv(0x06, &[P256.as_bytes()])];
            (oids.concat(), point.to_vec())
        }
        Material::Ed25519(point) => (tlv(0x06, &[ED25519.as_bytes()]), point.to_vec()),
        Material::Rsa { modulus, exponent } => {
            let algorithm = [tlv(0x06, &[RSA.as_bytes()]), tlv(0x05, &[])];
            let numbers = [positive_integer(modulus), positive_integer(exponent)];
            (algorithm.concat(), tlv(0x30, &[&numbers.concat()]))
        }
    };
    let no_unused_bits = [0];
    let key = tlv(0x03, &[&no_unused_bits, &key]);
    tlv(0x30, &[&tlv(0x30, &[&algorithm]), &key])
}

/// A DER integer: a leading one bit would make it negative.
fn positive_integer(number: &[u8]) -> Vec<u8> {
    match number.first() {
        Some(0x80..) => tlv(0x02, &[&[0], number]),
        _ => tlv(0x02, &[number]),
    }
}

/// A DER tag, the length of the parts, and the parts.
fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.concat();
    let mut der = vec![tag];
    // Two bytes of length are enough for any accepted key: its modulus has at most 1024.
    let [.., high, low] = contents.len().to_be_bytes();
    match (high, low) {
        (0, ..0x80) => der.push(low),
        (0, _) => der.extend([0x81, low]),
        _ => der.extend([0x82, high, low]),
    }
    der.extend(contents);
    der
}
