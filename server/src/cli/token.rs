//! `kaiji token`: an access token, for `curl` and for scripts.

use clap::Args;
use serde::Serialize;

use super::Ambient;
use super::end::{Answer, CommandError};
use super::output::Output;
use super::sign_in::SignIn;

/// Get an access token, good for ten minutes
///
/// curl -H "Authorization: Bearer $(kaiji token --url … --client-id … --client-key …)" …
#[derive(Debug, Args)]
pub(super) struct Token {
    #[command(flatten)]
    sign_in: SignIn,
    #[command(flatten)]
    output: Output,
}

#[derive(Serialize)]
struct TokenView<'a> {
    access_token: &'a str,
}

impl Token {
    pub(super) fn run(&self, ambient: &Ambient) -> Result<Answer, CommandError> {
        let service = self.sign_in.service(ambient);
        let session = self.sign_in.open(&service)??;
        let access_token = session.token();
        self.output
            .show(&TokenView { access_token }, access_token)?;
        Ok(Answer::Yes)
    }
}
