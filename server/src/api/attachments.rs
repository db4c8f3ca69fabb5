//! Attachments: files that statements name.

use actix_web::web;

use super::answer::Answer;
use super::auth::{Caller, StatementReaders, VendorWrites};
use super::body::FileBody;
use super::files::{self, File, Kept};
use super::state::State;

/// Takes a file in.
pub async fn put(
    state: web::Data<State>,
    caller: Caller<VendorWrites>,
    sha256: web::Path<String>,
    file: FileBody,
) -> Answer<Kept> {
    let announced = file.announced();
    let begun = caller
        .begin(move |exchange, actor| Ok(exchange.begin_attachment(actor, &sha256, announced)?));
    files::take(&state, begun, file).await
}

/// Hands a file out.
pub async fn read(
    state: web::Data<State>,
    caller: Caller<StatementReaders>,
    sha256: web::Path<String>,
) -> Answer<File> {
    files::give(&state, caller, move |exchange, actor| {
        exchange.open_attachment(actor, &sha256)
    })
    .await
}
