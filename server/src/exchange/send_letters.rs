//! What the outbox hands to the post, a batch at a time, and what became of it.
//!
//! A letter is claimed before it is handed over: its next attempt moves to the end of the claim, so that another
//! instance leaves it alone and a process that dies forgets nothing. It may then be sent twice, never not at all; both
//! copies have the same `Message-ID`.

use jiff::{SignedDuration, Timestamp};
use kaiji_schema::letter::{Letter, Necessity};
use kaiji_schema::mail_address::MailAddress;
use serde_json::json;

use super::Exchange;
use super::letters::{stored_address, stored_letter};
use super::link::{LinkPurpose, LinkRef};
use super::time::Moment;
use crate::storage::letters::{self, FAILED, LetterRow, SENT};
use crate::storage::{Error as StorageError, Tx};

/// How many letters are claimed at once: so few that memory and the claim's time suffice.
const BATCH: i64 = 50;

/// How long a claim holds; a batch takes far less unless the server hangs at each letter.
const CLAIM: SignedDuration = SignedDuration::from_mins(30);

/// How long after it was written a letter is given up.
const PATIENCE: SignedDuration = SignedDuration::from_hours(72);

/// How long to wait after the first failed attempt, the second, and so on; after the last, again the last.
const PAUSES: [SignedDuration; 6] = [
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(15),
    SignedDuration::from_hours(1),
    SignedDuration::from_hours(3),
    SignedDuration::from_hours(6),
];

/// The longest reason of a failure that is kept.
const LONGEST_FAILURE: usize = 500;

/// A letter on its way.
#[derive(Debug, Clone)]
pub struct ClaimedLetter {
    /// Its number in the outbox.
    pub number: i64,
    /// Where it goes.
    pub to: MailAddress,
    /// The recipient's name.
    pub name: Option<String>,
    /// What it says.
    pub letter: Letter,
    /// When it was written.
    pub written_at: Timestamp,
    /// The link in it.
    pub link: Option<String>,
    /// Where one click ends such letters; only in those that one can do without.
    pub unsubscribe: Option<String>,
    attempts: i64,
}

/// What became of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LetterFate {
    /// The recipient's server, or the next one on the way, has it.
    Sent,
    /// It was refused for good, for this reason.
    Refused(String),
    /// It was not taken now, for this reason.
    Postponed(String),
    /// It was not even tried, since the server cannot be reached: that is not the letter's fault.
    Untried,
}

impl Exchange {
    /// Claims the letters whose time has come. None: there is nothing to be sent.
    pub fn claim_letters(&self) -> Result<Vec<ClaimedLetter>, StorageError> {
        let now = self.clock.now().as_millisecond();
        // Asked outside first: an idle service does not write.
        if self.db.read(|c| letters::due(c, now, 1))?.is_empty() {
            return Ok(Vec::new());
        }
        let claimed = self.db.write(|tx| {
            let now = tx.now();
            let rows = letters::due(tx, now.as_millisecond(), BATCH)?;
            let until = later(now, CLAIM);
            for row in &rows {
                let failure = row.failure.as_deref();
                letters::postpone(tx, row.number, row.attempts, until, failure)?;
            }
            Ok::<_, StorageError>(rows)
        })?;
        claimed
            .value
            .into_iter()
            .map(|row| self.claimed(row))
            .collect()
    }

    /// Notes what became of letters that were claimed.
    pub fn settle_letters(
        &self,
        fates: Vec<(ClaimedLetter, LetterFate)>,
    ) -> Result<(), StorageError> {
        let settled = self.db.write(move |tx| {
            for (claimed, fate) in &fates {
                settle(tx, claimed, fate)?;
            }
            Ok::<_, StorageError>(())
        });
        settled.map(drop)
    }

    /// How many letters wait to be sent.
    pub fn unsent_letters(&self) -> Result<i64, StorageError> {
        self.db.read(letters::unsent)
    }

    fn claimed(&self, row: LetterRow) -> Result<ClaimedLetter, StorageError> {
        let letter = stored_letter(&row)?;
        let link = link_of(&row)?.map(|link| self.links.url(&link));
        let mailbox = row.mailbox.as_deref();
        let dispensable = mailbox.filter(|_| letter.necessity() == Necessity::News);
        Ok(ClaimedLetter {
            number: row.number,
            to: stored_address(&row.to_address)?,
            unsubscribe: dispensable.map(|mailbox| self.links.unsubscribe_url(mailbox)),
            name: row.to_name,
            letter,
            written_at: Moment(row.created_at).timestamp(),
            link,
            attempts: row.attempts,
        })
    }
}

fn link_of(row: &LetterRow) -> Result<Option<LinkRef>, StorageError> {
    let (Some(purpose), Some(id), Some(generation)) =
        (&row.link_purpose, &row.link_id, row.link_generation)
    else {
        return Ok(None);
    };
    let unknown = || StorageError::Corrupt(format!("letter {}: {purpose}", row.number));
    Ok(Some(LinkRef {
        purpose: LinkPurpose::stored(purpose).ok_or_else(unknown)?,
        id: id.clone(),
        generation,
    }))
}

fn settle(tx: &mut Tx<'_>, claimed: &ClaimedLetter, fate: &LetterFate) -> Result<(), StorageError> {
    let now = tx.now();
    let ClaimedLetter {
        number, attempts, ..
    } = claimed;
    match fate {
        LetterFate::Sent => letters::settle(tx, *number, SENT, None, now.as_millisecond()),
        LetterFate::Refused(reason) => give_up(tx, *number, reason),
        LetterFate::Postponed(reason) if is_too_old(claimed, now) => {
            give_up(tx, *number, &format!("not taken for three days: {reason}"))
        }
        LetterFate::Untried if is_too_old(claimed, now) => {
            give_up(tx, *number, "no server could be reached for three days")
        }
        LetterFate::Postponed(reason) => {
            let next = later(now, pause_after(attempts + 1));
            let reason = Some(shortened(reason));
            letters::postpone(tx, *number, attempts + 1, next, reason.as_deref())
        }
        LetterFate::Untried => {
            letters::postpone(tx, *number, *attempts, now.as_millisecond(), None)
        }
    }
}

/// A letter that cannot be delivered stays where it is, and whoever caused it learns of it.
fn give_up(tx: &mut Tx<'_>, number: i64, reason: &str) -> Result<(), StorageError> {
    let now = tx.now().as_millisecond();
    let reason = shortened(reason);
    letters::settle(tx, number, FAILED, Some(&reason), now)?;
    let Some(row) = letters::find(tx, number)? else {
        return Ok(());
    };
    let Some(organisation) = &row.organisation_id else {
        return Ok(());
    };
    let subject = json!({ "to": row.to_address, "request": row.request_id, "reason": reason });
    tx.notify(organisation, "letter_failed", &subject.to_string())
}

fn is_too_old(claimed: &ClaimedLetter, now: Timestamp) -> bool {
    later(claimed.written_at, PATIENCE) <= now.as_millisecond()
}

fn pause_after(attempts: i64) -> SignedDuration {
    let index = usize::try_from(attempts - 1).unwrap_or(0);
    let longest = PAUSES.last().copied().unwrap_or_default();
    PAUSES.get(index).copied().unwrap_or(longest)
}

fn later(now: Timestamp, by: SignedDuration) -> i64 {
    now.saturating_add(by)
        .unwrap_or(Timestamp::MAX)
        .as_millisecond()
}

fn shortened(reason: &str) -> String {
    reason.chars().take(LONGEST_FAILURE).collect()
}
