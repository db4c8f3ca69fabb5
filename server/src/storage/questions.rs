//! What institutions ask vendors about flagged items, and what vendors answered.
//!
//! A question belongs to one institution; the vendor of the product sees those about one item of one chain of revisions
//! together. Which vendor that is, the product says.

use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use super::backend::{directly, insert};
use super::tables::{organisations, products, question_answers, questions};
use super::{DbConnection, Error};

/// A row of `questions`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = questions)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct QuestionRow {
    pub id: String,
    pub institution_id: String,
    pub system_id: String,
    pub product_id: String,
    pub form: String,
    pub requirement_set: String,
    pub item: String,
    /// The revision that the institution looked at.
    pub statement_sha256: String,
    /// The first of those that were asked in one call.
    pub asked_with: String,
    pub message: Option<String>,
    pub state: String,
    pub answer_id: Option<String>,
    pub created_at: i64,
    pub settled_at: Option<i64>,
}

/// A row of `question_answers`: a later revision, or a remark.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = question_answers)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct QuestionAnswerRow {
    pub id: String,
    pub product_id: String,
    pub form: String,
    /// Which items: [`item_key`]s with spaces between them.
    pub items: String,
    pub statement_sha256: Option<String>,
    pub remark: Option<String>,
    /// The one question that it answers, where it is not for all who asked.
    pub question_id: Option<String>,
    pub answered_at: i64,
    /// When the last of those who asked before it was told.
    pub told_at: Option<i64>,
}

/// A question with what was answered to it.
#[derive(Debug, Clone, Queryable, Selectable)]
pub struct AnsweredRow {
    /// The question.
    #[diesel(embed)]
    pub question: QuestionRow,
    /// The answer, where there is one.
    #[diesel(embed)]
    pub answer: Option<QuestionAnswerRow>,
}

/// An item of a chain that institutions ask about.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct AskedItemRow {
    pub product_id: String,
    pub form: String,
    pub requirement_set: String,
    pub item: String,
}

/// The state of a question that waits for an answer.
pub const OPEN: &str = "open";

/// Written out: SQLite uses the partial index for a constant alone, never for a parameter.
const IS_OPEN: &str = "questions.state = 'open'";

/// How an answer names an item.
pub fn item_key(requirement_set: &str, item: &str) -> String {
    format!("{requirement_set}/{item}")
}

/// [`item_key`] of a question's row.
const ITEM_KEY: &str = "questions.requirement_set || '/' || questions.item";

/// Where the list of asked items stands: product, form, set and item.
const POSITION: &str = "questions.product_id || ' ' || questions.form || ' ' || questions.requirement_set || ' ' \
                        || questions.item";

impl AskedItemRow {
    /// Where the list goes on: behind this item.
    pub fn position(&self) -> String {
        let Self {
            product_id,
            form,
            requirement_set,
            item,
        } = self;
        format!("{product_id} {form} {requirement_set} {item}")
    }
}

/// Adds a question.
pub fn insert(connection: &mut DbConnection, row: &QuestionRow) -> Result<(), Error> {
    insert!(connection, questions::table, row)?;
    Ok(())
}

/// Adds an answer.
pub fn insert_answer(connection: &mut DbConnection, row: &QuestionAnswerRow) -> Result<(), Error> {
    insert!(connection, question_answers::table, row)?;
    Ok(())
}

/// Brings a question to its last state.
pub fn settle(
    connection: &mut DbConnection,
    id: &str,
    state: &str,
    answer_id: Option<&str>,
    now: i64,
) -> Result<(), Error> {
    diesel::update(questions::table.find(id))
        .set((
            questions::state.eq(state),
            questions::answer_id.eq(answer_id),
            questions::settled_at.eq(Some(now)),
        ))
        .execute(connection)?;
    Ok(())
}

/// The institution's question of that id.
pub fn find_own(
    connection: &mut DbConnection,
    institution_id: &str,
    id: &str,
) -> Result<Option<QuestionRow>, Error> {
    let query = questions::table
        .find(id)
        .filter(questions::institution_id.eq(institution_id));
    let found = directly!(connection, |own| query
        .select(QuestionRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// The question of that id about a product of the vendor's.
pub fn find_asked(
    connection: &mut DbConnection,
    vendor_id: &str,
    id: &str,
) -> Result<Option<QuestionRow>, Error> {
    let query = questions::table
        .inner_join(products::table.on(products::id.eq(questions::product_id)))
        .filter(questions::id.eq(id))
        .filter(products::vendor_id.eq(vendor_id));
    let found = directly!(connection, |own| query
        .select(QuestionRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// The institution's question about the item of the chain that waits for an answer.
pub fn find_open(
    connection: &mut DbConnection,
    institution_id: &str,
    (product_id, form): (&str, &str),
    (requirement_set, item): (&str, &str),
) -> Result<Option<QuestionRow>, Error> {
    let query = questions::table
        .filter(questions::product_id.eq(product_id))
        .filter(questions::form.eq(form))
        .filter(questions::requirement_set.eq(requirement_set))
        .filter(questions::item.eq(item))
        .filter(questions::institution_id.eq(institution_id))
        .filter(sql::<Bool>(IS_OPEN));
    let found = directly!(connection, |own| query
        .select(QuestionRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// Questions with their answers: those for which the condition holds, in that order.
macro_rules! answered {
    ($connection:ident, $condition:expr, $order:expr, $limit:expr) => {{
        let answer = questions::answer_id.eq(question_answers::id.nullable());
        let query = questions::table
            .left_join(question_answers::table.on(answer))
            .filter($condition)
            .order($order)
            .limit($limit);
        Ok(directly!($connection, |own| query
            .select(AnsweredRow::as_select())
            .load(own))?)
    }};
}

/// The question of that id, with its answer.
pub fn answered(connection: &mut DbConnection, id: &str) -> Result<Option<AnsweredRow>, Error> {
    let of_id = questions::id.eq(id);
    let found: Result<Vec<AnsweredRow>, Error> = answered!(connection, of_id, questions::id, 1);
    Ok(found?.into_iter().next())
}

/// The same, with the name of who asks.
pub fn answered_by_name(
    connection: &mut DbConnection,
    id: &str,
) -> Result<Option<(AnsweredRow, String)>, Error> {
    let answer = questions::answer_id.eq(question_answers::id.nullable());
    let query = questions::table
        .left_join(question_answers::table.on(answer))
        .inner_join(organisations::table.on(organisations::id.eq(questions::institution_id)))
        .filter(questions::id.eq(id));
    let found = directly!(connection, |own| query
        .select((AnsweredRow::as_select(), organisations::name))
        .first(own));
    Ok(found.optional()?)
}

/// What was asked in one call.
pub fn of_call(
    connection: &mut DbConnection,
    institution_id: &str,
    asked_with: &str,
) -> Result<Vec<AnsweredRow>, Error> {
    let condition = questions::asked_with
        .eq(asked_with)
        .and(questions::institution_id.eq(institution_id));
    answered!(connection, condition, questions::id, i64::MAX)
}

/// What the institution asked about a system, in the order of the ids, after the id `after`.
pub fn of_system(
    connection: &mut DbConnection,
    institution_id: &str,
    system_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<AnsweredRow>, Error> {
    let condition = questions::institution_id
        .eq(institution_id)
        .and(questions::system_id.eq(system_id))
        .and(questions::id.gt(after));
    answered!(connection, condition, questions::id, limit)
}

/// What the institution asked about the items of a set as a chain answers them, the oldest first; without what it
/// withdrew.
pub fn of_chain(
    connection: &mut DbConnection,
    institution_id: &str,
    (product_id, form): (&str, &str),
    requirement_set: &str,
) -> Result<Vec<AnsweredRow>, Error> {
    let condition = questions::institution_id
        .eq(institution_id)
        .and(questions::product_id.eq(product_id))
        .and(questions::form.eq(form))
        .and(questions::requirement_set.eq(requirement_set))
        .and(questions::state.ne("withdrawn"));
    let order = (questions::created_at, questions::id);
    answered!(connection, condition, order, i64::MAX)
}

/// The items of the vendor's chains about which there are questions in that state, after the position `after`, and how many
/// questions.
pub fn asked_items(
    connection: &mut DbConnection,
    vendor_id: &str,
    state: Option<&str>,
    after: &str,
    limit: i64,
) -> Result<Vec<(AskedItemRow, i64)>, Error> {
    let item = (
        questions::product_id,
        questions::form,
        questions::requirement_set,
        questions::item,
    );
    let position = || sql::<Text>(POSITION);
    // A query with groups cannot be put together step by step.
    let any = state.is_none().into_sql::<Bool>();
    let query = questions::table
        .inner_join(products::table.on(products::id.eq(questions::product_id)))
        .filter(products::vendor_id.eq(vendor_id))
        .filter(position().gt(after))
        .filter(any.or(questions::state.eq(state.unwrap_or_default())))
        .group_by(item)
        .order(position())
        .limit(limit);
    Ok(query.select((item, count_star())).load(connection)?)
}

/// The questions about an item in that state, each with the name of who asks; the oldest first.
pub fn of_item(
    connection: &mut DbConnection,
    asked: &AskedItemRow,
    state: Option<&str>,
    limit: i64,
) -> Result<Vec<(AnsweredRow, String)>, Error> {
    let answer = questions::answer_id.eq(question_answers::id.nullable());
    let mut query = questions::table
        .left_join(question_answers::table.on(answer))
        .inner_join(organisations::table.on(organisations::id.eq(questions::institution_id)))
        .filter(questions::product_id.eq(&asked.product_id))
        .filter(questions::form.eq(&asked.form))
        .filter(questions::requirement_set.eq(&asked.requirement_set))
        .filter(questions::item.eq(&asked.item))
        .into_boxed();
    if let Some(state) = state {
        query = query.filter(questions::state.eq(state));
    }
    Ok(query
        .order((questions::created_at, questions::id))
        .limit(limit)
        .select((AnsweredRow::as_select(), organisations::name))
        .load(connection)?)
}

/// The items of a chain about which questions are open, by [`item_key`].
pub fn open_items(
    connection: &mut DbConnection,
    product_id: &str,
    form: &str,
) -> Result<Vec<String>, Error> {
    let query = questions::table
        .filter(questions::product_id.eq(product_id))
        .filter(questions::form.eq(form))
        .filter(sql::<Bool>(IS_OPEN))
        .select(sql::<Text>(ITEM_KEY))
        .distinct();
    Ok(directly!(connection, |own| query.load(own))?)
}

/// The open questions that were asked before the answer and that it answers, those of one institution together.
pub fn open_before(
    connection: &mut DbConnection,
    answer: &QuestionAnswerRow,
    limit: i64,
) -> Result<Vec<QuestionRow>, Error> {
    let query = questions::table
        .filter(questions::product_id.eq(&answer.product_id))
        .filter(questions::form.eq(&answer.form))
        .filter(sql::<Bool>(IS_OPEN))
        .filter(questions::created_at.le(answer.answered_at))
        .order((questions::institution_id, questions::id))
        .limit(limit);
    if let Some(one) = &answer.question_id {
        return Ok(directly!(connection, |own| query
            .filter(questions::id.eq(one))
            .select(QuestionRow::as_select())
            .load(own))?);
    }
    let items: Vec<&str> = answer.items.split(' ').collect();
    Ok(directly!(connection, |own| query
        .filter(sql::<Text>(ITEM_KEY).eq_any(items))
        .select(QuestionRow::as_select())
        .load(own))?)
}

/// The oldest answer of which not everybody was told who asked.
pub fn next_untold(connection: &mut DbConnection) -> Result<Option<QuestionAnswerRow>, Error> {
    let query = question_answers::table
        .filter(question_answers::told_at.is_null())
        .order(question_answers::id);
    let found = directly!(connection, |own| query
        .select(QuestionAnswerRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// Notes that everybody who asked before it was told of an answer.
pub fn told_all(connection: &mut DbConnection, id: &str, now: i64) -> Result<(), Error> {
    diesel::update(question_answers::table.find(id))
        .set(question_answers::told_at.eq(Some(now)))
        .execute(connection)?;
    Ok(())
}
