//! How one key takes another's place in `keys_dir`, so that whatever is interrupted can be done again.
//!
//! The new key waits as `receipt.new.pem` until the database says that it is in use; only then does it become
//! `receipt.pem`, and the old one is kept as `receipt.KID.retired.pem`. The database decides which of them is right.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use kaiji_schema::Digest;
use kaiji_schema::key::{PublicKey, SigningKey};
use ring::rand::SecureRandom;

use super::{Error, ServicePurpose, checked_pem, make};

/// Where the files of a rotation are.
#[derive(Debug)]
pub struct Installed {
    /// The key in use.
    pub file: PathBuf,
    /// The one before it, if it was there.
    pub retired: Option<PathBuf>,
}

pub(super) fn new_file(dir: &Path, purpose: ServicePurpose) -> PathBuf {
    dir.join(format!("{}.new.pem", purpose.as_str()))
}

/// The key that waits for its turn, if one does.
pub fn prepared(dir: &Path, purpose: ServicePurpose) -> Result<Option<PublicKey>, Error> {
    let path = new_file(dir, purpose);
    if !path.exists() {
        return Ok(None);
    }
    let (_, key) = checked_pem(&path, purpose.algorithm())?;
    Ok(Some(key.public().clone()))
}

/// Makes the key that will take the other's place; one that waits already is taken.
pub fn prepare(
    dir: &Path,
    purpose: ServicePurpose,
    random: &dyn SecureRandom,
) -> Result<PublicKey, Error> {
    if let Some(prepared) = prepared(dir, purpose)? {
        return Ok(prepared);
    }
    let path = new_file(dir, purpose);
    make(&path, purpose, random)?;
    let (_, key) = checked_pem(&path, purpose.algorithm())?;
    Ok(key.public().clone())
}

/// Puts the prepared key in the place of the one that was in use, which is kept. At no moment is there none.
pub fn install(dir: &Path, purpose: ServicePurpose) -> Result<Installed, Error> {
    let (new, file) = (new_file(dir, purpose), purpose.file(dir));
    let retired = retire(dir, purpose).map_err(failed(&file))?;
    fs::rename(&new, &file).map_err(failed(&new))?;
    let synced = File::open(dir).and_then(|dir| dir.sync_all());
    synced.map_err(failed(dir))?;
    Ok(Installed { file, retired })
}

/// Gives the key in use a second name, under which it stays.
fn retire(dir: &Path, purpose: ServicePurpose) -> io::Result<Option<PathBuf>> {
    let file = purpose.file(dir);
    let pem = match fs::read(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read?,
    };
    // What is no key has no thumbprint, and is kept all the same.
    let name = SigningKey::from_pem(&String::from_utf8_lossy(&pem)).map_or_else(
        |_| Digest::of(&pem).to_string(),
        |key| key.public().thumbprint().as_str().to_owned(),
    );
    let short = name.get(..8).unwrap_or(&name);
    let retired = dir.join(format!("{}.{short}.retired.pem", purpose.as_str()));
    match fs::hard_link(&file, &retired) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        linked => linked?,
    }
    fs::set_permissions(&retired, fs::Permissions::from_mode(0o600))?;
    Ok(Some(retired))
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |cause| Error::File { path, cause }
}
