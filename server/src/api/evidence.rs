//! The evidence folder of a statement, as a zip.

use actix_web::body::{BodySize, BoxBody};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, Responder, web};

use super::State;
use super::answer::{Answer, set};
use super::auth::{Caller, StatementReaders};
use super::operation::{About, Describe, answer_header};
use super::pieces::{Begun, PieceByPiece, Pieces};
use super::problem::Problem;
use super::shapes::ZipFile;
use crate::exchange::{EvidenceZip, Exchange};

impl Pieces for EvidenceZip {
    const NAME: &'static str = "an evidence folder";

    fn next(&mut self, exchange: &Exchange) -> Result<Option<Bytes>, Problem> {
        Ok(exchange.continue_evidence(self)?.map(Bytes::from))
    }
}

/// Hands the folder out.
pub async fn read(
    state: web::Data<State>,
    caller: Caller<StatementReaders>,
    sha256: web::Path<String>,
) -> Answer<Folder> {
    let begun = caller.ask(move |exchange, actor| {
        let zip = exchange.evidence(actor, &sha256)?;
        let name = format!("evidence-{}.zip", zip.statement());
        Ok((name, Begun::new(exchange, zip)?))
    });
    let (name, begun) = begun.await?;
    Ok(Folder {
        name,
        pieces: begun.sent(&state, BodySize::Stream),
    })
}

/// A zip that is made while it is sent.
pub struct Folder {
    name: String,
    pieces: PieceByPiece<EvidenceZip>,
}

impl Responder for Folder {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::with_body(StatusCode::OK, BoxBody::new(self.pieces));
        set(&mut response, CONTENT_TYPE, "application/zip");
        let disposition = format!("attachment; filename=\"{}\"", self.name);
        set(&mut response, CONTENT_DISPOSITION, &disposition);
        response
    }
}

impl Describe for Folder {
    fn describe(about: &mut About) {
        let response = about.answers_with::<ZipFile>(200, "The folder.", "application/zip");
        answer_header(
            response,
            "Content-Disposition",
            "`attachment; filename=\"evidence-<sha256>.zip\"`.",
        );
    }
}
