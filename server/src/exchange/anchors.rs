//! Time stamps on checkpoints (RFC 3161): what an authority that is not the operator says was there, and when.
//!
//! The exchange decides when one is due, writes the request and keeps the answer as it came; a job carries both. The
//! operator could otherwise write the whole log anew with his own keys, and with whatever times.

use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::{SignedDuration, Timestamp};
use kaiji_schema::Digest;
use kaiji_schema::log::{NoteError, VerifierKey};
use kaiji_schema::timestamp::{self, TimestampError};
use serde::Serialize;

use super::{Exchange, Moment, Page, Window};
use crate::storage::anchors::{self, TimestampRow};
use crate::storage::{DbConnection, Error as StorageError, log};

/// How long an authority is left alone after it failed for the first time; twice as long each time.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(1);
/// The longest time for which it is left alone.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(6);

/// A time-stamping authority.
#[derive(Debug, Clone)]
pub struct Authority {
    /// Where it is asked.
    pub url: String,
    /// How much time passes between two stamps.
    pub every: SignedDuration,
    /// Its root certificate in PEM, which goes to whoever is to check a stamp.
    pub root_pem: Option<String>,
}

/// Who ties the log to others than the operator.
#[derive(Debug, Default)]
pub struct Anchors {
    authority: Option<Authority>,
    pub(super) witnesses: Vec<VerifierKey>,
    failing: Mutex<Failing>,
}

/// How often the authority failed since it last answered well, and until when it is left alone.
#[derive(Debug, Default)]
struct Failing {
    times: u32,
    until: Option<Timestamp>,
}

impl Anchors {
    /// An authority, and witnesses by their verifier keys (`name+hash+key`).
    pub fn new(authority: Option<Authority>, witnesses: &[String]) -> Result<Self, NoteError> {
        let witnesses: Result<Vec<VerifierKey>, NoteError> =
            witnesses.iter().map(|witness| witness.parse()).collect();
        let witnesses = witnesses?;
        if witnesses.iter().any(|witness| !witness.is_witness()) {
            let detail = "a witness's is of the type 0x04 (c2sp.org/tlog-cosignature)";
            return Err(NoteError::Key(detail));
        }
        Ok(Self {
            authority,
            witnesses,
            failing: Mutex::default(),
        })
    }
}

/// A time stamp that is to be fetched.
#[derive(Debug, Clone)]
pub struct DueTimestamp {
    /// Where.
    pub url: String,
    /// What is sent, as `application/timestamp-query`.
    pub request: Vec<u8>,
    size: i64,
    note: String,
    nonce: u64,
}

/// Why an answer is not kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepTimestampError {
    /// It is not what was asked for.
    #[error(transparent)]
    Answer(#[from] TimestampError),
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// A time stamp on a checkpoint.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct TimestampView {
    /// The size of the log.
    pub size: i64,
    /// The checkpoint, a signed note: the bytes that are stamped.
    pub checkpoint: String,
    /// The authority's answer (`TimeStampResp`, RFC 3161), in base64: check it with `openssl ts -verify`.
    pub token: String,
    /// The authority's address.
    pub tsa: String,
    /// When the answer was kept, by the operator's clock; the time that counts is in the token.
    #[schema(value_type = String)]
    pub stamped_at: Moment,
}

impl Exchange {
    /// The time stamp that is to be fetched now, if any: the log has grown and the interval is over.
    pub fn due_timestamp(&self) -> Result<Option<DueTimestamp>, StorageError> {
        let Some(authority) = &self.anchors.authority else {
            return Ok(None);
        };
        let now = self.clock.now();
        if self.failing(|failing| failing.until.is_some_and(|until| now < until)) {
            return Ok(None);
        }
        let due = self.db.read(|c| due(c, authority, now))?;
        let Some((size, note)) = due else {
            return Ok(None);
        };
        let mut nonce = [0; 8];
        self.fill(&mut nonce)?;
        let nonce = u64::from_be_bytes(nonce);
        Ok(Some(DueTimestamp {
            url: authority.url.clone(),
            request: timestamp::request(&Digest::of(note.as_bytes()), nonce),
            size,
            note,
            nonce,
        }))
    }

    /// Keeps an authority's answer. `false` if another instance was faster.
    pub fn keep_timestamp(
        &self,
        asked: &DueTimestamp,
        answer: Vec<u8>,
    ) -> Result<bool, KeepTimestampError> {
        let digest = Digest::of(asked.note.as_bytes());
        timestamp::check_response(&answer, &digest, asked.nonce)?;
        self.failing(|failing| *failing = Failing::default());
        let Some(authority) = self.anchors.authority.clone() else {
            return Ok(false);
        };
        let asked = asked.clone();
        let kept = self.db.write(move |tx| {
            let now = tx.now();
            // Another instance may have asked for the same, and been faster.
            if due(tx, &authority, now)?.is_none() {
                return Ok(false);
            }
            let row = TimestampRow {
                size: asked.size,
                tsa: asked.url.clone(),
                stamped_note: asked.note.clone(),
                token: answer.clone(),
                stamped_at: now.as_millisecond(),
            };
            anchors::insert_timestamp(tx, &row)?;
            Ok::<_, StorageError>(true)
        })?;
        Ok(kept.value)
    }

    /// Notes that the authority failed. Answers how long it is left alone.
    pub fn timestamp_failed(&self) -> SignedDuration {
        let now = self.clock.now();
        self.failing(|failing| {
            let factor = 1 << failing.times.min(16);
            let pause = (FIRST_PAUSE * factor).min(LONGEST_PAUSE);
            failing.times = failing.times.saturating_add(1);
            failing.until = now.checked_add(pause).ok();
            pause
        })
    }

    /// The authority's root certificate in PEM, if the operator has one to hand out.
    pub fn tsa_root(&self) -> Option<&str> {
        self.anchors.authority.as_ref()?.root_pem.as_deref()
    }

    /// The time stamps there are, the newest first.
    pub fn list_timestamps(&self, window: &Window) -> Result<Page<TimestampView>, StorageError> {
        let position = |after: &str| {
            let (size, tsa) = after.split_once(' ')?;
            Some((size.parse().ok()?, tsa.to_owned()))
        };
        let after: Option<(i64, String)> = window.after.as_deref().and_then(position);
        let after = after.as_ref().map(|(size, tsa)| (*size, tsa.as_str()));
        let rows = self
            .db
            .read(|c| anchors::list_timestamps(c, after, window.fetch()))?;
        Ok(window.page(rows, |row| format!("{} {}", row.size, row.tsa), view))
    }

    fn failing<T>(&self, act: impl FnOnce(&mut Failing) -> T) -> T {
        let failing = self.anchors.failing.lock();
        act(&mut failing.unwrap_or_else(PoisonError::into_inner))
    }
}

/// The checkpoint that is to be stamped at `now`: the newest, if it has leaves that the last stamp had not.
fn due(
    connection: &mut DbConnection,
    authority: &Authority,
    now: Timestamp,
) -> Result<Option<(i64, String)>, StorageError> {
    let newest = log::newest_checkpoint(connection)?;
    let Some((size, note)) = newest.filter(|(size, _)| *size > 0) else {
        return Ok(None);
    };
    let is_due = match anchors::last_timestamp(connection, &authority.url)? {
        None => true,
        Some((stamped, at)) => {
            let passed = now.as_millisecond().saturating_sub(at);
            size > stamped && i128::from(passed) >= authority.every.as_millis()
        }
    };
    Ok(is_due.then_some((size, note)))
}

fn view(row: TimestampRow) -> TimestampView {
    TimestampView {
        size: row.size,
        checkpoint: row.stamped_note,
        token: BASE64_STANDARD.encode(row.token),
        tsa: row.tsa,
        stamped_at: Moment(row.stamped_at),
    }
}
