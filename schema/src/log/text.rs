//! The lines that checkpoints and proofs are made of, each in its one spelling.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::digest::Digest;

/// A hash in base64, and the end of its line.
pub(super) fn base64_line(hash: &Digest) -> String {
    let mut line = BASE64_STANDARD.encode(hash.as_bytes());
    line.push('\n');
    line
}

/// Reads a hash in base64.
pub(super) fn hash_line(line: &str) -> Option<Digest> {
    let bytes = BASE64_STANDARD.decode(line).ok()?;
    Some(Digest::from(<[u8; 32]>::try_from(bytes).ok()?))
}

/// Reads a decimal number without leading zeros.
pub(super) fn decimal(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = text == "0" || !text.starts_with('0');
    (digits && canonical).then(|| text.parse().ok()).flatten()
}
