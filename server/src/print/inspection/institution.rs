//! The chapters about the institution's own work: risk reviews, its checklist, what it confirmed with vendors, what it
//! asked for and received.

use jiff::civil::Date;
use kaiji_schema::inspection::{Delivery, Facts, RequestFact, SystemFact};
use kaiji_schema::sheet::checklist::ChecklistRow;
use kaiji_schema::sheet::contract_points::ContractPointRow;
use kaiji_schema::sheet::reviews::ReviewValue;

use super::{NOTHING, stacked};
use crate::print::dates;
use crate::print::flow::Flow;
use crate::print::table::{Column, Table};

const REVIEWS: [Column; 6] = [
    Column("システム・項番", 1.4),
    Column("項目", 1.7),
    Column("リスク", 1.7),
    Column("対応・対応策", 1.9),
    Column("担当・目標日", 1.1),
    Column("状態・確認・承認", 1.25),
];

const CHECKLIST: [Column; 6] = [
    Column("項番", 0.55),
    Column("項目", 2.8),
    Column("回答・状態", 0.7),
    Column("初回確認日", 0.95),
    Column("目標日", 0.95),
    Column("責任者・備考", 1.9),
];

const CONTRACTS: [Column; 5] = [
    Column("システム", 1.5),
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
    Column("SHA-256", 1.7),
];

/// Draws them.
pub(super) fn draw(flow: &mut Flow<'_>, facts: &Facts) {
    flow.heading(1, "4　リスク評価・リスク対応");
    for (title, open) in [
        ("4.1　対応中のもの", true),
        ("4.2　承認済み・終了したもの", false),
    ] {
        let rows = facts
            .reviews
            .iter()
            .filter(|review| review.is_open() == open);
        Table::headed(flow, (2, title), &REVIEWS, rows.map(review_row), NOTHING);
    }
    flow.heading(1, "5　医療機関の取組み");
    checklist(flow, facts);
    contract_points(flow, facts);
    flow.heading(1, "6　開示書の依頼");
    let wanting = facts.systems.iter().filter(|system| system.is_wanting());
    let otherwise = if facts.systems.is_empty() {
        NOTHING
    } else {
        "すべてのシステムについて、見直しの必要のない開示書を受領しています。"
    };
    let title = (2, "6.1　開示書の見直し・入手が必要なシステム");
    Table::headed(flow, title, &WANTING, wanting.map(wanting_row), otherwise);
    let rows = facts.requests.iter().map(request_row);
    Table::headed(flow, (2, "6.2　提出依頼"), &REQUESTS, rows, NOTHING);
    flow.heading(1, "7　交付・受領確認の記録");
    let rows = facts.deliveries.iter().map(delivery_row);
    Table::of(flow, &DELIVERIES, rows, NOTHING);
}

/// The checklist, section by section.
fn checklist(flow: &mut Flow<'_>, facts: &Facts) {
    flow.heading_of(2, "5.1　チェックリスト", 160.0);
    if facts.checklist.is_empty() {
        flow.paragraph(NOTHING);
    }
    let sections = facts
        .checklist
        .chunk_by(|one, next| one.section == next.section);
    for section in sections {
        let title = section.first().map_or("", |item| &item.section);
        let rows = section.iter().map(checklist_row);
        Table::headed(flow, (3, title), &CHECKLIST, rows, NOTHING);
    }
}

/// Those of which anything was said; of the others how many there are.
fn contract_points(flow: &mut Flow<'_>, facts: &Facts) {
    let was_said = |point: &&ContractPointRow| {
        let said = [
            &point.written_in,
            &point.clause,
            &point.confirmed_on,
            &point.note,
        ];
        point.state != "未確認" || said.into_iter().any(|text| !text.is_empty())
    };
    let points = facts.contract_points.iter();
    let said: Vec<_> = points.filter(was_said).collect();
    let unsaid = facts.contract_points.len() - said.len();
    let rows = said.into_iter().map(contract_row);
    Table::headed(
        flow,
        (2, "5.2　契約等での確認事項"),
        &CONTRACTS,
        rows,
        NOTHING,
    );
    if unsaid > 0 {
        flow.remark(&format!(
            "このほか、記録のない（未確認の）確認事項が{unsaid}件あります。すべての確認事項は 06-contract-points.csv にあります。"
        ));
    }
}

fn contract_row(point: &ContractPointRow) -> Vec<String> {
    let expired = if point.expired { "期限切れ" } else { "" };
    vec![
        point.system.clone(),
        stacked(&[&point.item, &point.text]),
        stacked(&[&point.state, expired]),
        stacked(&[
            &point.written_in,
            &point.clause,
            &point.certificate_number,
            &point.note,
        ]),
        stacked(&[
            &dates::written(&point.confirmed_on),
            &until(&point.expires_on),
        ]),
    ]
}

/// The last day of a certificate.
fn until(day: &str) -> String {
    if day.is_empty() {
        String::new()
    } else {
        format!("期限 {}", dates::written(day))
    }
}

fn review_row(review: &ReviewValue) -> Vec<String> {
    vec![
        stacked(&[&review.system_name, &review.number]),
        review.text.clone(),
        review.assessment(),
        stacked(&[&review.treatment, &review.measures, &review.decision]),
        stacked(&[&review.owner, &dates::optional(review.target_date)]),
        stacked(&[
            &review.standing,
            &review.cause,
            &review.state,
            &signed("確認", &review.written_by, review.written_on),
            &signed("承認", &review.approved_by, review.approved_on),
        ]),
    ]
}

/// Who did something, and when.
fn signed(what: &str, who: &str, day: Option<Date>) -> String {
    day.map_or_else(String::new, |day| {
        format!("{what}：{who}\n{}", dates::short(day))
    })
}

fn checklist_row(item: &ChecklistRow) -> Vec<String> {
    let known = if item.says.is_empty() {
        String::new()
    } else {
        format!("交換サービスの記録：{}（{}）", item.says, item.standing)
    };
    vec![
        item.printed.clone(),
        item.text.clone(),
        stacked(&[&item.answer, &item.state]),
        dates::written(&item.first_checked_on),
        dates::written(&item.planned_on),
        stacked(&[&item.responsible, &item.reason, &item.note, &known]),
    ]
}

fn wanting_row(system: &SystemFact) -> Vec<String> {
    vec![
        system.name().to_owned(),
        stacked(&[system.text("vendor_name"), system.text("product_name")]),
        system.proposal.clone().unwrap_or_default(),
        if system.is_asked_for {
            "はい"
        } else {
            "いいえ"
        }
        .to_owned(),
    ]
}

fn request_row(request: &RequestFact) -> Vec<String> {
    let state = format!("{}（{}）", request.state, request.settled_on);
    vec![
        dates::short(request.asked_on),
        stacked(&[
            &request.subject,
            request.system.as_deref().unwrap_or_default(),
        ]),
        request.chain.join(" → "),
        request.forms.join("・"),
        dates::optional(request.due_on),
        stacked(&[&state, request.reason.as_deref().unwrap_or_default()]),
    ]
}

fn delivery_row(delivery: &Delivery) -> Vec<String> {
    let at =
        |(at, leaf): (jiff::Timestamp, i64)| format!("{}\nログの位置 {leaf}", dates::moment(at));
    let revision = delivery.revision.map(|number| format!("第{number}版"));
    let form = format!("{} {}", delivery.form, revision.unwrap_or_default());
    vec![
        stacked(&[&delivery.product, &form, &delivery.vendor]),
        at(delivery.delivered),
        delivery
            .acknowledged
            .map_or_else(|| "未確認".to_owned(), at),
        delivery.signature.clone(),
        delivery.statement.clone(),
    ]
}
