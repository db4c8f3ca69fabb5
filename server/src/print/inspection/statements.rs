//! The chapters about what vendors disclosed: the inventory, the statements, and the items that are not simply in order.

use std::collections::HashMap;

use kaiji_schema::comparison::{Outcome, Reason};
use kaiji_schema::inspection::{Compared, Facts, HeldStatement, SetItem, SystemFact};
use kaiji_schema::sheet::reviews::ReviewValue;

use super::{NOTHING, stacked};
use crate::print::dates;
use crate::print::flow::Flow;
use crate::print::table::{Column, Table};

const INVENTORY: [Column; 7] = [
    Column("システム", 1.5),
    Column("事業者・製品", 1.7),
    Column("委託業務概要", 1.4),
    Column("契約先・更新日", 1.2),
    Column("保守担当・リモート保守", 1.2),
    Column("サーバ（院内／端末内／クラウド等）", 1.2),
    Column("更新の責任・記載箇所", 1.1),
];

const HELD: [Column; 6] = [
    Column("システム", 1.5),
    Column("開示書", 2.0),
    Column("作成日", 0.9),
    Column("受領日", 0.9),
    Column("署名検証結果", 1.3),
    Column("適合／対象外／要リスク評価／要確認", 1.2),
];

const FLAGGED: [Column; 5] = [
    Column("項番", 0.8),
    Column("項目", 2.1),
    Column("回答・備考", 1.6),
    Column("判定", 0.95),
    Column("リスク評価・対応", 1.9),
];

/// Draws them.
pub(super) fn draw(flow: &mut Flow<'_>, facts: &Facts) {
    flow.heading(1, "2　医療情報システム一覧");
    let rows = facts.systems.iter().map(inventory_row);
    Table::of(
        flow,
        &INVENTORY,
        rows,
        "一覧に登録されたシステムはありません。",
    );
    flow.heading(1, "3　開示書の照合結果");
    let rows = facts
        .systems
        .iter()
        .flat_map(|system| held_rows(facts, system));
    Table::headed(flow, (2, "3.1　開示書の一覧"), &HELD, rows, NOTHING);
    flow.heading_of(2, "3.2　要リスク評価・要確認の項目", 200.0);
    let reviews = facts.reviews_by_item();
    let mut any = false;
    for system in &facts.systems {
        any |= flagged(flow, facts, system, &reviews);
    }
    if !any {
        flow.paragraph("要リスク評価・要確認の項目はありません。");
    }
}

fn inventory_row(system: &SystemFact) -> Vec<String> {
    let text = |member: &str| system.text(member).to_owned();
    let flag = |member: &str| match system.members.get(member) {
        Some(serde_json::Value::Bool(true)) => "有",
        Some(serde_json::Value::Bool(false)) => "無",
        _ => "－",
    };
    let servers = ["on_premises_server", "terminal_server", "cloud_server"].map(flag);
    let product = stacked(&[
        system.text("vendor_name"),
        system.text("product_name"),
        system.text("installed_version"),
    ]);
    let remote = format!("リモート：{}", flag("remote_maintenance"));
    vec![
        text("name"),
        product,
        text("outsourced_work"),
        stacked(&[
            system.text("contract_partner"),
            &dates::written(system.text("contract_renewal_on")),
        ]),
        stacked(&[system.text("maintained_by"), &remote]),
        servers.join("／"),
        stacked(&[
            responsible(system.text("security_updates_by")),
            written_in(system.text("security_updates_written_in")),
        ]),
    ]
}

fn responsible(word: &str) -> &str {
    match word {
        "vendor" => "事業者",
        "institution" => "医療機関",
        "unclear" => "不明",
        other => other,
    }
}

fn written_in(word: &str) -> &str {
    match word {
        "contract" => "契約書",
        "terms" => "約款",
        "sla" => "サービスレベル合意書",
        "nowhere" => "記載なし",
        other => other,
    }
}

fn held_rows(facts: &Facts, system: &SystemFact) -> Vec<Vec<String>> {
    let name = system.name().to_owned();
    if system.statements.is_empty() {
        let none = ["未受領", "", "", "", ""].map(str::to_owned);
        return vec![[name].into_iter().chain(none).collect()];
    }
    let rows = facts.held_for(system).map(|(_, held)| {
        let revision = held.revision.map(|number| format!("　第{number}版"));
        let what = format!(
            "{} {}　{} {}{}",
            held.product,
            held.version,
            held.form,
            held.form_edition,
            revision.unwrap_or_default()
        );
        let successor = held.successor.as_ref();
        let successor = successor.map_or_else(String::new, |name| format!("（承継先：{name}）"));
        let counts = Outcome::ALL.map(|outcome| held.count(outcome).to_string());
        vec![
            name.clone(),
            stacked(&[&what, &held.vendor, &successor]),
            dates::written(&held.issued_on),
            dates::short(held.received_on),
            held.signature.clone(),
            counts.join("／"),
        ]
    });
    rows.collect()
}

/// The flagged items of a system; `false` where it has none.
fn flagged(
    flow: &mut Flow<'_>,
    facts: &Facts,
    system: &SystemFact,
    reviews: &HashMap<(&str, &str), &ReviewValue>,
) -> bool {
    let mut rows = Vec::new();
    for (_, held) in facts.held_for(system) {
        for compared in held.items.iter().filter(|item| item.outcome.is_flagged()) {
            let review = reviews.get(&(&*system.id, &*compared.item)).copied();
            rows.push(flagged_row(facts, held, compared, review));
        }
    }
    if rows.is_empty() {
        return false;
    }
    let title = format!("{}（{}件）", system.name(), rows.len());
    Table::headed(flow, (3, &title), &FLAGGED, rows.into_iter(), NOTHING);
    true
}

fn flagged_row(
    facts: &Facts,
    held: &HeldStatement,
    compared: &Compared,
    review: Option<&ReviewValue>,
) -> Vec<String> {
    let set = facts.sets.get(&held.set);
    let item: Option<&SetItem> = set.and_then(|set| set.items.get(&compared.item));
    let number = item.map_or("", |item| &item.number);
    vec![
        format!("{}\nNo.{number}", held.form),
        item.map_or_else(String::new, |item| item.text.clone()),
        stacked(&[&compared.answer, &compared.remark]),
        stacked(&[
            compared.outcome.label(),
            compared.reason.map_or("", Reason::label),
        ]),
        review.map_or_else(|| "（記録なし）".to_owned(), treated),
    ]
}

/// Whether a review holds, and how far it has come.
fn said(review: &ReviewValue) -> String {
    stacked(&[&review.standing, &review.state]).replace('\n', "・")
}

/// A review in one cell.
fn treated(review: &ReviewValue) -> String {
    let labelled = |label: &str, value: &str| {
        if value.is_empty() {
            String::new()
        } else {
            format!("{label}：{value}")
        }
    };
    let target = review.target_date.map(|day| day.to_string());
    let approved = review
        .approved_on
        .map(|day| format!("{} {day}", review.approved_by));
    stacked(&[
        &labelled("状態", &said(review)),
        &labelled("リスク", &review.assessment()),
        &labelled("対応", &review.treatment),
        &labelled("対応策", &review.measures),
        &labelled("目標日", &target.unwrap_or_default()),
        &labelled("承認", &approved.unwrap_or_default()),
    ])
}
