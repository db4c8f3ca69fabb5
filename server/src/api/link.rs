//! What whoever holds a link may do with a request: see it, keep a draft, answer, decline, name somebody else, apply for
//! registration. The link travels in a header, never in an address, and is all that they show.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};

use super::State;
use super::answer::{Answer, Deleted, Made, Shown};
use super::auth::record;
use super::body::{AttestedPayload, CsvTable, Document};
use super::headers::shown_link;
use super::operation::{About, Describe};
use super::problem::{Kind, Problem};
use super::query::{Fields, Pairs, Parameter, Query, Values};
use super::requests::Refusal;
use crate::actor::Act;
use crate::exchange::{
    Addressee, Attestation, Draft, Exchange, LinkView, NewRegistration, RegistrationView,
    SheetAnswers, Visitor,
};

/// Someone with a link that nobody has looked at.
pub struct ByLink {
    shown: String,
    act: Act,
    state: web::Data<State>,
}

impl ByLink {
    /// Runs a verb for whoever holds the link, if there is such a link. Whatever comes of it is recorded, under the
    /// link's name.
    pub async fn ask<T: Send + 'static>(
        self,
        verb: impl FnOnce(&Exchange, &Visitor) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (shown, act) = (self.shown, self.act);
        self.state
            .ask(move |exchange| {
                let visitor = exchange.recognise_link(&shown, act)?;
                let outcome = verb(exchange, &visitor);
                record(exchange, visitor.actor(), &outcome);
                outcome
            })
            .await
    }
}

impl FromRequest for ByLink {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(shown_link(request.headers()).and_then(|shown| {
            let state = State::of(request)?;
            Ok(Self {
                shown: shown.to_owned(),
                act: state.acts().of(request),
                state,
            })
        }))
    }
}

impl Describe for ByLink {
    fn describe(about: &mut About) {
        about.header(
            "Kaiji-Link",
            "What stands behind `#` in the link of the letter: `<id>.<token>`. Needed.",
        );
        about.refuses(&[
            Kind::BadHeader,
            Kind::UnknownLink,
            Kind::LinkGone,
            Kind::LinkUsed,
            Kind::TooManyTries,
            Kind::Internal,
            Kind::Unavailable,
        ]);
    }
}

/// Shows what is asked.
pub async fn open(link: ByLink) -> Answer<Shown<LinkView>> {
    link.ask(|exchange, visitor| Ok(exchange.open_link(visitor)?))
        .await
        .map(Shown)
}

/// Keeps what was filled in so far.
pub async fn save_draft(link: ByLink, draft: Document<Draft>) -> Answer<Deleted> {
    link.ask(move |exchange, visitor| Ok(exchange.save_draft(visitor, draft.read()?)?))
        .await
        .map(|()| Deleted)
}

/// Declines, with a reason.
pub async fn decline(link: ByLink, refusal: Document<Refusal>) -> Answer<Deleted> {
    let verb = link.ask(move |exchange, visitor| {
        Ok(exchange.decline_by_link(visitor, refusal.read()?.reason)?)
    });
    verb.await.map(|()| Deleted)
}

/// Names the right addressee.
pub async fn addressee(link: ByLink, addressee: Document<Addressee>) -> Answer<Deleted> {
    let verb = link.ask(move |exchange, visitor| {
        Ok(exchange.name_addressee_by_link(visitor, addressee.read()?)?)
    });
    verb.await.map(|()| Deleted)
}

/// Applies for registration.
pub async fn register(
    link: ByLink,
    new: Document<NewRegistration>,
) -> Answer<Made<RegistrationView>> {
    link.ask(move |exchange, visitor| Ok(exchange.register_by_link(visitor, new.read()?)?))
        .await
        .map(Made)
}

/// Takes the answer.
pub async fn answer(link: ByLink, document: AttestedPayload) -> Answer<Made<Attestation>> {
    let verb =
        link.ask(move |exchange, visitor| Ok(exchange.answer_by_link(visitor, document.bytes()?)?));
    verb.await.map(Made)
}

/// Which form a table answers.
pub struct OfForm {
    form: String,
}

impl Fields for OfForm {
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        name: "form",
        about: "The form that the table answers.",
        required: true,
        values: Values::Words(&["MDS", "SDS"]),
    }];

    fn take(pairs: &mut Pairs) -> Result<Self, Problem> {
        Ok(Self {
            form: pairs.required("form")?,
        })
    }
}

/// Reads a table that was filled in.
pub async fn sheet(
    link: ByLink,
    form: Query<OfForm>,
    table: CsvTable,
) -> Answer<Shown<SheetAnswers>> {
    let verb = link.ask(move |exchange, visitor| {
        let OfForm { form } = form.read()?;
        Ok(exchange.read_sheet_by_link(visitor, &form, table.bytes()?)?)
    });
    verb.await.map(Shown)
}
