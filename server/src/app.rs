//! The composition root: settings in, a service out. `main`, the demo and the tests all build it here.
//!
//! [`build`] opens everything and binds the port; [`Application::run`] serves until a signal; [`Application::start`]
//! serves on a thread of its own for whoever wants to go on.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use actix_web::dev::{Server, ServerHandle};
use actix_web::{App, HttpServer, web};
use jiff::SignedDuration;
use kaiji_schema::receipt::ClockStatement;
use tokio::sync::watch;

use crate::api;
use crate::clock::Clock;
use crate::config::{Config, ConfigError};
use crate::exchange::{Anchors, Authority, Exchange, Random, ServicePurpose, TokenKey};
use crate::jobs;
use crate::keys::{self, LogSigner, ServiceKeys};
use crate::storage::{self, DatabaseUrl, Db, backend};

/// Why a service could not be started. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings make no sense.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database cannot be opened.
    #[error("database: {0}")]
    Storage(#[from] storage::Error),
    /// The tables are of an earlier version.
    #[error("the database is not of this version: run `kaiji migrate --config FILE` first")]
    NeedsMigration,
    /// The service's keys cannot be used.
    #[error("service keys: {0}")]
    Keys(#[from] keys::Error),
    /// Key files are missing although the log has receipts signed with them.
    #[error(
        "key files are missing in {0}, but the log holds receipts signed with them: bring them back from the backup"
    )]
    KeysLost(String),
    /// A port cannot be listened on, or a file not be made.
    #[error("{what}: {cause}")]
    Io {
        /// What was tried.
        what: String,
        /// What the operating system said.
        cause: io::Error,
    },
}

impl StartError {
    fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |cause| Self::Io { what, cause }
    }
}

/// Brings the tables to this version and makes the service's keys where there is no history yet. Answers the names of
/// the migrations that ran.
pub fn set_up(config: &Config, random: &Random) -> Result<Vec<String>, StartError> {
    let url = database_url(config)?;
    if let DatabaseUrl::Sqlite { path, .. } = &url {
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
    open(config, clock, random, &default_address(config.listen)).map(|(exchange, ..)| exchange)
}

/// Who ties the log to others than the operator, as the settings say.
pub fn anchors(config: &Config) -> Result<Anchors, StartError> {
    let settings = config.timestamps.as_ref();
    let authority = settings.map(|settings| {
        let root = settings.root.as_deref().map(certificate).transpose()?;
        Ok::<_, StartError>(Authority {
            url: settings.url.clone(),
            every: SignedDuration::from_hours(settings.every_hours.into()),
            root_pem: root,
        })
    });
    let authority = authority.transpose()?;
    Anchors::new(authority, &config.witnesses).map_err(|error| {
        let (setting, cause) = ("witnesses", error.to_string());
        ConfigError::Setting { setting, cause }.into()
    })
}

/// The PEM of a certificate. What it says is for whoever checks a stamp with it.
fn certificate(path: &Path) -> Result<String, StartError> {
    let pem = std::fs::read_to_string(path).map_err(StartError::io(format!(
        "timestamps.root: {}",
        path.display()
    )))?;
    let begins = pem.contains("-----BEGIN CERTIFICATE-----");
    if begins && !pem.contains("PRIVATE KEY") {
        return Ok(pem);
    }
    let setting = "timestamps.root";
    let cause = "the file must hold the authority's root certificate in PEM, and nothing secret";
    let cause = cause.to_owned();
    Err(ConfigError::Setting { setting, cause }.into())
}

fn open(
    config: &Config,
    clock: Clock,
    random: Random,
    address: &str,
) -> Result<(Arc<Exchange>, Db, [u8; 32]), StartError> {
    config.check()?;
    let url = database_url(config)?;
    if config.is_embedded() {
        set_up(config, &random)?;
    } else if backend::needs_migration(&url)? {
        return Err(StartError::NeedsMigration);
    }
    let service = load_keys(config, &url)?;
    let issuer = config
        .public_url
        .clone()
        .unwrap_or_else(|| address.to_owned());
    let host = issuer.split("://").last().unwrap_or_default().to_owned();
    let stated = config.clock.as_ref();
    let stated = stated.map(|clock| ClockStatement {
        source: clock.source.clone(),
        error_ms: clock.error_ms,
    });
    let receipt_key = service.receipt.public().clone();
    let log_key = service.log.public().clone();
    let token_key = TokenKey::from_pem(&service.token_pem).map_err(|cause| keys::Error::Key {
        path: config.keys_dir.join("token.pem"),
        cause,
    })?;
    let signer = Arc::new(LogSigner::new(
        service.receipt,
        service.log,
        config.log_name.clone().unwrap_or(host),
        stated,
    ));
    let db = Db::open(storage::Options {
        url,
        readers: config.readers,
        clock: clock.clone(),
        signer: Arc::clone(&signer),
    })?;
    let exchange = Exchange::new(db.clone(), signer, clock, random, issuer, &token_key);
    let exchange = exchange.anchored(anchors(config)?);
    exchange.record_service_keys(vec![
        (ServicePurpose::Receipt, receipt_key),
        (ServicePurpose::Log, log_key),
        (ServicePurpose::Token, token_key.public().clone()),
    ])?;
    Ok((Arc::new(exchange), db, service.secret))
}

fn load_keys(config: &Config, url: &DatabaseUrl) -> Result<ServiceKeys, StartError> {
    match ServiceKeys::load(&config.keys_dir) {
        Err(keys::Error::File { cause, .. })
            if cause.kind() == io::ErrorKind::NotFound && backend::has_history(url)? =>
        {
            Err(StartError::KeysLost(config.keys_dir.display().to_string()))
        }
        loaded => Ok(loaded?),
    }
}

fn database_url(config: &Config) -> Result<DatabaseUrl, ConfigError> {
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

fn default_address(listen: SocketAddr) -> String {
    format!("http://{listen}")
}

/// A service that is ready to serve: everything is open and the port is bound.
pub struct Application {
    server: Server,
    metrics: Option<Server>,
    exchange: Arc<Exchange>,
    address: SocketAddr,
    url: String,
}

/// Opens the database, reads the keys, binds the port. With the embedded default it first sets both up.
///
/// Must be called inside an actix or tokio runtime only for [`Application::run`]; building needs none.
pub fn build(config: &Config, clock: Clock, random: Random) -> Result<Application, StartError> {
    let listen = |address| {
        TcpListener::bind(address).map_err(StartError::io(format!("listening on {address}")))
    };
    let listener = listen(config.listen)?;
    let address = listener
        .local_addr()
        .map_err(StartError::io("the address that was bound"))?;
    let url = default_address(address);
    let (exchange, db, secret) = open(config, clock, random, &url)?;
    let state = web::Data::new(api::State::new(Arc::clone(&exchange), &secret));
    let metrics = web::Data::new(api::Metrics::new(db));
    let counted = metrics.clone();
    let mut server = HttpServer::new(move || {
        App::new().configure(api::configure(state.clone(), counted.clone()))
    })
    .shutdown_timeout(10);
    if config.workers > 0 {
        server = server.workers(config.workers);
    }
    let server = server
        .listen(listener)
        .map_err(StartError::io(format!("serving on {address}")))?
        .run();
    let metrics = match config.metrics_listen {
        None => None,
        Some(at) => {
            let served = HttpServer::new(move || {
                App::new().configure(api::configure_metrics(metrics.clone()))
            });
            let served = served.workers(1).disable_signals().listen(listen(at)?);
            Some(
                served
                    .map_err(StartError::io(format!("serving metrics on {at}")))?
                    .run(),
            )
        }
    };
    Ok(Application {
        server,
        metrics,
        exchange,
        address,
        url,
    })
}

impl Application {
    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Where it can be reached from this machine.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The verbs behind it.
    pub fn exchange(&self) -> Arc<Exchange> {
        Arc::clone(&self.exchange)
    }

    /// Serves, and works on what is to be done by itself, until SIGTERM or SIGINT.
    pub async fn run(self) -> io::Result<()> {
        let (stop, stopped) = watch::channel(false);
        let jobs = tokio::spawn(jobs::run(self.exchange, stopped));
        let metrics_handle = self.metrics.as_ref().map(Server::handle);
        let metrics = self.metrics.map(tokio::spawn);
        let served = self.server.await;
        let _ = stop.send(true);
        if let Some(handle) = metrics_handle {
            handle.stop(false).await;
        }
        for task in [Some(jobs)].into_iter().flatten() {
            task.await.map_err(io::Error::other)?;
        }
        if let Some(metrics) = metrics {
            metrics.await.map_err(io::Error::other)??;
        }
        served
    }

    /// Serves on a thread of its own and goes on. Nothing is worked on by itself: call [`Running::step_jobs`].
    pub fn start(self) -> io::Result<Running> {
        let (started, handle) = mpsc::sync_channel(1);
        let (exchange, url) = (self.exchange, self.url);
        let server = self.server;
        let thread = std::thread::Builder::new()
            .name("server".to_owned())
            .spawn(move || {
                actix_web::rt::System::new().block_on(async move {
                    let _ = started.send(server.handle());
                    server.await
                })
            })?;
        let handle = handle.recv().map_err(io::Error::other)?;
        Ok(Running {
            exchange,
            url,
            handle,
            thread,
        })
    }
}

/// A service that serves on a thread of its own.
pub struct Running {
    exchange: Arc<Exchange>,
    url: String,
    handle: ServerHandle,
    thread: JoinHandle<io::Result<()>>,
}

impl Running {
    /// Where it can be reached from this machine.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The verbs behind it.
    pub fn exchange(&self) -> &Arc<Exchange> {
        &self.exchange
    }

    /// Does all work that is to be done by itself, and answers how many steps that took.
    pub fn step_jobs(&self) -> Result<usize, storage::Error> {
        let mut steps = 0;
        while jobs::step(&self.exchange)? {
            steps += 1;
        }
        Ok(steps)
    }

    /// Ends it: no new connections, those that are open finish.
    pub fn stop(self) -> io::Result<()> {
        drop(self.handle.stop(true));
        self.wait()
    }

    /// Waits until something else (a signal) ends it.
    pub fn wait(self) -> io::Result<()> {
        self.thread
            .join()
            .map_err(|_| io::Error::other("the server's thread panicked"))?
    }
}
