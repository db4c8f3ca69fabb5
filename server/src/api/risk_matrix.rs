//! The scale that an institution assesses risks on.

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{Answer, Resource, Shown, Tagged};
use super::auth::{Caller, RecordKeepers, RecordReaders};
use super::body::Document;
use super::headers::IfMatch;
use super::problem::Problem;
use super::query::{Fields, Pairs, Parameter, Query, Values};
use crate::exchange::{MatrixChoice, RiskMatrixView, StandardMatrixView, offered_matrices};

impl Resource for RiskMatrixView {
    fn location(&self) -> String {
        "/api/v1/risk-matrix".to_owned()
    }

    fn revision(&self) -> Option<i64> {
        Some(self.version)
    }
}

/// Which version is shown.
pub struct Version(Option<u64>);

impl Fields for Version {
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        name: "version",
        about: "An earlier version, with which a review was made; the newest if it is left out.",
        required: false,
        values: Values::Number,
    }];

    fn take(pairs: &mut Pairs) -> Result<Self, Problem> {
        pairs.number("version").map(Self)
    }
}

/// The matrices that are offered.
#[derive(Debug, Serialize, ToSchema)]
pub struct StandardMatrices {
    /// The first is the one of whoever chose none.
    items: Vec<StandardMatrixView>,
}

/// Lists the matrices that are offered.
pub async fn list() -> Answer<Shown<StandardMatrices>> {
    let items = offered_matrices();
    Ok(Shown(StandardMatrices { items }))
}

/// Shows the institution's.
pub async fn find(
    caller: Caller<RecordReaders>,
    version: Query<Version>,
) -> Answer<Tagged<RiskMatrixView>> {
    let verb = caller.ask(move |exchange, actor| {
        let Version(version) = version.read()?;
        // No version is so large: there is none.
        let version = version.map(|version| i64::try_from(version).unwrap_or(i64::MAX));
        Ok(exchange.risk_matrix(actor, version)?)
    });
    verb.await.map(Tagged)
}

/// Chooses another, or the institution's own.
pub async fn choose(
    caller: Caller<RecordKeepers>,
    choice: Document<MatrixChoice>,
    expected: IfMatch,
) -> Answer<Tagged<RiskMatrixView>> {
    let verb = caller.ask(move |exchange, actor| {
        Ok(exchange.choose_risk_matrix(actor, choice.read()?, expected.revision())?)
    });
    verb.await.map(Tagged)
}
