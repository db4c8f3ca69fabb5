//! A link that cannot be used has a page that says why, and what to do.

use actix_web::http::StatusCode;

use crate::exchange::{Gone, LinkError};
use crate::pages::Page;
use crate::pages::plain::{failed, pausing, refused, unknown};

const NEW_LETTER: &str =
    "あらためて回答される場合は、依頼元の医療機関に、依頼メールの再送をお申し付けください。";

/// The page about an error.
pub(super) fn page(error: &LinkError) -> Page {
    match error {
        LinkError::Unknown => {
            unknown("それでも表示されない場合は、メールに記載の医療機関までご連絡ください。")
        }
        LinkError::Gone(gone) => page_of(*gone),
        LinkError::Answered => refused(
            StatusCode::CONFLICT,
            "この依頼には回答済みです",
            &[
                "この依頼には、すでに回答または辞退の連絡をいただいています。ご対応ありがとうございました。",
                "回答の訂正が必要な場合や、お心当たりがない場合は、依頼元の医療機関までご連絡ください。",
            ],
        ),
        LinkError::AppliedAlready => refused(
            StatusCode::CONFLICT,
            "事業者登録を申込み済みです",
            &[
                "この依頼についての事業者登録は、すでに申し込まれています。運営者からのご連絡をお待ちください。",
                "登録を待たずに、この場で回答することもできます。",
            ],
        ),
        LinkError::TooManyTries(wait) => pausing(wait.seconds),
        LinkError::Chain(_) | LinkError::Violations(_) => refused(
            StatusCode::UNPROCESSABLE_ENTITY,
            "受け付けられませんでした",
            &["入力内容に誤りがあります。前の画面に戻り、もう一度お試しください。"],
        ),
        LinkError::Storage(error) => {
            tracing::error!(%error, "a page could not be made");
            failed()
        }
    }
}

fn page_of(gone: Gone) -> Page {
    let (title, reason, advice) = match gone {
        Gone::Superseded => (
            "新しいリンクがあります",
            "この依頼については、あとから新しいリンクをお送りしています。",
            "最も新しい依頼メールのリンクを開いてください。入力の途中だった下書きは、新しいリンクに引き継がれています。",
        ),
        Gone::Forwarded => (
            "この依頼は転送されました",
            "回答すべき相手として指定された方に、依頼をお送りしました。",
            "お手続きは必要ありません。相手の方が辞退された場合は、あらためてご連絡します。",
        ),
        Gone::Registered => (
            "登録済みの事業者への依頼です",
            "この依頼は、登録された事業者としての受付に移りました。",
            "事業者としてログインし、依頼の一覧からご対応ください。",
        ),
        Gone::Cancelled => (
            "この依頼は取り消されました",
            "依頼元の医療機関が、この依頼を取り消しました。",
            "回答していただく必要はありません。",
        ),
        Gone::Revoked => (
            "このリンクは無効になりました",
            "依頼元の医療機関が、このリンクを無効にしました。",
            NEW_LETTER,
        ),
        Gone::Expired => (
            "リンクの有効期限が過ぎています",
            "このリンクの有効期限は終了しました。",
            NEW_LETTER,
        ),
    };
    refused(StatusCode::GONE, title, &[reason, advice])
}
