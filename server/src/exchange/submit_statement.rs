//! A vendor submits a signed statement.
//!
//! Before the writer: read the JWS, find the key, verify, parse, compare with every requirement set, and work out what
//! changed since the revision that it supersedes. Inside the writer: only that the key still counts, that product and
//! files are the vendor's and that the revision follows the head; then the rows, the receipt's leaf and the announcement.

use kaiji_schema::comparison::{Comparison, Summary, compare};
use kaiji_schema::jws::{Jws, Refusal, Verified, VerifyError};
use kaiji_schema::key::PublicKey;
use kaiji_schema::receipt::Event;
use kaiji_schema::requirement::RequirementSets;
use kaiji_schema::statement::Statement;
use kaiji_schema::violation::{Violation, Violations};
use serde::Serialize;

use super::announce::{Announcement, Revised};
use super::approve_key::{active_key, usable_key};
use super::log::first_proof;
use super::name_attachments::{missing_attachments, name_attachments};
use super::{Exchange, Moment};
use crate::actor::Actor;
use crate::storage::comparisons::{self, ComparisonRow};
use crate::storage::statements::{self, NewStatement, StatementRow};
use crate::storage::{DbConnection, Entry, Error as StorageError, Tx, log, products};

/// What a vendor gets for a statement.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Submission {
    /// SHA-256 of the whole JWS: the statement's name.
    pub sha256: String,
    /// The product that it is about.
    pub product: String,
    /// `MDS` or `SDS`.
    pub form: String,
    /// The edition of the form.
    pub form_edition: String,
    /// The chain of revisions that it belongs to.
    pub statement_id: String,
    /// Its number in the chain.
    pub revision: i64,
    /// When it was received.
    #[schema(value_type = String)]
    pub received_at: Moment,
    /// Its place in the log.
    pub leaf_index: i64,
    /// The receipt (受領証), a compact JWS of the service.
    pub receipt: String,
    /// That the receipt is a leaf of the log (`c2sp.org/tlog-proof@v1`), with a checkpoint.
    pub proof: String,
    /// How it compares, with each requirement set.
    pub comparisons: Vec<ComparisonSummary>,
    /// Whether it is new; a statement that is held already is answered with its first receipt.
    #[serde(skip)]
    pub created: bool,
}

/// The counts of a comparison.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ComparisonSummary {
    /// The requirement set that it was compared with.
    pub requirement_set: String,
    /// How many items had which outcome.
    #[schema(value_type = super::SummaryView)]
    pub summary: Summary,
}

/// Why a statement is not taken. Nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// The JWS cannot be read or is of a kind that is not accepted.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The signature is good or not, but the key is not an active one of this vendor. One answer for all.
    #[error("the statement must be signed by an active key of this vendor")]
    Signer,
    /// The payload is not as it must be.
    #[error(transparent)]
    Violations(#[from] Violations),
    /// The chain has another `statement_id`, or the id names another chain of the vendor.
    #[error("{0}")]
    ChainExists(String),
    /// There is another payload under this revision.
    #[error(
        "revision {0} is held already with another payload: a statement never changes, submit the next revision"
    )]
    RevisionTaken(i64),
    /// The revision or `supersedes` does not follow the head.
    #[error("{0}")]
    DoesNotFollow(String),
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<VerifyError> for SubmitError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Refused(refusal) => Self::Refused(refusal),
            VerifyError::Document(violations) => Self::Violations(violations),
        }
    }
}

impl Exchange {
    /// Takes a statement in: compact JWS in, receipt out. Submitting the same payload again answers the first receipt.
    pub fn submit_statement(
        &self,
        actor: &Actor,
        compact: &str,
    ) -> Result<Submission, SubmitError> {
        let preparing = self.db.preparing();
        let jws = Jws::parse(compact)?;
        let key = self.signer(actor, jws.kid().as_str())?;
        let verified = kaiji_schema::jws::verify::<Statement>(jws, &key)?;
        let statement = verified.document();
        refuse_another_issuer(statement, actor)?;
        let sha256 = verified.sha256();
        let sets = self.sets;
        let compared: Vec<ComparisonRow> = sets
            .iter()
            .map(|set| row_of(&compare(statement, Some(sha256), set), set))
            .collect();
        let announcement = self.announcement(&verified, &compared)?;
        let incoming = Incoming {
            payload_sha256: verified.payload_sha256().to_string(),
            vendor: actor.organisation.clone(),
            verified,
            compared,
            announcement,
            sets,
        };
        let submitted = self.write_prepared(preparing, actor, move |tx| incoming.take_in(tx))?;
        let (mut submission, leaf) = submitted.into_value_and_leaf();
        if let Some(logged) = leaf {
            submission.receipt = logged.receipt;
            submission.proof = logged.proof.to_text();
        }
        Ok(submission)
    }

    fn signer(&self, actor: &Actor, kid: &str) -> Result<PublicKey, SubmitError> {
        let now = self.clock.now();
        let key = self
            .db
            .read(|c| usable_key(c, &actor.organisation, kid, now))?;
        key.map(|(key, _)| key).ok_or(SubmitError::Signer)
    }

    /// What those who hold the product will be told: the new revision, and what it changes in the one before.
    fn announcement(
        &self,
        verified: &Verified<Statement>,
        compared: &[ComparisonRow],
    ) -> Result<Announcement, SubmitError> {
        let statement = verified.document();
        let earlier = match statement.supersedes {
            None => None,
            Some(earlier) => self
                .db
                .read(|c| Revised::read(c, &earlier.to_string(), compared, self.sets))?,
        };
        Ok(Announcement::statement_received(verified, earlier))
    }
}

/// Refuses a statement that names another vendor.
pub(super) fn refuse_another_issuer(
    statement: &Statement,
    actor: &Actor,
) -> Result<(), Violations> {
    if statement.issuer == actor.organisation {
        return Ok(());
    }
    let detail = format!("it must be {}, the vendor that submits", actor.organisation);
    Err(super::violation("/issuer", "wrong_issuer", detail))
}

/// Everything that a statement names and its vendor does not have: a product that is not there or another vendor's,
/// without telling which, and files.
pub(super) fn what_the_vendor_lacks(
    connection: &mut DbConnection,
    statement: &Statement,
    vendor: &str,
) -> Result<Vec<Violation>, StorageError> {
    let mut found = missing_attachments(connection, vendor, &statement.attachments)?;
    let product = products::find(connection, &statement.product.id)?;
    if product.is_none_or(|product| product.vendor_id != vendor) {
        let detail = "it must be the id of a product of this vendor";
        found.push(Violation::new("/product/id", "unknown_product", detail));
    }
    Ok(found)
}

/// A statement on its way in: verified, compared, and not yet stored.
struct Incoming {
    verified: Verified<Statement>,
    payload_sha256: String,
    vendor: String,
    compared: Vec<ComparisonRow>,
    announcement: Announcement,
    sets: &'static RequirementSets,
}

impl Incoming {
    /// Runs inside the writer. The receipt of a new statement is signed after it.
    fn take_in(&self, tx: &mut Tx<'_>) -> Result<Submission, SubmitError> {
        tx.concerns(&self.verified.sha256().to_string());
        if let Some(held) = statements::with_payload(tx, &self.vendor, &self.payload_sha256)? {
            return held_submission(tx, held, self.sets);
        }
        let statement = self.verified.document();
        let (now, kid) = (tx.now(), self.verified.kid());
        let key = active_key(tx, &self.vendor, kid.as_str(), now)?;
        let (_, key_leaf) = key.ok_or(SubmitError::Signer)?;
        Violations::from_vec(what_the_vendor_lacks(tx, statement, &self.vendor)?)?;
        let head = statements::head(tx, &statement.product.id, statement.form.as_str())?;
        match &head {
            None => self.refuse_unless_it_begins_a_chain(tx)?,
            Some(head) => refuse_unless_it_follows(statement, head)?,
        }
        let leaf = tx.append(Entry {
            vendor: Some(self.vendor.clone()),
            product: Some(statement.product.id.clone()),
            statement_sha256: Some(self.verified.sha256()),
            signer_kid: Some(kid.clone()),
            signer_key_leaf: Some(key_leaf),
            ..Entry::new(Event::StatementReceived)
        });
        self.store(tx, head.as_ref(), leaf)?;
        Ok(self.submission(leaf, Moment::from(now)))
    }

    fn refuse_unless_it_begins_a_chain(&self, tx: &mut Tx<'_>) -> Result<(), SubmitError> {
        let statement = self.verified.document();
        let id = &statement.statement_id;
        if let Some((product, form)) = statements::chain_of_id(tx, &self.vendor, id)? {
            let detail = format!("statement_id {id} names the {form} chain of {product} already");
            return Err(SubmitError::ChainExists(detail));
        }
        if statement.revision != 1 {
            let form = statement.form.as_str();
            let detail =
                format!("no {form} of this product is held yet: the first revision must be 1");
            return Err(SubmitError::DoesNotFollow(detail));
        }
        Ok(())
    }

    fn store(
        &self,
        tx: &mut Tx<'_>,
        head: Option<&StatementRow>,
        leaf: i64,
    ) -> Result<(), StorageError> {
        let received_at = tx.now().as_millisecond();
        // In this order: a chain has one head at a time.
        if let Some(head) = head {
            statements::supersede(tx, &head.sha256, &self.verified.sha256().to_string())?;
        }
        let row = NewStatement::of(&self.verified, &self.vendor, leaf, received_at);
        statements::insert(tx, row)?;
        let (sha256, statement) = (self.verified.sha256().to_string(), self.verified.document());
        name_attachments(tx, &self.vendor, &sha256, &statement.attachments)?;
        for comparison in &self.compared {
            comparisons::insert(tx, comparison)?;
        }
        self.announcement.post(tx, &self.vendor)
    }

    fn submission(&self, leaf: i64, received_at: Moment) -> Submission {
        let statement = self.verified.document();
        Submission {
            sha256: self.verified.sha256().to_string(),
            product: statement.product.id.clone(),
            form: statement.form.as_str().to_owned(),
            form_edition: statement.form_edition.clone(),
            statement_id: statement.statement_id.clone(),
            revision: i64::from(statement.revision),
            received_at,
            leaf_index: leaf,
            receipt: String::new(),
            proof: String::new(),
            comparisons: self.compared.iter().map(Into::into).collect(),
            created: true,
        }
    }
}

fn refuse_unless_it_follows(statement: &Statement, head: &StatementRow) -> Result<(), SubmitError> {
    if head.statement_id != statement.statement_id {
        let detail = format!(
            "the {} chain of this product has the statement_id {}: go on with it",
            head.form, head.statement_id
        );
        return Err(SubmitError::ChainExists(detail));
    }
    let revision = i64::from(statement.revision);
    if revision <= head.revision {
        return Err(SubmitError::RevisionTaken(revision));
    }
    let next = head.revision + 1;
    let supersedes = statement.supersedes.map(|sha256| sha256.to_string());
    if revision != next || supersedes.as_ref() != Some(&head.sha256) {
        let detail = format!(
            "the next revision is {next} and must supersede {}",
            head.sha256
        );
        return Err(SubmitError::DoesNotFollow(detail));
    }
    Ok(())
}

fn held_submission(
    tx: &mut Tx<'_>,
    row: StatementRow,
    sets: &RequirementSets,
) -> Result<Submission, SubmitError> {
    let receipt = log::receipt(tx, row.receipt_leaf)?;
    let proof = first_proof(tx, row.receipt_leaf)?.to_text();
    let mut compared = Vec::new();
    for set in sets.iter() {
        let kept = comparisons::find(tx, &row.sha256, &set.digest().to_string())?;
        compared.extend(kept.as_ref().map(Into::into));
    }
    Ok(Submission {
        sha256: row.sha256,
        product: row.product_id,
        form: row.form,
        form_edition: row.form_edition,
        statement_id: row.statement_id,
        revision: row.revision,
        received_at: Moment(row.received_at),
        leaf_index: row.receipt_leaf,
        receipt,
        proof,
        comparisons: compared,
        created: false,
    })
}

pub(super) fn row_of(
    comparison: &Comparison<'_>,
    set: &kaiji_schema::requirement::RequirementSet,
) -> ComparisonRow {
    let summary = comparison.summary;
    ComparisonRow {
        statement_sha256: comparison
            .statement
            .map(|sha256| sha256.to_string())
            .unwrap_or_default(),
        requirement_set_sha256: set.digest().to_string(),
        requirement_set: set.id.clone(),
        conforming: i64::from(summary.conforming),
        not_applicable: i64::from(summary.not_applicable),
        nonconforming: i64::from(summary.nonconforming),
        unconfirmed: i64::from(summary.unconfirmed),
        // Serialising plain data to memory has nothing that could fail.
        items: serde_json::to_string(&comparison.items).unwrap_or_default(),
    }
}

impl From<&ComparisonRow> for ComparisonSummary {
    fn from(row: &ComparisonRow) -> Self {
        Self {
            requirement_set: row.requirement_set.clone(),
            summary: super::compare_system::summary_of(row),
        }
    }
}
