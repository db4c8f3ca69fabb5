//! What is frozen for an inspection: plain values, with the words that people read where these are fixed labels.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Anchors, FrozenEvidence};
use crate::comparison::{Outcome, Reason, Summary};
use crate::risk_matrix::RiskMatrix;
use crate::sheet::checklist::ChecklistRow;
use crate::sheet::contract_points::ContractPointRow;
use crate::sheet::reviews::ReviewValue;

/// Everything that an inspection shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// [`Self::SCHEMA`].
    pub schema: String,
    /// The inspection, `isp_…`.
    pub id: String,
    /// What the institution calls it.
    pub title: Option<String>,
    /// The day of the visit, where it is known.
    pub visit_on: Option<Date>,
    /// The moment that everything below is of.
    pub frozen_at: Timestamp,
    /// Whose it is.
    pub institution: Institution,
    /// The requirement sets that statements were compared with, by the digest of each.
    pub sets: BTreeMap<String, Set>,
    /// The inventory (医療情報システム一覧), in its order.
    pub systems: Vec<SystemFact>,
    /// The statements that are held for at least one system, by digest.
    pub statements: BTreeMap<String, HeldStatement>,
    /// The scale of risks.
    pub matrix: RiskMatrix,
    /// Risk reviews, open and closed.
    pub reviews: Vec<ReviewValue>,
    /// The institution's own checklist.
    pub checklist: Vec<ChecklistRow>,
    /// What was to be confirmed with the vendors, and where it is written.
    pub contract_points: Vec<ContractPointRow>,
    /// What was asked of vendors.
    pub requests: Vec<RequestFact>,
    /// What was received, and acknowledged.
    pub deliveries: Vec<Delivery>,
    /// What proves the signed statements.
    pub evidence: Vec<FrozenEvidence>,
    /// What their evidence has in common.
    pub anchors: Anchors,
}

impl Facts {
    /// The form of these facts.
    pub const SCHEMA: &'static str = "kaiji-inspection/1";

    /// The statements held for a system, each with its requirement set.
    pub fn held_for<'f>(
        &'f self,
        system: &'f SystemFact,
    ) -> impl Iterator<Item = (&'f str, &'f HeldStatement)> {
        let held = system.statements.iter();
        held.filter_map(|sha256| Some((sha256.as_str(), self.statements.get(sha256)?)))
    }

    /// How many items of all systems have which outcome.
    pub fn summary(&self) -> [(Outcome, usize); 4] {
        Outcome::ALL.map(|outcome| {
            let held = self.systems.iter().flat_map(|system| self.held_for(system));
            let counts = held.map(|(_, statement)| statement.count(outcome));
            (outcome, counts.sum())
        })
    }

    /// The reviews by system and item; of an open and a closed one the open.
    pub fn reviews_by_item(&self) -> HashMap<(&str, &str), &ReviewValue> {
        let (open, done): (Vec<_>, Vec<_>) =
            self.reviews.iter().partition(|review| review.is_open());
        let later_counts = done.into_iter().chain(open);
        later_counts
            .map(|review| ((review.system.as_str(), review.item.as_str()), review))
            .collect()
    }
}

/// 医療機関等
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Institution {
    /// Opaque id, `ins_…`.
    pub id: String,
    /// 医療機関名
    pub name: String,
    /// 医療機関コード, ten digits.
    pub code: Option<String>,
}

impl Institution {
    /// Its code and its name, as tables begin with them.
    pub(super) fn place(&self) -> (&str, &str) {
        (self.code.as_deref().unwrap_or_default(), &self.name)
    }
}

/// A requirement set, as far as the comparisons name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Set {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Its items, by id.
    pub items: BTreeMap<String, SetItem>,
}

/// An item of the 【別紙】.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetItem {
    /// The chapter's number.
    pub chapter: u16,
    /// The chapter's title.
    pub chapter_title: String,
    /// 項番 as printed.
    pub number: String,
    /// Its wording.
    pub text: String,
}

/// A row of the inventory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SystemFact {
    /// Opaque id, `sys_…`.
    pub id: String,
    /// The members of its document, as `systems.csv` shows them: with the names of what it is linked to.
    pub members: Map<String, Value>,
    /// 法人番号 of the vendor, where that is registered.
    pub corporate_number: Option<String>,
    /// The statements held for it, MDS before SDS, by digest.
    pub statements: Vec<String>,
    /// Why a statement should be asked for, in words.
    pub proposal: Option<String>,
    /// Whether one is asked for and waited for.
    pub is_asked_for: bool,
}

impl SystemFact {
    /// A member that is text; empty where there is none.
    pub fn text(&self, member: &str) -> &str {
        let value = self.members.get(member);
        value.and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether a statement of it is missing, or should be asked for anew.
    pub fn is_wanting(&self) -> bool {
        self.statements.is_empty() || self.proposal.is_some()
    }

    /// 導入している医療情報システム
    pub fn name(&self) -> &str {
        self.text("name")
    }
}

/// A statement that is held, and how it compares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldStatement {
    /// 事業者; of an attested one, 会社名 as the person wrote it.
    pub vendor: String,
    /// The vendor whose product it is now, where it moved since (事業承継).
    pub successor: Option<String>,
    /// 法人番号, thirteen digits.
    pub corporate_number: Option<String>,
    /// 製品・サービス名
    pub product: String,
    /// バージョン
    pub version: String,
    /// MDS or SDS.
    pub form: String,
    /// 様式版
    pub form_edition: String,
    /// The number in its chain; none where nobody signed.
    pub revision: Option<i64>,
    /// 作成日
    pub issued_on: String,
    /// 受領日, in Japan.
    pub received_on: Date,
    /// 署名検証結果: a label of [`crate::sheet::SignatureStatus`].
    pub signature: String,
    /// Where nobody signed: the document and its receipt.
    pub attested: Option<AttestedEvidence>,
    /// The requirement set, by its digest.
    pub set: String,
    /// How many items have which outcome.
    pub summary: Summary,
    /// Its items, in the order of the set.
    pub items: Vec<Compared>,
}

impl HeldStatement {
    /// How many items have that outcome.
    pub fn count(&self, outcome: Outcome) -> usize {
        let count = match outcome {
            Outcome::Conforming => self.summary.conforming,
            Outcome::NotApplicable => self.summary.not_applicable,
            Outcome::Nonconforming => self.summary.nonconforming,
            Outcome::Unconfirmed => self.summary.unconfirmed,
        };
        count.into()
    }
}

/// What there is of a statement that nobody signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttestedEvidence {
    /// The document, as the person sent it.
    pub document: String,
    /// The receipt, a compact JWS of the service.
    pub receipt: String,
}

/// An item as a statement answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// The item, in its set.
    pub item: String,
    /// 判定
    pub outcome: Outcome,
    /// 理由
    pub reason: Option<Reason>,
    /// 回答, as `comparison.csv` shows it.
    pub answer: String,
    /// 備考, as `comparison.csv` shows it.
    pub remark: String,
}

/// What was asked of a vendor (提出依頼).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestFact {
    /// Opaque id, `req_…`.
    pub id: String,
    /// 依頼日, in Japan.
    pub asked_on: Date,
    /// The system that it is for, by name.
    pub system: Option<String>,
    /// What is asked about.
    pub subject: String,
    /// Whom it went to, one after another.
    pub chain: Vec<String>,
    /// MDS and SDS.
    pub forms: Vec<String>,
    /// 回答期限
    pub due_on: Option<Date>,
    /// 状態, in words.
    pub state: String,
    /// Whether an answer is still waited for.
    pub waits: bool,
    /// The day on which it took that state, in Japan.
    pub settled_on: Date,
    /// Why it was declined.
    pub reason: Option<String>,
}

/// What was received, and acknowledged (交付・受領確認).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The statement, by digest.
    pub statement: String,
    /// 事業者
    pub vendor: String,
    /// 製品・サービス名
    pub product: String,
    /// MDS or SDS.
    pub form: String,
    /// The number in its chain; none where nobody signed.
    pub revision: Option<i64>,
    /// 署名検証結果, at the moment of the inspection.
    pub signature: String,
    /// When it was delivered, and in which leaf of the log that stands.
    pub delivered: (Timestamp, i64),
    /// When it was acknowledged, and in which leaf of the log that stands.
    pub acknowledged: Option<(Timestamp, i64)>,
}
