//! The service's own public keys, published with the times from and until which each was in use.

use kaiji_schema::key::PublicKey;
use kaiji_schema::log::VerifierKey;
use kaiji_schema::receipt::Event;
use serde::Serialize;
use serde_json::value::RawValue;

use super::log::log_name;
use super::{Exchange, Moment};
pub use crate::storage::service_keys::ServicePurpose;
use crate::storage::service_keys::{self, ServiceKeyRow};
use crate::storage::{DbConnection, Entry, Error as StorageError, Tx};

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
    /// Of a key of the log: the name and the key as verifiers of checkpoints take them (`c2sp.org/signed-note`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vkey: Option<String>,
    /// When it came into use.
    #[schema(value_type = String)]
    pub since: Moment,
    /// When it went out of use; `null` while it is used.
    #[schema(value_type = Option<String>)]
    pub until: Option<Moment>,
}

impl Exchange {
    /// Notes which keys a new service begins with. Where a key is in use already, it must be this one.
    pub fn record_service_keys(
        &self,
        keys: Vec<(ServicePurpose, PublicKey)>,
    ) -> Result<(), StorageError> {
        self.db.write(move |tx| {
            let known = service_keys::list(tx)?;
            for (purpose, key) in &keys {
                match in_use(&known, *purpose) {
                    None => begin_use(tx, *purpose, key)?,
                    Some(row) if row.kid == key.thumbprint().as_str() => {}
                    Some(row) => {
                        let (purpose, kid) = (purpose.as_str(), &row.kid);
                        return Err(StorageError::Unavailable(format!(
                            "another instance uses the {purpose} key {kid}: all need the same key files"
                        )));
                    }
                }
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Lets another key take the place of the one in use: a leaf of the log, signed by whatever key this exchange has.
    /// Answers the leaf.
    pub fn rotate_service_key(
        &self,
        purpose: ServicePurpose,
        key: PublicKey,
    ) -> Result<i64, StorageError> {
        // Asked for by a command of the machine itself, while no service runs.
        let shell = self.shell("admin_rotate_key")?;
        let rotated = self.write(&shell, move |tx| {
            let now = tx.now().as_millisecond();
            tx.concerns(key.thumbprint().as_str());
            service_keys::end(tx, purpose.as_str(), now)?;
            begin_use(tx, purpose, &key)?;
            Ok::<_, StorageError>(tx.append(Entry {
                signer_kid: Some(key.thumbprint()),
                ..Entry::new(Event::ServiceKeyRotated)
            }))
        })?;
        Ok(rotated.value)
    }

    /// Every key that the service ever had.
    pub fn list_service_keys(&self) -> Result<Vec<ServiceKeyView>, StorageError> {
        let (rows, name) = self.db.read(|connection| {
            let rows = service_keys::list(connection)?;
            Ok::<_, StorageError>((rows, log_name(connection)?))
        })?;
        let view = |row: ServiceKeyRow| {
            let vkey = name.as_deref().filter(|_| is_of_log(&row));
            let vkey = vkey.map(|name| verifier_key(&row, name)).transpose()?;
            let jwk = RawValue::from_string(row.jwk)
                .map_err(|error| StorageError::Corrupt(error.to_string()))?;
            let (since, until) = (Moment(row.since), row.until.map(Moment));
            Ok(ServiceKeyView {
                kid: row.kid,
                purpose: row.purpose,
                jwk,
                vkey: vkey.map(|vkey| vkey.to_string()),
                since,
                until,
            })
        };
        rows.into_iter().map(view).collect()
    }
}

fn begin_use(
    tx: &mut Tx<'_>,
    purpose: ServicePurpose,
    key: &PublicKey,
) -> Result<(), StorageError> {
    let row = ServiceKeyRow {
        kid: key.thumbprint().as_str().to_owned(),
        purpose: purpose.as_str().to_owned(),
        jwk: key.to_jwk(),
        since: tx.now().as_millisecond(),
        until: None,
    };
    service_keys::insert(tx, &row)
}

fn in_use(known: &[ServiceKeyRow], purpose: ServicePurpose) -> Option<&ServiceKeyRow> {
    let is_it = |row: &&ServiceKeyRow| row.purpose == purpose.as_str() && row.until.is_none();
    known.iter().find(is_it)
}

/// The kid of the key that is in use for a purpose; `None` before the first start.
pub fn service_key_in_use(
    connection: &mut DbConnection,
    purpose: ServicePurpose,
) -> Result<Option<String>, StorageError> {
    let known = service_keys::list(connection)?;
    Ok(in_use(&known, purpose).map(|row| row.kid.clone()))
}

fn is_of_log(row: &ServiceKeyRow) -> bool {
    row.purpose == ServicePurpose::Log.as_str()
}

/// A public key that is stored.
pub(super) fn public_key(row: &ServiceKeyRow) -> Result<PublicKey, StorageError> {
    PublicKey::from_jwk_or_pem(&row.jwk)
        .map_err(|error| StorageError::Corrupt(format!("service key {}: {error}", row.kid)))
}

fn verifier_key(row: &ServiceKeyRow, name: &str) -> Result<VerifierKey, StorageError> {
    VerifierKey::of_log(name, &public_key(row)?)
        .map_err(|error| StorageError::Corrupt(format!("service key {}: {error}", row.kid)))
}

/// Every key that the log of that name ever had.
pub(super) fn log_keys(
    connection: &mut DbConnection,
    name: &str,
) -> Result<Vec<VerifierKey>, StorageError> {
    let known = service_keys::list(connection)?;
    let of_log = known.iter().filter(|row| is_of_log(row));
    of_log.map(|row| verifier_key(row, name)).collect()
}
