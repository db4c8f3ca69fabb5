//! The evidence folder (証跡フォルダー) of a statement: its files, and the checks that it must pass.
//!
//! Bytes by relative path in, a [`Report`] out; what lies on a disk and what OpenSSL says to time stamps is the
//! caller's. `fixtures/evidence/verify.py` makes the same checks under the same names, so a change here is one there.

mod fault;
mod folder;
mod keys;
mod listing;
mod log_files;
mod names;
mod records;
mod report;
mod stated;

use std::collections::BTreeMap;

pub use fault::Fault;
pub use keys::{Trusted, log_vkeys, receipt_keys};
pub use names::{
    ACKNOWLEDGEMENT, ACKNOWLEDGEMENT_PROOF, ATTACHMENTS, GUIDE, KEY_REGISTERED,
    KEY_REGISTERED_PROOF, LOG_VKEYS, MANDATORY, RECEIPT, RECEIPT_KEYS, RECEIPT_PROOF,
    STATEMENT_JSON, STATEMENT_JWS, STATUS, SUMS, TRANSFER_ACCEPTED, TRANSFER_OFFERED, TSA_ROOT,
    VENDOR_KEY, VERIFIER, checkpoint, consistency, proof_of, stamp, sums, sums_of,
};
pub use report::{Check, Outcome, Report, Stamp, Subject, What};

use folder::Run;

/// The largest file that is looked at: an attachment has at most 20 MiB.
pub const MAX_FILE_BYTES: u64 = crate::statement::MAX_ATTACHMENT_BYTES;
/// The most files that are looked at.
pub const MAX_FILES: usize = 20_000;

/// A file of the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contents {
    /// What it holds.
    Bytes(Vec<u8>),
    /// Why it could not be read: no regular file, too large, no permission.
    Unreadable(String),
}

/// The files of a folder by their path from its root, with slashes.
pub type Files = BTreeMap<String, Contents>;

/// The files as a run of checks sees them: those of one statement, by their path from its folder.
#[derive(Debug, Clone, Default)]
struct View<'a>(BTreeMap<&'a str, &'a Contents>);

impl<'a> View<'a> {
    fn names(&self) -> impl Iterator<Item = &'a str> {
        self.0.keys().copied()
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn bytes(&self, name: &str) -> Result<&'a [u8], Fault> {
        match self.0.get(name) {
            None => Err(Fault::Missing),
            Some(Contents::Unreadable(why)) => Err(Fault::Unreadable(why.clone())),
            Some(Contents::Bytes(bytes)) => Ok(bytes),
        }
    }

    fn text(&self, name: &str) -> Result<&'a str, Fault> {
        std::str::from_utf8(self.bytes(name)?).map_err(|_| Fault::NotText)
    }
}

/// Checks a folder: that of one statement, or one whose subfolders are such (`kaiji evidence`). Time stamps are left to
/// the caller: [`Report::stamps`].
pub fn check(files: &Files, trusted: &Trusted) -> Report {
    let mut report = Report::default();
    let all = View(
        files
            .iter()
            .map(|(name, file)| (name.as_str(), file))
            .collect(),
    );
    let nested = |name: &&str| {
        name.split_once('/')
            .is_some_and(|(_, rest)| rest == STATEMENT_JWS)
    };
    if all.has(STATEMENT_JWS) || !all.names().any(|name| nested(&name)) {
        Run::new(&mut report, "", &all, trusted).statement();
        return report;
    }
    let mut root = View::default();
    let mut folders: BTreeMap<&str, View<'_>> = BTreeMap::new();
    for (path, file) in all.0 {
        match path.split_once('/') {
            None => root.0.insert(path, file),
            Some((folder, name)) => folders.entry(folder).or_default().0.insert(name, file),
        };
    }
    Run::new(&mut report, "", &root, trusted).root_of_many();
    for (folder, files) in folders {
        let prefix = format!("{folder}/");
        Run::new(&mut report, &prefix, &files, trusted).statement();
    }
    report
}
