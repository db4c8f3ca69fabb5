//! An institution's inventory of systems, and how the statements held for each compare.

use actix_web::web;
use kaiji_schema::form::FormKind;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{Answer, Created, Deleted, Listed, Resource, Shown, Tagged};
use super::auth::{Caller, InstitutionReads, InstitutionRequests};
use super::body::{CsvTable, Document};
use super::headers::{IdempotencyKey, IfMatch};
use super::page::Listing;
use super::problem::Problem;
use super::query::{Fields, Pairs, Parameter, Query, Values};
use crate::exchange::{
    ImportPlan, Missing, NewSystem, ProposalView, ScopeView, SystemChange, SystemComparisons,
    SystemView,
};

impl Resource for SystemView {
    fn location(&self) -> String {
        format!("/api/v1/systems/{}", self.id)
    }

    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }
}

/// What a system is compared with.
pub struct Against {
    set: Option<String>,
    form: Option<FormKind>,
}

impl Fields for Against {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter {
            name: "set",
            about: "The requirement set; `mhlw-7.0-annex` if it is left out.",
            required: false,
            values: Values::Text,
        },
        Parameter {
            name: "form",
            about: "Only this form.",
            required: false,
            values: Values::Words(&["MDS", "SDS"]),
        },
    ];

    fn take(pairs: &mut Pairs) -> Result<Self, Problem> {
        Ok(Self {
            set: pairs.take("set")?,
            form: pairs.choice("form", FormKind::from_name, "MDS or SDS")?,
        })
    }
}

/// Puts a system on the list.
pub async fn create(
    caller: Caller<InstitutionRequests>,
    new: Document<NewSystem>,
    key: IdempotencyKey,
) -> Answer<Created<SystemView>> {
    let verb = caller.ask(move |exchange, actor| {
        let request = key.of(actor, new.bytes()?)?;
        Ok(exchange.create_system(actor, new.read()?, request)?)
    });
    verb.await.map(Created)
}

/// Lists the institution's systems.
pub async fn list(
    caller: Caller<InstitutionRequests>,
    listing: Listing,
) -> Answer<Listed<SystemView>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.list_systems(actor, &listing.window()?)?))
        .await
        .map(Listed)
}

/// Shows one.
pub async fn find(
    caller: Caller<InstitutionRequests>,
    id: web::Path<String>,
) -> Answer<Tagged<SystemView>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.find_system(actor, &id)?))
        .await
        .map(Tagged)
}

/// Changes one.
pub async fn change(
    caller: Caller<InstitutionRequests>,
    id: web::Path<String>,
    change: Document<SystemChange>,
    expected: IfMatch,
) -> Answer<Tagged<SystemView>> {
    let verb = caller.ask(move |exchange, actor| {
        Ok(exchange.change_system(actor, &id, change.read()?, expected.revision())?)
    });
    verb.await.map(Tagged)
}

/// Takes one off the list.
pub async fn delete(
    caller: Caller<InstitutionRequests>,
    id: web::Path<String>,
    expected: IfMatch,
) -> Answer<Deleted> {
    let verb = caller
        .ask(move |exchange, actor| Ok(exchange.delete_system(actor, &id, expected.revision())?));
    verb.await.map(|()| Deleted)
}

/// What should be asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct Proposals {
    /// System by system, in the order of the list.
    items: Vec<ProposalView>,
}

/// How a file is imported.
pub struct Import {
    missing: Missing,
    plan: Option<String>,
}

impl Fields for Import {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter {
            name: "missing",
            about: "What becomes of systems that the file does not have: `keep` (also if it is left out) or `remove`.",
            required: false,
            values: Values::Words(&["keep", "remove"]),
        },
        Parameter {
            name: "plan",
            about: "The `plan` of the answer that showed what would change; without it, nothing is changed.",
            required: false,
            values: Values::Text,
        },
    ];

    fn take(pairs: &mut Pairs) -> Result<Self, Problem> {
        let missing = pairs.choice("missing", Missing::from_name, "keep or remove")?;
        Ok(Self {
            missing: missing.unwrap_or_default(),
            plan: pairs.take("plan")?,
        })
    }
}

/// Shows what a file would change in the inventory, and changes it.
pub async fn import(
    caller: Caller<InstitutionRequests>,
    import: Query<Import>,
    table: CsvTable,
) -> Answer<Shown<ImportPlan>> {
    let verb = caller.ask(move |exchange, actor| {
        let Import { missing, plan } = import.read()?;
        Ok(exchange.import_systems(actor, table.bytes()?, missing, plan)?)
    });
    verb.await.map(Shown)
}

/// Tells which volume of the guideline applies.
pub async fn scope(caller: Caller<InstitutionRequests>) -> Answer<Shown<ScopeView>> {
    let verb = caller.ask(|exchange, actor| Ok(exchange.scope(actor)?));
    verb.await.map(Shown)
}

/// Tells for which systems a statement should be asked for.
pub async fn propose(caller: Caller<InstitutionRequests>) -> Answer<Shown<Proposals>> {
    let verb = caller.ask(|exchange, actor| {
        let items = exchange.proposals(actor)?;
        Ok(Proposals { items })
    });
    verb.await.map(Shown)
}

/// Compares the statements held for a system with a requirement set.
pub async fn compare(
    caller: Caller<InstitutionReads>,
    id: web::Path<String>,
    against: Query<Against>,
) -> Answer<Shown<SystemComparisons>> {
    let verb = caller.ask(move |exchange, actor| {
        let against = against.read()?;
        Ok(exchange.compare_system(actor, &id, against.set.as_deref(), against.form)?)
    });
    verb.await.map(Shown)
}
