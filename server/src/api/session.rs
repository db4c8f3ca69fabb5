//! Sessions: a person, or a program that acts for one, signs in, and what people see and do of themselves.

use actix_web::web;

use super::answer::{Answer, Deleted, Listed, Secret, Shown, Tagged};
use super::auth::{Caller, SignedInPeople, SteppedUpPeople, Stranger};
use super::body::Document;
use super::page::Listing;
use crate::exchange::{
    OneTimeCode, PasswordChange, Preferences, RecoveryCodes, SessionView, SignIn, SignedIn,
    UserView, WhoAmI,
};

/// Signs somebody in.
pub async fn begin(stranger: Stranger, shown: Document<SignIn>) -> Answer<Secret<SignedIn>> {
    let verb = stranger.ask(move |exchange, act| Ok(exchange.sign_in(&shown.read()?, act)?));
    verb.await.map(Secret)
}

/// Shows who is signed in.
pub async fn show(caller: Caller<SignedInPeople>) -> Answer<Shown<WhoAmI>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.who_am_i(actor)?))
        .await
        .map(Shown)
}

/// Changes what people change of themselves.
pub async fn change(
    caller: Caller<SignedInPeople>,
    preferences: Document<Preferences>,
) -> Answer<Tagged<UserView>> {
    let verb = caller.ask(move |exchange, actor| {
        Ok(exchange.change_own_preferences(actor, preferences.read()?)?)
    });
    verb.await.map(Tagged)
}

/// Signs out.
pub async fn end(caller: Caller<SignedInPeople>) -> Answer<Deleted> {
    caller
        .ask(move |exchange, actor| Ok(exchange.sign_out(actor)?))
        .await
        .map(|()| Deleted)
}

/// Takes a fresh one-time code.
pub async fn step_up(
    caller: Caller<SignedInPeople>,
    code: Document<OneTimeCode>,
) -> Answer<Shown<SessionView>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.step_up(actor, &code.read()?)?))
        .await
        .map(Shown)
}

/// Changes the password.
pub async fn change_password(
    caller: Caller<SignedInPeople>,
    change: Document<PasswordChange>,
) -> Answer<Deleted> {
    caller
        .ask(move |exchange, actor| Ok(exchange.change_password(actor, &change.read()?)?))
        .await
        .map(|()| Deleted)
}

/// Makes new recovery codes.
pub async fn renew_recovery_codes(
    caller: Caller<SteppedUpPeople>,
) -> Answer<Secret<RecoveryCodes>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.renew_recovery_codes(actor)?))
        .await
        .map(Secret)
}

/// Lists the person's sessions.
pub async fn list(caller: Caller<SignedInPeople>, listing: Listing) -> Answer<Listed<SessionView>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.list_sessions(actor, &listing.window()?)?))
        .await
        .map(Listed)
}

/// Ends one of them.
pub async fn end_one(caller: Caller<SignedInPeople>, id: web::Path<String>) -> Answer<Deleted> {
    caller
        .ask(move |exchange, actor| Ok(exchange.end_session(actor, &id)?))
        .await
        .map(|()| Deleted)
}

/// Signs out everywhere.
pub async fn end_all(caller: Caller<SignedInPeople>) -> Answer<Deleted> {
    caller
        .ask(move |exchange, actor| Ok(exchange.sign_out_everywhere(actor)?))
        .await
        .map(|()| Deleted)
}
