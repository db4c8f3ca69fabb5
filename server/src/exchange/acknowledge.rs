//! An institution acknowledges a statement that was delivered to it (受領確認).
//!
//! Institutions do not sign: their acknowledgement is the service's receipt for it.

use kaiji_schema::receipt::Event;
use serde::Serialize;

use super::read_statement::{ReadStatementError, readable};
use super::{Exchange, Moment, stored_digest};
use crate::actor::Actor;
use crate::storage::{Entry, Error as StorageError, deliveries, log};

/// The receipt of an acknowledgement.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Acknowledged {
    /// The statement that was acknowledged.
    pub statement: String,
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
            if let Some((leaf, at)) = delivery.acknowledgement_leaf.zip(delivery.acknowledged_at) {
                let receipt = log::receipt(tx, leaf)?;
                return Ok::<_, AcknowledgeError>((row.sha256, leaf, at, Some(receipt)));
            }
            let leaf = tx.append(Entry {
                vendor: Some(row.vendor_id.clone()),
                institution: Some(institution.clone()),
                product: Some(row.product_id.clone()),
                statement_sha256: Some(stored_digest(&row.sha256)?),
                ..Entry::new(Event::DeliveryAcknowledged)
            });
            let at = tx.now().as_millisecond();
            deliveries::acknowledge(tx, institution, &row.sha256, leaf, at)?;
            let subject =
                serde_json::json!({ "statement": row.sha256, "institution": institution })
                    .to_string();
            tx.notify(&row.vendor_id, "statement_acknowledged", &subject)?;
            Ok((row.sha256, leaf, at, None))
        })?;
        let ((statement, leaf_index, at, stored), leaf) = acknowledged.into_value_and_leaf();
        let receipt = stored.or_else(|| leaf.map(|leaf| leaf.receipt));
        let receipt =
            receipt.ok_or_else(|| StorageError::Corrupt(format!("no leaf {leaf_index}")))?;
        Ok(Acknowledged {
            statement,
            acknowledged_at: Moment(at),
            leaf_index,
            receipt,
        })
    }
}
