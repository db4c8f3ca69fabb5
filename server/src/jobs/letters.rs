//! Sends what is in the outbox, a batch at a time, over a few connections at once.
//!
//! Where the server cannot be reached the rest of the batch goes back untried, and nothing is sent for a while. When a
//! letter is tried again, and when it is given up, is the exchange's business.

use std::sync::{Mutex, PoisonError};
use std::thread;

use jiff::{SignedDuration, Timestamp};

use crate::exchange::{ClaimedLetter, Exchange, LetterFate};
use crate::mail::{Delivery, Parcel, PostOffice};
use crate::storage::Error;

/// How many letters are on their way at once. One connection manages about 25 a second: the library sends the end of a
/// letter only when the server has acknowledged what is before it (lettre 0.11.23; mended in lettre#1159).
const CONNECTIONS: usize = 4;

/// How long nothing is sent after the first failure to reach the server; each further one doubles it.
const FIRST_REST: SignedDuration = SignedDuration::from_secs(5);
/// The longest that nothing is sent.
const LONGEST_REST: SignedDuration = SignedDuration::from_mins(5);

/// Sends letters.
pub struct Postman {
    office: PostOffice,
    rest: Mutex<Option<Rest>>,
}

#[derive(Debug, Clone, Copy)]
struct Rest {
    until: Timestamp,
    long: SignedDuration,
}

impl Postman {
    /// Who sends letters from there.
    pub fn of(office: PostOffice) -> Self {
        Self {
            office,
            rest: Mutex::new(None),
        }
    }

    /// Sends a batch of letters. Answers whether there were any and the server could be reached.
    pub(super) fn step(&self, exchange: &Exchange) -> Result<bool, Error> {
        if self.rests(exchange.clock().now()) {
            return Ok(false);
        }
        let claimed = exchange.claim_letters()?;
        if claimed.is_empty() {
            return Ok(false);
        }
        let batch = Batch {
            office: &self.office,
            checkpoint: exchange.checkpoint_line().ok(),
            unreachable: Mutex::new(None),
        };
        exchange.settle_letters(batch.send(&claimed))?;
        let failure = batch.failure();
        self.reached(exchange.clock().now(), failure.as_deref());
        Ok(failure.is_none())
    }

    fn rests(&self, now: Timestamp) -> bool {
        let rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        rest.is_some_and(|rest| now < rest.until)
    }

    fn reached(&self, now: Timestamp, failure: Option<&str>) {
        let mut rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(failure) = failure else {
            *rest = None;
            return;
        };
        let long = rest
            .map_or(FIRST_REST, |rest| rest.long * 2)
            .min(LONGEST_REST);
        let until = now.saturating_add(long).unwrap_or(Timestamp::MAX);
        *rest = Some(Rest { until, long });
        tracing::warn!(failure, rest = %long, "letters cannot be sent; they wait");
    }
}

/// Letters that were claimed together.
struct Batch<'a> {
    office: &'a PostOffice,
    checkpoint: Option<String>,
    /// Why the server cannot be reached; from then on nothing more is tried.
    unreachable: Mutex<Option<String>>,
}

impl Batch<'_> {
    /// Sends them over a few connections at once, each taking its share.
    fn send(&self, claimed: &[ClaimedLetter]) -> Vec<(ClaimedLetter, LetterFate)> {
        let share = claimed.len().div_ceil(CONNECTIONS).max(1);
        let send = |letters: &[ClaimedLetter]| {
            let sent = letters
                .iter()
                .map(|letter| (letter.clone(), self.send_one(letter)));
            sent.collect::<Vec<_>>()
        };
        thread::scope(|scope| {
            let shares = claimed.chunks(share);
            let senders: Vec<_> = shares
                .map(|letters| scope.spawn(move || send(letters)))
                .collect();
            let sent = senders
                .into_iter()
                .map(|sender| sender.join().unwrap_or_default());
            sent.flatten().collect()
        })
    }

    fn send_one(&self, claimed: &ClaimedLetter) -> LetterFate {
        if self.failure().is_some() {
            return LetterFate::Untried;
        }
        match self.office.send(&self.parcel(claimed)) {
            Delivery::Taken => LetterFate::Sent,
            Delivery::Refused(reason) => LetterFate::Refused(reason),
            Delivery::NotNow(reason) => LetterFate::Postponed(reason),
            Delivery::Unreachable(reason) => {
                *self
                    .unreachable
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner) = Some(reason);
                LetterFate::Untried
            }
        }
    }

    fn failure(&self) -> Option<String> {
        let unreachable = self
            .unreachable
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        unreachable.clone()
    }

    fn parcel(&self, claimed: &ClaimedLetter) -> Parcel {
        let written_at = claimed.written_at;
        Parcel {
            id: format!("letter-{}-{}", claimed.number, written_at.as_millisecond()),
            to: claimed.to.clone(),
            name: claimed.name.clone(),
            letter: claimed.letter.clone(),
            written_at,
            link: claimed.link.clone(),
            unsubscribe: claimed.unsubscribe.clone(),
            checkpoint: self.checkpoint.clone(),
        }
    }
}
