//! `Idempotency-Key`: a request that comes twice makes one thing.
//!
//! The key is kept for 24 hours by client or person, method and path, in the savepoint of the effect. A replay answers with what
//! was made; the same key with another body is refused. Errors are not kept.

use jiff::SignedDuration;
use kaiji_schema::Digest;

use crate::storage::idempotency::{self, IdempotencyRow};
use crate::storage::{Error as StorageError, Tx};

const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What a request with an `Idempotency-Key` is recognised by.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// Who asked: a client or a person.
    pub client: String,
    /// The method of the request.
    pub method: String,
    /// Its path.
    pub path: String,
    /// The key.
    pub key: String,
    /// SHA-256 of its body.
    pub body: Digest,
}

/// Why a request with an `Idempotency-Key` is refused.
#[derive(Debug, thiserror::Error)]
pub enum IdempotencyError {
    /// The key was used for another body.
    #[error("this Idempotency-Key was used for another body: use a new key for a new request")]
    OtherBody,
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// The id of what the same request made before.
pub(super) fn made_before(
    tx: &mut Tx<'_>,
    request: Option<&Idempotency>,
) -> Result<Option<String>, IdempotencyError> {
    let Some(request) = request else {
        return Ok(None);
    };
    let since = tx
        .now()
        .saturating_sub(KEPT_FOR)
        .unwrap_or_default()
        .as_millisecond();
    let found = idempotency::find(
        tx,
        &request.client,
        &request.method,
        &request.path,
        &request.key,
        since,
    )?;
    match found {
        Some(row) if row.body_sha256 != request.body.to_string() => {
            Err(IdempotencyError::OtherBody)
        }
        found => {
            let made = found.map(|row| row.resource_id);
            if let Some(id) = &made {
                tx.concerns(id);
            }
            Ok(made)
        }
    }
}

/// Remembers what the request made, and names it for the audit trail.
pub(super) fn remember(
    tx: &mut Tx<'_>,
    request: Option<&Idempotency>,
    resource_id: &str,
) -> Result<(), StorageError> {
    tx.concerns(resource_id);
    let Some(request) = request else {
        return Ok(());
    };
    let now = tx.now();
    let row = IdempotencyRow {
        client_id: request.client.clone(),
        method: request.method.clone(),
        path: request.path.clone(),
        key: request.key.clone(),
        body_sha256: request.body.to_string(),
        resource_id: resource_id.to_owned(),
        created_at: now.as_millisecond(),
    };
    let forget_before = now
        .saturating_sub(KEPT_FOR)
        .unwrap_or_default()
        .as_millisecond();
    idempotency::remember(tx, &row, forget_before)
}
