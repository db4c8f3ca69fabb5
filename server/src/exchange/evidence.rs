//! The evidence folder of a statement (証跡フォルダー): all that is needed to check it without the service, and long
//! after it.
//!
//! What each file is, and which checks the folder must pass, stands in [`kaiji_schema::evidence`]. Here the files are
//! put together, as of now; attachments stay where they are until they are sent.

mod checkpoints;
mod guide;
mod zip;

use std::collections::BTreeMap;

use jiff::Timestamp;
use kaiji_schema::evidence as files;
use kaiji_schema::jws::{Document, Jws};
use kaiji_schema::key::PublicKey;
use kaiji_schema::log::VerifierKey;
use kaiji_schema::status::{Newest, Status};
use kaiji_schema::{Digest, status};

pub use zip::EvidenceZip;

use super::fetch_attachment::attachments_of;
use super::log::proof_under;
use super::read_statement::{ReadStatementError, readable};
use super::{Exchange, ServicePurpose, Validity, stored_digest};
use crate::actor::{Actor, OrganisationKind};
use crate::storage::attachments::NamedAttachment;
use crate::storage::service_keys::ServiceKeyRow;
use crate::storage::statements::StatementRow;
use crate::storage::{
    DbConnection, Error as StorageError, deliveries, log, organisations, service_keys,
    signing_keys, statements,
};
use checkpoints::Checkpoints;
use guide::About;

/// The program that checks a folder, which every folder brings along.
const VERIFIER: &str = include_str!("../../../fixtures/evidence/verify.py");

/// The files of a folder: those at hand, and the attachments, which are fetched while they are sent.
struct Evidence {
    files: BTreeMap<String, Vec<u8>>,
    attachments: Vec<NamedAttachment>,
    as_of: Timestamp,
}

impl Evidence {
    fn put(&mut self, name: &str, contents: impl Into<Vec<u8>>) {
        self.files.insert(name.to_owned(), contents.into());
    }
}

impl Exchange {
    /// Begins to hand out the folder of a statement, as a zip. For an institution this is the statement's delivery,
    /// if it had none.
    pub fn evidence(&self, actor: &Actor, sha256: &str) -> Result<EvidenceZip, ReadStatementError> {
        let jws = self.fetch_statement(actor, sha256)?;
        let evidence = self.db.read(|c| {
            let records = Records::read(c, actor, sha256, jws)?;
            // Read after the leaves: the newest checkpoint holds all of them.
            let checkpoints = Checkpoints::around(c, records.statement.receipt_leaf)?;
            Ok::<_, ReadStatementError>(self.folder(c, &records, &checkpoints)?)
        })?;
        Ok(EvidenceZip::new(sha256, evidence)?)
    }

    fn folder(
        &self,
        connection: &mut DbConnection,
        records: &Records,
        checkpoints: &Checkpoints,
    ) -> Result<Evidence, StorageError> {
        let mut evidence = Evidence {
            files: BTreeMap::new(),
            attachments: records.attachments.clone(),
            as_of: self.clock.now(),
        };
        let jws = Jws::parse(&records.jws).map_err(corrupt)?;
        evidence.put(files::STATEMENT_JWS, records.jws.as_str());
        evidence.put(files::STATEMENT_JSON, jws.payload());
        evidence.put(files::VENDOR_KEY, records.vendor_key.to_pem());
        evidence.put(files::VERIFIER, VERIFIER);
        self.put_service_keys(&mut evidence, records)?;
        put_receipts(connection, &mut evidence, records, checkpoints)?;
        checkpoints.put(connection, &mut evidence, self.tsa_root())?;
        let status = self.status(records, checkpoints, evidence.as_of)?;
        evidence.put(files::STATUS, status);
        let about = About {
            statement: &records.statement,
            vendor: &records.vendor,
            validity: records.validity,
            log: self.signer.origin(),
            as_of: evidence.as_of,
            issuer: &self.issuer,
            stamped_at: checkpoints.stamped_after(),
        };
        evidence.put(files::GUIDE, guide::text(&about));
        let sums = sums(&evidence)?;
        evidence.put(files::SUMS, sums);
        Ok(evidence)
    }

    /// All keys that the service ever signed receipts and checkpoints with; first the one that signed this receipt.
    fn put_service_keys(
        &self,
        evidence: &mut Evidence,
        records: &Records,
    ) -> Result<(), StorageError> {
        let signer = Jws::parse(&records.receipt).map_err(corrupt)?;
        let of = |purpose: ServicePurpose| {
            let rows = records.service_keys.iter();
            rows.filter(move |row| row.purpose == purpose.as_str())
        };
        let mut receipt_keys: Vec<&ServiceKeyRow> = of(ServicePurpose::Receipt).collect();
        receipt_keys.sort_by_key(|row| row.kid != signer.kid().as_str());
        receipt_keys.dedup_by(|one, other| one.kid == other.kid);
        let mut pem = String::new();
        for row in receipt_keys {
            pem += &public_key(&row.jwk)?.to_pem();
        }
        evidence.put(files::RECEIPT_KEYS, pem);
        let mut vkeys = Vec::new();
        for row in of(ServicePurpose::Log) {
            let vkey = VerifierKey::of_log(self.signer.origin(), &public_key(&row.jwk)?);
            vkeys.push(format!("{}\n", vkey.map_err(corrupt)?));
        }
        vkeys.dedup();
        evidence.put(files::LOG_VKEYS, vkeys.concat());
        Ok(())
    }

    /// What became of the statement, signed as of now.
    fn status(
        &self,
        records: &Records,
        checkpoints: &Checkpoints,
        as_of: Timestamp,
    ) -> Result<String, StorageError> {
        let newest = &records.newest;
        let status = Status {
            log: self.signer.origin().to_owned(),
            statement_sha256: stored_digest(&records.statement.sha256)?,
            state: records.validity.into(),
            newest: Newest {
                statement_sha256: stored_digest(&newest.sha256)?,
                revision: u32::try_from(newest.revision).map_err(corrupt)?,
            },
            as_of,
            log_size: checkpoints.newest(),
            log_root: checkpoints.newest_root()?,
        };
        let signed = self.signer.sign_payload(Status::TYP, &status.payload());
        signed.map_err(|error| StorageError::Unavailable(error.to_string()))
    }
}

/// A statement and what is known about it, read at one time.
struct Records {
    statement: StatementRow,
    jws: String,
    receipt: String,
    acknowledgement: Option<(i64, String)>,
    vendor: String,
    vendor_key: PublicKey,
    key_leaf: i64,
    key_registered: String,
    validity: Validity,
    newest: StatementRow,
    service_keys: Vec<ServiceKeyRow>,
    attachments: Vec<NamedAttachment>,
}

impl Records {
    fn read(
        connection: &mut DbConnection,
        actor: &Actor,
        sha256: &str,
        jws: String,
    ) -> Result<Self, ReadStatementError> {
        let statement = readable(connection, actor, sha256)?;
        let signer = statements::signer_standing(connection, &statement.signer_kid)?;
        let missing = |what: &str| StorageError::Corrupt(format!("no {what} for {sha256}"));
        let vendor = organisations::find(connection, &statement.vendor_id)?;
        let key = signing_keys::find(connection, &statement.signer_kid)?;
        let key = key.ok_or_else(|| missing("key"))?;
        let key_leaf = key.approval_leaf.ok_or_else(|| missing("approval"))?;
        let newest = statements::head(connection, &statement.product_id, &statement.form)?;
        Ok(Self {
            jws,
            receipt: log::receipt(connection, statement.receipt_leaf)?,
            acknowledgement: acknowledgement(connection, actor, &statement)?,
            vendor: vendor.ok_or_else(|| missing("vendor"))?.name,
            vendor_key: public_key(&key.jwk)?,
            key_leaf,
            key_registered: log::receipt(connection, key_leaf)?,
            validity: Validity::of(&statement, signer),
            newest: newest.ok_or_else(|| missing("newest revision"))?,
            service_keys: service_keys::list(connection)?,
            attachments: attachments_of(connection, &statement.sha256)?,
            statement,
        })
    }
}

/// The institution's own acknowledgement; a vendor's folder holds none, for there may be many.
fn acknowledgement(
    connection: &mut DbConnection,
    actor: &Actor,
    statement: &StatementRow,
) -> Result<Option<(i64, String)>, StorageError> {
    if actor.kind != OrganisationKind::Institution {
        return Ok(None);
    }
    let delivery = deliveries::find(connection, &actor.organisation, &statement.sha256)?;
    match delivery.and_then(|delivery| delivery.acknowledgement_leaf) {
        None => Ok(None),
        Some(at) => Ok(Some((at, log::receipt(connection, at)?))),
    }
}

/// The receipts with their proofs: under the first checkpoint that holds the statement's, but for what came later.
fn put_receipts(
    connection: &mut DbConnection,
    evidence: &mut Evidence,
    records: &Records,
    checkpoints: &Checkpoints,
) -> Result<(), StorageError> {
    let (first, newest) = (checkpoints.with_receipt(), checkpoints.newest());
    let statement_leaf = records.statement.receipt_leaf;
    let key = (
        files::KEY_REGISTERED,
        records.key_leaf,
        &records.key_registered,
    );
    let mut receipts = vec![
        (key, first),
        ((files::RECEIPT, statement_leaf, &records.receipt), first),
    ];
    if let Some((leaf, receipt)) = &records.acknowledgement {
        receipts.push(((files::ACKNOWLEDGEMENT, *leaf, receipt), newest));
    }
    for ((name, leaf, receipt), size) in receipts {
        let note = checkpoints.note(size)?;
        let size = i64::try_from(size).map_err(corrupt)?;
        let proof = proof_under(connection, leaf, size, note.to_owned())?;
        evidence.put(name, receipt.as_str());
        evidence.put(&files::proof_of(name), proof.to_text());
    }
    Ok(())
}

/// The digests of all files, those of the attachments as they are known.
fn sums(evidence: &Evidence) -> Result<String, StorageError> {
    let mut digests = BTreeMap::new();
    for (name, contents) in &evidence.files {
        digests.insert(name.clone(), Digest::of(contents));
    }
    for file in &evidence.attachments {
        digests.insert(path_of(file), stored_digest(&file.sha256)?);
    }
    Ok(files::sums_of(&digests))
}

fn path_of(file: &NamedAttachment) -> String {
    format!("{}{}", files::ATTACHMENTS, file.name)
}

fn public_key(jwk: &str) -> Result<PublicKey, StorageError> {
    PublicKey::from_jwk_text(jwk).map_err(corrupt)
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "`map_err` hands errors over by value"
)]
fn corrupt(error: impl ToString) -> StorageError {
    StorageError::Corrupt(error.to_string())
}

impl From<Validity> for status::State {
    fn from(validity: Validity) -> Self {
        match validity {
            Validity::Valid => Self::Valid,
            Validity::ValidKeyLaterRevoked => Self::ValidKeyLaterRevoked,
            Validity::ToBeSignedAgain => Self::ToBeSignedAgain,
            Validity::Withdrawn => Self::Withdrawn,
            Validity::Superseded => Self::Superseded,
        }
    }
}
