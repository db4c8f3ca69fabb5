//! `kaiji log`: the transparency log, as anybody may check it, and as its operator verifies it.

use clap::{Args, Subcommand};

use super::Ambient;
use super::end::{Answer, CommandError};
use super::log_check::LogCheck;
use super::log_verify::LogVerify;

/// The transparency log: check that it only grows, verify the database
#[derive(Debug, Args)]
pub(super) struct Log {
    #[command(subcommand)]
    command: LogCommand,
}

#[derive(Debug, Subcommand)]
enum LogCommand {
    Check(LogCheck),
    Verify(LogVerify),
}

impl Log {
    pub(super) fn run(&self, ambient: &Ambient) -> Result<Answer, CommandError> {
        match &self.command {
            LogCommand::Check(check) => check.run(ambient),
            LogCommand::Verify(verify) => verify.run(),
        }
    }
}
