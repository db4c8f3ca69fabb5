//! The files that commands read: signed documents, payloads and keys, each with an error that names the file.

use std::fs;
use std::path::Path;

use kaiji_schema::jws::Jws;
use kaiji_schema::key::{PublicKey, SigningKey};
use kaiji_schema::violation::{Violation, Violations};

use super::end::CommandError;

/// The bytes of a file, as they are.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, CommandError> {
    fs::read(path).map_err(CommandError::file(path))
}

/// The text of a file that holds a compact JWS. Editors and shells put a line feed after it, which is taken off.
pub(super) fn read_compact(path: &Path) -> Result<String, CommandError> {
    let text = fs::read_to_string(path).map_err(CommandError::file(path))?;
    Ok(text.trim().to_owned())
}

/// A private key in PKCS#8 PEM.
pub(super) fn read_signing_key(path: &Path) -> Result<SigningKey, CommandError> {
    let text = fs::read_to_string(path).map_err(CommandError::file(path))?;
    SigningKey::from_pem(&text).map_err(|cause| CommandError::Key {
        path: path.to_owned(),
        cause,
    })
}

/// A public key, as PEM or as JWK.
pub(super) fn read_public_key(path: &Path) -> Result<PublicKey, CommandError> {
    let text = fs::read_to_string(path).map_err(CommandError::file(path))?;
    PublicKey::from_jwk_or_pem(&text).map_err(|cause| CommandError::Key {
        path: path.to_owned(),
        cause,
    })
}

/// What a file with a statement may hold.
pub(super) enum StatementFile {
    /// The payload alone.
    Payload(Vec<u8>),
    /// A compact JWS, of which nothing is verified.
    Signed(Jws),
}

impl StatementFile {
    /// Tells the two apart by their characters: a JWS has letters, digits, `-`, `_` and `.` alone, and no JSON object
    /// is without a brace. A JWS that cannot be read is a violation of the whole document.
    pub(super) fn read(path: &Path) -> Result<Result<Self, Violations>, CommandError> {
        let bytes = read(path)?;
        let trimmed = bytes.trim_ascii();
        let of_jws = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        if trimmed.is_empty() || !trimmed.iter().all(of_jws) {
            return Ok(Ok(Self::Payload(bytes)));
        }
        let jws = Jws::parse(&String::from_utf8_lossy(trimmed));
        Ok(jws
            .map(Self::Signed)
            .map_err(|refusal| Violation::new("", refusal.code(), refusal.to_string()).into()))
    }
}
