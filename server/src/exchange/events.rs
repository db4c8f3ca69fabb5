//! The feed: what concerns an organisation, in order and without gaps. Nobody is called back; one asks.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Exchange, Moment, Page, Window};
use crate::actor::Actor;
use crate::storage::Error as StorageError;
use crate::storage::events;

/// Something that happened.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct EventView {
    /// Its number: ask for what comes `after` it.
    pub number: i64,
    /// What happened, such as `statement_received`.
    pub kind: String,
    /// When.
    #[schema(value_type = String)]
    pub occurred_at: Moment,
    /// What it is about; the members depend on the kind.
    #[schema(value_type = Object)]
    pub subject: Box<RawValue>,
}

impl Exchange {
    /// The caller's events after the number `after`.
    pub fn list_events(
        &self,
        actor: &Actor,
        after: i64,
        limit: u16,
    ) -> Result<Page<EventView>, StorageError> {
        let window = Window { after: None, limit };
        let rows = self
            .db
            .read(|c| events::list(c, &actor.organisation, after, window.fetch()))?;
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            let subject = RawValue::from_string(row.subject)
                .map_err(|_| StorageError::Corrupt(format!("subject of event {}", row.number)))?;
            let occurred_at = Moment(row.occurred_at);
            views.push(EventView {
                number: row.number,
                kind: row.kind,
                occurred_at,
                subject,
            });
        }
        Ok(window.page(views, |event| event.number.to_string(), |event| event))
    }
}
