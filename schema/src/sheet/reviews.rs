//! `reviews.csv`: one row an item that is flagged or was reviewed, for an institution's own tables and for an inspector.

use std::io::{self, Write};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Sheet;
use crate::review::Standing;

/// An item that is flagged or was reviewed, in words for people. What it says is the approved edition where there is one,
/// else the newest; empty where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the members are those of a review, in words")]
pub struct ReviewValue {
    pub review: String,
    pub system: String,
    pub system_name: String,
    pub item: String,
    pub form: String,
    pub chapter: String,
    /// As printed, with its `No.`.
    pub number: String,
    pub text: String,
    /// Of what is found now.
    pub outcome: String,
    pub reason: String,
    pub standing: String,
    pub cause: String,
    /// Of the newest edition.
    pub state: String,
    pub risk: String,
    pub likelihood: String,
    pub impact: String,
    pub level: String,
    pub treatment: String,
    pub measures: String,
    /// SHA-256 of evidence files.
    pub evidence: Vec<String>,
    pub owner: String,
    pub target_date: Option<Date>,
    pub decision: String,
    pub accepted_until: Option<Date>,
    pub next_review_on: Option<Date>,
    /// Who wrote the edition, or for an approved one its newest author.
    pub written_by: String,
    /// In Japan.
    pub written_on: Option<Date>,
    pub approved_by: String,
    /// In Japan.
    pub approved_on: Option<Date>,
    pub approved_alone: bool,
    /// The place of the approval in the log.
    pub approval_leaf: Option<i64>,
}

impl ReviewValue {
    /// Whether it is still to be worked on.
    pub fn is_open(&self) -> bool {
        let open = [Standing::Open, Standing::Reopened];
        open.iter()
            .any(|standing| standing.label() == self.standing)
    }

    /// Writes its row: of an institution of that code and name, under that checkpoint of the log.
    pub fn write<W: Write>(
        &self,
        sheet: &mut Sheet<W>,
        (institution_code, institution): (&str, &str),
        checkpoint: &str,
    ) -> io::Result<()> {
        let shown = |day: Option<Date>| day.map_or_else(String::new, |day| day.to_string());
        let evidence = self.evidence.join(" ");
        let leaf = self.approval_leaf;
        let leaf = leaf.map_or_else(String::new, |leaf| leaf.to_string());
        let row = ReviewRow {
            institution_code,
            institution,
            system: &self.system_name,
            form: &self.form,
            chapter: &self.chapter,
            number: &self.number,
            text: &self.text,
            judgement: &self.outcome,
            reason: &self.reason,
            standing: &self.standing,
            cause: &self.cause,
            state: &self.state,
            risk: &self.risk,
            likelihood: &self.likelihood,
            impact: &self.impact,
            level: &self.level,
            treatment: &self.treatment,
            measures: &self.measures,
            evidence: &evidence,
            owner: &self.owner,
            target_date: &shown(self.target_date),
            decision: &self.decision,
            accepted_until: &shown(self.accepted_until),
            next_review_on: &shown(self.next_review_on),
            written_by: &self.written_by,
            written_on: &shown(self.written_on),
            approved_by: &self.approved_by,
            approved_on: &shown(self.approved_on),
            approval: self.approval(),
            leaf: &leaf,
            checkpoint,
        };
        sheet.row(row.cells())
    }

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

    /// 承認の別
    fn approval(&self) -> &'static str {
        match self.approved_on {
            None => "",
            Some(_) if self.approved_alone => ALONE,
            Some(_) => BY_ANOTHER,
        }
    }
}

/// One row. The fields are the columns, in their order; all are text, and empty where there is nothing to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReviewRow<'a> {
    /// 医療機関コード, ten digits.
    pub institution_code: &'a str,
    /// 医療機関名
    pub institution: &'a str,
    /// システム: its name in the inventory.
    pub system: &'a str,
    /// 様式: MDS or SDS.
    pub form: &'a str,
    /// 別紙章
    pub chapter: &'a str,
    /// 項番 as printed, with its `No.`.
    pub number: &'a str,
    /// 項目: the item's wording.
    pub text: &'a str,
    /// 判定 of now.
    pub judgement: &'a str,
    /// 理由 of now.
    pub reason: &'a str,
    /// 評価の状況: a label of [`crate::review::Standing`].
    pub standing: &'a str,
    /// 状況の理由: a label of [`crate::review::Cause`].
    pub cause: &'a str,
    /// 手続の段階: a label of [`crate::review::ReviewState`].
    pub state: &'a str,
    /// 想定されるリスク
    pub risk: &'a str,
    /// 発生可能性
    pub likelihood: &'a str,
    /// 影響度
    pub impact: &'a str,
    /// リスクレベル
    pub level: &'a str,
    /// リスク対応: a label of [`crate::review::Treatment`].
    pub treatment: &'a str,
    /// 対応策
    pub measures: &'a str,
    /// 証跡: SHA-256 of files, with spaces between them.
    pub evidence: &'a str,
    /// 担当者
    pub owner: &'a str,
    /// 目標日 (`YYYY-MM-DD`)
    pub target_date: &'a str,
    /// 判断
    pub decision: &'a str,
    /// 受容期限 (`YYYY-MM-DD`)
    pub accepted_until: &'a str,
    /// 次回見直し日 (`YYYY-MM-DD`)
    pub next_review_on: &'a str,
    /// 作成者
    pub written_by: &'a str,
    /// 作成日 in JST (`YYYY-MM-DD`)
    pub written_on: &'a str,
    /// 承認者
    pub approved_by: &'a str,
    /// 承認日 in JST (`YYYY-MM-DD`)
    pub approved_on: &'a str,
    /// 承認の別: whether its own author approved it.
    pub approval: &'a str,
    /// ログ番号: the place of the approval in the log.
    pub leaf: &'a str,
    /// ログ検査点: the log's checkpoint at the time of the export, the same in every row.
    pub checkpoint: &'a str,
}

/// 承認の別: somebody else than the author approved.
pub const BY_ANOTHER: &str = "作成者以外による承認";

/// 承認の別: the author approved, since nobody else could.
pub const ALONE: &str = "作成者による承認（ほかに承認者なし）";

impl ReviewRow<'_> {
    /// The header of the file.
    pub const HEADER: [&'static str; 31] = [
        "医療機関コード",
        "医療機関名",
        "システム",
        "様式",
        "別紙章",
        "項番",
        "項目",
        "判定",
        "理由",
        "評価の状況",
        "状況の理由",
        "手続の段階",
        "想定されるリスク",
        "発生可能性",
        "影響度",
        "リスクレベル",
        "リスク対応",
        "対応策",
        "証跡",
        "担当者",
        "目標日",
        "判断",
        "受容期限",
        "次回見直し日",
        "作成者",
        "作成日",
        "承認者",
        "承認日",
        "承認の別",
        "ログ番号",
        "ログ検査点",
    ];

    /// The cells, in the order of [`Self::HEADER`].
    pub fn cells(&self) -> [&str; 31] {
        [
            self.institution_code,
            self.institution,
            self.system,
            self.form,
            self.chapter,
            self.number,
            self.text,
            self.judgement,
            self.reason,
            self.standing,
            self.cause,
            self.state,
            self.risk,
            self.likelihood,
            self.impact,
            self.level,
            self.treatment,
            self.measures,
            self.evidence,
            self.owner,
            self.target_date,
            self.decision,
            self.accepted_until,
            self.next_review_on,
            self.written_by,
            self.written_on,
            self.approved_by,
            self.approved_on,
            self.approval,
            self.leaf,
            self.checkpoint,
        ]
    }
}
