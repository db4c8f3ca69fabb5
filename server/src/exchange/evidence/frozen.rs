//! Evidence as of the moment of an inspection: what would come to be another is frozen, the rest is read where it lies.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kaiji_schema::inspection::{Anchors, FrozenEvidence, ServiceKey};
use kaiji_schema::status::State;

use super::checkpoints::Checkpoints;
use super::{Circumstances, Evidence, Records, Service, Told, corrupt, folder};
use crate::exchange::Exchange;
use crate::storage::statements::{self, StatementRow};
use crate::storage::{DbConnection, Error as StorageError};

/// Freezes the evidence of one statement after the other, all under one checkpoint. Every row must be read at the same
/// moment.
pub(in crate::exchange) struct Anchoring<'e> {
    exchange: &'e Exchange,
    as_of: Timestamp,
    anchors: Anchors,
}

impl<'e> Anchoring<'e> {
    /// Under the checkpoint of that size.
    pub(in crate::exchange) fn begin(
        exchange: &'e Exchange,
        connection: &mut DbConnection,
        (log_size, note): (u64, String),
        as_of: Timestamp,
    ) -> Result<Self, StorageError> {
        let service = exchange.service(connection)?;
        let keys = service.receipt_keys.into_iter();
        let anchors = Anchors {
            log: service.log,
            issuer: service.issuer,
            log_size,
            notes: [(log_size, note)].into(),
            stamps: BTreeMap::new(),
            tsa_root: service.tsa_root,
            receipt_keys: keys.map(|(kid, pem)| ServiceKey { kid, pem }).collect(),
            log_vkeys: service.log_vkeys,
        };
        Ok(Self {
            exchange,
            as_of,
            anchors,
        })
    }

    /// Freezes the evidence of a statement, and of the institution's acknowledgement of it.
    pub(in crate::exchange) fn freeze(
        &mut self,
        connection: &mut DbConnection,
        statement: &StatementRow,
        acknowledgement_leaf: Option<i64>,
    ) -> Result<FrozenEvidence, StorageError> {
        let checkpoints = Checkpoints::around(connection, statement.receipt_leaf)?;
        let exchange = self.exchange;
        let told = exchange.told(connection, statement, &checkpoints, self.as_of)?;
        Ok(FrozenEvidence {
            statement: statement.sha256.clone(),
            vendor: told.vendor,
            state: told.state.as_str().to_owned(),
            status: told.status,
            acknowledgement_leaf,
            checkpoints: checkpoints.freeze(&mut self.anchors),
            with_receipt: checkpoints.with_receipt(),
            stamped_after: checkpoints.stamped_after(),
        })
    }

    /// What all have in common.
    pub(in crate::exchange) fn finish(self) -> Anchors {
        self.anchors
    }
}

/// The folder of a statement as of the moment of the inspection.
pub(in crate::exchange) fn thaw(
    connection: &mut DbConnection,
    frozen: &FrozenEvidence,
    anchors: &Anchors,
    as_of: Timestamp,
) -> Result<Evidence, StorageError> {
    let missing = || corrupt(format!("no statement {}", frozen.statement));
    let statement = statements::by_digest(connection, &frozen.statement)?.ok_or_else(missing)?;
    let records = Records::read(connection, statement, frozen.acknowledgement_leaf)?;
    let checkpoints = Checkpoints::thaw(frozen, anchors)?;
    let state = State::parse(&frozen.state);
    let keys = anchors.receipt_keys.iter();
    let then = Circumstances {
        told: Told {
            vendor: frozen.vendor.clone(),
            state: state.ok_or_else(|| corrupt(format!("state {}", frozen.state)))?,
            status: frozen.status.clone(),
        },
        as_of,
        service: Service {
            log: anchors.log.clone(),
            issuer: anchors.issuer.clone(),
            receipt_keys: keys.map(|key| (key.kid.clone(), key.pem.clone())).collect(),
            log_vkeys: anchors.log_vkeys.clone(),
            tsa_root: anchors.tsa_root.clone(),
        },
    };
    folder(connection, &records, &checkpoints, &then)
}
