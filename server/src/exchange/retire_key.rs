//! A vendor stops using a key (retirement) or declares it lost or stolen (revocation).
//!
//! What a retired key signed stays valid. What a revoked key signed before the declared compromise stays valid too;
//! what was received after it is to be signed again.

use jiff::Timestamp;
use kaiji_schema::reader::{FromMembers, Reader};
use kaiji_schema::receipt::Event;

use super::approve_key::key_entry;
use super::register_key::{KeyError, KeyState, KeyView};
use super::{Exchange, violation};
use crate::actor::Actor;
use crate::storage::signing_keys::{self, SigningKeyRow};
use crate::storage::statements;
use crate::storage::{Entry, Tx};

/// Why a key is revoked.
#[derive(Debug, Clone)]
pub struct Revocation {
    /// In words.
    pub reason: String,
    /// Since when others may have used the key; without it, only from the revocation on.
    pub compromised_since: Option<Timestamp>,
}

impl FromMembers for Revocation {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let reason = reader.required_lines("reason", 1000);
        let compromised_since = match reader
            .optional_text("compromised_since", 40)
            .map(|text| text.parse())
        {
            None => None,
            Some(Ok(at)) => Some(at),
            Some(Err(_)) => {
                reader.report(
                    "compromised_since",
                    "time",
                    "write it as 2026-11-01T00:00:00.000Z (RFC 3339)",
                );
                None
            }
        };
        Some(Self {
            reason: reason?,
            compromised_since,
        })
    }
}

impl Exchange {
    /// Retires the vendor's key. A pending key can be retired too, which takes it out of the queue.
    pub fn retire_key(&self, actor: &Actor, kid: &str) -> Result<KeyView, KeyError> {
        self.end_key(actor, kid, |tx, row| {
            match KeyState::of(row, tx.now()) {
                KeyState::Pending | KeyState::Active | KeyState::Expired => {}
                KeyState::Retired => return Err(KeyError::State("retired")),
                KeyState::Revoked => return Err(KeyError::State("revoked")),
            }
            row.retired_at = Some(tx.now().as_millisecond());
            row.retirement_leaf = Some(tx.append(key_entry(Event::KeyRetired, row)?));
            Ok("key_retired")
        })
    }

    /// Revokes the vendor's key, in whatever state it is.
    pub fn revoke_key(
        &self,
        actor: &Actor,
        kid: &str,
        revocation: Revocation,
    ) -> Result<KeyView, KeyError> {
        if revocation
            .compromised_since
            .is_some_and(|since| since > self.clock.now())
        {
            return Err(violation("/compromised_since", "range", "it must not lie ahead").into());
        }
        self.end_key(actor, kid, move |tx, row| {
            if row.revoked_at.is_some() {
                return Err(KeyError::State("revoked"));
            }
            let entry = Entry {
                compromised_since: revocation.compromised_since,
                ..key_entry(Event::KeyRevoked, row)?
            };
            row.revoked_at = Some(tx.now().as_millisecond());
            row.revocation_reason = Some(revocation.reason.clone());
            row.compromised_since = revocation.compromised_since.map(Timestamp::as_millisecond);
            row.revocation_leaf = Some(tx.append(entry));
            Ok("key_revoked")
        })
    }

    fn end_key(
        &self,
        actor: &Actor,
        kid: &str,
        end: impl Fn(&mut Tx<'_>, &mut SigningKeyRow) -> Result<&'static str, KeyError> + Send + 'static,
    ) -> Result<KeyView, KeyError> {
        let (vendor, kid) = (actor.organisation.clone(), kid.to_owned());
        let ended = self.write(actor, move |tx| {
            let found = signing_keys::find(tx, &kid)?.filter(|row| row.vendor_id == vendor);
            let mut row = found.ok_or(KeyError::NotFound)?;
            let kind = end(tx, &mut row)?;
            signing_keys::update(tx, &row)?;
            let subject = serde_json::json!({ "kid": row.kid }).to_string();
            tx.notify(&vendor, kind, &subject)?;
            // A product may have gone to another vendor, whose head is still of this key.
            for holder in statements::holders_of_heads(tx, &vendor, &row.kid)? {
                if holder != vendor {
                    tx.notify(&holder, kind, &subject)?;
                }
            }
            Ok::<_, KeyError>(row)
        })?;
        Ok(KeyView::of(ended.value, self.clock.now())?)
    }
}
