//! The high-water file: the newest checkpoint that this instance answered for, kept outside the database.
//!
//! A database that was brought back from an old backup looks whole. Only what lies beside it can tell that answers were
//! given which it does not hold. The file is written after each commit that appended leaves and before its answers, so
//! it is never ahead of the database; `kaiji admin` beside a service writes the same one. What a difference means is
//! decided in `exchange::high_water`.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use kaiji_schema::log::{Checkpoint, Note};

use super::Error;

/// Reads the file: the text of a signed checkpoint. `None` if there is no file.
pub fn read(path: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What a signed checkpoint says; nothing about its signature.
pub fn parse(text: &str) -> Option<Checkpoint> {
    Checkpoint::parse(Note::parse(text).ok()?.body()).ok()
}

/// The writer's hand on the file.
pub(super) struct HighWater {
    path: PathBuf,
    /// What could not be written yet.
    owed: Option<String>,
    trouble: Trouble,
}

/// Why the file is not what it should be, for whoever asks after the service's health.
#[derive(Clone, Default)]
pub(super) struct Trouble(Arc<Mutex<Option<String>>>);

impl Trouble {
    pub(super) fn check(&self) -> Result<(), Error> {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.clone().map_or(Ok(()), |told| {
            Err(Error::Unavailable(format!("the high-water file: {told}")))
        })
    }

    fn tell(&self, what: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = what;
    }
}

impl HighWater {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            owed: None,
            trouble: Trouble::default(),
        }
    }

    pub(super) fn trouble(&self) -> Trouble {
        self.trouble.clone()
    }

    /// Notes a checkpoint that is durable in the database, or tries again what could not be noted before. A failure is
    /// told and takes nothing back: the rows are there, and so is the promise.
    pub(super) fn note(&mut self, checkpoint: Option<String>) {
        self.owed = checkpoint.or_else(|| self.owed.take());
        let Some(checkpoint) = &self.owed else { return };
        match replace(&self.path, checkpoint) {
            Ok(()) => {
                self.owed = None;
                self.trouble.tell(None);
            }
            Err(error) => {
                let path = self.path.display();
                tracing::error!(%path, %error, "the high-water file could not be written; /readyz fails until it is");
                self.trouble.tell(Some(format!("{path}: {error}")));
            }
        }
    }
}

/// Puts the checkpoint in the file's place, whole or not at all, unless another process noted a later one meanwhile.
fn replace(path: &Path, checkpoint: &str) -> io::Result<()> {
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    // Held until the end: one writes after the other, so that they need only one name for what is not whole yet.
    let directory = File::open(directory.unwrap_or(Path::new(".")))?;
    directory.lock()?;
    let noted = read(path).ok().flatten();
    if let (Some(noted), Some(new)) = (noted.as_deref().and_then(parse), parse(checkpoint))
        && noted.origin == new.origin
        && noted.size > new.size
    {
        return Ok(());
    }
    let mut new = OsString::from(path);
    new.push(".new");
    let mut file = File::create(&new)?;
    file.write_all(checkpoint.as_bytes())?;
    // Carries the rename before it to the disk as well: a journal keeps its order.
    file.sync_all()?;
    fs::rename(&new, path)
}
