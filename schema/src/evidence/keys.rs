//! The files with keys: of the vendor, of the receipts, of the log. Each has one spelling, so that a change of any byte
//! shows.

use super::fault::Fault;
use crate::key::{Algorithm, PublicKey};
use crate::log::VerifierKey;

/// What ends each key in a file of several.
const END: &str = "-----END PUBLIC KEY-----\n";

/// Keys that the reader has from elsewhere and trusts. Where a kind is `None`, those of the folder are taken as they
/// are, which the reader must be told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trusted {
    /// The log's keys.
    pub log_vkeys: Option<Vec<VerifierKey>>,
    /// The keys of receipts.
    pub receipt_keys: Option<Vec<PublicKey>>,
}

/// The vendor's key: SPKI in PEM.
pub(super) fn vendor_key(text: &str) -> Result<PublicKey, Fault> {
    let key = PublicKey::from_pem(text)?;
    spelt_so(text, &key.to_pem())?;
    Ok(key)
}

/// Reads `receipt.pub.pem`: SPKI in PEM, one ES256 key after the other, the current one first.
pub fn receipt_keys(text: &str) -> Result<Vec<PublicKey>, Fault> {
    let keys: Result<Vec<_>, _> = text.split_inclusive(END).map(PublicKey::from_pem).collect();
    let keys = keys?;
    if keys.is_empty() {
        return Err(Fault::Form);
    }
    if keys.iter().any(|key| key.algorithm() != Algorithm::Es256) {
        return Err(Fault::KeyKind);
    }
    let written: String = keys.iter().map(PublicKey::to_pem).collect();
    spelt_so(text, &written)?;
    Ok(keys)
}

/// Reads `log.vkey`: verifier keys of one log, one a line.
pub fn log_vkeys(text: &str) -> Result<Vec<VerifierKey>, Fault> {
    let lines = text.strip_suffix('\n').ok_or(Fault::Form)?.split('\n');
    let vkeys: Result<Vec<VerifierKey>, _> = lines.map(str::parse).collect();
    let vkeys = vkeys?;
    let first = vkeys.first().ok_or(Fault::Form)?;
    if vkeys.iter().any(VerifierKey::is_witness) {
        return Err(Fault::KeyKind);
    }
    if vkeys.iter().any(|vkey| vkey.name() != first.name()) {
        return Err(Fault::Form);
    }
    Ok(vkeys)
}

/// Whether every one of `keys` is among those that were kept, if any were.
pub(super) fn all_among<K: PartialEq>(keys: &[K], kept: &[K]) -> Result<(), Fault> {
    let known = keys.iter().all(|key| kept.contains(key));
    known.then_some(()).ok_or(Fault::Untrusted)
}

fn spelt_so(text: &str, written: &str) -> Result<(), Fault> {
    (text == written).then_some(()).ok_or(Fault::Form)
}
