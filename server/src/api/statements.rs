//! Statements: a vendor checks, submits and withdraws them; those who may read them do, and acknowledge them.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{LOCATION, VARY};
use actix_web::{HttpRequest, HttpResponse, Responder, web};

use super::answer::{Answer, Listed, Shown, Signed, json, kept, set};
use super::auth::{Caller, InstitutionRequests, StatementReaders, VendorWrites};
use super::body::{Jose, StatementPayload};
use super::headers::Wanted;
use super::log::Text;
use super::operation::{About, Describe, answer_header};
use super::page::Listing;
use super::problem::Problem;
use super::query::{Fields, Pairs, Parameter, Query, Values};
use super::shapes::CompactJws;
use crate::exchange::{
    Acknowledged, CheckedStatement, Confirmed, StatementChanges, StatementDocument, StatementView,
    Submission, Withdrawn,
};

/// Which statements are listed.
pub struct Filter {
    product: Option<String>,
}

impl Fields for Filter {
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        name: "product",
        about: "Only those about this product.",
        required: false,
        values: Values::Text,
    }];

    fn take(pairs: &mut Pairs) -> Result<Self, Problem> {
        Ok(Self {
            product: pairs.take_text("product")?,
        })
    }
}

/// What a statement is set beside.
pub struct Since {
    since: String,
}

impl Fields for Since {
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        name: "since",
        about: "The earlier revision: its SHA-256.",
        required: true,
        values: Values::Text,
    }];

    fn take(pairs: &mut Pairs) -> Result<Self, Problem> {
        Ok(Self {
            since: pairs.required("since")?,
        })
    }
}

/// 201 for a new statement, 200 for one that is held already: the first receipt in both.
pub struct Submitted(Submission);

impl Responder for Submitted {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = kept(&self.0, self.0.created);
        set(
            &mut response,
            LOCATION,
            &format!("/api/v1/statements/{}", self.0.sha256),
        );
        response
    }
}

impl Describe for Submitted {
    fn describe(about: &mut About) {
        for (status, what) in [
            (201, "Received."),
            (200, "Held already: the first receipt again."),
        ] {
            let response = about.answers_with::<Submission>(status, what, "application/json");
            answer_header(response, "Location", "The address of the statement.");
        }
    }
}

/// A statement in one of its two representations.
pub enum Read {
    /// The stored bytes.
    Signed(Signed),
    /// The parsed view.
    View(Box<StatementDocument>),
}

impl Responder for Read {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let mut response = match self {
            Self::Signed(signed) => signed.respond_to(request),
            Self::View(view) => json(StatusCode::OK, &view),
        };
        set(&mut response, VARY, "Accept");
        response
    }
}

impl Describe for Read {
    fn describe(about: &mut About) {
        about.answers_with::<StatementDocument>(200, "The statement.", "application/json");
        about.answers_with::<CompactJws>(200, "The statement.", "application/jose");
    }
}

/// Checks a payload before it is signed.
pub async fn check(
    caller: Caller<VendorWrites>,
    payload: StatementPayload,
) -> Answer<Shown<CheckedStatement>> {
    let verb =
        caller.ask(move |exchange, actor| Ok(exchange.check_statement(actor, payload.bytes()?)?));
    verb.await.map(Shown)
}

/// Takes a signed statement in.
pub async fn submit(caller: Caller<VendorWrites>, statement: Jose) -> Answer<Submitted> {
    let verb =
        caller.ask(move |exchange, actor| Ok(exchange.submit_statement(actor, statement.read()?)?));
    verb.await.map(Submitted)
}

/// Lists the statements that the caller may read.
pub async fn list(
    caller: Caller<StatementReaders>,
    listing: Listing<Filter>,
) -> Answer<Listed<StatementView>> {
    let verb = caller.ask(move |exchange, actor| {
        let (filter, window) = listing.read()?;
        Ok(exchange.list_statements(actor, filter.product.as_deref(), &window)?)
    });
    verb.await.map(Listed)
}

/// Shows one, or hands out its signed bytes.
pub async fn read(
    caller: Caller<StatementReaders>,
    sha256: web::Path<String>,
    wanted: Wanted,
) -> Answer<Read> {
    let verb = caller.ask(move |exchange, actor| {
        Ok(match wanted {
            Wanted::Jose => Read::Signed(Signed(exchange.fetch_statement(actor, &sha256)?)),
            Wanted::Json => Read::View(Box::new(exchange.view_statement(actor, &sha256)?)),
        })
    });
    verb.await
}

/// Hands out the receipt.
pub async fn receipt(
    caller: Caller<StatementReaders>,
    sha256: web::Path<String>,
) -> Answer<Signed> {
    caller
        .ask(move |exchange, actor| Ok(exchange.statement_receipt(actor, &sha256)?))
        .await
        .map(Signed)
}

/// Proves that the receipt is a leaf of the log.
pub async fn proof(caller: Caller<StatementReaders>, sha256: web::Path<String>) -> Answer<Text> {
    let verb = caller.ask(move |exchange, actor| Ok(exchange.statement_proof(actor, &sha256)?));
    verb.await.map(Text)
}

/// Sets a revision beside an earlier one.
pub async fn changes(
    caller: Caller<StatementReaders>,
    sha256: web::Path<String>,
    since: Query<Since>,
) -> Answer<Shown<StatementChanges>> {
    let verb = caller.ask(move |exchange, actor| {
        Ok(exchange.statement_changes(actor, &sha256, &since.read()?.since)?)
    });
    verb.await.map(Shown)
}

/// Withdraws one.
pub async fn withdraw(
    caller: Caller<VendorWrites>,
    sha256: web::Path<String>,
    withdrawal: Jose,
) -> Answer<Shown<Withdrawn>> {
    let verb = caller.ask(move |exchange, actor| {
        Ok(exchange.withdraw_statement(actor, &sha256, withdrawal.read()?)?)
    });
    verb.await.map(Shown)
}

/// Confirms that one still holds.
pub async fn confirm(
    caller: Caller<VendorWrites>,
    sha256: web::Path<String>,
    confirmation: Jose,
) -> Answer<Shown<Confirmed>> {
    let verb = caller.ask(move |exchange, actor| {
        Ok(exchange.confirm_statement(actor, &sha256, confirmation.read()?)?)
    });
    verb.await.map(Shown)
}

/// Acknowledges one.
pub async fn acknowledge(
    caller: Caller<InstitutionRequests>,
    sha256: web::Path<String>,
) -> Answer<Shown<Acknowledged>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.acknowledge_statement(actor, &sha256)?))
        .await
        .map(Shown)
}
