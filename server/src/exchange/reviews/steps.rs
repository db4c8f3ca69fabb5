//! What every change of a review has in common: who makes it, and the row that tells of it.

use kaiji_schema::review::ReviewState;
use serde_json::json;

use crate::actor::{Actor, Subject};
use crate::storage::reviews::{self, ChangeRow, ReviewRow};
use crate::storage::{DbConnection, Error as StorageError, Tx, clients, organisations, users};

/// What a change of a review does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Drafted,
    Submitted,
    SentBack,
    Approved,
}

impl Deed {
    /// The word in documents and rows.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Drafted => "drafted",
            Self::Submitted => "submitted",
            Self::SentBack => "sent_back",
            Self::Approved => "approved",
        }
    }

    /// Where the review stands after it.
    pub(super) fn leads_to(self) -> ReviewState {
        match self {
            Self::Drafted => ReviewState::Draft,
            Self::Submitted => ReviewState::Submitted,
            Self::SentBack => ReviewState::SentBack,
            Self::Approved => ReviewState::Approved,
        }
    }

    /// The event of the institution's own feed that tells of it; drafts are no news.
    fn event(self) -> Option<&'static str> {
        match self {
            Self::Drafted => None,
            Self::Submitted => Some("review_submitted"),
            Self::SentBack => Some("review_sent_back"),
            Self::Approved => Some("review_approved"),
        }
    }
}

/// Who makes a change, with the name of that day.
#[derive(Debug, Clone)]
pub(in crate::exchange) struct By {
    pub(in crate::exchange) id: String,
    pub(in crate::exchange) name: String,
}

/// Who acts; an agent with the organisation that it acts from.
pub(in crate::exchange) fn by(
    connection: &mut DbConnection,
    actor: &Actor,
) -> Result<By, StorageError> {
    let name = match &actor.by {
        Subject::User(person) => users::find(connection, &person.id)?.map(|user| user.name),
        Subject::Client(id) => clients::find(connection, id)?.map(|client| client.name),
        Subject::Link(_) | Subject::Shell => None,
    };
    let name = name.unwrap_or_default();
    let agent = match &actor.agent {
        Some(id) => organisations::find(connection, id)?.map(|agent| agent.name),
        None => None,
    };
    Ok(By {
        id: actor.by.id().to_owned(),
        name: match agent {
            Some(agent) => format!("{name}（{agent}）"),
            None => name,
        },
    })
}

/// The next change of a review, which says no more than who did what.
pub(super) fn next(tx: &Tx<'_>, row: &ReviewRow, by: &By, deed: Deed) -> ChangeRow {
    ChangeRow {
        review_id: row.id.clone(),
        number: row.revision + 1,
        deed: deed.as_str().to_owned(),
        occurred_at: tx.now().as_millisecond(),
        by_id: by.id.clone(),
        by_name: by.name.clone(),
        document: None,
        reason: None,
        approved_alone: None,
        leaf: None,
    }
}

/// Puts down a change, and where the review stands after it; `row` says what else becomes another.
pub(super) fn put_down(
    tx: &mut Tx<'_>,
    row: ReviewRow,
    change: &ChangeRow,
    deed: Deed,
) -> Result<(), StorageError> {
    let is_new = row.revision == 0;
    let row = ReviewRow {
        state: deed.leads_to().as_str().to_owned(),
        revision: change.number,
        updated_at: change.occurred_at,
        ..row
    };
    if is_new {
        reviews::insert(tx, &row)?;
    } else {
        reviews::update(tx, &row)?;
    }
    reviews::insert_change(tx, change)?;
    tx.concerns(&row.id);
    if let Some(event) = deed.event() {
        let told = json!({
            "review": row.id, "system": row.system_id, "item": row.item, "reason": change.reason,
        });
        tx.notify(&row.institution_id, event, &told.to_string())?;
    }
    Ok(())
}
