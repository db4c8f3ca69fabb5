//! The binary `kaiji`: the command line, and nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    kaiji::cli::run()
}
