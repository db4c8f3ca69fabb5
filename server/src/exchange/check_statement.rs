//! A vendor checks a payload before it signs: all violations, or the comparison that institutions would see.
//! Nothing is stored. What depends on the chain at the moment of submitting (does the revision follow?) is not asked.

use kaiji_schema::comparison::{Comparison, compare};
use kaiji_schema::jws::Document;
use kaiji_schema::statement::Statement;
use kaiji_schema::violation::Violations;
use serde::Serialize;
use serde_json::value::RawValue;

use super::Exchange;
use super::submit_statement::{refuse_another_issuer, what_the_vendor_lacks};
use crate::actor::Actor;
use crate::storage::Error as StorageError;

/// What institutions would see.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CheckedStatement {
    /// One comparison for each requirement set that the service knows.
    #[schema(value_type = Vec<super::ComparisonView>)]
    pub comparisons: Vec<Box<RawValue>>,
}

/// Why a payload would not be taken.
#[derive(Debug, thiserror::Error)]
pub enum CheckStatementError {
    /// It is not as it must be.
    #[error(transparent)]
    Violations(#[from] Violations),
    /// The rows could not be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Exchange {
    /// Checks a payload, unsigned, as if the vendor had submitted it.
    pub fn check_statement(
        &self,
        actor: &Actor,
        payload: &[u8],
    ) -> Result<CheckedStatement, CheckStatementError> {
        let statement = Statement::parse(payload)?;
        refuse_another_issuer(&statement, actor)?;
        let lacking = |c: &mut _| what_the_vendor_lacks(c, &statement, &actor.organisation);
        Violations::from_vec(self.db.read(lacking)?)?;
        let show = |comparison: Comparison<'_>| serde_json::value::to_raw_value(&comparison).ok();
        let comparisons = self
            .sets
            .iter()
            .filter_map(|set| show(compare(&statement, None, set)))
            .collect();
        Ok(CheckedStatement { comparisons })
    }
}
