//! The evidence folder of a statement (証跡フォルダー): all that is needed to check it without the service, and long
//! after it.
//!
//! What each file is, and which checks the folder must pass, stands in [`kaiji_schema::evidence`]. Here the files are
//! put together, as of now; attachments stay where they are until they are sent.

mod checkpoints;
mod frozen;
mod guide;
mod zip;

use std::collections::BTreeMap;

use jiff::Timestamp;
use kaiji_schema::Digest;
use kaiji_schema::evidence as files;
use kaiji_schema::jws::{Document, Jws};
use kaiji_schema::key::PublicKey;
use kaiji_schema::log::VerifierKey;
use kaiji_schema::status::{Newest, State, Status};

pub(super) use frozen::{Anchoring, thaw};
pub(super) use guide::fill_in;
pub(super) use zip::Attachments;
pub use zip::EvidenceZip;

use super::fetch_attachment::attachments_of;
use super::log::proof_under;
use super::read_statement::{ReadStatementError, readable};
use super::{Exchange, ServicePurpose, Validity, stored_digest};
use crate::actor::{Actor, OrganisationKind};
use crate::storage::attachments::NamedAttachment;
use crate::storage::statements::StatementRow;
use crate::storage::{
    DbConnection, Error as StorageError, deliveries, log, organisations, service_keys,
    signing_keys, statements, transfers,
};
use checkpoints::Checkpoints;
use guide::About;

/// The program that checks a folder, which every folder brings along.
pub(super) const VERIFIER: &str = include_str!("../../../fixtures/evidence/verify.py");

/// The files of a folder: those at hand, and the attachments, which are fetched while they are sent.
pub(super) struct Evidence {
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
        self.fetch_statement(actor, sha256)?;
        let evidence = self.db.read(|c| {
            let statement = readable(c, actor, sha256)?;
            let acknowledgement = acknowledgement(c, actor, &statement)?;
            let records = Records::read(c, statement, acknowledgement)?;
            // Read after the leaves: the newest checkpoint holds all of them.
            let checkpoints = Checkpoints::around(c, records.statement.receipt_leaf)?;
            let as_of = self.clock.now();
            let now = Circumstances {
                told: self.told(c, &records.statement, &checkpoints, as_of)?,
                as_of,
                service: self.service(c)?,
            };
            Ok::<_, ReadStatementError>(folder(c, &records, &checkpoints, &now)?)
        })?;
        Ok(EvidenceZip::new(sha256, evidence)?)
    }

    /// What is to be said of a statement now.
    fn told(
        &self,
        connection: &mut DbConnection,
        statement: &StatementRow,
        checkpoints: &Checkpoints,
        as_of: Timestamp,
    ) -> Result<Told, StorageError> {
        let missing = |what: &str| {
            let sha256 = &statement.sha256;
            StorageError::Corrupt(format!("no {what} for {sha256}"))
        };
        let vendor = organisations::find(connection, &statement.vendor_id)?;
        let newest = statements::head(connection, &statement.product_id, &statement.form)?;
        let newest = newest.ok_or_else(|| missing("newest revision"))?;
        let signer = statements::signer_standing(connection, &statement.signer_kid)?;
        let state = State::from(Validity::of(statement, signer));
        let status = Status {
            log: self.signer.origin().to_owned(),
            statement_sha256: stored_digest(&statement.sha256)?,
            state,
            newest: Newest {
                statement_sha256: stored_digest(&newest.sha256)?,
                revision: u32::try_from(newest.revision).map_err(corrupt)?,
            },
            as_of,
            log_size: checkpoints.newest(),
            log_root: checkpoints.newest_root()?,
        };
        let status = self.signer.sign_payload(Status::TYP, &status.payload());
        Ok(Told {
            vendor: vendor.ok_or_else(|| missing("vendor"))?.name,
            state,
            status: status.map_err(|error| StorageError::Unavailable(error.to_string()))?,
        })
    }

    /// What the service says of itself in every folder.
    fn service(&self, connection: &mut DbConnection) -> Result<Service, StorageError> {
        let rows = service_keys::list(connection)?;
        let of = |purpose: ServicePurpose| {
            let rows = rows.iter();
            rows.filter(move |row| row.purpose == purpose.as_str())
        };
        let mut receipt_keys = Vec::new();
        for row in of(ServicePurpose::Receipt) {
            if receipt_keys.iter().all(|(kid, _)| *kid != row.kid) {
                receipt_keys.push((row.kid.clone(), public_key(&row.jwk)?.to_pem()));
            }
        }
        let mut vkeys = Vec::new();
        for row in of(ServicePurpose::Log) {
            let vkey = VerifierKey::of_log(self.signer.origin(), &public_key(&row.jwk)?);
            vkeys.push(format!("{}\n", vkey.map_err(corrupt)?));
        }
        vkeys.dedup();
        Ok(Service {
            log: self.signer.origin().to_owned(),
            issuer: self.issuer.clone(),
            receipt_keys,
            log_vkeys: vkeys.concat(),
            tsa_root: self.tsa_root().map(str::to_owned),
        })
    }
}

/// What is said of a statement at one moment, and may be another thing at the next.
struct Told {
    vendor: String,
    state: State,
    /// The state, signed.
    status: String,
}

/// What of a folder is of one moment.
struct Circumstances {
    told: Told,
    as_of: Timestamp,
    service: Service,
}

/// What the service says of itself.
struct Service {
    log: String,
    issuer: String,
    /// All that ever signed receipts: thumbprint and PEM.
    receipt_keys: Vec<(String, String)>,
    log_vkeys: String,
    tsa_root: Option<String>,
}

impl Service {
    /// The keys of receipts, first the one that signed this.
    fn receipt_keys(&self, receipt: &str) -> Result<String, StorageError> {
        let signed = Jws::parse(receipt).map_err(corrupt)?;
        let signer = signed.kid().as_str();
        let mut keys: Vec<_> = self.receipt_keys.iter().collect();
        keys.sort_by_key(|(kid, _)| kid != signer);
        Ok(keys.into_iter().map(|(_, pem)| pem.as_str()).collect())
    }
}

/// The files of a folder.
fn folder(
    connection: &mut DbConnection,
    records: &Records,
    checkpoints: &Checkpoints,
    now: &Circumstances,
) -> Result<Evidence, StorageError> {
    let mut evidence = Evidence {
        files: BTreeMap::new(),
        attachments: records.attachments.clone(),
        as_of: now.as_of,
    };
    let (service, told) = (&now.service, &now.told);
    let jws = Jws::parse(&records.jws).map_err(corrupt)?;
    evidence.put(files::STATEMENT_JWS, records.jws.as_str());
    evidence.put(files::STATEMENT_JSON, jws.payload());
    evidence.put(files::VENDOR_KEY, records.vendor_key.to_pem());
    evidence.put(files::VERIFIER, VERIFIER);
    evidence.put(files::RECEIPT_KEYS, service.receipt_keys(&records.receipt)?);
    evidence.put(files::LOG_VKEYS, service.log_vkeys.as_str());
    put_receipts(connection, &mut evidence, records, checkpoints)?;
    checkpoints.put(connection, &mut evidence, service.tsa_root.as_deref())?;
    evidence.put(files::STATUS, told.status.as_str());
    let about = About {
        statement: &records.statement,
        vendor: &told.vendor,
        state: told.state,
        log: &service.log,
        as_of: now.as_of,
        issuer: &service.issuer,
        stamped_at: checkpoints.stamped_after(),
    };
    evidence.put(files::GUIDE, guide::text(&about));
    let sums = sums(&evidence)?;
    evidence.put(files::SUMS, sums);
    Ok(evidence)
}

/// What is stored of a statement and never changes.
struct Records {
    statement: StatementRow,
    jws: String,
    receipt: String,
    acknowledgement: Option<(i64, String)>,
    vendor_key: PublicKey,
    key_leaf: i64,
    key_registered: String,
    attachments: Vec<NamedAttachment>,
    /// How its vendor had come by the product, if from another: the leaves of both consents.
    transfer: Option<(i64, i64)>,
}

impl Records {
    /// Those of a statement that the caller may read, and of an acknowledgement of it.
    fn read(
        connection: &mut DbConnection,
        statement: StatementRow,
        acknowledgement: Option<i64>,
    ) -> Result<Self, StorageError> {
        let sha256 = &statement.sha256;
        let missing = |what: &str| StorageError::Corrupt(format!("no {what} for {sha256}"));
        let jws = statements::jws(connection, sha256)?;
        let key = signing_keys::find(connection, &statement.signer_kid)?;
        let key = key.ok_or_else(|| missing("key"))?;
        let key_leaf = key.approval_leaf.ok_or_else(|| missing("approval"))?;
        let acknowledgement = match acknowledgement {
            Some(leaf) => Some((leaf, log::receipt(connection, leaf)?)),
            None => None,
        };
        Ok(Self {
            jws: jws.ok_or_else(|| missing("bytes"))?,
            receipt: log::receipt(connection, statement.receipt_leaf)?,
            acknowledgement,
            vendor_key: public_key(&key.jwk)?,
            key_leaf,
            key_registered: log::receipt(connection, key_leaf)?,
            attachments: attachments_of(connection, sha256)?,
            transfer: transfer_before(connection, &statement)?,
            statement,
        })
    }
}

/// The leaf of the institution's own acknowledgement; a vendor's folder holds none, for there may be many.
fn acknowledgement(
    connection: &mut DbConnection,
    actor: &Actor,
    statement: &StatementRow,
) -> Result<Option<i64>, StorageError> {
    if actor.kind != OrganisationKind::Institution {
        return Ok(None);
    }
    let delivery = deliveries::find(connection, &actor.organisation, &statement.sha256)?;
    Ok(delivery.and_then(|delivery| delivery.acknowledgement_leaf))
}

/// The leaves by which the statement's vendor had come by the product from another.
fn transfer_before(
    connection: &mut DbConnection,
    statement: &StatementRow,
) -> Result<Option<(i64, i64)>, StorageError> {
    let (vendor, leaf) = (&statement.vendor_id, statement.receipt_leaf);
    let transfer = transfers::by_which(connection, vendor, &statement.product_id, leaf)?;
    Ok(transfer.and_then(|row| Some((row.offer_leaf, row.acceptance_leaf?))))
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
    let consents = match records.transfer {
        None => Vec::new(),
        Some((offered, accepted)) => vec![
            (
                files::TRANSFER_OFFERED,
                offered,
                log::receipt(connection, offered)?,
            ),
            (
                files::TRANSFER_ACCEPTED,
                accepted,
                log::receipt(connection, accepted)?,
            ),
        ],
    };
    for (name, leaf, receipt) in &consents {
        receipts.push(((name, *leaf, receipt), first));
    }
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

impl From<Validity> for State {
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
