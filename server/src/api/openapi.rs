//! The `OpenAPI` document, put together from the operations. `docs/openapi.json` is its text; a test compares the two.

use std::collections::BTreeMap;

use serde_json::json;
use utoipa::ToSchema;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, HttpMethod, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Paths, Ref,
    Required, Response,
};

use super::auth::{Grant, People};
use super::operation::{Operation, answer_header, values};
use super::operations;
use super::problem::{Kind, ProblemDocument, ViolationDocument};
use super::query::Values;

const SCHEME: &str = "access_token";

const ABOUT: &str = "\
Kaiji (開示) exchanges MDS/SDS (製造業者/サービス事業者による医療情報セキュリティ開示書) between those who make or run medical \
information systems and the medical institutions that use them.

Times are RFC 3339 in UTC with milliseconds, dates `YYYY-MM-DD`, ids opaque. A statement is named by the SHA-256 of its \
JWS in hex. Lists answer `items` and `next`, a cursor for the next part. Errors are problems (RFC 9457); unknown members \
and unknown query parameters are refused. `x-kaiji-access` of each operation lists the kinds of organisation that may use \
it, each with the scope that its token needs; where it is empty, no token is needed. With `acting_for`, another may do it for \
an institution by its mandate: send the institution's id as `Kaiji-Acting-For`.";

/// The text of `docs/openapi.json`.
pub fn text() -> String {
    let mut text = document().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// The document.
pub fn document() -> OpenApi {
    let mut components = Components::new();
    components.add_security_scheme(SCHEME, security_scheme());
    let mut schemas = Vec::new();
    ProblemDocument::schemas(&mut schemas);
    schemas.push((
        ProblemDocument::name().into_owned(),
        <ProblemDocument<'_> as utoipa::PartialSchema>::schema(),
    ));
    schemas.push((
        ViolationDocument::name().into_owned(),
        <ViolationDocument as utoipa::PartialSchema>::schema(),
    ));
    let mut paths = Paths::new();
    for mut operation in operations() {
        schemas.append(&mut operation.about.schemas);
        if let Some(method) = method_of(&operation) {
            paths.add_path_operation(operation.path, vec![method], described(operation));
        }
    }
    components.schemas.extend(schemas);
    let license = LicenseBuilder::new().name("Apache-2.0 OR MIT").build();
    let info = InfoBuilder::new()
        .title("Kaiji")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(license));
    OpenApiBuilder::new()
        .info(info.build())
        .paths(paths)
        .components(Some(components))
        .build()
}

fn security_scheme() -> SecurityScheme {
    let about = "From `POST /oauth/token` with `private_key_jwt` (RFC 7523), good for ten minutes; or the token of a \
                 session, from `POST /api/v1/session`.";
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("at+jwt");
    SecurityScheme::Http(bearer.description(Some(about)).build())
}

fn method_of(operation: &Operation) -> Option<HttpMethod> {
    match operation.method.as_str() {
        "GET" => Some(HttpMethod::Get),
        "POST" => Some(HttpMethod::Post),
        "PUT" => Some(HttpMethod::Put),
        "PATCH" => Some(HttpMethod::Patch),
        "DELETE" => Some(HttpMethod::Delete),
        _ => None,
    }
}

fn described(operation: Operation) -> utoipa::openapi::path::Operation {
    let builder = OperationBuilder::new()
        .tag(operation.tag())
        .operation_id(Some(operation.id.as_str()))
        .summary(Some(operation.summary))
        .description(operation.description.as_deref());
    let about = operation.about;
    let mut described = builder
        .request_body(about.body)
        .extensions(Some(access(about.access)))
        .build();
    let mut parameters = path_parameters(operation.path);
    parameters.extend(about.parameters);
    described.parameters = Some(parameters.into_iter().map(Into::into).collect());
    let bearer = SecurityRequirement::new(SCHEME, Vec::<String>::new());
    described.security = Some(if about.access.is_empty() {
        Vec::new()
    } else {
        vec![bearer]
    });
    let answers = about
        .answers
        .into_iter()
        .map(|(status, answer)| (status.to_string(), answer.into()));
    described.responses.responses.extend(answers);
    let problems =
        problems(about.kinds).map(|(status, problem)| (status.to_string(), problem.into()));
    described.responses.responses.extend(problems);
    described
}

/// Who may use it, in words that the access test reads.
fn access(grants: &[Grant]) -> Extensions {
    let grant = |grant: &Grant| {
        let scope = grant.scopes.first().map(|scope| scope.as_str());
        match grant.people {
            People::Likewise if grant.is_open_to_agents() => json!({
                "kind": grant.kind.as_str(), "scope": scope, "acting_for": true,
            }),
            People::Likewise | People::Itself => {
                json!({ "kind": grant.kind.as_str(), "scope": scope })
            }
            People::Dutiful(role) => json!({
                "kind": grant.kind.as_str(), "scope": scope, "role": role.as_str(), "step_up": true,
            }),
            People::Freely => json!({
                "kind": grant.kind.as_str(), "scope": scope, "people": "any role",
                "acting_for": grant.is_open_to_agents(),
            }),
            People::Alone => json!({ "kind": grant.kind.as_str(), "people_only": true }),
            People::SteppedUp => json!({
                "kind": grant.kind.as_str(), "people_only": true, "step_up": true,
            }),
        }
    };
    Extensions::from_iter([(
        "x-kaiji-access",
        grants.iter().map(grant).collect::<Vec<_>>(),
    )])
}

/// What varies in an address.
fn path_parameters(path: &str) -> Vec<utoipa::openapi::path::Parameter> {
    let names = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameter = |name: &str| {
        let about = match name {
            "sha256" if path.contains("/attachments/") || path.contains("/evidence-files/") => {
                "The file: its SHA-256 in hex."
            }
            "sha256" => "The statement: SHA-256 of its JWS in hex.",
            "kid" => "The key: its RFC 7638 thumbprint.",
            "item" if path.contains("/reviews/") => "The item: its id in the requirement set.",
            "item" => "The item's id, such as `4.3-1`.",
            "institution" => "The institution's id.",
            "client_id" => "The client's id.",
            "link" => "The link's id.",
            "tile" => "Which tile: `L/N` or `L/N.p/W`.",
            "slug" => "The end of the problem's `type`.",
            _ => "The id.",
        };
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True);
        parameter
            .description(Some(about))
            .schema(Some(values(&Values::Text)))
            .build()
    };
    names.map(parameter).collect()
}

/// One response a status, which names the kinds of problem that it may be.
fn problems(kinds: impl IntoIterator<Item = Kind>) -> impl Iterator<Item = (u16, Response)> {
    let mut by_status: BTreeMap<u16, Vec<Kind>> = BTreeMap::new();
    for kind in kinds {
        by_status.entry(kind.status()).or_default().push(kind);
    }
    by_status
        .into_iter()
        .map(|(status, kinds)| (status, problem_response(status, &kinds)))
}

fn problem_response(status: u16, kinds: &[Kind]) -> Response {
    let words: Vec<_> = kinds
        .iter()
        .map(|kind| format!("`{}`: {}.", kind.slug(), kind.title()))
        .collect();
    let schema = Ref::from_schema_name(ProblemDocument::name());
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let response = ResponseBuilder::new().description(words.join(" "));
    let mut response = response
        .content("application/problem+json", content)
        .build();
    match status {
        401 => answer_header(&mut response, "WWW-Authenticate", "`Bearer`."),
        429 | 503 => answer_header(&mut response, "Retry-After", "Seconds to wait."),
        _ => {}
    }
    response
}
