//! The tables of an inspection's package, as CSV: which there are, what they are called, and their way into a file.

use std::io::{self, Write};

use super::Facts;
use super::tables;
use crate::sheet::{Encoding, Replaced};

/// What came of a part of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Which characters the encoding does not have.
    pub replaced: Vec<Replaced>,
    /// Where the table goes on, if it does.
    pub next: Option<Place>,
}

/// Where a table goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The next system, in the order of the inventory.
    pub(super) system: usize,
    /// How many rows were written, the header among them.
    pub(super) rows: u64,
}

/// A table of the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// 医療情報システム一覧
    Systems,
    /// 開示書の照合結果
    Comparison,
    /// リスク評価（対応中）
    OpenReviews,
    /// リスク評価（承認済み・終了）
    SettledReviews,
    /// チェックリスト
    Checklist,
    /// 契約等での確認事項
    ContractPoints,
    /// 提出依頼
    Requests,
    /// 開示書が揃っていないシステム
    Missing,
    /// 交付・受領確認の記録
    Deliveries,
}

impl Table {
    /// All, in the order in which they lie in the package.
    pub const ALL: [Self; 9] = [
        Self::Systems,
        Self::Comparison,
        Self::OpenReviews,
        Self::SettledReviews,
        Self::Checklist,
        Self::ContractPoints,
        Self::Requests,
        Self::Missing,
        Self::Deliveries,
    ];

    /// The name of its file.
    pub fn file(self) -> &'static str {
        match self {
            Self::Systems => "01-systems.csv",
            Self::Comparison => "02-comparison.csv",
            Self::OpenReviews => "03-reviews-open.csv",
            Self::SettledReviews => "04-reviews-settled.csv",
            Self::Checklist => "05-checklist.csv",
            Self::ContractPoints => "06-contract-points.csv",
            Self::Requests => "07-requests.csv",
            Self::Missing => "08-missing.csv",
            Self::Deliveries => "09-deliveries.csv",
        }
    }

    /// What people call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Systems => "医療情報システム一覧",
            Self::Comparison => "開示書の照合結果（全項目、リスク評価・対応を含む）",
            Self::OpenReviews => "リスク評価（対応中のもの）",
            Self::SettledReviews => "リスク評価（承認済み・終了したもの）",
            Self::Checklist => "医療機関のチェックリスト",
            Self::ContractPoints => "契約等での確認事項",
            Self::Requests => "開示書の提出依頼",
            Self::Missing => "開示書の見直し・入手が必要なシステム",
            Self::Deliveries => "開示書の交付・受領確認の記録",
        }
    }

    /// Writes a part of the table: from the beginning, or where the part before ended. Only the table that has a row an item of
    /// every system has several.
    pub fn write<W: Write>(
        self,
        facts: &Facts,
        encoding: Encoding,
        writer: W,
        from: Option<Place>,
    ) -> io::Result<Part> {
        let (_, replaced) = match self {
            Self::Systems => tables::systems(facts, encoding, writer),
            Self::Comparison => return tables::comparison(facts, encoding, writer, from),
            Self::OpenReviews => tables::reviews(facts, true, encoding, writer),
            Self::SettledReviews => tables::reviews(facts, false, encoding, writer),
            Self::Checklist => tables::checklist(facts, encoding, writer),
            Self::ContractPoints => tables::contract_points(facts, encoding, writer),
            Self::Requests => tables::requests(facts, encoding, writer),
            Self::Missing => tables::missing(facts, encoding, writer),
            Self::Deliveries => tables::deliveries(facts, encoding, writer),
        }?;
        Ok(Part {
            replaced,
            next: None,
        })
    }
}
