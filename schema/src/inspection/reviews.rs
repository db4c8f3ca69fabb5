//! What is frozen of the institution's own work: risk reviews, its checklist, and what it confirmed with its vendors.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// How likelihood and impact make a level of risk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatrixFact {
    /// 発生可能性: what its steps are called, the lowest first.
    pub likelihoods: Vec<String>,
    /// 影響度: what its steps are called, the lowest first.
    pub impacts: Vec<String>,
    /// The level's name for each likelihood (outer) and impact (inner).
    pub levels: Vec<Vec<String>>,
}

/// A file that the institution keeps as evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceFile {
    /// Its name.
    pub name: String,
    /// SHA-256 in hex.
    pub sha256: String,
}

/// The risk review of a flagged item (リスク評価・リスク対応).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewFact {
    /// The system, by id.
    pub system: String,
    /// The system's name, also where it is off the list by now.
    pub system_name: String,
    /// The item, by id.
    pub item: String,
    /// 項番 as printed.
    pub number: String,
    /// The item's wording.
    pub text: String,
    /// Whether it is still to be worked on.
    pub is_open: bool,
    /// 評価の効力, in words: 未評価, 有効, 要再評価 or 終了.
    pub standing: String,
    /// 状態 of its newest edition, in words; empty where nothing was written yet.
    pub state: String,
    /// リスク: what could happen, and to what.
    pub risk: String,
    /// 発生可能性: what its step is called.
    pub likelihood: String,
    /// 影響度: what its step is called.
    pub impact: String,
    /// リスクレベル, by the matrix.
    pub level: String,
    /// 対応: 低減, 回避, 移転, 受容 or 当該機能を利用しない.
    pub treatment: String,
    /// 対応策
    pub measures: String,
    /// 担当者
    pub owner: String,
    /// 目標日
    pub target_on: Option<Date>,
    /// 確認日: when it was written.
    pub confirmed_on: Option<Date>,
    /// 確認者: who wrote it.
    pub confirmed_by: String,
    /// 承認者
    pub approver: String,
    /// 承認日
    pub approved_on: Option<Date>,
    /// When an acceptance ends.
    pub expires_on: Option<Date>,
    /// 次回見直し日
    pub next_review_on: Option<Date>,
    /// Why it is closed, or open again.
    pub note: String,
    /// Files that show it.
    pub evidence: Vec<EvidenceFile>,
}

impl ReviewFact {
    /// リスク評価 in one cell: the level, how it comes about, and the risk in words.
    pub fn assessment(&self) -> String {
        let (likelihood, impact) = (&self.likelihood, &self.impact);
        let level = if self.level.is_empty() {
            String::new()
        } else {
            format!(
                "{}（発生可能性：{likelihood}、影響度：{impact}）",
                self.level
            )
        };
        let parts = [level.as_str(), self.risk.as_str()];
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join("　")
    }
}

/// An item of the institution's own checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChecklistFact {
    /// 項番, as the guideline prints it.
    pub number: String,
    /// The section's title.
    pub section: String,
    /// The item's wording.
    pub text: String,
    /// 状態, in words: 実施済, 実施予定, 対象外 or 未着手.
    pub state: String,
    /// はい, いいえ or 対象外, as an inspector's list asks it.
    pub answer: String,
    /// The day on which はい was confirmed first.
    pub first_confirmed_on: Option<Date>,
    /// By when いいえ is to become はい.
    pub target_on: Option<Date>,
    /// When it was looked at last.
    pub last_checked_on: Option<Date>,
    /// Who is responsible.
    pub responsible: String,
    /// What the institution notes, and why it does not apply.
    pub note: String,
    /// What the exchange itself knows about it; empty where that is nothing.
    pub known: String,
    /// Files that show it.
    pub evidence: Vec<EvidenceFile>,
}

/// A point to confirm with the vendor of a system, and where it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractFact {
    /// The system, by name.
    pub system: String,
    /// Its vendor.
    pub vendor: String,
    /// The point's number.
    pub number: String,
    /// What is to be confirmed.
    pub text: String,
    /// 確認状況, in words.
    pub state: String,
    /// 記載箇所
    pub written_in: String,
    /// When it was confirmed.
    pub confirmed_on: Option<Date>,
    /// What the institution notes.
    pub note: String,
}
