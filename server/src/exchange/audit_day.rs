//! Each day of the audit trail ends with a leaf of the log, and the whole trail can be verified.
//!
//! The leaf says how many entries there were when the day was closed, and the hash of the last that happened on it.
//! One that comes in later (of an instance that was cut off from the database) belongs to the next day that is closed.

use jiff::SignedDuration;
use jiff::civil::Date;
use kaiji_schema::Digest;
use kaiji_schema::audit::{BrokenTrail, Trail, day_of, end_of};
use kaiji_schema::jws::{Document as _, Jws};
use kaiji_schema::receipt::{Event, Receipt};

use super::Exchange;
use crate::storage::audit::{self, AuditHeadRow};
use crate::storage::{DbConnection, Entry, Error as StorageError, backend, log};

/// How long after midnight a day is closed: every instance has written what it had in memory.
const GRACE: SignedDuration = SignedDuration::from_mins(1);

/// How many entries are read at once.
const AT_ONCE: i64 = 1_000;

/// What a verification of the whole audit trail found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditTrailFindings {
    /// How many entries it has.
    pub entries: u64,
    /// The hash of the last.
    pub head: Digest,
    /// How many days of it are closed, each with a leaf of the log.
    pub days: u64,
}

/// Why the audit trail is not the one that was written.
#[derive(Debug, thiserror::Error)]
pub enum AuditTrailError {
    /// An entry was changed, or is missing.
    #[error(transparent)]
    Broken(#[from] BrokenTrail),
    /// A day does not agree with the entries or with the log.
    #[error("{0}")]
    Day(String),
    /// The trail does not end where it was noted to end.
    #[error("the trail has {found} entries and should have {expected}, or its last hash differs")]
    End {
        /// How many there are.
        found: u64,
        /// How many were noted.
        expected: u64,
    },
    /// The rows could not be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// A day that is over and not closed yet.
struct Due {
    day: Date,
    trail: Trail,
}

impl Exchange {
    /// Closes the oldest day that is over, if there is one. Answers whether there was.
    pub fn close_audit_day(&self) -> Result<bool, StorageError> {
        let now = self.clock.now().as_millisecond();
        // Asked outside first: an idle service does not write.
        if self.db.read(|c| due(c, now))?.is_none() {
            return Ok(false);
        }
        let closed = self.db.write(|tx| {
            let now = tx.now().as_millisecond();
            // Asked again: another instance may have been first, and what waited in memory is there now.
            let Some(Due { day, trail }) = due(tx, now)? else {
                return Ok(false);
            };
            let leaf = tx.append(Entry {
                audit_head: Some((day, trail.entries, trail.head)),
                ..Entry::new(Event::AuditHead)
            });
            let row = AuditHeadRow {
                day: day.to_string(),
                entries: i64::try_from(trail.entries).unwrap_or(i64::MAX),
                head: trail.head.to_string(),
                leaf,
            };
            audit::insert_head(tx, &row)?;
            Ok::<_, StorageError>(true)
        })?;
        Ok(closed.value)
    }

    /// Verifies the whole audit trail ([`verify_audit_trail`]).
    pub fn verify_audit_trail(&self) -> Result<AuditTrailFindings, AuditTrailError> {
        self.db.read(verify_audit_trail)
    }
}

/// Reads the whole audit trail as it is at one moment, from its first entry on, and checks every number, every hash, and
/// every closed day with its leaf. Takes as long as the trail is, but no more memory for a long one.
pub fn verify_audit_trail(
    connection: &mut DbConnection,
) -> Result<AuditTrailFindings, AuditTrailError> {
    backend::at_one_moment(connection, |connection| {
        let end = audit::end(connection)?;
        let mut trail = Trail::default();
        let mut days = Days {
            next: audit::next_head(connection, "")?,
            closed: 0,
        };
        while days.follow(connection, &mut trail)? {}
        if trail != end {
            return Err(AuditTrailError::End {
                found: trail.entries,
                expected: end.entries,
            });
        }
        if let Some(row) = &days.next {
            let detail = format!("{} does not end with an entry of the trail", row.day);
            return Err(AuditTrailError::Day(detail));
        }
        let leaves = audit::leaves_of(connection, Event::AuditHead.as_str())?;
        if u64::try_from(leaves) != Ok(days.closed) {
            let detail = format!("the log closes {leaves} days and the trail {}", days.closed);
            return Err(AuditTrailError::Day(detail));
        }
        Ok(AuditTrailFindings {
            entries: trail.entries,
            head: trail.head,
            days: days.closed,
        })
    })
}

/// The oldest day that is over and not closed, and the trail up to its end.
fn due(connection: &mut DbConnection, now: i64) -> Result<Option<Due>, StorageError> {
    let last = audit::last_head(connection)?;
    let from = last.as_ref().map_or(Ok(0), entries_of)?;
    let Some(first) = audit::entries(connection, from, 1)?.pop() else {
        return Ok(None);
    };
    let mut day = day_of(first.occurred_at);
    if let Some(last) = &last {
        day = day.max(day_after(last)?);
    }
    let end = end_of(day);
    if now < end.saturating_add(i64::try_from(GRACE.as_millis()).unwrap_or(0)) {
        return Ok(None);
    }
    let missing = || StorageError::Corrupt(format!("no entry of {day}"));
    let last = audit::last_before(connection, end, from)?.ok_or_else(missing)?;
    let (entry, head) = last.into_entry()?;
    let entries = entry.number + 1;
    Ok(Some(Due {
        day,
        trail: Trail { entries, head },
    }))
}

fn entries_of(row: &AuditHeadRow) -> Result<u64, StorageError> {
    u64::try_from(row.entries).map_err(|_| StorageError::Corrupt(format!("entries of {}", row.day)))
}

fn day_after(row: &AuditHeadRow) -> Result<Date, StorageError> {
    let day = row.day.parse::<Date>().and_then(Date::tomorrow);
    day.map_err(|_| StorageError::Corrupt(format!("day {}", row.day)))
}

/// The closed days, met on the way along the trail.
struct Days {
    next: Option<AuditHeadRow>,
    closed: u64,
}

impl Days {
    /// Follows the trail some way further. Answers whether there was any more of it.
    fn follow(
        &mut self,
        connection: &mut DbConnection,
        trail: &mut Trail,
    ) -> Result<bool, AuditTrailError> {
        let rows = audit::entries(connection, trail.entries, AT_ONCE)?;
        let followed = !rows.is_empty();
        for row in rows {
            let (entry, hash) = row.into_entry()?;
            trail.follow(&entry, &hash)?;
            self.check(connection, trail)?;
        }
        Ok(followed)
    }

    /// Checks the day that ends with the entry that was followed last, if one does.
    fn check(
        &mut self,
        connection: &mut DbConnection,
        trail: &Trail,
    ) -> Result<(), AuditTrailError> {
        let Some(row) = &self.next else { return Ok(()) };
        if entries_of(row)? != trail.entries {
            return Ok(());
        }
        if row.head != trail.head.to_string() {
            let detail = format!("{} ends with another hash than its last entry", row.day);
            return Err(AuditTrailError::Day(detail));
        }
        agrees_with_its_leaf(connection, row)?;
        self.closed += 1;
        self.next = audit::next_head(connection, &row.day)?;
        Ok(())
    }
}

fn agrees_with_its_leaf(
    connection: &mut DbConnection,
    row: &AuditHeadRow,
) -> Result<(), AuditTrailError> {
    let receipt = log::find_receipt(connection, row.leaf)?;
    let receipt = receipt
        .and_then(|receipt| Jws::parse(&receipt).ok())
        .and_then(|jws| Receipt::parse(jws.payload()).ok());
    let agrees = receipt.is_some_and(|receipt| {
        receipt.event == Event::AuditHead
            && u64::try_from(row.leaf) == Ok(receipt.leaf_index)
            && receipt.audit_day.map(|day| day.to_string()).as_ref() == Some(&row.day)
            && receipt.audit_entries == entries_of(row).ok()
            && receipt.audit_head.map(|head| head.to_string()).as_ref() == Some(&row.head)
    });
    if agrees {
        return Ok(());
    }
    let detail = format!("{} is not what leaf {} says", row.day, row.leaf);
    Err(AuditTrailError::Day(detail))
}
