//! An institution's own checklist (遵守項目のチェック): what it says of each item of the guideline, and since when.
//!
//! Items that the exchange itself can answer are filled in from it ([`Facts`]) and say so; the institution confirms them,
//! and a confirmation whose facts have changed since says that too. Nothing that was said is lost (`records`).

mod facts;
mod known;
mod said;
mod view;

use jiff::civil::Date;
use kaiji_schema::Digest;
use kaiji_schema::checklist::{
    Checklist, ChecklistItem, DEFAULT_CHECKLIST, FactKind, ItemState, checklist,
};
use kaiji_schema::requirement::RequirementSet;
use kaiji_schema::violation::Violations;

use super::evidence_files::name_evidence_files;
use super::records::{
    Change, ChangeView, Record, RecordError, RecordKind, all_records, find_record,
};
use super::time::day_in_japan;
use super::{Exchange, Page, Revision, Window};
use crate::actor::Actor;
use crate::storage::{DbConnection, Error as StorageError, Tx};

pub use facts::{
    ComparisonFacts, Facts, FlaggedSystem, InformationFacts, LedgerFacts, NamedSystem,
    PartnerFacts, PartnerSystems, ReviewFacts, StatementFacts,
};
pub use said::{Confirmation, ItemSaid};
pub use view::{ChecklistItemView, FilledIn, Lack, Standing};

use known::Known;
use said::Entry;

/// The checklist that institutions keep.
fn kept_checklist() -> Result<&'static Checklist, StorageError> {
    checklist(DEFAULT_CHECKLIST)
        .ok_or_else(|| StorageError::Corrupt(format!("no checklist {DEFAULT_CHECKLIST}")))
}

/// The item of that id.
fn item_of(id: &str) -> Result<&'static ChecklistItem, RecordError> {
    kept_checklist()?.item(id).ok_or(RecordError::NotFound)
}

/// What an item's record goes by.
fn subject_of(item: &ChecklistItem) -> String {
    format!("{DEFAULT_CHECKLIST}/{}", item.id)
}

/// What was said of all items.
fn entries_of(
    connection: &mut DbConnection,
    institution: &str,
) -> Result<Vec<Record<Entry>>, StorageError> {
    all_records(connection, institution, RecordKind::ChecklistItem)
}

/// What was said of an item.
fn entry_of(
    connection: &mut DbConnection,
    institution: &str,
    item: &ChecklistItem,
) -> Result<Option<Record<Entry>>, StorageError> {
    let subject = subject_of(item);
    find_record(connection, institution, RecordKind::ChecklistItem, &subject)
}

/// Every item of the institution's checklist as it stands on that day, in the printed order; what is compared is compared
/// with that set.
pub(super) fn checklist_of(
    connection: &mut DbConnection,
    institution: &str,
    set: &'static RequirementSet,
    today: Date,
) -> Result<Vec<ChecklistItemView>, StorageError> {
    let items = &kept_checklist()?.items;
    let entries = entries_of(connection, institution)?;
    let kinds: Vec<FactKind> = items.iter().filter_map(|item| item.facts).collect();
    let known = Known::of(connection, institution, &kinds, set, today)?;
    let views = items.iter().map(|item| {
        let subject = subject_of(item);
        let entry = entries.iter().find(|entry| entry.subject == subject);
        let facts = item.facts.map(|kind| known.facts(kind)).transpose()?;
        view::shown(item, entry, facts, today)
    });
    views.collect()
}

/// What the exchange knows about the item, if it knows anything of it.
fn facts_of(
    connection: &mut DbConnection,
    institution: &str,
    item: &ChecklistItem,
    set: &'static RequirementSet,
    today: Date,
) -> Result<Option<Facts>, StorageError> {
    let Some(kind) = item.facts else {
        return Ok(None);
    };
    Known::of(connection, institution, &[kind], set, today)?
        .facts(kind)
        .map(Some)
}

impl Exchange {
    /// The institution's checklist: every item, whether anything was said of it or not.
    pub fn list_checklist(&self, actor: &Actor) -> Result<Vec<ChecklistItemView>, StorageError> {
        let today = day_in_japan(self.clock.now());
        self.db
            .read(|c| checklist_of(c, &actor.organisation, self.sets.current(), today))
    }

    /// One item of it.
    pub fn find_checklist_item(
        &self,
        actor: &Actor,
        item: &str,
    ) -> Result<ChecklistItemView, RecordError> {
        let (item, today) = (item_of(item)?, day_in_japan(self.clock.now()));
        let shown = self.db.read(|c| {
            let entry = entry_of(c, &actor.organisation, item)?;
            let facts = facts_of(c, &actor.organisation, item, self.sets.current(), today)?;
            view::shown(item, entry.as_ref(), facts, today)
        });
        Ok(shown?)
    }

    /// What was said of an item, from the first time on.
    pub fn checklist_item_history(
        &self,
        actor: &Actor,
        item: &str,
        window: &Window,
    ) -> Result<Page<ChangeView>, RecordError> {
        let subject = subject_of(item_of(item)?);
        Ok(self.record_history(actor, RecordKind::ChecklistItem, &subject, window)?)
    }

    /// The institution says how an item stands.
    pub fn say_of_checklist_item(
        &self,
        actor: &Actor,
        item: &str,
        said: ItemSaid,
        expected: Option<Revision>,
    ) -> Result<ChecklistItemView, RecordError> {
        let (item, today) = (item_of(item)?, day_in_japan(self.clock.now()));
        said.check(today)?;
        let facts = self
            .db
            .read(|c| facts_of(c, &actor.organisation, item, self.sets.current(), today))?;
        let basis = facts.as_ref().map(Facts::sha256).transpose()?;
        let saying = actor.clone();
        let said = self.write(actor, move |tx| {
            let before = entry_of(tx, &saying.organisation, item)?;
            put(tx, &saying, item, before, &said, basis, expected)
        })?;
        Ok(view::shown(item, Some(&said.value), facts, today)?)
    }

    /// The institution confirms what the exchange filled in, as the caller saw it. Looked at before the writer: where it
    /// changes in between, the confirmation shows that it rests on something else.
    pub fn confirm_checklist_item(
        &self,
        actor: &Actor,
        item: &str,
        confirmation: Confirmation,
        expected: Option<Revision>,
    ) -> Result<ChecklistItemView, RecordError> {
        let (item, today) = (item_of(item)?, day_in_japan(self.clock.now()));
        let facts = self
            .db
            .read(|c| facts_of(c, &actor.organisation, item, self.sets.current(), today))?;
        let facts = facts.ok_or(RecordError::NotFound)?;
        let basis = facts.sha256()?;
        if basis != confirmation.facts_sha256 {
            return Err(RecordError::FactsChanged);
        }
        if facts.state() != ItemState::Done {
            return Err(RecordError::NotDone);
        }
        let saying = actor.clone();
        let said = self.write(actor, move |tx| {
            let before = entry_of(tx, &saying.organisation, item)?;
            let said = confirmation.said(before.as_ref().map(|record| &record.document));
            put(tx, &saying, item, before, &said, Some(basis), expected)
        })?;
        Ok(view::shown(item, Some(&said.value), Some(facts), today)?)
    }
}

/// Puts down what the institution says of an item. Runs inside the writer.
fn put(
    tx: &mut Tx<'_>,
    actor: &Actor,
    item: &ChecklistItem,
    before: Option<Record<Entry>>,
    said: &ItemSaid,
    basis: Option<Digest>,
    expected: Option<Revision>,
) -> Result<Record<Entry>, RecordError> {
    let files = &said.evidence_files;
    let missing = name_evidence_files(tx, &actor.organisation, files, "/evidence_files")?;
    Violations::from_vec(missing)?;
    let before = before.map(|record| record.document);
    let entry = said.entry(before.as_ref(), day_in_japan(tx.now()), basis);
    let change = Change {
        actor,
        kind: RecordKind::ChecklistItem,
        subject: &subject_of(item),
        expected,
    };
    change.make(tx, entry)
}
