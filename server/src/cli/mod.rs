//! The command line: one file a command, each reading its arguments, asking the ring below and printing the answer.
//!
//! Exit status: 0 done, 1 the answer is no, 2 wrong usage, 3 could not be done. Results go to standard output (as JSON
//! with `--json`), everything for people's attention to standard error. Rules are not here: what is valid is decided
//! by `kaiji_schema` and by the verbs of the exchange.

mod admin;
mod backup;
mod check_config;
mod client;
mod compare;
mod demo;
mod end;
mod evidence;
mod files;
mod key;
mod log;
mod log_check;
mod log_verify;
mod output;
mod problem;
mod register;
mod serve;
mod sign;
mod sign_in;
mod submit;
mod table;
mod token;
mod verify;
mod verify_folder;

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};

use crate::clock::Clock;
use crate::exchange::Random;
use end::{Answer, CommandError};

/// Kaiji (開示): the exchange of signed MDS/SDS security disclosure statements.
#[derive(Debug, Parser)]
#[command(name = "kaiji", version, arg_required_else_help = true, after_help = EXIT_STATUS)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

const EXIT_STATUS: &str = "\
Exit status: 0 done; 1 the answer is no (a failed verification, a refused document, a flagged item with
`compare --strict`); 2 wrong usage; 3 could not be done (network, disk).";

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Demo(demo::Demo),
    Key(key::Key),
    Sign(sign::Sign),
    Token(token::Token),
    Submit(submit::Submit),
    Verify(verify::Verify),
    Compare(compare::Compare),
    Evidence(evidence::Evidence),
    Log(log::Log),
    Admin(admin::Admin),
    Migrate(serve::Migrate),
    Backup(backup::Backup),
    Restore(backup::Restore),
    CheckConfig(check_config::CheckConfig),
}

impl Command {
    fn run(&self, ambient: &Ambient) -> Result<Answer, CommandError> {
        match self {
            Self::Serve(serve) => serve.run(ambient),
            Self::Demo(demo) => demo.run(ambient),
            Self::Key(key) => key.run(ambient),
            Self::Sign(sign) => sign.run(),
            Self::Token(token) => token.run(ambient),
            Self::Submit(submit) => submit.run(ambient),
            Self::Verify(verify) => verify.run(),
            Self::Compare(compare) => compare.run(),
            Self::Evidence(evidence) => evidence.run(ambient),
            Self::Log(log) => log.run(ambient),
            Self::Admin(admin) => admin.run(ambient),
            Self::Migrate(migrate) => migrate.run(ambient),
            Self::Backup(backup) => backup.run(ambient),
            Self::Restore(restore) => restore.run(),
            Self::CheckConfig(check) => check.run(),
        }
    }
}

/// What a program takes from around it: the time and randomness.
struct Ambient {
    clock: Clock,
    random: Random,
}

impl Ambient {
    #[allow(
        clippy::disallowed_methods,
        reason = "this is where the program takes its randomness from"
    )]
    fn of_the_system() -> Self {
        Self {
            clock: Clock::System,
            random: Arc::new(ring::rand::SystemRandom::new()),
        }
    }
}

/// Reads the arguments of the process, does what they ask for and answers the exit status.
pub fn run() -> ExitCode {
    // Wrong usage ends here, with status 2 and the usage; so does `--help`, with status 0.
    let line = CommandLine::parse();
    let ended = line.command.run(&Ambient::of_the_system());
    end::exit_code(ended)
}
