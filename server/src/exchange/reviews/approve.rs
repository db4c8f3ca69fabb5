//! A draft is submitted, and somebody else approves it or sends it back. The approval is a leaf of the log, which holds the
//! digest of the edition and no word of it.

use kaiji_schema::Digest;
use kaiji_schema::receipt::Event;
use kaiji_schema::review::{Authorship, ReviewState, may_approve};
use kaiji_schema::violation::Violations;
use serde::Serialize;

use super::draft::expect;
use super::standing::{Review, Written};
use super::steps::{self, Deed, by};
use super::view::{ReviewDocument, WhoView};
use super::{ReviewError, look};
use crate::actor::{Actor, Role, Roles, Scope, Scopes};
use crate::exchange::revision::{Revision, Stale};
use crate::exchange::time::day_in_japan;
use crate::exchange::{Exchange, Moment};
use crate::storage::reviews::{self, ChangeRow, ReviewRow};
use crate::storage::{
    Committed, DbConnection, Entry, Error as StorageError, Tx, clients, log, users,
};

/// An approval, with its receipt.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ApprovedReview {
    /// The review's id.
    pub review: String,
    /// The number of the edition that was approved.
    pub edition: i64,
    /// When.
    #[schema(value_type = String)]
    pub approved_at: Moment,
    /// By whom.
    pub approved_by: WhoView,
    /// Whether its own author approved it, since nobody else could.
    pub approved_alone: bool,
    /// When it is to be looked at again.
    pub next_review_on: Option<String>,
    /// SHA-256 of the edition's document, which is in the receipt.
    pub review_sha256: String,
    /// The place in the log.
    pub leaf_index: i64,
    /// The receipt, a compact JWS of the service.
    pub receipt: String,
}

impl Exchange {
    /// Submits the draft of a review to whoever approves it.
    pub fn submit_review(
        &self,
        actor: &Actor,
        system: &str,
        item: &str,
        expected: Option<Revision>,
    ) -> Result<ReviewDocument, ReviewError> {
        let review = self.review_to_move(actor, system, item, expected)?;
        match review.state {
            ReviewState::Draft | ReviewState::SentBack => {}
            state => return Err(ReviewError::State(state.as_str())),
        }
        self.refuse_unfit(&review)?;
        self.step(actor, review.row, Deed::Submitted, None)?;
        self.find_review(actor, system, item)
    }

    /// Sends a submitted review back to whoever wrote it.
    pub fn send_review_back(
        &self,
        actor: &Actor,
        system: &str,
        item: &str,
        reason: String,
        expected: Option<Revision>,
    ) -> Result<ReviewDocument, ReviewError> {
        let review = self.review_to_move(actor, system, item, expected)?;
        if review.state != ReviewState::Submitted {
            return Err(ReviewError::State(review.state.as_str()));
        }
        self.step(actor, review.row, Deed::SentBack, Some(reason))?;
        self.find_review(actor, system, item)
    }

    /// Approves a submitted review. Doing it again answers the first receipt.
    pub fn approve_review(
        &self,
        actor: &Actor,
        system: &str,
        item: &str,
        expected: Option<Revision>,
    ) -> Result<ApprovedReview, ReviewError> {
        let found = self.reviewed(actor, system, item)?;
        if let (ReviewState::Approved, Some(approved)) = (found.state, &found.approved) {
            return Ok(self.db.read(|c| before(c, &found.row, approved))?);
        }
        expect(found.row.revision, expected)?;
        if found.state != ReviewState::Submitted {
            return Err(ReviewError::State(found.state.as_str()));
        }
        self.refuse_unfit(&found)?;
        let asking = actor.clone();
        let approved = self.write(actor, move |tx| approve(tx, &asking, &found))?;
        Ok(with_receipt(approved)?)
    }

    fn reviewed(&self, actor: &Actor, system: &str, item: &str) -> Result<Review, ReviewError> {
        let as_of = self.as_of(&actor.organisation);
        self.db.read(|c| {
            let found = look(c, as_of, system, item)?;
            let found = found.ok_or(ReviewError::NotFound)?;
            let is_flagged = found.flagged().is_some();
            let review = found.review.ok_or(ReviewError::NotFound)?;
            if is_flagged || review.state == ReviewState::Approved {
                Ok(review)
            } else {
                Err(ReviewError::NotFlagged)
            }
        })
    }

    fn review_to_move(
        &self,
        actor: &Actor,
        system: &str,
        item: &str,
        expected: Option<Revision>,
    ) -> Result<Review, ReviewError> {
        let review = self.reviewed(actor, system, item)?;
        expect(review.row.revision, expected)?;
        Ok(review)
    }

    /// Refuses an edition that rests on what is over, or that is not complete.
    fn refuse_unfit(&self, review: &Review) -> Result<(), ReviewError> {
        if let Some(cause) = review.outdated {
            return Err(ReviewError::Outdated(cause));
        }
        let content = &review.written.edition.content;
        Ok(Violations::from_vec(content.obstacles(self.day()))?)
    }

    fn step(
        &self,
        actor: &Actor,
        seen: ReviewRow,
        deed: Deed,
        reason: Option<String>,
    ) -> Result<(), ReviewError> {
        let asking = actor.clone();
        self.write(actor, move |tx| {
            let row = unchanged(tx, &seen)?;
            let by = by(tx, &asking)?;
            let change = ChangeRow {
                reason: reason.clone(),
                ..steps::next(tx, &row, &by, deed)
            };
            Ok::<_, ReviewError>(steps::put_down(tx, row, &change, deed)?)
        })?;
        Ok(())
    }
}

/// The review's row, if it is still what was looked at.
fn unchanged(tx: &mut Tx<'_>, seen: &ReviewRow) -> Result<ReviewRow, ReviewError> {
    let found = reviews::find(tx, &seen.institution_id, &seen.system_id, &seen.item)?;
    let row = found.ok_or(ReviewError::NotFound)?;
    if row.revision == seen.revision {
        Ok(row)
    } else {
        Err(Stale(Revision(row.revision)).into())
    }
}

fn approve(tx: &mut Tx<'_>, actor: &Actor, review: &Review) -> Result<ApprovedReview, ReviewError> {
    let row = unchanged(tx, &review.row)?;
    let approved_alone = is_alone(tx, actor, review)?;
    let Written { edition, change } = &review.written;
    let document = change.document.clone().unwrap_or_default();
    let sha256 = Digest::of(document.as_bytes());
    let leaf = tx.append(Entry {
        institution: Some(row.institution_id.clone()),
        agent: actor.agent.clone(),
        statement_sha256: Some(edition.basis.source.statement),
        review_sha256: Some(sha256),
        ..Entry::new(Event::ReviewApproved)
    });
    let by = by(tx, actor)?;
    let change = ChangeRow {
        document: Some(document),
        approved_alone: Some(approved_alone),
        leaf: Some(leaf),
        ..steps::next(tx, &row, &by, Deed::Approved)
    };
    let next = edition.content.next_review(day_in_japan(tx.now()));
    let row = ReviewRow {
        approved: Some(change.number),
        review_on: Some(next.to_string()),
        ..row
    };
    let view = view(&row, edition.edition, &change, sha256)?;
    steps::put_down(tx, row, &change, Deed::Approved)?;
    Ok(view)
}

/// Whether this is an approval by its own author; refused where somebody else could approve.
fn is_alone(tx: &mut Tx<'_>, actor: &Actor, review: &Review) -> Result<bool, ReviewError> {
    let changes = reviews::changes(tx, &review.row.id)?;
    let submitted = Deed::Submitted.as_str();
    let submitter = changes.iter().rfind(|change| change.deed == submitted);
    let author = &review.written.change.by_id;
    let trusted = trusted(tx, &review.row.institution_id)?;
    let trusted: Vec<&str> = trusted.iter().map(String::as_str).collect();
    let authorship = Authorship {
        author,
        submitter: submitter.map_or(author, |change| &change.by_id),
    };
    Ok(may_approve(actor.by.id(), authorship, &trusted)?)
}

/// All who may approve in an institution: people who are trusted with it, programs with the scope.
fn trusted(
    connection: &mut DbConnection,
    institution_id: &str,
) -> Result<Vec<String>, StorageError> {
    let corrupt = |error: String| StorageError::Corrupt(error);
    let mut trusted = Vec::new();
    for (id, roles) in users::roles_of_active(connection, institution_id)? {
        let roles: Roles = roles.parse().map_err(|error| corrupt(format!("{error}")))?;
        trusted.extend(roles.contains(Role::Approver).then_some(id));
    }
    for (id, scopes) in clients::scopes_of_enabled(connection, institution_id)? {
        let scopes: Scopes = scopes
            .parse()
            .map_err(|error| corrupt(format!("{error}")))?;
        trusted.extend(scopes.contains(Scope::ReviewsWrite).then_some(id));
    }
    Ok(trusted)
}

fn view(
    row: &ReviewRow,
    edition: i64,
    change: &ChangeRow,
    sha256: Digest,
) -> Result<ApprovedReview, StorageError> {
    let no_leaf = || StorageError::Corrupt(format!("approval of {} without a leaf", row.id));
    Ok(ApprovedReview {
        review: row.id.clone(),
        edition,
        approved_at: Moment(change.occurred_at),
        approved_by: WhoView::of(change),
        approved_alone: change.approved_alone.unwrap_or_default(),
        next_review_on: row.review_on.clone(),
        review_sha256: sha256.to_string(),
        leaf_index: change.leaf.ok_or_else(no_leaf)?,
        receipt: String::new(),
    })
}

/// An approval that was given before.
fn before(
    connection: &mut DbConnection,
    row: &ReviewRow,
    Written { edition, change }: &Written,
) -> Result<ApprovedReview, StorageError> {
    let document = change.document.as_deref().unwrap_or_default();
    let given = view(
        row,
        edition.edition,
        change,
        Digest::of(document.as_bytes()),
    )?;
    Ok(ApprovedReview {
        receipt: log::receipt(connection, given.leaf_index)?,
        ..given
    })
}

/// The receipt of a new one is signed after the change.
fn with_receipt(approved: Committed<ApprovedReview>) -> Result<ApprovedReview, StorageError> {
    let (approved, leaf) = approved.into_value_and_leaf();
    let missing = || StorageError::Corrupt(format!("no leaf {}", approved.leaf_index));
    let receipt = leaf.ok_or_else(missing)?.receipt;
    Ok(ApprovedReview {
        receipt,
        ..approved
    })
}
