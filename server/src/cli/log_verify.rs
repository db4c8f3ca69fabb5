//! `kaiji log verify`: whether the log in the database is whole, and the audit trail that it vouches for. For the
//! operator, without a service.

use clap::Args;

use super::end::{Answer, CommandError};
use super::output::{self, Output};
use super::serve::Settings;
use crate::app;
use crate::exchange::{
    AuditTrailError, AuditTrailFindings, LogAudit, VerifyLogError, verify_audit_trail, verify_log,
};
use crate::storage::backend;

/// Verify the database's log from leaf 0
///
/// No leaf is missing, every receipt says where it is, times never go back, the tiles are those of the leaves, and every
/// checkpoint that was ever signed is of this log. No entry of the audit trail is missing or was changed, and each of its
/// closed days is the one that its leaf says. The service may run meanwhile.
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
        let audit = match verify_log(connection, self.signatures) {
            Ok(audit) => audit,
            Err(VerifyLogError::Flawed(flaw)) => return self.refuse("log", &flaw.to_string()),
            Err(VerifyLogError::Storage(error)) => return Err(error.into()),
        };
        match verify_audit_trail(connection) {
            Ok(trail) => {
                let text = format!("{}\n{}", sentence(&audit), of_trail(&trail));
                self.output.show(&verified(&audit, &trail), &text)?;
                Ok(Answer::Yes)
            }
            Err(AuditTrailError::Storage(error)) => Err(error.into()),
            Err(flaw) => self.refuse("audit trail", &flaw.to_string()),
        }
    }

    fn refuse(&self, what: &str, flaw: &str) -> Result<Answer, CommandError> {
        if self.output.json {
            output::json(&serde_json::json!({ "verified": false, "flaw": flaw }))?;
        } else {
            output::note(&format!("kaiji: the {what} is NOT verified: {flaw}"));
        }
        Ok(Answer::No)
    }
}

/// The audit trail in words.
fn of_trail(trail: &AuditTrailFindings) -> String {
    let AuditTrailFindings { entries, days, .. } = trail;
    format!("audit trail  {entries} entries, {days} days closed by leaves")
}

fn verified(audit: &LogAudit, trail: &AuditTrailFindings) -> serde_json::Value {
    let mut value = serde_json::json!(audit);
    if let Some(members) = value.as_object_mut() {
        members.insert("audit_entries".to_owned(), trail.entries.into());
        members.insert("audit_days".to_owned(), trail.days.into());
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
