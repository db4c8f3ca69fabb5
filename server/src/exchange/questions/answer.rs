//! The vendor answers: with a later revision, or with a remark for one or for all who asked about the item.
//!
//! Those who asked are told in batches, so that an item that ten thousand institutions ask about makes no submission wait;
//! the first of them in the transaction of the answer, the others by a job.

use kaiji_schema::letter::{self, Letter};
use kaiji_schema::requirement::RequirementSets;
use kaiji_schema::statement::Statement;
use serde_json::json;

use super::ask::named;
use super::asked::AskedQuestionView;
use super::{QuestionError, QuestionState, Remark, refuse_settled};
use crate::actor::Actor;
use crate::exchange::Exchange;
use crate::exchange::letters::write_to;
use crate::storage::questions::{self, QuestionAnswerRow, QuestionRow, item_key};
use crate::storage::{Error as StorageError, Tx, organisations, products};

/// How many questions are settled in one transaction.
const AT_ONCE: i64 = 50;

impl Exchange {
    /// Answers a question with a remark, which changes no answer of the statement.
    pub fn answer_question(
        &self,
        actor: &Actor,
        id: &str,
        remark: Remark,
    ) -> Result<AskedQuestionView, QuestionError> {
        let (vendor, id, answer_id) = (
            actor.organisation.clone(),
            id.to_owned(),
            self.new_id("ans")?,
        );
        let sets = self.sets;
        let answered = self.write(actor, move |tx| {
            tx.concerns(&id);
            let row = questions::find_asked(tx, &vendor, &id)?.ok_or(QuestionError::NotFound)?;
            refuse_settled(&row)?;
            let answer = QuestionAnswerRow {
                id: answer_id.clone(),
                items: item_key(&row.requirement_set, &row.item),
                product_id: row.product_id.clone(),
                form: row.form.clone(),
                statement_sha256: None,
                remark: Some(remark.remark.clone()),
                question_id: (!remark.for_all).then(|| id.clone()),
                answered_at: tx.now().as_millisecond(),
                told_at: None,
            };
            questions::insert_answer(tx, &answer)?;
            // However many others ask, the one that was named is answered when this is.
            settle(tx, &answer, &[row], sets)?;
            tell(tx, &answer, sets)?;
            AskedQuestionView::read(tx, &id)?.ok_or(QuestionError::NotFound)
        })?;
        Ok(answered.value)
    }

    /// Tells the next of those who asked what was answered. Answers whether there was anything to do.
    pub fn tell_of_answers(&self) -> Result<bool, StorageError> {
        // Asked outside first: an idle service does not write.
        if self.db.read(questions::next_untold)?.is_none() {
            return Ok(false);
        }
        let sets = self.sets;
        let told = self.db.write(move |tx| {
            let Some(answer) = questions::next_untold(tx)? else {
                return Ok(false);
            };
            tell(tx, &answer, sets)?;
            Ok::<_, StorageError>(true)
        })?;
        Ok(told.value)
    }
}

/// A revision came in that answers these items (as [`item_key`] names them): whoever asked about one of them is answered.
pub(in crate::exchange) fn answer_by_revision(
    tx: &mut Tx<'_>,
    answer_id: &str,
    statement: &Statement,
    sha256: &str,
    items: &[String],
    sets: &RequirementSets,
) -> Result<(), StorageError> {
    let (product, form) = (&statement.product.id, statement.form.as_str());
    let asked = questions::open_items(tx, product, form)?;
    let answered: Vec<&str> = items
        .iter()
        .filter(|item| asked.contains(item))
        .map(String::as_str)
        .collect();
    if answered.is_empty() {
        return Ok(());
    }
    let answer = QuestionAnswerRow {
        id: answer_id.to_owned(),
        product_id: product.clone(),
        form: form.to_owned(),
        items: answered.join(" "),
        statement_sha256: Some(sha256.to_owned()),
        remark: None,
        question_id: None,
        answered_at: tx.now().as_millisecond(),
        told_at: None,
    };
    questions::insert_answer(tx, &answer)?;
    tell(tx, &answer, sets)
}

/// Settles the next of the questions that were asked before the answer.
fn tell(
    tx: &mut Tx<'_>,
    answer: &QuestionAnswerRow,
    sets: &RequirementSets,
) -> Result<(), StorageError> {
    let rows = questions::open_before(tx, answer, AT_ONCE)?;
    settle(tx, answer, &rows, sets)?;
    if i64::try_from(rows.len()).is_ok_and(|told| told < AT_ONCE) {
        let now = tx.now().as_millisecond();
        questions::told_all(tx, &answer.id, now)?;
    }
    Ok(())
}

/// Settles questions, those of one institution together, and tells their institutions.
fn settle(
    tx: &mut Tx<'_>,
    answer: &QuestionAnswerRow,
    rows: &[QuestionRow],
    sets: &RequirementSets,
) -> Result<(), StorageError> {
    let now = tx.now().as_millisecond();
    for row in rows {
        let state = QuestionState::Answered.as_str();
        questions::settle(tx, &row.id, state, Some(&answer.id), now)?;
    }
    for of_one in rows.chunk_by(|one, other| one.institution_id == other.institution_id) {
        tell_institution(tx, answer, of_one, sets)?;
    }
    Ok(())
}

/// Tells an institution, in one event and one letter, which of its questions are answered.
fn tell_institution(
    tx: &mut Tx<'_>,
    answer: &QuestionAnswerRow,
    answered: &[QuestionRow],
    sets: &RequirementSets,
) -> Result<(), StorageError> {
    let Some(institution) = answered.first().map(|row| row.institution_id.as_str()) else {
        return Ok(());
    };
    let questions = answered.iter().map(|row| {
        json!({
            "question": row.id, "system": row.system_id,
            "requirement_set": row.requirement_set, "item": row.item,
        })
    });
    let subject = json!({
        "product": answer.product_id, "form": answer.form,
        "statement": answer.statement_sha256, "remark": answer.remark,
        "questions": questions.collect::<Vec<_>>(),
    });
    tx.notify(institution, "question_answered", &subject.to_string())?;
    let product = products::find(tx, &answer.product_id)?;
    let vendor = match &product {
        Some(product) => organisations::find(tx, &product.vendor_id)?,
        None => None,
    };
    let items = answered.iter().filter_map(|row| {
        let set = sets.find(&row.requirement_set)?;
        set.item(&row.item).map(named)
    });
    let letter = Letter::QuestionsAnswered(letter::QuestionsAnswered {
        vendor: vendor.map(|vendor| vendor.name).unwrap_or_default(),
        product: product.map(|product| product.name).unwrap_or_default(),
        form: answer.form.clone(),
        items: items.collect(),
        by_revision: answer.statement_sha256.is_some(),
    });
    write_to(tx, institution, &letter, None)
}
