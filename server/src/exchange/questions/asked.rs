//! What a vendor is asked: item by item of its chains, with what the newest revision answers and who asks.

use kaiji_schema::requirement::RequirementSets;
use serde::Serialize;
use serde_json::value::RawValue;

use super::target::compared_items;
use super::{QuestionAnswerView, QuestionState};
use crate::actor::Actor;
use crate::exchange::compare_system::{ComparedItemView, comparison_of};
use crate::exchange::{Exchange, Moment, Page, Window};
use crate::storage::questions::{self, AnsweredRow, AskedItemRow};
use crate::storage::statements::{self, StatementRow};
use crate::storage::{DbConnection, Error as StorageError, comparisons, products};

/// How many of those who ask about one item are shown.
const SHOWN: i64 = 50;

/// An item of a product's statements that institutions ask about.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AskedItemView {
    /// The product.
    pub product: String,
    /// Its name.
    pub product_name: String,
    /// `MDS` or `SDS`.
    pub form: String,
    /// The newest revision: SHA-256 of its JWS.
    pub statement: Option<String>,
    /// The requirement set.
    pub requirement_set: String,
    /// The item of that set.
    #[schema(example = "sds-17.1")]
    pub item: String,
    /// The item as the newest revision answers it: its wording, its outcome, and the answers that it rests on.
    #[schema(value_type = Option<ComparedItemView>)]
    pub compared: Option<Box<RawValue>>,
    /// How many questions there are in the state that was asked for.
    pub count: i64,
    /// The first of them, 50 at the most, in the order in which they were asked.
    pub questions: Vec<AskedQuestionView>,
}

/// A question as the vendor sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AskedQuestionView {
    /// Opaque id, `qst_…`.
    pub id: String,
    /// Who asks.
    pub institution: String,
    /// Its name.
    pub institution_name: String,
    /// The revision that the institution looked at: SHA-256 of its JWS.
    pub statement: String,
    /// The institution's word.
    pub message: Option<String>,
    /// `open`, `answered` or `withdrawn`.
    pub state: String,
    /// What was answered.
    pub answer: Option<QuestionAnswerView>,
    /// When it was asked.
    #[schema(value_type = String)]
    pub asked_at: Moment,
}

impl AskedQuestionView {
    fn new(row: AnsweredRow, institution_name: String) -> Self {
        let AnsweredRow { question, answer } = row;
        Self {
            id: question.id,
            institution: question.institution_id,
            institution_name,
            statement: question.statement_sha256,
            message: question.message,
            state: question.state,
            answer: answer.map(QuestionAnswerView::from),
            asked_at: Moment(question.created_at),
        }
    }

    /// The question of that id.
    pub(super) fn read(
        connection: &mut DbConnection,
        id: &str,
    ) -> Result<Option<Self>, StorageError> {
        let found = questions::answered_by_name(connection, id)?;
        Ok(found.map(|(row, name)| Self::new(row, name)))
    }
}

impl Exchange {
    /// The items of the vendor's products about which there are questions in that state, or any.
    pub fn list_asked_items(
        &self,
        actor: &Actor,
        state: Option<QuestionState>,
        window: &Window,
    ) -> Result<Page<AskedItemView>, StorageError> {
        let state = state.map(QuestionState::as_str);
        self.db.read(|c| {
            let (after, limit) = (window.after_id(), window.fetch());
            let rows = questions::asked_items(c, &actor.organisation, state, after, limit)?;
            let page = window.page(rows, |(item, _)| item.position(), |row| row);
            let items = page.items.into_iter();
            let items = items.map(|(item, count)| asked_item(c, self.sets, item, count, state));
            Ok(Page {
                items: items.collect::<Result<_, StorageError>>()?,
                next: page.next,
            })
        })
    }
}

fn asked_item(
    connection: &mut DbConnection,
    sets: &RequirementSets,
    asked: AskedItemRow,
    count: i64,
    state: Option<&str>,
) -> Result<AskedItemView, StorageError> {
    let rows = questions::of_item(connection, &asked, state, SHOWN)?;
    let product = products::find(connection, &asked.product_id)?;
    let head = statements::head(connection, &asked.product_id, &asked.form)?;
    let compared = match &head {
        Some(head) => compared(connection, sets, head, &asked)?,
        None => None,
    };
    Ok(AskedItemView {
        product: asked.product_id,
        product_name: product.map(|product| product.name).unwrap_or_default(),
        form: asked.form,
        statement: head.map(|head| head.sha256),
        requirement_set: asked.requirement_set,
        item: asked.item,
        compared,
        count,
        questions: rows
            .into_iter()
            .map(|(row, name)| AskedQuestionView::new(row, name))
            .collect(),
    })
}

/// The item as a revision answers it.
fn compared(
    connection: &mut DbConnection,
    sets: &RequirementSets,
    head: &StatementRow,
    asked: &AskedItemRow,
) -> Result<Option<Box<RawValue>>, StorageError> {
    let Some(set) = sets.find(&asked.requirement_set) else {
        return Ok(None);
    };
    let kept = comparisons::find(connection, &head.sha256, &set.digest().to_string())?;
    let comparison = comparison_of(connection, head, kept, set)?;
    let items = compared_items(&comparison)?;
    let item = items.iter().find(|item| item.id == asked.item);
    let shown = item.map(serde_json::value::to_raw_value).transpose();
    shown.map_err(|error| StorageError::Corrupt(error.to_string()))
}
