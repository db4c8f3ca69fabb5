//! Vendors read their own statements, institutions those released to them.
//!
//! The first time that an institution takes the signed bytes is their delivery, and a leaf of the log.

use kaiji_schema::jws::Jws;
use kaiji_schema::receipt::Event;
use kaiji_schema::statement::Reply;
use serde::Serialize;
use serde_json::value::RawValue;

use super::announce::{named, stored_statement};
use super::log::current_proof;
use super::{Exchange, Moment, Page, Validity, Window, stored_digest};
use crate::actor::{Actor, OrganisationKind};
use crate::storage::deliveries::{self, DeliveryRow};
use crate::storage::statements::{self, Reader, SignerStanding, StatementRow};
use crate::storage::{DbConnection, Entry, Error as StorageError, Tx, log, products};

/// A statement without its answers.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct StatementView {
    /// SHA-256 of the whole JWS: its name.
    pub sha256: String,
    /// The vendor that signed it.
    pub vendor: String,
    /// The product that it is about.
    pub product: String,
    /// What the statement calls the product.
    pub product_name: String,
    /// The product's version that it is about.
    pub product_version: String,
    /// `MDS` or `SDS`.
    pub form: String,
    /// The edition of the form.
    pub form_edition: String,
    /// The chain of revisions that it belongs to.
    pub statement_id: String,
    /// Its number in the chain.
    pub revision: i64,
    /// The revision that took its place.
    pub superseded_by: Option<String>,
    /// The day on which it was made (作成日).
    pub issued_on: String,
    /// When the service received it.
    #[schema(value_type = String)]
    pub received_at: Moment,
    /// The place of its receipt in the log.
    pub leaf_index: i64,
    /// The key that signed it.
    pub signer_kid: String,
    /// Whether it still stands.
    pub validity: Validity,
    /// When it was withdrawn.
    #[schema(value_type = Option<String>)]
    pub withdrawn_at: Option<Moment>,
    /// Why it was withdrawn.
    pub withdrawal_reason: Option<String>,
    /// The day on which its vendor confirmed last that it still holds.
    pub confirmed_on: Option<String>,
}

impl StatementView {
    fn of(row: StatementRow, signer: SignerStanding) -> Self {
        let validity = Validity::of(&row, signer);
        Self {
            sha256: row.sha256,
            vendor: row.vendor_id,
            product: row.product_id,
            product_name: row.product_name,
            product_version: row.product_version,
            form: row.form,
            form_edition: row.form_edition,
            statement_id: row.statement_id,
            revision: row.revision,
            superseded_by: row.superseded_by,
            issued_on: row.issued_on,
            received_at: Moment(row.received_at),
            leaf_index: row.receipt_leaf,
            signer_kid: row.signer_kid,
            validity,
            withdrawn_at: row.withdrawn_at.map(Moment),
            withdrawal_reason: row.withdrawal_reason,
            confirmed_on: row.confirmed_on,
        }
    }
}

/// A statement with its answers: the parsed view.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct StatementDocument {
    /// All but the answers.
    #[serde(flatten)]
    pub statement: StatementView,
    /// When it was delivered to the asking institution: when that first took the signed bytes.
    #[schema(value_type = Option<String>)]
    pub delivered_at: Option<Moment>,
    /// When the asking institution acknowledged it.
    #[schema(value_type = Option<String>)]
    pub acknowledged_at: Option<Moment>,
    /// The signed payload, as the vendor wrote it.
    #[schema(value_type = Object)]
    pub payload: Box<RawValue>,
}

/// What differs between two revisions.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StatementChanges {
    /// The later one.
    pub statement: String,
    /// The earlier one.
    pub since: String,
    /// Questions whose answer or remark differs.
    pub answers: Vec<AnswerChange>,
    /// Items whose direct answer differs.
    pub annex: Vec<ItemChange>,
}

/// A question that is answered differently.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AnswerChange {
    /// Its number.
    pub number: String,
    /// What the earlier revision said.
    #[schema(value_type = Option<Object>)]
    pub before: Option<Reply>,
    /// What the later one says.
    #[schema(value_type = Option<Object>)]
    pub after: Option<Reply>,
}

/// An item that is answered differently.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ItemChange {
    /// The requirement set.
    pub requirement_set: String,
    /// The item's id.
    pub item: String,
    /// What the earlier revision said.
    #[schema(value_type = Option<Object>)]
    pub before: Option<Reply>,
    /// What the later one says.
    #[schema(value_type = Option<Object>)]
    pub after: Option<Reply>,
}

/// Why a statement cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadStatementError {
    /// It is not there, or not for the caller.
    #[error("there is no such statement, or it was not released to you")]
    NotFound,
    /// The two are not revisions of one chain.
    #[error("the two statements are not revisions of one chain, the earlier before the later")]
    OtherChain,
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Whom the actor reads as; the operator reads no statement.
pub(super) fn reader_of(actor: &Actor) -> Option<Reader<'_>> {
    match actor.kind {
        OrganisationKind::Vendor => Some(Reader::Vendor(&actor.organisation)),
        OrganisationKind::Institution => Some(Reader::Institution(&actor.organisation)),
        OrganisationKind::Operator => None,
    }
}

/// The statement of that name, if the actor may read it.
pub(super) fn readable(
    connection: &mut DbConnection,
    actor: &Actor,
    sha256: &str,
) -> Result<StatementRow, ReadStatementError> {
    let (reader, sha256) = reader_of(actor)
        .zip(named(sha256))
        .ok_or(ReadStatementError::NotFound)?;
    statements::find(connection, reader, &sha256)?.ok_or(ReadStatementError::NotFound)
}

fn bytes_of(connection: &mut DbConnection, row: &StatementRow) -> Result<String, StorageError> {
    let missing = || StorageError::Corrupt(format!("no bytes for statement {}", row.sha256));
    statements::jws(connection, &row.sha256)?.ok_or_else(missing)
}

impl Exchange {
    /// The statements that the caller may read, in the order in which they were received.
    pub fn list_statements(
        &self,
        actor: &Actor,
        product: Option<&str>,
        window: &Window,
    ) -> Result<Page<StatementView>, ReadStatementError> {
        let Some(reader) = reader_of(actor) else {
            return Ok(Page {
                items: Vec::new(),
                next: None,
            });
        };
        let rows = self.db.read(|c| {
            let rows =
                statements::list(c, reader, product, window.after_number(-1), window.fetch())?;
            let with_signer = rows.into_iter().map(|row| {
                let signer = statements::signer_standing(c, &row.signer_kid)?;
                Ok((row, signer))
            });
            with_signer.collect::<Result<Vec<_>, StorageError>>()
        })?;
        Ok(window.page(
            rows,
            |(row, _)| row.receipt_leaf.to_string(),
            |(row, signer)| StatementView::of(row, signer),
        ))
    }

    /// One statement with its answers.
    pub fn view_statement(
        &self,
        actor: &Actor,
        sha256: &str,
    ) -> Result<StatementDocument, ReadStatementError> {
        self.db.read(|c| {
            let row = readable(c, actor, sha256)?;
            let signer = statements::signer_standing(c, &row.signer_kid)?;
            let delivery = deliveries::find(c, &actor.organisation, &row.sha256)?;
            let jws = Jws::parse(&bytes_of(c, &row)?)
                .map_err(|error| StorageError::Corrupt(error.to_string()))?;
            let payload = String::from_utf8_lossy(jws.payload()).into_owned();
            Ok(StatementDocument {
                statement: StatementView::of(row, signer),
                delivered_at: delivery
                    .as_ref()
                    .map(|delivery| Moment(delivery.delivered_at)),
                acknowledged_at: delivery
                    .and_then(|delivery| delivery.acknowledged_at)
                    .map(Moment),
                payload: RawValue::from_string(payload)
                    .map_err(|error| StorageError::Corrupt(error.to_string()))?,
            })
        })
    }

    /// The exact signed bytes. An institution's first time is their delivery.
    pub fn fetch_statement(
        &self,
        actor: &Actor,
        sha256: &str,
    ) -> Result<String, ReadStatementError> {
        let (jws, row, delivered) = self.db.read(|c| {
            let row = readable(c, actor, sha256)?;
            let delivered = actor.kind != OrganisationKind::Institution
                || deliveries::find(c, &actor.organisation, &row.sha256)?.is_some();
            Ok::<_, ReadStatementError>((bytes_of(c, &row)?, row, delivered))
        })?;
        if !delivered {
            let asking = actor.clone();
            self.write(actor, move |tx| {
                // Asked again: the release may have been narrowed, another call may have been first.
                let row = readable(tx, &asking, &row.sha256)?;
                if deliveries::find(tx, &asking.organisation, &row.sha256)?.is_none() {
                    deliver(tx, &asking, &row)?;
                }
                Ok::<_, ReadStatementError>(())
            })?;
        }
        Ok(jws)
    }

    /// The receipt of a statement, a compact JWS of the service.
    pub fn statement_receipt(
        &self,
        actor: &Actor,
        sha256: &str,
    ) -> Result<String, ReadStatementError> {
        self.db.read(|c| {
            let row = readable(c, actor, sha256)?;
            Ok(log::receipt(c, row.receipt_leaf)?)
        })
    }

    /// That the receipt of a statement is a leaf of the log: a `c2sp.org/tlog-proof@v1` under the newest checkpoint.
    pub fn statement_proof(
        &self,
        actor: &Actor,
        sha256: &str,
    ) -> Result<String, ReadStatementError> {
        self.db.read(|c| {
            let row = readable(c, actor, sha256)?;
            Ok(current_proof(c, row.receipt_leaf)?.to_text())
        })
    }

    /// Question by question, what a revision changes in an earlier one.
    pub fn statement_changes(
        &self,
        actor: &Actor,
        sha256: &str,
        since: &str,
    ) -> Result<StatementChanges, ReadStatementError> {
        let (later, earlier) = self.db.read(|c| {
            let (later, earlier) = (readable(c, actor, sha256)?, readable(c, actor, since)?);
            let same_chain = later.product_id == earlier.product_id && later.form == earlier.form;
            if !same_chain || later.revision <= earlier.revision {
                return Err(ReadStatementError::OtherChain);
            }
            Ok((
                stored_statement(&bytes_of(c, &later)?)?,
                stored_statement(&bytes_of(c, &earlier)?)?,
            ))
        })?;
        let mut changes = StatementChanges {
            statement: sha256.to_owned(),
            since: since.to_owned(),
            answers: Vec::new(),
            annex: Vec::new(),
        };
        for change in later.changes_since(&earlier) {
            let (before, after) = (change.before.cloned(), change.after.cloned());
            match (change.number, change.requirement_set, change.item) {
                (Some(number), ..) => {
                    changes.answers.push(AnswerChange {
                        number: number.to_string(),
                        before,
                        after,
                    });
                }
                (None, Some(set), Some(item)) => {
                    let (requirement_set, item) = (set.to_owned(), item.to_owned());
                    changes.annex.push(ItemChange {
                        requirement_set,
                        item,
                        before,
                        after,
                    });
                }
                _ => {}
            }
        }
        Ok(changes)
    }
}

/// Puts down that an institution was given a statement.
pub(super) fn deliver(
    tx: &mut Tx<'_>,
    asking: &Actor,
    row: &StatementRow,
) -> Result<(), StorageError> {
    let institution_id = &asking.organisation;
    let delivery_leaf = tx.append(Entry {
        vendor: Some(row.vendor_id.clone()),
        institution: Some(institution_id.clone()),
        agent: asking.agent.clone(),
        product: Some(row.product_id.clone()),
        statement_sha256: Some(stored_digest(&row.sha256)?),
        ..Entry::new(Event::DeliveryMade)
    });
    let delivered_at = tx.now().as_millisecond();
    deliveries::insert(
        tx,
        &DeliveryRow {
            institution_id: institution_id.clone(),
            statement_sha256: row.sha256.clone(),
            delivered_at,
            delivery_leaf,
            acknowledged_at: None,
            acknowledgement_leaf: None,
        },
    )?;
    let subject =
        serde_json::json!({ "statement": row.sha256, "institution": institution_id }).to_string();
    // Whose product it is now; it may have come from the vendor that signed.
    let vendor = products::vendor_of(tx, &row.product_id)?;
    tx.notify(&vendor, "statement_delivered", &subject)
}
