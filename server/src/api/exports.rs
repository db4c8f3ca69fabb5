//! Exports for people: `comparison.csv`, `systems.csv` and `reviews.csv`, streamed, so that their size costs no memory.

use actix_web::body::{BodySize, BoxBody};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, Responder, web};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use kaiji_schema::comparison::Reason;
use kaiji_schema::review::{Cause, ReviewState, Standing, Treatment};
use kaiji_schema::sheet::reviews::{ALONE, BY_ANOTHER};
use kaiji_schema::sheet::{Encoding, JUDGEMENT_LABELS, SignatureStatus};

use super::answer::{Answer, set};
use super::auth::{Caller, Exporters, InventoryExporters, Permission};
use super::operation::{About, Describe, answer_header};
use super::pieces::{Begun, PieceByPiece, Pieces};
use super::problem::Problem;
use super::query::{Fields, Pairs, Parameter, Query, Values};
use super::shapes::CsvFile;
use super::state::State;
use crate::actor::Actor;
use crate::exchange::{ComparisonExport, Exchange, ExportError, ReviewsExport, SystemsExport};

const KAIJI_CHECKPOINT: HeaderName = HeaderName::from_static("kaiji-checkpoint");

/// How the file is written.
pub struct Format {
    /// How its characters become bytes.
    pub encoding: Encoding,
}

impl Fields for Format {
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        name: "encoding",
        about: "`utf-8` with a byte order mark (also if it is left out), or `cp932`.",
        required: false,
        values: Values::Words(&["utf-8", "cp932"]),
    }];

    fn take(pairs: &mut Pairs) -> Result<Self, Problem> {
        let encoding = pairs.choice("encoding", Encoding::from_name, "utf-8 or cp932")?;
        Ok(Self {
            encoding: encoding.unwrap_or_default(),
        })
    }
}

/// Labels as a description lists them.
fn list(labels: &[&str]) -> String {
    let quoted = labels.iter().map(|label| format!("「{label}」"));
    quoted.collect::<Vec<_>>().join(" ")
}

/// The description of the export. The labels are read from where they are written.
pub fn comparison_description() -> String {
    format!(
        "One row an item of every statement held for every system; a system without a statement has one row. CRLF, \
         cells that a spreadsheet would run begin with `'`. In cp932, characters that it lacks become 〓. 受領日 is the day in Japan on which the exchange received the \
         statement, as its receipt (受領証) says.\n\n\
         ログ検査点 is the log's checkpoint when the export was begun, the same in every row: name, size and root; the \
         signed note is in the header `Kaiji-Checkpoint`.\n\n\
         署名検証結果 is one of {}. 判定 is one of {}. 理由 is empty or one of {}.",
        list(&SignatureStatus::ALL.map(SignatureStatus::label)),
        list(&JUDGEMENT_LABELS),
        list(&Reason::ALL.map(Reason::label)),
    )
}

/// The description of the table of reviews. The labels are read from where they are written.
pub fn reviews_description() -> String {
    format!(
        "One row an item of a system that is flagged or was reviewed, open ones and closed ones. Encoding, cells and \
         checkpoint as in `comparison.csv`; days are those in Japan. What is said is the approved edition where there is \
         one, else the newest.\n\n評価の状況 is one of {}. 状況の理由 is empty or one of {}. 手続の段階 is that of the newest \
         edition: empty or one of {}. リスク対応 is one of {}. 承認の別 is empty or one of {}.",
        list(&Standing::ALL.map(Standing::label)),
        list(&Cause::ALL.map(Cause::label)),
        list(&ReviewState::ALL.map(ReviewState::label)),
        list(&Treatment::ALL.map(Treatment::label)),
        list(&[BY_ANOTHER, ALONE]),
    )
}

/// Exports how every system compares.
pub async fn comparison(
    state: web::Data<State>,
    caller: Caller<Exporters>,
    format: Query<Format>,
) -> Answer<File<ComparisonExport>> {
    export(state, caller, format).await
}

/// Exports the inventory.
pub async fn systems(
    state: web::Data<State>,
    caller: Caller<InventoryExporters>,
    format: Query<Format>,
) -> Answer<File<SystemsExport>> {
    export(state, caller, format).await
}

/// Exports the risk reviews.
pub async fn reviews(
    state: web::Data<State>,
    caller: Caller<InventoryExporters>,
    format: Query<Format>,
) -> Answer<File<ReviewsExport>> {
    export(state, caller, format).await
}

async fn export<E: Export, P: Permission>(
    state: web::Data<State>,
    caller: Caller<P>,
    format: Query<Format>,
) -> Answer<File<E>> {
    let begun = caller.ask(move |exchange, actor| {
        let Format { encoding } = format.read()?;
        let export = E::begin(exchange, actor, encoding)?;
        let checkpoint = BASE64_STANDARD.encode(export.checkpoint());
        Ok((encoding, checkpoint, Begun::new(exchange, export)?))
    });
    let (encoding, checkpoint, begun) = begun.await?;
    Ok(File {
        encoding,
        checkpoint,
        pieces: begun.sent(&state, BodySize::Stream),
    })
}

/// A CSV file of the exchange's, in progress.
trait Export: Pieces {
    fn begin(exchange: &Exchange, actor: &Actor, encoding: Encoding) -> Result<Self, ExportError>
    where
        Self: Sized;

    /// The log's checkpoint when it was begun, a signed note.
    fn checkpoint(&self) -> &str;
}

impl Export for ComparisonExport {
    fn begin(exchange: &Exchange, actor: &Actor, encoding: Encoding) -> Result<Self, ExportError> {
        exchange.export_comparison(actor, encoding)
    }

    fn checkpoint(&self) -> &str {
        self.checkpoint()
    }
}

impl Export for SystemsExport {
    fn begin(exchange: &Exchange, actor: &Actor, encoding: Encoding) -> Result<Self, ExportError> {
        exchange.export_systems(actor, encoding)
    }

    fn checkpoint(&self) -> &str {
        self.checkpoint()
    }
}

impl Export for ReviewsExport {
    fn begin(exchange: &Exchange, actor: &Actor, encoding: Encoding) -> Result<Self, ExportError> {
        exchange.export_reviews(actor, encoding)
    }

    fn checkpoint(&self) -> &str {
        self.checkpoint()
    }
}

impl Pieces for ComparisonExport {
    const NAME: &'static str = "comparison.csv";

    fn next(&mut self, exchange: &Exchange) -> Result<Option<Bytes>, Problem> {
        while let Some(piece) = exchange.continue_export(self)? {
            if !piece.is_empty() {
                return Ok(Some(piece.into()));
            }
        }
        Ok(None)
    }
}

impl Pieces for SystemsExport {
    const NAME: &'static str = "systems.csv";

    fn next(&mut self, exchange: &Exchange) -> Result<Option<Bytes>, Problem> {
        let piece = exchange.continue_systems_export(self)?;
        Ok(piece.filter(|piece| !piece.is_empty()).map(Bytes::from))
    }
}

impl Pieces for ReviewsExport {
    const NAME: &'static str = "reviews.csv";

    fn next(&mut self, exchange: &Exchange) -> Result<Option<Bytes>, Problem> {
        while let Some(piece) = exchange.continue_reviews_export(self)? {
            if !piece.is_empty() {
                return Ok(Some(piece.into()));
            }
        }
        Ok(None)
    }
}

/// A CSV file that is made while it is sent.
pub struct File<P> {
    encoding: Encoding,
    /// The log's checkpoint, a signed note, in base64.
    checkpoint: String,
    pieces: PieceByPiece<P>,
}

impl<P: Pieces> Responder for File<P> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::with_body(StatusCode::OK, BoxBody::new(self.pieces));
        name_file(&mut response, self.encoding, P::NAME);
        set(&mut response, KAIJI_CHECKPOINT, &self.checkpoint);
        response
    }
}

/// Says that an answer is a CSV file of that name.
fn name_file(response: &mut HttpResponse, encoding: Encoding, name: &str) {
    let charset = encoding.charset();
    let content_type = format!("text/csv; charset={charset}; header=present");
    set(response, CONTENT_TYPE, &content_type);
    let disposition = format!("attachment; filename=\"{name}\"");
    set(response, CONTENT_DISPOSITION, &disposition);
}

/// A CSV file that is small enough to be made at once.
pub struct SmallFile {
    /// What it is called.
    pub name: String,
    /// How its characters became bytes.
    pub encoding: Encoding,
    /// The file.
    pub bytes: Vec<u8>,
}

impl Responder for SmallFile {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::with_body(StatusCode::OK, BoxBody::new(self.bytes));
        name_file(&mut response, self.encoding, &self.name);
        response
    }
}

impl Describe for SmallFile {
    fn describe(about: &mut About) {
        let response = about.answers_with::<CsvFile>(200, "The file.", "text/csv");
        let name = "`attachment`, with the name of the file.";
        answer_header(response, "Content-Disposition", name);
    }
}

impl<P: Pieces> Describe for File<P> {
    fn describe(about: &mut About) {
        let response = about.answers_with::<CsvFile>(200, "The file.", "text/csv");
        answer_header(
            response,
            "Content-Disposition",
            &format!("`attachment; filename=\"{}\"`.", P::NAME),
        );
        answer_header(
            response,
            "Kaiji-Checkpoint",
            "The log's checkpoint when the export was begun: the signed note, in base64.",
        );
    }
}
