//! Who is told what of a request: the events of everybody concerned, and the link of whoever has no account.
//!
//! What happens at the end of a chain is told back along it. Each learns of its own request; only the institution also
//! learns who it was that answered or was asked.

use serde_json::json;

use crate::exchange::link::LinkTokens;
use crate::exchange::links;
use crate::storage::requests::RequestRow;
use crate::storage::{DbConnection, Error as StorageError, Tx, organisations};

/// What happened at the end of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::exchange) enum News {
    /// It goes on to somebody else.
    Forwarded,
    /// Whoever was asked last declined; whoever forwarded it to them is asked again.
    Returned,
    /// The statements of a product were released.
    Released,
    /// It was answered by a link.
    Answered,
    /// Whoever the institution asked declined.
    Declined,
}

impl News {
    fn kind(self) -> &'static str {
        match self {
            Self::Forwarded => "request_forwarded",
            Self::Returned => "request_returned",
            Self::Released => "request_released",
            Self::Answered => "request_answered",
            Self::Declined => "request_declined",
        }
    }
}

/// Asks whom the request goes to: a vendor finds it in its queue, an address gets a letter with a link.
pub(in crate::exchange) fn ask(
    tx: &mut Tx<'_>,
    tokens: &LinkTokens,
    row: &RequestRow,
) -> Result<(), StorageError> {
    match &row.vendor_id {
        Some(vendor) => tx.notify(vendor, "request_opened", &subject(row, row)),
        None => links::send(tx, tokens, row),
    }
}

/// Asks whoever forwarded the request once more, since the one that they named declined.
pub(super) fn ask_again(
    tx: &mut Tx<'_>,
    tokens: &LinkTokens,
    row: &RequestRow,
    declined: &RequestRow,
) -> Result<(), StorageError> {
    match &row.vendor_id {
        Some(vendor) => tx.notify(vendor, News::Returned.kind(), &subject(row, declined)),
        None => links::send(tx, tokens, row),
    }
}

/// Tells what happened to `last` to the vendors on its way back and to the institution.
pub(in crate::exchange) fn go_back(
    tx: &mut Tx<'_>,
    way: &[&RequestRow],
    last: &RequestRow,
    news: News,
) -> Result<(), StorageError> {
    for row in way {
        if let Some(vendor) = &row.vendor_id {
            tx.notify(vendor, news.kind(), &subject(row, last))?;
        }
    }
    let who = who(tx, last)?;
    let told = json!({
        "request": last.origin_id, "product": last.product_id, "reason": last.reason, "who": who,
    });
    tx.notify(&last.institution_id, news.kind(), &told.to_string())
}

/// Tells whoever was asked that they need not answer any more. A link ends with its request.
pub(super) fn take_back(tx: &mut Tx<'_>, row: &RequestRow) -> Result<(), StorageError> {
    match &row.vendor_id {
        Some(vendor) => tx.notify(vendor, "request_cancelled", &subject(row, row)),
        None => Ok(()),
    }
}

/// The name of whoever is asked.
pub(in crate::exchange) fn who(
    connection: &mut DbConnection,
    row: &RequestRow,
) -> Result<String, StorageError> {
    let vendor = match &row.vendor_id {
        Some(id) => organisations::find(connection, id)?,
        None => None,
    };
    let name = vendor.map(|vendor| vendor.name);
    Ok(name
        .or_else(|| row.addressee_name.clone())
        .unwrap_or_default())
}

/// What a vendor is told of its own request, and of what happened at the end of the chain.
fn subject(row: &RequestRow, last: &RequestRow) -> String {
    json!({ "request": row.id, "product": last.product_id, "reason": last.reason }).to_string()
}
