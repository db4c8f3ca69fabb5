//! Public keys as JWK (RFC 7517, RFC 7518 section 6, RFC 8037 section 2).
//!
//! Read: the required members of the key's kind, which must be canonical. `kid`, `alg`, `use` and `key_ops` must
//! agree with what the key is for, and the `ext` of `WebCrypto` is ignored. Everything else is refused: private members,
//! certificates (`x5…`), and unknown members, on which somebody may rely who is not understood here (`exp`).
//! Written: the required members alone, in the order of RFC 7638.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::material::Material;
use super::{Algorithm, PublicKey};
use crate::reader::Reader;
use crate::strict_json::{self, Value};
use crate::violation::{Violation, Violations};

/// The members of private and symmetric keys (RFC 7518, sections 6.2.2, 6.3.2, 6.4).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Certificates: who signed a key is settled by its registration and its approval (RFC 7517, sections 4.6 to 4.9).
const CERTIFICATE_MEMBERS: [&str; 4] = ["x5u", "x5c", "x5t", "x5t#S256"];

impl PublicKey {
    /// Reads the JWK at `pointer` of a document, with all its violations at once. Beside those of [`Reader`], the
    /// codes are `private_member`, `certificate`, `base64url`, `length`, those of [`super::Weakness::code`], and
    /// `alg`, `use`, `key_ops` and `kid` for these members where they disagree with the key.
    pub fn from_jwk(value: &Value<'_>, pointer: &str) -> Result<Self, Violations> {
        let mut reader = Reader::at(value, pointer.to_owned());
        let key = read(&mut reader);
        Violations::from_vec(reader.finish())?;
        key.ok_or_else(|| Violation::new(pointer, "incomplete", "the key is incomplete").into())
    }

    /// Reads a JWK that is a document of its own.
    pub fn from_jwk_text(text: &str) -> Result<Self, Violations> {
        let value = strict_json::parse(text.as_bytes()).map_err(Violation::from)?;
        Self::from_jwk(&value, "")
    }

    /// The canonical JWK: required members only, in lexicographic order, without white space (RFC 7638, section 3).
    pub fn to_jwk(&self) -> String {
        canonical(&self.material)
    }
}

/// What RFC 7638 hashes.
pub(super) fn canonical(material: &Material) -> String {
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    match material {
        Material::P256([_, coordinates @ ..]) => {
            let (x, y) = coordinates.split_at(32);
            let (x, y) = (encode(x), encode(y));
            format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
        }
        Material::Ed25519(x) => {
            format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, encode(x))
        }
        Material::Rsa { modulus, exponent } => {
            let (n, e) = (encode(modulus), encode(exponent));
            format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#)
        }
    }
}

/// Twice the characters of the largest accepted modulus, so that a larger one is told that it is too large.
const MAX_NUMBER_CHARS: usize = 2 * 1366;

/// The kinds of keys, by their `kty`.
#[derive(Clone, Copy)]
enum Kind {
    Ec,
    Okp,
    Rsa,
}

impl Kind {
    fn parse(kty: &str) -> Option<Self> {
        match kty {
            "EC" => Some(Self::Ec),
            "OKP" => Some(Self::Okp),
            "RSA" => Some(Self::Rsa),
            _ => None,
        }
    }
}

fn read(reader: &mut Reader<'_>) -> Option<PublicKey> {
    for name in PRIVATE_MEMBERS {
        if reader.take(name).is_some() {
            let detail = "this is part of a private key, which must never be sent: make a new key";
            reader.report(name, "private_member", detail);
        }
    }
    for name in CERTIFICATE_MEMBERS {
        if reader.take(name).is_some() {
            reader.report(name, "certificate", "certificates are not accepted");
        }
    }
    check_purpose(reader);
    let named = reader.take("kid");
    let alg = reader.take("alg");
    let kind = reader.required_choice("kty", Kind::parse, "EC, OKP or RSA")?;
    let key = PublicKey::new(read_material(reader, kind)?);
    check_kid(reader, named, &key);
    check_alg(reader, alg, &key);
    Some(key)
}

fn read_material(reader: &mut Reader<'_>, kind: Kind) -> Option<Material> {
    let material = match kind {
        Kind::Ec => {
            let curve = required_curve(reader, "P-256");
            let (x, y) = (coordinate(reader, "x"), coordinate(reader, "y"));
            curve?;
            Material::p256(x?, y?)
        }
        Kind::Okp => {
            let curve = required_curve(reader, "Ed25519");
            let x = coordinate(reader, "x");
            curve?;
            Material::ed25519(x?)
        }
        Kind::Rsa => {
            let (n, e) = (number(reader, "n"), number(reader, "e"));
            Material::rsa(&n?, &e?)
        }
    };
    material
        .map_err(|weakness| {
            reader.report(weakness.jwk_member(), weakness.code(), weakness.to_string());
        })
        .ok()
}

fn required_curve(reader: &mut Reader<'_>, curve: &str) -> Option<()> {
    reader.required_choice("crv", |name| (name == curve).then_some(()), curve)
}

/// A coordinate of exactly 32 bytes (RFC 7518, section 6.2.1.2: leading zeros are written).
fn coordinate(reader: &mut Reader<'_>, name: &str) -> Option<[u8; 32]> {
    let bytes = number(reader, name)?;
    let coordinate = bytes.try_into().ok();
    if coordinate.is_none() {
        reader.report(name, "length", "must be exactly 32 bytes");
    }
    coordinate
}

fn number(reader: &mut Reader<'_>, name: &str) -> Option<Vec<u8>> {
    let text = reader.required_text(name, MAX_NUMBER_CHARS)?;
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok();
    if bytes.is_none() {
        let detail = "must be canonical base64url without padding";
        reader.report(name, "base64url", detail);
    }
    bytes
}

/// `use` and `key_ops` may say what the key is for (RFC 7517, sections 4.2 and 4.3); `ext` says nothing here.
fn check_purpose(reader: &mut Reader<'_>) {
    reader.take("ext");
    if reader
        .take("use")
        .is_some_and(|value| value.as_text() != Some("sig"))
    {
        reader.report("use", "use", "must be sig: the key is for signatures");
    }
    let verify_only = |value: &Value<'_>| {
        matches!(value, Value::Array(items)
            if matches!(items.as_slice(), [item] if item.as_text() == Some("verify")))
    };
    if reader
        .take("key_ops")
        .is_some_and(|value| !verify_only(value))
    {
        let detail = "must be [\"verify\"]: the key is for verifying signatures";
        reader.report("key_ops", "key_ops", detail);
    }
}

fn check_kid(reader: &mut Reader<'_>, named: Option<&Value<'_>>, key: &PublicKey) {
    let thumbprint = key.thumbprint.as_str();
    if named.is_some_and(|kid| kid.as_text() != Some(thumbprint)) {
        let detail = format!("must be left out or the key's thumbprint, {thumbprint}");
        reader.report("kid", "kid", detail);
    }
}

fn check_alg(reader: &mut Reader<'_>, alg: Option<&Value<'_>>, key: &PublicKey) {
    let named = |alg: &Value<'_>| alg.as_text().and_then(Algorithm::parse);
    if alg.is_some_and(|alg| named(alg) != Some(key.algorithm())) {
        let detail = format!("must be left out or {}", key.algorithm().as_str());
        reader.report("alg", "alg", detail);
    }
}
