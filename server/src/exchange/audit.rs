//! The audit trail (監査証跡): every request of an actor leaves one entry, and an organisation reads its own.
//!
//! A change and its entry are one transaction ([`Exchange::write`]); whatever else was asked is put down in memory and
//! comes in with the next commit ([`Exchange::record`]).

use std::sync::Arc;

use jiff::Timestamp;
use kaiji_schema::audit::Deed;
use serde::Serialize;

use super::{Exchange, Moment, Page, Window};
use crate::actor::{Act, Actor, OrganisationKind, Scopes, Subject};
use crate::storage::audit::{self, AuditRow, Filter};
use crate::storage::{Committed, Error as StorageError, Preparing, Tx, organisations};

/// What became of a change.
const DONE: &str = "done";

/// Which entries are listed.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Not before this time.
    pub since: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
    /// Of this client or person.
    pub client: Option<String>,
    /// Of this action.
    pub action: Option<String>,
}

/// An entry of the audit trail, as its organisation sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AuditEventView {
    /// Its place in the trail of the whole exchange: the caller's own entries are numbered with gaps.
    pub number: i64,
    /// When it happened.
    #[schema(value_type = String)]
    pub occurred_at: Moment,
    /// For which organisation: the caller's, or one that the caller's acted for by a mandate.
    pub organisation: String,
    /// The organisation that acted for it by a mandate; null where it acted itself.
    pub agent: Option<String>,
    /// Who acted: a client (`cli_…`), a person (`usr_…`), or `shell` for a command of `kaiji admin`.
    pub client: String,
    /// The first 16 hex digits of the SHA-256 of the access token or session token; empty without one.
    pub token: String,
    /// The address that the request came from; empty without a network.
    pub address: String,
    /// The operation, such as `statements_submit`; `token_issued`, `token_refused`, or `admin_…` for a command.
    pub action: String,
    /// What it was about: the id or digest of what was made, else the path of the request.
    pub object: String,
    /// `done` for a change, `answered` for a question, `broken_off` where the sender went away in the middle, else the
    /// name of the problem (`/problems/{name}`).
    pub result: String,
    /// The first leaf that it appended to the log.
    pub leaf: Option<i64>,
    /// The hash of the entry, which chains all before it, also those of others.
    pub hash: String,
}

impl From<AuditRow> for AuditEventView {
    fn from(row: AuditRow) -> Self {
        Self {
            number: row.number,
            occurred_at: Moment(row.occurred_at),
            organisation: row.organisation_id,
            agent: row.agent_id,
            client: row.client_id,
            token: row.token,
            address: row.address,
            action: row.action,
            object: row.object,
            result: row.result,
            leaf: row.leaf,
            hash: row.hash,
        }
    }
}

impl Exchange {
    /// Makes a change and tells the audit trail of it in the same transaction. Of an act that changes several things
    /// one after another it is told once.
    pub(super) fn write<T, E, F>(&self, actor: &Actor, change: F) -> Result<Committed<T>, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        let committed = self.db.write(told(actor, change))?;
        actor.act.set_recorded();
        Ok(committed)
    }

    /// The same for a change that was announced to the writer.
    pub(super) fn write_prepared<T, E, F>(
        &self,
        preparing: Preparing,
        actor: &Actor,
        change: F,
    ) -> Result<Committed<T>, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        let committed = self.db.write_prepared(preparing, told(actor, change))?;
        actor.act.set_recorded();
        Ok(committed)
    }

    /// Tells the audit trail what became of an act, unless a change told it already. Waits for nothing.
    pub fn record(&self, actor: &Actor, result: &str) {
        if !actor.act.is_recorded() {
            let now = self.clock.now();
            self.db.record_later(deed(actor, now, result));
            actor.act.set_recorded();
        }
    }

    /// Waits until the audit trail holds whatever it was told before.
    pub fn flush_audit_trail(&self) -> Result<(), StorageError> {
        self.db.flush()
    }

    /// Whoever gives a command at the machine itself: acts for the first operator, if there is one yet.
    pub fn shell(&self, action: &str) -> Result<Actor, StorageError> {
        let operator = Some(OrganisationKind::Operator.as_str());
        let operators = self.db.read(|c| organisations::list(c, operator, "", 1))?;
        let operator = operators.first().map_or("", |row| row.id.as_str());
        Ok(shell_of(operator, action))
    }

    /// The caller's own entries, and those of what it did for others, in the order of the trail.
    pub fn list_audit_events(
        &self,
        actor: &Actor,
        filter: AuditFilter,
        window: &Window,
    ) -> Result<Page<AuditEventView>, StorageError> {
        let filter = Filter {
            since: filter.since.map(Timestamp::as_millisecond),
            until: filter.until.map(Timestamp::as_millisecond),
            client: filter.client,
            action: filter.action,
        };
        let (after, own) = (window.after_number(-1), &actor.organisation);
        let rows = self
            .db
            .read(|c| audit::list(c, own, &filter, after, window.fetch()))?;
        Ok(window.page(rows, |row| row.number.to_string(), AuditEventView::from))
    }
}

/// Someone at the machine itself, who acts for that organisation.
pub(super) fn shell_of(organisation: &str, action: &str) -> Actor {
    Actor {
        organisation: organisation.to_owned(),
        kind: OrganisationKind::Operator,
        by: Subject::Shell,
        agent: None,
        scopes: Scopes::default(),
        token: String::new(),
        act: Arc::new(Act::new("", action, "")),
    }
}

/// The change, followed by the entry that tells of it.
fn told<T, E: From<StorageError>>(
    actor: &Actor,
    change: impl Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
) -> impl Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static {
    let untold = (!actor.act.is_recorded()).then(|| actor.clone());
    move |tx| {
        let value = change(tx)?;
        if let Some(actor) = &untold {
            let deed = deed(actor, tx.now(), DONE);
            tx.record(deed)?;
        }
        Ok(value)
    }
}

fn deed(actor: &Actor, at: Timestamp, result: &str) -> Deed {
    Deed {
        occurred_at: at.as_millisecond(),
        organisation: actor.organisation.clone(),
        client: actor.by.id().to_owned(),
        token: actor.token.clone(),
        address: actor.act.address.clone(),
        action: actor.act.action.clone(),
        object: actor.act.object.clone(),
        result: result.to_owned(),
        agent: actor.agent.clone(),
    }
}
