//! An institution assesses and treats the risk of each item that a comparison flags (リスク評価・リスク対応).
//!
//! A review goes from draft to submitted to approved, or is sent back. Every change is a row that stays; the approval is a
//! leaf of the log. Whether an approved one still stands follows from what it rests on and from what came since
//! (`standing`), so that nothing is carried over by anybody.

mod approve;
mod compared;
mod draft;
mod standing;
mod steps;
mod values;
mod view;

use jiff::civil::Date;
use kaiji_schema::review::{ApprovalRefused, Cause};
use kaiji_schema::violation::Violations;

use super::revision::Stale;
use super::time::day_in_japan;
use super::{Exchange, Page, Window};
use crate::actor::Actor;
use crate::storage::reviews;
use crate::storage::{DbConnection, Error as StorageError};

pub use approve::ApprovedReview;
pub use values::ReviewValues;
pub use view::{
    ApprovedView, EditionView, FindingView, GradeView, LevelView, ReviewChangeView, ReviewContent,
    ReviewDocument, ReviewView, WhoView,
};

pub(super) use compared::Comparer;
pub(super) use draft::Draft;
pub(super) use standing::{AsOf, ReviewedItem, of_rows, of_system, of_systems};
pub(super) use steps::by;

use view::Viewer;

/// Why a review is not shown, written, submitted, approved or sent back.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// There is no such system, or nothing to review at that item.
    #[error("there is no such system, or nothing to review under that item")]
    NotFound,
    /// The comparison does not flag the item.
    #[error("the item is not flagged: only 要リスク評価 and 要確認 are reviewed")]
    NotFlagged,
    /// It breaks rules.
    #[error(transparent)]
    Violations(#[from] Violations),
    /// It has changed since the caller read it.
    #[error(transparent)]
    Stale(#[from] Stale),
    /// It is somewhere else on its way.
    #[error(
        "the review is {0}: a draft or one that was sent back is submitted, a submitted one approved or sent back"
    )]
    State(&'static str),
    /// What it rests on is over.
    #[error("the item is another since this was written ({}): write the review anew", .0.as_str())]
    Outdated(Cause),
    /// Somebody else has to approve it.
    #[error(transparent)]
    Own(#[from] ApprovalRefused),
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Exchange {
    /// Every item of a system that is flagged or was reviewed, in the printed order.
    pub fn list_reviews(
        &self,
        actor: &Actor,
        system: &str,
        window: &Window,
    ) -> Result<Page<ReviewView>, ReviewError> {
        let as_of = self.as_of(&actor.organisation);
        self.db.read(|c| {
            let found = standing::of_system(c, as_of, system)?;
            let mut items = found.ok_or(ReviewError::NotFound)?;
            // Where the last one is gone meanwhile, rather all again than some left out.
            let last = items
                .iter()
                .position(|found| found.item == window.after_id());
            items.drain(..last.map_or(0, |last| last + 1));
            let viewer = Viewer::new(c, &actor.organisation)?;
            let page = window.page(
                items,
                |found| found.item.clone(),
                |found| viewer.view(&found),
            );
            Ok(Page {
                items: page
                    .items
                    .into_iter()
                    .collect::<Result<_, StorageError>>()?,
                next: page.next,
            })
        })
    }

    /// The review of a system's item as a whole, with its history.
    pub fn find_review(
        &self,
        actor: &Actor,
        system: &str,
        item: &str,
    ) -> Result<ReviewDocument, ReviewError> {
        let as_of = self.as_of(&actor.organisation);
        self.db.read(|c| {
            let found = look(c, as_of, system, item)?;
            let found = found.ok_or(ReviewError::NotFound)?;
            Ok(Viewer::new(c, &actor.organisation)?.whole(c, &found)?)
        })
    }

    /// The institution's reviews in the order of the days on which they are to be looked at again; those that are closed
    /// are passed over, so that a page may be shorter than asked for.
    pub fn list_due_reviews(
        &self,
        actor: &Actor,
        before: Option<Date>,
        window: &Window,
    ) -> Result<Page<ReviewView>, ReviewError> {
        let as_of = self.as_of(&actor.organisation);
        let before = before.map(|day| day.to_string());
        self.db.read(|c| {
            let institution = &actor.organisation;
            let after = window.after.as_deref().unwrap_or_default();
            let rows = reviews::by_day(c, institution, before.as_deref(), after, window.fetch())?;
            let page = window.page(rows, reviews::position, |row| row);
            let found = standing::of_rows(c, as_of, &page.items)?;
            let viewer = Viewer::new(c, institution)?;
            let alive = found.iter().filter(|item| !item.is_closed());
            let views = alive.map(|item| viewer.view(item));
            Ok(Page {
                items: views.collect::<Result<_, StorageError>>()?,
                next: page.next,
            })
        })
    }

    /// An institution's reviews as they stand now.
    pub(super) fn as_of<'a>(&self, institution_id: &'a str) -> AsOf<'a> {
        AsOf {
            institution_id,
            set: self.sets.current(),
            today: self.day(),
        }
    }

    /// The day that it is in Japan.
    pub(super) fn day(&self) -> Date {
        day_in_japan(self.clock.now())
    }
}

/// The item of a system, if it is flagged or was reviewed; an error where there is no such system.
fn look(
    connection: &mut DbConnection,
    as_of: AsOf<'_>,
    system: &str,
    item: &str,
) -> Result<Option<ReviewedItem>, ReviewError> {
    let found = standing::of_system(connection, as_of, system)?;
    let mut items = found.ok_or(ReviewError::NotFound)?.into_iter();
    Ok(items.find(|found| found.item == item))
}
