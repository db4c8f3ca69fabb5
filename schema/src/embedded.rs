//! Data files that the program carries within itself (`fixtures/requirement-sets`, `fixtures/forms`,
//! `fixtures/holidays`).
//!
//! They are part of the program: a file that cannot be read is a fault that the tests of this crate find, so
//! nothing that is shipped can meet it. This is the one place that says what happens if it does.

/// A data file that does not hold together.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// It is no JSON, or has other members.
    #[error("not readable as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It is no CSV, or has other columns.
    #[error("not readable as CSV: {0}")]
    Csv(#[from] csv::Error),
    /// What it says breaks a rule.
    #[error("{0}")]
    Rule(String),
}

/// The files' contents in the order of `sources`.
///
/// # Panics
///
/// Where a file that was compiled in is corrupt, which a test of its module excludes.
pub(crate) fn all<S, T>(sources: &[S], parse: impl Fn(&S) -> Result<T, DataError>) -> Vec<T> {
    whole(sources.iter().map(parse).collect())
}

/// What was read from compiled-in files.
///
/// # Panics
///
/// Where one of them is corrupt, as above.
pub(crate) fn whole<T>(read: Result<T, DataError>) -> T {
    match read {
        Ok(parsed) => parsed,
        #[allow(
            clippy::panic,
            reason = "compiled-in data, read by a test of its module"
        )]
        Err(error) => panic!("a data file of kaiji-schema is corrupt: {error}"),
    }
}
