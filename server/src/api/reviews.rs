//! Risk reviews of flagged items (リスク評価・リスク対応): written, submitted, approved or sent back.

use actix_web::web;
use jiff::civil::Date;
use kaiji_schema::review::Content;

use super::answer::{Answer, Listed, Resource, Shown, Tagged};
use super::auth::{Caller, RecordKeepers, RecordReaders, ReviewApprovers};
use super::body::Document;
use super::headers::IfMatch;
use super::page::Listing;
use super::problem::Problem;
use super::query::{Fields, Pairs, Parameter, Values};
use super::requests::Refusal;
use crate::exchange::{ApprovedReview, ReviewDocument, ReviewView};

impl Resource for ReviewDocument {
    fn location(&self) -> String {
        let ReviewView { system, item, .. } = &self.review;
        format!("/api/v1/systems/{system}/reviews/{item}")
    }

    fn revision(&self) -> Option<i64> {
        Some(self.review.revision)
    }
}

/// Which reviews are listed.
pub struct Due {
    before: Option<Date>,
}

impl Fields for Due {
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        name: "due_before",
        about: "Only those that are to be looked at again before this day, `YYYY-MM-DD`.",
        required: false,
        values: Values::Text,
    }];

    fn take(pairs: &mut Pairs) -> Result<Self, Problem> {
        let day = |text: &str| text.parse().ok();
        Ok(Self {
            before: pairs.choice("due_before", day, "a day, YYYY-MM-DD")?,
        })
    }
}

/// The system and the item that an address names.
type Place = web::Path<(String, String)>;

/// Lists what is flagged or was reviewed at a system.
pub async fn list(
    caller: Caller<RecordReaders>,
    system: web::Path<String>,
    listing: Listing,
) -> Answer<Listed<ReviewView>> {
    let verb = caller.ask(move |exchange, actor| {
        Ok(exchange.list_reviews(actor, &system, &listing.window()?)?)
    });
    verb.await.map(Listed)
}

/// Lists what is to be looked at again, across systems.
pub async fn due(
    caller: Caller<RecordReaders>,
    listing: Listing<Due>,
) -> Answer<Listed<ReviewView>> {
    let verb = caller.ask(move |exchange, actor| {
        let (due, window) = listing.read()?;
        Ok(exchange.list_due_reviews(actor, due.before, &window)?)
    });
    verb.await.map(Listed)
}

/// Shows one as a whole.
pub async fn find(caller: Caller<RecordReaders>, place: Place) -> Answer<Tagged<ReviewDocument>> {
    let (system, item) = place.into_inner();
    caller
        .ask(move |exchange, actor| Ok(exchange.find_review(actor, &system, &item)?))
        .await
        .map(Tagged)
}

/// Writes a draft.
pub async fn draft(
    caller: Caller<RecordKeepers>,
    place: Place,
    content: Document<Content>,
    expected: IfMatch,
) -> Answer<Tagged<ReviewDocument>> {
    let (system, item) = place.into_inner();
    let verb = caller.ask(move |exchange, actor| {
        let content = content.read()?;
        Ok(exchange.draft_review(actor, &system, &item, content, expected.revision())?)
    });
    verb.await.map(Tagged)
}

/// Submits the draft.
pub async fn submit(
    caller: Caller<RecordKeepers>,
    place: Place,
    expected: IfMatch,
) -> Answer<Tagged<ReviewDocument>> {
    let (system, item) = place.into_inner();
    let verb = caller.ask(move |exchange, actor| {
        Ok(exchange.submit_review(actor, &system, &item, expected.revision())?)
    });
    verb.await.map(Tagged)
}

/// Approves what was submitted.
pub async fn approve(
    caller: Caller<ReviewApprovers>,
    place: Place,
    expected: IfMatch,
) -> Answer<Shown<ApprovedReview>> {
    let (system, item) = place.into_inner();
    let verb = caller.ask(move |exchange, actor| {
        Ok(exchange.approve_review(actor, &system, &item, expected.revision())?)
    });
    verb.await.map(Shown)
}

/// Sends back what was submitted.
pub async fn send_back(
    caller: Caller<ReviewApprovers>,
    place: Place,
    refusal: Document<Refusal>,
    expected: IfMatch,
) -> Answer<Tagged<ReviewDocument>> {
    let (system, item) = place.into_inner();
    let verb = caller.ask(move |exchange, actor| {
        let reason = refusal.read()?.reason;
        Ok(exchange.send_review_back(actor, &system, &item, reason, expected.revision())?)
    });
    verb.await.map(Tagged)
}
