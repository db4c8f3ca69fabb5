//! The audit trail (監査証跡): what its entries say, and the hash chain that they form.
//!
//! The hash of an entry is SHA-256 over the hash of the entry before it, in lower-case hex (64 zeros before the first),
//! a line feed, and the entry as one compact JSON array of its members in the order of the fields below: UTF-8, no
//! space, an absent leaf as `null`, and in text no escapes but `\"`, `\\`, `\b`, `\f`, `\n`, `\r`, `\t` and `\u00xx` for
//! the other control characters. Where one organisation acted for another, the acting one follows as an eleventh member; no
//! other entry has it. Python writes the same bytes with
//! `json.dumps(members, ensure_ascii=False, separators=(",", ":"))`. Where entries are kept is not known here.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Value, json};

use crate::digest::Digest;

/// What somebody did, or tried to do, before its place in the trail is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deed {
    /// When, in milliseconds UTC.
    pub occurred_at: i64,
    /// For which organisation; empty where there was none yet.
    pub organisation: String,
    /// The client or the person that acted, or `shell`.
    pub client: String,
    /// The beginning of the SHA-256 of the access token or session token, in hex; empty without a token.
    pub token: String,
    /// The address that the request came from; empty without a network.
    pub address: String,
    /// What was asked for.
    pub action: String,
    /// What it was about.
    pub object: String,
    /// What became of it: `done` for a change, `answered` for a question, or the name of the refusal.
    pub result: String,
    /// The organisation whose client or person it was, where that acted for another by its mandate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

/// An entry of the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its place, counted from 0, without gaps.
    pub number: u64,
    /// What was done.
    pub deed: Deed,
    /// The first leaf of the log that it appended.
    pub leaf: Option<u64>,
}

impl AuditEntry {
    /// The hash of this entry behind the one whose hash is `previous`.
    pub fn hash(&self, previous: &Digest) -> Digest {
        let deed = &self.deed;
        let mut members = vec![
            json!(self.number),
            json!(deed.occurred_at),
            json!(deed.organisation),
            json!(deed.client),
            json!(deed.token),
            json!(deed.address),
            json!(deed.action),
            json!(deed.object),
            json!(deed.result),
            json!(self.leaf),
        ];
        members.extend(deed.agent.as_ref().map(|agent| json!(agent)));
        let bytes = format!("{previous}\n{}", Value::Array(members));
        Digest::of(bytes.as_bytes())
    }

    /// The day (UTC) on which it happened.
    pub fn day(&self) -> Date {
        day_of(self.deed.occurred_at)
    }
}

/// The day (UTC) of a time in milliseconds.
pub fn day_of(milliseconds: i64) -> Date {
    Timestamp::from_millisecond(milliseconds)
        .unwrap_or_default()
        .to_zoned(TimeZone::UTC)
        .date()
}

/// When the day (UTC) is over, in milliseconds.
pub fn end_of(day: Date) -> i64 {
    let midnight = day
        .tomorrow()
        .and_then(|next| next.to_zoned(TimeZone::UTC))
        .map(|zoned| zoned.timestamp());
    midnight.map_or(i64::MAX, Timestamp::as_millisecond)
}

/// A trail up to some entry: how many there are, and the hash of the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trail {
    /// How many entries it has.
    pub entries: u64,
    /// The hash of the last; zeros where there is none.
    pub head: Digest,
}

impl Default for Trail {
    fn default() -> Self {
        Self {
            entries: 0,
            head: Digest::from([0; 32]),
        }
    }
}

/// Why entries are not the trail that was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokenTrail {
    /// An entry is missing, or stands twice.
    #[error("entry {expected} is missing: entry {found} stands in its place")]
    Gap {
        /// The number that was to come.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// An entry is not what was written, or the one before it is not.
    #[error("entry {0} has another hash than its contents and the entry before it give")]
    Hash(u64),
}

impl Trail {
    /// Takes in the next entry, as it was kept with its hash.
    pub fn follow(&mut self, entry: &AuditEntry, hash: &Digest) -> Result<(), BrokenTrail> {
        if entry.number != self.entries {
            return Err(BrokenTrail::Gap {
                expected: self.entries,
                found: entry.number,
            });
        }
        if entry.hash(&self.head) != *hash {
            return Err(BrokenTrail::Hash(entry.number));
        }
        self.entries += 1;
        self.head = *hash;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
