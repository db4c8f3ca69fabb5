//! The directory of the demonstration: made anew each time, and never one that holds something else.
//!
//! A marker file says that a demonstration made the directory; its lock says that one is using it now.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::cli::end::CommandError;
use crate::keys;

const MARKER: &str = ".kaiji-demo";

/// The directory, emptied and locked.
pub(super) struct Folder {
    path: PathBuf,
    // Holds the lock as long as it is open.
    _marker: File,
}

impl Folder {
    /// Takes the directory, and removes what an earlier demonstration left in it.
    pub(super) fn take(path: &Path) -> Result<Self, CommandError> {
        fs::create_dir_all(path).map_err(CommandError::file(path))?;
        let marker_path = path.join(MARKER);
        let ours = marker_path.exists();
        if !ours && !is_empty(path)? {
            return Err(CommandError::Usage(format!(
                "{} holds files that no demonstration made: choose another directory with --dir",
                path.display()
            )));
        }
        let marker = File::create(&marker_path).map_err(CommandError::file(&marker_path))?;
        match marker.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(CommandError::Usage(format!(
                    "another demonstration is running in {}: end it, or choose another directory with --dir",
                    path.display()
                )));
            }
            Err(TryLockError::Error(cause)) => return Err(CommandError::file(&marker_path)(cause)),
        }
        clear(path).map_err(CommandError::file(path))?;
        Ok(Self {
            path: path.to_owned(),
            _marker: marker,
        })
    }

    /// The directory as the user named it.
    pub(super) fn shown(&self) -> std::path::Display<'_> {
        self.path.display()
    }

    /// A place in the directory.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Makes a directory in it.
    pub(super) fn directory(&self, name: &str) -> Result<PathBuf, CommandError> {
        let path = self.path(name);
        fs::create_dir_all(&path).map_err(CommandError::file(&path))?;
        Ok(path)
    }

    /// Writes a file.
    pub(super) fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> Result<(), CommandError> {
        let path = self.path(name);
        fs::write(&path, contents).map_err(CommandError::file(&path))
    }

    /// Writes a file that only its owner may read; replaces an earlier one at once, so that nobody reads half of it.
    pub(super) fn write_secret(&self, name: &str, contents: &[u8]) -> Result<(), CommandError> {
        let (path, new) = (self.path(name), self.path(&format!("{name}.new")));
        keys::write_private(&new, contents)?;
        fs::rename(&new, &path).map_err(CommandError::file(&path))
    }
}

fn is_empty(path: &Path) -> Result<bool, CommandError> {
    let mut entries = fs::read_dir(path).map_err(CommandError::file(path))?;
    Ok(entries.next().is_none())
}

fn clear(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_name() == MARKER {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
