//! `checklist.csv`: the institution's own checklist for people, made at once.

use std::collections::HashMap;

use jiff::civil::Date;
use kaiji_schema::sheet::Encoding;
use kaiji_schema::sheet::checklist::{self, ChecklistRow};

use super::checklist::{ChecklistItemView, Lack, checklist_of};
use super::time::day_in_japan;
use super::{Exchange, ExportError};
use crate::actor::Actor;
use crate::storage::organisations::{self, OrganisationRow};
use crate::storage::{Error as StorageError, evidence_files};

impl Exchange {
    /// The institution's checklist as a table.
    pub fn export_checklist(
        &self,
        actor: &Actor,
        encoding: Encoding,
    ) -> Result<Vec<u8>, ExportError> {
        let (institution, today) = (&actor.organisation, day_in_japan(self.clock.now()));
        let (owner, items, files) = self.db.read(|c| {
            let owner = organisations::find(c, institution)?;
            let files = evidence_files::all_named(c, institution)?;
            Ok::<_, StorageError>((
                owner,
                checklist_of(c, institution, self.sets.current(), today)?,
                files,
            ))
        })?;
        let names: HashMap<_, _> = files
            .into_iter()
            .map(|row| (row.sha256, row.name))
            .collect();
        let rows = items.iter().map(|item| row(item, owner.as_ref(), &names));
        Ok(checklist::write(&rows.collect::<Vec<_>>(), encoding)?)
    }
}

/// The row of an item; evidence files by these names.
pub(super) fn row(
    item: &ChecklistItemView,
    owner: Option<&OrganisationRow>,
    names: &HashMap<String, String>,
) -> ChecklistRow {
    let code = owner.and_then(|owner| owner.medical_institution_code.clone());
    let files = item.evidence_files.iter();
    let files = files.filter_map(|file| names.get(file)).map(String::as_str);
    let filled_in = item.filled_in.as_ref();
    ChecklistRow {
        institution_code: code.unwrap_or_default(),
        institution: owner.map_or_else(String::new, |owner| owner.name.clone()),
        section: format!("{}. {}", item.section, item.section_title),
        printed: item.printed.clone(),
        text: item.text.to_owned(),
        answer: item.answer.label().into(),
        first_checked_on: day(item.first_checked_on),
        planned_on: day(item.planned_on),
        state: item.state.label().into(),
        first_confirmed_on: day(item.first_confirmed_on),
        last_checked_on: day(item.last_checked_on),
        reason: item.reason.clone().unwrap_or_default(),
        note: item.note.clone().unwrap_or_default(),
        responsible: item.responsible.clone().unwrap_or_default(),
        evidence_files: files.collect::<Vec<_>>().join("\n"),
        lacks: item
            .lacks
            .iter()
            .map(|lack| Lack::label(*lack))
            .collect::<Vec<_>>()
            .join("、"),
        says: filled_in.map_or_else(String::new, |filled_in| filled_in.says.clone()),
        standing: filled_in
            .map_or("", |filled_in| filled_in.standing.label())
            .into(),
        known_state: filled_in
            .map_or("", |filled_in| filled_in.state.label())
            .into(),
        updated_on: day(item.updated_at.map(|at| day_in_japan(at.timestamp()))),
    }
}

fn day(day: Option<Date>) -> String {
    day.map_or_else(String::new, |day| day.to_string())
}
