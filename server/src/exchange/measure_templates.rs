//! An institution's own templates of measures that recur. One that is put away is no longer offered, and reviews that were
//! written from it stay as they are.

use kaiji_schema::review::MeasureTemplate;
use serde::Serialize;

use super::idempotency::{Idempotency, IdempotencyError, made_before, remember};
use super::revision::{Revision, Stale};
use super::{Exchange, Moment, Page, Window};
use crate::actor::Actor;
use crate::storage::measure_templates::{self, MeasureTemplateRow};
use crate::storage::{DbConnection, Error as StorageError};

/// A template of measures.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct MeasureTemplateView {
    /// Opaque id, `mtp_…`.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// `reduce`, `avoid`, `transfer`, `accept` or `not_used`.
    pub treatment: &'static str,
    /// 対応策
    pub measures: String,
    /// 想定されるリスク
    pub risk: Option<String>,
    /// 判断
    pub decision: Option<String>,
    /// 担当者
    pub owner: Option<String>,
    /// When it was made.
    #[schema(value_type = String)]
    pub created_at: Moment,
    /// When it was changed last.
    #[schema(value_type = String)]
    pub updated_at: Moment,
    /// Counts its changes.
    #[serde(skip)]
    pub revision: i64,
}

/// Why a template is not made, changed, put away or found.
#[derive(Debug, thiserror::Error)]
pub enum MeasureTemplateError {
    /// The institution has none of that id.
    #[error("there is no such template of measures")]
    NotFound,
    /// It has changed since the caller read it.
    #[error(transparent)]
    Stale(#[from] Stale),
    /// See [`IdempotencyError`].
    #[error(transparent)]
    Idempotency(#[from] IdempotencyError),
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Exchange {
    /// Makes a template.
    pub fn create_measure_template(
        &self,
        actor: &Actor,
        template: &MeasureTemplate,
        request: Option<Idempotency>,
    ) -> Result<MeasureTemplateView, MeasureTemplateError> {
        let (id, institution_id) = (self.new_id("mtp")?, actor.organisation.clone());
        let content = written(template)?;
        let made = self.write(actor, move |tx| {
            if let Some(id) = made_before(tx, request.as_ref())? {
                return own(tx, &institution_id, &id);
            }
            let now = tx.now().as_millisecond();
            let row = MeasureTemplateRow {
                id: id.clone(),
                institution_id: institution_id.clone(),
                content: content.clone(),
                revision: 1,
                created_at: now,
                updated_at: now,
                put_away_at: None,
            };
            measure_templates::insert(tx, &row)?;
            remember(tx, request.as_ref(), &id)?;
            Ok(row)
        })?;
        Ok(view(made.value)?)
    }

    /// The institution's templates.
    pub fn list_measure_templates(
        &self,
        actor: &Actor,
        window: &Window,
    ) -> Result<Page<MeasureTemplateView>, StorageError> {
        let rows = self.db.read(|c| {
            measure_templates::list(c, &actor.organisation, window.after_id(), window.fetch())
        })?;
        let page = window.page(rows, |row| row.id.clone(), view);
        Ok(Page {
            items: page.items.into_iter().collect::<Result<_, _>>()?,
            next: page.next,
        })
    }

    /// One of them.
    pub fn find_measure_template(
        &self,
        actor: &Actor,
        id: &str,
    ) -> Result<MeasureTemplateView, MeasureTemplateError> {
        let row = self.db.read(|c| own(c, &actor.organisation, id))?;
        Ok(view(row)?)
    }

    /// Replaces what one says. Reviews that were written from it stay as they are.
    pub fn change_measure_template(
        &self,
        actor: &Actor,
        id: &str,
        template: &MeasureTemplate,
        expected: Option<Revision>,
    ) -> Result<MeasureTemplateView, MeasureTemplateError> {
        let content = written(template)?;
        self.alter(actor, id, expected, move |row| {
            row.content.clone_from(&content);
        })
    }

    /// Puts one away.
    pub fn put_measure_template_away(
        &self,
        actor: &Actor,
        id: &str,
        expected: Option<Revision>,
    ) -> Result<(), MeasureTemplateError> {
        let put_away = |row: &mut MeasureTemplateRow| row.put_away_at = Some(row.updated_at);
        self.alter(actor, id, expected, put_away).map(drop)
    }

    fn alter(
        &self,
        actor: &Actor,
        id: &str,
        expected: Option<Revision>,
        change: impl Fn(&mut MeasureTemplateRow) + Send + 'static,
    ) -> Result<MeasureTemplateView, MeasureTemplateError> {
        let (id, institution_id) = (id.to_owned(), actor.organisation.clone());
        let altered = self.write(actor, move |tx| {
            let mut row = own(tx, &institution_id, &id)?;
            row.revision = Revision(row.revision).expect(expected)?.0;
            row.updated_at = tx.now().as_millisecond();
            change(&mut row);
            measure_templates::update(tx, &row)?;
            Ok::<_, MeasureTemplateError>(row)
        })?;
        Ok(view(altered.value)?)
    }
}

pub(super) fn own(
    connection: &mut DbConnection,
    institution_id: &str,
    id: &str,
) -> Result<MeasureTemplateRow, MeasureTemplateError> {
    let found = measure_templates::find(connection, institution_id, id)?;
    found.ok_or(MeasureTemplateError::NotFound)
}

fn written(template: &MeasureTemplate) -> Result<String, StorageError> {
    serde_json::to_string(template).map_err(|error| StorageError::Corrupt(error.to_string()))
}

/// A template read back from its row.
pub(super) fn stored(row: &MeasureTemplateRow) -> Result<MeasureTemplate, StorageError> {
    serde_json::from_str(&row.content)
        .map_err(|error| StorageError::Corrupt(format!("template of measures {}: {error}", row.id)))
}

fn view(row: MeasureTemplateRow) -> Result<MeasureTemplateView, StorageError> {
    let template = stored(&row)?;
    Ok(MeasureTemplateView {
        id: row.id,
        title: template.title,
        treatment: template.treatment.as_str(),
        measures: template.measures,
        risk: template.risk,
        decision: template.decision,
        owner: template.owner,
        created_at: Moment(row.created_at),
        updated_at: Moment(row.updated_at),
        revision: row.revision,
    })
}
