//! Which statement each question is about: what the institution holds for the system, of the item's form.

use std::collections::BTreeSet;

use kaiji_schema::comparison::ComparedItem;
use kaiji_schema::form::FormKind;
use kaiji_schema::requirement::{Item, RequirementSet, RequirementSets};
use kaiji_schema::violation::{Violation, Violations};

use super::{NewQuestions, QuestionError};
use crate::exchange::compare_system::comparison_of;
use crate::exchange::read_attested::{compared, standing_in};
use crate::exchange::violation;
use crate::storage::comparisons::ComparisonRow;
use crate::storage::statements::{self, Reader};
use crate::storage::systems::SystemRow;
use crate::storage::{DbConnection, Error as StorageError};

/// An item, and the statement that leaves it to be asked about.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) item: &'static Item,
    pub(super) held: Held,
}

/// What the institution holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Held {
    /// A vendor's signed statement.
    Signed(String),
    /// What somebody attested through a link, as the answer to this request.
    Attested(String),
}

/// What is held for one form, and the items of a set about which it leaves something to ask.
struct Compared {
    form: String,
    held: Held,
    flagged: BTreeSet<String>,
}

/// The set that is asked about.
pub(super) fn asked_set(
    new: &NewQuestions,
    sets: &'static RequirementSets,
) -> Result<&'static RequirementSet, Violations> {
    let Some(id) = &new.requirement_set else {
        return Ok(sets.current());
    };
    let detail = "there is no such requirement set: see /api/v1/requirement-sets";
    sets.find(id)
        .ok_or_else(|| violation("/requirement_set", "unknown_set", detail))
}

/// Finds for each item the statement that it is asked about; refuses items about which there is nothing to ask, all at
/// once.
pub(super) fn targets(
    connection: &mut DbConnection,
    system: &SystemRow,
    set: &'static RequirementSet,
    new: &NewQuestions,
) -> Result<Vec<Target>, QuestionError> {
    let compared = held(connection, system, set)?;
    let (mut targets, mut found) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for (pointer, id) in &new.items {
        let refuse = |code, detail: &str| Violation::new(pointer.clone(), code, detail);
        match set.item(id) {
            None => found.push(refuse("unknown_item", "the set has no such item")),
            Some(_) if !seen.insert(id) => {
                found.push(refuse("duplicate", "the item is named before"));
            }
            Some(item) => match target(item, &compared) {
                Ok(target) => targets.push(target),
                Err((code, detail)) => found.push(refuse(code, detail)),
            },
        }
    }
    Violations::from_vec(found)?;
    Ok(targets)
}

/// The item's target; or the code of the violation and why.
fn target(
    item: &'static Item,
    compared: &[Compared],
) -> Result<Target, (&'static str, &'static str)> {
    let form = item.kind.as_str();
    let Some(found) = compared.iter().find(|compared| compared.form == form) else {
        let detail = "you hold no statement of the item's form for this system that still stands";
        return Err(("no_statement", detail));
    };
    if !found.flagged.contains(&item.id) {
        return Err(("not_flagged", "the item is neither 要確認 nor 要リスク評価"));
    }
    let held = found.held.clone();
    Ok(Target { item, held })
}

/// What the institution holds for a system; an attested answer where no signed one stands.
fn held(
    connection: &mut DbConnection,
    system: &SystemRow,
    set: &RequirementSet,
) -> Result<Vec<Compared>, StorageError> {
    let reader = Reader::Institution(&system.institution_id);
    let digest = set.digest().to_string();
    let heads = match &system.product_id {
        Some(product) => statements::compared_heads(connection, reader, product, &digest)?,
        None => Vec::new(),
    };
    let signed: Vec<_> = heads.iter().map(|head| &head.statement).collect();
    let mut held = Vec::with_capacity(FormKind::ALL.len());
    for row in standing_in(connection, system, &signed)? {
        held.push(Compared {
            flagged: flagged(&compared(&row, set)?)?,
            held: Held::Attested(row.statement.request_id),
            form: row.statement.form,
        });
    }
    for head in heads {
        let statement = head.statement;
        if statement.withdrawn_at.is_none() {
            let comparison = comparison_of(connection, &statement, head.comparison, set)?;
            held.push(Compared {
                flagged: flagged(&comparison)?,
                held: Held::Signed(statement.sha256),
                form: statement.form,
            });
        }
    }
    Ok(held)
}

fn flagged(row: &ComparisonRow) -> Result<BTreeSet<String>, StorageError> {
    let items = compared_items(row)?.into_iter();
    let flagged = items.filter(|item| item.outcome.is_flagged());
    Ok(flagged.map(|item| item.id.into_owned()).collect())
}

/// The items of a comparison that was kept.
pub(in crate::exchange) fn compared_items(
    row: &ComparisonRow,
) -> Result<Vec<ComparedItem<'_>>, StorageError> {
    serde_json::from_str(&row.items).map_err(|error| {
        StorageError::Corrupt(format!("comparison of {}: {error}", row.statement_sha256))
    })
}
