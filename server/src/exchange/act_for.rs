//! Somebody acts for an institution by its mandate: what is then theirs to see and to do, asked anew at each request.

use super::Exchange;
use super::mandates::MandateError;
use crate::actor::{Actor, Scopes};
use crate::storage::{Error as StorageError, mandates};

impl Exchange {
    /// The actor for the institution that they name: its things are concerned, and no more is allowed than both the
    /// mandate and the actor's own token or roles allow. Who acted stays visible.
    pub fn act_for(&self, actor: &Actor, institution: &str) -> Result<Actor, MandateError> {
        let (agent, today) = (&actor.organisation, self.today());
        let found = self
            .db
            .read(|c| mandates::in_force(c, institution, agent, &today))?;
        let mandate = found.ok_or(MandateError::NotFound)?;
        let corrupt = || StorageError::Corrupt(format!("scopes of mandate {}", mandate.id));
        let scopes: Scopes = mandate.scopes.parse().map_err(|_| corrupt())?;
        Ok(Actor {
            organisation: mandate.institution_id,
            agent: Some(mandate.agent_id),
            scopes: actor.scopes.common(scopes),
            ..actor.clone()
        })
    }
}
