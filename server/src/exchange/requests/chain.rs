//! The chain of one question: the institution's own request, and those that it was forwarded with.
//!
//! One request of a chain waits at a time, its head. An answer goes back along the chain to the institution; a refusal
//! goes back one step, to whoever forwarded and is asked again, for the institution's contract is with the first
//! (Q&A ). Nobody is asked twice in a chain, and it has an end.

use kaiji_schema::letter::RequestTurn;
use kaiji_schema::mail_address::MailAddress;

use super::RequestState;
use super::news;
use crate::exchange::link::LinkTokens;
use crate::storage::products;
use crate::storage::requests::{self, RequestRow};
use crate::storage::{DbConnection, Error as StorageError, Tx};

/// At most so many are asked in one chain, those who declined among them.
const LONGEST: usize = 8;

/// Every request of a chain, in the order in which they were made.
pub(in crate::exchange) struct Chain(pub(super) Vec<RequestRow>);

/// Whom a chain is to reach next.
#[derive(Debug, Clone, Copy)]
pub(in crate::exchange) enum Reach<'a> {
    /// This vendor.
    Vendor(&'a str),
    /// Whoever reads what is sent to this address.
    Address(&'a MailAddress),
}

/// Why a chain goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// It would come back to one who was asked.
    #[error("they were asked already: a request does not come back to anybody in its chain")]
    Circle,
    /// It has reached enough.
    #[error("the request was forwarded too often: tell the institution whom to ask")]
    TooLong,
}

impl Chain {
    /// The chain that began with that request.
    pub(in crate::exchange) fn read(
        connection: &mut DbConnection,
        origin_id: &str,
    ) -> Result<Self, StorageError> {
        requests::chain(connection, origin_id).map(Self)
    }

    /// The one that waits for an answer.
    pub(in crate::exchange) fn into_head(self) -> Option<RequestRow> {
        let mut rows = self.0.into_iter();
        rows.find(|row| row.state == RequestState::Open.as_str())
    }

    /// The institution's word to whoever is asked.
    pub(in crate::exchange) fn asked_with(&self) -> Option<String> {
        self.0.first().and_then(|origin| origin.message.clone())
    }

    /// The request that this one continues.
    fn before(&self, row: &RequestRow) -> Option<&RequestRow> {
        let before = row.forwarded_from.as_ref()?;
        self.0.iter().find(|other| other.id == *before)
    }

    /// Those before this one: whom each got it from, back to the institution's own.
    pub(in crate::exchange) fn way_back(&self, row: &RequestRow) -> Vec<&RequestRow> {
        let mut way: Vec<&RequestRow> = Vec::new();
        let mut next = self.before(row);
        // A row continues an earlier one, so that this ends.
        while let Some(found) = next {
            way.push(found);
            next = self.before(found);
        }
        way
    }

    /// Refuses to reach anybody twice, and too many.
    pub(in crate::exchange) fn admit(&self, next: Reach<'_>) -> Result<(), ChainError> {
        self.admit_as(next)?;
        if self.0.len() >= LONGEST {
            return Err(ChainError::TooLong);
        }
        Ok(())
    }

    /// Refuses that one who is asked turns out to be another who was asked.
    pub(in crate::exchange) fn admit_as(&self, other: Reach<'_>) -> Result<(), ChainError> {
        if self.0.iter().any(|row| other.is_asked_by(row)) {
            return Err(ChainError::Circle);
        }
        Ok(())
    }

    /// The place of the request that will be made next.
    pub(in crate::exchange) fn next_step(&self) -> i64 {
        self.0.last().map_or(0, |row| row.step + 1)
    }
}

impl Reach<'_> {
    fn is_asked_by(self, row: &RequestRow) -> bool {
        match self {
            Self::Vendor(id) => row.vendor_id.as_deref() == Some(id),
            Self::Address(address) => row
                .addressee_email
                .as_deref()
                .is_some_and(|email| email.eq_ignore_ascii_case(address.as_str())),
        }
    }
}

/// The head is answered with the statements of a product: the institution may read them from now on, and everybody on
/// the way back learns it.
pub(in crate::exchange) fn release(
    tx: &mut Tx<'_>,
    mut head: RequestRow,
    product_id: &str,
) -> Result<RequestRow, StorageError> {
    let now = tx.now().as_millisecond();
    products::grant(tx, &head.institution_id, product_id, now)?;
    head.product_id = Some(product_id.to_owned());
    come_back(tx, head, RequestState::Released)
}

/// The institution's own request is answered while it is made, since the product's statements are released to whoever asks.
pub(super) fn release_at_once(
    tx: &mut Tx<'_>,
    mut own: RequestRow,
    product_id: &str,
) -> Result<RequestRow, StorageError> {
    let now = tx.now().as_millisecond();
    products::grant(tx, &own.institution_id, product_id, now)?;
    put(tx, &mut own, RequestState::Released)?;
    news::tell_institution(tx, &own, RequestTurn::Released)?;
    Ok(own)
}

/// The head is answered by a link; everybody on the way back learns it.
pub(in crate::exchange) fn answer(
    tx: &mut Tx<'_>,
    head: RequestRow,
) -> Result<RequestRow, StorageError> {
    come_back(tx, head, RequestState::Answered)
}

/// The head will not be answered by whoever was asked last. Whoever forwarded it to them is asked again; where it was the
/// institution that asked them, that was all.
pub(in crate::exchange) fn decline(
    tx: &mut Tx<'_>,
    links: &LinkTokens,
    mut head: RequestRow,
    reason: &str,
) -> Result<RequestRow, StorageError> {
    head.reason = Some(reason.to_owned());
    let chain = Chain::read(tx, &head.origin_id)?;
    put(tx, &mut head, RequestState::Declined)?;
    match chain.way_back(&head).as_slice() {
        [] => news::go_back(tx, &[], &head, RequestTurn::Declined)?,
        [before, others @ ..] => {
            let mut before = (*before).clone();
            put(tx, &mut before, RequestState::Open)?;
            news::ask_again(tx, links, &before, &head)?;
            news::go_back(tx, others, &head, RequestTurn::Returned)?;
        }
    }
    Ok(head)
}

/// The institution does not ask any more: nobody in the chain is waited for.
pub(in crate::exchange) fn cancel(
    tx: &mut Tx<'_>,
    origin: &RequestRow,
) -> Result<RequestRow, StorageError> {
    let mut cancelled = origin.clone();
    for mut row in Chain::read(tx, &origin.id)?.0 {
        if !RequestState::waits(&row.state) {
            continue;
        }
        put(tx, &mut row, RequestState::Cancelled)?;
        news::take_back(tx, &row)?;
        if row.id == cancelled.id {
            cancelled = row;
        }
    }
    Ok(cancelled)
}

/// Takes a request to a state.
pub(in crate::exchange) fn put(
    tx: &mut Tx<'_>,
    row: &mut RequestRow,
    state: RequestState,
) -> Result<(), StorageError> {
    state.as_str().clone_into(&mut row.state);
    row.revision += 1;
    row.updated_at = tx.now().as_millisecond();
    requests::update(tx, row)
}

/// Takes the head and all before it to their last state.
fn come_back(
    tx: &mut Tx<'_>,
    mut head: RequestRow,
    state: RequestState,
) -> Result<RequestRow, StorageError> {
    let chain = Chain::read(tx, &head.origin_id)?;
    put(tx, &mut head, state)?;
    let turn = match state {
        RequestState::Released => RequestTurn::Released,
        _ => RequestTurn::Answered,
    };
    let way = chain.way_back(&head);
    for row in &way {
        put(tx, &mut (*row).clone(), state)?;
    }
    news::go_back(tx, &way, &head, turn)?;
    Ok(head)
}
