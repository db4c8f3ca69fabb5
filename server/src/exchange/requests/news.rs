//! Who is told what of a request: the events of everybody concerned, and the link of whoever has no account.
//!
//! What happens at the end of a chain is told back along it. Each learns of its own request; only the institution also
//! learns who it was that answered or was asked.

use jiff::civil::Date;
use kaiji_schema::letter::{
    Forwarder, Letter, RequestAsked, RequestNews, RequestReminder, RequestTurn,
};
use serde_json::json;

use super::chain::Chain;
use super::subject_of;
use crate::exchange::Moment;
use crate::exchange::letters::{Envelope, post, stored_address, write_to};
use crate::exchange::link::{LinkRef, LinkTokens};
use crate::exchange::links::{self, Issued};
use crate::exchange::time::day_in_japan;
use crate::storage::requests::RequestRow;
use crate::storage::{DbConnection, Error as StorageError, Tx, organisations};

/// The event that tells of a turn.
fn kind(turn: RequestTurn) -> &'static str {
    match turn {
        RequestTurn::Forwarded => "request_forwarded",
        RequestTurn::Returned => "request_returned",
        RequestTurn::Released => "request_released",
        RequestTurn::Answered => "request_answered",
        RequestTurn::Declined => "request_declined",
    }
}

/// Asks whom the request goes to: a vendor finds it in its queue, an address gets a letter with a link.
pub(in crate::exchange) fn ask(
    tx: &mut Tx<'_>,
    tokens: &LinkTokens,
    row: &RequestRow,
) -> Result<(), StorageError> {
    match &row.vendor_id {
        Some(vendor) => ask_vendor(tx, vendor, row, None),
        None => send_link(tx, tokens, row, None),
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
        Some(vendor) => ask_vendor(tx, vendor, row, Some(declined)),
        None => send_link(tx, tokens, row, Some(declined)),
    }
}

fn ask_vendor(
    tx: &mut Tx<'_>,
    vendor: &str,
    row: &RequestRow,
    declined: Option<&RequestRow>,
) -> Result<(), StorageError> {
    let kind = declined.map_or("request_opened", |_| kind(RequestTurn::Returned));
    tx.notify(vendor, kind, &subject(row, declined.unwrap_or(row)))?;
    let letter = Letter::RequestOpened(asked(tx, row, declined, None)?);
    write_to(tx, vendor, &letter, Some(&row.id))
}

/// Sends a letter with a link, which supersedes the one before.
pub(in crate::exchange) fn send_link(
    tx: &mut Tx<'_>,
    tokens: &LinkTokens,
    row: &RequestRow,
    declined: Option<&RequestRow>,
) -> Result<(), StorageError> {
    let issued = links::issue(tx, tokens, row)?;
    let letter = Letter::RequestByLink(asked(tx, row, declined, Some(&issued))?);
    post_to_addressee(tx, row, &issued.link, &letter)
}

/// Should the letter not arrive, the institution learns of it.
fn post_to_addressee(
    tx: &mut Tx<'_>,
    row: &RequestRow,
    link: &LinkRef,
    letter: &Letter,
) -> Result<(), StorageError> {
    let address = row.addressee_email.as_deref().unwrap_or_default();
    let envelope = Envelope {
        to: &stored_address(address)?,
        name: row.addressee_name.as_deref(),
        organisation: Some(&row.institution_id),
        request: Some(&row.origin_id),
        link: Some(link),
    };
    post(tx, &envelope, letter)
}

fn asked(
    tx: &mut Tx<'_>,
    row: &RequestRow,
    declined: Option<&RequestRow>,
    issued: Option<&Issued>,
) -> Result<RequestAsked, StorageError> {
    let institution = organisations::find(tx, &row.institution_id)?;
    let chain = Chain::read(tx, &row.origin_id)?;
    let forwarded_by = match chain.way_back(row).first() {
        Some(before) => Some(Forwarder {
            name: who(tx, before)?,
            message: row.message.clone(),
        }),
        None => None,
    };
    Ok(RequestAsked {
        institution: institution.map(|found| found.name).unwrap_or_default(),
        subject: subject_of(tx, row)?,
        forms: row.forms.split(' ').map(str::to_owned).collect(),
        due_on: row.due_on.as_deref().and_then(|day| day.parse().ok()),
        message: chain.asked_with(),
        forwarded_by,
        declined_by: declined.map(|declined| who(tx, declined)).transpose()?,
        good_until: issued.map(|issued| issued.good_until),
    })
}

/// Reminds whoever has the request, by the link that they have if they have one. Answers whether there is anybody who
/// could answer: a link may have been revoked, or its time be over.
pub(in crate::exchange) fn remind(tx: &mut Tx<'_>, row: &RequestRow) -> Result<bool, StorageError> {
    let institution = organisations::find(tx, &row.institution_id)?;
    let today = day_in_japan(tx.now());
    let due_on: Option<Date> = row.due_on.as_deref().and_then(|day| day.parse().ok());
    let letter = Letter::RequestReminder(RequestReminder {
        institution: institution.map(|found| found.name).unwrap_or_default(),
        subject: subject_of(tx, row)?,
        asked_on: day_in_japan(Moment(row.created_at).timestamp()),
        due_on,
        overdue: due_on.is_some_and(|day| day < today),
    });
    if let Some(vendor) = &row.vendor_id {
        tx.notify(vendor, "request_reminder", &subject(row, row))?;
        write_to(tx, vendor, &letter, Some(&row.id))?;
        return Ok(true);
    }
    let Some(link) = links::current(tx, row)? else {
        return Ok(false);
    };
    post_to_addressee(tx, row, &link, &letter)?;
    Ok(true)
}

/// Tells what happened to `last` to the vendors on its way back and to the institution.
pub(in crate::exchange) fn go_back(
    tx: &mut Tx<'_>,
    way: &[&RequestRow],
    last: &RequestRow,
    turn: RequestTurn,
) -> Result<(), StorageError> {
    for row in way {
        if let Some(vendor) = &row.vendor_id {
            tx.notify(vendor, kind(turn), &subject(row, last))?;
        }
    }
    tell_institution(tx, last, turn)?;
    let (subject, who) = (subject_of(tx, last)?, who(tx, last)?);
    let letter = Letter::RequestNews(RequestNews { turn, subject, who });
    write_to(tx, &last.institution_id, &letter, Some(&last.origin_id))
}

/// Tells the institution what happened to `last` in its feed alone: enough where it is told in the answer to its question.
pub(super) fn tell_institution(
    tx: &mut Tx<'_>,
    last: &RequestRow,
    turn: RequestTurn,
) -> Result<(), StorageError> {
    let who = who(tx, last)?;
    let told = json!({
        "request": last.origin_id, "product": last.product_id, "reason": last.reason, "who": who,
    });
    tx.notify(&last.institution_id, kind(turn), &told.to_string())
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
