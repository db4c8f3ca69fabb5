//! The audit trail (監査証跡) of the caller's own organisation.

use jiff::Timestamp;

use super::answer::{Answer, Listed};
use super::auth::{AuditReaders, Caller};
use super::page::Listing;
use super::problem::Problem;
use super::query::{Fields, Pairs, Parameter, Values};
use crate::exchange::{AuditEventView, AuditFilter};

/// What else there is to say.
pub const DESCRIPTION: &str = "One entry a request with an accepted token, the oldest first. A change is recorded \
    with it, anything else within a second. The exchange has one trail for all: an organisation sees its own entries, \
    so their numbers have gaps. `hash` chains all entries before it, and each day's last one is in a leaf of the log.";

impl Fields for AuditFilter {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter {
            name: "since",
            about: "Only what happened at that time (RFC 3339) or later.",
            required: false,
            values: Values::Text,
        },
        Parameter {
            name: "until",
            about: "Only what happened before that time (RFC 3339).",
            required: false,
            values: Values::Text,
        },
        Parameter {
            name: "client",
            about: "Only what this client or person did.",
            required: false,
            values: Values::Text,
        },
        Parameter {
            name: "action",
            about: "Only this operation, such as `statements_submit`.",
            required: false,
            values: Values::Text,
        },
    ];

    fn take(pairs: &mut Pairs) -> Result<Self, Problem> {
        let time = |text: &str| text.parse::<Timestamp>().ok();
        let expected = "a time such as 2026-11-21T09:00:00Z";
        Ok(Self {
            since: pairs.choice("since", time, expected)?,
            until: pairs.choice("until", time, expected)?,
            client: pairs.take_text("client")?,
            action: pairs.take_text("action")?,
        })
    }
}

/// Lists the organisation's own entries.
pub async fn list(
    caller: Caller<AuditReaders>,
    listing: Listing<AuditFilter>,
) -> Answer<Listed<AuditEventView>> {
    let verb = caller.ask(move |exchange, actor| {
        let (filter, window) = listing.read()?;
        Ok(exchange.list_audit_events(actor, filter, &window)?)
    });
    verb.await.map(Listed)
}
