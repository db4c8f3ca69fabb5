//! What was looked at and what came of it.

use super::fault::Fault;
use crate::digest::Digest;
use crate::key::Thumbprint;
use crate::log::VerifierKey;
use crate::receipt::Receipt;
use crate::status::Status;

/// What is checked. The names are those of `verify.py`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum What {
    /// All files are there and readable, and no other.
    Files,
    /// `SHA256SUMS` lists every other file with its digest.
    Sums,
    /// A file with keys holds keys, in their one spelling.
    Key,
    /// The keys are among those that were kept from elsewhere.
    Trust,
    /// A compact JWS whose header keeps the rules.
    Header,
    /// It is signed by its key, and its payload is the document that it should be.
    Signature,
    /// `statement.json` is what was signed.
    Payload,
    /// A receipt is of the log that `log.vkey` names.
    Log,
    /// The signer's key was registered for the statement's vendor.
    Registration,
    /// The statement was received while that key counted.
    Receipt,
    /// The statement was acknowledged after that.
    Acknowledgement,
    /// The issuer came by the product from another vendor, with the consent of both, before that.
    Transfer,
    /// A checkpoint is signed by the log and of the size that its name says.
    Checkpoint,
    /// A receipt is the leaf that it says it is.
    Proof,
    /// An earlier checkpoint is the beginning of the next one.
    Consistency,
    /// A checkpoint existed when a time-stamping authority says so.
    Stamp,
    /// A file that the statement names is there as it was.
    Attachment,
    /// The status is of this statement and of a checkpoint of this folder.
    Status,
}

impl What {
    /// A name for programs, `snake_case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Sums => "sums",
            Self::Key => "key",
            Self::Trust => "trust",
            Self::Header => "header",
            Self::Signature => "signature",
            Self::Payload => "payload",
            Self::Log => "log",
            Self::Registration => "registration",
            Self::Receipt => "receipt",
            Self::Acknowledgement => "acknowledgement",
            Self::Transfer => "transfer",
            Self::Checkpoint => "checkpoint",
            Self::Proof => "proof",
            Self::Consistency => "consistency",
            Self::Stamp => "stamp",
            Self::Attachment => "attachment",
            Self::Status => "status",
        }
    }

    /// A name for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Files => "ファイルの過不足",
            Self::Sums => "ハッシュ値の一覧",
            Self::Key => "鍵ファイルの形式",
            Self::Trust => "別に入手した鍵との一致",
            Self::Header => "署名文書の形式",
            Self::Signature => "署名の検証",
            Self::Payload => "署名された本文との一致",
            Self::Log => "ログの名前",
            Self::Registration => "鍵の登録",
            Self::Receipt => "受領の記録",
            Self::Acknowledgement => "受領確認の記録",
            Self::Transfer => "製品の承継の記録",
            Self::Checkpoint => "ログの署名",
            Self::Proof => "ログに記録されていること",
            Self::Consistency => "ログが書き換えられていないこと",
            Self::Stamp => "タイムスタンプ",
            Self::Attachment => "添付ファイル",
            Self::Status => "現在の状態の記録",
        }
    }
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// As it should be.
    Passed,
    /// Not as it should be.
    Failed(Fault),
    /// Still to be checked by the caller: a time stamp.
    Pending(Stamp),
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was asked.
    pub what: What,
    /// Of which file, from the root of the folder; `.` is the folder itself.
    pub file: String,
    /// The answer.
    pub outcome: Outcome,
}

/// Three files that OpenSSL must be asked about: `openssl ts -verify -data DATA -in STAMP -CAfile ROOT`. The names are
/// from the root of the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The checkpoint.
    pub data: String,
    /// The answer of the time-stamping authority.
    pub stamp: String,
    /// The certificates to trust.
    pub root: String,
}

/// What a folder is about, as far as it could be read and verified.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subject {
    /// The folder below the root, with a slash at its end; empty where it is the root.
    pub folder: String,
    /// The digest of the whole JWS of the statement.
    pub statement_sha256: Option<Digest>,
    /// The vendor and the product, by their ids.
    pub issuer_and_product: Option<(String, String)>,
    /// The key in `vendor-key.pub.pem`.
    pub vendor_key: Option<Thumbprint>,
    /// The keys in `receipt.pub.pem`.
    pub receipt_keys: Vec<Thumbprint>,
    /// The keys in `log.vkey`.
    pub log_vkeys: Vec<VerifierKey>,
    /// The receipt for the statement, verified.
    pub receipt: Option<Receipt>,
    /// The receipt for the acknowledgement, verified.
    pub acknowledgement: Option<Receipt>,
    /// What became of the statement, verified.
    pub status: Option<Status>,
}

/// All checks of a folder, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    pub(super) checks: Vec<Check>,
    pub(super) subjects: Vec<Subject>,
}

impl Report {
    /// What was looked at.
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// What each statement's folder is about.
    pub fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    /// The time stamps that wait for [`Self::settle`].
    pub fn stamps(&self) -> Vec<Stamp> {
        let pending = |check: &Check| match &check.outcome {
            Outcome::Pending(stamp) => Some(stamp.clone()),
            _ => None,
        };
        self.checks.iter().filter_map(pending).collect()
    }

    /// Says what came of a time stamp.
    pub fn settle(&mut self, stamp: &Stamp, outcome: Result<(), Fault>) {
        let waiting = |check: &&mut Check| matches!(&check.outcome, Outcome::Pending(found) if found == stamp);
        if let Some(check) = self.checks.iter_mut().find(waiting) {
            check.outcome = outcome.map_or_else(Outcome::Failed, |()| Outcome::Passed);
        }
    }

    /// The checks that did not pass, those that wait among them.
    pub fn failures(&self) -> impl Iterator<Item = &Check> {
        let passed = |check: &&Check| check.outcome != Outcome::Passed;
        self.checks.iter().filter(passed)
    }

    /// Whether every check passed.
    pub fn passed(&self) -> bool {
        !self.checks.is_empty() && self.failures().next().is_none()
    }
}
