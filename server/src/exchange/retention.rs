//! For how long records are kept, and the job that takes away what is kept no longer: events and letters that were sent, in
//! bounded pieces. Nothing that proves anything is ever taken away.

use kaiji_schema::retention::{
    LEAST_LOG_YEARS, LawfulPeriod, RecordClass, kept_since, lawful_periods,
};
use serde::Serialize;

use super::Exchange;
use super::time::{day_in_japan, midnight_of};
use crate::storage::{DbConnection, Error as StorageError, events, letters};

/// How many rows one step takes away.
const ROWS: i64 = 200;

/// For how many years logs are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Events.
    pub events_years: u16,
    /// Letters that were sent, or that nobody could be sent.
    pub letters_years: u16,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            events_years: LEAST_LOG_YEARS,
            letters_years: LEAST_LOG_YEARS,
        }
    }
}

/// For how long what is kept.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RetentionView {
    /// Kind by kind.
    pub records: Vec<KeptFor>,
    /// What the law asks of an institution itself, beside which these periods stand.
    #[schema(value_type = Vec<LawfulPeriodView>)]
    pub laws: &'static [LawfulPeriod],
}

/// For how long a kind of record is kept.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct KeptFor {
    /// The kind: `statements`, `receipts`, `records`, `requests`, `audit_trail`, `events`, `letters` or `sessions`.
    pub kind: &'static str,
    /// The same for people.
    pub label: &'static str,
    /// For how many years; null where it is kept for ever, and for sessions, which end by themselves.
    pub years: Option<u16>,
    /// Whether it is taken away at all.
    pub is_removed: bool,
    /// Why so, for people.
    pub reason: &'static str,
}

/// What the law asks of an institution.
#[derive(utoipa::ToSchema)]
#[schema(as = LawfulPeriod)]
#[allow(
    dead_code,
    reason = "describes kaiji_schema's LawfulPeriod in the OpenAPI document"
)]
pub struct LawfulPeriodView {
    /// The law.
    #[schema(example = "医師法")]
    law: String,
    /// The article of it.
    #[schema(example = "第24条第2項")]
    article: String,
    /// What is to be kept.
    record: String,
    /// For how long.
    #[schema(example = "5年")]
    period: String,
    /// Who keeps it, or what else there is to say.
    note: String,
}

impl Retention {
    fn years(self, class: RecordClass) -> Option<u16> {
        match class {
            RecordClass::Events => Some(self.events_years),
            RecordClass::Letters => Some(self.letters_years),
            _ => None,
        }
    }
}

impl Exchange {
    /// The same with logs kept for so long.
    #[must_use]
    pub fn keeping(self, retention: Retention) -> Self {
        Self { retention, ..self }
    }

    /// For how long what is kept.
    pub fn retention(&self) -> RetentionView {
        let records = RecordClass::ALL.iter().map(|class| KeptFor {
            kind: class.as_str(),
            label: class.label(),
            years: self.retention.years(*class),
            is_removed: class.is_removed(),
            reason: class.reason(),
        });
        RetentionView {
            records: records.collect(),
            laws: lawful_periods(),
        }
    }

    /// Takes away the next piece of what is kept no longer. Answers whether there was any.
    pub fn remove_expired(&self) -> Result<bool, StorageError> {
        let today = day_in_japan(self.clock.now());
        let since = |years| midnight_of(kept_since(today, years)).as_millisecond();
        let events_since = since(self.retention.events_years);
        let letters_since = since(self.retention.letters_years);
        let look = |c: &mut DbConnection| {
            let event = events::next_before(c, events_since)?;
            let letter = letters::next_settled_before(c, letters_since)?;
            Ok::<_, StorageError>((event, letter))
        };
        // Asked outside first: an idle service does not write.
        let (event, letter) = self.db.read(look)?;
        if event.is_none() && letter.is_none() {
            return Ok(false);
        }
        self.db.write(move |tx| {
            if let Some(first) = event {
                events::delete_before(tx, first + ROWS, events_since)?;
            }
            if let Some(first) = letter {
                letters::delete_settled_before(tx, first + ROWS, letters_since)?;
            }
            Ok::<_, StorageError>(())
        })?;
        Ok(true)
    }
}
