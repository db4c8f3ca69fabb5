//! The service's own keys, in files under `keys_dir` that only their owner may read.
//!
//! `receipt.pem` (ES256) signs receipts, `log.pem` (Ed25519) checkpoints, `token.pem` (ES256) access tokens;
//! `secret.key` (32 random bytes) derives what must not be guessed. All instances of one service share them. How one key
//! takes another's place is in `rotation.rs`.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use kaiji_schema::Digest;
use kaiji_schema::jws;
use kaiji_schema::key::{Algorithm, KeyError, PublicKey, SigningKey};
use kaiji_schema::log::{Checkpoint, NoteError};
use kaiji_schema::receipt::{ClockStatement, Event, Receipt};
use ring::rand::SecureRandom;

pub use rotation::{Installed, install, prepare, prepared};

mod rotation;

const SECRET: &str = "secret.key";

/// What a key of the service is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServicePurpose {
    /// Signs receipts.
    Receipt,
    /// Signs checkpoints of the log.
    Log,
    /// Signs access tokens.
    Token,
}

impl ServicePurpose {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Receipt, Self::Log, Self::Token];

    /// The word in documents, rows and names of files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Log => "log",
            Self::Token => "token",
        }
    }

    /// The file that holds the key in use.
    pub fn file(self, dir: &Path) -> PathBuf {
        dir.join(format!("{}.pem", self.as_str()))
    }

    fn algorithm(self) -> Algorithm {
        match self {
            Self::Receipt | Self::Token => Algorithm::Es256,
            Self::Log => Algorithm::EdDsa,
        }
    }
}

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
    /// Signs access tokens.
    pub token: PublicKey,
    /// The same: PKCS#8 in PEM, which is what the token library's interface carries.
    pub token_pem: String,
    /// Seals cursors.
    pub secret: [u8; 32],
}

impl ServiceKeys {
    /// Reads the four files. Each must be readable by its owner alone.
    pub fn load(dir: &Path) -> Result<Self, Error> {
        Self::load_with_prepared(dir, None)
    }

    /// The same, but with the key that was prepared ([`prepare`]) where the one in use is lost.
    pub fn load_with_prepared(dir: &Path, lost: Option<ServicePurpose>) -> Result<Self, Error> {
        let key = |purpose: ServicePurpose| {
            let path = if lost == Some(purpose) {
                rotation::new_file(dir, purpose)
            } else {
                purpose.file(dir)
            };
            checked_pem(&path, purpose.algorithm())
        };
        let (token_pem, token) = key(ServicePurpose::Token)?;
        Ok(Self {
            receipt: key(ServicePurpose::Receipt)?.1,
            log: key(ServicePurpose::Log)?.1,
            token: token.public().clone(),
            token_pem,
            secret: secret(&dir.join(SECRET))?,
        })
    }

    /// The public half of the key for a purpose.
    pub fn public(&self, purpose: ServicePurpose) -> &PublicKey {
        match purpose {
            ServicePurpose::Receipt => self.receipt.public(),
            ServicePurpose::Log => self.log.public(),
            ServicePurpose::Token => &self.token,
        }
    }

    /// Makes those files that are missing, then reads all four. For the embedded default's first start, and for
    /// whoever sets up a service by hand.
    pub fn load_or_create(dir: &Path, random: &dyn SecureRandom) -> Result<Self, Error> {
        fs::create_dir_all(dir).map_err(|cause| Error::File {
            path: dir.to_owned(),
            cause,
        })?;
        for purpose in ServicePurpose::ALL {
            let path = purpose.file(dir);
            if !path.exists() {
                make(&path, purpose, random)?;
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

fn make(path: &Path, purpose: ServicePurpose, random: &dyn SecureRandom) -> Result<(), Error> {
    let made = SigningKey::generate(purpose.algorithm(), random);
    let (_, pem) = made.map_err(|cause| Error::Key {
        path: path.to_owned(),
        cause,
    })?;
    write_private(path, pem.as_bytes())
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

/// Reads a file that only its owner may read; any other is refused.
pub fn read_private(path: &Path) -> Result<Vec<u8>, Error> {
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
            agent: None,
            successor: None,
            product: None,
            statement_sha256: None,
            review_sha256: None,
            transfer_sha256: None,
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
