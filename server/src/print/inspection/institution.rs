//! The chapters about the institution's own work: risk reviews, its checklist, what it confirmed with vendors, what it
//! asked for and received.

use kaiji_schema::inspection::{ChecklistFact, Delivery, Facts, RequestFact, ReviewFact, SystemFact};

use super::{NOTHING, stacked};
use crate::print::dates;
use crate::print::flow::Flow;
use crate::print::table::{Column, Table};

const REVIEWS: [Column; 6] = [
    Column("システム・項番", 1.4),
    Column("項目", 1.7),
    Column("リスク", 1.7),
    Column("対応・対応策", 1.9),
    Column("担当・目標日", 0.95),
    Column("状態・確認・承認", 1.25),
];

const CHECKLIST: [Column; 6] = [
    Column("項番", 0.7),
    Column("項目", 2.6),
    Column("確認", 0.55),
    Column("初回確認日", 0.95),
    Column("目標日", 0.95),
    Column("責任者・備考", 1.9),
];

const CONTRACTS: [Column; 5] = [
    Column("システム・事業者", 1.5),
    Column("確認事項", 2.4),
    Column("確認状況", 0.8),
    Column("記載箇所・備考", 1.6),
    Column("確認日", 0.9),
];

const WANTING: [Column; 4] = [
    Column("システム", 1.5),
    Column("事業者・製品", 1.7),
    Column("必要な対応", 2.2),
    Column("依頼中", 0.6),
];

const REQUESTS: [Column; 6] = [
    Column("依頼日", 0.9),
    Column("対象・システム", 1.8),
    Column("依頼先", 1.8),
    Column("様式", 0.6),
    Column("回答期限", 0.9),
    Column("状態", 1.4),
];

const DELIVERIES: [Column; 5] = [
    Column("開示書", 2.2),
    Column("交付", 1.2),
    Column("受領確認", 1.2),
    Column("署名検証結果", 1.3),
    Column("SHA-256", 1.3),
];

/// Draws them.
pub(super) fn draw(flow: &mut Flow<'_>, facts: &Facts) {
    flow.heading(1, "4　リスク評価・リスク対応");
    for (title, open) in [("4.1　対応中のもの", true), ("4.2　承認済み・終了したもの", false)] {
        flow.heading(2, title);
        let rows = facts.reviews.iter().filter(|review| review.is_open == open);
        Table::of(flow, &REVIEWS, rows.map(review_row), NOTHING);
    }
    flow.heading(1, "5　医療機関の取組み");
    flow.heading(2, "5.1　チェックリスト");
    let rows = facts.checklist.iter().map(checklist_row);
    Table::of(flow, &CHECKLIST, rows, NOTHING);
    flow.heading(2, "5.2　契約等での確認事項");
    let rows = facts.contract_points.iter().map(|point| {
        vec![
            stacked(&[&point.system, &point.vendor]),
            format!("{} {}", point.number, point.text),
            point.state.clone(),
            stacked(&[&point.written_in, &point.note]),
            dates::optional(point.confirmed_on),
        ]
    });
    Table::of(flow, &CONTRACTS, rows, NOTHING);
    flow.heading(1, "6　開示書の依頼");
    flow.heading(2, "6.1　開示書の見直し・入手が必要なシステム");
    let wanting = facts.systems.iter().filter(|system| system.is_wanting());
    let otherwise = "すべてのシステムについて、見直しの必要のない開示書を受領しています。";
    let otherwise = if facts.systems.is_empty() { NOTHING } else { otherwise };
    Table::of(flow, &WANTING, wanting.map(wanting_row), otherwise);
    flow.heading(2, "6.2　提出依頼");
    Table::of(flow, &REQUESTS, facts.requests.iter().map(request_row), NOTHING);
    flow.heading(1, "7　交付・受領確認の記録");
    let rows = facts.deliveries.iter().map(delivery_row);
    Table::of(flow, &DELIVERIES, rows, NOTHING);
}

fn review_row(review: &ReviewFact) -> Vec<String> {
    let number = format!("No.{}", review.number);
    vec![
        stacked(&[&review.system_name, &number]),
        review.text.clone(),
        review.assessment(),
        stacked(&[
            &review.treatment,
            &review.measures,
        ]),
        stacked(&[&review.owner, &dates::optional(review.target_on)]),
        stacked(&[
            &review.standing,
            &review.state,
            &review.confirmed_by,
            &dates::optional(review.confirmed_on),
            &review.approver,
            &dates::optional(review.approved_on),
            &review.note,
        ]),
    ]
}

fn checklist_row(item: &ChecklistFact) -> Vec<String> {
    vec![
        stacked(&[&item.number, &item.section]),
        item.text.clone(),
        item.answer.clone(),
        dates::optional(item.first_confirmed_on),
        dates::optional(item.target_on),
        stacked(&[&item.responsible, &item.note, &item.known]),
    ]
}

fn wanting_row(system: &SystemFact) -> Vec<String> {
    vec![
        system.name().to_owned(),
        stacked(&[system.text("vendor_name"), system.text("product_name")]),
        system.proposal.clone().unwrap_or_default(),
        if system.is_asked_for { "はい" } else { "いいえ" }.to_owned(),
    ]
}

fn request_row(request: &RequestFact) -> Vec<String> {
    let state = format!("{}（{}）", request.state, request.settled_on);
    vec![
        dates::short(request.asked_on),
        stacked(&[&request.subject, request.system.as_deref().unwrap_or_default()]),
        request.chain.join(" → "),
        request.forms.join("・"),
        dates::optional(request.due_on),
        stacked(&[&state, request.reason.as_deref().unwrap_or_default()]),
    ]
}

fn delivery_row(delivery: &Delivery) -> Vec<String> {
    let at = |(at, leaf): (jiff::Timestamp, i64)| {
        format!("{}\nログの位置 {leaf}", dates::moment(at))
    };
    let revision = delivery.revision.map(|number| format!("第{number}版"));
    let form = format!("{} {}", delivery.form, revision.unwrap_or_default());
    vec![
        stacked(&[&delivery.product, &form, &delivery.vendor]),
        at(delivery.delivered),
        delivery.acknowledged.map_or_else(|| "未確認".to_owned(), at),
        delivery.signature.clone(),
        delivery.statement.clone(),
    ]
}
