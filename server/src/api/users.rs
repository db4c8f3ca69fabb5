//! People of an organisation: its administrators invite them and say what they may do.

use actix_web::web;

use super::answer::{Answer, Created, Listed, Resource, Tagged};
use super::auth::{Caller, UserKeepers, UserReaders};
use super::body::Document;
use super::headers::{IdempotencyKey, IfMatch};
use super::page::Listing;
use super::problem::Problem;
use super::query::{Fields, Pairs, Parameter, Values};
use crate::exchange::{NewUser, UserChange, UserView};

impl Resource for UserView {
    fn location(&self) -> String {
        format!("/api/v1/users/{}", self.id)
    }

    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }
}

/// Whose people are listed.
pub struct Filter {
    organisation: Option<String>,
}

impl Fields for Filter {
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        name: "organisation",
        about: "The organisation whose people are listed: the operator names any, others see their own.",
        required: false,
        values: Values::Text,
    }];

    fn take(pairs: &mut Pairs) -> Result<Self, Problem> {
        Ok(Self {
            organisation: pairs.take_text("organisation")?,
        })
    }
}

/// Invites somebody by letter.
pub async fn invite(
    caller: Caller<UserKeepers>,
    new: Document<NewUser>,
    key: IdempotencyKey,
) -> Answer<Created<UserView>> {
    let verb = caller.ask(move |exchange, actor| {
        let request = key.of(actor, new.bytes()?)?;
        Ok(exchange.invite_user(actor, new.read()?, request)?)
    });
    verb.await.map(Created)
}

/// Lists an organisation's people.
pub async fn list(
    caller: Caller<UserReaders>,
    listing: Listing<Filter>,
) -> Answer<Listed<UserView>> {
    let verb = caller.ask(move |exchange, actor| {
        let (filter, window) = listing.read()?;
        Ok(exchange.list_users(actor, filter.organisation.as_deref(), &window)?)
    });
    verb.await.map(Listed)
}

/// Shows one of them.
pub async fn find(caller: Caller<UserReaders>, id: web::Path<String>) -> Answer<Tagged<UserView>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.find_user(actor, &id)?))
        .await
        .map(Tagged)
}

/// Changes one of them, or shuts one out.
pub async fn change(
    caller: Caller<UserKeepers>,
    id: web::Path<String>,
    change: Document<UserChange>,
    expected: IfMatch,
) -> Answer<Tagged<UserView>> {
    let verb = caller.ask(move |exchange, actor| {
        Ok(exchange.change_user(actor, &id, change.read()?, expected.revision())?)
    });
    verb.await.map(Tagged)
}

/// Sends the invitation again.
pub async fn invite_again(
    caller: Caller<UserKeepers>,
    id: web::Path<String>,
) -> Answer<Tagged<UserView>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.invite_again(actor, &id)?))
        .await
        .map(Tagged)
}
