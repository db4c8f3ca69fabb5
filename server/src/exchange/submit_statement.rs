//! A vendor submits a signed statement.
//!
//! Before the writer: read the JWS, find the key, verify, parse, compare with every requirement set, and work out what
//! changed since the revision that it supersedes. Inside the writer: only that the key still counts, that the product
//! is the vendor's and that the revision follows the head; then the rows, the receipt's leaf and the announcement.

use kaiji_schema::comparison::{Comparison, Summary, compare};
use kaiji_schema::jws::{Jws, Refusal, Verified, VerifyError};
use kaiji_schema::key::PublicKey;
use kaiji_schema::receipt::Event;
use kaiji_schema::requirement::requirement_sets;
use kaiji_schema::statement::Statement;
use kaiji_schema::violation::{Violation, Violations};
use serde::Serialize;

use super::announce::{Announcement, Revised};
use super::approve_key::usable_key;
use super::{Exchange, Moment};
use crate::actor::Actor;
use crate::storage::comparisons::{self, ComparisonRow};
use crate::storage::statements::{self, NewStatement, StatementRow};
use crate::storage::{Entry, Error as StorageError, Tx, log, products};

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

/// What the writer finds: a new statement, or one that is held already.
enum Stored {
    New {
        leaf: i64,
        received_at: i64,
    },
    Held {
        row: Box<StatementRow>,
        receipt: String,
        comparisons: Vec<ComparisonSummary>,
    },
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
        refuse_what_is_not_the_vendors(statement, actor)?;
        let sha256 = verified.sha256();
        let compared: Vec<ComparisonRow> = requirement_sets()
            .iter()
            .map(|set| row_of(&compare(statement, Some(sha256), set), set))
            .collect();
        let announcement = self.announcement(&verified, &compared)?;
        let summaries: Vec<ComparisonSummary> =
            compared.iter().map(ComparisonSummary::from).collect();
        let new = new_statement(&verified, actor);
        let shown = new.clone();
        let vendor = actor.organisation.clone();
        let stored = self.db.write_prepared(preparing, move |tx| {
            if let Some(row) = statements::with_payload(tx, &vendor, &new.payload_sha256)? {
                return held(tx, row);
            }
            store(tx, &verified, &new, &compared, &announcement)
        })?;
        Ok(match stored.value {
            Stored::New { leaf, received_at } => Submission {
                receipt: stored.receipts.into_iter().next().unwrap_or_default(),
                ..submission(shown, leaf, received_at, summaries)
            },
            Stored::Held {
                row,
                receipt,
                comparisons,
            } => held_submission(*row, receipt, comparisons),
        })
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
        let id = self.new_id("ann")?;
        let earlier = match statement.supersedes {
            None => None,
            Some(earlier) => self
                .db
                .read(|c| Revised::read(c, &earlier.to_string(), compared))?,
        };
        Ok(Announcement::statement_received(id, verified, earlier))
    }
}

/// Refuses a statement that names another vendor, or files that cannot be kept yet.
pub(super) fn refuse_what_is_not_the_vendors(
    statement: &Statement,
    actor: &Actor,
) -> Result<(), Violations> {
    let mut found = Vec::new();
    if statement.issuer != actor.organisation {
        let detail = format!("it must be {}, the vendor that submits", actor.organisation);
        found.push(Violation::new("/issuer", "wrong_issuer", detail));
    }
    if !statement.attachments.is_empty() {
        let detail =
            "this version of the service takes no attachments: leave the list empty or out";
        found.push(Violation::new(
            "/attachments",
            "attachments_unsupported",
            detail,
        ));
    }
    Violations::from_vec(found)
}

/// Runs inside the writer. Only a `Verified<Statement>` gets here.
fn store(
    tx: &mut Tx<'_>,
    verified: &Verified<Statement>,
    new: &NewStatement,
    compared: &[ComparisonRow],
    announcement: &Announcement,
) -> Result<Stored, SubmitError> {
    let now = tx.now();
    let (_, key_leaf) =
        usable_key(tx, &new.vendor_id, &new.signer_kid, now)?.ok_or(SubmitError::Signer)?;
    let product =
        products::find(tx, &new.product_id)?.filter(|product| product.vendor_id == new.vendor_id);
    if product.is_none() {
        let detail = "it must be the id of a product of this vendor";
        return Err(super::violation("/product/id", "unknown_product", detail).into());
    }
    let head = statements::head(tx, &new.product_id, &new.form)?;
    refuse_what_does_not_follow(tx, new, verified.document(), head.as_ref())?;
    let leaf = tx.append(Entry {
        vendor: Some(new.vendor_id.clone()),
        product: Some(new.product_id.clone()),
        statement_sha256: Some(verified.sha256()),
        signer_kid: Some(verified.kid().clone()),
        signer_key_leaf: Some(key_leaf),
        ..Entry::new(Event::StatementReceived)
    });
    if let Some(head) = &head {
        statements::supersede(tx, &head.sha256, &new.sha256)?;
    }
    let received_at = now.as_millisecond();
    statements::insert(
        tx,
        &NewStatement {
            receipt_leaf: leaf,
            received_at,
            ..new.clone()
        },
    )?;
    for comparison in compared {
        comparisons::insert(tx, comparison)?;
    }
    announcement.post(tx, &new.vendor_id)?;
    Ok(Stored::New { leaf, received_at })
}

fn refuse_what_does_not_follow(
    tx: &mut Tx<'_>,
    new: &NewStatement,
    statement: &Statement,
    head: Option<&StatementRow>,
) -> Result<(), SubmitError> {
    let Some(head) = head else {
        if let Some((product, form)) =
            statements::chain_of_id(tx, &new.vendor_id, &new.statement_id)?
        {
            let detail = format!(
                "statement_id {} names the {form} chain of {product} already",
                new.statement_id
            );
            return Err(SubmitError::ChainExists(detail));
        }
        if new.revision != 1 {
            let detail = format!(
                "no {} of this product is held yet: the first revision must be 1",
                new.form
            );
            return Err(SubmitError::DoesNotFollow(detail));
        }
        return Ok(());
    };
    if head.statement_id != new.statement_id {
        let detail = format!(
            "the {} chain of this product has the statement_id {}: go on with it",
            new.form, head.statement_id
        );
        return Err(SubmitError::ChainExists(detail));
    }
    if new.revision <= head.revision {
        return Err(SubmitError::RevisionTaken(new.revision));
    }
    let next = head.revision + 1;
    if new.revision != next
        || statement
            .supersedes
            .map(|sha256| sha256.to_string())
            .as_ref()
            != Some(&head.sha256)
    {
        let detail = format!(
            "the next revision is {next} and must supersede {}",
            head.sha256
        );
        return Err(SubmitError::DoesNotFollow(detail));
    }
    Ok(())
}

fn held(tx: &mut Tx<'_>, row: StatementRow) -> Result<Stored, SubmitError> {
    let missing = || StorageError::Corrupt(format!("no receipt for statement {}", row.sha256));
    let receipt = log::receipt(tx, row.receipt_leaf)?.ok_or_else(missing)?;
    let mut found = Vec::new();
    for set in requirement_sets() {
        found.extend(
            comparisons::find(tx, &row.sha256, &set.digest().to_string())?
                .as_ref()
                .map(Into::into),
        );
    }
    Ok(Stored::Held {
        row: Box::new(row),
        receipt,
        comparisons: found,
    })
}

fn new_statement(verified: &Verified<Statement>, actor: &Actor) -> NewStatement {
    let statement = verified.document();
    NewStatement {
        sha256: verified.sha256().to_string(),
        vendor_id: actor.organisation.clone(),
        product_id: statement.product.id.clone(),
        form: statement.form.as_str().to_owned(),
        form_edition: statement.form_edition.clone(),
        statement_id: statement.statement_id.clone(),
        revision: i64::from(statement.revision),
        payload_sha256: verified.payload_sha256().to_string(),
        product_name: statement.product.name.clone(),
        product_version: statement.product.version.clone(),
        issued_on: statement.issued_on.to_string(),
        signer_kid: verified.kid().as_str().to_owned(),
        // The place in the log is known inside the writer alone.
        receipt_leaf: -1,
        received_at: 0,
        jws: verified.compact().to_owned(),
    }
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

fn submission(
    new: NewStatement,
    leaf: i64,
    received_at: i64,
    comparisons: Vec<ComparisonSummary>,
) -> Submission {
    Submission {
        sha256: new.sha256,
        product: new.product_id,
        form: new.form,
        form_edition: new.form_edition,
        statement_id: new.statement_id,
        revision: new.revision,
        received_at: Moment(received_at),
        leaf_index: leaf,
        receipt: String::new(),
        comparisons,
        created: true,
    }
}

fn held_submission(
    row: StatementRow,
    receipt: String,
    comparisons: Vec<ComparisonSummary>,
) -> Submission {
    Submission {
        sha256: row.sha256,
        product: row.product_id,
        form: row.form,
        form_edition: row.form_edition,
        statement_id: row.statement_id,
        revision: row.revision,
        received_at: Moment(row.received_at),
        leaf_index: row.receipt_leaf,
        receipt,
        comparisons,
        created: false,
    }
}
