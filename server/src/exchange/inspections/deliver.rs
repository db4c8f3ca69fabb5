//! What an inspection's package holds was received: the signed statements of every system that were never fetched are
//! delivered before it is frozen.

use std::collections::BTreeSet;

use super::InspectionError;
use crate::actor::Actor;
use crate::exchange::Exchange;
use crate::exchange::read_statement::{deliver, readable};
use crate::storage::statements::{self, Reader};
use crate::storage::{DbConnection, Error as StorageError, deliveries, systems};

impl Exchange {
    /// Delivers what the institution may read for its systems and has not fetched yet.
    pub(super) fn deliver_all_held(&self, actor: &Actor) -> Result<(), InspectionError> {
        let undelivered = self.db.read(|c| undelivered(c, &actor.organisation))?;
        if undelivered.is_empty() {
            return Ok(());
        }
        let asking = actor.clone();
        self.db.write(move |tx| {
            for sha256 in &undelivered {
                // Asked again: the release may have been narrowed, another call may have been first.
                let row = readable(tx, &asking, sha256)?;
                if deliveries::find(tx, &asking.organisation, sha256)?.is_none() {
                    deliver(tx, &asking, &row)?;
                }
            }
            Ok::<_, InspectionError>(())
        })?;
        Ok(())
    }
}

fn undelivered(
    connection: &mut DbConnection,
    institution: &str,
) -> Result<Vec<String>, StorageError> {
    let systems = systems::all(connection, institution)?;
    let products = systems.into_iter().filter_map(|system| system.product_id);
    let products: BTreeSet<String> = products.collect();
    let mut undelivered = Vec::new();
    for product in products {
        let heads = statements::heads(connection, Reader::Institution(institution), &product)?;
        for head in heads {
            let sha256 = head.statement.sha256;
            if deliveries::find(connection, institution, &sha256)?.is_none() {
                undelivered.push(sha256);
            }
        }
    }
    Ok(undelivered)
}
