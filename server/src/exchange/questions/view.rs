//! A question as the institution that asks it sees it.

use serde::Serialize;

use crate::exchange::Moment;
use crate::storage::questions::{AnsweredRow, QuestionAnswerRow};

/// Where a question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuestionState {
    /// Waits for the vendor.
    Open,
    /// A later revision or a remark answers it.
    Answered,
    /// The institution does not ask any more.
    Withdrawn,
}

impl QuestionState {
    /// Every state there is.
    pub const ALL: [Self; 3] = [Self::Open, Self::Answered, Self::Withdrawn];

    /// The word in documents and rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Answered => "answered",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// A question of the institution's about one item.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct InstitutionQuestionView {
    /// Opaque id, `qst_…`.
    pub id: String,
    /// The system of the inventory that it was asked about.
    pub system: String,
    /// Its product.
    pub product: String,
    /// `MDS` or `SDS`.
    pub form: String,
    /// The statement that the institution looked at: SHA-256 of its JWS.
    pub statement: String,
    /// The requirement set.
    pub requirement_set: String,
    /// The item of that set.
    #[schema(example = "sds-17.1")]
    pub item: String,
    /// The institution's word to the vendor.
    pub message: Option<String>,
    /// `open`, `answered` or `withdrawn`.
    pub state: String,
    /// What the vendor answered.
    pub answer: Option<QuestionAnswerView>,
    /// When it was asked.
    #[schema(value_type = String)]
    pub asked_at: Moment,
    /// When it was answered or withdrawn.
    #[schema(value_type = Option<String>)]
    pub settled_at: Option<Moment>,
}

/// What a vendor answered: one of the two.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct QuestionAnswerView {
    /// The later revision that answers the item: SHA-256 of its JWS.
    pub statement: Option<String>,
    /// The vendor's word, which changes no answer of the statement and no outcome.
    pub remark: Option<String>,
    /// When it was answered.
    #[schema(value_type = String)]
    pub answered_at: Moment,
}

impl From<AnsweredRow> for InstitutionQuestionView {
    fn from(AnsweredRow { question, answer }: AnsweredRow) -> Self {
        Self {
            id: question.id,
            system: question.system_id,
            product: question.product_id,
            form: question.form,
            statement: question.statement_sha256,
            requirement_set: question.requirement_set,
            item: question.item,
            message: question.message,
            state: question.state,
            answer: answer.map(QuestionAnswerView::from),
            asked_at: Moment(question.created_at),
            settled_at: question.settled_at.map(Moment),
        }
    }
}

impl From<QuestionAnswerRow> for QuestionAnswerView {
    fn from(row: QuestionAnswerRow) -> Self {
        Self {
            statement: row.statement_sha256,
            remark: row.remark,
            answered_at: Moment(row.answered_at),
        }
    }
}
