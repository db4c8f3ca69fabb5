//! An institution acknowledges a statement that was delivered to it (受領確認).
//!
//! Institutions do not sign: their acknowledgement is the service's receipt for it.

use kaiji_schema::receipt::Event;
use serde::Serialize;

use super::read_statement::{ReadStatementError, readable};
use super::{Assurance, Exchange, Moment, stored_digest};
use crate::actor::Actor;
use crate::storage::{Committed, Entry, Error as StorageError, Tx, deliveries, log, products};

/// The receipt of an acknowledgement.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Acknowledged {
    /// The statement that was acknowledged.
    pub statement: String,
    /// Whether its vendor signed it.
    pub assurance: Assurance,
    /// When.
    #[schema(value_type = String)]
    pub acknowledged_at: Moment,
    /// The place in the log.
    pub leaf_index: i64,
    /// The receipt, a compact JWS of the service.
    pub receipt: String,
}

/// Why a statement could not be acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum AcknowledgeError {
    /// It is not there, or was not released to the institution.
    #[error("there is no such statement, or it was not released to you")]
    NotFound,
    /// Its signed bytes were never fetched.
    #[error(
        "fetch the signed bytes first (Accept: application/jose): what was not received is not acknowledged"
    )]
    NotDelivered,
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<ReadStatementError> for AcknowledgeError {
    fn from(error: ReadStatementError) -> Self {
        match error {
            ReadStatementError::Storage(error) => Self::Storage(error),
            ReadStatementError::NotFound | ReadStatementError::OtherChain => Self::NotFound,
        }
    }
}

impl Exchange {
    /// Acknowledges a statement. Doing it again answers the first receipt.
    pub fn acknowledge_statement(
        &self,
        actor: &Actor,
        sha256: &str,
    ) -> Result<Acknowledged, AcknowledgeError> {
        let (asking, sha256) = (actor.clone(), sha256.to_owned());
        let acknowledged = self.write(actor, move |tx| {
            let row = readable(tx, &asking, &sha256)?;
            let institution = &asking.organisation;
            let delivery = deliveries::find(tx, institution, &row.sha256)?
                .ok_or(AcknowledgeError::NotDelivered)?;
            let before = delivery.acknowledgement_leaf.zip(delivery.acknowledged_at);
            if let Some(before) = before {
                return Ok::<_, AcknowledgeError>(Given::before(tx, row.sha256, before)?);
            }
            let leaf = tx.append(Entry {
                vendor: Some(row.vendor_id.clone()),
                institution: Some(institution.clone()),
                agent: asking.agent.clone(),
                product: Some(row.product_id.clone()),
                statement_sha256: Some(stored_digest(&row.sha256)?),
                ..Entry::new(Event::DeliveryAcknowledged)
            });
            let at = tx.now().as_millisecond();
            deliveries::acknowledge(tx, institution, &row.sha256, leaf, at)?;
            let subject =
                serde_json::json!({ "statement": row.sha256, "institution": institution })
                    .to_string();
            let vendor = products::vendor_of(tx, &row.product_id)?;
            tx.notify(&vendor, "statement_acknowledged", &subject)?;
            Ok(Given::now(row.sha256, leaf, at))
        })?;
        Ok(given_with_receipt(acknowledged, Assurance::Signed)?)
    }
}

/// An acknowledgement, as the writer leaves it: the receipt of a new one is signed afterwards.
pub(super) struct Given {
    statement: String,
    leaf: i64,
    at: i64,
    receipt: Option<String>,
}

impl Given {
    /// It was given before: at that leaf, at that time.
    pub(super) fn before(
        tx: &mut Tx<'_>,
        statement: String,
        (leaf, at): (i64, i64),
    ) -> Result<Self, StorageError> {
        let receipt = Some(log::receipt(tx, leaf)?);
        Ok(Self {
            statement,
            leaf,
            at,
            receipt,
        })
    }

    /// It is given now.
    pub(super) fn now(statement: String, leaf: i64, at: i64) -> Self {
        Self {
            statement,
            leaf,
            at,
            receipt: None,
        }
    }
}

/// The acknowledgement with its receipt.
pub(super) fn given_with_receipt(
    given: Committed<Given>,
    assurance: Assurance,
) -> Result<Acknowledged, StorageError> {
    let (given, leaf) = given.into_value_and_leaf();
    let receipt = given.receipt.or_else(|| leaf.map(|leaf| leaf.receipt));
    let missing = || StorageError::Corrupt(format!("no leaf {}", given.leaf));
    Ok(Acknowledged {
        statement: given.statement,
        assurance,
        acknowledged_at: Moment(given.at),
        leaf_index: given.leaf,
        receipt: receipt.ok_or_else(missing)?,
    })
}
