//! The checks of one statement's folder, in the order in which they rest on each other.

use std::collections::BTreeSet;

use super::fault::Fault;
use super::keys::{self, Trusted};
use super::listing::{checkpoint_sizes, file_faults, neighbours, sums_faults};
use super::log_files::{Log, check_consistency, check_proof, open_checkpoint_file};
use super::names;
use super::records::{
    Signed, check_acknowledgement, check_receipt, check_registration, check_status, check_transfer,
    same,
};
use super::report::{Check, Outcome, Report, Stamp, Subject, What};
use super::stated::Stated;
use super::{View, names::proof_of};
use crate::digest::Digest;
use crate::jws::{self, Document, Jws, Refusal, Verified};
use crate::key::PublicKey;
use crate::receipt::Receipt;
use crate::status::Status;

/// The folder itself, where a check is about no file of it.
const FOLDER: &str = ".";

/// The checks of one folder, written to a report that may be that of many.
pub(super) struct Run<'a> {
    report: &'a mut Report,
    prefix: &'a str,
    files: &'a View<'a>,
    trusted: &'a Trusted,
}

/// The service's keys and the log's checkpoints, as far as they are in order.
struct Service {
    receipt_keys: Option<Vec<PublicKey>>,
    log: Option<Log>,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        report: &'a mut Report,
        prefix: &'a str,
        files: &'a View<'a>,
        trusted: &'a Trusted,
    ) -> Self {
        Self {
            report,
            prefix,
            files,
            trusted,
        }
    }

    /// The root of a folder of folders may hold a guide, a verifier, and the digests of these.
    pub(super) fn root_of_many(mut self) {
        let known = [names::GUIDE, names::VERIFIER, names::SUMS];
        let faults: Vec<_> = self
            .files
            .names()
            .filter(|name| !known.contains(name))
            .map(|name| (name.to_owned(), Fault::Unknown))
            .collect();
        self.all(What::Files, FOLDER, faults);
        if self.files.has(names::SUMS) {
            self.sums();
        }
    }

    /// A whole folder of one statement.
    pub(super) fn statement(mut self) {
        let mut subject = Subject {
            folder: self.prefix.to_owned(),
            ..Subject::default()
        };
        let faults = file_faults(self.files);
        self.all(What::Files, FOLDER, faults);
        self.sums();
        let vendor_key = self.key(names::VENDOR_KEY, keys::vendor_key);
        subject.vendor_key = vendor_key.as_ref().map(PublicKey::thumbprint);
        let mut service = self.service_keys(&mut subject);
        let statement = self.signed_statement(vendor_key.as_ref());
        if let Some(statement) = &statement {
            let stated = statement.document();
            subject.statement_sha256 = Some(statement.sha256());
            subject.issuer_and_product = Some((stated.issuer.clone(), stated.product.clone()));
        }
        self.checkpoints(&mut service);
        self.receipts(statement.as_ref(), &service, &mut subject);
        self.consistencies(service.log.as_ref());
        self.stamps();
        self.attachments(statement.as_ref());
        subject.status = self.status(statement.as_ref(), &service);
        self.report.subjects.push(subject);
    }

    /// Notes what came of a check; answers what it found out.
    fn check<T>(&mut self, what: What, file: &str, found: Result<T, Fault>) -> Option<T> {
        let (outcome, value) = match found {
            Ok(value) => (Outcome::Passed, Some(value)),
            Err(fault) => (Outcome::Failed(fault), None),
        };
        self.note(what, file, outcome);
        value
    }

    fn note(&mut self, what: What, file: &str, outcome: Outcome) {
        let file = match (self.prefix, file) {
            ("", file) => file.to_owned(),
            (prefix, FOLDER) => prefix.to_owned(),
            (prefix, file) => format!("{prefix}{file}"),
        };
        self.report.checks.push(Check {
            what,
            file,
            outcome,
        });
    }

    /// One check of many files: each fault with its file, or that all is well.
    fn all(&mut self, what: What, file: &str, faults: Vec<(String, Fault)>) {
        if faults.is_empty() {
            self.note(what, file, Outcome::Passed);
        }
        for (file, fault) in faults {
            self.note(what, &file, Outcome::Failed(fault));
        }
    }

    fn sums(&mut self) {
        let faults = sums_faults(self.files);
        self.all(What::Sums, names::SUMS, faults);
    }

    fn key<K>(&mut self, file: &str, read: impl Fn(&str) -> Result<K, Fault>) -> Option<K> {
        let found = self.files.text(file).and_then(read);
        self.check(What::Key, file, found)
    }

    fn service_keys(&mut self, subject: &mut Subject) -> Service {
        let receipt_keys = self.key(names::RECEIPT_KEYS, keys::receipt_keys);
        let vkeys = self.key(names::LOG_VKEYS, keys::log_vkeys);
        let trusted = self.trusted;
        if let Some(kept) = &trusted.receipt_keys {
            let keys = receipt_keys.as_ref().ok_or(Fault::Prerequisite);
            let among = keys.and_then(|keys| keys::all_among(keys, kept));
            self.check(What::Trust, names::RECEIPT_KEYS, among);
        }
        if let Some(kept) = &trusted.log_vkeys {
            let keys = vkeys.as_ref().ok_or(Fault::Prerequisite);
            let among = keys.and_then(|keys| keys::all_among(keys, kept));
            self.check(What::Trust, names::LOG_VKEYS, among);
        }
        let thumbprints = receipt_keys.iter().flatten().map(PublicKey::thumbprint);
        subject.receipt_keys = thumbprints.collect();
        subject.log_vkeys = vkeys.clone().unwrap_or_default();
        Service {
            receipt_keys,
            log: vkeys.map(Log::new),
        }
    }

    fn signed_statement(&mut self, key: Option<&PublicKey>) -> Option<Signed> {
        let jws = self.header::<Stated>(names::STATEMENT_JWS);
        let keys = key.map(std::slice::from_ref);
        let statement = self.signature::<Stated>(names::STATEMENT_JWS, jws.as_ref(), keys);
        let same = self.files.bytes(names::STATEMENT_JSON).and_then(|bytes| {
            let jws = jws.as_ref().ok_or(Fault::Prerequisite)?;
            (bytes == jws.payload()).then_some(()).ok_or(Fault::Differs)
        });
        self.check(What::Payload, names::STATEMENT_JSON, same);
        statement
    }

    fn header<T: Document>(&mut self, file: &str) -> Option<Jws> {
        let jws = self.files.text(file).and_then(|compact| {
            let jws = Jws::parse(compact)?;
            if jws.typ() == T::TYP {
                return Ok(jws);
            }
            let found = jws.typ().to_owned();
            let expected = T::TYP;
            Err(Refusal::Typ { expected, found }.into())
        });
        self.check(What::Header, file, jws)
    }

    fn signature<T: Document>(
        &mut self,
        file: &str,
        jws: Option<&Jws>,
        keys: Option<&[PublicKey]>,
    ) -> Option<Verified<T>> {
        let verified = jws
            .zip(keys)
            .ok_or(Fault::Prerequisite)
            .and_then(|(jws, keys)| {
                let mut keys = keys.iter();
                let key = keys.find(|key| key.thumbprint() == *jws.kid());
                Ok(jws::verify(jws.clone(), key.ok_or(Fault::Signer)?)?)
            });
        self.check(What::Signature, file, verified)
    }

    fn checkpoints(&mut self, service: &mut Service) {
        for size in checkpoint_sizes(self.files) {
            let file = names::checkpoint(size);
            let found = self.files.text(&file).and_then(|text| {
                let log = service.log.as_ref().ok_or(Fault::Prerequisite)?;
                open_checkpoint_file(log, size, text)
            });
            let found = self.check(What::Checkpoint, &file, found);
            if let (Some(found), Some(log)) = (found, &mut service.log) {
                log.checkpoints.insert(size, found);
            }
        }
    }

    fn receipts(&mut self, statement: Option<&Signed>, service: &Service, subject: &mut Subject) {
        let registration = self.receipt(names::KEY_REGISTERED, service);
        let found = both(statement, registration.as_ref())
            .and_then(|(statement, registration)| check_registration(statement, registration));
        self.check(What::Registration, names::KEY_REGISTERED, found);
        let receipt = self.receipt(names::RECEIPT, service);
        let found = both(statement, registration.as_ref()).and_then(|(statement, registration)| {
            let receipt = receipt.as_ref().ok_or(Fault::Prerequisite)?;
            let current = service.receipt_keys.as_ref().and_then(|keys| keys.first());
            check_receipt(statement, registration, receipt, current)
        });
        self.check(What::Receipt, names::RECEIPT, found);
        if self.files.has(names::ACKNOWLEDGEMENT) {
            let acknowledgement = self.receipt(names::ACKNOWLEDGEMENT, service);
            let found = both(statement, receipt.as_ref()).and_then(|(statement, receipt)| {
                let given = acknowledgement.as_ref().ok_or(Fault::Prerequisite)?;
                check_acknowledgement(statement, receipt.document(), given.document())
            });
            self.check(What::Acknowledgement, names::ACKNOWLEDGEMENT, found);
            subject.acknowledgement = acknowledgement.map(Verified::into_document);
        }
        if self.files.has(names::TRANSFER_OFFERED) || self.files.has(names::TRANSFER_ACCEPTED) {
            self.transfer(statement, receipt.as_ref(), service);
        }
        subject.receipt = receipt.map(Verified::into_document);
    }

    /// How the issuer came by the product.
    fn transfer(
        &mut self,
        statement: Option<&Signed>,
        receipt: Option<&Verified<Receipt>>,
        service: &Service,
    ) {
        let offered = self.receipt(names::TRANSFER_OFFERED, service);
        let accepted = self.receipt(names::TRANSFER_ACCEPTED, service);
        let found = both(statement, receipt).and_then(|(statement, receipt)| {
            let (offered, accepted) = both(offered.as_ref(), accepted.as_ref())?;
            check_transfer(
                statement,
                receipt.document(),
                offered.document(),
                accepted.document(),
            )
        });
        self.check(What::Transfer, names::TRANSFER_ACCEPTED, found);
    }

    /// A receipt of the service with its place in the log.
    fn receipt(&mut self, file: &str, service: &Service) -> Option<Verified<Receipt>> {
        let jws = self.header::<Receipt>(file);
        let receipt =
            self.signature::<Receipt>(file, jws.as_ref(), service.receipt_keys.as_deref());
        let of_log = both(receipt.as_ref(), service.log.as_ref());
        let named = of_log.clone().and_then(|(receipt, log)| {
            same(receipt.document().log == log.name(), Fault::Member("log"))
        });
        self.check(What::Log, file, named);
        let proof = proof_of(file);
        let found = self.files.text(&proof).and_then(|text| {
            let (receipt, log) = of_log?;
            let leaf = receipt.compact().as_bytes();
            check_proof(log, text, leaf, receipt.document().leaf_index)
        });
        self.check(What::Proof, &proof, found);
        receipt
    }

    fn consistencies(&mut self, log: Option<&Log>) {
        for (from, to) in neighbours(self.files) {
            let file = names::consistency(from, to);
            let found = self.files.text(&file).and_then(|text| {
                let log = log.ok_or(Fault::Prerequisite)?;
                check_consistency(log, text, from, to)
            });
            self.check(What::Consistency, &file, found);
        }
    }

    fn stamps(&mut self) {
        for size in checkpoint_sizes(self.files) {
            let file = names::stamp(size);
            if !self.files.has(&file) {
                continue;
            }
            let data = names::checkpoint(size);
            let needed = [file.as_str(), &data, names::TSA_ROOT];
            let unreadable = needed.iter().find_map(|name| self.files.bytes(name).err());
            let at = |name: &str| format!("{}{name}", self.prefix);
            let outcome = match unreadable {
                Some(fault) => Outcome::Failed(fault),
                None => Outcome::Pending(Stamp {
                    data: at(&data),
                    stamp: at(&file),
                    root: at(names::TSA_ROOT),
                }),
            };
            self.note(What::Stamp, &file, outcome);
        }
    }

    fn attachments(&mut self, statement: Option<&Signed>) {
        let mut found: BTreeSet<_> = self
            .files
            .names()
            .filter(|name| name.starts_with(names::ATTACHMENTS))
            .collect();
        let stated = statement.map(|statement| statement.document().files.as_slice());
        for stated in stated.unwrap_or_default() {
            let file = format!("{}{}", names::ATTACHMENTS, stated.name);
            found.remove(file.as_str());
            let whole = self.files.bytes(&file).and_then(|bytes| {
                same(bytes.len() as u64 == stated.bytes, Fault::Size)?;
                same(Digest::of(bytes) == stated.sha256, Fault::Digest)
            });
            self.check(What::Attachment, &file, whole);
        }
        for file in found {
            let fault = if stated.is_some() {
                Fault::Unnamed
            } else {
                Fault::Prerequisite
            };
            self.note(What::Attachment, file, Outcome::Failed(fault));
        }
    }

    fn status(&mut self, statement: Option<&Signed>, service: &Service) -> Option<Status> {
        let jws = self.header::<Status>(names::STATUS);
        let status =
            self.signature::<Status>(names::STATUS, jws.as_ref(), service.receipt_keys.as_deref());
        let found = both(statement, status.as_ref()).and_then(|(statement, status)| {
            let log = service.log.as_ref().ok_or(Fault::Prerequisite)?;
            check_status(statement, status.document(), log)
        });
        self.check(What::Status, names::STATUS, found);
        status.map(Verified::into_document)
    }
}

fn both<A, B>(one: Option<A>, other: Option<B>) -> Result<(A, B), Fault> {
    one.zip(other).ok_or(Fault::Prerequisite)
}
