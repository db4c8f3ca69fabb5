//! What the files of an evidence folder are called, and the list of their digests.

use std::collections::BTreeMap;

use crate::digest::Digest;

/// The guide for people (はじめに読む).
pub const GUIDE: &str = "はじめに読む.txt";
/// The statement as the vendor signed it.
pub const STATEMENT_JWS: &str = "statement.jws";
/// Its payload.
pub const STATEMENT_JSON: &str = "statement.json";
/// The vendor's key that signed it.
pub const VENDOR_KEY: &str = "vendor-key.pub.pem";
/// The receipt for the registration of that key.
pub const KEY_REGISTERED: &str = "key-registered.jws";
/// The place of [`KEY_REGISTERED`] in the log.
pub const KEY_REGISTERED_PROOF: &str = "key-registered.tlog-proof";
/// The receipt for the statement.
pub const RECEIPT: &str = "receipt.jws";
/// The place of [`RECEIPT`] in the log.
pub const RECEIPT_PROOF: &str = "receipt.tlog-proof";
/// The receipt for an institution's acknowledgement (受領確認), where there is one.
pub const ACKNOWLEDGEMENT: &str = "acknowledgement.jws";
/// The place of [`ACKNOWLEDGEMENT`] in the log.
pub const ACKNOWLEDGEMENT_PROOF: &str = "acknowledgement.tlog-proof";
/// The receipt for the predecessor's consent, where the issuer came by the product from another vendor (事業承継).
pub const TRANSFER_OFFERED: &str = "transfer-offered.jws";
/// The receipt for the issuer's own consent to that.
pub const TRANSFER_ACCEPTED: &str = "transfer-accepted.jws";
/// The keys that the service has signed receipts with; the first signed [`RECEIPT`].
pub const RECEIPT_KEYS: &str = "receipt.pub.pem";
/// The keys that the log's checkpoints are signed with.
pub const LOG_VKEYS: &str = "log.vkey";
/// What became of the statement.
pub const STATUS: &str = "status.jws";
/// The root of the time-stamping authority, where checkpoints are stamped.
pub const TSA_ROOT: &str = "tsa-root.pem";
/// The program that checks all this.
pub const VERIFIER: &str = "verify.py";
/// The digests of all other files.
pub const SUMS: &str = "SHA256SUMS";
/// Where the attachments lie, under the names that the statement gives them.
pub const ATTACHMENTS: &str = "attachments/";

/// The files that are always there. Beside them there is at least one checkpoint.
pub const MANDATORY: [&str; 13] = [
    SUMS,
    KEY_REGISTERED,
    KEY_REGISTERED_PROOF,
    LOG_VKEYS,
    RECEIPT,
    RECEIPT_KEYS,
    RECEIPT_PROOF,
    STATEMENT_JSON,
    STATEMENT_JWS,
    STATUS,
    VENDOR_KEY,
    VERIFIER,
    GUIDE,
];

/// The checkpoint of a log of `size` leaves.
pub fn checkpoint(size: u64) -> String {
    format!("checkpoint.{size}")
}

/// The time stamp over [`checkpoint`].
pub fn stamp(size: u64) -> String {
    format!("checkpoint.{size}.tsr")
}

/// The proof that the log of `from` leaves is the beginning of that of `to` leaves.
pub fn consistency(from: u64, to: u64) -> String {
    format!("{from}-{to}.consistency")
}

/// The place in the log of the receipt in a file: `receipt.jws` has `receipt.tlog-proof`.
pub fn proof_of(receipt: &str) -> String {
    let stem = receipt.strip_suffix(".jws").unwrap_or(receipt);
    format!("{stem}.tlog-proof")
}

/// The size in the name of a checkpoint. Sizes have one spelling.
pub(super) fn checkpoint_size(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("checkpoint.")?;
    let size = digits.parse::<u64>().ok()?;
    (size.to_string() == digits).then_some(size)
}

/// The contents of [`SUMS`]: a line for each file that is given, in the format of `sha256sum`, sorted by name. It does
/// not list itself.
pub fn sums<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> String {
    let digested = files
        .into_iter()
        .map(|(name, bytes)| (name.to_owned(), Digest::of(bytes)));
    sums_of(&digested.collect())
}

/// The same for files whose digests are known already.
pub fn sums_of(digests: &BTreeMap<String, Digest>) -> String {
    let others = digests.iter().filter(|(name, _)| *name != SUMS);
    let lines: Vec<_> = others
        .map(|(name, digest)| format!("{digest}  {name}\n"))
        .collect();
    lines.concat()
}
