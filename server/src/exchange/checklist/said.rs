//! What an institution says of an item, and what is kept of it: with the days on which it was first looked at and first
//! はい, which no later word takes away.

use jiff::civil::Date;
use kaiji_schema::Digest;
use kaiji_schema::checklist::ItemState;
use kaiji_schema::reader::{FromMembers, Reader};
use kaiji_schema::violation::Violations;
use serde::{Deserialize, Serialize};

use crate::exchange::evidence_files::read_evidence_files;
use crate::exchange::violation;

const LINES: usize = 2000;
const NAME: usize = 200;

/// What an institution says of an item.
#[derive(Debug, Clone)]
pub struct ItemSaid {
    pub(super) state: ItemState,
    pub(super) planned_on: Option<Date>,
    pub(super) reason: Option<String>,
    pub(super) note: Option<String>,
    pub(super) responsible: Option<String>,
    /// The day on which it was looked at; today where it is not said.
    pub(super) checked_on: Option<Date>,
    pub(super) evidence_files: Vec<Digest>,
}

impl FromMembers for ItemSaid {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let words = ItemState::ALL.map(ItemState::as_str).join(", ");
        let state = reader.required_choice("state", ItemState::from_name, &words);
        let planned_on = reader.optional_date("planned_on");
        let reason = reader.optional_lines("reason", LINES);
        let note = reader.optional_lines("note", LINES);
        let responsible = reader.optional_text("responsible", NAME);
        let checked_on = reader.optional_date("checked_on");
        let evidence_files = read_evidence_files(reader, "evidence_files");
        let state = state?;
        report_unfit(reader, state, planned_on.is_some(), reason.is_some());
        Some(Self {
            state,
            planned_on,
            reason,
            note,
            responsible,
            checked_on,
            evidence_files,
        })
    }
}

/// A plan has a day and what is beside the point has a reason; neither stands where it says nothing.
fn report_unfit(reader: &mut Reader<'_>, state: ItemState, has_day: bool, has_reason: bool) {
    if state == ItemState::Planned && !has_day {
        reader.report(
            "planned_on",
            "missing",
            "what is planned has a day (目標日)",
        );
    }
    if state == ItemState::NotApplicable && !has_reason {
        reader.report("reason", "missing", "what is not applicable has a reason");
    }
    let open = matches!(state, ItemState::Planned | ItemState::NotStarted);
    if has_day && !open {
        let detail = "only what is planned or not started has a day to come";
        reader.report("planned_on", "unexpected", detail);
    }
    if has_reason && state != ItemState::NotApplicable {
        let detail = "only what is not applicable has a reason: write a note";
        reader.report("reason", "unexpected", detail);
    }
}

/// What is kept of an item.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) state: ItemState,
    pub(super) planned_on: Option<Date>,
    pub(super) reason: Option<String>,
    pub(super) note: Option<String>,
    pub(super) responsible: Option<String>,
    pub(super) evidence_files: Vec<String>,
    /// When it was first looked at, whatever the answer.
    pub(super) first_checked_on: Date,
    /// When it was first はい.
    pub(super) first_confirmed_on: Option<Date>,
    pub(super) last_checked_on: Date,
    /// The facts that the exchange knew when this was said.
    pub(super) facts_sha256: Option<String>,
}

impl ItemSaid {
    /// Refuses a day on which nobody can have looked yet.
    pub(super) fn check(&self, today: Date) -> Result<(), Violations> {
        if self.checked_on.is_some_and(|day| day > today) {
            let detail = "must not be a day to come";
            return Err(violation("/checked_on", "future", detail));
        }
        Ok(())
    }

    /// What is kept of it, after what was kept before.
    pub(super) fn entry(
        &self,
        before: Option<&Entry>,
        today: Date,
        basis: Option<Digest>,
    ) -> Entry {
        let checked_on = self.checked_on.unwrap_or(today);
        let confirmed = (self.state == ItemState::Done).then_some(checked_on);
        let confirmed_before = before.and_then(|entry| entry.first_confirmed_on);
        let first_checked = before.map_or(checked_on, |entry| entry.first_checked_on);
        Entry {
            state: self.state,
            planned_on: self.planned_on,
            reason: self.reason.clone(),
            note: self.note.clone(),
            responsible: self.responsible.clone(),
            evidence_files: self.evidence_files.iter().map(Digest::to_string).collect(),
            first_checked_on: first_checked.min(checked_on),
            first_confirmed_on: confirmed.into_iter().chain(confirmed_before).min(),
            last_checked_on: checked_on,
            facts_sha256: basis.map(|basis| basis.to_string()),
        }
    }
}

/// The institution confirms what the exchange filled in.
#[derive(Debug, Clone)]
pub struct Confirmation {
    /// The facts that the caller saw (`filled_in.sha256`).
    pub(super) facts_sha256: Digest,
    responsible: Option<String>,
}

impl FromMembers for Confirmation {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let facts_sha256 = reader.required_digest("facts_sha256");
        let responsible = reader.optional_text("responsible", NAME);
        Some(Self {
            facts_sha256: facts_sha256?,
            responsible,
        })
    }
}

impl Confirmation {
    /// What that says of the item: it is done; the rest stays as it was said before.
    pub(super) fn said(&self, before: Option<&Entry>) -> ItemSaid {
        let kept = |of: fn(&Entry) -> Option<&String>| before.and_then(of).cloned();
        let files = before.map_or(&[][..], |entry| &entry.evidence_files);
        let responsible = self.responsible.clone();
        ItemSaid {
            state: ItemState::Done,
            planned_on: None,
            reason: None,
            note: kept(|entry| entry.note.as_ref()),
            responsible: responsible.or_else(|| kept(|entry| entry.responsible.as_ref())),
            checked_on: None,
            evidence_files: files.iter().filter_map(|file| file.parse().ok()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn said(state: ItemState, checked_on: Date) -> ItemSaid {
        ItemSaid {
            state,
            planned_on: None,
            reason: None,
            note: None,
            responsible: None,
            checked_on: Some(checked_on),
            evidence_files: Vec::new(),
        }
    }

    #[test]
    fn the_first_day_of_yes_outlasts_a_no() {
        let today = date(2026, 11, 22);
        let days = [
            (ItemState::NotStarted, date(2026, 4, 1), None),
            (ItemState::Done, date(2026, 6, 1), Some(date(2026, 6, 1))),
            (ItemState::Planned, date(2026, 8, 1), Some(date(2026, 6, 1))),
            (ItemState::Done, date(2026, 10, 1), Some(date(2026, 6, 1))),
            (ItemState::Done, date(2026, 5, 1), Some(date(2026, 5, 1))),
        ];
        let mut before: Option<Entry> = None;
        for (state, day, first_yes) in days {
            let entry = said(state, day).entry(before.as_ref(), today, None);
            assert_eq!(entry.first_checked_on, date(2026, 4, 1));
            assert_eq!(entry.first_confirmed_on, first_yes, "{state:?} on {day}");
            assert_eq!(entry.last_checked_on, day);
            before = Some(entry);
        }
    }
}
