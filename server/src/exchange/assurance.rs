//! What a statement rests on, said wherever one is shown.

use serde::Serialize;

/// Who answers for a statement, and how that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Assurance {
    /// Its vendor signed it: issuer and integrity were verified.
    Signed,
    /// A person declared it through a link (申告), and nobody signed.
    Attested,
}
