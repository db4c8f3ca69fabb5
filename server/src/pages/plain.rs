//! Pages that only say something: what was done, and why something cannot be.

use actix_web::http::StatusCode;
use askama::Template;

use super::Page;

/// Something that was done, and how it goes on.
#[derive(Template)]
#[template(path = "pages/done.html")]
pub(super) struct Done {
    pub(super) title: &'static str,
    pub(super) paragraphs: Vec<String>,
}

#[derive(Template)]
#[template(path = "pages/refused.html")]
struct Refused<'a> {
    title: &'a str,
    paragraphs: &'a [&'a str],
    back: Option<&'static str>,
}

/// A page that says why something cannot be done, and what to do instead.
pub(super) fn refused(status: StatusCode, title: &str, paragraphs: &[&str]) -> Page {
    let page = Refused {
        title,
        paragraphs,
        back: None,
    };
    Page::new(status, &page)
}

/// The same, where it can be begun anew at `path`.
pub(super) fn to_begin_anew(title: &str, paragraphs: &[&str], path: &'static str) -> Page {
    let page = Refused {
        title,
        paragraphs,
        back: Some(path),
    };
    Page::new(StatusCode::CONFLICT, &page)
}

/// There is no such link; `then` says what to do if there still seems to be none.
pub(super) fn unknown(then: &str) -> Page {
    refused(
        StatusCode::NOT_FOUND,
        "リンクを確認できませんでした",
        &[
            "リンクが途中で切れているか、正しくない可能性があります。",
            "お送りしたメールのうち最も新しいものから、リンク全体を開き直してください。リンクが複数行に分かれている場合は、つなげてアドレス欄に貼り付けてください。",
            then,
        ],
    )
}

/// Too many links that were never made came from this network; it is worth trying again after so many seconds.
pub(super) fn pausing(seconds: i64) -> Page {
    Page {
        retry_after: Some(seconds),
        ..refused(
            StatusCode::TOO_MANY_REQUESTS,
            "しばらく待ってからお試しください",
            &[
                "正しくないリンクが続けて使われたため、一時的に受付を止めています。",
                "しばらく（長くても15分）待ってから、最も新しいメールのリンクを開き直してください。",
            ],
        )
    }
}

/// More was sent than any form holds.
pub(super) fn too_large() -> Page {
    refused(
        StatusCode::PAYLOAD_TOO_LARGE,
        "送信できる大きさを超えています",
        &[
            "入力した内容を短くするか、選んだファイルが正しいものかを確認して、もう一度お試しください。",
        ],
    )
}

/// It went wrong here.
pub(super) fn failed() -> Page {
    refused(
        StatusCode::SERVICE_UNAVAILABLE,
        "ただいま処理できません",
        &[
            "しばらくしてから、メールのリンクを開き直してください。保存された下書きがある場合は、その続きから入力できます。",
        ],
    )
}
