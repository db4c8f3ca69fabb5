//! Copies of the whole database, made while it is in use, and brought back into an empty one.
//!
//! SQLite copies itself with `VACUUM INTO`: diesel gives no access to its backup interface, and unsafe code is not
//! written here. PostgreSQL has programs for it, which are started with the password in their environment, where other
//! users do not see it. What a copy must hold is not known here.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::backend::{Access, at_one_moment, establish, open};
use super::{DatabaseUrl, DbConnection, Error};

/// What to do where they are missing.
const PROGRAMS: &str = "install PostgreSQL's client programs (postgresql-client), of the server's version or a later one";

/// Copies the database to a new file, as it is at one moment, and looks at that moment with `examine`.
pub fn copy<T, E: From<Error>>(
    url: &DatabaseUrl,
    to: &Path,
    examine: impl FnOnce(&mut DbConnection) -> Result<T, E>,
) -> Result<T, E> {
    match url {
        DatabaseUrl::Sqlite { .. } => {
            vacuum_into(url, to)?;
            examine(&mut open_copy(to)?)
        }
        DatabaseUrl::Postgres(address) => {
            let connection = &mut open(url)?;
            at_one_moment(connection, |connection| {
                let snapshot = export_snapshot(connection)?;
                let to = to.to_string_lossy();
                let snapshot = format!("--snapshot={snapshot}");
                run(
                    "pg_dump",
                    address,
                    &["--format=custom", &snapshot, "--file", &to],
                )?;
                // Reads all of it.
                let check = ["--file=/dev/null", &to];
                start("pg_restore", Command::new("pg_restore").args(check))?;
                examine(connection)
            })
        }
    }
}

fn vacuum_into(url: &DatabaseUrl, to: &Path) -> Result<(), Error> {
    // Of a database that is there: connecting makes one that is not.
    drop(open(url)?);
    let path = to.to_string_lossy();
    let into = diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(path.as_ref());
    into.execute(&mut establish(url, Access::Write)?)?;
    sync(to)
}

/// Opens a copy without changing it: as a file that nobody writes to.
fn open_copy(path: &Path) -> Result<DbConnection, Error> {
    let path = path.to_string_lossy();
    let escaped = path
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23");
    let copy = SqliteConnection::establish(&format!("file:{escaped}?mode=ro&immutable=1"));
    let copy = copy.map_err(|error| Error::Unavailable(format!("{path}: {error}")))?;
    Ok(DbConnection::Sqlite(copy))
}

#[derive(QueryableByName)]
struct Snapshot {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Names the moment of this transaction, so that a program can look at the same one.
fn export_snapshot(connection: &mut DbConnection) -> Result<String, Error> {
    // However long the program takes.
    diesel::sql_query("SET LOCAL idle_in_transaction_session_timeout = 0").execute(connection)?;
    let named: Snapshot =
        diesel::sql_query("SELECT pg_export_snapshot() AS name").get_result(connection)?;
    Ok(named.name)
}

/// Whether there is nothing that a copy could overwrite.
pub fn is_vacant(url: &DatabaseUrl) -> Result<bool, Error> {
    match url {
        DatabaseUrl::Sqlite { path, .. } => {
            // What was not yet moved from its log into the file is in the log alone.
            for file in [path.clone(), beside(path, "-wal")] {
                match fs::metadata(&file) {
                    Ok(file) if file.len() > 0 => return Ok(false),
                    Err(error) if error.kind() != ErrorKind::NotFound => {
                        return Err(Error::Unavailable(format!("{}: {error}", file.display())));
                    }
                    _ => {}
                }
            }
            Ok(true)
        }
        DatabaseUrl::Postgres(_) => {
            let relations: Count = diesel::sql_query(
                "SELECT count(*) AS count FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND n.nspname <> 'information_schema' \
                 AND n.nspname NOT LIKE 'pg\\_%'",
            )
            .get_result(&mut open(url)?)?;
            Ok(relations.count == 0)
        }
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Brings a copy back into a vacant database.
pub fn bring_back(url: &DatabaseUrl, from: &Path) -> Result<(), Error> {
    match url {
        DatabaseUrl::Sqlite { path, .. } => {
            let partial = beside(path, ".restoring");
            let failed = |error| Error::Unavailable(format!("{}: {error}", path.display()));
            if let Some(directory) = path.parent() {
                fs::create_dir_all(directory).map_err(failed)?;
            }
            fs::copy(from, &partial).map_err(failed)?;
            sync(&partial)?;
            discard(url);
            fs::rename(&partial, path).map_err(failed)
        }
        DatabaseUrl::Postgres(address) => {
            let from = from.to_string_lossy();
            let whole = "--single-transaction";
            let ours = [
                "--no-owner",
                "--no-privileges",
                "--exit-on-error",
                whole,
                &from,
            ];
            run("pg_restore", address, &ours)
        }
    }
}

/// Takes away what [`bring_back`] brought, where that is a file of its own.
pub fn discard(url: &DatabaseUrl) {
    let DatabaseUrl::Sqlite { path, .. } = url else {
        return;
    };
    for suffix in ["", "-wal", "-shm"] {
        drop(fs::remove_file(beside(path, suffix)));
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(suffix);
    PathBuf::from(path)
}

fn sync(path: &Path) -> Result<(), Error> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|error| Error::Unavailable(format!("{}: {error}", path.display())))
}

/// Runs one of PostgreSQL's programs on a database.
fn run(program: &str, address: &str, arguments: &[&str]) -> Result<(), Error> {
    let (address, password) = without_password(address);
    let mut command = Command::new(program);
    command.args(["--no-password", "--dbname", &address]);
    command.args(arguments);
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    start(program, &mut command)
}

fn start(program: &str, command: &mut Command) -> Result<(), Error> {
    let ended = command.stdin(Stdio::null()).output();
    let ended = ended.map_err(|error| match error.kind() {
        ErrorKind::NotFound => Error::Unavailable(format!("{program} is not here: {PROGRAMS}")),
        _ => Error::Unavailable(format!("{program}: {error}")),
    })?;
    if ended.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    let (status, said) = (ended.status, said.trim());
    Err(Error::Unavailable(format!(
        "{program} ended with {status}: {said}"
    )))
}

/// The address without its password, and the password, which others could read among a program's arguments.
fn without_password(address: &str) -> (String, Option<String>) {
    let mut password = None;
    let (rest, query) = address.split_once('?').unwrap_or((address, ""));
    let (scheme, rest) = rest.split_once("://").unwrap_or(("postgres", rest));
    let (authority, path) = rest
        .find('/')
        .map_or((rest, ""), |slash| rest.split_at(slash));
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let user = match user.split_once(':') {
        None => user,
        Some((user, secret)) => {
            password = Some(percent_decoded(secret));
            user
        }
    };
    let mut settings = Vec::new();
    for setting in query.split('&').filter(|setting| !setting.is_empty()) {
        match setting.strip_prefix("password=") {
            Some(secret) => password = Some(percent_decoded(secret)),
            None => settings.push(setting),
        }
    }
    let at = if user.is_empty() { "" } else { "@" };
    let mark = if settings.is_empty() { "" } else { "?" };
    let settings = settings.join("&");
    (
        format!("{scheme}://{user}{at}{host}{path}{mark}{settings}"),
        password,
    )
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend(before.as_bytes());
        let byte = after.get(..2).map(|digits| u8::from_str_radix(digits, 16));
        if let Some(Ok(byte)) = byte {
            bytes.push(byte);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(b'%');
            rest = after;
        }
    }
    bytes.extend(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_does_not_reach_the_arguments_of_a_program() {
        let with = "postgres://kaiji:p%40ss:w%2Frd@db.internal:5433/kaiji?sslmode=verify-full";
        let (address, password) = without_password(with);
        assert_eq!(
            address,
            "postgres://kaiji@db.internal:5433/kaiji?sslmode=verify-full"
        );
        assert_eq!(password.unwrap(), "p@ss:w/rd");
        let (address, password) = without_password("postgresql://db/kaiji?user=a&password=x%20y");
        assert_eq!(address, "postgresql://db/kaiji?user=a");
        assert_eq!(password.unwrap(), "x y");
        let plain = "postgres://kaiji@127.0.0.1:15432/kaiji";
        assert_eq!(without_password(plain), (plain.to_owned(), None));
    }
}
