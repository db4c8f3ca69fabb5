//! Whoever is invited sees by whom and as what, chooses a password, sets up an authenticator, shows by a first code that it
//! works, and is given recovery codes.
//!
//! The authenticator and the recovery codes are shown once. Whoever loses the page on the way begins anew with the
//! password: until the first code nothing has changed.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, Scope, web};
use askama::Template;

use super::{LARGEST, qr, read};
use crate::actor::Role;
use crate::exchange::{AuthenticatorView, InvitationError, InvitationView, in_japan};
use crate::pages::Page;
use crate::pages::field::Field;
use crate::pages::fields::{Body, Fields};
use crate::pages::holder::{Holder, Shell};
use crate::pages::mistakes::{Mistake, of_fields};
use crate::pages::plain::too_large;
use crate::pages::small_form::{Back, SmallForm};

const START: &str = "/invitation";
const CONFIRMATION: &str = "/invitation/confirmation";

/// What is shown before the token is sent.
const SHELL: Shell = Shell {
    act: "invitation_page",
    title: "アカウントの登録",
    otherwise: "別のブラウザーでメールのリンクを開くか、招待した組織の管理者までご連絡ください。",
    kept: "登録が終わるまでは、メールのリンクを開き直して、はじめからやり直すことができます。",
    foot: "この画面は、お送りしたメールの宛先のご本人のためのものです。リンクをほかの方に転送しないでください。",
};

/// How to come by another letter.
const ANOTHER: &str =
    "登録を続けるには、招待した組織の管理者に、招待メールの再送をお申し付けください。";

/// Where the pages are.
pub fn scope() -> Scope {
    web::scope(START)
        .app_data(SHELL)
        .app_data(web::PayloadConfig::new(LARGEST))
        .route("", web::get().to(show))
        .route("", web::post().to(take_password))
        .route("/confirmation", web::get().to(begin_anew))
        .route("/confirmation", web::post().to(take_code))
        .default_service(web::to(HttpResponse::NotFound))
}

#[derive(Template)]
#[template(path = "pages/invitation.html")]
struct InvitationPage<'a> {
    invitation: &'a InvitationView,
    roles: String,
    until: String,
    fields: [Field<'a>; 2],
    mistakes: &'a [Mistake],
}

#[derive(Template)]
#[template(path = "pages/authenticator.html")]
struct AuthenticatorPage<'a> {
    secret: String,
    url: &'a str,
    code: Option<qr::Picture>,
    field: Field<'a>,
}

#[derive(Template)]
#[template(path = "pages/recovery_codes.html")]
struct RecoveryCodesPage<'a> {
    email: &'a str,
    codes: &'a [String],
}

impl<'a> InvitationPage<'a> {
    fn new(invitation: &'a InvitationView, mistakes: &'a [Mistake]) -> Self {
        let roles = invitation.roles.iter();
        let roles = roles.filter_map(|word| word.parse().ok()).map(Role::label);
        Self {
            invitation,
            roles: roles.collect::<Vec<_>>().join("、"),
            until: in_japan(invitation.expires_at.timestamp()),
            fields: [
                Field::account(&invitation.email),
                Field::new_password("パスワード", mistakes),
            ],
            mistakes,
        }
    }
}

/// The invitation, with a field for the password.
async fn show(holder: Holder) -> HttpResponse {
    let page = holder.act(ANOTHER, |exchange, link, act| {
        let invitation = exchange.show_invitation(link, &act.address)?;
        Ok(Page::ok(&InvitationPage::new(&invitation, &[])))
    });
    page.await
}

/// What was shown once is not shown again.
async fn begin_anew(holder: Holder) -> HttpResponse {
    let page = holder.act(ANOTHER, |_, _, _| Ok(Page::elsewhere(START)));
    page.await
}

/// Takes the password and shows the authenticator, or tells what is wrong with the password.
async fn take_password(holder: Holder, body: Body) -> HttpResponse {
    let Some(fields) = Fields::of(body) else {
        return too_large().into();
    };
    let page = holder.act(ANOTHER, move |exchange, link, act| {
        let address = act.address.clone();
        let password = read(&fields.exactly("password"));
        match password.and_then(|password| exchange.accept_invitation(link, &password, act)) {
            Ok(authenticator) => Ok(shown_once(&authenticator)),
            Err(InvitationError::Violations(found)) => {
                let invitation = exchange.show_invitation(link, &address)?;
                let labels = [("/password", "password", "パスワード")];
                let mistakes = of_fields(found, &labels);
                Ok(Page::wrong(&InvitationPage::new(&invitation, &mistakes)))
            }
            Err(error) => Err(error),
        }
    });
    page.await
}

fn shown_once(authenticator: &AuthenticatorView) -> Page {
    let page = AuthenticatorPage {
        secret: in_groups(&authenticator.secret),
        url: &authenticator.url,
        code: qr::picture(&authenticator.url),
        field: Field::one_time_code(&[]),
    };
    Page::new(StatusCode::CREATED, &page)
}

/// In groups of four, as it is read and typed.
fn in_groups(secret: &str) -> String {
    let characters: Vec<char> = secret.chars().collect();
    let groups = characters.chunks(4).map(String::from_iter);
    groups.collect::<Vec<_>>().join(" ")
}

/// Takes the first code and shows the recovery codes, or tells what is wrong with the code.
async fn take_code(holder: Holder, body: Body) -> HttpResponse {
    let Some(fields) = Fields::of(body) else {
        return too_large().into();
    };
    let page = holder.act(ANOTHER, move |exchange, link, act| {
        let code = read(&fields.members(&[("code", "code")]));
        match code.and_then(|code| exchange.confirm_invitation(link, &code, act)) {
            Ok(joined) => Ok(Page::new(
                StatusCode::CREATED,
                &RecoveryCodesPage {
                    email: &joined.user.email,
                    codes: &joined.recovery_codes,
                },
            )),
            Err(InvitationError::Violations(found)) => {
                let mistakes = of_fields(found, &[("/code", "code", "6桁のコード")]);
                Ok(Page::wrong(&code_again(&mistakes)))
            }
            Err(error) => Err(error),
        }
    });
    page.await
}

fn code_again(mistakes: &[Mistake]) -> SmallForm<'_> {
    SmallForm {
        back: Some(Back {
            path: START,
            words: "パスワードの入力に戻る",
            instead: "はじめからやり直す",
        }),
        title: "認証アプリのコードを確認する",
        paragraphs: vec![
            String::from(
                "認証アプリに登録した「Kaiji」のコードを、もう一度入力してください。コードは30秒ごとに変わり、一度だけ使えます。",
            ),
            String::from(
                "何度入力しても受け付けられない場合は、スマートフォンなどの時刻が正しいかをご確認ください。認証アプリに登録し直す場合は、登録した「Kaiji」を認証アプリから削除し、はじめからやり直してください。",
            ),
        ],
        action: CONFIRMATION,
        fields: vec![Field::one_time_code(mistakes)],
        button: "登録を完了する",
        mistakes,
    }
}
