//! A transfer that does not take place: the successor declines it, or the predecessor takes its offer back.

use super::{TransferError, TransferView, open, tell_both};
use crate::actor::Actor;
use crate::exchange::Exchange;
use crate::storage::transfers::{self, DECLINED, WITHDRAWN};

impl Exchange {
    /// Declines a product that was offered to the vendor.
    pub fn decline_transfer(&self, actor: &Actor, id: &str) -> Result<TransferView, TransferError> {
        self.end_transfer(actor, id, DECLINED)
    }

    /// Takes back the vendor's offer of a product.
    pub fn withdraw_transfer(
        &self,
        actor: &Actor,
        id: &str,
    ) -> Result<TransferView, TransferError> {
        self.end_transfer(actor, id, WITHDRAWN)
    }

    fn end_transfer(
        &self,
        actor: &Actor,
        id: &str,
        end: &'static str,
    ) -> Result<TransferView, TransferError> {
        let (vendor, ended) = (actor.organisation.clone(), id.to_owned());
        self.write(actor, move |tx| {
            let mut row = open(tx, &vendor, &ended)?;
            let (whose, detail) = match end {
                DECLINED => (
                    &row.to_id,
                    "the vendor that is to have the product declines it",
                ),
                _ => (
                    &row.from_id,
                    "the vendor that offers the product takes it back",
                ),
            };
            if *whose != vendor {
                return Err(TransferError::State(detail));
            }
            end.clone_into(&mut row.state);
            row.settled_at = Some(tx.now().as_millisecond());
            transfers::update(tx, &row)?;
            Ok(tell_both(tx, &format!("transfer_{end}"), &row)?)
        })?;
        self.find_transfer(actor, id)
    }
}
