//! Organisations: the operator creates, lists, changes and disables vendors and institutions.

use actix_web::web;

use super::answer::{Answer, Created, Listed, Resource, Tagged};
use super::auth::{Administrator, Caller};
use super::body::Document;
use super::headers::{IdempotencyKey, IfMatch};
use super::page::Listing;
use super::problem::Problem;
use super::query::{Fields, Pairs, Parameter, Values};
use crate::actor::OrganisationKind;
use crate::exchange::{NewOrganisation, OrganisationChange, OrganisationView};

impl Resource for OrganisationView {
    fn location(&self) -> String {
        format!("/api/v1/organisations/{}", self.id)
    }

    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }
}

/// Which organisations are listed.
pub struct Filter {
    kind: Option<OrganisationKind>,
}

const KINDS: &[&str] = &["operator", "vendor", "institution"];

impl Fields for Filter {
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        name: "kind",
        about: "Only those of this kind.",
        required: false,
        values: Values::Words(KINDS),
    }];

    fn take(pairs: &mut Pairs) -> Result<Self, Problem> {
        Ok(Self {
            kind: pairs.choice(
                "kind",
                |word| word.parse().ok(),
                "operator, vendor or institution",
            )?,
        })
    }
}

/// Creates a vendor or an institution.
pub async fn create(
    caller: Caller<Administrator>,
    new: Document<NewOrganisation>,
    key: IdempotencyKey,
) -> Answer<Created<OrganisationView>> {
    let verb = caller.ask(move |exchange, actor| {
        let request = key.of(actor, new.bytes()?)?;
        Ok(exchange.create_organisation(actor, new.read()?, request)?)
    });
    verb.await.map(Created)
}

/// Lists organisations.
pub async fn list(
    caller: Caller<Administrator>,
    listing: Listing<Filter>,
) -> Answer<Listed<OrganisationView>> {
    let verb = caller.ask(move |exchange, _| {
        let (filter, window) = listing.read()?;
        Ok(exchange.list_organisations(filter.kind, &window)?)
    });
    verb.await.map(Listed)
}

/// Shows one.
pub async fn find(
    caller: Caller<Administrator>,
    id: web::Path<String>,
) -> Answer<Tagged<OrganisationView>> {
    caller
        .ask(move |exchange, _| Ok(exchange.find_organisation(&id)?))
        .await
        .map(Tagged)
}

/// Changes one, or disables it.
pub async fn change(
    caller: Caller<Administrator>,
    id: web::Path<String>,
    change: Document<OrganisationChange>,
    expected: IfMatch,
) -> Answer<Tagged<OrganisationView>> {
    let verb = caller.ask(move |exchange, actor| {
        Ok(exchange.change_organisation(actor, &id, change.read()?, expected.revision())?)
    });
    verb.await.map(Tagged)
}
