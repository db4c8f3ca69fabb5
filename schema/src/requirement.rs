//! Requirement sets: the items (確認事項) that a guideline's 【別紙】 wants answered はい or 対象外.
//!
//! A set is data: a JSON file that says what it is and which edition of the forms it assumes, and a CSV file of its
//! items. A new edition of the guideline is two new files: under `fixtures/requirement-sets` with a line in `SOURCES`, or
//! in the directory that an operator names, until the next version of the program. What was compared before keeps the
//! set that it was compared with. No item has code of its own.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::embedded;
pub use crate::embedded::DataError;
use crate::form::{FormKind, QuestionNumber, form};

/// The set that is current where an operator says nothing else: the 【別紙】 of guideline 7.0.
pub const DEFAULT_SET: &str = "mhlw-7.0-annex";

/// The two files of a set.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// What it is, in JSON.
    pub about: &'a str,
    /// Its items, in CSV.
    pub items: &'a str,
}

const SOURCES: [Source<'static>; 1] = [Source {
    about: include_str!("../../fixtures/requirement-sets/mhlw-7.0-annex.json"),
    items: include_str!("../../fixtures/requirement-sets/mhlw-7.0-annex.csv"),
}];

static BUILT_IN: LazyLock<RequirementSets> =
    LazyLock::new(|| embedded::whole(RequirementSets::read(&[], DEFAULT_SET)));

/// How the answers to several questions combine into the one answer of an item (DESIGN section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The item names one question.
    Single,
    /// Every question that applies must be はい.
    All,
    /// One はい suffices.
    Any,
    /// The wording does not tell which of the two is meant.
    Unclear,
}

/// One item (確認事項) of a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Unique in its set: kind and numbers, such as `sds-57.1_57.2`.
    pub id: String,
    /// The form whose questions it names.
    pub kind: FormKind,
    /// Its place among the items of its kind, from 1.
    pub seq: u16,
    /// The chapter of the guideline (ガイドライン項目).
    pub chapter: u16,
    /// That chapter's title, as printed.
    pub chapter_title: String,
    /// The 項番 as printed, without the leading `No.`: `57.1 / 57.2`.
    pub printed_number: String,
    /// The question numbers that it names, at least one.
    pub numbers: Vec<QuestionNumber>,
    /// How they combine.
    pub rule: Rule,
    /// Why they combine so; `None` for a single number.
    pub rule_basis: Option<String>,
    /// Whether the 別紙 counts more as はい than the form does, so that the form's いいえ does not decide.
    pub redefined: bool,
    /// The item's wording.
    pub text: String,
}

/// A versioned list of items.
#[derive(Debug, Clone, Serialize)]
pub struct RequirementSet {
    /// Its name in documents and addresses: `mhlw-7.0-annex`.
    pub id: String,
    /// The title in Japanese.
    pub title: String,
    /// The publication that it was transcribed from.
    pub source: String,
    /// The form edition whose numbers the items are taken to name.
    pub form_edition: String,
    /// What was assumed or mended in the transcription, in Japanese.
    pub note: String,
    /// The items, in the printed order.
    pub items: Vec<Item>,
    #[serde(skip)]
    digest: Digest,
    #[serde(skip)]
    positions: HashMap<String, usize>,
}

impl RequirementSet {
    /// SHA-256 of the set's two files, one after the other: comparisons are kept under it.
    ///
    /// The description belongs to it because the assumed form edition decides outcomes.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The items about one form, in the printed order.
    pub fn items_of(&self, kind: FormKind) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(move |item| item.kind == kind)
    }

    /// The item of that id.
    pub fn item(&self, id: &str) -> Option<&Item> {
        self.positions
            .get(id)
            .and_then(|position| self.items.get(*position))
    }

    fn parse(source: &Source<'_>) -> Result<Self, DataError> {
        let about: About = serde_json::from_str(source.about)?;
        let mut items = Vec::new();
        let mut positions = HashMap::new();
        for row in csv::Reader::from_reader(source.items.as_bytes()).deserialize::<Row>() {
            let item = Item::try_from(row?)?;
            if positions.insert(item.id.clone(), items.len()).is_some() {
                return Err(DataError::Rule(format!("item {} stands twice", item.id)));
            }
            items.push(item);
        }
        let set = Self {
            id: about.id,
            title: about.title,
            source: about.source,
            form_edition: about.form_edition,
            note: about.note,
            items,
            digest: Digest::of([source.about, source.items].concat().as_bytes()),
            positions,
        };
        set.check_order()?;
        set.check_numbers()?;
        Ok(set)
    }

    /// Every number must be one of the form that it names in the edition that the set assumes.
    fn check_numbers(&self) -> Result<(), DataError> {
        for item in &self.items {
            let id = format!(
                "{}-{}",
                item.kind.as_str().to_lowercase(),
                self.form_edition
            );
            let form =
                form(&id).ok_or_else(|| DataError::Rule(format!("there is no form {id}")))?;
            let mut numbers = item.numbers.iter();
            if let Some(number) = numbers.find(|number| !form.numbers.contains(number)) {
                let wrong = format!("item {}: form {id} has no number {number}", item.id);
                return Err(DataError::Rule(wrong));
            }
        }
        Ok(())
    }

    fn check_order(&self) -> Result<(), DataError> {
        for kind in FormKind::ALL {
            if let Some((_, item)) = (1..)
                .zip(self.items_of(kind))
                .find(|(seq, item)| item.seq != *seq)
            {
                return Err(DataError::Rule(format!("item {} is out of order", item.id)));
            }
        }
        Ok(())
    }
}

/// The requirement sets that a service knows, the oldest first. One of them is current: what institutions are shown
/// where they name none.
#[derive(Debug, Clone)]
pub struct RequirementSets {
    before: Vec<RequirementSet>,
    current: RequirementSet,
    after: Vec<RequirementSet>,
}

impl RequirementSets {
    /// Those that this program carries within itself.
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// Those that this program carries and, behind them, `more`, of which the one called `current` is current.
    ///
    /// # Errors
    ///
    /// A file that does not hold together, two sets of one id, or no set called `current`.
    pub fn read(more: &[Source<'_>], current: &str) -> Result<Self, DataError> {
        let mut before: Vec<RequirementSet> = Vec::new();
        for source in SOURCES.iter().chain(more) {
            let set = RequirementSet::parse(source)?;
            if before.iter().any(|known| known.id == set.id) {
                return Err(DataError::Rule(format!("set {} stands twice", set.id)));
            }
            before.push(set);
        }
        let place = before.iter().position(|set| set.id == current);
        let mut from = before.split_off(place.unwrap_or(before.len())).into_iter();
        match from.next() {
            Some(current) => Ok(Self {
                before,
                current,
                after: from.collect(),
            }),
            None => Err(DataError::Rule(format!("there is no set {current}"))),
        }
    }

    /// The one that institutions are shown where they name none.
    pub fn current(&self) -> &RequirementSet {
        &self.current
    }

    /// The one of that id.
    pub fn find(&self, id: &str) -> Option<&RequirementSet> {
        self.iter().find(|set| set.id == id)
    }

    /// All of them, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &RequirementSet> {
        let current = std::iter::once(&self.current);
        self.before.iter().chain(current).chain(&self.after)
    }
}

/// The requirement set of that id among those that this program carries within itself.
pub fn requirement_set(id: &str) -> Option<&'static RequirementSet> {
    RequirementSets::built_in().find(id)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    id: String,
    title: String,
    source: String,
    form_edition: String,
    note: String,
}

/// A line of the CSV file, as it is written there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    kind: FormKind,
    seq: u16,
    chapter: u16,
    chapter_title: String,
    printed_number: String,
    question_numbers: String,
    rule: Rule,
    rule_basis: String,
    redefined: String,
    text: String,
}

impl TryFrom<Row> for Item {
    type Error = DataError;

    fn try_from(row: Row) -> Result<Self, DataError> {
        let refused = |why: &str| DataError::Rule(format!("item {}: {why}", row.id));
        let numbers: Vec<QuestionNumber> = row
            .question_numbers
            .split_ascii_whitespace()
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map_err(|_| refused("a question number is not one"))?;
        let printed_number = row
            .printed_number
            .strip_prefix("No.")
            .ok_or_else(|| refused("the printed number lacks \"No.\""))?
            .to_owned();
        let redefined = match row.redefined.as_str() {
            "" => false,
            "yes" => true,
            _ => return Err(refused("redefined is \"yes\" or empty")),
        };
        let single = row.rule == Rule::Single;
        if numbers.is_empty() || single != (numbers.len() == 1) {
            return Err(refused("its rule does not fit its numbers"));
        }
        if single != row.rule_basis.is_empty() {
            return Err(refused(
                "a rule for several numbers, and no other, has its basis",
            ));
        }
        Ok(Self {
            id: row.id,
            kind: row.kind,
            seq: row.seq,
            chapter: row.chapter,
            chapter_title: row.chapter_title,
            printed_number,
            numbers,
            rule: row.rule,
            rule_basis: Some(row.rule_basis).filter(|basis| !basis.is_empty()),
            redefined,
            text: row.text,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annex() -> &'static RequirementSet {
        requirement_set(DEFAULT_SET).unwrap()
    }

    fn parse(about: &str, items: &str) -> Result<RequirementSet, DataError> {
        RequirementSet::parse(&Source { about, items })
    }

    #[test]
    fn the_annex_of_guideline_7_0_has_41_items_for_mds_and_58_for_sds() {
        assert_eq!(annex().items_of(FormKind::Mds).count(), 41);
        assert_eq!(annex().items_of(FormKind::Sds).count(), 58);
        assert_eq!(annex().items.len(), 99);
        assert_eq!(annex().form_edition, "5.0");
    }

    #[test]
    fn three_items_redefine_yes() {
        let redefined = annex().items.iter().filter(|item| item.redefined);
        let ids: Vec<&str> = redefined.map(|item| item.id.as_str()).collect();
        assert_eq!(ids, ["mds-4.1", "mds-4.1.2", "sds-17.1"]);
    }

    #[test]
    fn two_items_share_a_question_and_keep_their_printed_numbers() {
        assert_eq!(annex().item("sds-57.1").unwrap().printed_number, "57.1");
        let both = annex().item("sds-57.1_57.2").unwrap();
        assert_eq!(both.printed_number, "57.1 / 57.2");
        assert_eq!(both.rule, Rule::All);
        assert!(annex().item("sds-57.9").is_none());
    }

    #[test]
    fn ids_say_the_kind_and_the_numbers() {
        for item in &annex().items {
            let numbers: Vec<String> = item.numbers.iter().map(ToString::to_string).collect();
            let id = format!(
                "{}-{}",
                item.kind.as_str().to_lowercase(),
                numbers.join("_")
            );
            assert_eq!(item.id, id);
        }
    }

    #[test]
    fn a_set_whose_description_changes_has_another_digest() {
        let Source { about, items } = SOURCES[0];
        let other = parse(&about.replace("\"note\": \"", "\"note\": \"※"), items).unwrap();
        assert_eq!(parse(about, items).unwrap().digest(), annex().digest());
        assert_ne!(other.digest(), annex().digest());
    }

    #[test]
    fn a_corrupt_item_file_is_refused() {
        let Source { about, items } = SOURCES[0];
        let corruptions = [
            ("mds-29,MDS,2", "mds-28,MDS,2"),
            ("mds-29,MDS,2", "mds-29,MDS,3"),
            ("No.28,28,single", "28,28,single"),
            ("No.28,28,single", "No.28,028,single"),
            ("No.28,28,single", "No.28,28 29,single"),
            ("No.28,28,single", "No.28,28,all"),
            ("No.28,28,single", "No.28,28,some"),
            ("No.28,28,single,,", "No.28,28,single,why,"),
            ("No.4.1,4.1,single,,yes", "No.4.1,4.1,single,,maybe"),
        ];
        for (right, wrong) in corruptions {
            assert!(items.contains(right), "{right}");
            assert!(
                parse(about, &items.replacen(right, wrong, 1)).is_err(),
                "{wrong}"
            );
        }
        assert!(parse("{}", items).is_err());
        assert!(parse(&about.replace("\"5.0\"", "\"5.1\""), items).is_err());
        assert!(parse(about, &items.replacen("No.28,28,", "No.999,999,", 1)).is_err());
    }

    #[test]
    fn a_set_from_outside_stands_behind_those_of_the_program_and_may_be_current() {
        let Source { about, items } = SOURCES[0];
        let about = about.replace(DEFAULT_SET, "next-annex");
        let next = Source {
            about: &about,
            items,
        };
        let sets = RequirementSets::read(&[next], "next-annex").unwrap();
        let ids: Vec<&str> = sets.iter().map(|set| set.id.as_str()).collect();
        assert_eq!(ids, [DEFAULT_SET, "next-annex"]);
        assert_eq!(sets.current().id, "next-annex");
        assert!(sets.find(DEFAULT_SET).is_some());

        let sets = RequirementSets::read(&[next], DEFAULT_SET).unwrap();
        assert_eq!(sets.current().id, DEFAULT_SET);
        assert_eq!(sets.iter().count(), 2);

        assert!(RequirementSets::read(&[next], "another").is_err());
        assert!(RequirementSets::read(&[next, next], DEFAULT_SET).is_err());
        assert!(RequirementSets::read(&SOURCES, DEFAULT_SET).is_err());
    }
}
