//! What a review rests on: what a statement said about an item, and what followed.

use serde::{Deserialize, Serialize};

use crate::comparison::{ComparedItem, Outcome, Reason, StatedAnswer, StatedReply};
use crate::digest::Digest;
use crate::form::FormKind;
use crate::requirement::RequirementSet;

/// The document that a finding was made in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// SHA-256 of a statement's JWS, or of an attested one's bytes.
    pub statement: Digest,
    /// Whether its vendor signed it; else a person declared it.
    pub signed: bool,
    /// Which form it answers.
    pub form: FormKind,
    /// The last leaf of the log that had a part in that it stands.
    pub leaf: i64,
    /// The product that the system was linked to at the time.
    pub product: Option<String>,
}

/// An item of a requirement set as a statement answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Where.
    #[serde(flatten)]
    pub source: Source,
    /// The requirement set that it was compared with.
    pub requirement_set: String,
    /// The chapter of the guideline.
    pub chapter: u16,
    /// 項番 as printed.
    pub number: String,
    /// The item's wording.
    pub text: String,
    /// What followed.
    pub outcome: Outcome,
    /// Why it is 要確認.
    pub reason: Option<Reason>,
    /// What the vendor answered to the item itself.
    pub direct: Option<StatedReply<'static>>,
    /// What the statement says under each of its numbers.
    pub answers: Vec<StatedAnswer<'static>>,
}

impl Finding {
    /// What the document says of an item of the set.
    pub fn new(source: Source, item: ComparedItem<'static>, set: &RequirementSet) -> Self {
        let printed = set.item(&item.id).map(|known| known.printed_number.clone());
        Self {
            source,
            requirement_set: set.id.clone(),
            chapter: item.chapter,
            number: printed.unwrap_or_default(),
            text: item.text.into_owned(),
            outcome: item.outcome,
            reason: item.reason,
            direct: item.direct,
            answers: item.answers,
        }
    }

    /// Whether the other says the same: outcome, reason, answers and remarks. Where it says so, and in which words the
    /// set asks, makes no difference.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let said = |finding: &Self| (finding.outcome, finding.reason);
        said(self) == said(other) && self.direct == other.direct && self.answers == other.answers
    }

    /// Whether another product took the place of the one that it is about. A product that becomes known does not.
    pub fn is_about_another_product(&self, other: &Self) -> bool {
        match (&self.source.product, &other.source.product) {
            (Some(one), Some(other)) => one != other,
            _ => false,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::comparison::compare;
    use crate::requirement::{DEFAULT_SET, requirement_set};
    use crate::statement::tests::sample;
    use crate::statement::{Answer, Reply};

    /// What a statement of an SDS says of item 84, as its source of that leaf.
    pub(in crate::review) fn finding(
        leaf: i64,
        answer: Option<Answer>,
        remark: Option<&str>,
    ) -> Finding {
        let mut statement = sample(FormKind::Sds);
        let reply = Reply {
            answer,
            remark: remark.map(str::to_owned),
        };
        statement.answers = [("84".parse().unwrap(), reply)].into_iter().collect();
        let set = requirement_set(DEFAULT_SET).unwrap();
        let compared = compare(&statement, None, set);
        let mut items = compared.items.into_iter();
        let item = items.find(|item| item.id == "sds-84").unwrap();
        let source = Source {
            statement: Digest::of(&leaf.to_be_bytes()),
            signed: true,
            form: FormKind::Sds,
            leaf,
            product: Some("prd_1".to_owned()),
        };
        Finding::new(source, item.into_owned(), set)
    }

    #[test]
    fn another_revision_that_answers_alike_says_the_same() {
        let first = finding(1, Some(Answer::No), Some("次期更改で対応予定"));
        assert!(first.says_the_same(&finding(2, Some(Answer::No), Some("次期更改で対応予定"))));
        assert!(!first.says_the_same(&finding(2, Some(Answer::No), Some("対応しない"))));
        assert!(!first.says_the_same(&finding(2, Some(Answer::Yes), Some("次期更改で対応予定"))));
        assert!(!first.says_the_same(&finding(2, None, Some("次期更改で対応予定"))));
    }

    #[test]
    fn other_words_of_the_same_item_make_no_difference() {
        let first = finding(1, Some(Answer::No), None);
        let mut later = finding(2, Some(Answer::No), None);
        later.requirement_set = "mhlw-7.1-annex".to_owned();
        later.text = "言い換えた項目".to_owned();
        assert!(first.says_the_same(&later));
        later.reason = Some(Reason::Redefined);
        assert!(!first.says_the_same(&later));
    }

    #[test]
    fn a_product_that_becomes_known_is_no_other_product() {
        let first = finding(1, Some(Answer::No), None);
        let mut other = first.clone();
        assert!(!first.is_about_another_product(&other));
        other.source.product = None;
        assert!(!first.is_about_another_product(&other));
        other.source.product = Some("prd_2".to_owned());
        assert!(first.is_about_another_product(&other));
    }

    #[test]
    fn a_finding_of_a_row_is_read_back_as_it_was() {
        let first = finding(1, Some(Answer::No), Some("=1+1"));
        let row = serde_json::to_string(&first).unwrap();
        assert_eq!(serde_json::from_str::<Finding>(&row).unwrap(), first);
    }
}
