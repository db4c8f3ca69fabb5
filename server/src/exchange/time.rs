//! How instants are shown: RFC 3339, UTC, milliseconds.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
pub(super) use kaiji_schema::calendar::IN_JAPAN as JAPAN;
use kaiji_schema::era;
use serde::{Serialize, Serializer};

/// An instant as rows keep it (milliseconds UTC) and documents show it (`2026-11-01T00:00:00.000Z`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub i64);

impl Moment {
    /// The instant; the epoch for a number that is none.
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl From<Timestamp> for Moment {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp.as_millisecond())
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:.3}", self.timestamp()))
    }
}

/// The day that it is in Japan at an instant.
pub fn day_in_japan(at: Timestamp) -> Date {
    at.to_zoned(JAPAN).date()
}

/// When the day's letters are written, in Japan.
const MORNING: i8 = 8;

/// The morning of a day, in Japan.
pub(super) fn morning_of(day: Date) -> Timestamp {
    let morning = JAPAN.to_timestamp(day.at(MORNING, 0, 0, 0));
    morning.unwrap_or(Timestamp::MIN)
}

/// When a day begins in Japan.
pub(super) fn midnight_of(day: Date) -> Timestamp {
    let midnight = JAPAN.to_timestamp(day.at(0, 0, 0, 0));
    midnight.unwrap_or(Timestamp::MIN)
}

/// The day in Japan of the newest morning that has come.
pub(super) fn last_morning(now: Timestamp) -> Date {
    let hours = SignedDuration::from_hours(MORNING.into());
    day_in_japan(now.saturating_sub(hours).unwrap_or(now))
}

/// An instant as people in Japan read it, the day in both calendars.
pub fn in_japan(at: Timestamp) -> String {
    let local = at.to_zoned(JAPAN);
    let day = era::both(local.date());
    format!("{day}{} 日本時間", local.strftime("%H:%M:%S"))
}
