//! The scale that an institution assesses risks on: the standard one, another that is offered, or its own. Each choice is a
//! version of its own, and reviews keep the one that they were made with.

use kaiji_schema::reader::{FromMembers, Reader};
use kaiji_schema::risk_matrix::{RiskMatrix, Step, standard_matrices, standard_matrix};
use kaiji_schema::violation::Violations;
use serde::Serialize;

use super::revision::{Revision, Stale};
use super::{Exchange, Moment};
use crate::actor::Actor;
use crate::storage::risk_matrices::{self, RiskMatrixRow};
use crate::storage::{DbConnection, Error as StorageError};

/// The version of whoever never chose: the first that is offered.
const STANDARD: i64 = 1;

/// Which matrix an institution wants.
#[derive(Debug, Clone)]
pub struct MatrixChoice(RiskMatrix);

impl FromMembers for MatrixChoice {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        if reader.has("standard") {
            let known = |id: &str| standard_matrix(id).cloned();
            let ids: Vec<_> = standard_matrices().iter().map(|known| &*known.id).collect();
            return reader
                .required_choice("standard", known, &ids.join(" or "))
                .map(Self);
        }
        RiskMatrix::from_members(reader).map(Self)
    }
}

/// One step of a scale.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct StepView {
    /// What it is called.
    pub label: String,
    /// When it is the one to choose.
    pub meaning: Option<String>,
}

/// A risk matrix.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct MatrixView {
    /// What it is called.
    pub title: String,
    /// 発生可能性: its steps, the lowest first; a step's number is its place, from 1.
    pub likelihood: Vec<StepView>,
    /// 影響度: its steps, the lowest first.
    pub impact: Vec<StepView>,
    /// リスクレベル: its steps, the lowest first.
    pub levels: Vec<StepView>,
    /// A row for each likelihood, in it a level's number for each impact.
    #[schema(example = json!([[1, 1, 2], [1, 2, 3], [2, 3, 3]]))]
    pub cells: Vec<Vec<u8>>,
}

/// A matrix that is offered to everybody.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct StandardMatrixView {
    /// By which it is chosen.
    #[schema(example = "3x3")]
    pub id: String,
    /// The matrix.
    #[serde(flatten)]
    pub matrix: MatrixView,
}

/// A version of an institution's matrix.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RiskMatrixView {
    /// Its number; 1 is the standard one.
    pub version: i64,
    /// When it was chosen; null for the standard one.
    #[schema(value_type = Option<String>)]
    pub chosen_at: Option<Moment>,
    /// The matrix.
    #[serde(flatten)]
    pub matrix: MatrixView,
}

impl From<&RiskMatrix> for MatrixView {
    fn from(matrix: &RiskMatrix) -> Self {
        let view = |step: &Step| StepView {
            label: step.label.clone(),
            meaning: step.meaning.clone(),
        };
        let scale = |steps: &[Step]| steps.iter().map(view).collect();
        Self {
            title: matrix.title.clone(),
            likelihood: scale(&matrix.likelihood),
            impact: scale(&matrix.impact),
            levels: scale(&matrix.levels),
            cells: matrix.cells.clone(),
        }
    }
}

/// Why a matrix is not shown or chosen.
#[derive(Debug, thiserror::Error)]
pub enum RiskMatrixError {
    /// The institution has no such version.
    #[error("your risk matrix has no such version")]
    NotFound,
    /// It does not hang together.
    #[error(transparent)]
    Violations(#[from] Violations),
    /// Another was chosen since the caller read it.
    #[error(transparent)]
    Stale(#[from] Stale),
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// The matrices that are offered to everybody.
pub fn offered_matrices() -> Vec<StandardMatrixView> {
    let offered = standard_matrices().iter();
    offered
        .map(|standard| StandardMatrixView {
            id: standard.id.clone(),
            matrix: (&standard.matrix).into(),
        })
        .collect()
}

/// Every version of an institution's matrix.
pub(super) struct Matrices(Vec<Version>);

struct Version {
    number: i64,
    chosen_at: Option<i64>,
    matrix: RiskMatrix,
}

impl Matrices {
    pub(super) fn read(
        connection: &mut DbConnection,
        institution_id: &str,
    ) -> Result<Self, StorageError> {
        let standard = standard_matrices().iter().take(1).map(|first| {
            Ok(Version {
                number: STANDARD,
                chosen_at: None,
                matrix: first.matrix.clone(),
            })
        });
        let chosen = risk_matrices::all(connection, institution_id)?;
        let versions = standard.chain(chosen.iter().map(stored));
        Ok(Self(versions.collect::<Result<_, StorageError>>()?))
    }

    /// The matrix of that version, which a review was made with.
    pub(super) fn version(&self, number: i64) -> Result<&RiskMatrix, StorageError> {
        let found = self.find(number).map(|version| &version.matrix);
        found.ok_or_else(|| StorageError::Corrupt(format!("risk matrix {number}")))
    }

    /// The number and the matrix of now.
    pub(super) fn current(&self) -> Result<(i64, &RiskMatrix), StorageError> {
        let newest = self.0.last().map(|newest| (newest.number, &newest.matrix));
        newest.ok_or_else(|| StorageError::Corrupt("no risk matrix".to_owned()))
    }

    fn find(&self, number: i64) -> Option<&Version> {
        self.0.iter().find(|version| version.number == number)
    }

    fn view(&self, number: Option<i64>) -> Option<RiskMatrixView> {
        let version = match number {
            Some(number) => self.find(number),
            None => self.0.last(),
        }?;
        Some(RiskMatrixView {
            version: version.number,
            chosen_at: version.chosen_at.map(Moment),
            matrix: (&version.matrix).into(),
        })
    }
}

fn stored(row: &RiskMatrixRow) -> Result<Version, StorageError> {
    let matrix = serde_json::from_str(&row.content)
        .map_err(|error| StorageError::Corrupt(format!("risk matrix {}: {error}", row.version)))?;
    Ok(Version {
        number: row.version,
        chosen_at: Some(row.created_at),
        matrix,
    })
}

impl Exchange {
    /// The institution's matrix of now, or an earlier version.
    pub fn risk_matrix(
        &self,
        actor: &Actor,
        version: Option<i64>,
    ) -> Result<RiskMatrixView, RiskMatrixError> {
        let matrices = self.db.read(|c| Matrices::read(c, &actor.organisation))?;
        matrices.view(version).ok_or(RiskMatrixError::NotFound)
    }

    /// Chooses the matrix for reviews from now on. The one that is chosen already stays.
    pub fn choose_risk_matrix(
        &self,
        actor: &Actor,
        choice: MatrixChoice,
        expected: Option<Revision>,
    ) -> Result<RiskMatrixView, RiskMatrixError> {
        let (MatrixChoice(matrix), asking) = (choice, actor.clone());
        let content = serde_json::to_string(&matrix)
            .map_err(|error| StorageError::Corrupt(error.to_string()))?;
        self.write(actor, move |tx| {
            let matrices = Matrices::read(tx, &asking.organisation)?;
            let (number, current) = matrices.current()?;
            let next = Revision(number).expect(expected)?;
            if *current == matrix {
                return Ok(());
            }
            let row = RiskMatrixRow {
                institution_id: asking.organisation.clone(),
                version: next.0,
                content: content.clone(),
                created_at: tx.now().as_millisecond(),
                created_by: asking.by.id().to_owned(),
            };
            Ok::<_, RiskMatrixError>(risk_matrices::insert(tx, &row)?)
        })?;
        self.risk_matrix(actor, None)
    }
}
