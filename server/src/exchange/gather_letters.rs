//! Whoever wants one letter a day gets it in the morning: the letters that were kept until then, told in one.

use kaiji_schema::letter::{Digest, Letter};

use super::Exchange;
use super::letters::{stored_letter, written};
use super::time::{last_morning, morning_of};
use crate::storage::letters::{self, LetterRow, WAITING};
use crate::storage::{Error as StorageError, Tx};

/// How many letters are told one by one; of the others only the number.
const MOST: i64 = 100;

impl Exchange {
    /// Writes the day's letter to the next who is to get one. Answers whether there was anybody.
    pub fn gather_letters(&self) -> Result<bool, StorageError> {
        let before = morning_of(last_morning(self.clock.now())).as_millisecond();
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
    let day = last_morning(tx.now());
    let before = morning_of(day).as_millisecond();
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
