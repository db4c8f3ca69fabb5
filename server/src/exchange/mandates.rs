//! Mandates (代行の委任): an institution lets another act for it, within scopes and up to a day, and ends it at will.
//!
//! Given and ended in the name of the institution alone, never by its agent; the agent can also lay it down. Both are
//! leaves of the log and events of both. What a mandate lets its agent do is asked at each request (`act_for.rs`).

use jiff::civil::Date;
use kaiji_schema::reader::{FromMembers, Reader};
use kaiji_schema::receipt::Event;
use kaiji_schema::violation::Violations;
use serde::Serialize;
use serde_json::json;

use super::idempotency::{Idempotency, IdempotencyError, made_before, remember};
use super::time::day_in_japan;
use super::{Exchange, Moment, Page, Window, violation};
use crate::actor::{Actor, OrganisationKind, Scope, Scopes};
use crate::storage::mandates::{self, MandateRow};
use crate::storage::{DbConnection, Entry, Error as StorageError, Tx, log, organisations};

/// What a mandate can allow, for messages.
const GRANTABLE: &str = "statements:read, requests:write, reviews:write or exports:read";

/// A mandate to be given.
#[derive(Debug, Clone)]
pub struct NewMandate {
    /// The institution that is to act.
    pub agent: String,
    /// What it may do.
    pub scopes: Scopes,
    /// The last day, in Japan.
    pub until: Date,
}

impl FromMembers for NewMandate {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let agent = reader.required_text("agent", 64);
        let scopes = read_scopes(reader);
        let until = reader.required_date("until");
        Some(Self {
            agent: agent?,
            scopes: scopes?,
            until: until?,
        })
    }
}

fn read_scopes(reader: &mut Reader<'_>) -> Option<Scopes> {
    let words = reader.required_texts("scopes", Scope::ALL.len(), 32)?;
    let scope = |word: &String| word.parse().ok().filter(|scope| may_be_granted(*scope));
    let scopes: Option<Scopes> = words.iter().map(scope).collect();
    let scopes = scopes.filter(|scopes| !scopes.is_empty());
    if scopes.is_none() {
        reader.report(
            "scopes",
            "choice",
            format!("must be {GRANTABLE}, at least one"),
        );
    }
    scopes
}

/// Whoever administers the institution is never an agent.
fn may_be_granted(scope: Scope) -> bool {
    scope != Scope::Admin && scope.fits(OrganisationKind::Institution)
}

/// A mandate, as both sides see it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct MandateView {
    /// Opaque id, `mdt_…`.
    pub id: String,
    /// Who is acted for.
    pub institution: String,
    /// Its name.
    pub institution_name: String,
    /// Who acts.
    pub agent: String,
    /// Its name.
    pub agent_name: String,
    /// What it allows.
    pub scopes: Vec<String>,
    /// Its last day, in Japan.
    pub until: String,
    /// `in_force`, `expired` or `ended`.
    pub state: &'static str,
    /// When it was given.
    #[schema(value_type = String)]
    pub granted_at: Moment,
    /// The program or the person that gave it.
    pub granted_by: String,
    /// When it was ended.
    #[schema(value_type = Option<String>)]
    pub ended_at: Option<Moment>,
    /// The program or the person that ended it, of either side.
    pub ended_by: Option<String>,
    /// The receipts of its beginning and, where it was ended, of its end: compact JWS of the service.
    pub receipts: Vec<String>,
}

/// Somebody whom one may act for.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ActingForView {
    /// The institution: the value of `Kaiji-Acting-For`.
    pub institution: String,
    /// Its name.
    pub institution_name: String,
    /// The mandate.
    pub mandate: String,
    /// What it allows; of this, whoever acts can do what their own token or roles allow.
    pub scopes: Vec<String>,
    /// Its last day, in Japan.
    pub until: String,
}

/// Why a mandate was not given, ended or found.
#[derive(Debug, thiserror::Error)]
pub enum MandateError {
    /// The organisation neither gave nor holds it, or it is not in force.
    #[error("there is no such mandate")]
    NotFound,
    /// It names something that cannot be.
    #[error(transparent)]
    Violations(#[from] Violations),
    /// The agent has one already.
    #[error("the mandate {0} of this agent is in force: end it first")]
    InForce(String),
    /// It was ended before.
    #[error("the mandate was ended before")]
    Ended,
    /// See [`IdempotencyError`].
    #[error(transparent)]
    Idempotency(#[from] IdempotencyError),
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Exchange {
    /// Lets another institution act for the caller's.
    pub fn grant_mandate(
        &self,
        actor: &Actor,
        new: NewMandate,
        request: Option<Idempotency>,
    ) -> Result<MandateView, MandateError> {
        let (id, asking) = (self.new_id("mdt")?, actor.clone());
        let granted = self.write(actor, move |tx| {
            if let Some(id) = made_before(tx, request.as_ref())? {
                return Ok(id);
            }
            grant(tx, &asking, &id, &new)?;
            remember(tx, request.as_ref(), &id)?;
            Ok::<_, MandateError>(id.clone())
        })?;
        self.find_mandate(actor, &granted.value)
    }

    /// Ends a mandate that the caller's institution gave or holds.
    pub fn end_mandate(&self, actor: &Actor, id: &str) -> Result<(), MandateError> {
        let (asking, id) = (actor.clone(), id.to_owned());
        self.write(actor, move |tx| {
            tx.concerns(&id);
            let row = mandates::find(tx, &asking.organisation, &id)?;
            let row = row.ok_or(MandateError::NotFound)?;
            if row.ended_at.is_some() {
                return Err(MandateError::Ended);
            }
            let leaf = tx.append(entry(Event::MandateEnded, &row));
            let now = tx.now().as_millisecond();
            mandates::end(tx, &id, asking.by.id(), leaf, now)?;
            Ok(tell(tx, "mandate_ended", &row)?)
        })?;
        Ok(())
    }

    /// The mandates that the caller's institution gave and holds.
    pub fn list_mandates(
        &self,
        actor: &Actor,
        window: &Window,
    ) -> Result<Page<MandateView>, MandateError> {
        let today = self.today();
        let page = self.db.read(|c| {
            let (after, limit) = (window.after_id(), window.fetch());
            let rows = mandates::list(c, &actor.organisation, after, limit)?;
            let page = window.page(rows, |row| row.id.clone(), |row| row);
            let items = page.items.into_iter().map(|row| view(c, row, &today));
            Ok::<_, StorageError>(Page {
                items: items.collect::<Result<_, _>>()?,
                next: page.next,
            })
        })?;
        Ok(page)
    }

    /// One of them.
    pub fn find_mandate(&self, actor: &Actor, id: &str) -> Result<MandateView, MandateError> {
        let today = self.today();
        self.db.read(|c| {
            let row = mandates::find(c, &actor.organisation, id)?;
            Ok(view(c, row.ok_or(MandateError::NotFound)?, &today)?)
        })
    }

    /// Whom the caller's institution may act for today.
    pub fn list_acting_for(
        &self,
        actor: &Actor,
        window: &Window,
    ) -> Result<Page<ActingForView>, StorageError> {
        let today = self.today();
        let (agent, after) = (&actor.organisation, window.after_id());
        let rows = self
            .db
            .read(|c| mandates::held(c, agent, &today, after, window.fetch()))?;
        let shown = |(row, institution_name): (MandateRow, String)| ActingForView {
            scopes: words(&row.scopes),
            institution: row.institution_id,
            institution_name,
            mandate: row.id,
            until: row.until,
        };
        Ok(window.page(rows, |(row, _)| row.institution_id.clone(), shown))
    }
}

fn grant(tx: &mut Tx<'_>, asking: &Actor, id: &str, new: &NewMandate) -> Result<(), MandateError> {
    let today = day_in_japan(tx.now());
    if new.until < today {
        return Err(violation("/until", "past", "the day is over").into());
    }
    check_agent(tx, &asking.organisation, &new.agent)?;
    let today = today.to_string();
    if let Some(row) = mandates::in_force(tx, &asking.organisation, &new.agent, &today)? {
        return Err(MandateError::InForce(row.id));
    }
    let mut row = MandateRow {
        id: id.to_owned(),
        institution_id: asking.organisation.clone(),
        agent_id: new.agent.clone(),
        scopes: new.scopes.to_string(),
        until: new.until.to_string(),
        granted_at: tx.now().as_millisecond(),
        granted_by: asking.by.id().to_owned(),
        grant_leaf: 0,
        ended_at: None,
        ended_by: None,
        end_leaf: None,
    };
    row.grant_leaf = tx.append(entry(Event::MandateGranted, &row));
    mandates::insert(tx, &row)?;
    Ok(tell(tx, "mandate_granted", &row)?)
}

/// Another institution that takes part.
fn check_agent(tx: &mut Tx<'_>, institution: &str, agent: &str) -> Result<(), MandateError> {
    if agent == institution {
        let detail = "an institution needs no mandate of its own";
        return Err(violation("/agent", "itself", detail).into());
    }
    let found = organisations::find(tx, agent)?;
    let is_institution = found.is_some_and(|found| {
        found.kind == OrganisationKind::Institution.as_str() && found.disabled_at.is_none()
    });
    if is_institution {
        return Ok(());
    }
    let detail = "there is no such institution in the exchange";
    Err(violation("/agent", "unknown_organisation", detail).into())
}

fn entry(event: Event, row: &MandateRow) -> Entry {
    Entry {
        institution: Some(row.institution_id.clone()),
        agent: Some(row.agent_id.clone()),
        ..Entry::new(event)
    }
}

fn tell(tx: &mut Tx<'_>, kind: &str, row: &MandateRow) -> Result<(), StorageError> {
    let subject = json!({
        "mandate": row.id, "institution": row.institution_id, "agent": row.agent_id,
        "scopes": words(&row.scopes), "until": row.until,
    });
    let subject = subject.to_string();
    tx.notify(&row.institution_id, kind, &subject)?;
    tx.notify(&row.agent_id, kind, &subject)
}

fn view(
    connection: &mut DbConnection,
    row: MandateRow,
    today: &str,
) -> Result<MandateView, StorageError> {
    let institution = organisations::find(connection, &row.institution_id)?;
    let agent = organisations::find(connection, &row.agent_id)?;
    let leaves = std::iter::once(row.grant_leaf).chain(row.end_leaf);
    let receipts = leaves.map(|leaf| log::receipt(connection, leaf));
    Ok(MandateView {
        receipts: receipts.collect::<Result<_, _>>()?,
        state: match row.ended_at {
            Some(_) => "ended",
            None if row.until.as_str() < today => "expired",
            None => "in_force",
        },
        id: row.id,
        institution: row.institution_id,
        institution_name: institution.map(|found| found.name).unwrap_or_default(),
        agent: row.agent_id,
        agent_name: agent.map(|found| found.name).unwrap_or_default(),
        scopes: words(&row.scopes),
        until: row.until,
        granted_at: Moment(row.granted_at),
        granted_by: row.granted_by,
        ended_at: row.ended_at.map(Moment),
        ended_by: row.ended_by,
    })
}

fn words(scopes: &str) -> Vec<String> {
    scopes.split(' ').map(str::to_owned).collect()
}
