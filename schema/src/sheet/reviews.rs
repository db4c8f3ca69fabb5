//! `reviews.csv`: one row an item that is flagged or was reviewed, for an institution's own tables and for an inspector.

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
