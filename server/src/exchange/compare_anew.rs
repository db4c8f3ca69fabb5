//! A requirement set that came after statements: they are compared with it in the background, and institutions learn
//! when another set is the current one.
//!
//! Reading does not wait for it: what is not compared yet is compared when it is asked for. Comparing is done before the
//! writer, which only takes the rows.

use kaiji_schema::comparison::compare;
use kaiji_schema::letter::{Letter, RequirementSetNews};
use kaiji_schema::requirement::RequirementSet;
use serde_json::json;

use super::announce::stored_statement;
use super::letters::write_to;
use super::submit_statement::row_of;
use super::{Exchange, stored_digest};
use crate::storage::comparisons::{self, ComparisonRow};
use crate::storage::requirement_sets::{self, RequirementSetRow, UncomparedRow};
use crate::storage::{Error as StorageError, Tx};

/// How many statements are compared in one step; so many that their rows do not hold the writer up for long.
const STATEMENTS: usize = 100;

/// How many institutions one step tells.
const INSTITUTIONS: usize = 200;

impl Exchange {
    /// Compares the next statements with a set that came after them. Answers whether there were any.
    pub fn compare_anew(&self) -> Result<bool, StorageError> {
        let rows = self.db.read(requirement_sets::all)?;
        for set in self.sets.iter() {
            let row = row_for(&rows, set);
            if row.compared_at.is_none() {
                self.compare_next(set, row)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn compare_next(
        &self,
        set: &RequirementSet,
        before: RequirementSetRow,
    ) -> Result<(), StorageError> {
        let limit = i64::try_from(STATEMENTS).unwrap_or(i64::MAX);
        let uncompared = self.db.read(|c| {
            requirement_sets::uncompared(c, &before.sha256, &before.compared_up_to, limit)
        })?;
        let compared: Vec<_> = uncompared
            .iter()
            .map(|statement| compared_with(set, statement))
            .collect::<Result<_, _>>()?;
        self.db.write(move |tx| {
            let rows = requirement_sets::all(tx)?;
            let kept = rows.iter().find(|row| row.sha256 == before.sha256);
            // Another instance may have come here first.
            if kept.is_some_and(|kept| kept.compared_up_to != before.compared_up_to) {
                return Ok(());
            }
            for row in &compared {
                keep(tx, row)?;
            }
            let mut after = before.clone();
            if let Some(last) = compared.last() {
                after.compared_up_to.clone_from(&last.statement_sha256);
            }
            if compared.len() < STATEMENTS {
                after.compared_at = Some(tx.now().as_millisecond());
            }
            match kept {
                None => requirement_sets::insert(tx, &after),
                Some(_) => requirement_sets::update(tx, &after),
            }
        })?;
        Ok(())
    }

    /// Tells the next institutions that another requirement set is the current one. Answers whether there were any.
    pub fn tell_of_requirement_set(&self) -> Result<bool, StorageError> {
        let set = self.sets.current();
        let rows = self.db.read(requirement_sets::all)?;
        let row = row_for(&rows, set);
        let is_known = row.current_since.is_some() && row.told_up_to.is_none();
        // Told when all is compared: whoever looks then sees it at once.
        if is_known || row.compared_at.is_none() {
            return Ok(false);
        }
        self.db.write(move |tx| tell(tx, set))?;
        Ok(true)
    }
}

/// What is kept of a set, or what will be when its first statements are compared.
fn row_for(rows: &[RequirementSetRow], set: &RequirementSet) -> RequirementSetRow {
    let sha256 = set.digest().to_string();
    let kept = rows.iter().find(|row| row.sha256 == sha256).cloned();
    kept.unwrap_or_else(|| RequirementSetRow {
        sha256,
        id: set.id.clone(),
        compared_up_to: String::new(),
        compared_at: None,
        current_since: None,
        told_up_to: None,
    })
}

fn compared_with(
    set: &RequirementSet,
    statement: &UncomparedRow,
) -> Result<ComparisonRow, StorageError> {
    let sha256 = stored_digest(&statement.sha256)?;
    let stored = stored_statement(&statement.jws)?;
    Ok(row_of(&compare(&stored, Some(sha256), set), set))
}

/// A submission may have brought it meanwhile.
fn keep(tx: &mut Tx<'_>, row: &ComparisonRow) -> Result<(), StorageError> {
    let kept = comparisons::find(tx, &row.statement_sha256, &row.requirement_set_sha256)?;
    match kept {
        None => comparisons::insert(tx, row),
        Some(_) => Ok(()),
    }
}

/// Runs inside the writer. The first set of an exchange is news to nobody.
fn tell(tx: &mut Tx<'_>, set: &RequirementSet) -> Result<(), StorageError> {
    let rows = requirement_sets::all(tx)?;
    let mut row = row_for(&rows, set);
    if row.current_since.is_none() {
        row.current_since = Some(tx.now().as_millisecond());
        let before = rows.iter().any(|other| other.current_since.is_some());
        row.told_up_to = before.then(String::new);
    }
    if let Some(told) = row.told_up_to.take() {
        row.told_up_to = tell_next(tx, set, &told)?;
    }
    requirement_sets::update(tx, &row)
}

/// Answers the last institution that was told; `None` where all were.
fn tell_next(
    tx: &mut Tx<'_>,
    set: &RequirementSet,
    told: &str,
) -> Result<Option<String>, StorageError> {
    let limit = i64::try_from(INSTITUTIONS).unwrap_or(i64::MAX);
    let concerned = requirement_sets::concerned(tx, told, limit)?;
    let subject = json!({ "requirement_set": set.id }).to_string();
    let letter = Letter::RequirementSetNews(RequirementSetNews {
        title: set.title.clone(),
    });
    for institution in &concerned {
        tx.notify(institution, "requirement_set_changed", &subject)?;
        write_to(tx, institution, &letter, None)?;
    }
    let more = concerned.len() == INSTITUTIONS;
    Ok(concerned.into_iter().next_back().filter(|_| more))
}
