//! What all who hold a product are to learn: posted with the statement, spread by a job in bounded batches.
//!
//! A product that ten thousand institutions hold must not make one submission wait for ten thousand rows.

use std::collections::BTreeMap;

use kaiji_schema::comparison::{Outcome, compare};
use kaiji_schema::jws::{Document, Jws, Verified};
use kaiji_schema::letter::{Letter, News, ProductTransferred, StatementNews};
use kaiji_schema::requirement::RequirementSets;
use kaiji_schema::statement::Statement;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::letters::write_to;
use super::products::Release;
use super::questions::target::compared_items;
use super::submit_statement::row_of;
use super::{Exchange, stored_digest};
use crate::storage::comparisons::{self, ComparisonRow};
use crate::storage::events::{self, AnnouncementRow};
use crate::storage::products::{self, ProductRow};
use crate::storage::questions::item_key;
use crate::storage::statements::{self, StatementRow};
use crate::storage::{DbConnection, Error as StorageError, Tx, organisations};

/// How many institutions one step tells; so many that it does not hold the writer up for long.
const BATCH: i64 = 200;

/// The kind of event that says that a statement came in.
const RECEIVED: &str = "statement_received";

/// The kind of event that says that a statement was taken back.
const WITHDRAWN: &str = "statement_withdrawn";

/// The kind of event that says that a statement still holds.
const CONFIRMED: &str = "statement_confirmed";

/// The kind of event that says that a product is another vendor's.
const TRANSFERRED: &str = "product_transferred";

/// Something to be told to all who hold a product.
#[derive(Debug, Clone)]
pub(super) struct Announcement {
    product: String,
    kind: &'static str,
    subject: Value,
    /// A statement; whoever it was delivered to learns of this as well, if this is not secret.
    also_delivered: Option<String>,
}

impl Announcement {
    /// A statement came in; where it is a later revision, with what it changes.
    pub(super) fn statement_received(
        verified: &Verified<Statement>,
        revised: Option<Revised>,
    ) -> Self {
        let statement = verified.document();
        let changes = revised.map(|revised| revised.changes(statement));
        let subject = json!({
            "statement": verified.sha256().to_string(),
            "product": statement.product.id,
            "form": statement.form.as_str(),
            "form_edition": statement.form_edition,
            "revision": statement.revision,
            "supersedes": statement.supersedes.map(|sha256| sha256.to_string()),
            "changes": changes,
        });
        Self {
            product: statement.product.id.clone(),
            kind: RECEIVED,
            subject,
            also_delivered: statement.supersedes.map(|sha256| sha256.to_string()),
        }
    }

    /// A statement was taken back.
    pub(super) fn statement_withdrawn(row: &StatementRow, reason: &str) -> Self {
        let subject = json!({
            "statement": row.sha256,
            "product": row.product_id,
            "form": row.form,
            "revision": row.revision,
            "reason": reason,
        });
        Self {
            product: row.product_id.clone(),
            kind: WITHDRAWN,
            subject,
            also_delivered: Some(row.sha256.clone()),
        }
    }

    /// A statement still holds.
    pub(super) fn statement_confirmed(row: &StatementRow, confirmed_on: &str) -> Self {
        let subject = json!({
            "statement": row.sha256,
            "product": row.product_id,
            "form": row.form,
            "revision": row.revision,
            "confirmed_on": confirmed_on,
        });
        Self {
            product: row.product_id.clone(),
            kind: CONFIRMED,
            subject,
            also_delivered: Some(row.sha256.clone()),
        }
    }

    /// A product is another vendor's.
    pub(super) fn product_transferred(product: &str, subject: Value) -> Self {
        Self {
            product: product.to_owned(),
            kind: TRANSFERRED,
            subject,
            also_delivered: None,
        }
    }

    /// The kind of event.
    pub(super) fn kind(&self) -> &'static str {
        self.kind
    }

    /// Leaves it to be spread, and tells the vendor at once.
    pub(super) fn post(&self, tx: &mut Tx<'_>, vendor_id: &str) -> Result<(), StorageError> {
        let subject = self.subject.to_string();
        tx.notify(vendor_id, self.kind, &subject)?;
        let number = tx.last_event();
        let created_at = tx.now().as_millisecond();
        events::announce(
            tx,
            &AnnouncementRow {
                number,
                product_id: self.product.clone(),
                kind: self.kind.to_owned(),
                subject,
                also_delivered: self.also_delivered.clone(),
                announced_up_to: String::new(),
                created_at,
            },
        )
    }
}

/// The revision that a new one supersedes, and the outcomes that change with it.
pub(super) struct Revised {
    statement: Statement,
    outcomes: Vec<Value>,
    answered: Vec<String>,
}

impl Revised {
    /// Reads the earlier revision and sets its outcomes beside those of the new one.
    pub(super) fn read(
        connection: &mut DbConnection,
        earlier: &str,
        compared: &[ComparisonRow],
        sets: &RequirementSets,
    ) -> Result<Option<Self>, StorageError> {
        let Some(jws) = statements::jws(connection, earlier)? else {
            return Ok(None);
        };
        let statement = stored_statement(&jws)?;
        let (mut outcomes, mut answered) = (Vec::new(), Vec::new());
        for new in compared {
            let kept = comparisons::find(connection, earlier, &new.requirement_set_sha256)?;
            // A set that came after the earlier revision was never compared with it.
            let compared_now = || {
                let set = sets.find(&new.requirement_set)?;
                Some(row_of(&compare(&statement, None, set), set))
            };
            if let Some(old) = kept.or_else(compared_now) {
                outcomes.extend(changed_outcomes(&old, new)?);
                answered.extend(answered_items(&old, new)?);
            }
        }
        Ok(Some(Self {
            statement,
            outcomes,
            answered,
        }))
    }

    /// The items whose questions the new revision answers, as answers name them.
    pub(super) fn answered(&self) -> Vec<String> {
        self.answered.clone()
    }

    fn changes(self, later: &Statement) -> Value {
        let changes = later.changes_since(&self.statement);
        let answers: Vec<String> = changes
            .iter()
            .filter_map(|change| change.number.map(|number| number.to_string()))
            .collect();
        let items: Vec<&str> = changes.iter().filter_map(|change| change.item).collect();
        json!({ "answers": answers, "annex": items, "outcomes": self.outcomes })
    }
}

fn changed_outcomes(old: &ComparisonRow, new: &ComparisonRow) -> Result<Vec<Value>, StorageError> {
    let before = outcomes(old)?;
    let changed = outcomes(new)?
        .into_iter()
        .filter(|(item, outcome)| before.get(item) != Some(outcome));
    Ok(changed
        .map(|(item, outcome)| {
            json!({
                "requirement_set": new.requirement_set,
                "before": before.get(&item).map(|outcome| outcome.as_str()),
                "after": outcome.as_str(),
                "item": item,
            })
        })
        .collect())
}

fn answered_items(old: &ComparisonRow, new: &ComparisonRow) -> Result<Vec<String>, StorageError> {
    let before = compared_items(old)?;
    let before: BTreeMap<_, _> = before.iter().map(|item| (&item.id, item)).collect();
    let items = compared_items(new)?.into_iter();
    let answered = items.filter(|item| item.answers(before.get(&item.id).copied()));
    Ok(answered
        .map(|item| item_key(&new.requirement_set, &item.id))
        .collect())
}

fn outcomes(row: &ComparisonRow) -> Result<BTreeMap<String, Outcome>, StorageError> {
    Ok(compared_items(row)?
        .into_iter()
        .map(|item| (item.id.into_owned(), item.outcome))
        .collect())
}

/// A statement read back from its stored bytes, which were verified when they came in.
pub(super) fn stored_statement(jws: &str) -> Result<Statement, StorageError> {
    let corrupt = |what: String| StorageError::Corrupt(format!("stored statement: {what}"));
    let jws = Jws::parse(jws).map_err(|refusal| corrupt(refusal.to_string()))?;
    Statement::parse(jws.payload()).map_err(|violations| corrupt(violations.to_string()))
}

impl Exchange {
    /// Tells the next institutions of the oldest announcements. Answers whether there was anything to do.
    pub fn spread_announcements(&self) -> Result<bool, StorageError> {
        // Asked outside first: an idle service does not write.
        if self.db.read(events::next_announcement)?.is_none() {
            return Ok(false);
        }
        let spread = self.db.write(|tx| {
            let mut room = BATCH;
            while room > 0 {
                let Some(next) = events::next_announcement(tx)? else {
                    break;
                };
                // One that nobody is told of has its cost, too.
                room -= spread(tx, &next, room)?.max(1);
            }
            Ok::<_, StorageError>(room < BATCH)
        })?;
        Ok(spread.value)
    }
}

/// Tells at most `most` of those who hold the product and do not know yet. Answers how many were told.
fn spread(tx: &mut Tx<'_>, announced: &AnnouncementRow, most: i64) -> Result<i64, StorageError> {
    let AnnouncementRow {
        number,
        product_id,
        also_delivered,
        announced_up_to,
        ..
    } = announced;
    let Some(product) = products::find(tx, product_id)? else {
        return Err(StorageError::Corrupt(format!(
            "announcement {number}: {product_id}"
        )));
    };
    let listed = product.release == Release::Listed.as_str();
    // A revision tells of contents, which are for those alone who may read it; the others do not.
    let open_to_all = listed || [WITHDRAWN, CONFIRMED].contains(&announced.kind.as_str());
    let delivered = also_delivered.as_deref().filter(|_| open_to_all);
    // Whoever only has the product among its systems learns what everybody may know, and nothing of contents.
    let users_too = listed || announced.kind == TRANSFERRED;
    let holders = products::holders(tx, product_id, users_too, delivered, announced_up_to, most)?;
    let letter = letter(tx, announced, &product)?;
    for holder in &holders {
        tx.notify(holder, &announced.kind, &announced.subject)?;
        if let Some(letter) = &letter {
            write_to(tx, holder, letter, None)?;
        }
    }
    let told = i64::try_from(holders.len()).unwrap_or(most);
    match holders.last() {
        Some(last) if told == most => events::announced(tx, *number, last)?,
        _ => events::finish_announcement(tx, *number)?,
    }
    Ok(told)
}

/// What the holders are told by letter. It says no more than the event: which revision of which form.
fn letter(
    tx: &mut Tx<'_>,
    announced: &AnnouncementRow,
    product: &ProductRow,
) -> Result<Option<Letter>, StorageError> {
    if announced.kind == TRANSFERRED {
        return product_transferred(tx, announced, product).map(Some);
    }
    let news = match announced.kind.as_str() {
        RECEIVED => News::Received,
        WITHDRAWN => News::Withdrawn,
        CONFIRMED => News::Confirmed,
        _ => return Ok(None),
    };
    let subject: Subject = subject(announced)?;
    let vendor = organisations::find(tx, &product.vendor_id)?;
    Ok(Some(Letter::StatementNews(StatementNews {
        news,
        vendor: vendor.map(|vendor| vendor.name).unwrap_or_default(),
        product: product.name.clone(),
        form: subject.form,
        revision: subject.revision,
    })))
}

fn product_transferred(
    tx: &mut Tx<'_>,
    announced: &AnnouncementRow,
    product: &ProductRow,
) -> Result<Letter, StorageError> {
    let sides: Sides = subject(announced)?;
    let from = organisations::find(tx, &sides.from)?;
    let to = organisations::find(tx, &sides.to)?;
    Ok(Letter::ProductTransferred(ProductTransferred {
        product: product.name.clone(),
        from: from.map(|found| found.name).unwrap_or_default(),
        to: to.map(|found| found.name).unwrap_or_default(),
    }))
}

fn subject<S: DeserializeOwned>(announced: &AnnouncementRow) -> Result<S, StorageError> {
    serde_json::from_str(&announced.subject).map_err(|error| {
        StorageError::Corrupt(format!("announcement {}: {error}", announced.number))
    })
}

/// What an announcement says of its statement.
#[derive(Deserialize)]
struct Subject {
    form: String,
    revision: u64,
}

/// Between which vendors a product moved.
#[derive(Deserialize)]
struct Sides {
    from: String,
    to: String,
}

/// The name of a statement in an address: 64 hex digits, or nothing that could be held.
pub(super) fn named(sha256: &str) -> Option<String> {
    stored_digest(sha256).ok().map(|digest| digest.to_string())
}
