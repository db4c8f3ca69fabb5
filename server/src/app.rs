//! The composition root: settings in, a service out. `main`, the demo and the tests all build it here.
//!
//! [`build`] opens everything and binds the port; [`Application::run`] serves until a signal; [`Application::start`]
//! serves on a thread of its own for whoever wants to go on. What must be right before anything is opened is asked in
//! `app/open.rs`; `app/rotate.rs` exchanges a key of the service.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use actix_web::dev::{Server, ServerHandle};
use actix_web::{App, HttpServer, web};
use tokio::sync::watch;

use crate::api;
use crate::clock::Clock;
use crate::config::{Config, ConfigError};
use crate::exchange::{Exchange, HighWaterError, Random};
use crate::jobs::{Jobs, Postman, REST};
use crate::keys;
use crate::mail::PostOfficeError;
use crate::pages;
use crate::storage;
pub use anchors::anchors;
use open::{Opened, default_address, open};
pub use open::{database_url, examine, open_exchange, set_up};
pub use requirement_sets::requirement_sets;
pub use rotate::{Rotated, rotate_key};

mod anchors;
mod mail;
mod open;
mod requirement_sets;
mod rotate;

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
    /// Letters cannot leave as the settings say.
    #[error(transparent)]
    Mail(#[from] PostOfficeError),
    /// Key files are missing although the log has receipts signed with them.
    #[error(
        "key files are missing in {0}, but the log holds receipts signed with them: bring them back from the backup. \
         One that is lost for good is replaced by `kaiji admin rotate-key receipt|log|token --lost`"
    )]
    KeysLost(String),
    /// The database is not the one, or not all of it, that answers were given from.
    #[error(transparent)]
    HighWater(#[from] HighWaterError),
    /// The log has another name.
    #[error(
        "`log_name` is {setting}, but the log in the database is {log}, and receipts and checkpoints bear that name: set \
         `log_name` to it or leave it out"
    )]
    OtherName {
        /// The setting.
        setting: String,
        /// The name of the database's log.
        log: String,
    },
    /// A key file holds another key than the log says is in use.
    #[error(
        "{path} holds the key {found}, but the log says that {in_use} is in use: bring the right file back from the \
         backup. If that key is lost for good, `kaiji admin rotate-key {purpose} --lost` begins to use another"
    )]
    OtherKey {
        /// The file.
        path: PathBuf,
        /// What the key is for.
        purpose: &'static str,
        /// The thumbprint of the key in the file.
        found: String,
        /// The thumbprint of the key that should be in it.
        in_use: String,
    },
    /// The log says that the prepared key is in use, and it is not in its place yet.
    #[error(
        "the rotation of the {0} key was interrupted: run `kaiji admin rotate-key {0}` once more, which completes it"
    )]
    Interrupted(&'static str),
    /// A key is to be exchanged under a service that uses it.
    #[error(
        "something listens on {0}: stop the service, and every other instance, before a key is exchanged"
    )]
    StillServing(SocketAddr),
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

/// A service that is ready to serve: everything is open and the port is bound.
pub struct Application {
    server: Server,
    metrics: Option<Server>,
    exchange: Arc<Exchange>,
    postman: Postman,
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
    let Opened {
        exchange,
        db,
        secret,
    } = open(config, clock, random, &url, None)?;
    let postman = Postman::of(mail::post_office(config, exchange.issuer())?);
    let state = web::Data::new(api::State::new(
        Arc::clone(&exchange),
        &secret,
        config.behind_proxy,
    ));
    let shown = web::Data::new(pages::State::new(
        Arc::clone(&exchange),
        config.behind_proxy,
    ));
    let metrics = web::Data::new(api::Metrics::new(db));
    let counted = metrics.clone();
    let mut server = HttpServer::new(move || {
        App::new()
            .configure(pages::configure(shown.clone()))
            .configure(api::configure(state.clone(), counted.clone()))
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
        postman,
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
        let jobs = Jobs::new(Arc::clone(&self.exchange), self.postman);
        let jobs = tokio::spawn(jobs.run(stopped));
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
        write_what_waits(&self.exchange);
        served
    }

    /// Serves on a thread of its own and goes on. Nothing is worked on by itself: call [`Running::step_jobs`].
    pub fn start(self) -> io::Result<Running> {
        let (started, handle) = mpsc::sync_channel(1);
        let (exchange, url) = (self.exchange, self.url);
        let jobs = Jobs::new(Arc::clone(&exchange), self.postman);
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
            jobs,
            url,
            handle,
            thread,
        })
    }
}

/// A service that serves on a thread of its own.
pub struct Running {
    exchange: Arc<Exchange>,
    jobs: Jobs,
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
        self.exchange.flush_audit_trail()?;
        let mut steps = 0;
        while self.jobs.step()? {
            steps += 1;
        }
        Ok(steps)
    }

    /// How many letters wait to be sent.
    pub fn unsent_letters(&self) -> Result<i64, storage::Error> {
        self.exchange.unsent_letters()
    }

    /// Ends it: no new connections, those that are open finish.
    pub fn stop(self) -> io::Result<()> {
        drop(self.handle.stop(true));
        self.wait()
    }

    /// Works on what is to be done by itself, until something else (a signal) ends it.
    pub fn work(self) -> io::Result<()> {
        while !self.thread.is_finished() {
            if let Err(error) = self.step_jobs() {
                tracing::warn!(%error, "a job could not be done and is tried again");
            }
            std::thread::sleep(REST);
        }
        self.wait()
    }

    /// Waits until something else (a signal) ends it.
    pub fn wait(self) -> io::Result<()> {
        let served = self
            .thread
            .join()
            .map_err(|_| io::Error::other("the server's thread panicked"))?;
        write_what_waits(&self.exchange);
        served
    }
}

/// The end of an orderly stop: no request is open any more, and the audit trail gets the last of them.
fn write_what_waits(exchange: &Exchange) {
    if let Err(error) = exchange.flush_audit_trail() {
        tracing::error!(%error, "the last entries of the audit trail are lost");
    }
}
