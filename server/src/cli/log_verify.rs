//! `kaiji log verify`: whether the log in the database is whole. For the operator, without a service.

use clap::Args;

use super::end::{Answer, CommandError};
use super::output::{self, Output};
use super::serve::Settings;
use crate::app;
use crate::exchange::{LogAudit, VerifyLogError, verify_log};
use crate::storage::backend;

/// Verify the database's log from leaf 0
///
/// No leaf is missing, every receipt says where it is, times never go back, the tiles are those of the leaves, and every
/// checkpoint that was ever signed is of this log. The service may run meanwhile.
#[derive(Debug, Args)]
pub(super) struct LogVerify {
    /// Verify each receipt's signature as well, which takes a hundred times as long
    #[arg(long)]
    signatures: bool,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    output: Output,
}

impl LogVerify {
    pub(super) fn run(&self) -> Result<Answer, CommandError> {
        let config = self.settings.load()?;
        let connection = &mut backend::open(&app::database_url(&config)?)?;
        match verify_log(connection, self.signatures) {
            Ok(audit) => {
                self.output.show(&verified(&audit), &sentence(&audit))?;
                Ok(Answer::Yes)
            }
            Err(VerifyLogError::Flawed(flaw)) => {
                if self.output.json {
                    let flaw = flaw.to_string();
                    output::json(&serde_json::json!({ "verified": false, "flaw": flaw }))?;
                } else {
                    output::note(&format!("kaiji: the log is NOT verified: {flaw}"));
                }
                Ok(Answer::No)
            }
            Err(VerifyLogError::Storage(error)) => Err(error.into()),
        }
    }
}

fn verified(audit: &LogAudit) -> serde_json::Value {
    let mut value = serde_json::json!(audit);
    if let Some(members) = value.as_object_mut() {
        members.insert("verified".to_owned(), true.into());
    }
    value
}

/// What was verified, in words.
pub(super) fn sentence(audit: &LogAudit) -> String {
    let name = audit.log.as_deref().unwrap_or("not opened yet");
    let signatures = if audit.signatures {
        ", every receipt's signature included"
    } else {
        ""
    };
    format!(
        "the log is verified from leaf 0{signatures}\nlog          {name}\nsize         {}\nroot         {}\n\
         checkpoints  {}",
        audit.size, audit.root, audit.checkpoints
    )
}
