//! Exchanging a key of the service, while nothing serves: an explicit act, recorded in the log.
//!
//! The new key waits in a file of its own; the row and its leaf say that it is in use; then it takes the other's place.
//! Whatever is interrupted in between is completed by the same command; `serve` asks for it.

use std::io::ErrorKind;
use std::net::TcpListener;

use super::StartError;
use super::open::{database_url, default_address, open};
use crate::clock::Clock;
use crate::config::Config;
use crate::exchange::{Random, ServicePurpose, service_key_in_use};
use crate::keys::{self, Installed};
use crate::storage::backend;

/// A key that took another's place.
#[derive(Debug)]
pub struct Rotated {
    /// The thumbprint of the key that is in use now.
    pub kid: String,
    /// The leaf that says so; `None` if it was written before, by a rotation that was interrupted.
    pub leaf: Option<i64>,
    /// Where the files are.
    pub files: Installed,
}

/// Exchanges a key of the service, or completes what was interrupted. The old key signs the leaf that names the new one,
/// unless it is `lost`.
pub fn rotate_key(
    config: &Config,
    clock: Clock,
    random: &Random,
    purpose: ServicePurpose,
    lost: bool,
) -> Result<Rotated, StartError> {
    config.check()?;
    refuse_while_serving(config)?;
    let url = database_url(config)?;
    if backend::needs_migration(&url)? {
        return Err(StartError::NeedsMigration);
    }
    let dir = &config.keys_dir;
    let in_use = service_key_in_use(&mut backend::open(&url)?, purpose)?;
    let prepared = keys::prepared(dir, purpose)?;
    let prepared = prepared.map(|key| key.thumbprint().as_str().to_owned());
    if let Some(kid) = prepared.filter(|prepared| in_use.as_ref() == Some(prepared)) {
        let files = keys::install(dir, purpose)?;
        return Ok(Rotated {
            kid,
            leaf: None,
            files,
        });
    }
    if lost {
        keys::prepare(dir, purpose, random.as_ref())?;
    }
    let address = default_address(config.listen);
    let lost = lost.then_some(purpose);
    let opened = open(config, clock, random.clone(), &address, lost)?;
    let key = keys::prepare(dir, purpose, random.as_ref())?;
    let kid = key.thumbprint().as_str().to_owned();
    let leaf = opened.exchange.rotate_service_key(purpose, key)?;
    let files = keys::install(dir, purpose)?;
    Ok(Rotated {
        kid,
        leaf: Some(leaf),
        files,
    })
}

/// A service that goes on with the old key would sign what nobody can place. Instances on other machines are not seen.
fn refuse_while_serving(config: &Config) -> Result<(), StartError> {
    match TcpListener::bind(config.listen) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            Err(StartError::StillServing(config.listen))
        }
        _ => Ok(()),
    }
}
