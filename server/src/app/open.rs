//! What must be right before a service opens, and then the opening: tables, keys, the log's name, the high-water file.
//!
//! All of it is asked before [`Db::open`], which is the first that may sign or append anything.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use kaiji_schema::receipt::ClockStatement;

use super::{StartError, anchors, requirement_sets};
use crate::clock::Clock;
use crate::config::{Config, ConfigError};
use crate::exchange::{
    Exchange, HighWater, Random, ReminderDays, Retention, ServicePurpose, TokenKey, log_name,
    service_key_in_use,
};
use crate::keys::{self, LogSigner, ServiceKeys};
use crate::storage::{self, DatabaseUrl, Db, DbConnection, backend};

/// Brings the tables to this version and makes the service's keys where there is no history yet. Answers the names of
/// the migrations that ran.
pub fn set_up(config: &Config, random: &Random) -> Result<Vec<String>, StartError> {
    let url = database_url(config)?;
    if let DatabaseUrl::Sqlite { path, .. } = &url {
        if !path.exists() {
            // A database that is gone is not made anew: an empty one would be in the way of the backup.
            HighWater::read(&config.high_water)?.reaches(0)?;
        }
        make_directory(path.parent())?;
    }
    let ran = backend::migrate(&url)?;
    if !backend::has_history(&url)? {
        ServiceKeys::load_or_create(&config.keys_dir, random.as_ref())?;
    }
    Ok(ran)
}

/// Opens the exchange without serving it: for the operator's commands.
pub fn open_exchange(
    config: &Config,
    clock: Clock,
    random: Random,
) -> Result<Arc<Exchange>, StartError> {
    let address = default_address(config.listen);
    Ok(open(config, clock, random, &address, None)?.exchange)
}

/// Refuses what `serve` would refuse: keys, a name or a high-water file that do not belong to the database.
pub fn examine(config: &Config) -> Result<(), StartError> {
    let url = database_url(config)?;
    let service = load_keys(config, &url, None)?;
    let address = default_address(config.listen);
    let host = host_of(config, &address);
    examine_history(config, &url, &service, None, host).map(drop)
}

pub(super) struct Opened {
    pub(super) exchange: Arc<Exchange>,
    pub(super) db: Db,
    pub(super) secret: [u8; 32],
}

/// Opens the exchange. Where a key is `lost`, the one that was prepared in its place signs.
pub(super) fn open(
    config: &Config,
    clock: Clock,
    random: Random,
    address: &str,
    lost: Option<ServicePurpose>,
) -> Result<Opened, StartError> {
    config.check()?;
    let url = database_url(config)?;
    if config.is_embedded() {
        set_up(config, &random)?;
    } else if backend::needs_migration(&url)? {
        return Err(StartError::NeedsMigration);
    }
    let service = load_keys(config, &url, lost)?;
    let host = host_of(config, address);
    let origin = examine_history(config, &url, &service, lost, host)?;
    make_directory(config.high_water.parent())?;
    let stated = config.clock.as_ref().map(|clock| ClockStatement {
        source: clock.source.clone(),
        error_ms: clock.error_ms,
    });
    let issuer = config.public_url.clone();
    let issuer = issuer.unwrap_or_else(|| address.to_owned());
    let token_key = TokenKey::from_pem(&service.token_pem).map_err(|cause| keys::Error::Key {
        path: ServicePurpose::Token.file(&config.keys_dir),
        cause,
    })?;
    let in_use = |purpose| (purpose, service.public(purpose).clone());
    let in_use = ServicePurpose::ALL.map(in_use).to_vec();
    let signer = Arc::new(LogSigner::new(service.receipt, service.log, origin, stated));
    let db = Db::open(storage::Options {
        url,
        readers: config.readers,
        clock: clock.clone(),
        signer: Arc::clone(&signer),
        high_water: config.high_water.clone(),
    })?;
    let secret = service.secret;
    let exchange = Exchange::new(
        db.clone(),
        signer,
        clock,
        random,
        issuer,
        &token_key,
        &secret,
    );
    let exchange = exchange.anchored(anchors(config)?);
    let exchange = exchange.reminding(reminder_days(config)?);
    let exchange = exchange.comparing(requirement_sets(config)?);
    let exchange = exchange.keeping(Retention {
        events_years: config.retention.events_years,
        letters_years: config.retention.letters_years,
    });
    if lost.is_none() {
        exchange.record_service_keys(in_use)?;
    }
    Ok(Opened {
        exchange: Arc::new(exchange),
        db,
        secret,
    })
}

/// When requests are reminded of.
fn reminder_days(config: &Config) -> Result<ReminderDays, ConfigError> {
    ReminderDays::new(config.reminder_days.clone()).map_err(|error| ConfigError::Setting {
        setting: "reminder_days",
        cause: error.to_string(),
    })
}

/// Refuses a database that the keys, the settings or the high-water file do not belong to. Answers the log's name.
fn examine_history(
    config: &Config,
    url: &DatabaseUrl,
    service: &ServiceKeys,
    lost: Option<ServicePurpose>,
    host: &str,
) -> Result<String, StartError> {
    // Before the database, so that another process that appends meanwhile does not make it seem ahead.
    let high_water = HighWater::read(&config.high_water)?;
    let connection = &mut backend::open(url)?;
    let named = log_name(connection)?;
    if let (Some(log), Some(setting)) = (&named, &config.log_name)
        && log != setting
    {
        return Err(StartError::OtherName {
            setting: setting.clone(),
            log: log.clone(),
        });
    }
    high_water.compare(connection)?;
    let purposes = ServicePurpose::ALL.into_iter();
    for purpose in purposes.filter(|purpose| lost != Some(*purpose)) {
        examine_key(config, service, purpose, connection)?;
    }
    if !high_water.exists() && storage::log::leaves(connection)? > 0 {
        let path = config.high_water.display();
        tracing::warn!(%path, "there is no high-water file yet: the database is taken for whole as it is");
    }
    let setting = config.log_name.clone();
    Ok(named.or(setting).unwrap_or_else(|| host.to_owned()))
}

fn examine_key(
    config: &Config,
    service: &ServiceKeys,
    purpose: ServicePurpose,
    connection: &mut DbConnection,
) -> Result<(), StartError> {
    let found = service.public(purpose).thumbprint();
    let Some(in_use) = service_key_in_use(connection, purpose)? else {
        return Ok(());
    };
    if in_use == found.as_str() {
        return Ok(());
    }
    let prepared = keys::prepared(&config.keys_dir, purpose)?;
    if prepared.is_some_and(|key| key.thumbprint().as_str() == in_use) {
        return Err(StartError::Interrupted(purpose.as_str()));
    }
    Err(StartError::OtherKey {
        path: purpose.file(&config.keys_dir),
        purpose: purpose.as_str(),
        found: found.as_str().to_owned(),
        in_use,
    })
}

fn load_keys(
    config: &Config,
    url: &DatabaseUrl,
    lost: Option<ServicePurpose>,
) -> Result<ServiceKeys, StartError> {
    match ServiceKeys::load_with_prepared(&config.keys_dir, lost) {
        Err(keys::Error::File { cause, .. })
            if cause.kind() == io::ErrorKind::NotFound && backend::has_history(url)? =>
        {
            Err(StartError::KeysLost(config.keys_dir.display().to_string()))
        }
        loaded => Ok(loaded?),
    }
}

/// The address of the database, as the settings have it.
pub fn database_url(config: &Config) -> Result<DatabaseUrl, ConfigError> {
    config
        .database
        .parse()
        .map_err(|error: backend::NotADatabaseUrl| ConfigError::Setting {
            setting: "database",
            cause: error.to_string(),
        })
}

fn make_directory(directory: Option<&Path>) -> Result<(), StartError> {
    match directory.filter(|directory| !directory.as_os_str().is_empty()) {
        Some(directory) => std::fs::create_dir_all(directory)
            .map_err(StartError::io(directory.display().to_string())),
        None => Ok(()),
    }
}

pub(super) fn default_address(listen: SocketAddr) -> String {
    format!("http://{listen}")
}

/// What a new log is called where nothing else says it.
fn host_of<'a>(config: &'a Config, address: &'a str) -> &'a str {
    let issuer = config.public_url.as_deref().unwrap_or(address);
    issuer.split("://").last().unwrap_or_default()
}
