//! Keys, samples and signed documents, also such as no honest library would make.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kaiji_schema::Digest;
use kaiji_schema::key::{Algorithm, SigningKey};
use serde_json::Value;

use crate::app::random;

/// A new ES256 key.
pub fn new_key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256, random().as_ref())
        .unwrap()
        .0
}

/// A new Ed25519 key.
pub fn ed25519_key() -> SigningKey {
    SigningKey::generate(Algorithm::EdDsa, random().as_ref())
        .unwrap()
        .0
}

/// The sample of that name in `fixtures/statements/accepted`.
pub fn fixture(name: &str) -> Value {
    let text = read(&format!("statements/accepted/{name}.json"));
    serde_json::from_str(&text).unwrap()
}

/// The private key of that name in `fixtures/keys`, such as `vendor-ed25519`.
pub fn fixture_key(name: &str) -> SigningKey {
    SigningKey::from_pem(&read(&format!("keys/TEST-ONLY-{name}.pem"))).unwrap()
}

/// Writes the files of a requirement set into a directory of the operator: the set of the program under another name,
/// without the last of its 58 items of the SDS.
pub fn write_requirement_set(directory: &Path, id: &str) {
    const NAME: &str = "mhlw-7.0-annex";
    let about = read(&format!("requirement-sets/{NAME}.json")).replace(NAME, id);
    let items = read(&format!("requirement-sets/{NAME}.csv"));
    let (items, _last) = items.trim_end().rsplit_once('\n').unwrap();
    std::fs::create_dir_all(directory).unwrap();
    std::fs::write(directory.join(format!("{id}.json")), about).unwrap();
    std::fs::write(directory.join(format!("{id}.csv")), format!("{items}\n")).unwrap();
}

fn read(path: &str) -> String {
    let path = format!("{}/../fixtures/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A compact JWS put together by hand: header and payload are signed as they are, whatever they say.
pub fn compact(header: &str, payload: &[u8], key: &SigningKey) -> String {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let signed = format!("{}.{}", encode(header.as_bytes()), encode(payload));
    let signature = key.sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", encode(&signature))
}

/// Hex SHA-256: the name of a statement.
pub fn sha256(jws: &str) -> String {
    sha256_of(jws.as_bytes())
}

/// Hex SHA-256 of a file.
pub fn sha256_of(file: &[u8]) -> String {
    Digest::of(file).to_string()
}
