//! Whoever wants one letter a day gets it in the morning: the letters that were kept until then, told in one.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use kaiji_schema::letter::{Digest, Letter};

use super::Exchange;
use super::letters::{stored_letter, written};
use super::time::JAPAN;
use crate::storage::letters::{self, LetterRow, WAITING};
use crate::storage::{Error as StorageError, Tx};

/// When the day's letter is written, in Japan.
const HOUR: i8 = 8;

/// How many letters are told one by one; of the others only the number.
const MOST: i64 = 100;

impl Exchange {
    /// Writes the day's letter to the next who is to get one. Answers whether there was anybody.
    pub fn gather_letters(&self) -> Result<bool, StorageError> {
        let (_, before) = last_morning(self.clock.now());
        // Asked outside first: an idle service does not write.
        if self
            .db
            .read(|c| letters::mailbox_with_kept(c, before))?
            .is_none()
        {
            return Ok(false);
        }
        Ok(self.db.write(gather)?.value)
    }
}

fn gather(tx: &mut Tx<'_>) -> Result<bool, StorageError> {
    let (day, before) = last_morning(tx.now());
    let Some(mailbox) = letters::mailbox_with_kept(tx, before)? else {
        return Ok(false);
    };
    let kept = letters::kept(tx, &mailbox, before, MOST)?;
    let now = tx.now().as_millisecond();
    let count = letters::gather(tx, &mailbox, before, now)?;
    let Some(first) = kept.first() else {
        return Ok(false);
    };
    let digest = Letter::Digest(Digest {
        day,
        letters: kept.iter().map(stored_letter).collect::<Result<_, _>>()?,
        count: count.try_into().unwrap_or(u64::MAX),
    });
    let row = LetterRow {
        number: letters::next_number(tx)?,
        request_id: None,
        content: written(&digest)?,
        state: WAITING.to_owned(),
        next_attempt_at: now,
        created_at: now,
        settled_at: None,
        // The address may have changed meanwhile: the newest counts.
        ..kept.last().unwrap_or(first).clone()
    };
    letters::insert(tx, &row)?;
    Ok(true)
}

/// The newest morning that has come: its day, and the time in milliseconds.
fn last_morning(now: Timestamp) -> (Date, i64) {
    let day_begun = now
        .saturating_sub(SignedDuration::from_hours(HOUR.into()))
        .unwrap_or(now);
    let day = JAPAN.to_datetime(day_begun).date();
    let morning = JAPAN.to_timestamp(day.at(HOUR, 0, 0, 0));
    (day, morning.unwrap_or(Timestamp::MIN).as_millisecond())
}
