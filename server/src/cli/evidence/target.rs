//! Where evidence folders are put: a new directory, or a zip of it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use kaiji_schema::evidence as files;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::cli::end::CommandError;

/// A directory or a zip that is being filled.
pub(in crate::cli) struct Target {
    path: PathBuf,
    zip: Option<ZipWriter<File>>,
    verifier: Vec<u8>,
    /// When the last folder was put together.
    as_of: DateTime,
}

impl Target {
    /// Makes it; what is there already is left alone.
    pub(in crate::cli) fn make(path: &Path) -> Result<Self, CommandError> {
        let zip = if path.extension().is_some_and(|extension| extension == "zip") {
            let file = File::create_new(path).map_err(|cause| taken(path, cause))?;
            Some(ZipWriter::new(file))
        } else {
            fs::create_dir(path).map_err(|cause| taken(path, cause))?;
            None
        };
        Ok(Self {
            path: path.to_owned(),
            zip,
            verifier: Vec::new(),
            as_of: DateTime::default(),
        })
    }

    /// Where a folder is kept until it is added.
    pub(super) fn part(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".part");
        name.into()
    }

    /// Adds the folder that is packed in `part`, and removes that.
    pub(super) fn add(&mut self, folder: &str, part: &Path) -> Result<(), CommandError> {
        let failed = |cause| CommandError::file(part)(cause);
        let packed = File::open(part).map_err(failed)?;
        let packed = ZipArchive::new(packed).map_err(io::Error::other);
        self.unpack(folder, packed.map_err(failed)?)
            .map_err(CommandError::file(&self.path))?;
        fs::remove_file(part).map_err(failed)
    }

    fn unpack(&mut self, folder: &str, mut packed: ZipArchive<File>) -> io::Result<()> {
        for index in 0..packed.len() {
            let mut file = packed.by_index(index)?;
            self.as_of = file.last_modified().unwrap_or(self.as_of);
            // What points outside of the folder is no part of it.
            let Some(name) = file.enclosed_name() else {
                return Err(io::Error::other("the service sent a file with a path"));
            };
            if name == Path::new(files::VERIFIER) && self.verifier.is_empty() {
                io::copy(&mut file, &mut self.verifier)?;
                drop(file);
                file = packed.by_index(index)?;
            }
            if let Some(zip) = &mut self.zip {
                let name = format!("{folder}/{}", file.name()?);
                zip.raw_copy_file_rename(file, name)?;
                continue;
            }
            let path = self.path.join(folder).join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            io::copy(&mut file, &mut File::create_new(path)?)?;
        }
        Ok(())
    }

    /// Adds what all folders share, and ends.
    pub(super) fn finish(mut self, guide: &str) -> Result<(), CommandError> {
        let verifier = std::mem::take(&mut self.verifier);
        let shared = [
            (files::VERIFIER, verifier.as_slice()),
            (files::GUIDE, guide.as_bytes()),
        ];
        let sums = files::sums(shared);
        let path = self.path.clone();
        let failed = CommandError::file(&path);
        let all = shared.into_iter().chain([(files::SUMS, sums.as_bytes())]);
        self.put(all).map_err(failed)
    }

    fn put<'a>(mut self, all: impl Iterator<Item = (&'a str, &'a [u8])>) -> io::Result<()> {
        for (name, contents) in all {
            match &mut self.zip {
                Some(zip) => {
                    let options = SimpleFileOptions::default()
                        .compression_method(CompressionMethod::Stored)
                        .last_modified_time(self.as_of)
                        .unix_permissions(0o644);
                    zip.start_file(name, options)?;
                    zip.write_all(contents)?;
                }
                None => fs::write(self.path.join(name), contents)?,
            }
        }
        if let Some(zip) = self.zip {
            zip.finish()?.sync_all()?;
        }
        Ok(())
    }
}

fn taken(path: &Path, cause: io::Error) -> CommandError {
    if cause.kind() == io::ErrorKind::AlreadyExists {
        let path = path.display();
        CommandError::Usage(format!("{path} is there already: choose another name"))
    } else {
        CommandError::file(path)(cause)
    }
}
