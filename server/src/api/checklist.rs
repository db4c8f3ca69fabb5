//! The institution's own checklist (遵守項目), and the list of kinds of information that it asks for.

use actix_web::web;

use super::answer::{Answer, Created, Deleted, Listed, Resource, Tagged};
use super::auth::{Caller, InstitutionReads, InventoryExporters, RecordKeepers};
use super::body::Document;
use super::exports::{Format, SmallFile};
use super::headers::{IdempotencyKey, IfMatch};
use super::page::Listing;
use super::query::Query;
use crate::exchange::{
    ChangeView, ChecklistItemView, Confirmation, InformationKind, InformationKindView, ItemSaid,
    Page,
};

impl Resource for ChecklistItemView {
    fn location(&self) -> String {
        format!("/api/v1/checklist/{}", self.item)
    }

    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }
}

impl Resource for InformationKindView {
    fn location(&self) -> String {
        format!("/api/v1/information-kinds/{}", self.id)
    }

    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }
}

/// A list that is answered whole.
fn whole<T>(items: Vec<T>) -> Listed<T> {
    Listed(Page { items, next: None })
}

/// Lists every item.
pub async fn list(caller: Caller<InstitutionReads>) -> Answer<Listed<ChecklistItemView>> {
    let verb = caller.ask(|exchange, actor| Ok(exchange.list_checklist(actor)?));
    verb.await.map(whole)
}

/// Shows one.
pub async fn find(
    caller: Caller<InstitutionReads>,
    item: web::Path<String>,
) -> Answer<Tagged<ChecklistItemView>> {
    let verb = caller.ask(move |exchange, actor| Ok(exchange.find_checklist_item(actor, &item)?));
    verb.await.map(Tagged)
}

/// Says how one stands.
pub async fn put(
    caller: Caller<RecordKeepers>,
    item: web::Path<String>,
    said: Document<ItemSaid>,
    expected: IfMatch,
) -> Answer<Tagged<ChecklistItemView>> {
    let verb = caller.ask(move |exchange, actor| {
        let (said, expected) = (said.read()?, expected.revision());
        Ok(exchange.say_of_checklist_item(actor, &item, said, expected)?)
    });
    verb.await.map(Tagged)
}

/// Confirms what the exchange filled in.
pub async fn confirm(
    caller: Caller<RecordKeepers>,
    item: web::Path<String>,
    confirmation: Document<Confirmation>,
    expected: IfMatch,
) -> Answer<Tagged<ChecklistItemView>> {
    let verb = caller.ask(move |exchange, actor| {
        let (confirmation, expected) = (confirmation.read()?, expected.revision());
        Ok(exchange.confirm_checklist_item(actor, &item, confirmation, expected)?)
    });
    verb.await.map(Tagged)
}

/// Lists what was said of one.
pub async fn history(
    caller: Caller<InstitutionReads>,
    item: web::Path<String>,
    listing: Listing,
) -> Answer<Listed<ChangeView>> {
    let verb = caller.ask(move |exchange, actor| {
        Ok(exchange.checklist_item_history(actor, &item, &listing.window()?)?)
    });
    verb.await.map(Listed)
}

/// Exports the checklist.
pub async fn export(
    caller: Caller<InventoryExporters>,
    format: Query<Format>,
) -> Answer<SmallFile> {
    let verb = caller.ask(move |exchange, actor| {
        let Format { encoding } = format.read()?;
        Ok(SmallFile {
            name: "checklist.csv".to_owned(),
            encoding,
            bytes: exchange.export_checklist(actor, encoding)?,
        })
    });
    verb.await
}

/// Lists the kinds of information.
pub async fn list_kinds(caller: Caller<InstitutionReads>) -> Answer<Listed<InformationKindView>> {
    let verb = caller.ask(|exchange, actor| Ok(exchange.list_information_kinds(actor)?));
    verb.await.map(whole)
}

/// Puts a kind of information on the list.
pub async fn create_kind(
    caller: Caller<RecordKeepers>,
    new: Document<InformationKind>,
    key: IdempotencyKey,
) -> Answer<Created<InformationKindView>> {
    let verb = caller.ask(move |exchange, actor| {
        let request = key.of(actor, new.bytes()?)?;
        Ok(exchange.create_information_kind(actor, new.read()?, request)?)
    });
    verb.await.map(Created)
}

/// Shows one.
pub async fn find_kind(
    caller: Caller<InstitutionReads>,
    id: web::Path<String>,
) -> Answer<Tagged<InformationKindView>> {
    let verb = caller.ask(move |exchange, actor| Ok(exchange.find_information_kind(actor, &id)?));
    verb.await.map(Tagged)
}

/// Describes one anew.
pub async fn put_kind(
    caller: Caller<RecordKeepers>,
    id: web::Path<String>,
    kind: Document<InformationKind>,
    expected: IfMatch,
) -> Answer<Tagged<InformationKindView>> {
    let verb = caller.ask(move |exchange, actor| {
        let (kind, expected) = (kind.read()?, expected.revision());
        Ok(exchange.change_information_kind(actor, &id, kind, expected)?)
    });
    verb.await.map(Tagged)
}

/// Takes one off the list.
pub async fn delete_kind(
    caller: Caller<RecordKeepers>,
    id: web::Path<String>,
    expected: IfMatch,
) -> Answer<Deleted> {
    let verb = caller.ask(move |exchange, actor| {
        Ok(exchange.remove_information_kind(actor, &id, expected.revision())?)
    });
    verb.await.map(|()| Deleted)
}

/// Lists what was said of one.
pub async fn kind_history(
    caller: Caller<InstitutionReads>,
    id: web::Path<String>,
    listing: Listing,
) -> Answer<Listed<ChangeView>> {
    let verb = caller.ask(move |exchange, actor| {
        Ok(exchange.information_kind_history(actor, &id, &listing.window()?)?)
    });
    verb.await.map(Listed)
}
