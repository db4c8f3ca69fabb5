//! Signing keys: a vendor registers them with proof of possession, and they are approved, retired and revoked.

use actix_web::web;
use jiff::Timestamp;
use kaiji_schema::reader::{FromMembers, Reader};

use super::answer::{Answer, Created, Listed, Made, Resource, Shown};
use super::auth::{Caller, KeyApprovers, KeyHolders, KeyReaders};
use super::body::{Document, DocumentOrJose, Jose};
use super::headers::IdempotencyKey;
use super::page::Listing;
use super::problem::Problem;
use super::query::{Fields, Pairs, Parameter, Query, Values};
use crate::exchange::{Approval, Challenge, KeyView, Revocation};

impl Resource for KeyView {
    fn location(&self) -> String {
        format!("/api/v1/keys/{}", self.kid)
    }
}

/// How long a key is to be used.
pub struct Expiry {
    not_after: Option<Timestamp>,
}

impl Fields for Expiry {
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        name: "not_after",
        about: "When the key expires (RFC 3339, UTC): at most three years ahead, and just that if it is left out.",
        required: false,
        values: Values::Text,
    }];

    fn take(pairs: &mut Pairs) -> Result<Self, Problem> {
        let time = |text: &str| text.parse().ok();
        Ok(Self {
            not_after: pairs.choice("not_after", time, "a time such as 2029-03-31T15:00:00Z")?,
        })
    }
}

/// Whose keys are listed.
pub struct Filter {
    vendor: Option<String>,
}

impl Fields for Filter {
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        name: "vendor",
        about: "The vendor whose keys are listed: the operator names it, a vendor sees its own.",
        required: false,
        values: Values::Text,
    }];

    fn take(pairs: &mut Pairs) -> Result<Self, Problem> {
        Ok(Self {
            vendor: pairs.take_text("vendor")?,
        })
    }
}

/// What evidence of the vendor's identity the operator saw.
pub struct Note {
    note: String,
}

impl FromMembers for Note {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            note: reader.required_lines("note", 1000)?,
        })
    }
}

/// Gives the vendor something to sign with a new key.
pub async fn challenge(caller: Caller<KeyHolders>) -> Answer<Made<Challenge>> {
    caller
        .ask(|exchange, actor| Ok(exchange.challenge_key(actor)?))
        .await
        .map(Made)
}

/// Registers the key that a proof carries and is signed by.
pub async fn register(
    caller: Caller<KeyHolders>,
    expiry: Query<Expiry>,
    proof: Jose,
    key: IdempotencyKey,
) -> Answer<Created<KeyView>> {
    let verb = caller.ask(move |exchange, actor| {
        let expiry = expiry.read()?;
        let request = key.of(actor, proof.bytes()?)?;
        Ok(exchange.register_key(actor, proof.read()?, expiry.not_after, request)?)
    });
    verb.await.map(Created)
}

/// Lists a vendor's keys.
pub async fn list(caller: Caller<KeyReaders>, listing: Listing<Filter>) -> Answer<Listed<KeyView>> {
    let verb = caller.ask(move |exchange, actor| {
        let (filter, window) = listing.read()?;
        Ok(exchange.list_keys(actor, filter.vendor.as_deref(), &window)?)
    });
    verb.await.map(Listed)
}

/// Shows one key.
pub async fn find(caller: Caller<KeyReaders>, kid: web::Path<String>) -> Answer<Shown<KeyView>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.find_key(actor, &kid)?))
        .await
        .map(Shown)
}

/// Approves a pending key.
pub async fn approve(
    caller: Caller<KeyApprovers>,
    kid: web::Path<String>,
    approval: DocumentOrJose<Note>,
) -> Answer<Shown<KeyView>> {
    let verb = caller.ask(move |exchange, actor| {
        let approval = match approval {
            DocumentOrJose::Document(note) => Approval::Operator {
                note: note.read()?.note,
            },
            DocumentOrJose::Jose(document) => Approval::Signed {
                document: document.read()?.to_owned(),
            },
        };
        Ok(exchange.approve_key(actor, &kid, approval)?)
    });
    verb.await.map(Shown)
}

/// Retires a key.
pub async fn retire(caller: Caller<KeyHolders>, kid: web::Path<String>) -> Answer<Shown<KeyView>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.retire_key(actor, &kid)?))
        .await
        .map(Shown)
}

/// Revokes a key.
pub async fn revoke(
    caller: Caller<KeyHolders>,
    kid: web::Path<String>,
    revocation: Document<Revocation>,
) -> Answer<Shown<KeyView>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.revoke_key(actor, &kid, revocation.read()?)?))
        .await
        .map(Shown)
}
