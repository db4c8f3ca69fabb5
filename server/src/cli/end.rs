//! How a command ends: with an answer, or with an error that says what was wrong, where, and what to do.
//!
//! The one place that knows exit statuses.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kaiji_schema::jws::VerifyError;
use kaiji_schema::key::KeyError;
use kaiji_schema::violation::Violations;

use super::client::ServiceError;
use super::output;
use crate::app::StartError;
use crate::config::ConfigError;
use crate::exchange::{BackupError, ClientError, OrganisationError, UserError};
use crate::{keys, storage};

/// The answer of a command that did its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// Done, verified, valid.
    Yes,
    /// Refused, not verified, flagged. The command has said why.
    No,
}

impl From<bool> for Answer {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

/// Exit statuses as API.md has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Done = 0,
    No = 1,
    Usage = 2,
    Failed = 3,
}

/// Why a command has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommandError {
    /// What was asked for makes no sense in a way that the parser of arguments cannot see.
    #[error("{0}")]
    Usage(String),
    /// A file could not be read or written.
    #[error("{path}: {cause}")]
    File { path: PathBuf, cause: io::Error },
    /// A new file would take an old one's place.
    #[error("{0} is there already, and no key is ever overwritten: choose another name")]
    Exists(PathBuf),
    /// A file that should hold a key does not.
    #[error("{path} cannot be used as the key: {cause}")]
    Key { path: PathBuf, cause: KeyError },
    /// A key could not be made or used.
    #[error(transparent)]
    Crypto(#[from] KeyError),
    /// A file for one person could not be made.
    #[error(transparent)]
    PrivateFile(#[from] keys::Error),
    /// The settings are not accepted.
    #[error("the settings are not accepted: {0}")]
    Config(#[from] ConfigError),
    /// The service could not be put together.
    #[error("the service could not start: {0}")]
    Start(#[from] StartError),
    /// It ended because of an error.
    #[error("the service ended: {0}")]
    Serving(io::Error),
    /// The values of options are not valid, or clash with what is stored.
    #[error("{}", as_options(.0))]
    Options(Violations),
    /// A signed document does not hold.
    #[error("{what} does not verify: {cause}")]
    NotVerified {
        what: &'static str,
        cause: VerifyError,
    },
    /// Two things that belong together do not.
    #[error("{0}")]
    Mismatch(String),
    /// A Kaiji service refused, or could not be reached.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The database cannot be used.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// A backup is not whole, or could not be made.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The rest of the exchange's refusals, in its words.
    #[error("{0}")]
    Refused(String),
    /// A step of the demonstration failed.
    #[error("step {number} of the demonstration ({what}) failed: {cause}")]
    Step {
        number: u32,
        what: String,
        cause: Box<CommandError>,
    },
    /// The result could not be printed.
    #[error("the result could not be printed: {0}")]
    Output(io::Error),
}

impl CommandError {
    /// An error about the file at `path`.
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |cause| Self::File { path, cause }
    }

    fn status(&self) -> Status {
        match self {
            Self::Output(cause) if cause.kind() == io::ErrorKind::BrokenPipe => Status::Done,
            Self::Usage(_)
            | Self::Service(ServiceError::OtherIssuer { .. })
            | Self::Key { .. }
            | Self::Config(ConfigError::Toml { .. } | ConfigError::Setting { .. }) => Status::Usage,
            Self::Options(_) | Self::NotVerified { .. } | Self::Mismatch(_) | Self::Refused(_) => {
                Status::No
            }
            Self::Backup(
                BackupError::Damaged(_) | BackupError::Flawed(_) | BackupError::HighWater(_),
            ) => Status::No,
            Self::Service(error) if error.is_refusal() => Status::No,
            Self::Step { cause, .. } => cause.status(),
            Self::File { .. }
            | Self::Exists(_)
            | Self::Crypto(_)
            | Self::PrivateFile(_)
            | Self::Config(ConfigError::File { .. })
            | Self::Start(_)
            | Self::Serving(_)
            | Self::Service(_)
            | Self::Storage(_)
            | Self::Backup(_)
            | Self::Output(_) => Status::Failed,
        }
    }
}

impl From<ClientError> for CommandError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Violations(violations) => Self::Options(violations),
            ClientError::Storage(error) => Self::Storage(error),
            other => Self::Refused(other.to_string()),
        }
    }
}

impl From<OrganisationError> for CommandError {
    fn from(error: OrganisationError) -> Self {
        match error {
            OrganisationError::Violations(violations) => Self::Options(violations),
            OrganisationError::Storage(error) => Self::Storage(error),
            other => Self::Refused(other.to_string()),
        }
    }
}

impl From<UserError> for CommandError {
    fn from(error: UserError) -> Self {
        match error {
            UserError::Violations(violations) => Self::Options(violations),
            UserError::Storage(error) => Self::Storage(error),
            other => Self::Refused(other.to_string()),
        }
    }
}

/// Violations of a document that was made of options: `/corporate_number` came from `--corporate-number`.
fn as_options(violations: &Violations) -> String {
    let line = |pointer: &str, detail: &str| match pointer.split('/').nth(1) {
        Some(member) => format!("--{}: {detail}", member.replace('_', "-")),
        None => detail.to_owned(),
    };
    let violations = violations.as_slice().iter();
    let lines: Vec<String> = violations
        .map(|one| line(&one.pointer, &one.detail))
        .collect();
    lines.join("\n")
}

/// Says on standard error what went wrong, and answers the exit status.
pub(super) fn exit_code(ended: Result<Answer, CommandError>) -> ExitCode {
    let status = match ended {
        Ok(Answer::Yes) => Status::Done,
        Ok(Answer::No) => Status::No,
        Err(error) => {
            let status = error.status();
            if status != Status::Done {
                output::note(&format!("kaiji: {error}"));
            }
            status
        }
    };
    ExitCode::from(status as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kaiji_schema::violation::Violation;

    #[test]
    fn a_broken_pipe_ends_quietly() {
        let closed = CommandError::Output(io::ErrorKind::BrokenPipe.into());
        assert_eq!(closed.status(), Status::Done);
        let full = CommandError::Output(io::ErrorKind::StorageFull.into());
        assert_eq!(full.status(), Status::Failed);
    }

    #[test]
    fn a_failed_step_has_the_status_of_its_cause() {
        let cause = Box::new(CommandError::Mismatch("two digests differ".to_owned()));
        let what = "verify".to_owned();
        let step = CommandError::Step {
            number: 3,
            what,
            cause,
        };
        assert_eq!(step.status(), Status::No);
    }

    #[test]
    fn violations_are_told_by_the_option_that_caused_them() {
        let violation = Violation::new("/corporate_number", "check_digit", "a digit is mistyped");
        let error = CommandError::Options(violation.into());
        assert_eq!(error.to_string(), "--corporate-number: a digit is mistyped");
    }
}
