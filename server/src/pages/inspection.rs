//! The page behind a link to an inspection: what it holds in numbers, and what can be taken away. The files themselves
//! come from the REST interface, with the same link in a header.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, Scope, web};
use askama::Template;
use kaiji_schema::era;

use super::Page;
use super::holder::{Holder, Shell};
use super::plain::{failed, pausing, refused, unknown};
use crate::exchange::{InspectedView, InspectorError, LinkEnd, Purpose, in_japan};

/// What is shown before the token is sent.
const SHELL: Shell = Shell {
    act: "inspection_page",
    title: "立入検査資料",
    otherwise: "別のブラウザーでリンクを開くか、リンクを受け取った医療機関までご連絡ください。",
    kept: "資料は医療機関に保存されています。通信が回復してから、あらためてリンクを開いてください。",
    foot: "この画面は、医療機関からリンクを受け取った方だけに表示されています。閲覧と取得の日時は、医療機関に記録されます。",
};

/// What to do where a link is good no longer.
const ASK_AGAIN: &str = "資料が必要な場合は、医療機関に新しいリンクの発行をお申し付けください。";

/// Where it is.
pub(super) fn scope() -> Scope {
    web::scope("/inspection")
        .app_data(SHELL)
        .route("", web::get().to(summary))
        .default_service(web::to(HttpResponse::NotFound))
}

#[derive(Template)]
#[template(path = "pages/inspection.html")]
struct Summary<'a> {
    seen: &'a InspectedView,
    visit_on: Option<String>,
    frozen_at: String,
    expires_at: String,
    flagged: usize,
}

async fn summary(holder: Holder) -> HttpResponse {
    let page = holder.show(|exchange, shown, act| {
        let seen = exchange
            .receive_inspector(shown, act, Purpose::Summary)
            .and_then(|inspector| exchange.inspected(&inspector));
        match seen {
            Ok(seen) => page(&seen),
            Err(error) => unusable(&error),
        }
    });
    page.await
}

fn page(seen: &InspectedView) -> Page {
    Page::ok(&Summary {
        seen,
        visit_on: seen.visit_on.as_deref().map(era::both_of),
        frozen_at: in_japan(seen.frozen_at.timestamp()),
        expires_at: in_japan(seen.expires_at.timestamp()),
        flagged: seen.summary.nonconforming + seen.summary.unconfirmed,
    })
}

/// The page about an error.
fn unusable(error: &InspectorError) -> Page {
    match error {
        InspectorError::Unknown => {
            unknown("それでも表示されない場合は、リンクを受け取った医療機関までご連絡ください。")
        }
        InspectorError::Ended(LinkEnd::Revoked) => refused(
            StatusCode::GONE,
            "このリンクは無効になりました",
            &["医療機関が、このリンクを無効にしました。", ASK_AGAIN],
        ),
        InspectorError::Ended(LinkEnd::Expired) => refused(
            StatusCode::GONE,
            "リンクの有効期限が過ぎています",
            &["このリンクの有効期限は終了しました。", ASK_AGAIN],
        ),
        InspectorError::TooManyTries(wait) => pausing(wait.seconds),
        InspectorError::Storage(error) => {
            tracing::error!(%error, "a page could not be made");
            failed()
        }
    }
}
