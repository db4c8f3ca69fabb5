//! Backups: a folder with a copy of the database, the newest checkpoint in it, and what they must hash to.
//!
//! A backup is verified when it is made and when it is brought back: the log from leaf 0, and that it reaches what the
//! high-water file notes. The service's private keys are never in it.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use kaiji_schema::Digest;
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use super::high_water::{HighWater, HighWaterError};
use super::verify_log::{Flaw, LogAudit, VerifyLogError, audit_log, verify_log};
use crate::storage::{DatabaseUrl, Error as StorageError, backend, backup, log};

const MANIFEST: &str = "manifest.json";
const CHECKPOINT: &str = "checkpoint";

/// What a backup holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this form.
    pub kaiji_backup: u32,
    /// The version of the program that made it.
    pub version: String,
    /// When it was made.
    pub made_at: String,
    /// `sqlite` or `postgres`.
    pub database: String,
    /// The name of the log.
    pub log: Option<String>,
    /// How many leaves it has.
    pub size: u64,
    /// The root over them.
    pub root: String,
    /// SHA-256 of each file.
    pub files: BTreeMap<String, String>,
}

/// Why there is no backup, or why it was not brought back. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file could not be read or written.
    #[error("{path}: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// The folder is there already.
    #[error("{0} is there already, and no backup is ever overwritten: choose another name")]
    Exists(PathBuf),
    /// The folder is no backup of this program.
    #[error(
        "{0} is not a backup that this version made: it needs a {MANIFEST} with \"kaiji_backup\": 1"
    )]
    NotABackup(PathBuf),
    /// A file is not the one that was written.
    #[error("{0} is not what was backed up (its SHA-256 is another): use another backup")]
    Damaged(PathBuf),
    /// The backup is of the other kind of database.
    #[error(
        "this is a backup of {found}, and `database` is {wanted}: set `database` to one of the same kind"
    )]
    OtherKind {
        /// What was backed up.
        found: String,
        /// What the settings name.
        wanted: &'static str,
    },
    /// The database has something in it.
    #[error(
        "the database {0} is not empty, and nothing is ever overwritten: put it aside (move the file with its -wal and \
         -shm; on PostgreSQL, create a new database) and try again"
    )]
    Occupied(String),
    /// The log in it is not whole.
    #[error("the log in the backup is not whole: {0}")]
    Flawed(#[from] Flaw),
    /// It lacks what was answered for.
    #[error("nothing was brought back that `serve` would use: {0}")]
    HighWater(#[from] HighWaterError),
    /// The database could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<VerifyLogError> for BackupError {
    fn from(error: VerifyLogError) -> Self {
        match error {
            VerifyLogError::Flawed(flaw) => Self::Flawed(flaw),
            VerifyLogError::Storage(error) => Self::Storage(error),
        }
    }
}

impl BackupError {
    fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |cause| Self::File { path, cause }
    }
}

/// The kind of the database, and the name of its copy.
fn kind(url: &DatabaseUrl) -> (&'static str, &'static str) {
    match url {
        DatabaseUrl::Sqlite { .. } => ("sqlite", "kaiji.sqlite"),
        DatabaseUrl::Postgres(_) => ("postgres", "kaiji.dump"),
    }
}

/// Makes a backup in a new folder, while the service runs. The folder has its name only when it is complete.
pub fn back_up(url: &DatabaseUrl, to: &Path, now: Timestamp) -> Result<Manifest, BackupError> {
    if to.exists() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    let mut partial = to.to_owned().into_os_string();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    // Of a backup that was interrupted.
    drop(fs::remove_dir_all(&partial));
    let made = DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&partial);
    made.map_err(BackupError::file(&partial))?;
    let manifest = fill(url, &partial, now).inspect_err(|_| drop(fs::remove_dir_all(&partial)))?;
    fs::rename(&partial, to).map_err(BackupError::file(to))?;
    Ok(manifest)
}

fn fill(url: &DatabaseUrl, folder: &Path, now: Timestamp) -> Result<Manifest, BackupError> {
    let (kind, name) = kind(url);
    let copy = folder.join(name);
    let (audit, checkpoint) = backup::copy(url, &copy, |connection| {
        let checkpoint = log::newest_checkpoint(connection)?;
        let checkpoint = checkpoint.map(|(_, note)| note).unwrap_or_default();
        Ok::<_, BackupError>((audit_log(connection, false)?, checkpoint))
    })?;
    write(&folder.join(CHECKPOINT), checkpoint.as_bytes())?;
    let mut files = BTreeMap::new();
    for file in [name, CHECKPOINT] {
        files.insert(file.to_owned(), sha256(&folder.join(file))?.to_string());
    }
    let manifest = Manifest {
        kaiji_backup: 1,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: now.to_string(),
        database: kind.to_owned(),
        log: audit.log,
        size: audit.size,
        root: audit.root.to_string(),
        files,
    };
    let text = serde_json::to_vec_pretty(&manifest)
        .map_err(|error| StorageError::Corrupt(error.to_string()))?;
    write(&folder.join(MANIFEST), &text)?;
    Ok(manifest)
}

/// Brings a backup back into a vacant database, and verifies it there.
pub fn restore(url: &DatabaseUrl, from: &Path, high_water: &Path) -> Result<LogAudit, BackupError> {
    let high_water = HighWater::read(high_water)?;
    let manifest = read_manifest(from)?;
    let (wanted, name) = kind(url);
    if manifest.database != wanted {
        let found = manifest.database;
        return Err(BackupError::OtherKind { found, wanted });
    }
    for (file, digest) in &manifest.files {
        let path = from.join(file);
        if sha256(&path)?.to_string() != *digest {
            return Err(BackupError::Damaged(path));
        }
    }
    high_water.reaches(manifest.size)?;
    if !backup::is_vacant(url)? {
        return Err(BackupError::Occupied(format!("{url:?}")));
    }
    backup::bring_back(url, &from.join(name))?;
    verify_restored(url, &high_water, &manifest).inspect_err(|_| backup::discard(url))
}

fn verify_restored(
    url: &DatabaseUrl,
    high_water: &HighWater,
    manifest: &Manifest,
) -> Result<LogAudit, BackupError> {
    if backend::needs_migration(url)? {
        backend::migrate(url)?;
    }
    let connection = &mut backend::open(url)?;
    let audit = verify_log(connection, false)?;
    if audit.root.to_string() != manifest.root {
        return Err(Flaw::Head("the root that the backup's manifest states").into());
    }
    high_water.compare(connection)?;
    Ok(audit)
}

fn read_manifest(folder: &Path) -> Result<Manifest, BackupError> {
    let path = folder.join(MANIFEST);
    let text = fs::read(&path).map_err(BackupError::file(&path))?;
    let manifest: Option<Manifest> = serde_json::from_slice(&text).ok();
    let is_ours = |manifest: &Manifest| {
        let plain = |name: &String| !name.contains(['/', '\\']);
        manifest.kaiji_backup == 1 && manifest.files.keys().all(plain)
    };
    let manifest = manifest.filter(is_ours);
    manifest.ok_or_else(|| BackupError::NotABackup(folder.to_owned()))
}

fn write(path: &Path, contents: &[u8]) -> Result<(), BackupError> {
    let written = fs::write(path, contents).and_then(|()| File::open(path)?.sync_all());
    written.map_err(BackupError::file(path))
}

/// The digest of a file of any length.
fn sha256(path: &Path) -> Result<Digest, BackupError> {
    let mut file = File::open(path).map_err(BackupError::file(path))?;
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer).map_err(BackupError::file(path))?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
            let digest = <[u8; 32]>::try_from(context.finish().as_ref());
            let digest = digest.map_err(|error| StorageError::Corrupt(error.to_string()))?;
            return Ok(Digest::from(digest));
        };
        context.update(bytes);
    }
}
