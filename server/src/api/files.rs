//! Files: opaque bytes, taken in while they arrive and always handed out as downloads.

use std::future::Future;

use actix_web::body::{BodySize, BoxBody};
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, Responder};

use super::answer::{Answer, kept, set};
use super::auth::{Caller, Permission, UnderWay};
use super::body::FileBody;
use super::operation::{About, Describe, answer_header};
use super::pieces::{Begun, PieceByPiece, Pieces};
use super::problem::Problem;
use super::shapes::OpaqueFile;
use super::state::State;
use crate::actor::Actor;
use crate::exchange::{CHUNK_BYTES, Download, Exchange, FileError, KeptFile, Upload};

/// What a download may do in a browser: nothing, not even under the address of the service.
const NOTHING_RUNS: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

const ANY_FILE: &str = "application/octet-stream";

/// 201 for a file that is new, 200 for one that its owner brought before.
pub struct Kept(KeptFile);

impl Responder for Kept {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        kept(&self.0, self.0.created)
    }
}

impl Describe for Kept {
    fn describe(about: &mut About) {
        for (status, what) in [(201, "Kept."), (200, "The caller brought it before.")] {
            about.answers_with::<KeptFile>(status, what, "application/json");
        }
    }
}

/// Takes a file in, whose beginning is under way.
pub async fn take(
    state: &State,
    begun: impl Future<Output = Result<(Upload, UnderWay), Problem>>,
    mut file: FileBody,
) -> Answer<Kept> {
    let kept = match begun.await {
        Ok((upload, under_way)) => {
            let kept = receive(state, under_way.actor().clone(), upload, &mut file).await;
            under_way.end(kept)
        }
        Err(problem) => Err(problem),
    };
    if kept.is_err() {
        file.drain().await;
    }
    kept.map(Kept)
}

async fn receive(
    state: &State,
    actor: Actor,
    mut upload: Upload,
    file: &mut FileBody,
) -> Result<KeptFile, Problem> {
    while let Some(chunk) = file.next(CHUNK_BYTES).await? {
        let taken = state.ask(move |exchange| Ok(exchange.continue_upload(upload, chunk)?));
        upload = taken.await?;
    }
    let kept = state.ask(move |exchange| Ok(exchange.finish_upload(&actor, upload)?));
    kept.await
}

/// Hands out the file that `open` opens.
pub async fn give<P: Permission>(
    state: &State,
    caller: Caller<P>,
    open: impl FnOnce(&Exchange, &Actor) -> Result<Download, FileError> + Send + 'static,
) -> Answer<File> {
    let begun = caller.ask(move |exchange, actor| {
        let download = open(exchange, actor)?;
        let (name, tag) = (download.name.clone(), format!("\"{}\"", download.sha256));
        let size = BodySize::Sized(download.bytes);
        Ok((name, tag, size, Begun::new(exchange, download)?))
    });
    let (name, tag, size, begun) = begun.await?;
    Ok(File {
        disposition: disposition(&name),
        tag,
        pieces: begun.sent(state, size),
    })
}

impl Pieces for Download {
    const NAME: &'static str = "a file";

    fn next(&mut self, exchange: &Exchange) -> Result<Option<Bytes>, Problem> {
        Ok(exchange.continue_download(self)?.map(Bytes::from))
    }
}

/// A file that is read while it is sent; 304 where the caller has it already.
pub struct File {
    disposition: String,
    tag: String,
    pieces: PieceByPiece<Download>,
}

impl Responder for File {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let known = request.headers().get(IF_NONE_MATCH);
        let mut response = if known.is_some_and(|known| known == self.tag.as_str()) {
            HttpResponse::new(StatusCode::NOT_MODIFIED)
        } else {
            HttpResponse::with_body(StatusCode::OK, BoxBody::new(self.pieces))
        };
        for (name, value) in [
            (CONTENT_TYPE, ANY_FILE),
            (CONTENT_DISPOSITION, &self.disposition),
            (CONTENT_SECURITY_POLICY, NOTHING_RUNS),
            (CACHE_CONTROL, "private"),
            (ETAG, &self.tag),
        ] {
            set(&mut response, name, value);
        }
        response
    }
}

impl Describe for File {
    fn describe(about: &mut About) {
        about.header(
            "If-None-Match",
            "The `ETag` of the file that the caller has.",
        );
        about.answers(
            304,
            "The caller has it: its `ETag` was sent as `If-None-Match`.",
        );
        let response = about.answers_with::<OpaqueFile>(200, "The file, byte for byte.", ANY_FILE);
        let name = "`attachment`, with the file's name (RFC 6266).";
        answer_header(response, "Content-Disposition", name);
        answer_header(response, "ETag", "The SHA-256.");
    }
}

/// `Content-Disposition` of a download under that name: for old programs in ASCII, for others as it is (RFC 6266,
/// section 4.3, and RFC 8187). `%` is left out of the first, since some take it for an escape.
fn disposition(name: &str) -> String {
    let plain = |character: char| match character {
        '"' | '\\' | '%' => '_',
        ' '..='~' => character,
        _ => '_',
    };
    let plain: String = name.chars().map(plain).collect();
    let encoded: String = name.bytes().map(encoded).collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

/// A byte as RFC 8187 writes it (section 3.2.1, `value-chars`).
fn encoded(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_written_for_old_programs_and_for_new_ones() {
        for (name, expected) in [
            (
                "sds.xlsx",
                "filename=\"sds.xlsx\"; filename*=UTF-8''sds.xlsx",
            ),
            (
                "開示書 (1).p7s",
                "filename=\"___ (1).p7s\"; filename*=UTF-8''%E9%96%8B%E7%A4%BA%E6%9B%B8%20%281%29.p7s",
            ),
            (
                "a\"; b=\\100%.pdf",
                "filename=\"a_; b=_100_.pdf\"; filename*=UTF-8''a%22%3B%20b%3D%5C100%25.pdf",
            ),
            (
                "a\r\nX: y",
                "filename=\"a__X: y\"; filename*=UTF-8''a%0D%0AX%3A%20y",
            ),
        ] {
            assert_eq!(disposition(name), format!("attachment; {expected}"));
        }
    }
}
