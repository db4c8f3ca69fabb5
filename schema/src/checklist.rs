//! Checklists of an institution (遵守項目): what a guideline asks of the institution itself.
//!
//! A checklist is data, like a requirement set: a JSON file that says what it is and a CSV file of its items. `facts`
//! names what the exchange knows about an item, so that no item has code of its own. What an answer stands for at an
//! on-site inspection, and what it lacks, follows from its state alone.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::embedded::{self, DataError};

/// The checklist that institutions keep: the 52 items of guideline 7.0.
pub const DEFAULT_CHECKLIST: &str = "mhlw-7.0-compliance";

struct Source {
    about: &'static str,
    items: &'static str,
}

const SOURCES: [Source; 1] = [Source {
    about: include_str!("../../fixtures/checklists/mhlw-7.0-compliance.json"),
    items: include_str!("../../fixtures/checklists/mhlw-7.0-compliance.csv"),
}];

static CHECKLISTS: LazyLock<Vec<Checklist>> =
    LazyLock::new(|| embedded::all(&SOURCES, Checklist::parse));

/// What the exchange knows about an item, from what the institution does here anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// The list of kinds of information (情報の一覧).
    Information,
    /// The statements that were collected (開示書の収集).
    Statements,
    /// The inventory (台帳).
    Ledger,
    /// With whom there are contracts (契約の相手方).
    Partners,
    /// How the statements compare with the 【別紙】.
    Comparisons,
    /// When the checklist itself was last gone through (定期的な点検).
    Review,
}

/// One item (遵守項目).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChecklistItem {
    /// Unique in its checklist: section or subsection, and number, such as `4.3-1`.
    pub id: String,
    /// The number of the section (項目区分).
    pub section: u16,
    /// The section's title.
    pub section_title: String,
    /// The number of the subsection, where the section has some: `4.3`.
    pub subsection: Option<String>,
    /// The subsection's title.
    pub subsection_title: Option<String>,
    /// Its number there, printed in a circle.
    pub item: u16,
    /// What the exchange knows about it.
    pub facts: Option<FactKind>,
    /// The item's wording.
    pub text: String,
}

impl ChecklistItem {
    /// As people refer to it: `3 ②`, `4.3 ①`.
    pub fn printed(&self) -> String {
        let section = self.section.to_string();
        let place = self.subsection.as_ref().unwrap_or(&section);
        let circled = u32::from('①') + u32::from(self.item.saturating_sub(1));
        let circled = char::from_u32(circled).filter(|_| (1..=20).contains(&self.item));
        match circled {
            Some(circled) => format!("{place} {circled}"),
            None => format!("{place} ({})", self.item),
        }
    }
}

/// A versioned list of items.
#[derive(Debug, Clone, Serialize)]
pub struct Checklist {
    /// Its name in documents and addresses: `mhlw-7.0-compliance`.
    pub id: String,
    /// The title in Japanese.
    pub title: String,
    /// The publication that it was transcribed from.
    pub source: String,
    /// What was assumed or mended in the transcription, in Japanese.
    pub note: String,
    /// SHA-256 of the checklist's two files, one after the other.
    pub sha256: Digest,
    /// The items, in the printed order.
    pub items: Vec<ChecklistItem>,
}

impl Checklist {
    /// The item of that id.
    pub fn item(&self, id: &str) -> Option<&ChecklistItem> {
        self.items.iter().find(|item| item.id == id)
    }

    fn parse(source: &Source) -> Result<Self, DataError> {
        let about: About = serde_json::from_str(source.about)?;
        let mut items: Vec<ChecklistItem> = Vec::new();
        for row in csv::Reader::from_reader(source.items.as_bytes()).deserialize::<Row>() {
            let item = ChecklistItem::try_from(row?)?;
            if items.iter().any(|other| other.id == item.id) {
                return Err(DataError::Rule(format!("item {} stands twice", item.id)));
            }
            items.push(item);
        }
        Ok(Self {
            id: about.id,
            title: about.title,
            source: about.source,
            note: about.note,
            sha256: Digest::of([source.about, source.items].concat().as_bytes()),
            items,
        })
    }
}

/// Every checklist that this build knows, the oldest first.
pub fn checklists() -> &'static [Checklist] {
    &CHECKLISTS
}

/// The checklist of that id.
pub fn checklist(id: &str) -> Option<&'static Checklist> {
    checklists().iter().find(|checklist| checklist.id == id)
}

/// What the institution says of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// 実施済
    Done,
    /// 実施予定
    Planned,
    /// 対象外
    NotApplicable,
    /// 未着手
    NotStarted,
}

/// What that stands for at an on-site inspection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemAnswer {
    /// はい
    Yes,
    /// いいえ
    No,
    /// 対象外
    NotApplicable,
}

impl ItemState {
    /// Every state there is.
    pub const ALL: [Self; 4] = [
        Self::Done,
        Self::Planned,
        Self::NotApplicable,
        Self::NotStarted,
    ];

    /// The word in documents and rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Planned => "planned",
            Self::NotApplicable => "not_applicable",
            Self::NotStarted => "not_started",
        }
    }

    /// The word for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Done => "実施済",
            Self::Planned => "実施予定",
            Self::NotApplicable => "対象外",
            Self::NotStarted => "未着手",
        }
    }

    /// The state of that word, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// What an inspector reads: what is not done yet is いいえ.
    pub fn answer(self) -> ItemAnswer {
        match self {
            Self::Done => ItemAnswer::Yes,
            Self::Planned | Self::NotStarted => ItemAnswer::No,
            Self::NotApplicable => ItemAnswer::NotApplicable,
        }
    }
}

impl ItemAnswer {
    /// The word for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Yes => "はい",
            Self::No => "いいえ",
            Self::NotApplicable => "対象外",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    id: String,
    title: String,
    source: String,
    note: String,
}

/// A line of the CSV file, as it is written there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    section: u16,
    section_title: String,
    subsection: Option<String>,
    subsection_title: Option<String>,
    item: u16,
    facts: Option<FactKind>,
    text: String,
}

impl TryFrom<Row> for ChecklistItem {
    type Error = DataError;

    fn try_from(row: Row) -> Result<Self, DataError> {
        let section = row.section.to_string();
        let place = row.subsection.as_ref().unwrap_or(&section);
        let said = format!("{place}-{}", row.item);
        if said != row.id || row.subsection.is_some() != row.subsection_title.is_some() {
            let what = format!("item {} does not say where it stands", row.id);
            return Err(DataError::Rule(what));
        }
        Ok(Self {
            id: row.id,
            section: row.section,
            section_title: row.section_title,
            subsection: row.subsection,
            subsection_title: row.subsection_title,
            item: row.item,
            facts: row.facts,
            text: row.text,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compliance() -> &'static Checklist {
        checklist(DEFAULT_CHECKLIST).unwrap()
    }

    #[test]
    fn the_checklist_of_guideline_7_0_has_52_items_in_11_sections() {
        let items = &compliance().items;
        assert_eq!(items.len(), 52);
        let mut sections: Vec<u16> = items.iter().map(|item| item.section).collect();
        assert!(sections.is_sorted());
        sections.dedup();
        assert_eq!(sections, (1..=11).collect::<Vec<_>>());
        let printed: Vec<_> = items.iter().map(ChecklistItem::printed).collect();
        assert!(printed.contains(&"10 ⑩".to_owned()));
        assert!(printed.contains(&"4.3 ①".to_owned()));
    }

    #[test]
    fn six_items_are_filled_in_from_the_exchange() {
        let known = compliance().items.iter();
        let known = known.filter_map(|item| item.facts.map(|facts| (item.id.as_str(), facts)));
        let expected = [
            ("2-3", FactKind::Partners),
            ("3-1", FactKind::Information),
            ("3-2", FactKind::Statements),
            ("4.3-1", FactKind::Review),
            ("7-2", FactKind::Ledger),
            ("10-9", FactKind::Comparisons),
        ];
        assert_eq!(known.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_is_not_done_is_no_for_an_inspector() {
        let answers = ItemState::ALL.map(|state| state.answer().label());
        assert_eq!(answers, ["はい", "いいえ", "対象外", "いいえ"]);
        for state in ItemState::ALL {
            assert_eq!(ItemState::from_name(state.as_str()), Some(state));
        }
    }

    #[test]
    fn a_corrupt_file_is_refused() {
        let Source { about, items } = SOURCES[0];
        let parse = |items: &str| {
            Checklist::parse(&Source {
                about,
                items: items.to_owned().leak(),
            })
        };
        assert!(parse(items).is_ok());
        for (right, wrong) in [
            ("\n3-2,3,", "\n3-3,3,"),
            ("\n3-2,3,", "\n3-1,3,"),
            (",statements,", ",guesses,"),
            ("4.3,安全管理対策の点検", "4.3,"),
        ] {
            assert!(items.contains(right), "{right}");
            assert!(parse(&items.replacen(right, wrong, 1)).is_err(), "{wrong}");
        }
    }
}
