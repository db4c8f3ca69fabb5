//! Links in letters to people: an invitation is looked at and accepted, a forgotten password replaced.

use super::answer::{Accepted, Answer, Deleted, Secret, Shown};
use super::auth::Stranger;
use super::body::Document;
use super::headers::KaijiLink;
use crate::exchange::{
    AuthenticatorView, ChosenPassword, ForgottenPassword, InvitationView, Joined, OneTimeCode,
};

/// Shows the invitation.
pub async fn find(stranger: Stranger, link: KaijiLink) -> Answer<Shown<InvitationView>> {
    let verb = stranger
        .ask(move |exchange, act| Ok(exchange.show_invitation(&link.read()?, &act.address)?));
    verb.await.map(Shown)
}

/// Takes a password, and answers an authenticator.
pub async fn accept(
    stranger: Stranger,
    link: KaijiLink,
    password: Document<ChosenPassword>,
) -> Answer<Secret<AuthenticatorView>> {
    let verb = stranger.ask(move |exchange, act| {
        Ok(exchange.accept_invitation(&link.read()?, &password.read()?, act)?)
    });
    verb.await.map(Secret)
}

/// Takes the authenticator's first code, and answers recovery codes.
pub async fn confirm(
    stranger: Stranger,
    link: KaijiLink,
    code: Document<OneTimeCode>,
) -> Answer<Secret<Joined>> {
    let verb = stranger.ask(move |exchange, act| {
        Ok(exchange.confirm_invitation(&link.read()?, &code.read()?, act)?)
    });
    verb.await.map(Secret)
}

/// Sends a letter to whoever forgot the password.
pub async fn forget_password(
    stranger: Stranger,
    forgotten: Document<ForgottenPassword>,
) -> Answer<Accepted> {
    let verb =
        stranger.ask(move |exchange, act| Ok(exchange.forget_password(&forgotten.read()?, act)?));
    verb.await.map(|()| Accepted)
}

/// Takes another password through the link in that letter.
pub async fn reset_password(
    stranger: Stranger,
    link: KaijiLink,
    password: Document<ChosenPassword>,
) -> Answer<Deleted> {
    let verb = stranger.ask(move |exchange, act| {
        Ok(exchange.reset_password(&link.read()?, &password.read()?, act)?)
    });
    verb.await.map(|()| Deleted)
}
