//! How the statements held for a system compare with the items of a requirement set.

use std::collections::BTreeMap;

use kaiji_schema::comparison::{Summary, compare};
use kaiji_schema::form::FormKind;
use kaiji_schema::requirement::RequirementSet;
use serde::Serialize;
use serde_json::value::RawValue;

use super::announce::stored_statement;
use super::read_attested::{compared, standing_in};
use super::submit_statement::row_of;
use super::{Assurance, Exchange, InstitutionQuestionView, Moment, Validity, stored_digest};
use crate::actor::Actor;
use crate::storage::attested::WholeAttestedRow;
use crate::storage::comparisons::ComparisonRow;
use crate::storage::statements::{self, ComparedHeadRow, Reader, StatementRow};
use crate::storage::systems::{self, SystemRow};
use crate::storage::{DbConnection, Error as StorageError, products, questions};

/// The comparisons of a system.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SystemComparisons {
    /// The system.
    pub system: String,
    /// One for each form held for it, MDS before SDS.
    pub comparisons: Vec<ComparisonView>,
}

/// One statement compared with one requirement set.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ComparisonView {
    /// The requirement set.
    pub requirement_set: String,
    /// SHA-256 of the statement's JWS; of an attested one, of its document.
    pub statement: String,
    /// Whether its vendor signed it. An attested one is shown as long as there is no signed one of the form.
    pub assurance: Assurance,
    /// The vendor whose answers these are; null for an attested one.
    pub vendor: Option<String>,
    /// The vendor whose product it is now, where it moved since (事業承継): the answers are its predecessor's.
    pub successor: Option<String>,
    /// `MDS` or `SDS`.
    pub form: String,
    /// The edition of the form that the vendor filled in.
    pub form_edition: String,
    /// The statement's number in its chain; null for an attested one.
    pub revision: Option<i64>,
    /// What the statement calls the product.
    pub product_name: String,
    /// The product's version that it is about.
    pub product_version: String,
    /// The day on which it was made (作成日).
    pub issued_on: String,
    /// When the service received it.
    #[schema(value_type = String)]
    pub received_at: Moment,
    /// Whether it still stands; null for an attested one, of which issuer and integrity were never known.
    pub validity: Option<Validity>,
    /// The day on which its vendor confirmed last that it still holds.
    pub confirmed_on: Option<String>,
    /// The receipt that it rests on, a compact JWS of the service.
    pub receipt: String,
    /// How many items have which outcome.
    #[schema(value_type = SummaryView)]
    pub summary: Summary,
    /// Every item, with outcome, reason, the vendor's raw answers and remarks.
    #[schema(value_type = Vec<ComparedItemView>)]
    pub items: Box<RawValue>,
    /// What the institution asked the vendor about these items: the newest question about each, unless it was withdrawn.
    /// A remark that answers one changes no outcome.
    pub questions: Vec<InstitutionQuestionView>,
}

/// One item as the statement answers it.
#[derive(utoipa::ToSchema)]
#[allow(
    dead_code,
    reason = "describes kaiji_schema's ComparedItem in the OpenAPI document"
)]
pub struct ComparedItemView {
    /// The id of the item in its set.
    #[schema(example = "sds-17.1")]
    id: String,
    /// The chapter of the guideline.
    #[schema(example = 14)]
    chapter: u16,
    /// The question numbers that it names.
    #[schema(example = json!(["17.1"]))]
    numbers: Vec<String>,
    /// Its wording.
    text: String,
    /// `conforming`, `not_applicable`, `nonconforming` or `unconfirmed`.
    #[schema(example = "nonconforming")]
    outcome: String,
    /// Why it is unconfirmed: `contradiction`, `edition`, `unanswered`, `unclear_rule` or `redefined`.
    #[schema(required)]
    reason: Option<String>,
    /// What the vendor answered to the item itself.
    #[schema(required)]
    direct: Option<ReplyView>,
    /// What the form's answers give: `yes`, `no` or `not_applicable`.
    #[schema(required, example = "no")]
    derived: Option<String>,
    /// With `unclear_rule` only: what they give if every question counts.
    derived_all: Option<String>,
    /// With `unclear_rule` only: what they give if one はい suffices.
    derived_any: Option<String>,
    /// What the statement says under each of the numbers.
    answers: Vec<AnswerView>,
}

/// A reply as the vendor wrote it.
#[derive(utoipa::ToSchema)]
#[allow(
    dead_code,
    reason = "describes kaiji_schema's StatedReply in the OpenAPI document"
)]
pub struct ReplyView {
    /// `yes`, `no` or `not_applicable`; null for a blank.
    #[schema(required)]
    answer: Option<String>,
    /// 備考.
    #[schema(required)]
    remark: Option<String>,
}

/// The reply to one question, as the vendor wrote it.
#[derive(utoipa::ToSchema)]
#[allow(
    dead_code,
    reason = "describes kaiji_schema's StatedAnswer in the OpenAPI document"
)]
pub struct AnswerView {
    /// The question.
    number: String,
    /// `yes`, `no` or `not_applicable`; null for a blank.
    #[schema(required)]
    answer: Option<String>,
    /// 備考.
    #[schema(required)]
    remark: Option<String>,
}

/// How many items have which outcome.
#[derive(utoipa::ToSchema)]
#[allow(
    dead_code,
    reason = "describes kaiji_schema's Summary in the OpenAPI document"
)]
pub struct SummaryView {
    /// All items.
    items: u16,
    /// 適合
    conforming: u16,
    /// 対象外
    not_applicable: u16,
    /// 要リスク評価
    nonconforming: u16,
    /// 要確認
    unconfirmed: u16,
    /// Whether any item is flagged (要リスク評価 or 要確認).
    review_required: bool,
}

/// Why there is no comparison.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// The institution has no such system.
    #[error("there is no such system")]
    NotFound,
    /// The service knows no such requirement set.
    #[error("there is no such requirement set: see /api/v1/requirement-sets")]
    UnknownSet,
    /// The rows could not be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Exchange {
    /// The comparisons of the heads held for a system, with the set named or the default one.
    pub fn compare_system(
        &self,
        actor: &Actor,
        system_id: &str,
        set: Option<&str>,
        form: Option<FormKind>,
    ) -> Result<SystemComparisons, CompareError> {
        let set = match set {
            None => self.sets.current(),
            Some(id) => self.sets.find(id).ok_or(CompareError::UnknownSet)?,
        };
        let mut comparisons = self.db.read(|c| {
            let institution = &actor.organisation;
            let system = systems::find(c, institution, system_id)?.ok_or(CompareError::NotFound)?;
            let digest = set.digest().to_string();
            let reader = Reader::Institution(institution);
            let heads = match &system.product_id {
                Some(product) => statements::compared_heads(c, reader, product, &digest)?,
                None => Vec::new(),
            };
            Ok::<_, CompareError>(views(c, &system, heads, set)?)
        })?;
        comparisons.retain(|view| form.is_none_or(|form| view.form == form.as_str()));
        Ok(SystemComparisons {
            system: system_id.to_owned(),
            comparisons,
        })
    }
}

/// The comparison that was kept, or for a set that came after the statement, one made now.
pub(super) fn comparison_of(
    connection: &mut DbConnection,
    statement: &StatementRow,
    kept: Option<ComparisonRow>,
    set: &RequirementSet,
) -> Result<ComparisonRow, StorageError> {
    if let Some(kept) = kept {
        return Ok(kept);
    }
    let missing = || StorageError::Corrupt(format!("no bytes for statement {}", statement.sha256));
    let jws = statements::jws(connection, &statement.sha256)?.ok_or_else(missing)?;
    let sha256 = stored_digest(&statement.sha256)?;
    Ok(row_of(
        &compare(&stored_statement(&jws)?, Some(sha256), set),
        set,
    ))
}

/// Those of the heads, and of the attested statements that stand in where there is none; MDS before SDS.
fn views(
    connection: &mut DbConnection,
    system: &SystemRow,
    heads: Vec<ComparedHeadRow>,
    set: &RequirementSet,
) -> Result<Vec<ComparisonView>, StorageError> {
    let signed: Vec<_> = heads.iter().map(|head| &head.statement).collect();
    let attested = standing_in(connection, system, &signed)?.into_iter();
    let attested = attested.map(|row| attested_view(row, set));
    let mut views: Vec<_> = attested.collect::<Result<_, _>>()?;
    for head in heads {
        views.push(view(connection, system, head, set)?);
    }
    // A signed one that was withdrawn stays beside what stands in for it.
    views.sort_by(|one, other| one.form.cmp(&other.form));
    Ok(views)
}

fn attested_view(
    row: WholeAttestedRow,
    set: &RequirementSet,
) -> Result<ComparisonView, StorageError> {
    let comparison = compared(&row, set)?;
    let statement = row.statement;
    Ok(ComparisonView {
        summary: summary_of(&comparison),
        items: raw(comparison.items)?,
        requirement_set: comparison.requirement_set,
        statement: statement.sha256,
        assurance: Assurance::Attested,
        vendor: None,
        successor: None,
        form: statement.form,
        form_edition: statement.form_edition,
        revision: None,
        product_name: statement.product_name,
        product_version: statement.product_version,
        issued_on: statement.attested_on,
        received_at: Moment(statement.received_at),
        validity: None,
        confirmed_on: None,
        receipt: row.receipt,
        questions: Vec::new(),
    })
}

fn raw(items: String) -> Result<Box<RawValue>, StorageError> {
    RawValue::from_string(items).map_err(|error| StorageError::Corrupt(error.to_string()))
}

fn view(
    connection: &mut DbConnection,
    system: &SystemRow,
    head: ComparedHeadRow,
    set: &RequirementSet,
) -> Result<ComparisonView, StorageError> {
    let ComparedHeadRow {
        statement,
        signer,
        receipt,
        comparison: kept,
    } = head;
    let comparison = comparison_of(connection, &statement, kept, set)?;
    let validity = Validity::of(&statement, signer);
    let summary = summary_of(&comparison);
    let questions = newest_questions(connection, &system.institution_id, &statement, set)?;
    let successor = products::vendor_of(connection, &statement.product_id)?;
    Ok(ComparisonView {
        questions,
        requirement_set: comparison.requirement_set,
        statement: statement.sha256,
        assurance: Assurance::Signed,
        successor: (successor != statement.vendor_id).then_some(successor),
        vendor: Some(statement.vendor_id),
        form: statement.form,
        form_edition: statement.form_edition,
        revision: Some(statement.revision),
        product_name: statement.product_name,
        product_version: statement.product_version,
        issued_on: statement.issued_on,
        received_at: Moment(statement.received_at),
        validity: Some(validity),
        confirmed_on: statement.confirmed_on,
        receipt,
        summary,
        items: raw(comparison.items)?,
    })
}

/// The institution's newest question about each item of the statement's chain.
fn newest_questions(
    connection: &mut DbConnection,
    institution: &str,
    statement: &StatementRow,
    set: &RequirementSet,
) -> Result<Vec<InstitutionQuestionView>, StorageError> {
    let chain = (statement.product_id.as_str(), statement.form.as_str());
    let asked = questions::of_chain(connection, institution, chain, &set.id)?;
    // The oldest comes first: a later one takes its place.
    let asked = asked
        .into_iter()
        .map(|row| (row.question.item.clone(), row));
    let newest: BTreeMap<_, _> = asked.collect();
    Ok(newest
        .into_values()
        .map(InstitutionQuestionView::from)
        .collect())
}

/// The counts of a comparison that was kept.
pub(super) fn summary_of(row: &ComparisonRow) -> Summary {
    let count = |count: i64| u16::try_from(count).unwrap_or(u16::MAX);
    Summary {
        items: count(row.conforming + row.not_applicable + row.nonconforming + row.unconfirmed),
        conforming: count(row.conforming),
        not_applicable: count(row.not_applicable),
        nonconforming: count(row.nonconforming),
        unconfirmed: count(row.unconfirmed),
        review_required: row.nonconforming + row.unconfirmed > 0,
    }
}
