//! A service as production builds it, for one test.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use kaiji::actor::OrganisationKind;
use kaiji::app::{self, Running};
use kaiji::clock::Clock;
use kaiji::config::Config;
use kaiji::exchange::{NewClient, Random};
use kaiji_schema::log::{Checkpoint, Note};
use serde_json::Value;

use crate::actors::{Client, Institution, Operator, Vendor, scopes_of};
use crate::audit::AuditEntry;
use crate::database::Database;
use crate::documents::new_key;
use crate::http::Call;
use crate::letters::{self, Letter};
use crate::program::run_on;

/// When every test begins.
const START: &str = "2026-11-21T00:00:00Z";

/// Randomness of the operating system, as `main` hands it in.
#[allow(clippy::disallowed_methods, reason = "a test is a composition root")]
pub(crate) fn random() -> Random {
    Arc::new(ring::rand::SystemRandom::new())
}

/// Where a service is, and what time it is there.
#[derive(Clone)]
pub struct Site {
    agent: ureq::Agent,
    url: String,
    clock: Clock,
}

impl Site {
    pub(crate) fn new(url: &str, clock: Clock) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            // An idle connection would have to be waited for at the end.
            .max_idle_connections(0)
            .build()
            .new_agent();
        Self {
            agent,
            url: url.to_owned(),
            clock,
        }
    }

    /// A request to a path of the service, with nobody's token.
    pub fn call(&self, method: &'static str, path: &str) -> Call {
        Call::new(&self.agent, method, &format!("{}{path}", self.url))
    }

    /// What the service's clock shows.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The service's public address: its name as an issuer.
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// A service that runs on a database of its own, at a time of its own.
pub struct TestApp {
    site: Site,
    operator: Operator,
    /// `None` once it is stopped.
    running: Option<Running>,
    database: Database,
}

impl TestApp {
    /// On SQLite.
    pub fn sqlite() -> Self {
        Self::with(Database::sqlite(), |_| ())
    }

    /// On PostgreSQL.
    pub fn postgres() -> Self {
        Self::with(Database::postgres(), |_| ())
    }

    /// On PostgreSQL, as a role that may do no more than `docs/postgres-role.sql` lets it.
    pub fn postgres_with_role() -> Self {
        Self::with(Database::postgres_with_role(), |_| ())
    }

    /// On that database, with settings of its own.
    pub fn with(database: Database, set: impl FnOnce(&mut Config)) -> Self {
        let mut config = config_of(&database);
        set(&mut config);
        let clock = Clock::fixed(START.parse().unwrap());
        app::set_up(&config, &random()).unwrap();
        database.grant();
        config.database = database.service_url();
        let built = app::build(&config, clock.clone(), random()).unwrap();
        let running = built.start().unwrap();
        let site = Site::new(running.url(), clock);
        let operator = first_operator(&running, &site);
        Self {
            site,
            operator,
            running: Some(running),
            database,
        }
    }

    /// Why a service with these settings does not start on that database.
    pub fn refused(database: &Database, set: impl FnOnce(&mut Config)) -> String {
        let mut config = config_of(database);
        set(&mut config);
        let built = app::build(&config, Clock::fixed(START.parse().unwrap()), random());
        built.err().expect("a refusal").to_string()
    }

    /// Stops the service in good order; its database is still there.
    pub fn stop(&mut self) -> &Database {
        self.running.take().unwrap().stop().unwrap();
        &self.database
    }

    /// Everything in the audit trail, also what waited in memory.
    pub fn audit_trail(&self) -> Vec<AuditEntry> {
        let running = self.running.as_ref().unwrap();
        running.exchange().flush_audit_trail().unwrap();
        AuditEntry::all(&self.database)
    }

    /// Verifies the whole audit trail; answers what is wrong with it, or how many of its days are closed.
    pub fn verify_audit_trail(&self) -> Result<u64, String> {
        let running = self.running.as_ref().unwrap();
        let verified = running.exchange().verify_audit_trail();
        verified
            .map(|found| found.days)
            .map_err(|error| error.to_string())
    }

    /// Where it is.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// Another instance on the same database, with the same keys, name and clock and a high-water file of its own.
    pub fn another(&self, name: &str) -> Instance {
        self.another_with(name, |_| ())
    }

    /// The same, with settings of its own.
    pub fn another_with(&self, name: &str, set: impl FnOnce(&mut Config)) -> Instance {
        let high_water = self.database.directory().join(name);
        let mut config = Config {
            public_url: Some(self.site.url.clone()),
            high_water: high_water.clone(),
            ..config_of(&self.database)
        };
        set(&mut config);
        let built = app::build(&config, self.site.clock.clone(), random()).unwrap();
        let running = built.start().unwrap();
        Instance {
            site: Site::new(running.url(), self.site.clock.clone()),
            running: Some(running),
            high_water,
        }
    }

    /// What its high-water file notes.
    pub fn noted(&self) -> Checkpoint {
        noted(&config_of(&self.database).high_water)
    }

    /// What `kaiji log verify` says of its database, which must be that it is whole.
    pub fn verified_log(&self) -> Value {
        let ended = run_on(&self.database, &["log", "verify", "--signatures", "--json"]);
        assert_eq!(ended.status, Some(0), "{ended:?}");
        serde_json::from_str(&ended.stdout).unwrap()
    }

    /// Its database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// A request without a token, under `/api/v1`.
    pub fn nobody(&self, method: &'static str, path: &str) -> Call {
        self.site.call(method, &format!("/api/v1{path}"))
    }

    /// The operator.
    pub fn operator(&self) -> &Operator {
        &self.operator
    }

    /// A vendor with a client and an active ES256 key.
    pub fn vendor(&self, name: &str) -> Vendor {
        self.operator.vendor(name)
    }

    /// A vendor with a client, whose key is not registered yet.
    pub fn vendor_without_key(&self, name: &str) -> Vendor {
        self.operator.vendor_without_key(name)
    }

    /// An institution with a client.
    pub fn institution(&self, name: &str) -> Institution {
        self.operator.institution(name)
    }

    /// A client of the organisation with these scopes.
    pub fn client_of(&self, organisation: &str, scopes: &[&str]) -> Client {
        self.operator.client_of(organisation, scopes)
    }

    /// The operator approves a key.
    pub fn approve(&self, kid: &str) {
        self.operator.approve(kid);
    }

    /// Lets time pass.
    pub fn advance(&self, by: SignedDuration) {
        self.site.clock.advance(by);
    }

    /// The letters that were sent so far, after all work was done; in the order in which they were written.
    pub fn letters(&self) -> Vec<Letter> {
        self.step_jobs();
        letters::in_folder(&config_of(&self.database).mail.folder)
    }

    /// The letters to that address.
    pub fn letters_to(&self, address: &str) -> Vec<Letter> {
        let letters = self.letters().into_iter();
        letters.filter(|letter| letter.to == address).collect()
    }

    /// The one letter to that address.
    pub fn letter_to(&self, address: &str) -> Letter {
        let mut letters = self.letters_to(address);
        assert_eq!(letters.len(), 1, "letters to {address}: {letters:#?}");
        letters.remove(0)
    }

    /// Does all work that the service does by itself.
    pub fn step_jobs(&self) -> usize {
        self.running.as_ref().unwrap().step_jobs().unwrap()
    }
}

fn config_of(database: &Database) -> Config {
    Config {
        database: database.url().to_owned(),
        workers: 1,
        readers: 2,
        ..Config::in_directory(database.directory())
    }
}

fn noted(high_water: &Path) -> Checkpoint {
    let text = std::fs::read_to_string(high_water).unwrap();
    Checkpoint::parse(Note::parse(&text).unwrap().body()).unwrap()
}

/// Another instance of a service.
pub struct Instance {
    site: Site,
    /// `None` once it is stopped.
    running: Option<Running>,
    high_water: PathBuf,
}

impl Instance {
    /// Where it is.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// What its high-water file notes.
    pub fn noted(&self) -> Checkpoint {
        noted(&self.high_water)
    }

    /// Does all work that the service does by itself.
    pub fn step_jobs(&self) -> usize {
        self.running.as_ref().unwrap().step_jobs().unwrap()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let stopped = self.running.take().map(Running::stop);
        if !std::thread::panicking() {
            stopped.transpose().expect("the end of the server");
        }
    }
}

/// A test that ends well leaves nothing undone: its last jobs run through, and the server ends without complaint.
impl Drop for TestApp {
    fn drop(&mut self) {
        let Some(running) = self.running.take() else {
            return;
        };
        let stepped = running.step_jobs();
        let unsent = running.unsent_letters();
        let stopped = running.stop();
        if !std::thread::panicking() {
            stepped.expect("the jobs that were left");
            assert_eq!(
                unsent.expect("the outbox"),
                0,
                "letters that were left unsent"
            );
            stopped.expect("the end of the server");
        }
    }
}

fn first_operator(running: &Running, site: &Site) -> Operator {
    let key = new_key();
    let new = NewClient {
        name: String::from("テスト"),
        key: key.public().clone(),
        scopes: scopes_of(OrganisationKind::Operator)
            .join(" ")
            .parse()
            .unwrap(),
    };
    let created = running.exchange().create_operator("運営者", new).unwrap();
    let client = Client::new(site, &created.organisation, &created.client_id, key);
    Operator::new(client)
}
