//! `kaiji verify`: whether a signed document was made, byte for byte, by the owner of a key (発行元と完全性の確認).
//!
//! Offline, and about nothing else: whose the key is and whether it was active then is in the service's receipts.

use std::path::PathBuf;

use clap::Args;
use kaiji_schema::jws::{self, Document, Jws, Refusal, VerifyError};
use kaiji_schema::key::PublicKey;
use kaiji_schema::receipt::Receipt;
use kaiji_schema::signed::{Confirmation, KeyApproval, KeyProof, Withdrawal};
use kaiji_schema::statement::Statement;
use kaiji_schema::status::Status;
use serde::Serialize;

use super::end::{Answer, CommandError};
use super::files;
use super::output::{self, Output};
use super::verify_folder::{self, Kept};

/// Verify a signed document with the key of its maker, or an evidence folder (offline)
///
/// A document: says that exactly these bytes were signed under this key. Whose the key is, and whether it was active
/// when the service received the document, is told by the service's receipts. An evidence folder has these with it: all
/// of it is checked, and the report is in Japanese, as that of its own verify.py.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// The signed document (compact JWS), or an evidence folder
    file: PathBuf,
    /// For a document: the public key of whoever should have signed it (PEM or JWK); for a receipt, the service's
    #[arg(long, value_name = "FILE", conflicts_with_all = ["log_vkey", "receipt_key"])]
    key: Option<PathBuf>,
    #[command(flatten)]
    kept: Kept,
    #[command(flatten)]
    output: Output,
}

/// What a document says, in short.
#[derive(Serialize)]
struct Finding {
    verified: bool,
    typ: &'static str,
    kid: String,
    sha256: String,
    #[serde(skip)]
    about: String,
}

impl Verify {
    pub(super) fn run(&self) -> Result<Answer, CommandError> {
        let Some(key) = &self.key else {
            return self.run_folder();
        };
        let compact = files::read_compact(&self.file)?;
        let key = files::read_public_key(key)?;
        match verify(&compact, &key) {
            Ok(finding) => {
                let Finding {
                    typ,
                    kid,
                    sha256,
                    about,
                    ..
                } = &finding;
                let text = format!("verified: {typ} signed by {kid}\nsha256    {sha256}\n{about}");
                self.output.show(&finding, text.trim_end())?;
                Ok(Answer::Yes)
            }
            Err(error) => {
                self.refuse(&error)?;
                Ok(Answer::No)
            }
        }
    }

    /// Without a key it is about a folder; a file needs one.
    fn run_folder(&self) -> Result<Answer, CommandError> {
        if self.file.is_file() {
            let usage = "a signed document is verified with --key FILE; only a folder has its keys";
            return Err(CommandError::Usage(usage.to_owned()));
        }
        verify_folder::run(&self.file, &self.kept, self.output)
    }

    fn refuse(&self, error: &VerifyError) -> Result<(), CommandError> {
        let code = match error {
            VerifyError::Refused(refusal) => refusal.code(),
            VerifyError::Document(_) => "violations",
        };
        if self.output.json {
            let detail = error.to_string();
            return output::json(
                &serde_json::json!({ "verified": false, "code": code, "detail": detail }),
            );
        }
        let file = self.file.display();
        output::note(&format!("kaiji: {file} is NOT verified: {error}"));
        Ok(())
    }
}

/// Verifies the document as what its header says it is.
fn verify(compact: &str, key: &PublicKey) -> Result<Finding, VerifyError> {
    let jws = Jws::parse(compact)?;
    match jws.typ() {
        Statement::TYP => summary(jws, key, about_statement),
        Receipt::TYP => summary(jws, key, about_receipt),
        Status::TYP => summary(jws, key, about_status),
        KeyProof::TYP => summary::<KeyProof>(jws, key, |_| String::new()),
        KeyApproval::TYP => summary::<KeyApproval>(jws, key, |_| String::new()),
        Withdrawal::TYP => summary::<Withdrawal>(jws, key, |_| String::new()),
        Confirmation::TYP => summary::<Confirmation>(jws, key, |_| String::new()),
        other => Err(Refusal::Typ {
            expected: "a kaiji-…+jws",
            found: other.to_owned(),
        }
        .into()),
    }
}

fn summary<T: Document>(
    jws: Jws,
    key: &PublicKey,
    about: impl Fn(&T) -> String,
) -> Result<Finding, VerifyError> {
    let verified = jws::verify::<T>(jws, key)?;
    Ok(Finding {
        verified: true,
        typ: T::TYP,
        kid: verified.kid().to_string(),
        sha256: verified.sha256().to_string(),
        about: about(verified.document()),
    })
}

fn about_statement(statement: &Statement) -> String {
    let Statement {
        form,
        form_edition,
        revision,
        issuer,
        product,
        issued_on,
        ..
    } = statement;
    let (name, version) = (&product.name, &product.version);
    format!(
        "statement {form} {form_edition}, revision {revision}, {name} {version}, \
         issued by {issuer} on {issued_on}"
    )
}

fn about_receipt(receipt: &Receipt) -> String {
    let event = receipt.event.as_str();
    let (log, leaf, at) = (&receipt.log, receipt.leaf_index, receipt.received_at);
    let about = receipt.statement_sha256;
    let about = about
        .map(|sha256| format!("\nabout     {sha256}"))
        .unwrap_or_default();
    format!("receipt   {event}, leaf {leaf} of {log}, {at}{about}")
}

fn about_status(status: &Status) -> String {
    let (state, as_of) = (status.state.as_str(), status.as_of);
    format!(
        "status    {state} as of {as_of}\nabout     {}",
        status.statement_sha256
    )
}
