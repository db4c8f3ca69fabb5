//! A vendor confirms that a statement still holds: one signed line instead of a new revision (guideline 7.0, section 3:
//! to be asked for once a year or so).

use kaiji_schema::receipt::Event;
use kaiji_schema::signed::Confirmation;
use kaiji_schema::violation::Violations;
use serde::Serialize;

use super::announce::{Announcement, named};
use super::time::day_in_japan;
use super::vendors_word::{VendorsWordError, standing};
use super::{Exchange, Moment, violation};
use crate::actor::Actor;
use crate::storage::confirmations::{self, ConfirmationRow};
use crate::storage::log;
use crate::storage::statements::StatementRow;

/// The receipt of a confirmation.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Confirmed {
    /// The statement that still holds.
    pub statement: String,
    /// The day on which the vendor looked.
    pub confirmed_on: String,
    /// When the service received the confirmation.
    #[schema(value_type = String)]
    pub received_at: Moment,
    /// The place in the log.
    pub leaf_index: i64,
    /// The receipt, a compact JWS of the service.
    pub receipt: String,
}

impl Exchange {
    /// Keeps a vendor's word that the newest revision of a chain still holds. The same day again answers the first
    /// receipt.
    pub fn confirm_statement(
        &self,
        actor: &Actor,
        sha256: &str,
        document: &str,
    ) -> Result<Confirmed, VendorsWordError> {
        let sha256 = named(sha256).ok_or(VendorsWordError::NotFound)?;
        let (confirmation, kid) = self.read_word_about::<Confirmation>(actor, &sha256, document)?;
        let (vendor, jws) = (actor.organisation.clone(), document.to_owned());
        let confirmed = self.write(actor, move |tx| {
            let now = tx.now();
            let (row, entry) = standing(tx, &vendor, &kid, &sha256, Event::StatementConfirmed)?;
            let day = confirmation.confirmed_on;
            if let Some(held) = confirmations::find(tx, &row.sha256, &day.to_string())? {
                let receipt = log::receipt(tx, held.leaf)?;
                return Ok((held, Some(receipt)));
            }
            refuse_day(&row, &day.to_string(), &day_in_japan(now).to_string())?;
            let held = ConfirmationRow {
                statement_sha256: row.sha256.clone(),
                confirmed_on: day.to_string(),
                jws: jws.clone(),
                leaf: tx.append(entry),
                received_at: now.as_millisecond(),
            };
            confirmations::insert(tx, &held)?;
            Announcement::statement_confirmed(&row, &held.confirmed_on).post(tx, &vendor)?;
            Ok::<_, VendorsWordError>((held, None))
        })?;
        let ((held, stored), leaf) = confirmed.into_value_and_leaf();
        let receipt = stored.or_else(|| leaf.map(|leaf| leaf.receipt));
        Ok(Confirmed {
            statement: held.statement_sha256,
            confirmed_on: held.confirmed_on,
            received_at: Moment(held.received_at),
            leaf_index: held.leaf,
            receipt: receipt.unwrap_or_default(),
        })
    }
}

/// Days are compared as they are written: `YYYY-MM-DD`.
fn refuse_day(row: &StatementRow, day: &str, today: &str) -> Result<(), Violations> {
    let refuse = |code, detail: String| Err(violation("/confirmed_on", code, detail));
    if day > today {
        return refuse("future", format!("in Japan it is {today}"));
    }
    if day < row.issued_on.as_str() {
        let detail = format!("the statement was made on {}", row.issued_on);
        return refuse("before_statement", detail);
    }
    match &row.confirmed_on {
        Some(newest) if day < newest.as_str() => refuse(
            "not_newest",
            format!("it was confirmed on {newest} already"),
        ),
        _ => Ok(()),
    }
}
