//! Status documents: what became of a statement, as the service knows it at one moment, for whoever checks later.
//!
//! Signed with a receipt key like a receipt, and no leaf: it holds for its moment alone. How a state comes about is not
//! known here.

use jiff::Timestamp;

use crate::digest::Digest;
use crate::jws::Document;
use crate::reader::{self, FromMembers, Reader};
use crate::strict_json::{MAX_INTEGER, Value};
use crate::violation::Violations;

/// The longest name of a log.
const MAX_NAME_CHARS: usize = 256;

/// What a statement is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Signed by a key that counted when it was received.
    Valid,
    /// The same; the key was revoked later.
    ValidKeyLaterRevoked,
    /// Received after the declared compromise of its key.
    ToBeSignedAgain,
    /// Taken back by the vendor.
    Withdrawn,
    /// A later revision took its place.
    Superseded,
}

impl State {
    /// All states.
    pub const ALL: [Self; 5] = [
        Self::Valid,
        Self::ValidKeyLaterRevoked,
        Self::ToBeSignedAgain,
        Self::Withdrawn,
        Self::Superseded,
    ];

    /// The name in documents, `snake_case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::ValidKeyLaterRevoked => "valid_key_later_revoked",
            Self::ToBeSignedAgain => "to_be_signed_again",
            Self::Withdrawn => "withdrawn",
            Self::Superseded => "superseded",
        }
    }

    /// Reads [`Self::as_str`].
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// What is said of it to people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Valid => "有効",
            Self::ValidKeyLaterRevoked => "有効(署名した鍵は受領後に失効)",
            Self::ToBeSignedAgain => "再署名が必要(署名した鍵が受領前に危殆化)",
            Self::Withdrawn => "取り下げ済み",
            Self::Superseded => "新しい改訂版あり",
        }
    }
}

/// The newest revision of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Newest {
    /// The digest of its whole JWS.
    pub statement_sha256: Digest,
    /// Its number, from 1.
    pub revision: u32,
}

/// The state of a statement as of a moment, and of the log then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The log's name.
    pub log: String,
    /// The digest of the whole JWS of the statement.
    pub statement_sha256: Digest,
    /// What it is worth.
    pub state: State,
    /// The newest revision of its chain, perhaps itself.
    pub newest: Newest,
    /// When this was so. What is finer than a millisecond is cut off when it is written.
    pub as_of: Timestamp,
    /// How many leaves the log had.
    pub log_size: u64,
    /// The root over them.
    pub log_root: Digest,
}

impl Status {
    /// The payload to sign: the members in the order of the fields, the time RFC 3339 in UTC.
    pub fn payload(&self) -> Vec<u8> {
        let text = |text: String| Value::Text(text.into());
        let newest = Value::Object(vec![
            (
                "statement_sha256".into(),
                text(self.newest.statement_sha256.to_string()),
            ),
            (
                "revision".into(),
                Value::Integer(self.newest.revision.into()),
            ),
        ]);
        let size = i64::try_from(self.log_size).unwrap_or(i64::MAX);
        Value::Object(vec![
            ("log".into(), text(self.log.clone())),
            (
                "statement_sha256".into(),
                text(self.statement_sha256.to_string()),
            ),
            ("state".into(), text(self.state.as_str().to_owned())),
            ("newest".into(), newest),
            ("as_of".into(), text(format!("{:.3}", self.as_of))),
            ("log_size".into(), Value::Integer(size)),
            ("log_root".into(), text(self.log_root.to_string())),
        ])
        .to_string()
        .into_bytes()
    }
}

impl Document for Status {
    const TYP: &'static str = "kaiji-status+jws";

    fn parse(payload: &[u8]) -> Result<Self, Violations> {
        Ok(reader::read(payload)?)
    }
}

impl FromMembers for Status {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let log = reader.required_text("log", MAX_NAME_CHARS);
        let statement_sha256 = reader.required_digest("statement_sha256");
        let state = reader.required_choice("state", State::parse, "a state of a statement");
        let newest = required_newest(reader);
        let as_of = reader.required_time("as_of");
        let log_size = reader.required_integer("log_size", 0..=MAX_INTEGER);
        let log_root = reader.required_digest("log_root");
        Some(Self {
            log: log?,
            statement_sha256: statement_sha256?,
            state: state?,
            newest: newest?,
            as_of: as_of?,
            log_size: log_size?.unsigned_abs(),
            log_root: log_root?,
        })
    }
}

fn required_newest(reader: &mut Reader<'_>) -> Option<Newest> {
    let value = reader.required("newest")?;
    let mut newest = Reader::at(value, reader.pointer_to("newest"));
    let statement_sha256 = newest.required_digest("statement_sha256");
    let revision = newest.required_integer("revision", 1..=u32::MAX.into());
    reader.absorb(newest.finish());
    Some(Newest {
        statement_sha256: statement_sha256?,
        revision: u32::try_from(revision?).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jws::{self, Jws};
    use crate::key::SigningKey;

    const KEY: &str = include_str!("../../fixtures/keys/TEST-ONLY-vendor-es256.pem");

    fn status(state: State) -> Status {
        Status {
            log: "kaiji.example/log".to_owned(),
            statement_sha256: Digest::of(b"first"),
            state,
            newest: Newest {
                statement_sha256: Digest::of(b"second"),
                revision: 2,
            },
            as_of: "2026-11-01T00:00:00.120Z".parse().unwrap(),
            log_size: 9,
            log_root: Digest::of(b"root"),
        }
    }

    #[test]
    fn a_status_is_read_as_it_was_signed() {
        let key = SigningKey::from_pem(KEY).unwrap();
        for state in State::ALL {
            let compact = jws::sign(Status::TYP, &status(state).payload(), &key).unwrap();
            let jws = Jws::parse(&compact).unwrap();
            let verified = jws::verify::<Status>(jws, key.public()).unwrap();
            assert_eq!(verified.document(), &status(state));
        }
    }

    #[test]
    fn every_member_of_a_status_is_needed_and_no_other_is_allowed() {
        let payload = String::from_utf8(status(State::Superseded).payload()).unwrap();
        for name in [
            "log",
            "statement_sha256",
            "state",
            "newest",
            "as_of",
            "log_size",
            "log_root",
            "revision",
        ] {
            let without = payload.replacen(&format!("\"{name}\":"), &format!("\"x-{name}\":"), 1);
            assert_ne!(without, payload);
            let found = Status::parse(without.as_bytes()).unwrap_err().into_vec();
            let mut codes: Vec<_> = found.iter().map(|one| one.code).collect();
            codes.sort_unstable();
            assert_eq!(codes, ["missing", "unknown_member"], "{name}");
        }
        let other = payload.replace("superseded", "fine");
        assert!(Status::parse(other.as_bytes()).is_err());
    }
}
