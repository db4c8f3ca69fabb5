//! What every request passes on its way in and out: an id, a span in the trace, a count, security headers, and the
//! refusal of encoded bodies. Problems get their words here, since the request's id belongs into them.

use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName,
    HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::{Error, web};
use tracing::Instrument as _;

use super::State;
use super::headers::KAIJI_LINK;
use super::metrics::Metrics;
use super::problem::{Kind, Problem};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives each request an id: when the process started, which process, and a number.
pub struct RequestIds {
    process: String,
    next: AtomicU64,
}

impl RequestIds {
    /// Ids of a process that started at that time.
    pub fn since(started: jiff::Timestamp) -> Self {
        let process = format!("{:x}-{:x}", started.as_millisecond(), process::id());
        Self {
            process,
            next: AtomicU64::new(1),
        }
    }

    fn next(&self) -> String {
        format!(
            "{}-{:x}",
            self.process,
            self.next.fetch_add(1, Ordering::Relaxed)
        )
    }
}

/// The way in and out.
pub async fn pass(
    state: web::Data<State>,
    metrics: web::Data<Metrics>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = state.request_ids().next();
    let headers = request.headers();
    let private = headers.contains_key(AUTHORIZATION) || headers.contains_key(KAIJI_LINK);
    let span =
        tracing::debug_span!("request", id, method = %request.method(), path = request.path());
    let answered = async {
        let response = match refusal(&request) {
            Some(kind) => request.error_response(Problem::from(kind)),
            None => next.call(request).await?.map_into_boxed_body(),
        };
        let mut response = with_problem(response, &id);
        finish(response.headers_mut(), &id, private);
        metrics.count(response.status());
        tracing::debug!(status = response.status().as_u16(), "answered");
        Ok(response)
    };
    answered.instrument(span).await
}

/// What no operation takes: encoded bodies, and U+0000 in a path, which PostgreSQL cannot look for.
fn refusal(request: &ServiceRequest) -> Option<Kind> {
    if is_encoded(request.headers()) {
        Some(Kind::UnsupportedEncoding)
    } else if request.uri().path().contains("%00") {
        Some(Kind::NotFound)
    } else {
        None
    }
}

fn is_encoded(headers: &HeaderMap) -> bool {
    headers
        .get_all(CONTENT_ENCODING)
        .any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// Puts the words of a problem into an answer that is one, also where the framework found it.
fn with_problem(response: ServiceResponse, id: &str) -> ServiceResponse {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let problem = match response
        .response()
        .error()
        .and_then(Error::as_error::<Problem>)
    {
        Some(problem) => problem.clone(),
        None => Problem::of_framework(status),
    };
    problem.log(id);
    let (request, _) = response.into_parts();
    ServiceResponse::new(request, problem.answer(id))
}

fn finish(headers: &mut HeaderMap, id: &str, private: bool) {
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let nothing_runs = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, nothing_runs);
    }
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if private && !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}
