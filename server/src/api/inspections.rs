//! Inspections (立入検査): frozen by an institution, handed out as a package or as a PDF, and shown by links.

use actix_web::body::{BodySize, BoxBody};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, Responder, web};

use super::State;
use super::answer::{Answer, Created, Deleted, Listed, Resource, Secret, Shown, set};
use super::auth::{Caller, Inspected};
use super::body::{Document, OptionalDocument};
use super::exports::Format;
use super::headers::IdempotencyKey;
use super::operation::{About, Describe, answer_header};
use super::page::Listing;
use super::pieces::{Begun, PieceByPiece, Pieces};
use super::problem::Problem;
use super::query::Query;
use super::shapes::{PdfFile, ZipFile};
use crate::exchange::{
    AccessView, Exchange, InspectionLinkView, InspectionPackage, InspectionView, MadeLink,
    NewInspection, NewInspectionLink,
};

impl Resource for InspectionView {
    fn location(&self) -> String {
        format!("/api/v1/inspections/{}", self.id)
    }
}

/// Freezes what the institution has to show.
pub async fn create(
    caller: Caller<Inspected>,
    new: OptionalDocument<NewInspection>,
    key: IdempotencyKey,
) -> Answer<Created<InspectionView>> {
    let verb = caller.ask(move |exchange, actor| {
        let request = key.of(actor, new.bytes()?)?;
        let new = new.read()?.unwrap_or_default();
        Ok(exchange.freeze_inspection(actor, &new, request)?)
    });
    verb.await.map(Created)
}

/// Lists inspections.
pub async fn list(caller: Caller<Inspected>, listing: Listing) -> Answer<Listed<InspectionView>> {
    let verb = caller.ask(move |exchange, actor| {
        let window = listing.window()?;
        Ok(exchange.list_inspections(actor, &window)?)
    });
    verb.await.map(Listed)
}

/// Shows one.
pub async fn find(
    caller: Caller<Inspected>,
    id: web::Path<String>,
) -> Answer<Shown<InspectionView>> {
    let verb = caller.ask(move |exchange, actor| Ok(exchange.find_inspection(actor, &id)?));
    verb.await.map(Shown)
}

/// Hands out the package.
pub async fn package(
    state: web::Data<State>,
    caller: Caller<Inspected>,
    id: web::Path<String>,
    format: Query<Format>,
) -> Answer<Package> {
    let begun = caller.ask(move |exchange, actor| {
        let Format { encoding } = format.read()?;
        begin(exchange, exchange.inspection_package(actor, &id, encoding)?)
    });
    Ok(Package::sent(&state, begun.await?))
}

/// Hands out the PDF.
pub async fn document(caller: Caller<Inspected>, id: web::Path<String>) -> Answer<Pdf> {
    let verb = caller.ask(move |exchange, actor| {
        let bytes = exchange.inspection_document(actor, &id)?;
        Ok(Pdf {
            inspection: id.into_inner(),
            bytes,
        })
    });
    verb.await
}

/// Makes a link for an inspector.
pub async fn make_link(
    caller: Caller<Inspected>,
    id: web::Path<String>,
    new: Document<NewInspectionLink>,
    key: IdempotencyKey,
) -> Answer<Secret<MadeLink>> {
    let verb = caller.ask(move |exchange, actor| {
        let request = key.of(actor, new.bytes()?)?;
        Ok(exchange.make_inspection_link(actor, &id, new.read()?, request)?)
    });
    verb.await.map(Secret)
}

/// Lists the links to an inspection.
pub async fn links(
    caller: Caller<Inspected>,
    id: web::Path<String>,
    listing: Listing,
) -> Answer<Listed<InspectionLinkView>> {
    let verb = caller.ask(move |exchange, actor| {
        let window = listing.window()?;
        Ok(exchange.list_inspection_links(actor, &id, &window)?)
    });
    verb.await.map(Listed)
}

/// Ends a link.
pub async fn revoke_link(
    caller: Caller<Inspected>,
    place: web::Path<(String, String)>,
) -> Answer<Deleted> {
    let verb = caller.ask(move |exchange, actor| {
        let (inspection, link) = place.into_inner();
        Ok(exchange.revoke_inspection_link(actor, &inspection, &link)?)
    });
    verb.await.map(|()| Deleted)
}

/// Lists who looked at an inspection by a link.
pub async fn accesses(
    caller: Caller<Inspected>,
    id: web::Path<String>,
    listing: Listing,
) -> Answer<Listed<AccessView>> {
    let verb = caller.ask(move |exchange, actor| {
        let window = listing.window()?;
        Ok(exchange.list_inspection_accesses(actor, &id, &window)?)
    });
    verb.await.map(Listed)
}

impl Pieces for InspectionPackage {
    const NAME: &'static str = "an inspection's package";

    fn next(&mut self, exchange: &Exchange) -> Result<Option<Bytes>, Problem> {
        Ok(exchange.continue_package(self)?.map(Bytes::from))
    }
}

/// A package whose first piece is made, and the inspection that it is of.
pub type BegunPackage = (String, Begun<InspectionPackage>);

/// Makes the first piece of a package.
pub fn begin(exchange: &Exchange, package: InspectionPackage) -> Result<BegunPackage, Problem> {
    let inspection = package.inspection().to_owned();
    Ok((inspection, Begun::new(exchange, package)?))
}

/// A package that is made while it is sent.
pub struct Package {
    inspection: String,
    pieces: PieceByPiece<InspectionPackage>,
}

impl Package {
    /// The answer that goes on with it.
    pub fn sent(state: &State, (inspection, begun): BegunPackage) -> Self {
        let pieces = begun.sent(state, BodySize::Stream);
        Self { inspection, pieces }
    }
}

impl Responder for Package {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::with_body(StatusCode::OK, BoxBody::new(self.pieces));
        name_file(&mut response, "application/zip", &self.inspection, "zip");
        response
    }
}

/// A PDF.
pub struct Pdf {
    /// The inspection that it is of.
    pub inspection: String,
    /// The file.
    pub bytes: Vec<u8>,
}

impl Responder for Pdf {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::with_body(StatusCode::OK, BoxBody::new(self.bytes));
        name_file(&mut response, "application/pdf", &self.inspection, "pdf");
        response
    }
}

fn name_file(response: &mut HttpResponse, media_type: &str, inspection: &str, ending: &str) {
    set(response, CONTENT_TYPE, media_type);
    let disposition = format!("attachment; filename=\"inspection-{inspection}.{ending}\"");
    set(response, CONTENT_DISPOSITION, &disposition);
}

impl Describe for Package {
    fn describe(about: &mut About) {
        let response = about.answers_with::<ZipFile>(200, "The package.", "application/zip");
        let name = "`attachment; filename=\"inspection-<id>.zip\"`.";
        answer_header(response, "Content-Disposition", name);
    }
}

impl Describe for Pdf {
    fn describe(about: &mut About) {
        let response = about.answers_with::<PdfFile>(200, "The PDF.", "application/pdf");
        let name = "`attachment; filename=\"inspection-<id>.pdf\"`.";
        answer_header(response, "Content-Disposition", name);
    }
}
