//! Printing: results to standard output, notes for people to standard error.
//!
//! The one home of it. A reader that went away (`kaiji compare … | head`) is an error of kind `BrokenPipe` here, which
//! [`super::end`] takes for a quiet end.

use std::io::{self, IsTerminal, Write};

use kaiji_schema::violation::Violations;
use serde::Serialize;

use super::end::CommandError;

/// How a command prints its result.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Output {
    /// Print the result as JSON
    #[arg(long)]
    pub(super) json: bool,
}

impl Output {
    /// Prints a result: `value` for programs, `text` for people.
    pub(super) fn show(self, value: &impl Serialize, text: &str) -> Result<(), CommandError> {
        if self.json { json(value) } else { line(text) }
    }

    /// Prints why the document in `what` is refused: for programs as a result, for people as a note.
    pub(super) fn refuse(self, what: &str, violations: &Violations) -> Result<(), CommandError> {
        if self.json {
            return json(&Refused { violations });
        }
        note(&format!("kaiji: {what} is refused:"));
        for violation in violations.as_slice() {
            note(&format!("  {violation}"));
        }
        Ok(())
    }
}

/// A refused document, as `--json` shows it.
#[derive(Serialize)]
struct Refused<'a> {
    violations: &'a Violations,
}

/// Prints a line, or several, to standard output.
pub(super) fn line(text: &str) -> Result<(), CommandError> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .map_err(CommandError::Output)
}

/// Prints a signed document. Into a file or a pipe go its bytes alone: a line feed is not part of a JWS.
pub(super) fn document(text: &str) -> Result<(), CommandError> {
    let mut out = io::stdout().lock();
    let end = if out.is_terminal() { "\n" } else { "" };
    write!(out, "{text}{end}")
        .and_then(|()| out.flush())
        .map_err(CommandError::Output)
}

/// Prints a value as JSON.
pub(super) fn json(value: &impl Serialize) -> Result<(), CommandError> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| CommandError::Output(io::Error::other(error)))?;
    line(&text)
}

/// Tells people something on standard error. That nobody can read it is no reason to stop.
pub(super) fn note(text: &str) {
    drop(writeln!(io::stderr(), "{text}"));
}
