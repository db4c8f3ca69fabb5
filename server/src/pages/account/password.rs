//! Whoever forgot the password chooses another.

use actix_web::{HttpResponse, Scope, web};

use super::{LARGEST, read};
use crate::exchange::{InvitationError, PasswordResetView};
use crate::pages::Page;
use crate::pages::field::Field;
use crate::pages::fields::{Body, Fields};
use crate::pages::holder::{Holder, Shell};
use crate::pages::mistakes::{Mistake, of_fields};
use crate::pages::plain::{Done, too_large};
use crate::pages::small_form::SmallForm;

const START: &str = "/password";

/// What is shown before the token is sent.
const SHELL: Shell = Shell {
    act: "password_page",
    title: "パスワードの再設定",
    otherwise: "別のブラウザーでメールのリンクを開くか、所属する組織の管理者までご連絡ください。",
    kept: "再設定が終わるまでは、これまでのパスワードがそのまま使えます。",
    foot: "この画面は、お送りしたメールの宛先のご本人のためのものです。リンクをほかの方に転送しないでください。",
};

/// How to come by another letter.
const ANOTHER: &str = "再設定を続けるには、パスワードの再設定をもう一度お申し込みください。";

/// Where the page is.
pub fn scope() -> Scope {
    web::scope(START)
        .app_data(SHELL)
        .app_data(web::PayloadConfig::new(LARGEST))
        .route("", web::get().to(show))
        .route("", web::post().to(take))
        .default_service(web::to(HttpResponse::NotFound))
}

/// The form.
async fn show(holder: Holder) -> HttpResponse {
    let page = holder.act(ANOTHER, |exchange, link, act| {
        let reset = exchange.show_password_reset(link, &act.address)?;
        Ok(Page::ok(&form(&reset, &[])))
    });
    page.await
}

/// Takes the password, or tells what is wrong with it.
async fn take(holder: Holder, body: Body) -> HttpResponse {
    let Some(fields) = Fields::of(body) else {
        return too_large().into();
    };
    let page = holder.act(ANOTHER, move |exchange, link, act| {
        let address = act.address.clone();
        let password = read(&fields.exactly("password"));
        match password.and_then(|password| exchange.reset_password(link, &password, act)) {
            Ok(()) => Ok(Page::ok(&done())),
            Err(InvitationError::Violations(found)) => {
                let reset = exchange.show_password_reset(link, &address)?;
                let labels = [("/password", "password", "新しいパスワード")];
                Ok(Page::wrong(&form(&reset, &of_fields(found, &labels))))
            }
            Err(error) => Err(error),
        }
    });
    page.await
}

fn form<'a>(reset: &'a PasswordResetView, mistakes: &'a [Mistake]) -> SmallForm<'a> {
    SmallForm {
        back: None,
        title: "新しいパスワードを決める",
        paragraphs: vec![String::from(
            "新しいパスワードを決めると、すべての端末でログアウトされます。認証アプリは、これまでどおりお使いください。",
        )],
        action: START,
        fields: vec![
            Field::account(&reset.email),
            Field::new_password("新しいパスワード", mistakes),
        ],
        button: "パスワードを変更する",
        mistakes,
    }
}

fn done() -> Done {
    Done {
        title: "パスワードを変更しました",
        paragraphs: vec![
            String::from(
                "次のログインから、新しいパスワードをお使いください。すべての端末でログアウトされています。",
            ),
            String::from("ログインには、これまでどおり認証アプリのコードも必要です。"),
        ],
    }
}
