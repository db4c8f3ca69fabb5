//! What the institution confirmed with the vendor of a system, point by point.

use actix_web::web;

use super::answer::{Answer, Listed, Resource, Tagged};
use super::auth::{Caller, InstitutionReads, InventoryExporters, RecordKeepers};
use super::body::Document;
use super::exports::{Format, SmallFile};
use super::headers::IfMatch;
use super::page::Listing;
use super::query::Query;
use crate::exchange::{ChangeView, ContractPointsView, PointsSaid};

impl Resource for ContractPointsView {
    fn location(&self) -> String {
        format!("/api/v1/systems/{}/contract-points", self.system)
    }

    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }
}

/// Shows a system's points.
pub async fn find(
    caller: Caller<InstitutionReads>,
    id: web::Path<String>,
) -> Answer<Tagged<ContractPointsView>> {
    let verb = caller.ask(move |exchange, actor| Ok(exchange.find_contract_points(actor, &id)?));
    verb.await.map(Tagged)
}

/// Says how they stand.
pub async fn put(
    caller: Caller<RecordKeepers>,
    id: web::Path<String>,
    said: Document<PointsSaid>,
    expected: IfMatch,
) -> Answer<Tagged<ContractPointsView>> {
    let verb = caller.ask(move |exchange, actor| {
        let (said, expected) = (said.read()?, expected.revision());
        Ok(exchange.say_of_contract_points(actor, &id, said, expected)?)
    });
    verb.await.map(Tagged)
}

/// Lists what was said of them.
pub async fn history(
    caller: Caller<InstitutionReads>,
    id: web::Path<String>,
    listing: Listing,
) -> Answer<Listed<ChangeView>> {
    let verb = caller.ask(move |exchange, actor| {
        Ok(exchange.contract_points_history(actor, &id, &listing.window()?)?)
    });
    verb.await.map(Listed)
}

/// Exports the points of all systems.
pub async fn export(
    caller: Caller<InventoryExporters>,
    format: Query<Format>,
) -> Answer<SmallFile> {
    let verb = caller.ask(move |exchange, actor| {
        let Format { encoding } = format.read()?;
        Ok(SmallFile {
            name: "contract-points.csv".to_owned(),
            encoding,
            bytes: exchange.export_contract_points(actor, encoding)?,
        })
    });
    verb.await
}
