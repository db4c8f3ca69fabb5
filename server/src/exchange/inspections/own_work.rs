//! What the institution did itself: its risk reviews, its checklist, and what it confirmed with its vendors; in the words of
//! the tables that it exports.

use std::collections::HashMap;

use kaiji_schema::risk_matrix::RiskMatrix;
use kaiji_schema::sheet::checklist::ChecklistRow;
use kaiji_schema::sheet::contract_points::ContractPointRow;
use kaiji_schema::sheet::reviews::ReviewValue;

use crate::exchange::checklist::checklist_of;
use crate::exchange::contract_points::contract_points_of;
use crate::exchange::reviews::{AsOf, ReviewValues};
use crate::exchange::risk_matrix::Matrices;
use crate::exchange::{export_checklist, export_contract_points};
use crate::storage::organisations::OrganisationRow;
use crate::storage::{DbConnection, Error as StorageError, evidence_files};

/// All of it, as of one day.
pub(super) struct OwnWork {
    pub(super) matrix: RiskMatrix,
    pub(super) reviews: Vec<ReviewValue>,
    pub(super) checklist: Vec<ChecklistRow>,
    pub(super) contract_points: Vec<ContractPointRow>,
}

impl OwnWork {
    /// Reads it.
    pub(super) fn read(
        connection: &mut DbConnection,
        owner: &OrganisationRow,
        as_of: AsOf<'_>,
    ) -> Result<Self, StorageError> {
        let (institution, today) = (as_of.institution_id, as_of.today);
        let files = evidence_files::all_named(connection, institution)?.into_iter();
        let names: HashMap<_, _> = files.map(|row| (row.sha256, row.name)).collect();
        let matrices = Matrices::read(connection, institution)?;
        let (_, matrix) = matrices.current()?;
        let checklist = checklist_of(connection, institution, as_of.set, today)?;
        let systems = contract_points_of(connection, institution, today)?;
        let points = systems.iter().flat_map(|system| {
            let points = system.points.iter();
            points.map(|point| export_contract_points::row(system, point, &names))
        });
        Ok(Self {
            matrix: matrix.clone(),
            contract_points: points.collect(),
            checklist: checklist
                .iter()
                .map(|item| export_checklist::row(item, Some(owner), &names))
                .collect(),
            reviews: reviews(connection, as_of)?,
        })
    }
}

fn reviews(
    connection: &mut DbConnection,
    as_of: AsOf<'_>,
) -> Result<Vec<ReviewValue>, StorageError> {
    let mut values = ReviewValues::begin(connection, as_of)?;
    let mut all = Vec::new();
    while let Some(next) = values.next(connection)? {
        all.extend(next);
    }
    Ok(all)
}
