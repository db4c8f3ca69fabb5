//! Evidence files: what an institution's own records name.

use actix_web::web;

use super::answer::{Answer, Listed};
use super::auth::{Caller, InstitutionReads, RecordKeepers};
use super::body::FileBody;
use super::files::{self, File, Kept};
use super::page::Listing;
use super::problem::Problem;
use super::query::{Fields, Pairs, Parameter, Query, Values};
use super::state::State;
use crate::exchange::EvidenceFileView;

/// What a file is called.
pub struct FileName(String);

impl Fields for FileName {
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        name: "name",
        about: "The file's name, without a path: at most 255 bytes of UTF-8, with an end that its media type has.",
        required: true,
        values: Values::Text,
    }];

    fn take(pairs: &mut Pairs) -> Result<Self, Problem> {
        pairs.required("name").map(Self)
    }
}

/// Takes a file in.
pub async fn put(
    state: web::Data<State>,
    caller: Caller<RecordKeepers>,
    (sha256, name): (web::Path<String>, Query<FileName>),
    file: FileBody,
) -> Answer<Kept> {
    let (media_type, announced) = (file.media_type().to_owned(), file.announced());
    let begun = caller.begin(move |exchange, actor| {
        let FileName(name) = name.read()?;
        Ok(exchange.begin_evidence_file(actor, &sha256, &name, &media_type, announced)?)
    });
    files::take(&state, begun, file).await
}

/// Hands a file out.
pub async fn read(
    state: web::Data<State>,
    caller: Caller<InstitutionReads>,
    sha256: web::Path<String>,
) -> Answer<File> {
    files::give(&state, caller, move |exchange, actor| {
        exchange.open_evidence_file(actor, &sha256)
    })
    .await
}

/// Lists the files.
pub async fn list(
    caller: Caller<InstitutionReads>,
    listing: Listing<()>,
) -> Answer<Listed<EvidenceFileView>> {
    let verb = caller.ask(move |exchange, actor| {
        let ((), window) = listing.read()?;
        Ok(exchange.list_evidence_files(actor, &window)?)
    });
    verb.await.map(Listed)
}
