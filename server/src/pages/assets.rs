//! What every page is shown with: one style sheet and one script, part of the program. A browser keeps them and asks by
//! their `ETag` whether they are still the same.

use std::sync::LazyLock;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse, Scope, web};
use kaiji_schema::Digest;

struct Asset {
    name: &'static str,
    media_type: &'static str,
    text: &'static str,
    etag: LazyLock<String>,
}

static STYLE: Asset = Asset {
    name: "/kaiji.css",
    media_type: "text/css; charset=utf-8",
    text: include_str!("../../assets/kaiji.css"),
    etag: LazyLock::new(|| tag(STYLE.text)),
};

static SCRIPT: Asset = Asset {
    name: "/link.js",
    media_type: "text/javascript; charset=utf-8",
    text: include_str!("../../assets/link.js"),
    etag: LazyLock::new(|| tag(SCRIPT.text)),
};

fn tag(text: &str) -> String {
    format!("\"{}\"", Digest::of(text.as_bytes()))
}

/// Where they are.
pub(super) fn scope() -> Scope {
    let of = |asset: &'static Asset| {
        let answer = move |request: HttpRequest| async move { answer(asset, &request) };
        web::resource(asset.name).route(web::get().to(answer))
    };
    web::scope("/assets")
        .service(of(&STYLE))
        .service(of(&SCRIPT))
}

fn answer(asset: &'static Asset, request: &HttpRequest) -> HttpResponse {
    let known = request.headers().get(IF_NONE_MATCH);
    let is_known = known.is_some_and(|known| known == asset.etag.as_str());
    let mut response = if is_known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response.insert_header((ETAG, asset.etag.as_str()));
    response.insert_header((CACHE_CONTROL, "no-cache"));
    if is_known {
        return response.finish();
    }
    response.insert_header((CONTENT_TYPE, asset.media_type));
    response.body(asset.text)
}
