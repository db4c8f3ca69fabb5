//! An institution's templates of measures, and their application to many reviews at once.

use actix_web::web;
use kaiji_schema::review::MeasureTemplate;

use super::answer::{Answer, Created, Deleted, Listed, Resource, Shown, Tagged};
use super::auth::{Caller, RecordKeepers, RecordReaders};
use super::body::Document;
use super::headers::{IdempotencyKey, IfMatch};
use super::page::Listing;
use crate::exchange::{MeasureTemplateView, Targets, TemplateApplication};

impl Resource for MeasureTemplateView {
    fn location(&self) -> String {
        format!("/api/v1/measure-templates/{}", self.id)
    }

    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }
}

/// Makes a template.
pub async fn create(
    caller: Caller<RecordKeepers>,
    template: Document<MeasureTemplate>,
    key: IdempotencyKey,
) -> Answer<Created<MeasureTemplateView>> {
    let verb = caller.ask(move |exchange, actor| {
        let request = key.of(actor, template.bytes()?)?;
        Ok(exchange.create_measure_template(actor, &template.read()?, request)?)
    });
    verb.await.map(Created)
}

/// Lists the institution's templates.
pub async fn list(
    caller: Caller<RecordReaders>,
    listing: Listing,
) -> Answer<Listed<MeasureTemplateView>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.list_measure_templates(actor, &listing.window()?)?))
        .await
        .map(Listed)
}

/// Shows one.
pub async fn find(
    caller: Caller<RecordReaders>,
    id: web::Path<String>,
) -> Answer<Tagged<MeasureTemplateView>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.find_measure_template(actor, &id)?))
        .await
        .map(Tagged)
}

/// Replaces what one says.
pub async fn change(
    caller: Caller<RecordKeepers>,
    id: web::Path<String>,
    template: Document<MeasureTemplate>,
    expected: IfMatch,
) -> Answer<Tagged<MeasureTemplateView>> {
    let verb = caller.ask(move |exchange, actor| {
        let template = template.read()?;
        Ok(exchange.change_measure_template(actor, &id, &template, expected.revision())?)
    });
    verb.await.map(Tagged)
}

/// Puts one away.
pub async fn delete(
    caller: Caller<RecordKeepers>,
    id: web::Path<String>,
    expected: IfMatch,
) -> Answer<Deleted> {
    let verb = caller.ask(move |exchange, actor| {
        Ok(exchange.put_measure_template_away(actor, &id, expected.revision())?)
    });
    verb.await.map(|()| Deleted)
}

/// Writes the drafts of many reviews from one.
pub async fn apply(
    caller: Caller<RecordKeepers>,
    id: web::Path<String>,
    targets: Document<Targets>,
) -> Answer<Shown<TemplateApplication>> {
    let verb = caller.ask(move |exchange, actor| {
        Ok(exchange.apply_measure_template(actor, &id, targets.read()?)?)
    });
    verb.await.map(Shown)
}
