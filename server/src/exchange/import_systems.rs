//! An institution brings its inventory (医療情報システム一覧) as CSV: first it sees what would change, then it says yes
//! to exactly that.
//!
//! A row is about the system that its ID names; without one, about the only system of that name, and of that product name
//! if the row has one; else it is a new one. A plan has a name, the digest of what would change. It is worked out again inside the writer: where
//! it has another name by then, nothing is done.

use std::collections::{HashMap, HashSet};

use kaiji_schema::Digest;
use kaiji_schema::reader::{self, FromMembers};
use kaiji_schema::sheet::Encoding;
use kaiji_schema::sheet::inventory::{self, Inventory, InventoryRecord};
use kaiji_schema::violation::{Violation, Violations};
use serde::Serialize;
use serde_json::{Map, Value};

use super::export_systems::shown;
use super::systems::{NewSystem, SystemChange, apply, begun, unknown_product};
use super::{Exchange, fold};
use crate::actor::Actor;
use crate::storage::systems::{self, SystemRow};
use crate::storage::{DbConnection, Error as StorageError, Tx};

/// What becomes of systems that the file does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Missing {
    /// They stay: the file is a part of the list.
    #[default]
    Keep,
    /// They are taken off: the file is the whole list.
    Remove,
}

impl Missing {
    /// `keep` or `remove`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "keep" => Some(Self::Keep),
            "remove" => Some(Self::Remove),
            _ => None,
        }
    }
}

/// What an import changes.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ImportPlan {
    /// Names exactly these changes: import the same file with it as `plan`, and they are made.
    pub plan: String,
    /// Whether they were made.
    pub applied: bool,
    /// How many systems are put on the list.
    pub created: usize,
    /// How many are changed.
    pub changed: usize,
    /// How many are taken off.
    pub removed: usize,
    /// How many stay as they are.
    pub unchanged: usize,
    /// One by one, in the order of the file; what is taken off comes last.
    pub systems: Vec<PlannedSystem>,
}

/// What an import does with one system.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct PlannedSystem {
    /// The row of the file, where the header is row 1.
    pub row: Option<u64>,
    /// What is done.
    pub action: ImportAction,
    /// The system; of a new one not before it is made.
    pub system: Option<String>,
    /// What it is called.
    pub name: String,
    /// The members that change.
    pub changes: Vec<MemberChange>,
}

/// What is done with a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportAction {
    /// It is put on the list.
    Create,
    /// It is changed.
    Change,
    /// It is taken off.
    Remove,
    /// Nothing.
    Keep,
}

/// A member that changes.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct MemberChange {
    /// Its name in the document of a system.
    pub member: String,
    /// What it is now, as the table shows it.
    #[schema(value_type = Object)]
    pub before: Value,
    /// What it becomes.
    #[schema(value_type = Object)]
    pub after: Value,
}

/// Why a list was not imported. Nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read, or a row breaks a rule; the pointers are `/row/column`.
    #[error(transparent)]
    Violations(#[from] Violations),
    /// What would change is not what the caller agreed to.
    #[error("the import would now change something else than that plan: look at the new plan")]
    OtherPlan,
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Exchange {
    /// Shows what the file would change; with the name of that plan, changes it.
    pub fn import_systems(
        &self,
        actor: &Actor,
        csv: &[u8],
        missing: Missing,
        agreed: Option<String>,
    ) -> Result<ImportPlan, ImportError> {
        let file = Inventory::read(csv)?;
        let institution = actor.organisation.clone();
        let Some(agreed) = agreed else {
            let steps = self.db.read(|c| steps(c, &institution, &file, missing))?;
            return Ok(plan_of(&steps));
        };
        let ids = self.ids_for(&file)?;
        let imported = self.write(actor, move |tx| {
            let steps = steps(tx, &institution, &file, missing)?;
            let mut plan = plan_of(&steps);
            if plan.plan != agreed {
                return Err(ImportError::OtherPlan);
            }
            plan.applied = true;
            let mut ids = ids.iter();
            for (step, planned) in steps.iter().zip(&mut plan.systems) {
                take(tx, &institution, step, planned, &mut ids)?;
            }
            Ok(plan)
        })?;
        Ok(imported.value)
    }

    /// Ids for as many new systems as the file could have, in its order.
    fn ids_for(&self, file: &Inventory) -> Result<Vec<String>, StorageError> {
        let without_id = file.records.iter().filter(|record| record.id.is_none());
        let ids = without_id.map(|_| self.new_id("sys"));
        let mut ids = ids.collect::<Result<Vec<_>, _>>()?;
        ids.sort_unstable();
        Ok(ids)
    }
}

/// What is to be done with one system.
struct Step {
    planned: PlannedSystem,
    work: Work,
}

enum Work {
    Create(Box<NewSystem>),
    Change(Box<SystemRow>, Box<SystemChange>),
    Remove(Box<SystemRow>),
    Nothing,
}

impl Work {
    fn action(&self) -> ImportAction {
        match self {
            Self::Create(_) => ImportAction::Create,
            Self::Change(..) => ImportAction::Change,
            Self::Remove(_) => ImportAction::Remove,
            Self::Nothing => ImportAction::Keep,
        }
    }

    /// The revision that it starts from.
    fn revision(&self) -> Option<i64> {
        match self {
            Self::Change(row, _) | Self::Remove(row) => Some(row.revision),
            Self::Create(_) | Self::Nothing => None,
        }
    }
}

/// The digest of all steps, each with the revision that it starts from.
fn name_of(steps: &[Step]) -> String {
    let named = steps
        .iter()
        .map(|step| (&step.planned, step.work.revision()));
    let text = serde_json::to_vec(&named.collect::<Vec<_>>());
    Digest::of(&text.unwrap_or_default()).to_string()
}

fn plan_of(steps: &[Step]) -> ImportPlan {
    let count = |action| {
        let planned = steps.iter().filter(|step| step.planned.action == action);
        planned.count()
    };
    ImportPlan {
        plan: name_of(steps),
        applied: false,
        created: count(ImportAction::Create),
        changed: count(ImportAction::Change),
        removed: count(ImportAction::Remove),
        unchanged: count(ImportAction::Keep),
        systems: steps.iter().map(|step| step.planned.clone()).collect(),
    }
}

fn take<'i>(
    tx: &mut Tx<'_>,
    institution: &str,
    step: &Step,
    planned: &mut PlannedSystem,
    ids: &mut impl Iterator<Item = &'i String>,
) -> Result<(), StorageError> {
    let now = tx.now().as_millisecond();
    match &step.work {
        Work::Create(new) => {
            let missing = || StorageError::Corrupt("fewer ids than new systems".to_owned());
            let row = begun(ids.next().ok_or_else(missing)?, institution, new, now);
            systems::insert(tx, &row)?;
            planned.system = Some(row.id);
        }
        Work::Change(row, change) => {
            let mut row = row.as_ref().clone();
            apply(&mut row, change);
            row.revision += 1;
            row.updated_at = now;
            systems::update(tx, &row)?;
        }
        Work::Remove(row) => systems::delete(tx, &row.id)?,
        Work::Nothing => {}
    }
    Ok(())
}

/// What the file asks for, row by row, with all that is wrong with it at once.
fn steps(
    connection: &mut DbConnection,
    institution: &str,
    file: &Inventory,
    missing: Missing,
) -> Result<Vec<Step>, ImportError> {
    let list = systems::all(connection, institution)?.into_iter();
    let list = list.map(|row| Ok::<_, StorageError>((row.clone(), shown(connection, row)?)));
    let list = list.collect::<Result<Vec<Held>, _>>()?;
    let mut match_maker = MatchMaker::of(&list, file);
    let mut found = Vec::new();
    let mut steps = Vec::new();
    for record in &file.records {
        let step = match match_maker.system_of(record) {
            Ok(Some(held)) => step_for_held(record, held, file.encoding, &mut found),
            Ok(None) => step_for_new(record, &mut found),
            Err(violation) => {
                found.push(violation);
                None
            }
        };
        if let Some(step) = &step {
            found.extend(names_no_product(connection, record.row, &step.work)?);
        }
        steps.extend(step);
    }
    Violations::from_vec(found)?;
    if missing == Missing::Remove {
        let rest = list
            .iter()
            .filter(|(row, _)| !match_maker.taken.contains(row.id.as_str()));
        steps.extend(rest.map(|(row, _)| {
            let work = Work::Remove(Box::new(row.clone()));
            step(None, row, Vec::new(), work)
        }));
    }
    Ok(steps)
}

fn step(row: Option<u64>, system: &SystemRow, changes: Vec<MemberChange>, work: Work) -> Step {
    Step {
        planned: PlannedSystem {
            row,
            action: work.action(),
            system: Some(system.id.clone()),
            name: system.name.clone(),
            changes,
        },
        work,
    }
}

/// A system on the list, and its document as the table shows it.
type Held = (SystemRow, Map<String, Value>);

/// Finds the system that a row is about.
struct MatchMaker<'l> {
    by_id: HashMap<&'l str, &'l Held>,
    by_name: HashMap<String, Vec<&'l Held>>,
    /// Those that the file names by their IDs.
    named: HashSet<&'l str>,
    taken: HashSet<&'l str>,
}

impl<'l> MatchMaker<'l> {
    fn of(list: &'l [Held], file: &'l Inventory) -> Self {
        let mut by_name: HashMap<_, Vec<_>> = HashMap::new();
        for held in list {
            by_name.entry(fold(&held.0.name)).or_default().push(held);
        }
        let named = file
            .records
            .iter()
            .filter_map(|record| record.id.as_deref());
        Self {
            by_id: list.iter().map(|held| (held.0.id.as_str(), held)).collect(),
            by_name,
            named: named.collect(),
            taken: HashSet::new(),
        }
    }

    fn system_of(&mut self, record: &InventoryRecord) -> Result<Option<&'l Held>, Violation> {
        let at_id = || inventory::place(record.row, "id");
        let system = match &record.id {
            Some(id) => Some(*self.by_id.get(id.as_str()).ok_or_else(|| {
                let detail = "no system on the list has this ID: leave it empty for a new one";
                Violation::new(at_id(), "unknown_system", detail)
            })?),
            None => self.of_that_name(record)?,
        };
        if system.is_some_and(|(row, _)| !self.taken.insert(row.id.as_str())) {
            let detail = "another row of the file is about this system already";
            return Err(Violation::new(at_id(), "duplicate_system", detail));
        }
        Ok(system)
    }

    fn of_that_name(&self, record: &InventoryRecord) -> Result<Option<&'l Held>, Violation> {
        let folded = |members: &Map<String, Value>, member| {
            members.get(member).and_then(Value::as_str).map(fold)
        };
        let name = folded(&record.members, "name").unwrap_or_default();
        let product = folded(&record.members, "product_name");
        let free = |(row, _): &Held| {
            !self.named.contains(row.id.as_str()) && !self.taken.contains(row.id.as_str())
        };
        let of_product =
            |(_, shown): &Held| product.is_none() || folded(shown, "product_name") == product;
        let alike = self.by_name.get(&name).into_iter().flatten().copied();
        let mut alike = alike.filter(|held| free(held) && of_product(held));
        match (alike.next(), alike.next()) {
            (_, Some(_)) => {
                let detail =
                    "several systems on the list have this name: say by its ID which one is meant";
                let pointer = inventory::place(record.row, "id");
                Err(Violation::new(pointer, "ambiguous_system", detail))
            }
            (only, None) => Ok(only),
        }
    }
}

fn step_for_held(
    record: &InventoryRecord,
    (row, before): &Held,
    encoding: Encoding,
    found: &mut Vec<Violation>,
) -> Option<Step> {
    let differs = |(member, after): &(&String, &Value)| {
        let before = before.get(*member).unwrap_or(&Value::Null);
        // A text that its encoding could not hold as it is was not changed by whoever sent it back.
        let image = before.as_str().map(|text| encoding.image(text));
        let came_back = image.is_some() && image.as_deref().map(str::trim) == after.as_str();
        before != *after && !came_back
    };
    let wished = record.members.iter().filter(differs);
    let wished: Map<String, Value> = wished
        .map(|(member, after)| (member.clone(), after.clone()))
        .collect();
    let changes = wished.iter().map(|(member, after)| MemberChange {
        member: member.clone(),
        before: before.get(member).cloned().unwrap_or_default(),
        after: after.clone(),
    });
    let changes: Vec<MemberChange> = changes.collect();
    let work = if changes.is_empty() {
        Work::Nothing
    } else {
        let change = read(record.row, &wished, found)?;
        Work::Change(Box::new(row.clone()), Box::new(change))
    };
    Some(step(Some(record.row), row, changes, work))
}

fn step_for_new(record: &InventoryRecord, found: &mut Vec<Violation>) -> Option<Step> {
    let said = record.members.iter().filter(|(_, value)| !value.is_null());
    let said: Map<String, Value> = said
        .map(|(member, value)| (member.clone(), value.clone()))
        .collect();
    let changes = said.iter().map(|(member, after)| MemberChange {
        member: member.clone(),
        before: Value::Null,
        after: after.clone(),
    });
    let changes = changes.collect();
    let name = said.get("name").and_then(Value::as_str).unwrap_or_default();
    let name = name.to_owned();
    let work = Work::Create(Box::new(read(record.row, &said, found)?));
    Some(Step {
        planned: PlannedSystem {
            row: Some(record.row),
            action: work.action(),
            system: None,
            name,
            changes,
        },
        work,
    })
}

/// Reads the members of a row as the document that they would be over REST: the same rules, pointing into the file.
fn read<T: FromMembers>(
    row: u64,
    members: &Map<String, Value>,
    found: &mut Vec<Violation>,
) -> Option<T> {
    let document = serde_json::to_vec(members).unwrap_or_default();
    match reader::read(&document) {
        Ok(read) => Some(read),
        Err(error) => {
            let violations = Violations::from(error);
            let violations = violations.as_slice().iter();
            found.extend(violations.map(|violation| {
                let member = violation.pointer.trim_start_matches('/');
                let pointer = inventory::place(row, member);
                Violation::new(pointer, violation.code, violation.detail.clone())
            }));
            None
        }
    }
}

fn names_no_product(
    connection: &mut DbConnection,
    row: u64,
    work: &Work,
) -> Result<Option<Violation>, StorageError> {
    let product = match work {
        Work::Create(new) => new.product(),
        Work::Change(_, change) => change.product(),
        Work::Remove(_) | Work::Nothing => None,
    };
    unknown_product(connection, product, &inventory::place(row, "product"))
}
