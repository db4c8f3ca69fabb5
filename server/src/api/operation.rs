//! An operation: its method, its address, its handler, and what the handler's own types say about it.
//!
//! Extractors and answers describe themselves ([`Describe`]), so the `OpenAPI` document cannot say another thing than
//! the code does: the permission, the parameters, the body, the answers and the problems all come from the signature.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::guard::fn_guard;
use actix_web::http::Method;
use actix_web::{FromRequest, Handler, Responder, Route, web};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{Parameter as PathParameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{Ref, RefOr, Required};

use super::auth::Grant;
use super::problem::Kind;
use super::query::{Parameter, Values};

/// What a type in a handler's signature says about the operation.
pub trait Describe {
    /// Says it.
    fn describe(about: &mut About);
}

/// What is known about an operation.
#[derive(Default)]
pub struct About {
    /// Who may use it; everybody where there is nothing.
    pub access: &'static [Grant],
    /// What can go wrong.
    pub kinds: BTreeSet<Kind>,
    /// Its parameters in query and headers.
    pub parameters: Vec<PathParameter>,
    /// Its body.
    pub body: Option<RequestBody>,
    /// What it answers when nothing goes wrong, by status.
    pub answers: BTreeMap<u16, Response>,
    /// The schemas that body and answers refer to.
    pub schemas: Vec<(String, RefOr<Schema>)>,
}

impl About {
    /// Problems that it may answer.
    pub fn refuses(&mut self, kinds: &[Kind]) {
        self.kinds.extend(kinds);
    }

    /// A header that it acts on.
    pub fn header(&mut self, name: &str, about: &str) {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header);
        self.parameters.push(
            parameter
                .required(Required::False)
                .description(Some(about))
                .schema(Some(values(&Values::Text)))
                .build(),
        );
    }

    /// Parameters of its query.
    pub fn query(&mut self, parameters: &[Parameter]) {
        for Parameter {
            name,
            about,
            required,
            values: allowed,
        } in parameters
        {
            let required = if *required {
                Required::True
            } else {
                Required::False
            };
            let parameter = ParameterBuilder::new()
                .name(*name)
                .parameter_in(ParameterIn::Query)
                .required(required);
            self.parameters.push(
                parameter
                    .description(Some(*about))
                    .schema(Some(values(allowed)))
                    .build(),
            );
        }
    }

    /// A body of that content type, with an example.
    pub fn takes<T: ToSchema>(&mut self, content_type: &str, example: Option<Value>) {
        let content = ContentBuilder::new()
            .schema(Some(self.schema::<T>()))
            .example(example)
            .build();
        let body = RequestBodyBuilder::from(self.body.take().unwrap_or_default());
        self.body = Some(
            body.required(Some(Required::True))
                .content(content_type, content)
                .build(),
        );
    }

    /// An answer without a body.
    pub fn answers(&mut self, status: u16, description: &str) -> &mut Response {
        let response = || ResponseBuilder::new().description(description).build();
        self.answers.entry(status).or_insert_with(response)
    }

    /// An answer with a body of that content type.
    pub fn answers_with<T: ToSchema>(
        &mut self,
        status: u16,
        description: &str,
        content_type: &str,
    ) -> &mut Response {
        let content = ContentBuilder::new()
            .schema(Some(self.schema::<T>()))
            .build();
        let response = self.answers(status, description);
        response
            .content
            .insert(content_type.to_owned(), content.into());
        response
    }

    /// A reference to the schema of `T`, which is put among the document's components.
    pub fn schema<T: ToSchema>(&mut self) -> RefOr<Schema> {
        T::schemas(&mut self.schemas);
        self.schemas.push((T::name().into_owned(), T::schema()));
        Ref::from_schema_name(T::name()).into()
    }
}

/// A header of an answer, for the document.
pub fn answer_header(response: &mut Response, name: &str, about: &str) {
    let mut header = Header::new(values(&Values::Text));
    header.description = Some(about.to_owned());
    response.headers.insert(name.to_owned(), header.into());
}

/// The schema of a parameter.
pub fn values(values: &Values) -> RefOr<Schema> {
    let schema = match values {
        Values::Number => ObjectBuilder::new().schema_type(Type::Integer),
        Values::Text => ObjectBuilder::new().schema_type(Type::String),
        Values::Words(words) => ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(words.iter().copied())),
    };
    schema.build().into()
}

/// One operation of the interface.
pub struct Operation {
    /// Its method.
    pub method: Method,
    /// Its address, with `{names}` for what varies.
    pub path: &'static str,
    /// `module_function` of its handler.
    pub id: String,
    /// Whether the last of those parameters may hold slashes.
    pub spans_slashes: bool,
    /// What it does, in one line.
    pub summary: &'static str,
    /// What else there is to say.
    pub description: Option<String>,
    /// What its types say.
    pub about: About,
    /// Its handler.
    pub route: Route,
}

impl Operation {
    fn new<F, A>(method: Method, path: &'static str, handler: F, summary: &'static str) -> Self
    where
        F: Handler<A>,
        A: FromRequest + Describe + 'static,
        F::Output: Responder + Describe + 'static,
    {
        let mut about = About::default();
        A::describe(&mut about);
        F::Output::describe(&mut about);
        if path.contains('{') {
            about.refuses(&[Kind::NotFound]);
        }
        let mut names: Vec<_> = std::any::type_name::<F>().rsplit("::").take(2).collect();
        names.reverse();
        about.refuses(&[Kind::BadQuery]);
        let has_query = about
            .parameters
            .iter()
            .any(|parameter| parameter.parameter_in == ParameterIn::Query);
        let mut route = web::route().method(method.clone()).to(handler);
        if !has_query {
            route = route.guard(fn_guard(|context| {
                context.head().uri.query().is_none_or(str::is_empty)
            }));
        }
        Self {
            method,
            path,
            id: names.join("_"),
            spans_slashes: false,
            summary,
            description: None,
            about,
            route,
        }
    }

    /// Problems that the verb may answer beyond those that the types tell.
    #[must_use]
    pub fn refuses(mut self, kinds: &[Kind]) -> Self {
        self.about.refuses(kinds);
        self
    }

    /// What else there is to say.
    #[must_use]
    pub fn explained(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Lets the last parameter of the address hold slashes.
    #[must_use]
    pub fn spanning_slashes(mut self) -> Self {
        self.spans_slashes = true;
        self
    }

    /// The group that it belongs to: the module of its handler.
    pub fn tag(&self) -> &str {
        self.id.split('_').next().unwrap_or_default()
    }
}

macro_rules! methods {
    ($($name:ident $method:ident),+) => {$(
        #[doc = concat!("An operation with the method ", stringify!($method), ".")]
        pub fn $name<F, A>(path: &'static str, handler: F, summary: &'static str) -> Operation
        where
            F: Handler<A>,
            A: FromRequest + Describe + 'static,
            F::Output: Responder + Describe + 'static,
        {
            Operation::new(Method::$method, path, handler, summary)
        }
    )+};
}

methods!(get GET, post POST, put PUT, patch PATCH, delete DELETE);

macro_rules! describe_each {
    ($($part:ident)*) => {
        impl<$($part: Describe),*> Describe for ($($part,)*) {
            fn describe(_about: &mut About) {
                $($part::describe(_about);)*
            }
        }
    };
}

describe_each! {}
describe_each! { A }
describe_each! { A B }
describe_each! { A B C }
describe_each! { A B C D }

/// What varies in an address is read from the address itself.
impl<T> Describe for web::Path<T> {
    fn describe(_: &mut About) {}
}

/// The state says nothing to the caller.
impl<T> Describe for web::Data<T> {
    fn describe(_: &mut About) {}
}

/// An answer, or a problem.
impl<T: Describe, E> Describe for Result<T, E> {
    fn describe(about: &mut About) {
        T::describe(about);
    }
}
