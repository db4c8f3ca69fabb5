//! The service's own public keys, published with the times from and until which each was in use.

use kaiji_schema::key::PublicKey;
use kaiji_schema::receipt::Event;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{Exchange, Moment};
use crate::storage::service_keys::{self, ServiceKeyRow};
use crate::storage::{Entry, Error as StorageError};

/// What a key of the service is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServicePurpose {
    /// Signs receipts.
    Receipt,
    /// Signs checkpoints of the log.
    Log,
    /// Signs access tokens.
    Token,
}

impl ServicePurpose {
    /// The word in documents and rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Log => "log",
            Self::Token => "token",
        }
    }
}

/// A key of the service.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ServiceKeyView {
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// `receipt`, `log` or `token`.
    pub purpose: String,
    /// The public JWK.
    #[schema(value_type = Object)]
    pub jwk: Box<RawValue>,
    /// When it came into use.
    #[schema(value_type = String)]
    pub since: Moment,
    /// When it went out of use; `null` while it is used.
    #[schema(value_type = Option<String>)]
    pub until: Option<Moment>,
}

impl Exchange {
    /// Notes which keys the service uses now. A key that took another's place is a leaf of the log.
    pub fn record_service_keys(
        &self,
        keys: Vec<(ServicePurpose, PublicKey)>,
    ) -> Result<(), StorageError> {
        self.db.write(move |tx| {
            let now = tx.now().as_millisecond();
            let known = service_keys::list(tx)?;
            for (purpose, key) in &keys {
                let kid = key.thumbprint();
                let mut in_use = known
                    .iter()
                    .filter(|row| row.purpose == purpose.as_str() && row.until.is_none());
                if let Some(old) = in_use.next() {
                    if old.kid == kid.as_str() {
                        continue;
                    }
                    service_keys::end(tx, purpose.as_str(), now)?;
                    tx.append(Entry {
                        signer_kid: Some(kid.clone()),
                        ..Entry::new(Event::ServiceKeyRotated)
                    });
                }
                service_keys::insert(
                    tx,
                    &ServiceKeyRow {
                        kid: kid.as_str().to_owned(),
                        purpose: purpose.as_str().to_owned(),
                        jwk: key.to_jwk(),
                        since: now,
                        until: None,
                    },
                )?;
            }
            Ok::<_, StorageError>(())
        })?;
        Ok(())
    }

    /// Every key that the service ever had.
    pub fn list_service_keys(&self) -> Result<Vec<ServiceKeyView>, StorageError> {
        let rows = self.db.read(service_keys::list)?;
        let view = |row: ServiceKeyRow| {
            let jwk = RawValue::from_string(row.jwk)
                .map_err(|error| StorageError::Corrupt(error.to_string()))?;
            let (since, until) = (Moment(row.since), row.until.map(Moment));
            Ok(ServiceKeyView {
                kid: row.kid,
                purpose: row.purpose,
                jwk,
                since,
                until,
            })
        };
        rows.into_iter().map(view).collect()
    }
}
