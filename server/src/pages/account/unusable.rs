//! A person's link that cannot be used has a page that says why, and what to do.

use actix_web::http::StatusCode;

use crate::exchange::{InvitationError, UserLinkError, UserLinkGone};
use crate::pages::Page;
use crate::pages::plain::{failed, pausing, refused, to_begin_anew, unknown};

const ASK_YOUR_ADMINISTRATOR: &str =
    "お心当たりがない場合は、所属する組織の管理者までご連絡ください。";

/// The page about an error; `another` says how to come by another letter.
pub(super) fn page(error: &InvitationError, another: &str) -> Page {
    match error {
        InvitationError::Link(error) => page_of_link(error, another),
        InvitationError::NotBegun => to_begin_anew(
            "はじめからやり直してください",
            &[
                "パスワードがまだ決められていないか、別の画面で決め直されています。",
                "認証アプリに登録した「Kaiji」がある場合は、削除してから、パスワードの入力からやり直してください。",
            ],
            "/invitation",
        ),
        InvitationError::Violations(_) => refused(
            StatusCode::UNPROCESSABLE_ENTITY,
            "受け付けられませんでした",
            &["入力内容に誤りがあります。メールのリンクを開き直し、もう一度お試しください。"],
        ),
        InvitationError::Storage(error) => out_of_order(error),
    }
}

fn page_of_link(error: &UserLinkError, another: &str) -> Page {
    match error {
        UserLinkError::Unknown => unknown(another),
        UserLinkError::Gone(gone) => page_of(*gone, another),
        UserLinkError::Used => refused(
            StatusCode::CONFLICT,
            "このリンクは使用済みです",
            &[
                "このリンクでの手続きは、すでに終わっています。リンクは一度だけ使えます。",
                ASK_YOUR_ADMINISTRATOR,
            ],
        ),
        UserLinkError::TooManyTries(wait) => pausing(wait.seconds),
        UserLinkError::Storage(error) => out_of_order(error),
    }
}

fn page_of(gone: UserLinkGone, another: &str) -> Page {
    let (title, reason, advice) = match gone {
        UserLinkGone::Superseded => (
            "新しいリンクがあります",
            "あとから新しいリンクをお送りしています。",
            "最も新しいメールのリンクを開いてください。",
        ),
        UserLinkGone::Expired => (
            "リンクの有効期限が過ぎています",
            "このリンクの有効期限は終了しました。",
            another,
        ),
        UserLinkGone::Revoked => (
            "このリンクは無効になりました",
            "組織の管理者が、このアカウントの利用を停止しています。",
            ASK_YOUR_ADMINISTRATOR,
        ),
        UserLinkGone::OrganisationDisabled => (
            "このリンクは無効になりました",
            "所属する組織の利用が停止されています。",
            ASK_YOUR_ADMINISTRATOR,
        ),
    };
    refused(StatusCode::GONE, title, &[reason, advice])
}

fn out_of_order(error: &crate::exchange::StorageError) -> Page {
    tracing::error!(%error, "a page could not be made");
    failed()
}
