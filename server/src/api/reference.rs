//! Reference data, for everybody: requirement sets, editions of the forms, and the lists that institutions keep.

use std::borrow::Cow;
use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::web;
use kaiji_schema::checklist::{Checklist, checklist, checklists};
use kaiji_schema::contract::{ContractPoints, contract_point_lists};
use kaiji_schema::form::{Form, form, forms};
use kaiji_schema::information::{InformationTemplate, information_templates};
use kaiji_schema::requirement::RequirementSet;
use kaiji_schema::sheet::answers;
use serde::{Serialize, Serializer};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::answer::{Answer, Listed, Shown};
use super::exports::{Format, SmallFile};
use super::problem::{Kind, Problem};
use super::query::Query;
use super::shapes::records::{ChecklistShape, ContractPointsShape, InformationTemplateShape};
use super::state::State;
use crate::exchange::{Page, RetentionView};

/// Reference data as it is, described by the shape `S`.
pub struct Reference<T: 'static, S>(&'static T, PhantomData<S>);

impl<T, S> Reference<T, S> {
    fn to(thing: &'static T) -> Self {
        Self(thing, PhantomData)
    }

    /// All of them, in one part.
    fn list(things: impl IntoIterator<Item = &'static T>) -> Listed<Self> {
        let items = things.into_iter().map(Self::to).collect();
        Listed(Page { items, next: None })
    }
}

impl<T: Serialize, S> Serialize for Reference<T, S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        self.0.serialize(serializer)
    }
}

impl<T, S: ToSchema> PartialSchema for Reference<T, S> {
    fn schema() -> RefOr<Schema> {
        S::schema()
    }
}

impl<T, S: ToSchema> ToSchema for Reference<T, S> {
    fn name() -> Cow<'static, str> {
        S::name()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        S::schemas(schemas);
    }
}

/// A requirement set (別紙) with its items.
pub type SetView = Reference<RequirementSet, RequirementSetShape>;

/// An edition of a form (開示書の様式).
pub type FormView = Reference<Form, FormShape>;

/// A checklist (遵守項目) with its items.
pub type ChecklistView = Reference<Checklist, ChecklistShape>;

/// A list of contract points.
pub type ContractPointListView = Reference<ContractPoints, ContractPointsShape>;

/// A kind of information to start a list from.
pub type InformationTemplateView = Reference<InformationTemplate, InformationTemplateShape>;

/// A versioned list of items.
#[derive(ToSchema)]
#[schema(as = RequirementSet)]
#[allow(
    dead_code,
    reason = "describes kaiji_schema's RequirementSet in the OpenAPI document"
)]
pub struct RequirementSetShape {
    /// Its name in documents and addresses.
    #[schema(example = "mhlw-7.0-annex")]
    id: String,
    /// The title in Japanese.
    title: String,
    /// The publication that it was transcribed from.
    source: String,
    /// The form edition whose numbers the items are taken to name.
    form_edition: String,
    /// What was assumed or mended in the transcription, in Japanese.
    note: String,
    /// The items (確認事項), in the printed order.
    items: Vec<ItemShape>,
}

/// One item (確認事項).
#[derive(ToSchema)]
#[schema(as = RequirementItem)]
#[allow(
    dead_code,
    reason = "describes kaiji_schema's Item in the OpenAPI document"
)]
pub struct ItemShape {
    /// Unique in its set.
    #[schema(example = "sds-57.1_57.2")]
    id: String,
    /// `MDS` or `SDS`.
    kind: String,
    /// Its place among the items of its kind, from 1.
    seq: u16,
    /// The chapter of the guideline.
    chapter: u16,
    /// That chapter's title.
    chapter_title: String,
    /// The 項番 as printed.
    #[schema(example = "57.1 / 57.2")]
    printed_number: String,
    /// The question numbers that it names.
    numbers: Vec<String>,
    /// How they combine: `single`, `all`, `any` or `unclear`.
    rule: String,
    /// Why they combine so.
    rule_basis: Option<String>,
    /// Whether the 別紙 counts more as はい than the form does.
    redefined: bool,
    /// Its wording.
    text: String,
}

/// One edition of a form.
#[derive(ToSchema)]
#[schema(as = Form)]
#[allow(
    dead_code,
    reason = "describes kaiji_schema's Form in the OpenAPI document"
)]
pub struct FormShape {
    /// Kind and edition.
    #[schema(example = "sds-5.0")]
    id: String,
    /// `MDS` or `SDS`.
    kind: String,
    /// The edition.
    edition: String,
    /// The form's title in Japanese.
    title: String,
    /// The standard that defines it.
    source: String,
    /// What the list of numbers leaves out.
    note: String,
    /// The known question numbers, in order.
    numbers: Vec<String>,
}

/// Every requirement set.
pub fn list_sets(state: web::Data<State>) -> Ready<Listed<SetView>> {
    let sets = state.into_inner().exchange().requirement_sets();
    ready(SetView::list(sets.iter()))
}

/// One requirement set.
pub fn find_set(state: web::Data<State>, id: web::Path<String>) -> Ready<Answer<Shown<SetView>>> {
    let sets = state.into_inner().exchange().requirement_sets();
    let set = sets.find(&id.into_inner()).map(SetView::to).map(Shown);
    ready(set.ok_or_else(|| Kind::UnknownRequirementSet.into()))
}

/// Every edition of the forms.
pub fn list_forms() -> Ready<Listed<FormView>> {
    ready(FormView::list(forms()))
}

/// One edition of a form.
pub fn find_form(id: web::Path<String>) -> Ready<Answer<Shown<FormView>>> {
    ready(known_form(&id.into_inner()).map(FormView::to).map(Shown))
}

/// Every checklist.
pub fn list_checklists() -> Ready<Listed<ChecklistView>> {
    ready(ChecklistView::list(checklists()))
}

/// One checklist.
pub fn find_checklist(id: web::Path<String>) -> Ready<Answer<Shown<ChecklistView>>> {
    let unknown = || {
        let detail = "see /api/v1/checklists for those that there are";
        Problem::new(Kind::NotFound, detail)
    };
    let found = checklist(&id.into_inner()).map(ChecklistView::to);
    ready(found.map(Shown).ok_or_else(unknown))
}

/// Every list of contract points.
pub fn list_contract_points() -> Ready<Listed<ContractPointListView>> {
    ready(ContractPointListView::list(contract_point_lists()))
}

/// Every template of a kind of information.
pub fn list_information_templates() -> Ready<Listed<InformationTemplateView>> {
    ready(InformationTemplateView::list(information_templates()))
}

/// For how long what is kept.
pub async fn retention(state: web::Data<State>) -> Shown<RetentionView> {
    Shown(state.exchange().retention())
}

/// The table to fill in with the answers to a form.
pub fn template(
    state: web::Data<State>,
    id: web::Path<String>,
    format: Query<Format>,
) -> Ready<Answer<SmallFile>> {
    let sets = state.into_inner().exchange().requirement_sets();
    ready(template_of(&id.into_inner(), format, sets.current()))
}

fn template_of(id: &str, format: Query<Format>, set: &RequirementSet) -> Answer<SmallFile> {
    let form = known_form(id)?;
    let Format { encoding } = format.read()?;
    let bytes = answers::template(form, set, encoding);
    Ok(SmallFile {
        name: format!("kaiji-{}.csv", form.id),
        encoding,
        bytes: bytes.map_err(|error| Problem::inside(Kind::Internal, error))?,
    })
}

fn known_form(id: &str) -> Answer<&'static Form> {
    let unknown = || Problem::new(Kind::NotFound, "see /api/v1/forms for those that there are");
    form(id).ok_or_else(unknown)
}
