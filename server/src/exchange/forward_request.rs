//! Whoever is asked names the one who can answer, and the request goes on: from the dealer to the maker, from the seller to
//! whoever maintains (Q&A ). Due date and question travel along.

use kaiji_schema::letter::RequestTurn;

use super::Exchange;
use super::link::LinkTokens;
use super::requests::chain::{self, Chain, Reach};
use super::requests::news;
use super::requests::{
    ChainError, Forward, Next, RequestError, RequestState, RequestView, automatic, open_one,
    subject_of, unknown_product,
};
use super::violation;
use crate::actor::{Actor, OrganisationKind};
use crate::storage::products::{self, ProductRow};
use crate::storage::requests::{self, RequestRow};
use crate::storage::{Error as StorageError, Tx, organisations};

impl Exchange {
    /// The vendor that is asked forwards the request.
    pub fn forward_request(
        &self,
        actor: &Actor,
        id: &str,
        forward: Forward,
    ) -> Result<RequestView, RequestError> {
        let (next_id, links) = (self.new_id("req")?, self.links.clone());
        let (asking, id) = (actor.clone(), id.to_owned());
        let forwarded = self.write(actor, move |tx| {
            let row = open_one(tx, &asking, &id)?;
            let product = known_product(tx, &forward.to)?;
            let next = follow(tx, &next_id, &row, &forward, product.as_ref())?;
            pass_on(tx, &links, row, next, product.as_ref())?;
            super::requests::own_request(tx, &asking, &id)
        })?;
        self.show_request(actor, forwarded.value)
    }
}

/// The request that continues `row`, if its chain may reach whom it is for.
pub(super) fn follow(
    tx: &mut Tx<'_>,
    id: &str,
    row: &RequestRow,
    forward: &Forward,
    product: Option<&ProductRow>,
) -> Result<RequestRow, FollowError> {
    let chain = Chain::read(tx, &row.origin_id)?;
    let now = tx.now().as_millisecond();
    let next = RequestRow {
        id: id.to_owned(),
        vendor_id: None,
        addressee_name: None,
        addressee_email: None,
        product_id: product.map(|product| product.id.clone()),
        subject: Some(subject_of(tx, row)?),
        system_id: None,
        forwarded_from: Some(row.id.clone()),
        step: chain.next_step(),
        message: forward.message.clone(),
        reason: None,
        revision: 1,
        created_at: now,
        updated_at: now,
        ..row.clone()
    };
    match &forward.to {
        Next::Vendor { vendor, .. } => {
            chain.admit(Reach::Vendor(vendor))?;
            Ok(RequestRow {
                vendor_id: Some(vendor.clone()),
                ..next
            })
        }
        Next::Address(to) => {
            chain.admit(Reach::Address(&to.email))?;
            Ok(RequestRow {
                addressee_name: Some(to.name.clone()),
                addressee_email: Some(to.email.as_str().to_owned()),
                ..next
            })
        }
    }
}

/// Why a request is not followed by another.
#[derive(Debug, thiserror::Error)]
pub(super) enum FollowError {
    #[error(transparent)]
    Chain(#[from] ChainError),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<FollowError> for RequestError {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::Chain(error) => error.into(),
            FollowError::Storage(error) => error.into(),
        }
    }
}

/// Lets `next` wait in the place of `row`. Where the product that it is for is released to everybody who asks, it is
/// answered at once.
pub(super) fn pass_on(
    tx: &mut Tx<'_>,
    links: &LinkTokens,
    mut row: RequestRow,
    next: RequestRow,
    product: Option<&ProductRow>,
) -> Result<(), StorageError> {
    chain::put(tx, &mut row, RequestState::Forwarded)?;
    requests::insert(tx, &next)?;
    let chain = Chain::read(tx, &next.origin_id)?;
    news::go_back(tx, &chain.way_back(&row), &next, RequestTurn::Forwarded)?;
    news::ask(tx, links, &next)?;
    if let Some(product) = product
        && automatic(product)?
    {
        chain::release(tx, next, &product.id)?;
    }
    Ok(())
}

/// The product that is named, if the vendor that is named takes part and owns it.
fn known_product(tx: &mut Tx<'_>, next: &Next) -> Result<Option<ProductRow>, RequestError> {
    let Next::Vendor { vendor, product } = next else {
        return Ok(None);
    };
    let found = organisations::find(tx, vendor)?.filter(|found| {
        found.kind == OrganisationKind::Vendor.as_str() && found.disabled_at.is_none()
    });
    if found.is_none() {
        let detail = "there is no such vendor in the exchange: name an address instead (to)";
        return Err(violation("/vendor", "unknown_vendor", detail).into());
    }
    let Some(product) = product else {
        return Ok(None);
    };
    let owned = products::find(tx, product)?.filter(|found| found.vendor_id == *vendor);
    let unknown = || unknown_product("the vendor has no such product");
    owned.map(Some).ok_or_else(unknown)
}
