//! The service's own keys, in files under `keys_dir` that only their owner may read.
//!
//! `receipt.pem` (ES256) signs receipts, `log.pem` (Ed25519) checkpoints, `token.pem` (ES256) access tokens;
//! `secret.key` (32 random bytes) derives what must not be guessed. All instances of one service share them.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use kaiji_schema::Digest;
use kaiji_schema::jws;
use kaiji_schema::key::{Algorithm, KeyError, SigningKey};
use kaiji_schema::log::{Checkpoint, NoteError};
use kaiji_schema::receipt::{ClockStatement, Event, Receipt};
use ring::rand::SecureRandom;

const RECEIPT: &str = "receipt.pem";
const LOG: &str = "log.pem";
const TOKEN: &str = "token.pem";
const SECRET: &str = "secret.key";

/// Why the service's keys cannot be used. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read or made.
    #[error("{path}: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// Others than the owner may read or write the file.
    #[error(
        "{0} can be read by others than its owner: run `chmod 600 {0}` and consider the key known to them"
    )]
    Exposed(PathBuf),
    /// The file holds no usable key.
    #[error("{path}: {cause}")]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: KeyError,
    },
    /// The file holds a key of another kind than its name promises.
    #[error("{path} must hold a key for {expected}")]
    Algorithm {
        /// The file.
        path: PathBuf,
        /// What it must be for.
        expected: &'static str,
    },
    /// `secret.key` is not 32 bytes long.
    #[error("{0} must be exactly 32 random bytes: `openssl rand 32 > {0}`")]
    Secret(PathBuf),
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    Random,
}

/// The service's keys, read and checked.
pub struct ServiceKeys {
    /// Signs receipts.
    pub receipt: SigningKey,
    /// Signs checkpoints of the log.
    pub log: SigningKey,
    /// Signs access tokens: PKCS#8 in PEM, which is what the token library's interface carries.
    pub token_pem: String,
    /// Seals cursors.
    pub secret: [u8; 32],
}

impl ServiceKeys {
    /// Reads the four files. Each must be readable by its owner alone.
    pub fn load(dir: &Path) -> Result<Self, Error> {
        Ok(Self {
            receipt: checked_pem(&dir.join(RECEIPT), Algorithm::Es256)?.1,
            log: checked_pem(&dir.join(LOG), Algorithm::EdDsa)?.1,
            token_pem: checked_pem(&dir.join(TOKEN), Algorithm::Es256)?.0,
            secret: secret(&dir.join(SECRET))?,
        })
    }

    /// Makes those files that are missing, then reads all four. For the embedded default's first start, and for
    /// whoever sets up a service by hand.
    pub fn load_or_create(dir: &Path, random: &dyn SecureRandom) -> Result<Self, Error> {
        fs::create_dir_all(dir).map_err(|cause| Error::File {
            path: dir.to_owned(),
            cause,
        })?;
        for (name, algorithm) in [
            (RECEIPT, Algorithm::Es256),
            (LOG, Algorithm::EdDsa),
            (TOKEN, Algorithm::Es256),
        ] {
            let path = dir.join(name);
            if !path.exists() {
                let (_, pem) =
                    SigningKey::generate(algorithm, random).map_err(|cause| Error::Key {
                        path: path.clone(),
                        cause,
                    })?;
                write_private(&path, pem.as_bytes())?;
            }
        }
        let path = dir.join(SECRET);
        if !path.exists() {
            let mut secret = [0; 32];
            random.fill(&mut secret).map_err(|_| Error::Random)?;
            write_private(&path, &secret)?;
        }
        Self::load(dir)
    }
}

/// Writes a file that only its owner may read; one that exists is never overwritten.
pub fn write_private(path: &Path, contents: &[u8]) -> Result<(), Error> {
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(contents).and_then(|()| file.sync_all()));
    written.map_err(|cause| Error::File {
        path: path.to_owned(),
        cause,
    })
}

fn read_private(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |cause| Error::File {
        path: path.to_owned(),
        cause,
    };
    let mode = fs::metadata(path).map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(Error::Exposed(path.to_owned()));
    }
    fs::read(path).map_err(failed)
}

fn checked_pem(path: &Path, algorithm: Algorithm) -> Result<(String, SigningKey), Error> {
    let pem = String::from_utf8_lossy(&read_private(path)?).into_owned();
    let key = SigningKey::from_pem(&pem).map_err(|cause| Error::Key {
        path: path.to_owned(),
        cause,
    })?;
    if key.public().algorithm() == algorithm {
        Ok((pem, key))
    } else {
        Err(Error::Algorithm {
            path: path.to_owned(),
            expected: algorithm.as_str(),
        })
    }
}

fn secret(path: &Path) -> Result<[u8; 32], Error> {
    read_private(path)?
        .try_into()
        .map_err(|_| Error::Secret(path.to_owned()))
}

/// Signs receipts and checkpoints in the name of the log.
pub struct LogSigner {
    receipts: SigningKey,
    checkpoints: SigningKey,
    origin: String,
    clock: Option<ClockStatement>,
}

impl LogSigner {
    /// A signer for the log of that name, with the key for its receipts and the key for its checkpoints; `clock` is
    /// what the operator states about the time's source.
    pub fn new(
        receipts: SigningKey,
        checkpoints: SigningKey,
        origin: String,
        clock: Option<ClockStatement>,
    ) -> Self {
        Self {
            receipts,
            checkpoints,
            origin,
            clock,
        }
    }

    /// A receipt of this log that says no more than what happened, where and when.
    pub fn receipt(&self, event: Event, leaf_index: u64, received_at: Timestamp) -> Receipt {
        Receipt {
            event,
            log: self.origin.clone(),
            leaf_index,
            received_at,
            vendor: None,
            institution: None,
            product: None,
            statement_sha256: None,
            signer_kid: None,
            signer_key_leaf: None,
            not_after: None,
            compromised_since: None,
            audit_day: None,
            audit_entries: None,
            audit_head: None,
            clock: self.clock.clone(),
        }
    }

    /// Signs a receipt: the answer is the leaf.
    pub fn sign(&self, receipt: &Receipt) -> Result<String, KeyError> {
        self.sign_payload(<Receipt as jws::Document>::TYP, &receipt.payload())
    }

    /// Signs another document with the key for receipts.
    pub fn sign_payload(&self, typ: &str, payload: &[u8]) -> Result<String, KeyError> {
        jws::sign(typ, payload, &self.receipts)
    }

    /// Signs a checkpoint: the answer is the note's text.
    pub fn checkpoint(&self, size: u64, root: Digest) -> Result<String, NoteError> {
        let checkpoint = Checkpoint {
            origin: self.origin.clone(),
            size,
            root,
        };
        Ok(checkpoint.sign(&self.checkpoints)?.to_string())
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}
