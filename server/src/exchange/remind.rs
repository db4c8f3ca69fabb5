//! Whoever is to answer a request is reminded of it: at the configured distances from the day that it is due on, each at
//! most once, and by hand, at most once a day.
//!
//! Reminders leave in the morning, in Japan. A request that was made since then is not reminded of that day, so that once
//! a morning's are written nothing is looked for until the next.

use std::sync::{Mutex, PoisonError};

use jiff::ToSpan;
use jiff::civil::Date;

use super::Exchange;
use super::requests::chain::Chain;
use super::requests::{RequestError, RequestView, news, own_request};
use super::time::{day_in_japan, last_morning, morning_of};
use crate::actor::Actor;
use crate::storage::reminders::{self, ReminderRow};
use crate::storage::requests::RequestRow;
use crate::storage::{DbConnection, Error as StorageError, Tx};

/// How many requests one step reminds of; so many that it does not hold the writer up for long.
const BATCH: i64 = 100;

/// How many mornings are made up for after the service was away.
const MORNINGS: i32 = 3;

/// At what distances from the day that it is due on a request is reminded of: in days, before it where they are negative.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReminderDays(Vec<i16>);

/// Distances are too many or too far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("name at most 20 different days, from -365 to 365")]
pub struct TooManyDays;

impl ReminderDays {
    /// These distances.
    pub fn new(mut days: Vec<i16>) -> Result<Self, TooManyDays> {
        days.sort_unstable();
        days.dedup();
        let near = |day: &i16| (-365..=365).contains(day);
        if days.len() <= 20 && days.iter().all(near) {
            Ok(Self(days))
        } else {
            Err(TooManyDays)
        }
    }
}

/// The reminders of an exchange, and the last morning whose reminders are all written.
#[derive(Debug, Default)]
pub(super) struct Reminders {
    days: ReminderDays,
    written: Mutex<Option<Date>>,
}

impl Reminders {
    pub(super) fn at(days: ReminderDays) -> Self {
        Self {
            days,
            written: Mutex::default(),
        }
    }

    fn are_written(&self, morning: Date) -> bool {
        *self.written.lock().unwrap_or_else(PoisonError::into_inner) == Some(morning)
    }

    fn set_written(&self, morning: Date) {
        *self.written.lock().unwrap_or_else(PoisonError::into_inner) = Some(morning);
    }
}

impl Exchange {
    /// The same with reminders at these distances.
    #[must_use]
    pub fn reminding(self, days: ReminderDays) -> Self {
        Self {
            reminders: Reminders::at(days),
            ..self
        }
    }

    /// Reminds of the requests whose time has come. Answers whether there were any.
    pub fn remind_of_requests(&self) -> Result<bool, StorageError> {
        let morning = last_morning(self.clock.now());
        if self.reminders.are_written(morning) {
            return Ok(false);
        }
        let days = self.reminders.days.clone();
        // Asked outside first: an idle service does not write.
        if self.db.read(|c| next(c, &days, morning))?.is_none() {
            self.reminders.set_written(morning);
            return Ok(false);
        }
        let reminded = self.db.write(move |tx| {
            let Some((name, rows)) = next(tx, &days, morning)? else {
                return Ok(false);
            };
            for row in &rows {
                remind(tx, row, &name)?;
            }
            Ok::<_, StorageError>(true)
        })?;
        Ok(reminded.value)
    }

    /// The institution reminds whoever has its request.
    pub fn remind_by_hand(&self, actor: &Actor, id: &str) -> Result<RequestView, RequestError> {
        let (asking, id) = (actor.clone(), id.to_owned());
        let reminded = self.write(actor, move |tx| {
            let row = own_request(tx, &asking, &id)?;
            let waiting = Chain::read(tx, &row.origin_id)?.into_head();
            let waiting = waiting.ok_or_else(|| RequestError::State(row.state.clone()))?;
            let today = day_in_japan(tx.now()).to_string();
            if reminders::is_sent(tx, &waiting.id, &today)? {
                return Err(RequestError::RemindedToday);
            }
            if !remind(tx, &waiting, &today)? {
                return Err(RequestError::NoLink);
            }
            Ok(row)
        })?;
        self.show_request(actor, reminded.value)
    }
}

/// The next requests to be reminded of, with the name of their reminder.
fn next(
    connection: &mut DbConnection,
    ReminderDays(days): &ReminderDays,
    morning: Date,
) -> Result<Option<(String, Vec<RequestRow>)>, StorageError> {
    // The newest first: who was away for some days is told the last of them at least.
    for back in 0..MORNINGS {
        for distance in days {
            let that = morning.saturating_sub(back.days());
            let due_on = that.saturating_sub(distance.days()).to_string();
            let made_before = morning_of(that).as_millisecond();
            let name = distance.to_string();
            let rows = reminders::without(connection, &name, &due_on, made_before, BATCH)?;
            if !rows.is_empty() {
                return Ok(Some((name, rows)));
            }
        }
    }
    Ok(None)
}

/// Reminds of a request, and notes it. Answers whether there is anybody who could answer.
fn remind(tx: &mut Tx<'_>, row: &RequestRow, name: &str) -> Result<bool, StorageError> {
    let reminder = ReminderRow {
        request_id: row.id.clone(),
        name: name.to_owned(),
        sent_at: tx.now().as_millisecond(),
    };
    reminders::insert(tx, &reminder)?;
    news::remind(tx, row)
}
