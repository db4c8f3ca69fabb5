//! What the exchange knows about an item of the checklist, in values and in words.
//!
//! The digest of facts says what a confirmation rests on: where it is another, something has changed. Whether an item is
//! done by them stands here once for each kind of facts; which item has which kind is data.

use kaiji_schema::checklist::ItemState;
use kaiji_schema::{Digest, era};
use serde::Serialize;

use crate::exchange::{Moment, day_in_japan};
use crate::storage::Error as StorageError;

/// How many names a sentence lists.
const MOST_NAMES: usize = 10;

/// A system, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct NamedSystem {
    /// Its id.
    pub system: String,
    /// What the institution calls it.
    pub name: String,
}

/// What the exchange knows about an item.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Facts {
    /// The list of kinds of information.
    Information(InformationFacts),
    /// The statements that were collected.
    Statements(StatementFacts),
    /// The inventory.
    Ledger(LedgerFacts),
    /// With whom there are contracts.
    Partners(PartnerFacts),
    /// How the statements compare with the 【別紙】.
    Comparisons(ComparisonFacts),
    /// When the checklist was last gone through.
    Review(ReviewFacts),
}

/// The list of kinds of information.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct InformationFacts {
    /// How many kinds are on it.
    pub kinds: usize,
    /// When it was changed last.
    #[schema(value_type = Option<String>)]
    pub last_changed_at: Option<Moment>,
}

/// The statements that were collected.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct StatementFacts {
    /// How many systems are on the list.
    pub systems: usize,
    /// How many statements are held for them, signed or attested; none that was withdrawn.
    pub statements: usize,
    /// When the newest of them was received.
    #[schema(value_type = Option<String>)]
    pub last_received_at: Option<Moment>,
    /// The systems for which none is held.
    pub without: Vec<NamedSystem>,
}

/// The inventory.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct LedgerFacts {
    /// How many systems are on the list.
    pub systems: usize,
    /// When a system on it was changed last.
    #[schema(value_type = Option<String>)]
    pub last_changed_at: Option<Moment>,
    /// Those that lack vendor, product or work: the columns of the guideline's table.
    pub incomplete: Vec<NamedSystem>,
}

/// With whom there are contracts.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PartnerFacts {
    /// How many systems are on the list.
    pub systems: usize,
    /// The partners, as the inventory names them.
    pub partners: Vec<PartnerSystems>,
    /// The systems for which neither a contract partner nor a vendor is named.
    pub without: Vec<NamedSystem>,
}

/// A partner, and for how many systems.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PartnerSystems {
    /// The contract partner, or the vendor where none is named.
    pub name: String,
    /// For how many systems.
    pub systems: usize,
}

/// How the statements compare with the 【別紙】.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ComparisonFacts {
    /// The requirement set.
    pub requirement_set: &'static str,
    /// How many systems are on the list.
    pub systems: usize,
    /// How many items have the outcome 適合, over all statements of all systems.
    pub conforming: i64,
    /// 対象外
    pub not_applicable: i64,
    /// 要リスク評価
    pub nonconforming: i64,
    /// 要確認
    pub unconfirmed: i64,
    /// The systems with items that are flagged.
    pub flagged: Vec<FlaggedSystem>,
    /// The systems for which nothing could be compared.
    pub not_compared: Vec<NamedSystem>,
}

/// A system with items that are flagged.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct FlaggedSystem {
    /// The system.
    #[serde(flatten)]
    pub named: NamedSystem,
    /// How many items are flagged.
    pub items: i64,
    /// For how many of them a risk review is in force.
    pub reviewed: i64,
}

/// When the checklist was last gone through: all items but the one that asks for it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ReviewFacts {
    /// How many items there are.
    pub items: usize,
    /// How many were looked at within a year.
    pub within_a_year: usize,
    /// The day on which one was looked at last.
    #[schema(value_type = Option<String>)]
    pub last_checked_on: Option<jiff::civil::Date>,
    /// The day from which one is to be looked at again; null where one never was.
    #[schema(value_type = Option<String>)]
    pub next_due_on: Option<jiff::civil::Date>,
    /// How many risk reviews are to be looked at again by now.
    pub reviews_due: usize,
}

impl Facts {
    /// SHA-256 of the facts as they are shown.
    pub(super) fn sha256(&self) -> Result<Digest, StorageError> {
        let bytes = serde_json::to_vec(self);
        let bytes = bytes.map_err(|error| StorageError::Corrupt(error.to_string()))?;
        Ok(Digest::of(&bytes))
    }

    /// How the item stands by these facts alone.
    pub(super) fn state(&self) -> ItemState {
        let is_done = match self {
            Self::Information(facts) => facts.kinds > 0,
            Self::Statements(facts) => facts.systems > 0 && facts.without.is_empty(),
            Self::Ledger(facts) => facts.systems > 0 && facts.incomplete.is_empty(),
            Self::Partners(facts) => facts.systems > 0 && facts.without.is_empty(),
            Self::Comparisons(facts) => {
                facts.systems > 0 && facts.not_compared.is_empty() && facts.are_reviewed()
            }
            Self::Review(facts) => facts.within_a_year == facts.items && facts.reviews_due == 0,
        };
        if is_done {
            ItemState::Done
        } else {
            ItemState::NotStarted
        }
    }

    /// The same in words, for people.
    pub(super) fn says(&self) -> String {
        match self {
            Self::Information(facts) => facts.says(),
            Self::Statements(facts) => facts.says(),
            Self::Ledger(facts) => facts.says(),
            Self::Partners(facts) => facts.says(),
            Self::Comparisons(facts) => facts.says(),
            Self::Review(facts) => facts.says(),
        }
    }
}

impl InformationFacts {
    fn says(&self) -> String {
        format!("取り扱う情報の一覧に{}種類を登録しています。", self.kinds)
    }
}

impl StatementFacts {
    fn says(&self) -> String {
        let Some(systems) = counted(self.systems) else {
            return NO_SYSTEMS.to_owned();
        };
        let with = self.systems - self.without.len();
        let received = format!("{systems}のうち{with}件の開示書（MDS/SDS）を受領しています。");
        received + &listed("未受領", &self.without)
    }
}

impl LedgerFacts {
    fn says(&self) -> String {
        let Some(changed_at) = self.last_changed_at else {
            return NO_SYSTEMS.to_owned();
        };
        let changed_on = era::both(day_in_japan(changed_at.timestamp()));
        let kept = format!(
            "医療情報システム一覧に{}件を登録しています（最終更新{changed_on}）。",
            self.systems
        );
        kept + &listed(
            "委託先事業者、製品名、委託業務概要のいずれかが未記入",
            &self.incomplete,
        )
    }
}

impl PartnerFacts {
    fn says(&self) -> String {
        let Some(systems) = counted(self.systems) else {
            return NO_SYSTEMS.to_owned();
        };
        let partners = self.partners.iter();
        let partners = partners.map(|partner| format!("{}（{}件）", partner.name, partner.systems));
        let partners: Vec<_> = partners.collect();
        let named = format!(
            "{systems}の契約の相手方は{}者です：{}。",
            partners.len(),
            shortened(&partners)
        );
        named + &listed("相手方が未記入", &self.without)
    }
}

impl FlaggedSystem {
    /// Whether an item is flagged for which no review is in force.
    fn is_open(&self) -> bool {
        self.reviewed < self.items
    }
}

impl ComparisonFacts {
    /// Whether the risk of every flagged item was assessed and treated (guideline 7.0, 10 ⑨).
    fn are_reviewed(&self) -> bool {
        !self.flagged.iter().any(FlaggedSystem::is_open)
    }

    fn says(&self) -> String {
        let Some(systems) = counted(self.systems) else {
            return NO_SYSTEMS.to_owned();
        };
        let compared = self.systems - self.not_compared.len();
        let outcome = format!(
            "{systems}のうち{compared}件の開示書を【別紙】と照合しました：適合{}、対象外{}、要リスク評価{}、要確認{}。",
            self.conforming, self.not_applicable, self.nonconforming, self.unconfirmed
        );
        let items: i64 = self.flagged.iter().map(|flagged| flagged.items).sum();
        let in_force: i64 = self.flagged.iter().map(|flagged| flagged.reviewed).sum();
        let reviewed = match items {
            0 => String::new(),
            _ => format!(
                "要リスク評価・要確認の{items}項目のうち{in_force}項目のリスク評価が有効です。"
            ),
        };
        let open = self.flagged.iter().filter(|flagged| flagged.is_open());
        let open: Vec<_> = open.map(|flagged| flagged.named.clone()).collect();
        outcome
            + &reviewed
            + &listed("リスク評価が有効でない項目があるシステム", &open)
            + &listed("照合していないシステム", &self.not_compared)
    }
}

impl ReviewFacts {
    fn says(&self) -> String {
        let Some(last) = self.last_checked_on else {
            return "点検した項目がありません。".to_owned();
        };
        let checked = format!(
            "ほかの{}項目のうち{}項目を1年以内に点検しています（最終点検日{}）。",
            self.items,
            self.within_a_year,
            era::both(last)
        );
        let next = match self.next_due_on {
            Some(due) => format!("次の点検の期限は{}です。", era::both(due)),
            None => String::new(),
        };
        let reviews = match self.reviews_due {
            0 => String::new(),
            due => format!("見直しの期限が来たリスク評価が{due}件あります。"),
        };
        checked + &next + &reviews
    }
}

const NO_SYSTEMS: &str = "医療情報システム一覧に登録がありません。";

/// So many systems; `None` for none.
fn counted(systems: usize) -> Option<String> {
    (systems > 0).then(|| format!("医療情報システム{systems}件"))
}

/// The systems of which that is true; nothing where there are none.
fn listed(what: &str, systems: &[NamedSystem]) -> String {
    if systems.is_empty() {
        return String::new();
    }
    let names: Vec<_> = systems.iter().map(|system| system.name.clone()).collect();
    format!("{what}：{}。", shortened(&names))
}

fn shortened(names: &[String]) -> String {
    let shown = names.get(..MOST_NAMES).unwrap_or(names).join("、");
    match names.len().saturating_sub(MOST_NAMES) {
        0 => shown,
        more => format!("{shown}、ほか{more}件"),
    }
}
