//! The page behind the link of a letter, where whoever was asked answers without an account: on the spot, with a table, or
//! by saying who should, or why not.
//!
//! What is posted goes to the verbs behind the REST interface; what they refuse comes back at its field (`mistakes`).

mod asked;
mod draft;
mod form;
mod mistakes;
mod other_ways;
mod unusable;
mod visit;

use actix_web::http::StatusCode;
use actix_web::web;
use actix_web::{HttpRequest, HttpResponse, Resource, Scope};
use askama::Template;
use kaiji_schema::comparison::Outcome;
use kaiji_schema::form::FormKind;
use kaiji_schema::statement::Attested;
use kaiji_schema::violation::Violations;

use asked::Asked;
use draft::{Draft, Sheet};
use form::{FormPage, SheetPage};
use other_ways::{Decline, Name, Register, Way, show, take};

use super::Page;
use super::fields::{Body, Fields};
use super::holder::{Holder, Shell};
use super::mistakes::Mistake;
use super::plain::too_large;
use crate::exchange::{
    AnswerError, Attestation, Draft as KeptDraft, Exchange, LinkError, StorageError, Visitor,
    day_in_japan, in_japan,
};

/// The most that is taken of a form or a table: every remark of both forms at its longest, as browsers encode it.
const LARGEST: usize = 4 * 1024 * 1024;

/// What is shown before the token is sent.
const SHELL: Shell = Shell {
    act: "answer_page",
    title: "セキュリティ開示書の提出依頼",
    otherwise: "別のブラウザーでメールのリンクを開くか、メールに記載の医療機関までご連絡ください。",
    kept: "入力の途中だった内容は、最後に「下書きを保存しました」と表示された時点までが保存されています。",
    foot: "この画面は、お送りしたメールのリンクをお持ちの方だけに表示されています。リンクを第三者に転送しないでください。",
};

/// Where the pages are.
pub(super) fn scope() -> Scope {
    web::scope("/answer")
        .app_data(SHELL)
        .app_data(web::PayloadConfig::new(LARGEST))
        .route("", web::get().to(overview))
        .route("/form", web::get().to(form))
        .route("/form", web::post().to(answer))
        .route("/draft", web::put().to(keep))
        .route("/sheet", web::get().to(sheet))
        .route("/sheet", web::post().to(bring_sheet))
        .service(way::<Decline>("/decline"))
        .service(way::<Name>("/addressee"))
        .service(way::<Register>("/registration"))
        .default_service(web::to(HttpResponse::NotFound))
}

fn way<W: Way>(path: &str) -> Resource {
    web::resource(path)
        .route(web::get().to(show::<W>))
        .route(web::post().to(take::<W>))
}

#[derive(Template)]
#[template(path = "pages/overview.html")]
struct Overview<'a> {
    asked: &'a Asked,
}

#[derive(Template)]
#[template(path = "pages/received.html")]
struct Received<'a> {
    asked: &'a Asked,
    product: &'a str,
    at: String,
    leaf: i64,
    sha256: &'a str,
    counts: [Count; 4],
    receipt: &'a str,
}

struct Count {
    label: &'static str,
    count: u16,
}

/// What is asked, and in which ways it can be answered.
async fn overview(holder: Holder) -> HttpResponse {
    let page = holder.ask(|exchange, visitor| {
        let asked = asked(exchange, visitor)?;
        Ok(Page::ok(&Overview { asked: &asked }))
    });
    page.await
}

/// The form, with what was filled in so far.
async fn form(holder: Holder) -> HttpResponse {
    let page = holder.ask(|exchange, visitor| {
        let asked = asked(exchange, visitor)?;
        let mut draft = asked.draft.clone();
        draft.fields.suggest("product_name", &asked.subject);
        draft.fields.suggest("organisation", &asked.addressee);
        Ok(Page::ok(&FormPage::new(&asked, &draft, &[])))
    });
    page.await
}

/// Keeps what is filled in so far.
async fn keep(holder: Holder, body: Body) -> HttpResponse {
    let Some(fields) = Fields::of(body) else {
        return too_large().into();
    };
    let page = holder.ask(move |exchange, visitor| {
        let sheet = asked(exchange, visitor)?.draft.sheet;
        save(exchange, visitor, &Draft { fields, sheet })?;
        Ok(Page::nothing())
    });
    page.await
}

/// Takes the answer, or tells what is to be put right.
async fn answer(holder: Holder, body: Body) -> HttpResponse {
    let Some(fields) = Fields::of(body) else {
        return too_large().into();
    };
    let page = holder.ask(move |exchange, visitor| {
        let asked = asked(exchange, visitor)?;
        let sheet = asked.draft.sheet.clone();
        let draft = Draft { fields, sheet };
        let today = day_in_japan(exchange.clock().now());
        let document = draft
            .document(&asked.request, asked.questions.set, today)
            .to_string();
        let mistakes = mistakes_in(&asked, &draft, document.as_bytes());
        if !mistakes.is_empty() {
            save(exchange, visitor, &draft)?;
            return Ok(Page::wrong(&FormPage::new(&asked, &draft, &mistakes)));
        }
        match exchange.answer_by_link(visitor, document.as_bytes()) {
            Ok(attestation) => Ok(received(&asked, &draft, &attestation)),
            Err(AnswerError::Link(error)) => Err(error),
            Err(AnswerError::Storage(error)) => Err(error.into()),
            Err(AnswerError::Read(error)) => Err(Violations::from(error).into()),
        }
    });
    page.await
}

/// The page on which a table is brought.
async fn sheet(holder: Holder) -> HttpResponse {
    let page = holder.ask(|exchange, visitor| {
        let asked = asked(exchange, visitor)?;
        Ok(Page::ok(&SheetPage::new(&asked, &asked.draft, &[])))
    });
    page.await
}

/// Reads a table into the draft, or tells what is to be put right in it.
async fn bring_sheet(holder: Holder, request: HttpRequest, body: Body) -> HttpResponse {
    let Ok(table) = body else {
        return too_large().into();
    };
    let chosen = Fields::posted(request.query_string());
    let page = holder.ask(move |exchange, visitor| {
        let asked = asked(exchange, visitor)?;
        let mut draft = asked.draft.clone();
        let name = chosen.get("form").to_owned();
        let mistakes = match exchange.read_sheet_by_link(visitor, &name, &table) {
            Ok(read) => {
                let form = chosen.form().unwrap_or(FormKind::Sds);
                draft.take_sheet(Sheet {
                    form,
                    answers: read.answers,
                });
                save(exchange, visitor, &draft)?;
                return Ok(Page::elsewhere("/answer/form"));
            }
            Err(AnswerError::Read(error)) => mistakes::of_sheet(error.into(), &name),
            Err(AnswerError::Link(error)) => return Err(error),
            Err(AnswerError::Storage(error)) => return Err(error.into()),
        };
        Ok(Page::wrong(&SheetPage::new(&asked, &draft, &mistakes)))
    });
    page.await
}

/// What the link asks.
fn asked(exchange: &Exchange, visitor: &Visitor) -> Result<Asked, LinkError> {
    let view = exchange.open_link(visitor)?;
    let unknown = || StorageError::Corrupt("the questions of a link are unknown".to_owned());
    Ok(Asked::of(view, exchange.requirement_sets()).ok_or_else(unknown)?)
}

fn save(exchange: &Exchange, visitor: &Visitor, draft: &Draft) -> Result<(), LinkError> {
    let draft = KeptDraft {
        draft: Some(draft.text()),
    };
    exchange.save_draft(visitor, draft)
}

fn mistakes_in(asked: &Asked, draft: &Draft, document: &[u8]) -> Vec<Mistake> {
    let read = Attested::read(document, &asked.request, &asked.questions);
    let mut found = match read {
        Ok(_) => Vec::new(),
        Err(error) => mistakes::of_answer(error.into(), asked.questions.set),
    };
    if !draft.fields.is_declared() {
        let advice = "内容を確認し、チェックを付けてください。";
        found.push(Mistake::at("declared", "申告", advice));
    }
    found
}

fn received(asked: &Asked, draft: &Draft, attestation: &Attestation) -> Page {
    let summary = attestation.comparison.summary;
    let count = |outcome: Outcome, count| Count {
        label: outcome.label(),
        count,
    };
    let page = Received {
        asked,
        product: draft.fields.get("product_name"),
        at: in_japan(attestation.received_at.timestamp()),
        leaf: attestation.leaf_index,
        sha256: &attestation.sha256,
        counts: [
            count(Outcome::Conforming, summary.conforming),
            count(Outcome::NotApplicable, summary.not_applicable),
            count(Outcome::Nonconforming, summary.nonconforming),
            count(Outcome::Unconfirmed, summary.unconfirmed),
        ],
        receipt: &attestation.receipt,
    };
    Page::new(StatusCode::CREATED, &page)
}
