//! Data files that the program carries within itself (`fixtures/requirement-sets`, `fixtures/forms`,
//! `fixtures/holidays`).
//!
//! They are part of the program: a file that cannot be read is a fault that the tests of this crate find, so
//! nothing that is shipped can meet it. This is the one place that says what happens if it does.

/// A data file of this crate that does not hold together.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DataError {
    #[error("not readable as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("not readable as CSV: {0}")]
    Csv(#[from] csv::Error),
    #[error("{0}")]
    Rule(String),
}

/// The files' contents in the order of `sources`.
///
/// # Panics
///
/// Where a file that was compiled in is corrupt, which a test of its module excludes.
pub(crate) fn all<S, T>(sources: &[S], parse: impl Fn(&S) -> Result<T, DataError>) -> Vec<T> {
    let read: Result<Vec<T>, DataError> = sources.iter().map(parse).collect();
    match read {
        Ok(parsed) => parsed,
        #[allow(
            clippy::panic,
            reason = "compiled-in data, read by a test of its module"
        )]
        Err(error) => panic!("a data file of kaiji-schema is corrupt: {error}"),
    }
}
