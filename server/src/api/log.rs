//! The log, for everybody: checkpoints and tiles at the addresses of C2SP (`c2sp.org/tlog-tiles`), proofs as JSON.
//!
//! Tiles hold hashes alone. The receipts that they are hashes of go to those whom they concern.

use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, Responder, web};
use kaiji_schema::log::{TILE_WIDTH, TileName};

use super::State;
use super::answer::{Answer, Listed, Shown, set};
use super::auth::{Administrator, AnyMember, Caller};
use super::body::{Jose, NoteText};
use super::operation::{About, Describe, answer_header};
use super::page::Listing;
use super::problem::{Kind, Problem};
use super::query::{Fields, Pairs, Parameter, Query, Values};
use super::shapes::{Hashes, PlainText};
use crate::exchange::{
    ConsistencyProof, Cosigned, InclusionProof, TimestampView, VerifiedDocument,
};

/// A checkpoint or a proof, which are texts.
pub struct Text(pub String);

impl Responder for Text {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::with_body(StatusCode::OK, BoxBody::new(self.0));
        set(&mut response, CONTENT_TYPE, "text/plain; charset=utf-8");
        set(&mut response, CACHE_CONTROL, "no-cache");
        response
    }
}

impl Describe for Text {
    fn describe(about: &mut About) {
        about.answers_with::<PlainText>(200, "The text.", "text/plain");
    }
}

/// A tile: it never changes, so whoever has it need not ask again.
pub struct Tile(Arc<[u8]>);

impl Responder for Tile {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response =
            HttpResponse::with_body(StatusCode::OK, BoxBody::new(Bytes::from_owner(self.0)));
        set(&mut response, CONTENT_TYPE, "application/octet-stream");
        let for_ever = "public, max-age=31536000, immutable";
        set(&mut response, CACHE_CONTROL, for_ever);
        response
    }
}

impl Describe for Tile {
    fn describe(about: &mut About) {
        let response = about.answers_with::<Hashes>(
            200,
            "The hashes, 32 bytes each.",
            "application/octet-stream",
        );
        answer_header(response, "Cache-Control", "A tile never changes.");
    }
}

/// The newest checkpoint.
pub async fn checkpoint(state: web::Data<State>) -> Answer<Text> {
    let verb = state.ask(|exchange| Ok(exchange.checkpoint()?));
    verb.await.map(Text)
}

/// The checkpoint that was signed at a size.
pub async fn checkpoint_at(state: web::Data<State>, size: web::Path<String>) -> Answer<Text> {
    let digits = size.into_inner();
    let size: Option<u64> = digits.parse().ok();
    let size = size.filter(|size| size.to_string() == digits);
    let size = size.ok_or(Kind::NotFound)?;
    let verb = state.ask(move |exchange| Ok(exchange.checkpoint_at(size)?));
    verb.await.map(Text)
}

/// Lists the time stamps on checkpoints.
pub async fn timestamps(
    state: web::Data<State>,
    listing: Listing,
) -> Answer<Listed<TimestampView>> {
    let window = listing.window()?;
    let verb = state.ask(move |exchange| Ok(exchange.list_timestamps(&window)?));
    verb.await.map(Listed)
}

/// Takes witnesses' cosignatures on a checkpoint.
pub async fn cosign(caller: Caller<Administrator>, note: NoteText) -> Answer<Shown<Cosigned>> {
    let verb = caller.ask(move |exchange, actor| Ok(exchange.cosign(actor, &note.read()?)?));
    verb.await.map(Shown)
}

/// The hashes of a tile, or the first of them.
pub async fn tile(state: web::Data<State>, tile: web::Path<String>) -> Answer<Tile> {
    let (name, width) = parse_tile(&tile).ok_or(Kind::NotFound)?;
    // What is in memory is answered at once, on the network's thread.
    if width.is_none()
        && let Some(hashes) = state.exchange().remembered_tile(name)
    {
        return Ok(Tile(hashes));
    }
    let verb = state.ask(move |exchange| Ok(exchange.log_tile(name, width)?));
    verb.await.map(Tile)
}

/// `L/N`, or `L/N.p/W` for the first `W` hashes of a tile that is not full yet.
fn parse_tile(path: &str) -> Option<(TileName, Option<u64>)> {
    let Some((name, digits)) = path.split_once(".p/") else {
        return Some((TileName::parse(path)?, None));
    };
    let width: u64 = digits.parse().ok()?;
    let canonical = width.to_string() == digits && (1..TILE_WIDTH).contains(&width);
    canonical.then_some((TileName::parse(name)?, Some(width)))
}

const SIZE_ABOUT: &str = "The size of the tree; without it, the log as it is now.";

/// Which leaf is proven to be in which tree.
pub struct OfLeaf {
    leaf: u64,
    size: Option<u64>,
}

impl Fields for OfLeaf {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter {
            name: "leaf",
            about: "The leaf, counted from 0.",
            required: true,
            values: Values::Number,
        },
        Parameter {
            name: "size",
            about: SIZE_ABOUT,
            required: false,
            values: Values::Number,
        },
    ];

    fn take(pairs: &mut Pairs) -> Result<Self, Problem> {
        let size = pairs.number("size")?;
        let leaf = pairs.number("leaf")?;
        let leaf = leaf.ok_or_else(|| Problem::new(Kind::BadQuery, "`leaf` is missing"))?;
        Ok(Self { leaf, size })
    }
}

/// Which tree is shown to be the beginning of which.
pub struct OfSizes {
    from: u64,
    to: Option<u64>,
}

impl Fields for OfSizes {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter {
            name: "from",
            about: "The size of the smaller tree: that of a checkpoint that was kept.",
            required: true,
            values: Values::Number,
        },
        Parameter {
            name: "to",
            about: SIZE_ABOUT,
            required: false,
            values: Values::Number,
        },
    ];

    fn take(pairs: &mut Pairs) -> Result<Self, Problem> {
        let to = pairs.number("to")?;
        let from = pairs.number("from")?;
        let from = from.ok_or_else(|| Problem::new(Kind::BadQuery, "`from` is missing"))?;
        Ok(Self { from, to })
    }
}

/// Proves that a leaf is in the log.
pub async fn proof(state: web::Data<State>, of: Query<OfLeaf>) -> Answer<Shown<InclusionProof>> {
    let OfLeaf { leaf, size } = of.read()?;
    let verb = state.ask(move |exchange| Ok(exchange.log_inclusion(leaf, size)?));
    verb.await.map(Shown)
}

/// Proves that the log has only grown.
pub async fn consistency(
    state: web::Data<State>,
    of: Query<OfSizes>,
) -> Answer<Shown<ConsistencyProof>> {
    let OfSizes { from, to } = of.read()?;
    let verb = state.ask(move |exchange| Ok(exchange.log_consistency(from, to)?));
    verb.await.map(Shown)
}

/// Tells whether a signed document is in the log, and what became of it.
pub async fn verify(caller: Caller<AnyMember>, document: Jose) -> Answer<Shown<VerifiedDocument>> {
    let verb = caller.ask(move |exchange, _| Ok(exchange.verify_document(document.read()?)?));
    verb.await.map(Shown)
}
