//! The page behind the last line of letters that one can do without: a person confirms there, and a mail program posts to
//! the same address by itself (RFC 8058), without a token in a header.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, Scope, web};
use askama::Template;
use serde::Deserialize;

use super::plain::{Done, refused};
use super::{Page, State};
use crate::exchange::{Exchange, UnsubscribeError};

/// What stands in the address.
#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    mailbox: String,
    #[serde(default)]
    token: String,
}

#[derive(Template)]
#[template(path = "pages/unsubscribe.html")]
struct Confirm;

/// Where it is.
pub(super) fn scope() -> Scope {
    web::scope("/unsubscribe")
        .route("", web::get().to(confirm))
        .route("", web::post().to(end))
        .default_service(web::to(HttpResponse::NotFound))
}

/// Asks whether that is meant: a program that looks at every link in a letter must not end anything.
async fn confirm(state: web::Data<State>, asked: web::Query<Asked>) -> HttpResponse {
    let look = |exchange: &Exchange, asked: &Asked| {
        exchange.check_unsubscribing(&asked.mailbox, &asked.token)
    };
    answer(state, asked, look, || Page::ok(&Confirm)).await
}

async fn end(state: web::Data<State>, asked: web::Query<Asked>) -> HttpResponse {
    let end =
        |exchange: &Exchange, asked: &Asked| exchange.unsubscribe(&asked.mailbox, &asked.token);
    let ended = || {
        let paragraphs = [
            "今後、このアドレスにお知らせのメールはお送りしません。",
            "ご依頼など、お返事をお待ちしているもののメールは、これからもお送りします。",
        ];
        Page::ok(&Done {
            title: "お知らせのメールを停止しました",
            paragraphs: paragraphs.map(str::to_owned).to_vec(),
        })
    };
    answer(state, asked, end, ended).await
}

async fn answer(
    state: web::Data<State>,
    asked: web::Query<Asked>,
    verb: impl FnOnce(&Exchange, &Asked) -> Result<(), UnsubscribeError> + Send + 'static,
    page: impl FnOnce() -> Page,
) -> HttpResponse {
    let exchange = Arc::clone(&state.exchange);
    let done = web::block(move || verb(&exchange, &asked)).await;
    match done {
        Ok(Ok(())) => page(),
        Ok(Err(UnsubscribeError::Unknown)) => refused(
            StatusCode::NOT_FOUND,
            "このリンクはご利用いただけません",
            &["リンクが途中で切れている可能性があります。最も新しいメールのリンクを、そのままお開きください。"],
        ),
        Ok(Err(UnsubscribeError::Storage(error))) => {
            tracing::error!(%error, "letters could not be ended");
            failed()
        }
        Err(_) => failed(),
    }
    .into()
}

fn failed() -> Page {
    refused(
        StatusCode::SERVICE_UNAVAILABLE,
        "ただいま処理できません",
        &["しばらくしてから、もう一度お試しください。"],
    )
}
