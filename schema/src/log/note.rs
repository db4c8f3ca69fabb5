//! Signed notes (`c2sp.org/signed-note`) and the keys that they are checked with: a log's, and its witnesses'.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;

use crate::key::{KeyError, PublicKey, SigningKey};
use crate::provider;

/// What a signature line begins with.
const DASH: &str = "\u{2014} ";
/// How the type of a key and signature is written: a note signed with Ed25519.
const ED25519: u8 = 1;
/// A witness's timestamped cosignature with Ed25519 (`c2sp.org/tlog-cosignature`).
const COSIGNATURE: u8 = 4;
/// Longer notes are refused: a checkpoint with a hundred witnesses is shorter.
const MAX_BYTES: usize = 64 * 1024;
/// The most signatures that are looked at.
const MAX_SIGNATURES: usize = 100;

/// Why a note or a key of notes is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// The text does not have the form.
    #[error("this is not a signed note: {0}")]
    Malformed(&'static str),
    /// The verifier key does not have the form `name+hash+base64`, or the hash is not its own.
    #[error("this is not a verifier key (name+hash+base64, as c2sp.org/signed-note says): {0}")]
    Key(&'static str),
    /// No line is signed by that key.
    #[error("the note is not signed by {0}")]
    Unsigned(String),
    /// There is a line by that key, and it does not verify.
    #[error("the signature of {0} does not verify")]
    BadSignature(String),
    /// A name of a log or a witness that cannot stand in a signature line.
    #[error("a log's name is not empty and has no white space and no plus sign: {0:?}")]
    Name(String),
    /// The key cannot be used.
    #[error(transparent)]
    Signing(#[from] KeyError),
}

/// A public key with the name it signs notes under (`vkey`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    kind: u8,
    key: PublicKey,
}

impl VerifierKey {
    /// The key of a log of that name.
    pub fn of_log(name: &str, key: &PublicKey) -> Result<Self, NoteError> {
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c == '+') {
            return Err(NoteError::Name(name.to_owned()));
        }
        if key.as_ed25519().is_none() {
            return Err(NoteError::Key("a log signs with Ed25519"));
        }
        Ok(Self {
            name: name.to_owned(),
            kind: ED25519,
            key: key.clone(),
        })
    }

    /// The name of the log or the witness.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key itself.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Whether this is a witness's key.
    pub fn is_witness(&self) -> bool {
        self.kind == COSIGNATURE
    }

    /// The four bytes by which a signature line says which key made it.
    pub fn id(&self) -> [u8; 4] {
        let encoded = self.encoded();
        let digest = provider::sha256_of(&[self.name.as_bytes(), b"\n", &encoded]);
        let [a, b, c, d, ..] = digest;
        [a, b, c, d]
    }

    fn encoded(&self) -> Vec<u8> {
        let mut encoded = vec![self.kind];
        encoded.extend_from_slice(self.key.as_ed25519().map_or(&[], |bytes| bytes.as_slice()));
        encoded
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = u32::from_be_bytes(self.id());
        let key = BASE64_STANDARD.encode(self.encoded());
        write!(f, "{}+{id:08x}+{key}", self.name)
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Key("it has three parts with + between them"));
        };
        let bytes = BASE64_STANDARD.decode(key);
        let bytes = bytes.map_err(|_| NoteError::Key("its third part is not base64"))?;
        let (&kind, key) = bytes.split_first().ok_or(NoteError::Key("it is empty"))?;
        if kind != ED25519 && kind != COSIGNATURE {
            return Err(NoteError::Key("its type is not known here"));
        }
        let key = <[u8; 32]>::try_from(key).map_err(|_| NoteError::Key("its length is wrong"))?;
        let key = PublicKey::from_ed25519(key)?;
        let vkey = Self {
            kind,
            ..Self::of_log(name, &key)?
        };
        if vkey.to_string() == text {
            Ok(vkey)
        } else {
            Err(NoteError::Key("its hash is not that of name and key"))
        }
    }
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// Who signed, as the line says.
    pub name: String,
    /// Which key of that name.
    pub key_id: [u8; 4],
    /// The signature, in the form of the key's type.
    pub signature: Vec<u8>,
}

impl NoteSignature {
    /// The line, with its end.
    pub fn to_line(&self) -> String {
        let mut bytes = self.key_id.to_vec();
        bytes.extend_from_slice(&self.signature);
        let bytes = BASE64_STANDARD.encode(bytes);
        format!("{DASH}{} {bytes}\n", self.name)
    }

    fn parse(line: &str) -> Result<Self, NoteError> {
        let malformed = || NoteError::Malformed("a signature line is `— name base64`");
        let (name, signature) = line
            .strip_prefix(DASH)
            .and_then(|rest| rest.split_once(' '))
            .ok_or_else(malformed)?;
        let bytes = BASE64_STANDARD.decode(signature).map_err(|_| malformed())?;
        let (key_id, signature) = bytes.split_first_chunk::<4>().ok_or_else(malformed)?;
        if name.is_empty() || signature.is_empty() {
            return Err(malformed());
        }
        Ok(Self {
            name: name.to_owned(),
            key_id: *key_id,
            signature: signature.to_vec(),
        })
    }
}

/// A text and the signatures under it; what was read was NOT verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    body: String,
    signatures: Vec<NoteSignature>,
}

impl Note {
    /// Signs a text, which ends with a line feed, in the name of `log`.
    pub fn sign(body: String, log: &str, key: &SigningKey) -> Result<Self, NoteError> {
        let vkey = VerifierKey::of_log(log, key.public())?;
        let signature = NoteSignature {
            name: log.to_owned(),
            key_id: vkey.id(),
            signature: key.sign(body.as_bytes())?,
        };
        Ok(Self {
            body,
            signatures: vec![signature],
        })
    }

    /// Takes a note apart: a text, an empty line, signature lines.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let control = |c: char| c != '\n' && (c < ' ' || c == '\u{7f}');
        if text.len() > MAX_BYTES || text.contains(control) {
            return Err(NoteError::Malformed(
                "it is too long or has control characters",
            ));
        }
        let (body, signatures) = text.rsplit_once("\n\n").ok_or(NoteError::Malformed(
            "an empty line comes before signatures",
        ))?;
        let signatures = signatures
            .strip_suffix('\n')
            .ok_or(NoteError::Malformed("it does not end with a line feed"))?;
        let signatures: Result<Vec<_>, _> =
            signatures.split('\n').map(NoteSignature::parse).collect();
        let signatures = signatures?;
        if signatures.len() > MAX_SIGNATURES {
            return Err(NoteError::Malformed("it has too many signatures"));
        }
        Ok(Self {
            body: format!("{body}\n"),
            signatures,
        })
    }

    /// The signed text.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The signature lines.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// The same note with one more signature line.
    #[must_use]
    pub fn with(mut self, signature: NoteSignature) -> Self {
        self.signatures.push(signature);
        self
    }

    /// Whether that key signed this text. A witness's answer is the time that it states.
    pub fn verify(&self, vkey: &VerifierKey) -> Result<Option<Timestamp>, NoteError> {
        let id = vkey.id();
        let by_it = |line: &&NoteSignature| line.name == vkey.name && line.key_id == id;
        let mut lines = self.signatures.iter().filter(by_it);
        let (Some(line), None) = (lines.next(), lines.next()) else {
            return Err(NoteError::Unsigned(vkey.name.clone()));
        };
        let bad = || NoteError::BadSignature(vkey.name.clone());
        if !vkey.is_witness() {
            let good = vkey.key.verify(self.body.as_bytes(), &line.signature);
            return good.then_some(None).ok_or_else(bad);
        }
        let (seconds, signature) = line.signature.split_first_chunk::<8>().ok_or_else(bad)?;
        let seconds = u64::from_be_bytes(*seconds);
        let signed = format!("cosignature/v1\ntime {seconds}\n{}", self.body);
        let time = i64::try_from(seconds)
            .ok()
            .and_then(|seconds| Timestamp::from_second(seconds).ok());
        let good = vkey.key.verify(signed.as_bytes(), signature);
        time.filter(|_| good).map(Some).ok_or_else(bad)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.body)?;
        self.signatures
            .iter()
            .try_for_each(|line| f.write_str(&line.to_line()))
    }
}
