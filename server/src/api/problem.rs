//! What the interface answers when it does not do what was asked (RFC 9457): the only file with error statuses.
//!
//! One table of kinds feeds the answers, the `OpenAPI` document and the page behind each `type`. Which error of the
//! exchange is of which kind stands in `exchange_errors`. What went wrong inside is logged and never shown.

mod exchange_errors;

use std::borrow::Cow;
use std::fmt;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use actix_web::{HttpResponse, ResponseError};
use kaiji_schema::violation::Violation;
use serde::Serialize;

macro_rules! kinds {
    ($($name:ident, $slug:literal, $status:literal, $title:literal, $help:literal;)+) => {
        /// A kind of problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind {
            $(#[doc = $title] $name),+
        }

        impl Kind {
            /// Every kind there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its stable name, for programs: the end of its `type`.
            pub fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug),+ }
            }

            /// The status that it is answered with.
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status),+ }
            }

            /// What it is, in a few words.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title),+ }
            }

            /// What the caller can do.
            pub fn help(self) -> &'static str {
                match self { $(Self::$name => $help),+ }
            }
        }
    };
}

kinds! {
    Unreadable, "unreadable", 400, "The request cannot be read",
        "The body is not strict JSON (UTF-8, no duplicate members, no floats), or the request broke off.";
    BadQuery, "bad_query", 400, "A query parameter is unknown or malformed",
        "Each parameter may be given once; unknown ones are refused so that a misspelt filter is not ignored.";
    BadCursor, "bad_cursor", 400, "The cursor is not one of this list",
        "Pass `next` of an answer of the same list as it is, or start again without a cursor.";
    BadHeader, "bad_header", 400, "A header is malformed",
        "An `Idempotency-Key` is 1 to 255 printable ASCII characters, given once; `Kaiji-Link` is what stands behind the \
         `#` of a link; `Kaiji-Acting-For` is one institution's id.";
    JwsRefused, "jws_refused", 400, "The signed document is not a JWS of the accepted form",
        "A compact JWS whose header holds `alg`, `kid` and `typ`; `violations` names the rule.";
    InvalidRequest, "invalid_request", 400, "The token request is malformed",
        "See RFC 6749, section 5.2, and RFC 7523, section 2.2.";
    UnsupportedGrantType, "unsupported_grant_type", 400, "The grant type is not supported",
        "`grant_type` must be `client_credentials`.";
    InvalidScope, "invalid_scope", 400, "A scope is asked for that the client does not have",
        "Ask for fewer scopes, or for none to get all that the client has.";
    InvalidClient, "invalid_client", 401, "The client could not be authenticated",
        "Sign a new assertion: `iss` and `sub` the client's id, `aud` the issuer, a fresh `jti`, `exp` soon.";
    Unauthenticated, "unauthenticated", 401, "No access token, or one that is not accepted",
        "Get a token at `/oauth/token` and send it as `Authorization: Bearer`.";
    SignInRefused, "sign_in_refused", 401, "The address, the password or the code is not right",
        "Which of them is not told, nor whether there is such an account. A one-time code is good once.";
    Forbidden, "forbidden", 403, "Not for this kind of organisation, or not with this scope or role",
        "`x-kaiji-access` of the operation in the OpenAPI document says who may use it.";
    StepUpRequired, "step_up_required", 403, "A fresh one-time code is asked for",
        "Send a code of your authenticator to `POST /api/v1/session/step-up`, then ask again within ten minutes.";
    NotFound, "not_found", 404, "There is no such thing, or it is not yours",
        "The two are not told apart, so that nobody learns of what is not theirs.";
    UnknownRequirementSet, "unknown_requirement_set", 404, "There is no such requirement set",
        "`/api/v1/requirement-sets` lists those that there are.";
    UnknownLink, "unknown_link", 404, "There is no such link",
        "Open the newest letter, and send all that stands behind `#` in its link.";
    BeyondLog, "beyond_log", 404, "The log does not reach so far",
        "`/log/checkpoint` says how many leaves it has.";
    MethodNotAllowed, "method_not_allowed", 405, "The address has no such method",
        "`Allow` lists the methods that it has.";
    ChainExists, "chain_exists", 409, "The chain of revisions goes by another id",
        "There is one chain for each product and form; go on with its `statement_id`.";
    RevisionTaken, "revision_taken", 409, "The revision is held already with another payload",
        "A statement never changes: submit the next revision.";
    RevisionDoesNotFollow, "revision_does_not_follow", 409, "The revision does not follow the head",
        "`revision` is the head's and one; `supersedes` is the SHA-256 of the head's JWS.";
    StatementState, "statement_state", 409, "The statement's state does not allow this",
        "Only the newest revision can be withdrawn, and only once.";
    NotDelivered, "not_delivered", 409, "The statement was not fetched yet",
        "Fetch the signed bytes (`Accept: application/jose`) before acknowledging them.";
    KeyTaken, "key_taken", 409, "The key is registered already",
        "A key belongs to one vendor for ever: make a new one.";
    KeyState, "key_state", 409, "The key's state does not allow this",
        "Only a pending key can be approved; a revoked one stays revoked.";
    FirstKey, "first_key", 409, "A vendor's first key is approved by the operator",
        "The operator approves it with a note of the evidence of identity.";
    RequestOpen, "request_open", 409, "A request for this is open already",
        "Wait for its answer, or cancel it.";
    RequestState, "request_state", 409, "The request was answered, forwarded or cancelled before",
        "Only an open request can be answered or forwarded; one that was forwarded can still be cancelled.";
    QuestionOpen, "question_open", 409, "A question about this item is open already",
        "Wait for its answer, or withdraw it (`POST /api/v1/questions/{id}/withdrawal`).";
    QuestionState, "question_state", 409, "The question was answered or withdrawn before",
        "Only an open question can be answered or withdrawn; the institution can ask again.";
    MandateInForce, "mandate_in_force", 409, "The agent has a mandate already",
        "End it (`DELETE /api/v1/mandates/{id}`) before giving another.";
    MandateEnded, "mandate_ended", 409, "The mandate was ended before",
        "There is nothing more to end.";
    TransferOpen, "transfer_open", 409, "A transfer of this product is open already",
        "Wait for the other vendor, or withdraw it (`POST /api/v1/transfers/{id}/withdrawal`).";
    TransferState, "transfer_state", 409, "The transfer's state does not allow this",
        "Only an open transfer is accepted or declined by the one side, or withdrawn by the other.";
    RequestCircle, "request_circle", 409, "The request would come back to one who was asked",
        "Name somebody who is not in `chain` yet, or answer or decline.";
    RequestTooLong, "request_too_long", 409, "The request was forwarded too often",
        "Decline, with a reason that tells the institution whom to ask.";
    RemindedToday, "reminded_today", 409, "Whoever has the request was reminded today",
        "Wait until tomorrow; reminders also leave by themselves around the day that it is due on.";
    NoLink, "no_link", 409, "The request waits for nobody who answers by a link",
        "A vendor of the exchange has it in its queue; what was answered or cancelled needs no link.";
    ItemNotFlagged, "item_not_flagged", 409, "The item is not flagged",
        "Only what a comparison leaves 要リスク評価 or 要確認 is reviewed: see the comparison of the system.";
    ReviewState, "review_state", 409, "The review is somewhere else on its way",
        "A draft or one that was sent back is submitted; a submitted one is approved or sent back.";
    ReviewOutdated, "review_outdated", 409, "What the review rests on is over",
        "Look at what is found now (`now`), and write the review anew.";
    OwnReview, "own_review", 409, "Somebody else has to approve this review",
        "Who wrote or submitted a review does not approve it where anybody else may.";
    LinkUsed, "link_used", 409, "The link was used before",
        "Each link is good once. Whoever sent the letter can send another if there is more to do.";
    AppliedAlready, "applied_already", 409, "An application for this request waits already",
        "The operator decides; until then the request can be answered by the link.";
    RegistrationState, "registration_state", 409, "The application was decided before",
        "Only an application that waits is approved or refused.";
    LinkGone, "link_gone", 410, "The link is no longer good",
        "`detail` says why. Whoever sent the letter can send another.";
    LastAdministrator, "last_administrator", 409, "Nobody would be left to administer the organisation",
        "Make somebody else an administrator first, who has accepted the invitation.";
    UserDisabled, "user_disabled", 409, "The account is disabled",
        "Enable it first (`PATCH` with `disabled: false`).";
    EnrolmentNotBegun, "enrolment_not_begun", 409, "No password was chosen for this invitation yet",
        "`POST /api/v1/invitation/acceptance` takes it and answers the authenticator whose code is asked for.";
    NotDone, "not_done", 409, "By what the exchange knows, the item is not done",
        "Say how it stands with `PUT`: `planned` with a day, or `done` with a note of why.";
    TooMuchWaits, "too_much_waits", 409, "Too many files wait for a record that names them",
        "Name the files that were brought in a review, an item of the checklist or a contract point, or wait a day.";
    TooSlow, "too_slow", 408, "The body did not arrive in time",
        "Send the request again; a body may take a minute, 256 KiB of a file half of one.";
    Stale, "stale", 412, "The resource has changed since it was read",
        "Read it again, and send the new `ETag` as `If-Match`.";
    OtherPlan, "other_plan", 412, "The import would now change something else",
        "Import without `plan`, look at what would change, and send the new `plan`.";
    TooLarge, "too_large", 413, "The body is too large",
        "Files may have 20 MiB, signed documents, statements and tables 1 MiB, other bodies 256 KiB.";
    UnsupportedMediaType, "unsupported_media_type", 415, "The body has another content type",
        "The OpenAPI document says which content type the operation takes.";
    UnsupportedEncoding, "unsupported_encoding", 415, "The body has a content encoding",
        "Send bodies as they are, without `Content-Encoding`.";
    Violations, "violations", 422, "The document breaks rules",
        "`violations` lists all of them, each with a JSON pointer.";
    BadSignature, "bad_signature", 422, "The signature does not verify",
        "It was not made over these bytes by the key that the header names.";
    SignerRefused, "signer_refused", 422, "Not signed by an active key of this vendor",
        "Unknown, foreign, pending, expired, retired and revoked keys get this one answer.";
    OtherChain, "other_chain", 422, "The two statements are not revisions of one chain",
        "`since` must name an earlier revision of the same product and form.";
    IdempotencyKeyReused, "idempotency_key_reused", 422, "The Idempotency-Key was used for another body",
        "Use a new key for a new request.";
    TooManyTries, "too_many_tries", 429, "Too many tries",
        "Nothing was looked at. Wait `Retry-After` seconds. Pauses get longer with each try that fails, up to a quarter of an hour.";
    Internal, "internal", 500, "The service failed",
        "It is logged under the `instance`: tell the operator that id.";
    Unavailable, "unavailable", 503, "The service cannot do this now",
        "Nothing was done. Try again after `Retry-After` seconds.";
}

impl Kind {
    /// The kind of that slug.
    pub fn of_slug(slug: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.slug() == slug)
    }

    /// The address of the page about it: its `type`.
    pub fn page(self) -> String {
        format!("/problems/{}", self.slug())
    }

    /// Whether it is an answer of the token endpoint, which names it as RFC 6749 does.
    fn is_of_oauth(self) -> bool {
        matches!(
            self,
            Self::InvalidRequest
                | Self::UnsupportedGrantType
                | Self::InvalidScope
                | Self::InvalidClient
        )
    }
}

/// What went wrong with one request.
#[derive(Debug, Clone)]
pub struct Problem {
    kind: Kind,
    detail: Option<Cow<'static, str>>,
    violations: Vec<Violation>,
    /// What happened inside: for the log alone.
    cause: Option<String>,
    allow: Option<String>,
    /// Seconds to wait.
    retry_after: Option<i64>,
}

/// A problem as it is answered (RFC 9457).
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument<'a> {
    /// The address of a page about this kind of problem, `/problems/{slug}`: what programs tell problems apart by.
    r#type: String,
    /// The kind of problem in a few words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong with this request; where there is no more to say than the title, what to do.
    detail: &'a str,
    /// The request's id, as in `X-Request-Id`.
    instance: &'a str,
    /// The rules that a refused document breaks.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Vec<ViolationDocument>)]
    violations: &'a [Violation],
    /// RFC 6749's name of the error; at the token endpoint only.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

/// A rule that a document breaks, and where.
#[derive(utoipa::ToSchema)]
#[schema(as = Violation)]
#[allow(
    dead_code,
    reason = "describes kaiji_schema's Violation in the OpenAPI document"
)]
pub struct ViolationDocument {
    /// JSON pointer (RFC 6901) to the value at fault; empty for the whole document.
    #[schema(example = "/answers/17.1/remark")]
    pointer: String,
    /// The rule's name, for programs.
    #[schema(example = "too_long")]
    code: String,
    /// A sentence for the person who mends the document.
    detail: String,
}

impl Problem {
    /// A problem of that kind, with a sentence about this request.
    pub fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..Self::from(kind)
        }
    }

    /// A document that breaks these rules.
    pub fn with_violations(kind: Kind, violations: Vec<Violation>) -> Self {
        Self {
            violations,
            ..Self::from(kind)
        }
    }

    /// Something went wrong inside; `cause` is logged and not shown.
    pub fn inside(kind: Kind, cause: impl fmt::Display) -> Self {
        Self {
            cause: Some(cause.to_string()),
            ..Self::from(kind)
        }
    }

    /// The same may be asked again after so many seconds.
    pub fn too_many_tries(seconds: i64, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            retry_after: Some(seconds),
            ..Self::new(Kind::TooManyTries, detail)
        }
    }

    /// The address has other methods than the one that was used.
    pub fn method_not_allowed(allow: String) -> Self {
        Self {
            allow: Some(allow),
            ..Self::from(Kind::MethodNotAllowed)
        }
    }

    /// A failure that the framework found, before any operation.
    pub fn of_framework(status: StatusCode) -> Self {
        Self::from(match status {
            StatusCode::NOT_FOUND => Kind::NotFound,
            StatusCode::PAYLOAD_TOO_LARGE => Kind::TooLarge,
            status if status.is_client_error() => Kind::Unreadable,
            _ => Kind::Internal,
        })
    }

    /// The stable name of its kind.
    pub fn slug(&self) -> &'static str {
        self.kind.slug()
    }

    /// Tells the operator what happened inside, if anything did.
    pub fn log(&self, request: &str) {
        let Some(cause) = &self.cause else { return };
        if self.kind == Kind::Unavailable {
            tracing::warn!(request, cause, "could not be done now");
        } else {
            tracing::error!(request, cause, "failed");
        }
    }

    /// The answer, under the id of the request.
    pub fn answer(&self, instance: &str) -> HttpResponse {
        let body = serde_json::to_vec(&ProblemDocument {
            r#type: self.kind.page(),
            title: self.kind.title(),
            status: self.kind.status(),
            detail: self.detail.as_deref().unwrap_or(self.kind.help()),
            instance,
            violations: &self.violations,
            error: self.kind.is_of_oauth().then(|| self.kind.slug()),
        });
        let mut response =
            HttpResponse::with_body(self.status_code(), BoxBody::new(body.unwrap_or_default()));
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        match self.kind {
            Kind::Unauthenticated | Kind::SignInRefused => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Kind::Unavailable => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
            }
            kind if kind.is_of_oauth() => {
                headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            }
            _ => {}
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(allow) = self
            .allow
            .as_deref()
            .and_then(|allow| HeaderValue::from_str(allow).ok())
        {
            headers.insert(ALLOW, allow);
        }
        response
    }
}

impl From<Kind> for Problem {
    fn from(kind: Kind) -> Self {
        Self {
            kind,
            detail: None,
            violations: Vec::new(),
            cause: None,
            allow: None,
            retry_after: None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.detail.as_deref().unwrap_or(self.kind.title()))
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// A bare status: the passage, which knows the request's id, puts [`Problem::answer`] in its place.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}
