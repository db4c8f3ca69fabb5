//! Tools that are not ours: `tests/with-foreign-tools` provides them.

use std::path::{Path, PathBuf};

/// Where they are.
#[allow(
    clippy::disallowed_methods,
    reason = "tests/with-foreign-tools speaks through the environment"
)]
pub fn tools() -> PathBuf {
    std::env::var_os("KAIJI_TEST_TOOLS")
        .expect("others' tools in KAIJI_TEST_TOOLS: run this with tests/with-foreign-tools")
        .into()
}

/// A script of ours that runs under them.
pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("foreign")
        .join(name)
}
