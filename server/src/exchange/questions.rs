//! An institution puts a flagged item back to the vendor; the vendor answers with a later revision or with a remark.
//!
//! A question is one institution's; the vendor sees those about one item of one chain (product and form) together. An
//! answer by revision is found when the revision comes in; a remark changes no answer and no comparison, it is shown
//! beside them. Where a person attested the answers through a link, asking is a new request to the same address.

pub(super) mod answer;
mod ask;
mod asked;
mod new;
pub(super) mod target;
mod view;

use kaiji_schema::violation::Violations;
use serde_json::json;

use super::idempotency::IdempotencyError;
use super::requests::RequestError;
use super::{Exchange, Page, Window};
use crate::actor::Actor;
use crate::storage::questions::{self, AnsweredRow, QuestionRow};
use crate::storage::{Error as StorageError, Tx, products, systems};

pub use ask::QuestionsAsked;
pub use asked::{AskedItemView, AskedQuestionView};
pub use new::{NewQuestions, Remark};
pub use view::{InstitutionQuestionView, QuestionAnswerView, QuestionState};

/// Why a question was not asked, answered or found.
#[derive(Debug, thiserror::Error)]
pub enum QuestionError {
    /// The caller has no such system, or no such question.
    #[error("there is no such system or question")]
    NotFound,
    /// It cannot be asked about what it names.
    #[error(transparent)]
    Violations(#[from] Violations),
    /// The institution asks it already.
    #[error("the question {0} about this item waits for an answer already")]
    OpenAlready(String),
    /// It does not wait for an answer any more.
    #[error("the question is {0}: only an open one can be answered or withdrawn")]
    State(String),
    /// It would be asked by a link, and that cannot be.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// See [`IdempotencyError`].
    #[error(transparent)]
    Idempotency(#[from] IdempotencyError),
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Exchange {
    /// What the institution asked about a system.
    pub fn list_questions(
        &self,
        actor: &Actor,
        system_id: &str,
        window: &Window,
    ) -> Result<Page<InstitutionQuestionView>, QuestionError> {
        let institution = &actor.organisation;
        self.db.read(|c| {
            systems::find(c, institution, system_id)?.ok_or(QuestionError::NotFound)?;
            let (after, limit) = (window.after_id(), window.fetch());
            let rows = questions::of_system(c, institution, system_id, after, limit)?;
            let position = |row: &AnsweredRow| row.question.id.clone();
            Ok(window.page(rows, position, InstitutionQuestionView::from))
        })
    }

    /// The institution does not ask any more.
    pub fn withdraw_question(
        &self,
        actor: &Actor,
        id: &str,
    ) -> Result<InstitutionQuestionView, QuestionError> {
        let (institution, id) = (actor.organisation.clone(), id.to_owned());
        let withdrawn = self.write(actor, move |tx| {
            tx.concerns(&id);
            let row = questions::find_own(tx, &institution, &id)?.ok_or(QuestionError::NotFound)?;
            refuse_settled(&row)?;
            let now = tx.now().as_millisecond();
            questions::settle(tx, &id, QuestionState::Withdrawn.as_str(), None, now)?;
            tell_vendor(tx, &row)?;
            questions::answered(tx, &id)?.ok_or(QuestionError::NotFound)
        })?;
        Ok(withdrawn.value.into())
    }
}

fn refuse_settled(row: &QuestionRow) -> Result<(), QuestionError> {
    if row.state == questions::OPEN {
        Ok(())
    } else {
        Err(QuestionError::State(row.state.clone()))
    }
}

/// Tells the vendor that a question needs no answer any more.
fn tell_vendor(tx: &mut Tx<'_>, row: &QuestionRow) -> Result<(), StorageError> {
    let Some(product) = products::find(tx, &row.product_id)? else {
        return Ok(());
    };
    let subject = json!({
        "question": row.id, "product": row.product_id, "form": row.form,
        "requirement_set": row.requirement_set, "item": row.item,
    });
    tx.notify(
        &product.vendor_id,
        "question_withdrawn",
        &subject.to_string(),
    )
}
