//! What an institution confirms with a vendor that keeps its information (guideline 7.0, section 5): the nine points of
//! the contract (④), what to look at before choosing (③), and the certificates (③).
//!
//! The points are data, like a requirement set. Certificates stand in tiers: one of the first, else one of those instead
//! of it, else an audit from outside.

use std::sync::LazyLock;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::embedded::{self, DataError};

/// The list that institutions keep for their systems.
pub const DEFAULT_POINTS: &str = "mhlw-7.0-outsourcing";

struct Source {
    about: &'static str,
    points: &'static str,
}

const SOURCES: [Source; 1] = [Source {
    about: include_str!("../../fixtures/contract-points/mhlw-7.0-outsourcing.json"),
    points: include_str!("../../fixtures/contract-points/mhlw-7.0-outsourcing.csv"),
}];

static LISTS: LazyLock<Vec<ContractPoints>> =
    LazyLock::new(|| embedded::all(&SOURCES, ContractPoints::parse));

/// What a point is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PointKind {
    /// The contract says so (契約に含むこと).
    Contract,
    /// It was looked at before the vendor was chosen (選定の際の確認).
    Selection,
    /// The vendor holds it (認証等の取得).
    Certificate,
}

impl PointKind {
    /// The word for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Contract => "契約",
            Self::Selection => "選定",
            Self::Certificate => "認証等",
        }
    }
}

/// How a certificate counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// One of these suffices.
    First,
    /// One of these, where there is none of the first.
    Alternative,
    /// An audit from outside, where there is neither.
    Audit,
}

/// One point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContractPoint {
    /// Unique in its list, such as `contract-6`.
    pub id: String,
    /// The item of the checklist that asks for it, as printed: `5 ④`.
    pub item: String,
    /// What it is about.
    pub kind: PointKind,
    /// Of a certificate, how it counts.
    pub tier: Option<Tier>,
    /// Its wording in the table of items.
    pub text: String,
    /// Its wording in the explanation, where that is another.
    pub explained: Option<String>,
}

/// A versioned list of points.
#[derive(Debug, Clone, Serialize)]
pub struct ContractPoints {
    /// Its name: `mhlw-7.0-outsourcing`.
    pub id: String,
    /// The title in Japanese.
    pub title: String,
    /// The publication that it was transcribed from.
    pub source: String,
    /// What was assumed or mended in the transcription, in Japanese.
    pub note: String,
    /// SHA-256 of the list's two files, one after the other.
    pub sha256: Digest,
    /// The points.
    pub points: Vec<ContractPoint>,
}

impl ContractPoints {
    /// The point of that id.
    pub fn point(&self, id: &str) -> Option<&ContractPoint> {
        self.points.iter().find(|point| point.id == id)
    }

    fn parse(source: &Source) -> Result<Self, DataError> {
        let about: About = serde_json::from_str(source.about)?;
        let mut points: Vec<ContractPoint> = Vec::new();
        for row in csv::Reader::from_reader(source.points.as_bytes()).deserialize::<Row>() {
            let row: Row = row?;
            let is_certificate = row.kind == PointKind::Certificate;
            if is_certificate != row.tier.is_some() || points.iter().any(|other| other.id == row.id)
            {
                let what = format!("point {}: its tier, or its id twice", row.id);
                return Err(DataError::Rule(what));
            }
            points.push(row.into());
        }
        Ok(Self {
            id: about.id,
            title: about.title,
            source: about.source,
            note: about.note,
            sha256: Digest::of([source.about, source.points].concat().as_bytes()),
            points,
        })
    }
}

/// Every list that this build knows, the oldest first.
pub fn contract_point_lists() -> &'static [ContractPoints] {
    &LISTS
}

/// The list of that id.
pub fn contract_points(id: &str) -> Option<&'static ContractPoints> {
    contract_point_lists().iter().find(|list| list.id == id)
}

/// What the institution says of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PointState {
    /// 確認済
    Confirmed,
    /// 未確認
    #[default]
    NotConfirmed,
    /// 対象外
    NotApplicable,
}

impl PointState {
    /// Every state there is.
    pub const ALL: [Self; 3] = [Self::Confirmed, Self::NotConfirmed, Self::NotApplicable];

    /// The word in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::NotConfirmed => "not_confirmed",
            Self::NotApplicable => "not_applicable",
        }
    }

    /// The word for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Confirmed => "確認済",
            Self::NotConfirmed => "未確認",
            Self::NotApplicable => "対象外",
        }
    }

    /// The state of that word, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// Whether something that is good until `expires_on`, that day included, is good no more.
pub fn has_expired(expires_on: Option<Date>, today: Date) -> bool {
    expires_on.is_some_and(|last| last < today)
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
    item: String,
    kind: PointKind,
    tier: Option<Tier>,
    text: String,
    explained: Option<String>,
}

impl From<Row> for ContractPoint {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            item: row.item,
            kind: row.kind,
            tier: row.tier,
            text: row.text,
            explained: row.explained,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::checklist::{DEFAULT_CHECKLIST, checklist};

    fn points() -> &'static ContractPoints {
        contract_points(DEFAULT_POINTS).unwrap()
    }

    #[test]
    fn the_nine_points_are_those_of_the_checklist_word_for_word() {
        let nine = points().points.iter();
        let nine = nine.filter(|point| point.kind == PointKind::Contract);
        let nine: Vec<_> = nine.map(|point| point.text.as_str()).collect();
        let item = checklist(DEFAULT_CHECKLIST).unwrap().item("5-4").unwrap();
        let listed: Vec<_> = item.text.split(" -").skip(1).map(str::trim).collect();
        assert_eq!(nine, listed);
        assert_eq!(nine.len(), 9);
        assert!(
            nine[5].contains("再委託"),
            "which the explanation leaves out"
        );
    }

    #[test]
    fn certificates_stand_in_tiers() {
        let of = |tier| {
            points()
                .points
                .iter()
                .filter(move |point| point.tier == Some(tier))
        };
        assert_eq!(of(Tier::First).count(), 2);
        assert_eq!(of(Tier::Alternative).count(), 5);
        assert_eq!(of(Tier::Audit).count(), 1);
        let with_tier = points().points.iter().filter(|point| point.tier.is_some());
        assert!(with_tier.map(|point| point.tier).is_sorted());
    }

    #[test]
    fn a_certificate_is_good_on_its_last_day() {
        let last = date(2026, 11, 22);
        assert!(!has_expired(None, last));
        assert!(!has_expired(Some(last), last));
        assert!(has_expired(Some(last), date(2026, 11, 23)));
    }

    #[test]
    fn a_corrupt_file_is_refused() {
        let Source { about, points } = SOURCES[0];
        let parse = |points: &str| {
            ContractPoints::parse(&Source {
                about,
                points: points.to_owned().leak(),
            })
        };
        assert!(parse(points).is_ok());
        for (right, wrong) in [
            ("certificate,first", "certificate,"),
            ("contract,,", "contract,first,"),
            ("contract-2", "contract-1"),
            ("selection,,", "glance,,"),
        ] {
            assert!(points.contains(right), "{right}");
            assert!(parse(&points.replacen(right, wrong, 1)).is_err(), "{wrong}");
        }
    }
}
