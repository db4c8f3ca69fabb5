//! An item of the checklist as it is shown: what the institution says, what that stands for at an inspection and lacks
//! there, and what the exchange knows about it.

use jiff::civil::Date;
use kaiji_schema::checklist::{ChecklistItem, ItemAnswer, ItemState};
use serde::Serialize;

use super::facts::Facts;
use super::said::Entry;
use crate::exchange::Moment;
use crate::exchange::records::Record;
use crate::storage::Error as StorageError;

/// An item of an institution's checklist.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ChecklistItemView {
    /// The item's id, such as `4.3-1`.
    pub item: &'static str,
    /// As people refer to it: `4.3 ①`.
    pub printed: String,
    /// The number of the section (項目区分).
    pub section: u16,
    /// The section's title.
    pub section_title: &'static str,
    /// The item's wording.
    pub text: &'static str,
    /// `done` (実施済), `planned` (実施予定), `not_applicable` (対象外) or `not_started` (未着手), which it is until something
    /// is said.
    #[schema(value_type = String)]
    pub state: ItemState,
    /// What that stands for at an on-site inspection: `yes` (はい), `no` (いいえ) or `not_applicable`.
    #[schema(value_type = String)]
    pub answer: ItemAnswer,
    /// When it will be done (目標日).
    #[schema(value_type = Option<String>)]
    pub planned_on: Option<Date>,
    /// Whether that day has passed.
    pub overdue: bool,
    /// Why it is not applicable.
    pub reason: Option<String>,
    /// A note.
    pub note: Option<String>,
    /// Who is responsible.
    pub responsible: Option<String>,
    /// The digests of the evidence files.
    pub evidence_files: Vec<String>,
    /// When it was first looked at, whatever the answer (初回の確認日).
    #[schema(value_type = Option<String>)]
    pub first_checked_on: Option<Date>,
    /// When it was first はい.
    #[schema(value_type = Option<String>)]
    pub first_confirmed_on: Option<Date>,
    /// When it was looked at last.
    #[schema(value_type = Option<String>)]
    pub last_checked_on: Option<Date>,
    /// What an inspector would miss: `first_checked_on`, and for いいえ `planned_on`.
    #[schema(value_type = Vec<String>)]
    pub lacks: Vec<Lack>,
    /// What the exchange knows about it; null where it knows nothing.
    pub filled_in: Option<FilledIn>,
    /// When anything was said of it last.
    #[schema(value_type = Option<String>)]
    pub updated_at: Option<Moment>,
    /// Counts what was said of it.
    #[serde(skip)]
    pub revision: i64,
}

/// What an inspector would miss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lack {
    /// The day on which it was first looked at.
    FirstCheckedOn,
    /// For いいえ, the day on which it will be done.
    PlannedOn,
}

impl Lack {
    /// The same for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::FirstCheckedOn => "初回の確認日",
            Self::PlannedOn => "目標日",
        }
    }
}

/// What the exchange filled in.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct FilledIn {
    /// How the item stands by what the exchange knows: `done` or `not_started`.
    #[schema(value_type = String)]
    pub state: ItemState,
    /// What it knows, in words.
    pub says: String,
    /// The same in values.
    pub facts: Facts,
    /// The digest of the facts, by which `POST …/confirmation` confirms them.
    pub sha256: String,
    /// `unconfirmed`, `confirmed`, or `changed` where the facts have changed since the institution last said something.
    #[schema(value_type = String)]
    pub standing: Standing,
}

/// Whether the institution confirmed what was filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It has said nothing of the item yet.
    Unconfirmed,
    /// What it said rests on these facts.
    Confirmed,
    /// What it said rests on other facts.
    Changed,
}

impl Standing {
    /// The same for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Unconfirmed => "未確認",
            Self::Confirmed => "確認済",
            Self::Changed => "確認後に変化あり",
        }
    }
}

/// Shows an item.
pub(super) fn shown(
    item: &'static ChecklistItem,
    record: Option<&Record<Entry>>,
    facts: Option<Facts>,
    today: Date,
) -> Result<ChecklistItemView, StorageError> {
    let entry = record.map(|record| &record.document);
    let state = entry.map_or(ItemState::NotStarted, |entry| entry.state);
    let planned_on = entry.and_then(|entry| entry.planned_on);
    let text = |of: fn(&Entry) -> Option<&String>| entry.and_then(of).cloned();
    Ok(ChecklistItemView {
        item: &item.id,
        printed: item.printed(),
        section: item.section,
        section_title: &item.section_title,
        text: &item.text,
        state,
        answer: state.answer(),
        planned_on,
        overdue: planned_on.is_some_and(|day| day < today),
        reason: text(|entry| entry.reason.as_ref()),
        note: text(|entry| entry.note.as_ref()),
        responsible: text(|entry| entry.responsible.as_ref()),
        evidence_files: entry.map_or_else(Vec::new, |entry| entry.evidence_files.clone()),
        first_checked_on: entry.map(|entry| entry.first_checked_on),
        first_confirmed_on: entry.and_then(|entry| entry.first_confirmed_on),
        last_checked_on: entry.map(|entry| entry.last_checked_on),
        lacks: lacks(entry, state),
        filled_in: facts.map(|facts| filled_in(facts, entry)).transpose()?,
        updated_at: record.map(|record| record.changed_at),
        revision: record.map_or(0, |record| record.revision),
    })
}

fn lacks(entry: Option<&Entry>, state: ItemState) -> Vec<Lack> {
    let unchecked = entry.is_none();
    let has_day = entry.is_some_and(|entry| entry.planned_on.is_some());
    let unplanned = state.answer() == ItemAnswer::No && !has_day;
    [
        unchecked.then_some(Lack::FirstCheckedOn),
        unplanned.then_some(Lack::PlannedOn),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn filled_in(facts: Facts, entry: Option<&Entry>) -> Result<FilledIn, StorageError> {
    let sha256 = facts.sha256()?.to_string();
    let standing = match entry {
        None => Standing::Unconfirmed,
        Some(entry) if entry.facts_sha256.as_ref() == Some(&sha256) => Standing::Confirmed,
        Some(_) => Standing::Changed,
    };
    Ok(FilledIn {
        state: facts.state(),
        says: facts.says(),
        facts,
        sha256,
        standing,
    })
}
