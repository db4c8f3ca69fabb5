//! A vendor takes a statement back, with a signed reason. Nothing is deleted: institutions see that it is withdrawn.

use kaiji_schema::receipt::Event;
use kaiji_schema::signed::Withdrawal;
use serde::Serialize;

use super::announce::{Announcement, named};
use super::vendors_word::{VendorsWordError, standing};
use super::{Exchange, Moment};
use crate::actor::Actor;
use crate::storage::statements;

/// The receipt of a withdrawal.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Withdrawn {
    /// The statement that was withdrawn.
    pub statement: String,
    /// When.
    #[schema(value_type = String)]
    pub withdrawn_at: Moment,
    /// The place in the log.
    pub leaf_index: i64,
    /// The receipt, a compact JWS of the service.
    pub receipt: String,
}

impl Exchange {
    /// Withdraws the newest revision of a chain.
    pub fn withdraw_statement(
        &self,
        actor: &Actor,
        sha256: &str,
        document: &str,
    ) -> Result<Withdrawn, VendorsWordError> {
        let sha256 = named(sha256).ok_or(VendorsWordError::NotFound)?;
        let (withdrawal, kid) = self.read_word_about::<Withdrawal>(actor, &sha256, document)?;
        let (vendor, statement) = (actor.organisation.clone(), sha256);
        let named = statement.clone();
        let withdrawn = self.write(actor, move |tx| {
            let now = tx.now();
            let (row, entry) = standing(tx, &vendor, &kid, &statement, Event::StatementWithdrawn)?;
            let leaf = tx.append(entry);
            statements::withdraw(
                tx,
                &row.sha256,
                &withdrawal.reason,
                leaf,
                now.as_millisecond(),
            )?;
            Announcement::statement_withdrawn(&row, &withdrawal.reason).post(tx, &vendor)?;
            Ok::<_, VendorsWordError>((leaf, now))
        })?;
        let ((leaf_index, at), leaf) = withdrawn.into_value_and_leaf();
        let receipt = leaf.map(|leaf| leaf.receipt).unwrap_or_default();
        Ok(Withdrawn {
            statement: named,
            withdrawn_at: Moment::from(at),
            leaf_index,
            receipt,
        })
    }
}
