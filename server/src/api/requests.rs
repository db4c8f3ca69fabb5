//! Requests: an institution asks for a product's statements; whoever is asked releases, declines or forwards.

use actix_web::web;
use kaiji_schema::reader::{FromMembers, Reader};

use super::answer::{Answer, Created, Deleted, Listed, Resource, Tagged};
use super::auth::{Caller, InstitutionRequests, Releasers, RequestReaders, VendorWrites};
use super::body::{Document, OptionalDocument};
use super::headers::IdempotencyKey;
use super::page::Listing;
use super::problem::Problem;
use super::query::{Fields, Pairs, Parameter, Values};
use crate::exchange::{Forward, NewRequest, RequestOrder, RequestState, RequestView};

impl Resource for RequestView {
    fn location(&self) -> String {
        format!("/api/v1/requests/{}", self.id)
    }

    fn revision(&self) -> Option<i64> {
        Some(self.revision)
    }
}

/// Which requests are listed.
pub struct Filter {
    state: Option<RequestState>,
    order: RequestOrder,
}

const STATES: &[&str] = &[
    "open",
    "overdue",
    "forwarded",
    "answered",
    "released",
    "declined",
    "cancelled",
];

impl Fields for Filter {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter {
            name: "state",
            about: "Only those in this state.",
            required: false,
            values: Values::Words(STATES),
        },
        Parameter {
            name: "order",
            about: "`made` (also if it is left out), or `due`: those without a day come last.",
            required: false,
            values: Values::Words(&["made", "due"]),
        },
    ];

    fn take(pairs: &mut Pairs) -> Result<Self, Problem> {
        let expected = STATES.join(", ");
        let order = |word: &str| match word {
            "made" => Some(RequestOrder::Made),
            "due" => Some(RequestOrder::Due),
            _ => None,
        };
        Ok(Self {
            state: pairs.choice("state", RequestState::from_word, &expected)?,
            order: pairs
                .choice("order", order, "made or due")?
                .unwrap_or_default(),
        })
    }
}

/// Why something is declined, refused or sent back.
pub struct Refusal {
    /// In words.
    pub reason: String,
}

impl FromMembers for Refusal {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            reason: reader.required_lines("reason", 2000)?,
        })
    }
}

/// What a vendor releases.
#[derive(Default)]
pub struct ReleasedProduct {
    product: Option<String>,
}

impl FromMembers for ReleasedProduct {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            product: reader.optional_text("product", 64),
        })
    }
}

/// Asks for a product's statements.
pub async fn create(
    caller: Caller<InstitutionRequests>,
    new: Document<NewRequest>,
    key: IdempotencyKey,
) -> Answer<Created<RequestView>> {
    let verb = caller.ask(move |exchange, actor| {
        let request = key.of(actor, new.bytes()?)?;
        Ok(exchange.create_request(actor, new.read()?, request)?)
    });
    verb.await.map(Created)
}

/// Lists requests.
pub async fn list(
    caller: Caller<RequestReaders>,
    listing: Listing<Filter>,
) -> Answer<Listed<RequestView>> {
    let verb = caller.ask(move |exchange, actor| {
        let (filter, window) = listing.read()?;
        Ok(exchange.list_requests(actor, filter.state, filter.order, &window)?)
    });
    verb.await.map(Listed)
}

/// Shows one.
pub async fn find(
    caller: Caller<RequestReaders>,
    id: web::Path<String>,
) -> Answer<Tagged<RequestView>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.find_request(actor, &id)?))
        .await
        .map(Tagged)
}

/// Releases the product's statements.
pub async fn release(
    caller: Caller<Releasers>,
    id: web::Path<String>,
    released: OptionalDocument<ReleasedProduct>,
) -> Answer<Tagged<RequestView>> {
    let verb = caller.ask(move |exchange, actor| {
        let product = released.read()?.unwrap_or_default().product;
        Ok(exchange.release_request(actor, &id, product)?)
    });
    verb.await.map(Tagged)
}

/// Forwards the request to whoever can answer it.
pub async fn forward(
    caller: Caller<VendorWrites>,
    id: web::Path<String>,
    forward: Document<Forward>,
) -> Answer<Tagged<RequestView>> {
    let verb = caller
        .ask(move |exchange, actor| Ok(exchange.forward_request(actor, &id, forward.read()?)?));
    verb.await.map(Tagged)
}

/// Declines, with a reason.
pub async fn decline(
    caller: Caller<Releasers>,
    id: web::Path<String>,
    refusal: Document<Refusal>,
) -> Answer<Tagged<RequestView>> {
    let verb = caller.ask(move |exchange, actor| {
        Ok(exchange.decline_request(actor, &id, refusal.read()?.reason)?)
    });
    verb.await.map(Tagged)
}

/// Sends the letter with a link once more.
pub async fn renew_link(
    caller: Caller<InstitutionRequests>,
    id: web::Path<String>,
) -> Answer<Tagged<RequestView>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.renew_link(actor, &id)?))
        .await
        .map(Tagged)
}

/// Ends the link.
pub async fn revoke_link(
    caller: Caller<InstitutionRequests>,
    id: web::Path<String>,
) -> Answer<Deleted> {
    caller
        .ask(move |exchange, actor| Ok(exchange.revoke_link(actor, &id)?))
        .await
        .map(|()| Deleted)
}

/// Reminds whoever has the request.
pub async fn remind(
    caller: Caller<InstitutionRequests>,
    id: web::Path<String>,
) -> Answer<Tagged<RequestView>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.remind_by_hand(actor, &id)?))
        .await
        .map(Tagged)
}

/// Takes the request back.
pub async fn cancel(
    caller: Caller<InstitutionRequests>,
    id: web::Path<String>,
) -> Answer<Tagged<RequestView>> {
    caller
        .ask(move |exchange, actor| Ok(exchange.cancel_request(actor, &id)?))
        .await
        .map(Tagged)
}
