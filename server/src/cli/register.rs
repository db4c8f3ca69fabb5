//! `kaiji key register`: a vendor's signing key goes to a service, with a proof that the vendor holds it.

use std::path::PathBuf;

use clap::Args;
use kaiji_schema::jws::{self, Document};
use kaiji_schema::key::SigningKey;
use kaiji_schema::signed::KeyProof;
use serde::{Deserialize, Serialize};

use super::client::{ServiceError, Session};
use super::end::{Answer, CommandError};
use super::output::Output;
use super::sign_in::SignIn;
use super::{Ambient, files};

/// Register a signing key with a service; it signs nothing there until it is approved
#[derive(Debug, Args)]
pub(super) struct Register {
    /// The private key that will sign statements (PKCS#8 PEM); only its public half and a signature are sent
    key: PathBuf,
    #[command(flatten)]
    sign_in: SignIn,
    #[command(flatten)]
    output: Output,
}

/// The key as the service has it now.
#[derive(Deserialize, Serialize)]
pub(super) struct Registered {
    pub(super) kid: String,
    state: String,
    not_after: String,
}

#[derive(Deserialize)]
struct Challenge {
    challenge: String,
    issuer: String,
}

impl Register {
    pub(super) fn run(&self, ambient: &Ambient) -> Result<Answer, CommandError> {
        let key = files::read_signing_key(&self.key)?;
        let service = self.sign_in.service(ambient);
        let registered = register(&self.sign_in.open(&service)??, &key)?;
        let text = format!(
            "kid        {}\nstate      {}\nnot after  {}",
            registered.kid, registered.state, registered.not_after,
        );
        self.output.show(&registered, &text)?;
        Ok(Answer::Yes)
    }
}

/// Proves possession of the key by signing a challenge of the service's.
pub(super) fn register(
    session: &Session<'_>,
    key: &SigningKey,
) -> Result<Registered, ServiceError> {
    let Challenge { challenge, issuer } = session.post_empty("/api/v1/keys/challenges")?;
    let jwk = key.public().clone();
    let proof = KeyProof {
        challenge,
        issuer,
        jwk,
    };
    let proof = jws::sign(KeyProof::TYP, &proof.payload(), key)?;
    session.post_jose("/api/v1/keys", &proof)
}
