//! Questions about flagged items: an institution asks, the product's vendor answers.

use actix_web::web;

use super::answer::{Answer, Listed, Made, Shown};
use super::auth::{Caller, InstitutionReads, InstitutionRequests, VendorReads, VendorWrites};
use super::body::Document;
use super::headers::IdempotencyKey;
use super::page::Listing;
use super::problem::Problem;
use super::query::{Fields, Pairs, Parameter, Values};
use crate::exchange::{
    AskedItemView, AskedQuestionView, InstitutionQuestionView, NewQuestions, QuestionState,
    QuestionsAsked, Remark,
};

/// Which questions are listed.
pub struct Filter(Option<QuestionState>);

const STATES: &[&str] = &["open", "answered", "withdrawn"];

impl Fields for Filter {
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        name: "state",
        about: "Only those in this state.",
        required: false,
        values: Values::Words(STATES),
    }];

    fn take(pairs: &mut Pairs) -> Result<Self, Problem> {
        let expected = STATES.join(", ");
        Ok(Self(pairs.choice(
            "state",
            QuestionState::from_word,
            &expected,
        )?))
    }
}

/// Asks about items of a system.
pub async fn ask(
    caller: Caller<InstitutionRequests>,
    system: web::Path<String>,
    new: Document<NewQuestions>,
    key: IdempotencyKey,
) -> Answer<Made<QuestionsAsked>> {
    let verb = caller.ask(move |exchange, actor| {
        let request = key.of(actor, new.bytes()?)?;
        Ok(exchange.ask_questions(actor, &system, new.read()?, request)?)
    });
    verb.await.map(Made)
}

/// Lists what was asked about a system.
pub async fn list_of_system(
    caller: Caller<InstitutionReads>,
    system: web::Path<String>,
    listing: Listing,
) -> Answer<Listed<InstitutionQuestionView>> {
    let verb = caller.ask(move |exchange, actor| {
        Ok(exchange.list_questions(actor, &system, &listing.window()?)?)
    });
    verb.await.map(Listed)
}

/// Takes a question back.
pub async fn withdraw(
    caller: Caller<InstitutionRequests>,
    id: web::Path<String>,
) -> Answer<Shown<InstitutionQuestionView>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.withdraw_question(actor, &id)?))
        .await
        .map(Shown)
}

/// Lists what the vendor is asked.
pub async fn list(
    caller: Caller<VendorReads>,
    listing: Listing<Filter>,
) -> Answer<Listed<AskedItemView>> {
    let verb = caller.ask(move |exchange, actor| {
        let (Filter(state), window) = listing.read()?;
        Ok(exchange.list_asked_items(actor, state, &window)?)
    });
    verb.await.map(Listed)
}

/// Answers with a remark.
pub async fn answer(
    caller: Caller<VendorWrites>,
    id: web::Path<String>,
    remark: Document<Remark>,
) -> Answer<Shown<AskedQuestionView>> {
    let verb = caller
        .ask(move |exchange, actor| Ok(exchange.answer_question(actor, &id, remark.read()?)?));
    verb.await.map(Shown)
}
