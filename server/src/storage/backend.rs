//! What differs between SQLite and PostgreSQL: connecting, pragmas, how a write begins, migrations.
//!
//! The rest of `storage` speaks to [`DbConnection`] and does not know which of the two it has.

use std::collections::BTreeSet;
use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::r2d2::{ManageConnection, R2D2Connection};
use diesel::sql_types::{BigInt, Binary, Text};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use kaiji_schema::Digest;
use kaiji_schema::audit::Trail;
use kaiji_schema::log::Frontier;

use super::Error;

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations/postgres");

pub use connection::DbConnection;

mod connection {
    #![allow(
        missing_docs,
        reason = "the derive makes items that it does not document"
    )]

    use diesel::{PgConnection, SqliteConnection};

    /// A connection to either database.
    #[derive(diesel::MultiConnection)]
    pub enum DbConnection {
        /// Embedded.
        Sqlite(SqliteConnection),
        /// Over the network.
        Postgres(PgConnection),
    }
}

/// How long a change waits for another program's lock on a SQLite file before the database counts as unavailable.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs a query on the connection's own kind: through the enum, diesel writes its SQL anew each time.
macro_rules! directly {
    ($connection:expr, |$own:ident| $run:expr) => {
        match $connection {
            $crate::storage::DbConnection::Sqlite($own) => $run,
            $crate::storage::DbConnection::Postgres($own) => $run,
        }
    };
}
pub(super) use directly;

/// Inserts a row; through the enum, SQLite would also parse each INSERT anew.
macro_rules! insert {
    ($connection:expr, $table:expr, $row:expr) => {
        $crate::storage::backend::directly!($connection, |own| {
            diesel::insert_into($table).values($row).execute(own)
        })
    };
}
pub(super) use insert;

/// Where the database is: `sqlite:PATH` or `postgres://…`.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file, with what may be set about it: `sqlite:PATH?max_page_count=N&busy_timeout_ms=N`.
    Sqlite {
        /// The file.
        path: PathBuf,
        /// The most pages that the file may have; unlimited without it.
        max_page_count: Option<u32>,
        /// How long a change waits for another program's lock.
        busy_timeout: Duration,
    },
    /// A libpq connection string.
    Postgres(String),
}

/// Shows no password: the address of a PostgreSQL database may contain one.
impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path, .. } => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(_) => f.write_str("postgres://…"),
        }
    }
}

/// The address of a database could not be understood.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not an address of a database: write sqlite:PATH or postgres://USER@HOST/NAME")]
pub struct NotADatabaseUrl(String);

impl FromStr for DatabaseUrl {
    type Err = NotADatabaseUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        let refuse = || NotADatabaseUrl(text.to_owned());
        let rest = text.strip_prefix("sqlite:").ok_or_else(refuse)?;
        let (path, settings) = rest.split_once('?').unwrap_or((rest, ""));
        let path = Path::new(path.strip_prefix("//").unwrap_or(path));
        if path.as_os_str().is_empty() {
            return Err(refuse());
        }
        let (mut pages, mut timeout) = (None, BUSY_TIMEOUT);
        for setting in settings.split('&').filter(|setting| !setting.is_empty()) {
            let (name, value) = setting.split_once('=').ok_or_else(refuse)?;
            let value: u32 = value.parse().map_err(|_| refuse())?;
            match name {
                "max_page_count" => pages = Some(value),
                "busy_timeout_ms" => timeout = Duration::from_millis(value.into()),
                _ => return Err(refuse()),
            }
        }
        Ok(Self::Sqlite {
            path: path.to_owned(),
            max_page_count: pages,
            busy_timeout: timeout,
        })
    }
}

impl DatabaseUrl {
    /// The embedded database in `path`.
    pub fn sqlite(path: &Path) -> Self {
        Self::Sqlite {
            path: path.to_owned(),
            max_page_count: None,
            busy_timeout: BUSY_TIMEOUT,
        }
    }
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// Opens a connection. SQLite's are set so that a commit is on the disk when it returns.
pub(super) fn establish(url: &DatabaseUrl, access: Access) -> Result<DbConnection, Error> {
    match url {
        DatabaseUrl::Sqlite {
            path,
            max_page_count,
            busy_timeout,
        } => {
            let mut sqlite =
                SqliteConnection::establish(&path.to_string_lossy()).map_err(unavailable)?;
            let patience = busy_timeout.as_millis();
            sqlite.batch_execute(&format!(
                "PRAGMA busy_timeout = {patience}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                 PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;",
            ))?;
            if access == Access::Read {
                sqlite.batch_execute("PRAGMA query_only = ON;")?;
            }
            if let Some(pages) = max_page_count {
                sqlite.batch_execute(&format!("PRAGMA max_page_count = {pages};"))?;
            }
            Ok(DbConnection::Sqlite(sqlite))
        }
        DatabaseUrl::Postgres(url) => {
            let mut postgres = PgConnection::establish(url).map_err(unavailable)?;
            postgres.batch_execute(
                "SET TIME ZONE 'UTC'; SET client_min_messages = warning; \
                 SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '30s';",
            )?;
            Ok(DbConnection::Postgres(postgres))
        }
    }
}

fn unavailable(error: impl fmt::Display) -> Error {
    Error::Unavailable(error.to_string())
}

/// Begins a transaction that will write. On SQLite it takes the write lock at once, so that it never has to be given
/// up half way because another connection wrote first.
pub(super) fn begin_write(connection: &mut DbConnection) -> Result<(), Error> {
    match connection {
        DbConnection::Sqlite(sqlite) => {
            AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")?;
        }
        DbConnection::Postgres(postgres) => AnsiTransactionManager::begin_transaction(postgres)?,
    }
    Ok(())
}

/// The head of the log as it is now: size, time of the last receipt, number of the last event, end of the audit trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) size: i64,
    pub(super) last_received_at: i64,
    pub(super) last_event: i64,
    pub(super) audit: Trail,
}

impl Head {
    /// How many leaves the log has.
    pub(super) fn leaves(self) -> Result<u64, Error> {
        u64::try_from(self.size).map_err(|_| Error::Corrupt(format!("a log of {}", self.size)))
    }

    /// The right edge of the tree, read from its bytes.
    pub(super) fn frontier(self, bytes: &[u8]) -> Result<Frontier, Error> {
        let broken =
            || Error::Corrupt("the edge of the log's tree is not that of its size".to_owned());
        Frontier::from_bytes(self.leaves()?, bytes).ok_or_else(broken)
    }
}

#[derive(QueryableByName)]
struct HeadRow {
    #[diesel(sql_type = BigInt)]
    size: i64,
    #[diesel(sql_type = BigInt)]
    last_received_at: i64,
    #[diesel(sql_type = BigInt)]
    last_event: i64,
    #[diesel(sql_type = BigInt)]
    audit_size: i64,
    #[diesel(sql_type = Text)]
    audit_head: String,
    #[diesel(sql_type = Binary)]
    frontier: Vec<u8>,
}

/// The end of the audit trail, as `log_head` keeps it.
pub(super) fn trail(size: i64, head: &str) -> Result<Trail, Error> {
    let broken = || Error::Corrupt("the end of the audit trail".to_owned());
    Ok(Trail {
        entries: u64::try_from(size).map_err(|_| broken())?,
        head: head.parse::<Digest>().map_err(|_| broken())?,
    })
}

/// Reads the head of the log, and the right edge of its tree, and keeps every other writer out until this transaction
/// ends.
///
/// On PostgreSQL updating the one row is the lock, and instances take turns; on SQLite `BEGIN IMMEDIATE` was.
pub(super) fn lock_head(connection: &mut DbConnection) -> Result<(Head, Vec<u8>), Error> {
    let row: HeadRow = match connection {
        DbConnection::Sqlite(sqlite) => diesel::sql_query(
            "SELECT size, last_received_at, last_event, audit_size, audit_head, frontier \
             FROM log_head WHERE id = 1",
        )
        .get_result(sqlite)?,
        DbConnection::Postgres(postgres) => diesel::sql_query(
            "UPDATE log_head SET size = size WHERE id = 1 \
             RETURNING size, last_received_at, last_event, audit_size, audit_head, frontier",
        )
        .get_result(postgres)?,
    };
    let head = Head {
        size: row.size,
        last_received_at: row.last_received_at,
        last_event: row.last_event,
        audit: trail(row.audit_size, &row.audit_head)?,
    };
    Ok((head, row.frontier))
}

/// Opens a database that is there already, to look at it.
pub fn open(url: &DatabaseUrl) -> Result<DbConnection, Error> {
    Source::new(url.clone())?.connect(Access::Read)
}

/// Runs several queries on the database as it is at one moment, whoever writes meanwhile.
pub fn at_one_moment<T, E: From<Error>>(
    connection: &mut DbConnection,
    read: impl FnOnce(&mut DbConnection) -> Result<T, E>,
) -> Result<T, E> {
    type Transactions = <DbConnection as Connection>::TransactionManager;
    let begun = match connection {
        // The first query takes the moment.
        DbConnection::Sqlite(sqlite) => AnsiTransactionManager::begin_transaction(sqlite),
        DbConnection::Postgres(postgres) => AnsiTransactionManager::begin_transaction_sql(
            postgres,
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        ),
    };
    begun.map_err(Error::from)?;
    let outcome = read(connection);
    // Nothing was written that could be lost.
    drop(Transactions::rollback_transaction(connection));
    outcome
}

/// Whether the log has a leaf already; `false` where there are no tables yet.
pub fn has_history(url: &DatabaseUrl) -> Result<bool, Error> {
    if needs_migration(url)? {
        return Ok(false);
    }
    Ok(super::log::size(&mut establish(url, Access::Write)?)? > 0)
}

/// Brings the tables to this version. Answers the names of the migrations that it ran.
pub fn migrate(url: &DatabaseUrl) -> Result<Vec<String>, Error> {
    let ran = match establish(url, Access::Write)? {
        DbConnection::Sqlite(mut sqlite) => {
            names(&sqlite.run_pending_migrations(SQLITE_MIGRATIONS))
        }
        DbConnection::Postgres(mut postgres) => {
            names(&postgres.run_pending_migrations(POSTGRES_MIGRATIONS))
        }
    };
    ran.map_err(Error::Unavailable)
}

/// Whether the tables are older than this version.
pub fn needs_migration(url: &DatabaseUrl) -> Result<bool, Error> {
    let pending = match establish(url, Access::Write)? {
        DbConnection::Sqlite(mut sqlite) => sqlite.has_pending_migration(SQLITE_MIGRATIONS),
        DbConnection::Postgres(mut postgres) => return lacks_migrations(&mut postgres),
    };
    pending.map_err(unavailable)
}

#[derive(QueryableByName)]
struct Migrated {
    #[diesel(sql_type = Text)]
    version: String,
}

/// The same, asked without making the table that keeps the versions: a role that only serves may make none.
fn lacks_migrations(postgres: &mut PgConnection) -> Result<bool, Error> {
    let kept = "SELECT relname::text AS version FROM pg_class WHERE oid = to_regclass('__diesel_schema_migrations')";
    let kept: Vec<Migrated> = diesel::sql_query(kept).load(postgres)?;
    if kept.is_empty() {
        return Ok(true);
    }
    let ran = "SELECT version::text AS version FROM __diesel_schema_migrations";
    let ran: Vec<Migrated> = diesel::sql_query(ran).load(postgres)?;
    let ran: BTreeSet<String> = ran.into_iter().map(|row| row.version).collect();
    let known = MigrationSource::<Pg>::migrations(&POSTGRES_MIGRATIONS).map_err(unavailable)?;
    let ran = |migration: &dyn Migration<Pg>| ran.contains(&migration.name().version().to_string());
    Ok(!known.iter().all(|migration| ran(migration.as_ref())))
}

fn names<V: fmt::Display, E: fmt::Display>(ran: &Result<Vec<V>, E>) -> Result<Vec<String>, String> {
    match ran {
        Ok(versions) => Ok(versions.iter().map(ToString::to_string).collect()),
        Err(error) => Err(error.to_string()),
    }
}

/// A database that is in use: its address and, for SQLite, which file it was when it was opened.
///
/// A file that is removed or replaced stays open, and rows written to it would be found by nobody; so it is looked at
/// before each use.
#[derive(Clone)]
pub(super) struct Source {
    url: DatabaseUrl,
    file: Option<FileId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

impl Source {
    /// The database at that address, whose tables exist already.
    pub(super) fn new(url: DatabaseUrl) -> Result<Self, Error> {
        let file = file_id(&url)?;
        Ok(Self { url, file })
    }

    /// Whether the file is still the one that was opened.
    pub(super) fn check(&self) -> Result<(), Error> {
        if file_id(&self.url)? == self.file {
            return Ok(());
        }
        let what = "its file was replaced while it was in use: restart the service";
        Err(Error::Unavailable(what.to_owned()))
    }

    pub(super) fn connect(&self, access: Access) -> Result<DbConnection, Error> {
        self.check()?;
        establish(&self.url, access)
    }

    /// Whether connections cross a network and may have died unnoticed.
    pub(super) fn is_remote(&self) -> bool {
        matches!(self.url, DatabaseUrl::Postgres(_))
    }
}

fn file_id(url: &DatabaseUrl) -> Result<Option<FileId>, Error> {
    let DatabaseUrl::Sqlite { path, .. } = url else {
        return Ok(None);
    };
    let file = std::fs::metadata(path)
        .map_err(|error| Error::Unavailable(format!("{}: {error}", path.display())))?;
    Ok(Some(FileId {
        device: file.dev(),
        inode: file.ino(),
    }))
}

/// Opens connections for the pool.
pub(super) struct Manager {
    source: Source,
    access: Access,
}

impl Manager {
    pub(super) fn new(source: Source, access: Access) -> Self {
        Self { source, access }
    }
}

impl ManageConnection for Manager {
    type Connection = DbConnection;
    type Error = Error;

    fn connect(&self) -> Result<DbConnection, Error> {
        self.source.connect(self.access)
    }

    fn is_valid(&self, connection: &mut DbConnection) -> Result<(), Error> {
        Ok(connection.ping()?)
    }

    fn has_broken(&self, connection: &mut DbConnection) -> bool {
        std::thread::panicking() || connection.is_broken()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(QueryableByName)]
    struct CompileOption {
        #[diesel(sql_type = Text)]
        compile_options: String,
    }

    /// Cargo looks for `.cargo/config.toml` from the directory that it is run in, and keeps a SQLite that it built
    /// without it.
    #[test]
    fn sqlite_is_built_as_the_cargo_configuration_says() {
        let mut sqlite = SqliteConnection::establish(":memory:").unwrap();
        let options: Vec<CompileOption> = diesel::sql_query("PRAGMA compile_options")
            .load(&mut sqlite)
            .unwrap();
        let has = |name: &str| options.iter().any(|option| option.compile_options == name);
        assert!(
            has("ENABLE_QPSG") && has("DEFAULT_MEMSTATUS=0"),
            "run `cargo clean -p libsqlite3-sys` and cargo from the directory of the project"
        );
        assert!(!has("ENABLE_MEMORY_MANAGEMENT") && !has("ENABLE_API_ARMOR"));
    }
}
