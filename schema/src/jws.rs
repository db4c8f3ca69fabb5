//! Signed documents.

use crate::violation::Violations;

/// A document that travels as a compact JWS with a `typ` of its own.
pub trait Document: Sized {
    /// The `typ` of the header that says which document this is.
    const TYP: &'static str;

    /// Reads the payload: strict JSON, then the document's rules. Syntax errors become violations.
    fn parse(payload: &[u8]) -> Result<Self, Violations>;
}
