//! Comparison (照合): what a statement says about each item of a requirement set, and what is left to look at.
//!
//! It follows from the statement and the set alone, so it is computed once and kept under their two digests.
//! `rules` decides the outcome of an item; here is the shape of the result, which is also its JSON
//! (API.md, "Comparison"). Texts are borrowed from the statement and the set, or from the JSON it is read from.

mod owned;
mod rules;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};

use crate::digest::Digest;
use crate::form::{FormKind, QuestionNumber};
use crate::requirement::RequirementSet;
use crate::statement::{Answer, Answered};

/// The outcome (結果) of one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// 適合: the answer is はい.
    Conforming,
    /// 対象外: the answer is 対象外.
    NotApplicable,
    /// 要リスク評価: the answer is いいえ.
    Nonconforming,
    /// 要確認: blank, unclear or contradictory; the [`Reason`] says which.
    Unconfirmed,
}

impl Outcome {
    /// All outcomes, in order.
    pub const ALL: [Self; 4] = [
        Self::Conforming,
        Self::NotApplicable,
        Self::Nonconforming,
        Self::Unconfirmed,
    ];

    /// Its name in documents: `conforming`, `not_applicable`, `nonconforming` or `unconfirmed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Conforming => "conforming",
            Self::NotApplicable => "not_applicable",
            Self::Nonconforming => "nonconforming",
            Self::Unconfirmed => "unconfirmed",
        }
    }

    /// The label (判定) that institutions see.
    pub fn label(self) -> &'static str {
        match self {
            Self::Conforming => "適合",
            Self::NotApplicable => "対象外",
            Self::Nonconforming => "要リスク評価",
            Self::Unconfirmed => "要確認",
        }
    }

    /// Whether the institution has to look at the item: 要リスク評価 and 要確認.
    pub fn is_flagged(self) -> bool {
        matches!(self, Self::Nonconforming | Self::Unconfirmed)
    }
}

/// Why an item is 要確認 (理由).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The direct answer and the form's answers are opposite.
    Contradiction,
    /// The form's edition is not the one whose numbers the set names.
    Edition,
    /// A question that decides is blank.
    Unanswered,
    /// The wording does not say how the questions combine, and it matters here.
    UnclearRule,
    /// The form's answer is いいえ, but the 別紙 counts more as はい than the form does.
    Redefined,
}

impl Reason {
    /// All reasons, in order.
    pub const ALL: [Self; 5] = [
        Self::Contradiction,
        Self::Edition,
        Self::Unanswered,
        Self::UnclearRule,
        Self::Redefined,
    ];

    /// Its name in documents, such as `unclear_rule`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contradiction => "contradiction",
            Self::Edition => "edition",
            Self::Unanswered => "unanswered",
            Self::UnclearRule => "unclear_rule",
            Self::Redefined => "redefined",
        }
    }

    /// The label (理由) that institutions see.
    pub fn label(self) -> &'static str {
        match self {
            Self::Contradiction => "別紙への回答と様式の回答が食い違う",
            Self::Edition => "様式の版が別紙の前提と異なり、項番が対応しない",
            Self::Unanswered => "未回答の項番がある",
            Self::UnclearRule => "複数の項番の組合せ方を別紙から読み取れない",
            Self::Redefined => "様式では「いいえ」だが、別紙は「はい」の範囲を広げている",
        }
    }
}

/// A statement compared with a requirement set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison<'a> {
    /// The id of the set.
    #[serde(borrow)]
    pub requirement_set: Cow<'a, str>,
    /// The digest of the statement's JWS; `None` where a payload was compared that nobody signed.
    pub statement: Option<Digest>,
    /// The form that the statement answers.
    pub form: FormKind,
    /// The edition of that form.
    #[serde(borrow)]
    pub form_edition: Cow<'a, str>,
    /// How many items have which outcome.
    pub summary: Summary,
    /// The items of the set that are about this form, in the printed order.
    #[serde(borrow)]
    pub items: Vec<ComparedItem<'a>>,
}

/// How many items of a comparison have which outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// All items.
    pub items: u16,
    /// 適合
    pub conforming: u16,
    /// 対象外
    pub not_applicable: u16,
    /// 要リスク評価
    pub nonconforming: u16,
    /// 要確認
    pub unconfirmed: u16,
    /// Whether any item is flagged.
    pub review_required: bool,
}

/// One item as a statement answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedItem<'a> {
    /// The id of the item in its set.
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    /// The chapter of the guideline.
    pub chapter: u16,
    /// The question numbers that the item names.
    pub numbers: Cow<'a, [QuestionNumber]>,
    /// The item's wording.
    #[serde(borrow)]
    pub text: Cow<'a, str>,
    /// What follows.
    pub outcome: Outcome,
    /// Why it is 要確認; `None` for the other outcomes.
    pub reason: Option<Reason>,
    /// What the vendor answered to the item itself; without an answer in it, it decides nothing.
    pub direct: Option<StatedReply<'a>>,
    /// What the form's answers give; `None` where they do not decide or are of another edition.
    pub derived: Option<Answer>,
    /// For [`Reason::UnclearRule`]: the item if every question counts.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub derived_all: Option<Reading>,
    /// For [`Reason::UnclearRule`]: the item if one はい suffices.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub derived_any: Option<Reading>,
    /// What the statement says under each of the numbers, of whatever edition it is.
    pub answers: Vec<StatedAnswer<'a>>,
}

/// What one way to combine several answers gives; `None` where a blank leaves it open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reading(pub Option<Answer>);

/// A reply as the vendor wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedReply<'a> {
    /// `None` is a blank.
    pub answer: Option<Answer>,
    /// The vendor's remark.
    pub remark: Option<Cow<'a, str>>,
}

/// The reply to one question, as the vendor wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedAnswer<'a> {
    /// The question.
    pub number: QuestionNumber,
    /// `None` is a blank, or a question that was left out.
    pub answer: Option<Answer>,
    /// The vendor's remark.
    pub remark: Option<Cow<'a, str>>,
}

/// Compares a statement with the items of a set that are about its form (DESIGN section 5).
///
/// `sha256` is the digest of the statement's JWS, or of an attested one's bytes; `None` for what is not kept.
pub fn compare<'a>(
    answered: impl Into<Answered<'a>>,
    sha256: Option<Digest>,
    set: &'a RequirementSet,
) -> Comparison<'a> {
    let answered = answered.into();
    let rules = rules::Rules::new(answered, set);
    let mut items = Vec::with_capacity(set.items.len());
    items.extend(set.items_of(answered.form).map(|item| rules.compare(item)));
    Comparison {
        requirement_set: Cow::Borrowed(&set.id),
        statement: sha256,
        form: answered.form,
        form_edition: Cow::Borrowed(answered.form_edition),
        summary: Summary::of(&items),
        items,
    }
}

impl Comparison<'_> {
    /// The items that the institution has to look at.
    pub fn flagged(&self) -> impl Iterator<Item = &ComparedItem<'_>> {
        self.items.iter().filter(|item| item.outcome.is_flagged())
    }
}

impl ComparedItem<'_> {
    /// Whether a revision answers whoever asked about this item as the revision before it has it: the vendor answers the
    /// item directly and says something else than before, or there is nothing left to ask about.
    pub fn answers(&self, before: Option<&Self>) -> bool {
        let said_before = before.and_then(|before| before.direct.as_ref());
        let says = self.direct.as_ref();
        let speaks = says.is_some_and(|reply| reply.answer.is_some()) && says != said_before;
        speaks || !self.outcome.is_flagged()
    }
}

impl Summary {
    fn of(items: &[ComparedItem<'_>]) -> Self {
        let mut summary = Self::default();
        for item in items {
            summary.items += 1;
            summary.review_required |= item.outcome.is_flagged();
            *match item.outcome {
                Outcome::Conforming => &mut summary.conforming,
                Outcome::NotApplicable => &mut summary.not_applicable,
                Outcome::Nonconforming => &mut summary.nonconforming,
                Outcome::Unconfirmed => &mut summary.unconfirmed,
            } += 1;
        }
        summary
    }
}

/// Tells a reading that is null from one that is not there.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Reading>, D::Error> {
    Reading::deserialize(deserializer).map(Some)
}
