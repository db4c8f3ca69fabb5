//! Bodies: what a request brings, held as it came until it is known that the caller may send it.
//!
//! Extracting never fails for what the body holds; reading it does, inside [`Caller::ask`](super::auth::Caller::ask).
//! So a caller without permission learns that first, and large documents are parsed off the network's threads.

use std::future::{Future, Ready, poll_fn, ready};
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::time::Duration;

use actix_web::body::{BodyStream, MessageBody};
use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::rt::time::timeout;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{Either, FromRequest, HttpRequest};
use kaiji_schema::jws::Refusal;
use kaiji_schema::reader::{self, FromMembers};
use kaiji_schema::statement::MAX_ATTACHMENT_BYTES;
use utoipa::ToSchema;
use utoipa::openapi::Required;

use super::operation::{About, Describe};
use super::problem::{Kind, Problem};
use super::shapes::{self, Shaped};

/// The largest body of most operations.
const DOCUMENT_LIMIT: usize = 256 * 1024;

/// The largest statement.
const STATEMENT_LIMIT: usize = 1024 * 1024;

/// How much beyond a limit is still taken off the wire, so that the sender gets to read the answer.
const PATIENCE: usize = 16 * 1024 * 1024;

/// How long a body may take to arrive.
const LONGEST: Duration = Duration::from_mins(1);

/// How long a chunk of a file may take: with it, the largest file takes less than an hour.
const LONGEST_CHUNK: Duration = Duration::from_secs(30);

/// After how long without anything a sender is taken to wait for its answer.
const PAUSE: Duration = Duration::from_secs(1);

const JSON: &str = "application/json";
const JOSE: &str = "application/jose";
const TEXT: &str = "text/plain";
const CSV: &str = "text/csv";
/// What the token endpoint takes (RFC 6749, section 4.4.2).
pub const FORM: &str = "application/x-www-form-urlencoded";

/// A body, or why there is none.
pub type Held = Result<Bytes, Problem>;

/// A file, taken off the wire while it is kept.
pub struct FileBody {
    announced: Option<u64>,
    media_type: String,
    body: Pin<Box<BodyStream<Payload>>>,
    /// What was taken and not given on.
    rest: BytesMut,
    seen: u64,
}

impl FileBody {
    /// How many bytes the sender says that there are.
    pub fn announced(&self) -> Option<u64> {
        self.announced
    }

    /// What the sender says that it is; empty where it says nothing.
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// The next bytes: `size` of them, or what is left at the end; `None` after that.
    pub async fn next(&mut self, size: usize) -> Result<Option<Vec<u8>>, Problem> {
        let arrived = timeout(LONGEST_CHUNK, self.fill(size)).await;
        arrived.unwrap_or_else(|_| Err(Kind::TooSlow.into()))?;
        let chunk = self.rest.split_to(size.min(self.rest.len()));
        Ok((!chunk.is_empty()).then(|| chunk.to_vec()))
    }

    async fn fill(&mut self, size: usize) -> Result<(), Problem> {
        while self.rest.len() < size {
            let Some(bytes) = poll_fn(|context| self.body.as_mut().poll_next(context)).await else {
                return Ok(());
            };
            let bytes = bytes.map_err(|_| Problem::new(Kind::Unreadable, "the body broke off"))?;
            self.seen += bytes.len() as u64;
            self.rest.extend_from_slice(&bytes);
        }
        Ok(())
    }

    /// Takes off the wire what is still coming of a file that was refused, so that the sender gets to read the answer;
    /// only so much, and not from one who waits for it.
    pub async fn drain(&mut self) {
        while self.seen < MAX_ATTACHMENT_BYTES + PATIENCE as u64 {
            let more = poll_fn(|context| self.body.as_mut().poll_next(context));
            let Ok(Some(Ok(bytes))) = timeout(PAUSE, more).await else {
                return;
            };
            self.seen += bytes.len() as u64;
        }
    }
}

/// A JSON document that is read as a `T`.
pub struct Document<T> {
    bytes: Held,
    document: PhantomData<fn() -> T>,
}

impl<T: FromMembers> Document<T> {
    /// Reads it strictly, with all its violations at once.
    pub fn read(&self) -> Result<T, Problem> {
        Ok(reader::read(self.bytes()?)?)
    }

    /// The bytes that it is read from.
    pub fn bytes(&self) -> Result<&[u8], Problem> {
        self.bytes.as_deref().map_err(Clone::clone)
    }
}

/// A JSON document that may be left out: then there is no body at all.
pub struct OptionalDocument<T>(Option<Document<T>>);

impl<T: FromMembers> OptionalDocument<T> {
    /// The document, with all its violations at once; `None` where there is none.
    pub fn read(&self) -> Result<Option<T>, Problem> {
        self.0.as_ref().map(Document::read).transpose()
    }

    /// The bytes that it is read from; none where there is none.
    pub fn bytes(&self) -> Result<&[u8], Problem> {
        self.0.as_ref().map_or(Ok(&[]), Document::bytes)
    }
}

/// A signed document: a compact JWS.
pub struct Jose(Held);

impl Jose {
    /// Its text, which the exchange takes apart.
    pub fn read(&self) -> Result<&str, Problem> {
        // What is not even text is no compact JWS.
        str::from_utf8(self.bytes()?).map_err(|_| Refusal::NotCompact.into())
    }

    /// The bytes that it is read from.
    pub fn bytes(&self) -> Result<&[u8], Problem> {
        self.0.as_deref().map_err(Clone::clone)
    }
}

/// A signed note (`c2sp.org/signed-note`).
pub struct NoteText(Held);

impl NoteText {
    /// Its text, which the exchange takes apart. What is not even text is no note.
    pub fn read(&self) -> Result<String, Problem> {
        let bytes = self.0.as_deref().map_err(Clone::clone)?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}

/// A table for people: CSV, in whatever encoding a spreadsheet wrote it.
pub struct CsvTable(Held);

impl CsvTable {
    /// Its bytes, which the exchange takes apart.
    pub fn bytes(&self) -> Result<&[u8], Problem> {
        self.0.as_deref().map_err(Clone::clone)
    }
}

/// A JSON document whose exact bytes matter, of the shape `S`.
pub struct Exact<S> {
    bytes: Held,
    shape: PhantomData<fn() -> S>,
}

/// A statement's payload, unsigned: the bytes that a vendor would sign.
pub type StatementPayload = Exact<shapes::StatementPayload>;

/// An attested statement: the bytes that are kept.
pub type AttestedPayload = Exact<shapes::AttestedPayload>;

impl<S> Exact<S> {
    /// The bytes, as they came.
    pub fn bytes(&self) -> Result<&[u8], Problem> {
        self.bytes.as_deref().map_err(Clone::clone)
    }
}

/// Either of two documents, told apart by the content type.
pub enum DocumentOrJose<T> {
    /// A JSON document.
    Document(Document<T>),
    /// A signed document.
    Jose(Jose),
}

type Extracting<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

impl<T: 'static> FromRequest for Document<T> {
    type Error = Problem;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = held(request, payload, JSON, DOCUMENT_LIMIT);
        Box::pin(async {
            Ok(Self {
                bytes: bytes.await,
                document: PhantomData,
            })
        })
    }
}

impl<T: 'static> FromRequest for OptionalDocument<T> {
    type Error = Problem;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let has_type = request.headers().contains_key(CONTENT_TYPE);
        let bytes = if has_type {
            Either::Left(held(request, payload, JSON, DOCUMENT_LIMIT))
        } else {
            Either::Right(nothing(payload.take()))
        };
        Box::pin(async {
            let bytes = match bytes {
                Either::Left(document) => Some(document.await),
                Either::Right(nothing) => nothing.await.err().map(Err),
            };
            let document = PhantomData;
            Ok(Self(bytes.map(|bytes| Document { bytes, document })))
        })
    }
}

/// Takes a body off the wire that should be none.
async fn nothing(payload: Payload) -> Result<(), Problem> {
    let arrived = timeout(LONGEST, collect(payload, 0)).await;
    match arrived.unwrap_or_else(|_| Err(Kind::TooSlow.into())) {
        Ok(_) => Ok(()),
        Err(_) => Err(wrong_type(JSON)),
    }
}

impl FromRequest for Jose {
    type Error = Problem;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = held(request, payload, JOSE, STATEMENT_LIMIT);
        Box::pin(async { Ok(Self(bytes.await)) })
    }
}

impl FromRequest for NoteText {
    type Error = Problem;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = held(request, payload, TEXT, DOCUMENT_LIMIT);
        Box::pin(async { Ok(Self(bytes.await)) })
    }
}

impl FromRequest for CsvTable {
    type Error = Problem;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = held(request, payload, CSV, STATEMENT_LIMIT);
        Box::pin(async { Ok(Self(bytes.await)) })
    }
}

impl<S: 'static> FromRequest for Exact<S> {
    type Error = Problem;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = held(request, payload, JSON, STATEMENT_LIMIT);
        let shape = PhantomData;
        Box::pin(async move {
            let bytes = bytes.await;
            Ok(Self { bytes, shape })
        })
    }
}

impl FromRequest for FileBody {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let said = |name| request.headers().get(name)?.to_str().ok();
        ready(Ok(Self {
            announced: said(CONTENT_LENGTH).and_then(|length| length.parse().ok()),
            media_type: said(CONTENT_TYPE).unwrap_or_default().to_owned(),
            body: Box::pin(BodyStream::new(payload.take())),
            rest: BytesMut::new(),
            seen: 0,
        }))
    }
}

impl<T: 'static> FromRequest for DocumentOrJose<T> {
    type Error = Problem;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if is_of_type(request, JOSE) {
            let jose = Jose::from_request(request, payload);
            Box::pin(async { jose.await.map(Self::Jose) })
        } else {
            let document = Document::from_request(request, payload);
            Box::pin(async { document.await.map(Self::Document) })
        }
    }
}

/// The body of a form, for the token endpoint alone.
pub fn form(request: &HttpRequest, payload: &mut Payload) -> impl Future<Output = Held> + use<> {
    held(request, payload, FORM, DOCUMENT_LIMIT)
}

fn held(
    request: &HttpRequest,
    payload: &mut Payload,
    expected: &'static str,
    limit: usize,
) -> impl Future<Output = Held> + use<> {
    let right_type = if is_of_type(request, expected) {
        Ok(())
    } else {
        Err(wrong_type(expected))
    };
    let payload = payload.take();
    async move {
        let bytes = timeout(LONGEST, collect(payload, limit)).await;
        right_type.and(bytes.unwrap_or_else(|_| Err(Kind::TooSlow.into())))
    }
}

fn wrong_type(expected: &str) -> Problem {
    let detail = format!("send the body as {expected}");
    Problem::new(Kind::UnsupportedMediaType, detail)
}

/// Whether the content type is this one. The one parameter that may follow is the charset: UTF-8, but for CSV, whose
/// bytes say themselves what they are.
fn is_of_type(request: &HttpRequest, expected: &str) -> bool {
    let Some(given) = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let (essence, parameters) = given.split_once(';').unwrap_or((given, ""));
    let parameters = parameters.trim().replace('"', "");
    essence.trim().eq_ignore_ascii_case(expected)
        && (parameters.is_empty()
            || parameters.eq_ignore_ascii_case("charset=utf-8")
            || expected == CSV)
}

async fn collect(payload: Payload, limit: usize) -> Held {
    let mut body = pin!(BodyStream::new(payload));
    let mut bytes = BytesMut::new();
    let mut seen = 0;
    while let Some(chunk) = poll_fn(|context| body.as_mut().poll_next(context)).await {
        let chunk = chunk.map_err(|_| Problem::new(Kind::Unreadable, "the body broke off"))?;
        seen += chunk.len();
        if seen <= limit {
            bytes.extend_from_slice(&chunk);
        } else if seen > limit + PATIENCE {
            break;
        }
    }
    if seen <= limit {
        return Ok(bytes.freeze());
    }
    Err(Problem::new(
        Kind::TooLarge,
        format!("the body may have {limit} bytes at the most"),
    ))
}

/// What can be wrong with every body before it is read.
pub const BODY: [Kind; 4] = [
    Kind::TooLarge,
    Kind::TooSlow,
    Kind::UnsupportedMediaType,
    Kind::UnsupportedEncoding,
];

impl<T: Shaped> Describe for Document<T> {
    fn describe(about: &mut About) {
        about.takes::<T::Shape>(JSON, Some(T::example()));
        about.refuses(&[Kind::Unreadable, Kind::Violations]);
        about.refuses(&BODY);
    }
}

impl<T: Shaped> Describe for OptionalDocument<T> {
    fn describe(about: &mut About) {
        Document::<T>::describe(about);
        if let Some(body) = &mut about.body {
            body.required = Some(Required::False);
        }
    }
}

impl Describe for Jose {
    fn describe(about: &mut About) {
        about.takes::<shapes::CompactJws>(JOSE, None);
        about.refuses(&[Kind::JwsRefused, Kind::BadSignature, Kind::Violations]);
        about.refuses(&BODY);
    }
}

impl Describe for NoteText {
    fn describe(about: &mut About) {
        about.takes::<shapes::PlainText>(TEXT, None);
        about.refuses(&[Kind::BadSignature, Kind::Violations]);
        about.refuses(&BODY);
    }
}

impl Describe for CsvTable {
    fn describe(about: &mut About) {
        about.takes::<shapes::CsvFile>(CSV, None);
        about.refuses(&[Kind::Violations]);
        about.refuses(&BODY);
    }
}

impl<S: ToSchema> Describe for Exact<S> {
    fn describe(about: &mut About) {
        about.takes::<S>(JSON, None);
        about.refuses(&[Kind::Violations]);
        about.refuses(&BODY);
    }
}

impl Describe for FileBody {
    fn describe(about: &mut About) {
        about.takes::<shapes::OpaqueFile>("*/*", None);
        about.refuses(&[
            Kind::Unreadable,
            Kind::Violations,
            Kind::TooLarge,
            Kind::TooSlow,
            Kind::UnsupportedEncoding,
        ]);
    }
}

impl<T: Shaped> Describe for DocumentOrJose<T> {
    fn describe(about: &mut About) {
        Document::<T>::describe(about);
        Jose::describe(about);
    }
}
