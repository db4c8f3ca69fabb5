//! `kaiji submit`: a signed statement goes to a service, and its receipt comes back.

use std::path::PathBuf;

use clap::Args;
use kaiji_schema::comparison::Summary;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::client::ServiceError;
use super::end::{Answer, CommandError};
use super::output::{self, Output};
use super::sign_in::SignIn;
use super::{Ambient, compare, files};

/// Submit a signed statement to a service
///
/// Submitting the same statement again is harmless: the answer is the first receipt.
#[derive(Debug, Args)]
pub(super) struct Submit {
    /// The signed statement (compact JWS)
    file: PathBuf,
    #[command(flatten)]
    sign_in: SignIn,
    #[command(flatten)]
    output: Output,
}

/// What the service says about a statement that it took.
#[derive(Deserialize)]
pub(super) struct Accepted {
    pub(super) sha256: String,
    pub(super) leaf_index: u64,
    pub(super) received_at: String,
    pub(super) receipt: String,
    comparisons: Vec<Compared>,
}

#[derive(Deserialize)]
struct Compared {
    requirement_set: String,
    summary: Summary,
}

impl Accepted {
    /// The counts, a line for each requirement set.
    pub(super) fn counts(&self) -> String {
        let line =
            |one: &Compared| format!("{}  {}", one.requirement_set, compare::counts(&one.summary));
        self.comparisons
            .iter()
            .map(line)
            .collect::<Vec<_>>()
            .join("\n")
    }
}

impl Submit {
    pub(super) fn run(&self, ambient: &Ambient) -> Result<Answer, CommandError> {
        let compact = files::read_compact(&self.file)?;
        let service = self.sign_in.service(ambient);
        let answered = self
            .sign_in
            .open(&service)?
            .and_then(|session| session.post_jose::<Box<RawValue>>("/api/v1/statements", &compact));
        match answered {
            Ok(answer) => {
                self.show(&answer)?;
                Ok(Answer::Yes)
            }
            // For programs the refusal is a result like another.
            Err(ServiceError::Refused { problem, .. })
                if self.output.json && problem.is_final() =>
            {
                output::json(&problem)?;
                Ok(Answer::No)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn show(&self, answer: &RawValue) -> Result<(), CommandError> {
        let accepted: Accepted =
            serde_json::from_str(answer.get()).map_err(|error| ServiceError::Unexpected {
                url: self.sign_in.url().to_owned(),
                detail: error.to_string(),
            })?;
        let text = format!(
            "sha256       {}\nreceived at  {}\nleaf         {}\n{}",
            accepted.sha256,
            accepted.received_at,
            accepted.leaf_index,
            accepted.counts(),
        );
        self.output.show(&answer, &text)
    }
}
