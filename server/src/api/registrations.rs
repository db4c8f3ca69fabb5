//! Applications of those who were asked by a link and want to be vendors: the operator lists them and decides.

use actix_web::web;

use super::answer::{Answer, Listed, Shown};
use super::auth::{Administrator, Caller};
use super::body::Document;
use super::page::Listing;
use super::problem::Problem;
use super::query::{Fields, Pairs, Parameter, Values};
use super::requests::Refusal;
use crate::exchange::{RegistrationApproval, RegistrationState, RegistrationView};

/// Which applications are listed.
pub struct Filter {
    state: Option<RegistrationState>,
}

impl Fields for Filter {
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        name: "state",
        about: "Only those in this state.",
        required: false,
        values: Values::Words(&["waiting", "approved", "refused"]),
    }];

    fn take(pairs: &mut Pairs) -> Result<Self, Problem> {
        let expected = "waiting, approved or refused";
        Ok(Self {
            state: pairs.choice("state", RegistrationState::from_word, expected)?,
        })
    }
}

/// Lists applications.
pub async fn list(
    caller: Caller<Administrator>,
    listing: Listing<Filter>,
) -> Answer<Listed<RegistrationView>> {
    let verb = caller.ask(move |exchange, _| {
        let (filter, window) = listing.read()?;
        Ok(exchange.list_registrations(filter.state, &window)?)
    });
    verb.await.map(Listed)
}

/// Approves one.
pub async fn approve(
    caller: Caller<Administrator>,
    id: web::Path<String>,
    approval: Document<RegistrationApproval>,
) -> Answer<Shown<RegistrationView>> {
    let verb = caller.ask(move |exchange, actor| {
        Ok(exchange.approve_registration(actor, &id, approval.read()?)?)
    });
    verb.await.map(Shown)
}

/// Refuses one, with a reason.
pub async fn refuse(
    caller: Caller<Administrator>,
    id: web::Path<String>,
    refusal: Document<Refusal>,
) -> Answer<Shown<RegistrationView>> {
    let verb = caller.ask(move |exchange, actor| {
        Ok(exchange.refuse_registration(actor, &id, refusal.read()?.reason)?)
    });
    verb.await.map(Shown)
}
