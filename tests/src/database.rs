//! Databases for one test each: a file in a temporary directory, or a database on the PostgreSQL that
//! `tests/with-postgres` names. Both are gone afterwards.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use diesel::{PgConnection, SqliteConnection, sql_query};

/// A database and a directory for what belongs to it.
pub struct Database {
    directory: PathBuf,
    url: String,
    /// Where and as what it was created, if on a server.
    created: Option<(String, String)>,
    /// The role that the service works as, where that is not the owner.
    role: Option<String>,
}

impl Database {
    /// A file in a directory of its own.
    pub fn sqlite() -> Self {
        let directory = new_directory();
        let url = format!("sqlite:{}", directory.join("kaiji.sqlite").display());
        Self {
            directory,
            url,
            created: None,
            role: None,
        }
    }

    /// A database of its own on the server that `KAIJI_TEST_POSTGRES` names.
    pub fn postgres() -> Self {
        let server = server();
        let name = unique_name();
        run(&server, &format!("CREATE DATABASE {name}"));
        let (before, _) = server
            .rsplit_once('/')
            .expect("a database in KAIJI_TEST_POSTGRES");
        Self {
            directory: new_directory(),
            url: format!("{before}/{name}"),
            created: Some((server, name)),
            role: None,
        }
    }

    /// The same, for a service that works as a role of its own, which [`Database::grant`] lets in.
    pub fn postgres_with_role() -> Self {
        let mut database = Self::postgres();
        let role = format!("{}_service", unique_name());
        database.administer(&format!("CREATE ROLE {role} LOGIN"));
        database.role = Some(role);
        database
    }

    /// Grants the role, if there is one, what `docs/postgres-role.sql` grants.
    pub fn grant(&self) {
        let Some(role) = &self.role else { return };
        let grants = include_str!("../../docs/postgres-role.sql").replace(":\"role\"", role);
        self.execute(&grants)
            .unwrap_or_else(|error| panic!("docs/postgres-role.sql: {error}"));
    }

    /// Its address for the service: with the role, if there is one.
    pub fn service_url(&self) -> String {
        let Some(role) = &self.role else {
            return self.url.clone();
        };
        let (_, host) = self
            .url
            .split_once('@')
            .expect("a user in KAIJI_TEST_POSTGRES");
        format!("postgres://{role}@{host}")
    }

    /// Runs a statement about this database, whose name stands in it as `{name}`, on its server but not in it.
    pub fn administer(&self, sql: &str) {
        let (server, name) = self.created.as_ref().expect("a database on a server");
        run(server, &sql.replace("{name}", name));
    }

    /// Rows of this database, whichever it is.
    pub fn rows<T>(&self, sql: &str) -> Vec<T>
    where
        T: QueryableByName<Sqlite> + QueryableByName<Pg> + 'static,
    {
        let rows = match self.url.strip_prefix("sqlite:") {
            Some(file) => sql_query(sql).load(&mut patient(file)),
            None => sql_query(sql).load(&mut PgConnection::establish(&self.url).unwrap()),
        };
        rows.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Runs a statement in this database, as its owner.
    pub fn execute(&self, sql: &str) -> QueryResult<()> {
        match self.url.strip_prefix("sqlite:") {
            Some(file) => patient(file).batch_execute(sql),
            None => PgConnection::establish(&self.url)
                .unwrap()
                .batch_execute(sql),
        }
    }

    /// Its address, as the setting `database` has it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// For the service's keys, and the file of an embedded database.
    pub fn directory(&self) -> &Path {
        &self.directory
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.created {
            run(server, &format!("DROP DATABASE {name} WITH (FORCE)"));
            if let Some(role) = &self.role {
                run(server, &format!("DROP ROLE {role}"));
            }
        }
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// A connection that waits for the service's.
fn patient(file: &str) -> SqliteConnection {
    let mut connection = SqliteConnection::establish(file).unwrap();
    let patience = "PRAGMA busy_timeout = 5000";
    connection.batch_execute(patience).unwrap();
    connection
}

fn unique_name() -> String {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    format!("kaiji_test_{}_{number}", std::process::id())
}

fn new_directory() -> PathBuf {
    let directory = std::env::temp_dir().join(unique_name());
    std::fs::create_dir_all(&directory).expect("a temporary directory");
    directory
}

#[allow(
    clippy::disallowed_methods,
    reason = "tests/with-postgres speaks through the environment"
)]
fn server() -> String {
    std::env::var("KAIJI_TEST_POSTGRES").unwrap_or_else(|_| {
        panic!("half of these tests need PostgreSQL: run `tests/with-postgres cargo test -p kaiji-tests`")
    })
}

fn run(server: &str, sql: &str) {
    let mut connection = PgConnection::establish(server)
        .unwrap_or_else(|error| panic!("KAIJI_TEST_POSTGRES: {error}"));
    connection
        .batch_execute(sql)
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}
