//! Sends what is in the outbox, a batch at a time, one letter after the other over one connection.
//!
//! Where the server cannot be reached the rest of the batch goes back untried, and nothing is sent for a while. When a
//! letter is tried again, and when it is given up, is the exchange's business.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::exchange::{ClaimedLetter, Exchange, LetterFate};
use crate::mail::{Delivery, Parcel, PostOffice};
use crate::storage::Error;

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
        let checkpoint = exchange.checkpoint_line().ok();
        let mut unreachable = None;
        let fates = claimed.into_iter().map(|claimed| {
            let fate = match unreachable {
                None => self.send(&claimed, checkpoint.clone(), &mut unreachable),
                Some(_) => LetterFate::Untried,
            };
            (claimed, fate)
        });
        let fates: Vec<_> = fates.collect();
        exchange.settle_letters(fates)?;
        self.reached(exchange.clock().now(), unreachable.as_deref());
        Ok(unreachable.is_none())
    }

    fn send(
        &self,
        claimed: &ClaimedLetter,
        checkpoint: Option<String>,
        unreachable: &mut Option<String>,
    ) -> LetterFate {
        let written_at = claimed.written_at;
        let parcel = Parcel {
            id: format!("letter-{}-{}", claimed.number, written_at.as_millisecond()),
            to: claimed.to.clone(),
            name: claimed.name.clone(),
            letter: claimed.letter.clone(),
            written_at,
            link: claimed.link.clone(),
            unsubscribe: claimed.unsubscribe.clone(),
            checkpoint,
        };
        match self.office.send(&parcel) {
            Delivery::Taken => LetterFate::Sent,
            Delivery::Refused(reason) => LetterFate::Refused(reason),
            Delivery::NotNow(reason) => LetterFate::Postponed(reason),
            Delivery::Unreachable(reason) => {
                *unreachable = Some(reason);
                LetterFate::Untried
            }
        }
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
