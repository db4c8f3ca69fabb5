//! Reviews as an institution sees them: what was found before beside what is found now, each edition with its level, and
//! every change.

use kaiji_schema::Digest;
use kaiji_schema::comparison::{Reason, StatedAnswer, StatedReply};
use kaiji_schema::review::{Cause, Content, Edition, Finding};
use kaiji_schema::risk_matrix::{RiskMatrix, Step};
use serde::Serialize;

use super::standing::{Review, ReviewedItem, Written};
use crate::exchange::compare_system::{AnswerView, ReplyView};
use crate::exchange::risk_matrix::Matrices;
use crate::exchange::{Assurance, Moment};
use crate::storage::reviews::{self, ChangeRow};
use crate::storage::{DbConnection, Error as StorageError, log};

/// An item that is flagged or was reviewed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReviewView {
    /// The review's id, `rvw_…`; null where nothing was written yet.
    pub review: Option<String>,
    /// The system's id.
    pub system: String,
    /// What the institution calls the system.
    pub system_name: String,
    /// The item's id in its set.
    #[schema(example = "sds-17.1")]
    pub item: String,
    /// The chapter of the guideline.
    pub chapter: u16,
    /// 項番 as printed.
    pub number: String,
    /// The item's wording.
    pub text: String,
    /// `open` (never approved), `in_force`, `reopened` (what the approved review rests on is over), or `closed` (not flagged
    /// any more).
    pub standing: &'static str,
    /// Why it is reopened: `changed`, `changed_between`, `other_product`, `expired`; or closed: `conforming`, `not_applicable`,
    /// `not_compared`.
    pub cause: Option<&'static str>,
    /// Where the newest edition is on its way: `draft`, `submitted`, `approved` or `sent_back`; null where there is none.
    pub state: Option<&'static str>,
    /// What is found now; null where the item is not compared any more.
    pub now: Option<FindingView>,
    /// The newest edition.
    pub newest: Option<EditionView>,
    /// The edition that was approved last, with what it rests on.
    pub approved: Option<ApprovedView>,
    /// When the approved edition is to be looked at again.
    pub next_review_on: Option<String>,
    /// Counts its changes; 0 where there is none.
    #[serde(skip)]
    pub revision: i64,
}

/// A review as a whole.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReviewDocument {
    /// The review.
    #[serde(flatten)]
    pub review: ReviewView,
    /// Every change, the oldest first.
    pub history: Vec<ReviewChangeView>,
}

/// What a statement says about an item, and what follows.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FindingView {
    /// The set that it was compared with.
    pub requirement_set: String,
    /// SHA-256 of the statement's JWS; of an attested one, of its document.
    pub statement: String,
    /// Whether its vendor signed it.
    pub assurance: Assurance,
    /// `MDS` or `SDS`.
    pub form: &'static str,
    /// `conforming`, `not_applicable`, `nonconforming` or `unconfirmed`.
    pub outcome: &'static str,
    /// Why it is unconfirmed.
    pub reason: Option<&'static str>,
    /// What the vendor answered to the item itself.
    #[schema(value_type = Option<ReplyView>)]
    pub direct: Option<StatedReply<'static>>,
    /// What the statement says under each of the item's numbers.
    #[schema(value_type = Vec<AnswerView>)]
    pub answers: Vec<StatedAnswer<'static>>,
}

/// Somebody who made a change, with the name of that day.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct WhoView {
    /// A person (`usr_…`) or a client (`cli_…`).
    pub id: String,
    /// The name.
    pub name: String,
}

/// An edition of a review.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EditionView {
    /// Its number.
    pub edition: i64,
    /// When it was written.
    #[schema(value_type = String)]
    pub written_at: Moment,
    /// By whom.
    pub written_by: WhoView,
    /// The template of measures that it was written from and not edited since.
    pub template: Option<String>,
    /// What it says.
    #[schema(value_type = ReviewContent)]
    pub content: Content,
    /// What likelihood and impact are called, and the level that they give.
    pub level: LevelView,
    /// What it rests on.
    pub rests_on: FindingView,
    /// Why that is over, so that it can be neither submitted nor approved; null where it holds.
    pub outdated: Option<&'static str>,
}

/// An edition that was approved.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ApprovedView {
    /// Its number.
    pub edition: i64,
    /// When it was approved.
    #[schema(value_type = String)]
    pub approved_at: Moment,
    /// By whom.
    pub approved_by: WhoView,
    /// Whether its own author approved it, since nobody else could.
    pub approved_alone: bool,
    /// What it says.
    #[schema(value_type = ReviewContent)]
    pub content: Content,
    /// What likelihood and impact are called, and the level that they give.
    pub level: LevelView,
    /// What it rests on.
    pub rests_on: FindingView,
    /// SHA-256 of its document, which is in the receipt.
    pub review_sha256: String,
    /// The place of the approval in the log.
    pub leaf_index: Option<i64>,
}

/// Likelihood, impact and level in the words of the risk matrix that a review was made with.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LevelView {
    /// The version of the institution's matrix (`GET /api/v1/risk-matrix?version=`).
    pub matrix: i64,
    /// 発生可能性
    pub likelihood: Option<GradeView>,
    /// 影響度
    pub impact: Option<GradeView>,
    /// リスクレベル
    pub level: Option<GradeView>,
}

/// A step of a scale.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct GradeView {
    /// Its place, from 1.
    pub value: u8,
    /// What it is called.
    pub label: String,
}

/// A change of a review.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReviewChangeView {
    /// Its number, from 1.
    pub number: i64,
    /// `drafted`, `submitted`, `sent_back` or `approved`.
    pub deed: String,
    /// When.
    #[schema(value_type = String)]
    pub occurred_at: Moment,
    /// By whom.
    pub by: WhoView,
    /// What was written, or approved.
    #[schema(value_type = Option<ReviewContent>)]
    pub content: Option<Content>,
    /// Of an approval: the edition's document. Its SHA-256, as UTF-8, is the `review_sha256` of the receipt.
    pub document: Option<String>,
    /// Why it was sent back.
    pub reason: Option<String>,
    /// Of an approval: whether its own author gave it, since nobody else could.
    pub approved_alone: Option<bool>,
    /// Of an approval: its place in the log.
    pub leaf_index: Option<i64>,
    /// Of an approval: the receipt, a compact JWS of the service.
    pub receipt: Option<String>,
}

/// What a review says.
#[derive(utoipa::ToSchema)]
#[allow(
    dead_code,
    reason = "describes kaiji_schema's Content in the OpenAPI document"
)]
pub struct ReviewContent {
    /// 想定されるリスク: what could happen, and to what.
    risk: Option<String>,
    /// 発生可能性: a step of the risk matrix, from 1.
    likelihood: Option<u8>,
    /// 影響度: a step of the risk matrix, from 1.
    impact: Option<u8>,
    /// `reduce` 低減, `avoid` 回避, `transfer` 移転, `accept` 受容 or `not_used` 当該機能を利用しない.
    treatment: Option<String>,
    /// 対応策
    measures: Option<String>,
    /// 証跡: SHA-256 of evidence files.
    evidence: Vec<String>,
    /// 担当者
    owner: Option<String>,
    /// 目標日
    target_date: Option<String>,
    /// 判断: why this is enough.
    decision: Option<String>,
    /// 受容期限: the last day of an acceptance.
    accepted_until: Option<String>,
    /// 次回見直し日
    next_review_on: Option<String>,
}

impl WhoView {
    pub(super) fn of(change: &ChangeRow) -> Self {
        Self {
            id: change.by_id.clone(),
            name: change.by_name.clone(),
        }
    }
}

impl From<&Finding> for FindingView {
    fn from(finding: &Finding) -> Self {
        let source = &finding.source;
        Self {
            requirement_set: finding.requirement_set.clone(),
            statement: source.statement.to_string(),
            assurance: if source.signed {
                Assurance::Signed
            } else {
                Assurance::Attested
            },
            form: source.form.as_str(),
            outcome: finding.outcome.as_str(),
            reason: finding.reason.map(Reason::as_str),
            direct: finding.direct.clone(),
            answers: finding.answers.clone(),
        }
    }
}

/// Shows reviews of one institution.
pub(super) struct Viewer {
    matrices: Matrices,
}

impl Viewer {
    pub(super) fn new(
        connection: &mut DbConnection,
        institution_id: &str,
    ) -> Result<Self, StorageError> {
        let matrices = Matrices::read(connection, institution_id)?;
        Ok(Self { matrices })
    }

    pub(super) fn view(&self, found: &ReviewedItem) -> Result<ReviewView, StorageError> {
        let review = found.review.as_ref();
        let written = review.map(|review| &review.written.edition.basis);
        // One of the two is there: what was neither found nor reviewed is not shown.
        let known = found.now.as_ref().or(written);
        let approved = review.and_then(|review| review.approved.as_ref());
        Ok(ReviewView {
            review: review.map(|review| review.row.id.clone()),
            system: found.system.clone(),
            system_name: found.system_name.clone(),
            item: found.item.clone(),
            chapter: known.map_or(0, |known| known.chapter),
            number: known.map_or_else(String::new, |known| known.number.clone()),
            text: known.map_or_else(String::new, |known| known.text.clone()),
            standing: found.verdict.standing.as_str(),
            cause: found.verdict.cause.map(Cause::as_str),
            state: review.map(|review| review.state.as_str()),
            now: found.now.as_ref().map(FindingView::from),
            newest: review.map(|review| self.newest(review)).transpose()?,
            approved: approved
                .map(|approved| self.approved(approved))
                .transpose()?,
            next_review_on: review.and_then(|review| review.row.review_on.clone()),
            revision: review.map_or(0, |review| review.row.revision),
        })
    }

    pub(super) fn whole(
        &self,
        connection: &mut DbConnection,
        found: &ReviewedItem,
    ) -> Result<ReviewDocument, StorageError> {
        let changes = match &found.review {
            Some(review) => reviews::changes(connection, &review.row.id)?,
            None => Vec::new(),
        };
        let history = changes.into_iter().map(|change| told(connection, change));
        Ok(ReviewDocument {
            history: history.collect::<Result<_, StorageError>>()?,
            review: self.view(found)?,
        })
    }

    fn newest(&self, review: &Review) -> Result<EditionView, StorageError> {
        let Written { edition, change } = &review.written;
        Ok(EditionView {
            edition: edition.edition,
            written_at: Moment(change.occurred_at),
            written_by: WhoView::of(change),
            template: edition.template.clone(),
            content: edition.content.clone(),
            level: self.level(edition)?,
            rests_on: (&edition.basis).into(),
            outdated: review.outdated.map(Cause::as_str),
        })
    }

    fn approved(
        &self,
        Written { edition, change }: &Written,
    ) -> Result<ApprovedView, StorageError> {
        let document = change.document.as_deref().unwrap_or_default();
        Ok(ApprovedView {
            edition: edition.edition,
            approved_at: Moment(change.occurred_at),
            approved_by: WhoView::of(change),
            approved_alone: change.approved_alone.unwrap_or_default(),
            content: edition.content.clone(),
            level: self.level(edition)?,
            rests_on: (&edition.basis).into(),
            review_sha256: Digest::of(document.as_bytes()).to_string(),
            leaf_index: change.leaf,
        })
    }

    fn level(&self, edition: &Edition) -> Result<LevelView, StorageError> {
        level(self.matrices.version(edition.matrix)?, edition)
    }
}

/// Likelihood, impact and level of an edition in the words of its matrix.
pub(super) fn level(matrix: &RiskMatrix, edition: &Edition) -> Result<LevelView, StorageError> {
    let grade = |steps: &[Step], value: Option<u8>| {
        let Some(value) = value else { return Ok(None) };
        let step = usize::from(value)
            .checked_sub(1)
            .and_then(|place| steps.get(place));
        let beyond = || StorageError::Corrupt(format!("review {}: step {value}", edition.review));
        let label = step.ok_or_else(beyond)?.label.clone();
        Ok::<_, StorageError>(Some(GradeView { value, label }))
    };
    Ok(LevelView {
        matrix: edition.matrix,
        likelihood: grade(&matrix.likelihood, edition.content.likelihood)?,
        impact: grade(&matrix.impact, edition.content.impact)?,
        level: grade(&matrix.levels, edition.level)?,
    })
}

fn told(
    connection: &mut DbConnection,
    change: ChangeRow,
) -> Result<ReviewChangeView, StorageError> {
    let receipt = change
        .leaf
        .map(|leaf| log::receipt(connection, leaf))
        .transpose()?;
    let by = WhoView::of(&change);
    let written = match change.document {
        Some(_) => Some(Written::of(change.clone())?.edition.content),
        None => None,
    };
    Ok(ReviewChangeView {
        number: change.number,
        deed: change.deed,
        occurred_at: Moment(change.occurred_at),
        by,
        content: written,
        document: change.document.filter(|_| receipt.is_some()),
        reason: change.reason,
        approved_alone: change.approved_alone,
        leaf_index: change.leaf,
        receipt,
    })
}
