//! The feed of what concerns the caller: asked for, never sent.

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{Answer, Shown};
use super::auth::{AnyMember, Caller};
use super::page::{LIMIT, limit};
use super::problem::Problem;
use super::query::{Fields, Pairs, Parameter, Query, Values};
use crate::exchange::EventView;

/// Which part of the feed.
pub struct Part {
    after: i64,
    limit: u16,
}

impl Fields for Part {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter {
            name: "after",
            about: "The number of the last event that the caller has; the whole feed if it is left out.",
            required: false,
            values: Values::Number,
        },
        LIMIT,
    ];

    fn take(pairs: &mut Pairs) -> Result<Self, Problem> {
        let number = |text: &str| text.parse().ok().filter(|number| *number >= 0);
        Ok(Self {
            after: pairs
                .choice("after", number, "the number of an event")?
                .unwrap_or(0),
            limit: limit(pairs)?,
        })
    }
}

/// A part of the feed, in order and without gaps.
#[derive(Serialize, ToSchema)]
pub struct Feed {
    /// The events.
    items: Vec<EventView>,
    /// What to ask for `after` this part; null where there is no more for now.
    next: Option<String>,
}

/// Lists what happened.
pub async fn list(caller: Caller<AnyMember>, part: Query<Part>) -> Answer<Shown<Feed>> {
    let verb = caller.ask(move |exchange, actor| {
        let part = part.read()?;
        Ok(exchange.list_events(actor, part.after, part.limit)?)
    });
    verb.await.map(|page| {
        Shown(Feed {
            items: page.items,
            next: page.next,
        })
    })
}
