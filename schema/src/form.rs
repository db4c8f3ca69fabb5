//! Editions of the disclosure forms (MDS, SDS) and the numbers of their questions (項番).
//!
//! The wording of the forms is copyrighted by JAHIS and JIRA and is not here: a form is its numbers, and of those
//! the ones that the 【別紙】 names. A well-formed number that is not listed is kept and not compared. A new
//! edition is a new file under `fixtures/forms` and a line in `SOURCES`.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::embedded::{self, DataError};

const SOURCES: [&str; 2] = [
    include_str!("../../fixtures/forms/mds-5.0.json"),
    include_str!("../../fixtures/forms/sds-5.0.json"),
];

static FORMS: LazyLock<Vec<Form>> =
    LazyLock::new(|| embedded::all(&SOURCES, |text| Form::parse(text)));

/// Which of the two forms (様式) a statement follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum FormKind {
    /// 製造業者による医療情報セキュリティ開示書
    Mds,
    /// サービス事業者による医療情報セキュリティ開示書
    Sds,
}

impl FormKind {
    /// Both kinds, in order.
    pub const ALL: [Self; 2] = [Self::Mds, Self::Sds];

    /// `MDS` or `SDS`, as it is written in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mds => "MDS",
            Self::Sds => "SDS",
        }
    }

    /// The kind of that name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for FormKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

const MAX_SEGMENTS: usize = 6;
const MAX_SEGMENT: u16 = 9_999;

/// The number of a question (項番): one to six integers, such as `12.3.1.1`.
///
/// Ordered by its integers, so `4.10` follows `4.9`. Held inline: looking one up allocates nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuestionNumber {
    /// Sixteen bits a segment, the first one highest, so that one comparison of integers orders two numbers. Zero
    /// stands for "no further segment": no segment is zero, and a parent sorts before its children.
    packed: u128,
}

impl QuestionNumber {
    fn segments(self) -> impl Iterator<Item = u16> {
        (0..MAX_SEGMENTS)
            .rev()
            .map(move |place| {
                u16::try_from(self.packed >> (16 * place) & 0xffff).unwrap_or_default()
            })
            .take_while(|segment| *segment != 0)
    }
}

/// Text that is not the number of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a question number is one to six integers from 1 to 9999 without leading zeros, joined by \".\""
)]
pub struct NotAQuestionNumber;

impl FromStr for QuestionNumber {
    type Err = NotAQuestionNumber;

    fn from_str(text: &str) -> Result<Self, NotAQuestionNumber> {
        let mut packed = 0;
        let mut places = (0..MAX_SEGMENTS).rev();
        for part in text.split('.') {
            let place = places.next().ok_or(NotAQuestionNumber)?;
            let segment = parse_segment(part).ok_or(NotAQuestionNumber)?;
            packed |= u128::from(segment) << (16 * place);
        }
        Ok(Self { packed })
    }
}

fn parse_segment(part: &str) -> Option<u16> {
    let canonical = part.bytes().all(|byte| byte.is_ascii_digit()) && !part.starts_with('0');
    if !canonical {
        return None;
    }
    part.parse().ok().filter(|segment| *segment <= MAX_SEGMENT)
}

impl fmt::Display for QuestionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.segments().enumerate() {
            if position > 0 {
                f.write_str(".")?;
            }
            write!(f, "{segment}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for QuestionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "QuestionNumber({self})")
    }
}

impl Serialize for QuestionNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for QuestionNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// One edition of a form (開示書の様式).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// `mds-5.0`: the kind in lower case and the edition.
    pub id: String,
    /// MDS or SDS.
    pub kind: FormKind,
    /// The edition (版), such as `5.0`.
    pub edition: String,
    /// The form's title in Japanese.
    pub title: String,
    /// The standard that defines the form.
    pub source: String,
    /// What the list of numbers leaves out, in Japanese.
    pub note: String,
    /// The known question numbers, in order.
    pub numbers: Vec<QuestionNumber>,
}

impl Form {
    fn parse(text: &str) -> Result<Self, DataError> {
        let form: Self = serde_json::from_str(text)?;
        let expected = format!("{}-{}", form.kind.as_str().to_lowercase(), form.edition);
        if form.id != expected {
            return Err(DataError::Rule(format!(
                "form {} should be called {expected}",
                form.id
            )));
        }
        if form.numbers.is_empty() || !form.numbers.is_sorted_by(|one, next| one < next) {
            return Err(DataError::Rule(format!(
                "the numbers of {} are not in order",
                form.id
            )));
        }
        Ok(form)
    }
}

/// Every form edition that this build knows.
pub fn forms() -> &'static [Form] {
    &FORMS
}

/// The form edition of that id, such as `sds-5.0`.
pub fn form(id: &str) -> Option<&'static Form> {
    forms().iter().find(|form| form.id == id)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> QuestionNumber {
        text.parse().unwrap()
    }

    #[test]
    fn both_forms_of_edition_5_0_are_embedded() {
        assert_eq!(form("mds-5.0").unwrap().numbers.len(), 44);
        assert_eq!(form("sds-5.0").unwrap().numbers.len(), 73);
        assert_eq!(form("sds-4.0"), None);
    }

    #[test]
    fn a_form_whose_id_or_order_is_wrong_is_refused() {
        let text = SOURCES[0];
        assert!(Form::parse(&text.replace("mds-5.0", "mds-4.1")).is_err());
        assert!(Form::parse(&text.replace("\"3\", \"4.1\"", "\"4.1\", \"3\"")).is_err());
        assert!(Form::parse("{").is_err());
    }

    #[test]
    fn numbers_sort_by_their_integers() {
        let mut numbers = ["4.10", "4.9", "12.3.1.1", "4", "4.1.2", "12"].map(number);
        numbers.sort();
        let sorted = numbers.map(|number| number.to_string());
        assert_eq!(sorted, ["4", "4.1.2", "4.9", "4.10", "12", "12.3.1.1"]);
    }

    #[test]
    fn what_is_not_a_question_number_is_refused() {
        let wrong = [
            "",
            ".",
            "1.",
            ".1",
            "0",
            "01",
            "1.0",
            "1..2",
            "+1",
            "-1",
            "１",
            "1a",
            " 1",
            "No.1",
            "10000",
            "99999999",
            "1.2.3.4.5.6.7",
            "1,2",
        ];
        for text in wrong {
            assert_eq!(
                text.parse::<QuestionNumber>(),
                Err(NotAQuestionNumber),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_number_reads_back_from_what_it_shows(segments in prop::collection::vec(1_u16..=9_999, 1..=6)) {
            let text = segments.iter().map(u16::to_string).collect::<Vec<_>>().join(".");
            prop_assert_eq!(number(&text).to_string(), text);
        }
    }
}
