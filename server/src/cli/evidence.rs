//! `kaiji evidence`: the evidence folders (証跡フォルダー) of all statements that an organisation may read, together.
//!
//! Each statement's folder comes from the service as it is (`GET /statements/{sha256}/evidence`); here they are only put
//! beside each other, with a guide that says which is which.

pub(super) mod target;

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use kaiji_schema::Digest;
use serde::{Deserialize, Serialize};

use super::client::{ServiceError, Session};
use super::end::{Answer, CommandError};
use super::output::Output;
use super::sign_in::SignIn;
use super::{Ambient, output};
use target::Target;

/// Fetch the evidence folders of all statements, to be checked without the service
///
/// Writes one folder a statement, named by its SHA-256. Check them with `kaiji verify PATH` or `python3 verify.py PATH`.
/// For an institution, a statement that it had not fetched yet is delivered by this.
#[derive(Debug, Args)]
pub(super) struct Evidence {
    /// A new directory; with a name that ends in `.zip`, one zip of it
    #[arg(long, value_name = "PATH")]
    output: PathBuf,
    /// Only this statement; may be given more than once
    #[arg(long = "statement", value_name = "SHA256")]
    statements: Vec<Digest>,
    #[command(flatten)]
    sign_in: SignIn,
    #[command(flatten)]
    json: Output,
}

/// A statement, as far as the guide names it.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Listed {
    pub(super) sha256: String,
    form: String,
    form_edition: String,
    revision: i64,
    product_name: String,
    product_version: String,
    received_at: String,
}

#[derive(Deserialize)]
struct List {
    items: Vec<Listed>,
    next: Option<String>,
}

impl Evidence {
    pub(super) fn run(&self, ambient: &Ambient) -> Result<Answer, CommandError> {
        let service = self.sign_in.service(ambient);
        let session = self.sign_in.open(&service)??;
        let mut statements = readable(&session)?;
        if !self.statements.is_empty() {
            let wanted: Vec<String> = self.statements.iter().map(Digest::to_string).collect();
            statements.retain(|listed| wanted.contains(&listed.sha256));
            if statements.len() < wanted.len() {
                let detail = "not all of these statements are there, or were released to you";
                return Err(CommandError::Refused(detail.to_owned()));
            }
        }
        if statements.is_empty() {
            output::note("kaiji: there is no statement that you may read: nothing was written");
            return Ok(Answer::No);
        }
        fetch(&session, &statements, Target::make(&self.output)?)?;
        let path = self.output.display();
        let text = format!(
            "{}件の開示書の証跡を {path} に書き出しました。",
            statements.len()
        );
        let result = serde_json::json!({ "path": self.output, "statements": statements });
        self.json.show(&result, &text)?;
        Ok(Answer::Yes)
    }
}

/// All statements that the session's organisation may read.
pub(super) fn readable(session: &Session<'_>) -> Result<Vec<Listed>, ServiceError> {
    let mut statements = Vec::new();
    let mut path = "/api/v1/statements?limit=200".to_owned();
    loop {
        let list: List = session.get(&path)?;
        statements.extend(list.items);
        match list.next {
            None => return Ok(statements),
            Some(cursor) => path = format!("/api/v1/statements?limit=200&cursor={cursor}"),
        }
    }
}

/// Fetches the folders and puts them, with their guide, where they are to be.
pub(super) fn fetch(
    session: &Session<'_>,
    statements: &[Listed],
    mut target: Target,
) -> Result<(), CommandError> {
    for Listed { sha256, .. } in statements {
        let path = format!("/api/v1/statements/{sha256}/evidence");
        let part = target.part();
        session.download(&path, &part)?;
        target.add(sha256, &part)?;
    }
    target.finish(&guide(statements))
}

/// Which folder is which.
fn guide(statements: &[Listed]) -> String {
    let mut text = format!(
        "はじめに読む — 開示書の証跡 (Kaiji 開示)\n\n\
         この中には、{}件の開示書の証跡フォルダーがあります。それぞれの「はじめに読む.txt」をお読みください。\n\
         すべてをまとめて確かめるには、次のどちらかを実行します(発行元と完全性の確認)。\n\n  \
         python3 verify.py .\n  kaiji verify .\n\n\
         フォルダーの名前は開示書の指紋(SHA-256)です。\n\n",
        statements.len()
    );
    for listed in statements {
        let Listed {
            sha256,
            form,
            form_edition,
            revision,
            product_name,
            product_version,
            received_at,
        } = listed;
        // Writing to memory does not fail.
        let _ = write!(
            text,
            "{sha256}\n  {product_name} {product_version}  {form} {form_edition} 第{revision}版  受領 {received_at}\n"
        );
    }
    text.replace('\n', "\r\n")
}
