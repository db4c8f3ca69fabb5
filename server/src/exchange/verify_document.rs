//! Whoever holds a statement or a receipt asks whether it is in the log, and what became of it.
//!
//! To hold the bytes is enough: their digest cannot be guessed, and nothing is answered that they do not say, but for
//! what the vendor did with them later.

use kaiji_schema::jws::{self, Document, Jws, Refusal, VerifyError};
use kaiji_schema::key::PublicKey;
use kaiji_schema::receipt::Receipt;
use kaiji_schema::statement::Statement;
use kaiji_schema::violation::Violations;
use serde::Serialize;

use super::log::current_proof;
use super::{Assurance, Exchange, Moment, Validity};
use crate::storage::statements::StatementRow;
use crate::storage::{
    DbConnection, Error as StorageError, attested, log, signing_keys, statements,
};

/// What the log knows about a document.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct VerifiedDocument {
    /// `statement` or `receipt`.
    pub kind: &'static str,
    /// SHA-256 of the bytes that were sent.
    pub sha256: String,
    /// Whether exactly these bytes were received (a statement) or are a leaf (a receipt).
    pub in_log: bool,
    /// The leaf: the receipt itself, or that of the statement.
    pub leaf_index: Option<i64>,
    /// That it is a leaf, under the newest checkpoint (`c2sp.org/tlog-proof@v1`).
    pub proof: Option<String>,
    /// The event that a receipt is about.
    pub event: Option<String>,
    /// Whether the statement that it is, or is about, was signed by its vendor or attested by a person; null where it is
    /// about none.
    pub assurance: Option<Assurance>,
    /// What became of the signed statement that it is, or is about.
    pub statement: Option<StatementStanding>,
    /// A statement that is not in the log, but whose answers are, under another signature of the same vendor: the
    /// digest of the one that was received.
    pub received_as: Option<String>,
}

/// What became of a statement.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct StatementStanding {
    /// SHA-256 of its JWS.
    pub sha256: String,
    /// The vendor that signed it.
    pub vendor: String,
    /// When it was received.
    #[schema(value_type = String)]
    pub received_at: Moment,
    /// Whether it still stands.
    pub validity: Validity,
    /// The revision that took its place.
    pub superseded_by: Option<String>,
    /// When it was withdrawn.
    #[schema(value_type = Option<String>)]
    pub withdrawn_at: Option<Moment>,
}

/// Why nothing can be said about a document.
#[derive(Debug, thiserror::Error)]
pub enum VerifyDocumentError {
    /// It is not a JWS of the accepted form, or neither a statement nor a receipt.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The receipt's payload is not one.
    #[error(transparent)]
    Violations(#[from] Violations),
    /// The rows could not be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Exchange {
    /// Tells whether the statement or receipt is in the log, and what became of it.
    pub fn verify_document(&self, compact: &str) -> Result<VerifiedDocument, VerifyDocumentError> {
        let jws = Jws::parse(compact)?;
        match jws.typ() {
            Statement::TYP => self.db.read(|c| about_statement(c, jws)),
            Receipt::TYP => {
                let receipt = Receipt::parse(jws.payload())?;
                self.db.read(|c| about_receipt(c, &jws, &receipt))
            }
            other => Err(Refusal::Typ {
                expected: "kaiji-statement+jws or kaiji-receipt+jws",
                found: other.to_owned(),
            }
            .into()),
        }
    }
}

fn about_statement(
    connection: &mut DbConnection,
    jws: Jws,
) -> Result<VerifiedDocument, VerifyDocumentError> {
    let sha256 = jws.sha256().to_string();
    let mut found = VerifiedDocument {
        kind: "statement",
        sha256: sha256.clone(),
        in_log: false,
        leaf_index: None,
        proof: None,
        event: None,
        assurance: None,
        statement: None,
        received_as: None,
    };
    if let Some(row) = statements::by_digest(connection, &sha256)? {
        found.in_log = true;
        found.leaf_index = Some(row.receipt_leaf);
        found.proof = Some(current_proof(connection, row.receipt_leaf)?.to_text());
        found.assurance = Some(Assurance::Signed);
        found.statement = Some(standing(connection, row)?);
    } else {
        found.received_as = received_otherwise(connection, jws)?;
    }
    Ok(found)
}

/// The statement with the same payload that was received, if this one's signature shows that it is the vendor's too.
fn received_otherwise(
    connection: &mut DbConnection,
    jws: Jws,
) -> Result<Option<String>, VerifyDocumentError> {
    let Some(row) = signing_keys::find(connection, jws.kid().as_str())? else {
        return Ok(None);
    };
    let key = PublicKey::from_jwk_text(&row.jwk)
        .map_err(|error| StorageError::Corrupt(error.to_string()))?;
    let verified = match jws::verify::<Statement>(jws, &key) {
        Ok(verified) => verified,
        Err(VerifyError::Refused(_) | VerifyError::Document(_)) => return Ok(None),
    };
    let payload = verified.payload_sha256().to_string();
    let held = statements::with_payload(connection, &row.vendor_id, &payload)?;
    Ok(held.map(|held| held.sha256))
}

fn about_receipt(
    connection: &mut DbConnection,
    jws: &Jws,
    receipt: &Receipt,
) -> Result<VerifiedDocument, VerifyDocumentError> {
    let leaf = i64::try_from(receipt.leaf_index).ok();
    let stored = match leaf {
        Some(leaf) => log::find_receipt(connection, leaf)?,
        None => None,
    };
    let in_log = stored.is_some_and(|stored| stored == jws.compact());
    let leaf_index = leaf.filter(|_| in_log);
    let proof = match leaf_index {
        Some(leaf) => Some(current_proof(connection, leaf)?.to_text()),
        None => None,
    };
    let about = receipt.statement_sha256.filter(|_| in_log);
    let (assurance, statement) = match about {
        Some(sha256) => concerned(connection, &sha256.to_string())?,
        None => (None, None),
    };
    Ok(VerifiedDocument {
        kind: "receipt",
        sha256: jws.sha256().to_string(),
        in_log,
        leaf_index,
        proof,
        event: in_log.then(|| receipt.event.as_str().to_owned()),
        assurance,
        statement,
        received_as: None,
    })
}

/// The statement that a receipt is about: signed, and then what became of it, or attested.
fn concerned(
    connection: &mut DbConnection,
    sha256: &str,
) -> Result<(Option<Assurance>, Option<StatementStanding>), StorageError> {
    if let Some(row) = statements::by_digest(connection, sha256)? {
        return Ok((Some(Assurance::Signed), Some(standing(connection, row)?)));
    }
    let attested = attested::by_digest(connection, sha256)?;
    Ok((attested.map(|_| Assurance::Attested), None))
}

fn standing(
    connection: &mut DbConnection,
    row: StatementRow,
) -> Result<StatementStanding, StorageError> {
    let signer = statements::signer_standing(connection, &row.signer_kid)?;
    Ok(StatementStanding {
        validity: Validity::of(&row, signer),
        sha256: row.sha256,
        vendor: row.vendor_id,
        received_at: Moment(row.received_at),
        superseded_by: row.superseded_by,
        withdrawn_at: row.withdrawn_at.map(Moment),
    })
}
