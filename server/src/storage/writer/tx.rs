//! A transaction as a change sees it: rows to write, the next leaf and the next event to take.

use std::ops::{Deref, DerefMut};

use jiff::Timestamp;
use kaiji_schema::audit::Deed;

use crate::storage::backend::{DbConnection, Head};
use crate::storage::{Entry, Error, audit, events};

/// A transaction in progress: a connection, the time that its receipts bear, and the ends of the log and the feed.
pub struct Tx<'c> {
    pub(super) connection: &'c mut DbConnection,
    pub(super) head: Head,
    pub(super) pending: Vec<Entry>,
    pub(super) object: Option<String>,
    pub(super) now: Timestamp,
}

impl Tx<'_> {
    /// When this transaction happens: never before the receipt that precedes it, whatever the clock says.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Reserves the next leaf of the log for `entry`. Its receipt is signed when the closure has succeeded.
    pub fn append(&mut self, entry: Entry) -> i64 {
        let index = self.head.size;
        self.head.size += 1;
        self.pending.push(entry);
        index
    }

    /// Names what the change is about, for its entry in the audit trail.
    pub fn concerns(&mut self, object: &str) {
        self.object = Some(object.to_owned());
    }

    /// Tells the audit trail of this change, with what it said that it concerns and its first leaf.
    pub fn record(&mut self, mut deed: Deed) -> Result<(), Error> {
        if let Some(object) = self.object.take() {
            deed.object = object;
        }
        let appended = i64::try_from(self.pending.len()).unwrap_or(0);
        let leaf = (appended > 0).then_some(self.head.size - appended);
        let deeds = [(deed, leaf)];
        self.head.audit = audit::append(self.connection, self.head.audit, deeds)?;
        Ok(())
    }

    /// The number of the last event that anybody was told.
    pub fn last_event(&self) -> i64 {
        self.head.last_event
    }

    /// Tells an organisation of something, as the next event of its feed.
    pub fn notify(
        &mut self,
        organisation_id: &str,
        kind: &str,
        subject: &str,
    ) -> Result<(), Error> {
        let number = self.head.last_event + 1;
        let occurred_at = self.now.as_millisecond();
        events::insert(
            self.connection,
            events::EventRow {
                number,
                organisation_id: organisation_id.to_owned(),
                kind: kind.to_owned(),
                occurred_at,
                subject: subject.to_owned(),
            },
        )?;
        self.head.last_event = number;
        Ok(())
    }
}

impl Deref for Tx<'_> {
    type Target = DbConnection;

    fn deref(&self) -> &DbConnection {
        self.connection
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut DbConnection {
        self.connection
    }
}
