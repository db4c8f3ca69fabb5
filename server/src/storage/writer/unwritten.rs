//! Entries of the audit trail that wait for the next commit: those of requests that changed nothing.
//!
//! In memory, and bounded: [`Unwritten::has_room`] is asked before a request is served, so that none goes unrecorded.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kaiji_schema::audit::Deed;

/// How many may wait before further requests are refused.
const MOST: usize = 20_000;

/// How many are worth a commit of their own before their time.
const WORTH_A_COMMIT: usize = 1_000;

#[derive(Default)]
pub(super) struct Unwritten(Mutex<VecDeque<Deed>>);

impl Unwritten {
    pub(super) fn has_room(&self) -> bool {
        self.deeds().len() < MOST
    }

    pub(super) fn is_empty(&self) -> bool {
        self.deeds().is_empty()
    }

    /// Adds one; answers whether so many wait now that the writer should not be left to its time.
    pub(super) fn push(&self, deed: Deed) -> bool {
        let mut deeds = self.deeds();
        deeds.push_back(deed);
        deeds.len().is_multiple_of(WORTH_A_COMMIT)
    }

    /// Takes all out.
    pub(super) fn take(&self) -> Vec<Deed> {
        self.deeds().drain(..).collect()
    }

    /// Puts those back that were taken, before those that came since.
    pub(super) fn give_back(&self, taken: Vec<Deed>) {
        let mut deeds = self.deeds();
        for deed in taken.into_iter().rev() {
            deeds.push_front(deed);
        }
    }

    fn deeds(&self) -> MutexGuard<'_, VecDeque<Deed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
