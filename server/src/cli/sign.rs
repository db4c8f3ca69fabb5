//! `kaiji sign`: a payload becomes a compact JWS, after the same checks that the service will make.

use std::fs;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use kaiji_schema::Digest;
use kaiji_schema::jws::{self, Document};
use kaiji_schema::signed::{
    Confirmation, KeyApproval, KeyProof, Transfer, TransferAcceptance, Withdrawal,
};
use kaiji_schema::statement::Statement;
use kaiji_schema::violation::Violations;

use super::end::{Answer, CommandError};
use super::files;
use super::output::{self, Output};

/// Sign a statement's payload, or another document, with a vendor's key (offline)
///
/// The payload is checked first: what the service would refuse is not signed, and every violation is listed.
#[derive(Debug, Args)]
pub(super) struct Sign {
    /// The payload: JSON, signed byte for byte
    file: PathBuf,
    /// The private key (PKCS#8 PEM)
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// What the payload is
    #[arg(long, value_enum, default_value_t = Typ::Statement)]
    typ: Typ,
    /// Where the signed document goes; standard output without it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

/// The documents that vendors sign. Each is also known by the `typ` of its header.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Typ {
    #[value(alias = "kaiji-statement+jws")]
    Statement,
    #[value(alias = "kaiji-key-proof+jws")]
    KeyProof,
    #[value(alias = "kaiji-key-approval+jws")]
    KeyApproval,
    #[value(alias = "kaiji-withdrawal+jws")]
    Withdrawal,
    #[value(alias = "kaiji-confirmation+jws")]
    Confirmation,
    #[value(alias = "kaiji-transfer+jws")]
    Transfer,
    #[value(alias = "kaiji-transfer-acceptance+jws")]
    TransferAcceptance,
}

impl Typ {
    /// Checks the payload by the rules of its document; answers the header's `typ`.
    fn check(self, payload: &[u8]) -> Result<&'static str, Violations> {
        fn checked<T: Document>(payload: &[u8]) -> Result<&'static str, Violations> {
            T::parse(payload).map(|_| T::TYP)
        }
        match self {
            Self::Statement => checked::<Statement>(payload),
            Self::KeyProof => checked::<KeyProof>(payload),
            Self::KeyApproval => checked::<KeyApproval>(payload),
            Self::Withdrawal => checked::<Withdrawal>(payload),
            Self::Confirmation => checked::<Confirmation>(payload),
            Self::Transfer => checked::<Transfer>(payload),
            Self::TransferAcceptance => checked::<TransferAcceptance>(payload),
        }
    }
}

impl Sign {
    pub(super) fn run(&self) -> Result<Answer, CommandError> {
        let payload = files::read(&self.file)?;
        let key = files::read_signing_key(&self.key)?;
        let typ = match self.typ.check(&payload) {
            Ok(typ) => typ,
            Err(violations) => {
                self.output
                    .refuse(&self.file.display().to_string(), &violations)?;
                return Ok(Answer::No);
            }
        };
        let compact = jws::sign(typ, &payload, &key)?;
        if let Some(out) = &self.out {
            fs::write(out, &compact).map_err(CommandError::file(out))?;
        }
        self.show(typ, &compact, key.public().thumbprint().as_str())?;
        Ok(Answer::Yes)
    }

    fn show(&self, typ: &str, compact: &str, kid: &str) -> Result<(), CommandError> {
        let sha256 = Digest::of(compact.as_bytes());
        match &self.out {
            _ if self.output.json => output::json(&serde_json::json!({
                "typ": typ, "kid": kid, "sha256": sha256, "jws": compact, "out": self.out,
            })),
            Some(out) => {
                let out = out.display();
                output::line(&format!("{typ} signed by {kid}: {out} (sha256 {sha256})"))
            }
            None => output::document(compact),
        }
    }
}
