//! The list of kinds of information that an institution handles (取り扱う情報の一覧, guideline 7.0, 3 ①), kept by the
//! institution itself. A kind that is taken off the list keeps its history.

use kaiji_schema::information::Sensitivity;
use kaiji_schema::reader::{FromMembers, Reader};
use kaiji_schema::violation::{Violation, Violations};
use serde::{Deserialize, Serialize};

use super::idempotency::{Idempotency, made_before, remember};
use super::records::{
    Change, ChangeView, Record, RecordError, RecordKind, all_records, find_record,
};
use super::{Exchange, Moment, Page, Revision, Window, violation};
use crate::actor::Actor;
use crate::storage::{DbConnection, Error as StorageError, Tx, systems};

const NAME: usize = 200;
const LINES: usize = 2000;

/// The longest list: far finer than the guideline asks.
const MOST_KINDS: usize = 500;

/// The most systems that keep one kind.
const MOST_SYSTEMS: usize = 500;

/// A kind of information, as the institution describes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InformationKind {
    name: String,
    sensitivity: Sensitivity,
    kept_in: Option<String>,
    systems: Vec<String>,
    responsible: Option<String>,
    note: Option<String>,
}

impl FromMembers for InformationKind {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let words = Sensitivity::ALL.map(Sensitivity::as_str).join(", ");
        let name = reader.required_text("name", NAME);
        let sensitivity = reader.required_choice("sensitivity", Sensitivity::from_name, &words);
        let kept_in = reader.optional_lines("kept_in", LINES);
        let systems = reader.texts("systems", MOST_SYSTEMS, 64);
        let responsible = reader.optional_text("responsible", NAME);
        let note = reader.optional_lines("note", LINES);
        Some(Self {
            name: name?,
            sensitivity: sensitivity?,
            kept_in,
            systems: systems.unwrap_or_default(),
            responsible,
            note,
        })
    }
}

/// A kind of information on an institution's list.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct InformationKindView {
    /// Opaque id, `ink_…`.
    pub id: String,
    /// What the information is.
    pub name: String,
    /// `special_care` (要配慮個人情報), `personal` (個人情報) or `other`.
    #[schema(value_type = String)]
    pub sensitivity: Sensitivity,
    /// Where it is kept, in words.
    pub kept_in: Option<String>,
    /// The systems of the inventory that keep it.
    pub systems: Vec<String>,
    /// Who is responsible for it.
    pub responsible: Option<String>,
    /// A note.
    pub note: Option<String>,
    /// When it was put down or changed last.
    #[schema(value_type = String)]
    pub updated_at: Moment,
    /// Counts its changes.
    #[serde(skip)]
    pub revision: i64,
}

impl From<Record<InformationKind>> for InformationKindView {
    fn from(record: Record<InformationKind>) -> Self {
        let kind = record.document;
        Self {
            id: record.subject,
            name: kind.name,
            sensitivity: kind.sensitivity,
            kept_in: kind.kept_in,
            systems: kind.systems,
            responsible: kind.responsible,
            note: kind.note,
            updated_at: record.changed_at,
            revision: record.revision,
        }
    }
}

/// The institution's whole list, in the order in which it was made.
pub(super) fn information_kinds_of(
    connection: &mut DbConnection,
    institution: &str,
) -> Result<Vec<InformationKindView>, StorageError> {
    let kinds = all_records(connection, institution, RecordKind::InformationKind)?;
    Ok(kinds.into_iter().map(InformationKindView::from).collect())
}

impl Exchange {
    /// The institution's list. It is as long as people make it by hand, and answered at once.
    pub fn list_information_kinds(
        &self,
        actor: &Actor,
    ) -> Result<Vec<InformationKindView>, StorageError> {
        self.db
            .read(|c| information_kinds_of(c, &actor.organisation))
    }

    /// One kind on it.
    pub fn find_information_kind(
        &self,
        actor: &Actor,
        id: &str,
    ) -> Result<InformationKindView, RecordError> {
        let found = self.db.read(|c| kind_of(c, &actor.organisation, id))?;
        Ok(found.into())
    }

    /// What was said of a kind, from the first time on, also after it was taken off the list.
    pub fn information_kind_history(
        &self,
        actor: &Actor,
        id: &str,
        window: &Window,
    ) -> Result<Page<ChangeView>, RecordError> {
        let page = self.record_history(actor, RecordKind::InformationKind, id, window)?;
        if page.items.is_empty() && window.after.is_none() {
            return Err(RecordError::NotFound);
        }
        Ok(page)
    }

    /// Puts a kind on the list.
    pub fn create_information_kind(
        &self,
        actor: &Actor,
        new: InformationKind,
        request: Option<Idempotency>,
    ) -> Result<InformationKindView, RecordError> {
        let (id, saying) = (self.new_id("ink")?, actor.clone());
        let created = self.write(actor, move |tx| {
            if let Some(id) = made_before(tx, request.as_ref())? {
                return kind_of(tx, &saying.organisation, &id);
            }
            if information_kinds_of(tx, &saying.organisation)?.len() >= MOST_KINDS {
                let detail = format!("the list holds {MOST_KINDS} kinds: make it less fine");
                return Err(violation("", "too_many", detail).into());
            }
            let made = put(tx, &saying, &id, &new, None)?;
            remember(tx, request.as_ref(), &id)?;
            Ok(made)
        })?;
        Ok(created.value.into())
    }

    /// Describes a kind anew.
    pub fn change_information_kind(
        &self,
        actor: &Actor,
        id: &str,
        kind: InformationKind,
        expected: Option<Revision>,
    ) -> Result<InformationKindView, RecordError> {
        let (id, saying) = (id.to_owned(), actor.clone());
        let changed = self.write(actor, move |tx| {
            kind_of(tx, &saying.organisation, &id)?;
            put(tx, &saying, &id, &kind, expected)
        })?;
        Ok(changed.value.into())
    }

    /// Takes a kind off the list.
    pub fn remove_information_kind(
        &self,
        actor: &Actor,
        id: &str,
        expected: Option<Revision>,
    ) -> Result<(), RecordError> {
        let (id, saying) = (id.to_owned(), actor.clone());
        self.write(actor, move |tx| {
            kind_of(tx, &saying.organisation, &id)?;
            change(&saying, &id, expected).remove(tx)
        })?;
        Ok(())
    }
}

fn kind_of(
    connection: &mut DbConnection,
    institution: &str,
    id: &str,
) -> Result<Record<InformationKind>, RecordError> {
    let found = find_record(connection, institution, RecordKind::InformationKind, id)?;
    found.ok_or(RecordError::NotFound)
}

fn change<'a>(actor: &'a Actor, id: &'a str, expected: Option<Revision>) -> Change<'a> {
    Change {
        actor,
        kind: RecordKind::InformationKind,
        subject: id,
        expected,
    }
}

/// Runs inside the writer. Refuses systems that are not on the institution's list.
fn put(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: &str,
    kind: &InformationKind,
    expected: Option<Revision>,
) -> Result<Record<InformationKind>, RecordError> {
    let own = if kind.systems.is_empty() {
        Vec::new()
    } else {
        systems::all(tx, &actor.organisation)?
    };
    let mut unknown = Vec::new();
    for (index, system) in kind.systems.iter().enumerate() {
        if !own.iter().any(|row| row.id == *system) {
            let detail = "there is no such system on your list";
            let pointer = format!("/systems/{index}");
            unknown.push(Violation::new(pointer, "unknown_system", detail));
        }
    }
    Violations::from_vec(unknown)?;
    change(actor, id, expected).make(tx, kind.clone())
}
