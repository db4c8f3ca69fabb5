//! The audit trail as its rows are, of all organisations.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::database::Database;

/// An entry of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
#[allow(missing_docs, reason = "the columns of `audit_events`")]
pub struct AuditEntry {
    #[diesel(sql_type = BigInt)]
    pub number: i64,
    #[diesel(sql_type = BigInt)]
    pub occurred_at: i64,
    #[diesel(sql_type = Text)]
    pub organisation_id: String,
    #[diesel(sql_type = Text)]
    pub client_id: String,
    #[diesel(sql_type = Text)]
    pub token: String,
    #[diesel(sql_type = Text)]
    pub address: String,
    #[diesel(sql_type = Text)]
    pub action: String,
    #[diesel(sql_type = Text)]
    pub object: String,
    #[diesel(sql_type = Text)]
    pub result: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub leaf: Option<i64>,
    #[diesel(sql_type = Text)]
    pub hash: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub agent_id: Option<String>,
}

impl AuditEntry {
    /// What the database holds, in order.
    pub fn all(database: &Database) -> Vec<Self> {
        database.rows("SELECT * FROM audit_events ORDER BY number")
    }
}
