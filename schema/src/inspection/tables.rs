//! What stands in the cells of each table. Days are those of Japan; times are as people in Japan read them.

use std::collections::HashMap;
use std::io::{self, Write};

use jiff::Timestamp;
use jiff::civil::Date;

use super::facts::{Compared, Facts, HeldStatement, SystemFact};
use super::table::{Part, Place};
use crate::calendar::IN_JAPAN;
use crate::comparison::Reason;
use crate::sheet::inventory::InventorySheet;
use crate::sheet::reviews::{ReviewRow, ReviewValue};
use crate::sheet::{ComparisonRow, Encoding, Replaced, Sheet, checklist, contract_points};

/// What comes of a table: its writer, and the characters that its encoding does not have.
type Written<W> = io::Result<(W, Vec<Replaced>)>;

/// The columns behind those of `comparison.csv`.
const REVIEW_COLUMNS: [&str; 8] = [
    "リスク評価",
    "対応",
    "対応策",
    "目標日",
    "確認日",
    "確認者",
    "承認者",
    "承認日",
];

const REQUESTS: [&str; 10] = [
    "依頼日",
    "システム",
    "対象",
    "依頼先",
    "様式",
    "回答期限",
    "状態",
    "状態の日付",
    "理由",
    "依頼ID",
];

const MISSING: [&str; 6] = [
    "システム",
    "事業者",
    "製品・サービス名",
    "開示書",
    "必要な対応",
    "依頼中",
];

const DELIVERIES: [&str; 10] = [
    "事業者",
    "製品・サービス名",
    "様式",
    "改訂",
    "交付日時",
    "交付のログ位置",
    "受領確認日時",
    "受領確認のログ位置",
    "署名検証結果",
    "開示書のSHA-256",
];

pub(super) fn systems<W: Write>(facts: &Facts, encoding: Encoding, writer: W) -> Written<W> {
    let mut sheet = InventorySheet::new(writer, encoding, facts.anchors.checkpoint_line())?;
    for system in &facts.systems {
        sheet.row(&system.members)?;
    }
    sheet.finish()
}

/// How many systems a part of the comparison has, so that a large hospital's is not in memory as a whole.
const SYSTEMS: usize = 50;

pub(super) fn comparison<W: Write>(
    facts: &Facts,
    encoding: Encoding,
    writer: W,
    from: Option<Place>,
) -> io::Result<Part> {
    let sheet = if let Some(place) = from {
        Sheet::resumed(writer, encoding, place.rows)
    } else {
        let header: Vec<_> = ComparisonRow::HEADER
            .into_iter()
            .chain(REVIEW_COLUMNS)
            .collect();
        Sheet::new(writer, encoding, &header)?
    };
    let mut rows = ComparisonRows {
        sheet,
        reviews: facts.reviews_by_item(),
    };
    let begin = from.map_or(0, |place| place.system);
    let end = (begin + SYSTEMS).min(facts.systems.len());
    for system in facts.systems.get(begin..end).unwrap_or_default() {
        rows.system(facts, system)?;
    }
    let place = Place {
        system: end,
        rows: rows.sheet.rows(),
    };
    let (_, replaced) = rows.sheet.finish()?;
    Ok(Part {
        replaced,
        next: (end < facts.systems.len()).then_some(place),
    })
}

struct ComparisonRows<'f, W: Write> {
    sheet: Sheet<W>,
    reviews: HashMap<(&'f str, &'f str), &'f ReviewValue>,
}

impl<W: Write> ComparisonRows<'_, W> {
    fn system(&mut self, facts: &Facts, system: &SystemFact) -> io::Result<()> {
        let (institution_code, institution) = facts.institution.place();
        let checkpoint = facts.anchors.checkpoint_line();
        let place = ComparisonRow {
            institution_code,
            institution,
            system: system.name(),
            checkpoint: &checkpoint,
            ..ComparisonRow::default()
        };
        for (_, statement) in facts.held_for(system) {
            self.statement(facts, &place, system, statement)?;
        }
        if system.statements.is_empty() {
            self.not_received(place, system)?;
        }
        Ok(())
    }

    fn statement(
        &mut self,
        facts: &Facts,
        place: &ComparisonRow<'_>,
        system: &SystemFact,
        statement: &HeldStatement,
    ) -> io::Result<()> {
        let received_on = statement.received_on.to_string();
        let common = ComparisonRow {
            vendor: &statement.vendor,
            corporate_number: statement.corporate_number.as_deref().unwrap_or_default(),
            product: &statement.product,
            version: &statement.version,
            form: &statement.form,
            form_edition: &statement.form_edition,
            issued_on: &statement.issued_on,
            received_on: &received_on,
            signature: &statement.signature,
            ..place.clone()
        };
        for compared in &statement.items {
            let review = self.reviews.get(&(&*system.id, &*compared.item)).copied();
            self.row(&item_row(facts, &common, statement, compared), review)?;
        }
        Ok(())
    }

    fn not_received(&mut self, place: ComparisonRow<'_>, system: &SystemFact) -> io::Result<()> {
        let row = ComparisonRow {
            vendor: system.text("vendor_name"),
            corporate_number: system.corporate_number.as_deref().unwrap_or_default(),
            product: system.text("product_name"),
            ..place
        };
        self.row(&row.not_received(), None)
    }

    fn row(&mut self, row: &ComparisonRow<'_>, review: Option<&ReviewValue>) -> io::Result<()> {
        let review = review.map(review_cells).unwrap_or_default();
        let cells = row.place_cells().into_iter().chain(row.statement_cells());
        self.sheet
            .row(cells.chain(review.iter().map(String::as_str)))
    }
}

fn item_row<'r>(
    facts: &'r Facts,
    common: &ComparisonRow<'r>,
    statement: &HeldStatement,
    compared: &'r Compared,
) -> ComparisonRow<'r> {
    let set = facts.sets.get(&statement.set);
    let item = set.and_then(|set| set.items.get(&compared.item));
    let row = ComparisonRow {
        answer: compared.answer.as_str().into(),
        remark: compared.remark.as_str().into(),
        judgement: compared.outcome.label(),
        reason: compared.reason.map_or("", Reason::label),
        ..common.clone()
    };
    match item {
        Some(item) => ComparisonRow {
            chapter: item.chapter.to_string().into(),
            number: format!("No.{}", item.number).into(),
            text: item.text.as_str().into(),
            ..row
        },
        None => row,
    }
}

/// The cells of [`REVIEW_COLUMNS`].
fn review_cells(review: &ReviewValue) -> [String; 8] {
    [
        review.assessment(),
        review.treatment.clone(),
        review.measures.clone(),
        date(review.target_date),
        date(review.written_on),
        review.written_by.clone(),
        review.approved_by.clone(),
        date(review.approved_on),
    ]
}

pub(super) fn reviews<W: Write>(
    facts: &Facts,
    open: bool,
    encoding: Encoding,
    writer: W,
) -> Written<W> {
    let mut sheet = Sheet::new(writer, encoding, &ReviewRow::HEADER)?;
    let checkpoint = facts.anchors.checkpoint_line();
    for review in facts
        .reviews
        .iter()
        .filter(|review| review.is_open() == open)
    {
        review.write(&mut sheet, facts.institution.place(), &checkpoint)?;
    }
    sheet.finish()
}

pub(super) fn checklist<W: Write>(facts: &Facts, encoding: Encoding, writer: W) -> Written<W> {
    checklist::write_into(writer, &facts.checklist, encoding)
}

pub(super) fn contract_points<W: Write>(
    facts: &Facts,
    encoding: Encoding,
    writer: W,
) -> Written<W> {
    let place = facts.institution.place();
    contract_points::write_into(writer, place, &facts.contract_points, encoding)
}

pub(super) fn requests<W: Write>(facts: &Facts, encoding: Encoding, writer: W) -> Written<W> {
    let rows = facts.requests.iter().map(|request| {
        [
            request.asked_on.to_string(),
            request.system.clone().unwrap_or_default(),
            request.subject.clone(),
            request.chain.join(" → "),
            request.forms.join("・"),
            date(request.due_on),
            request.state.clone(),
            request.settled_on.to_string(),
            request.reason.clone().unwrap_or_default(),
            request.id.clone(),
        ]
    });
    table(&REQUESTS, rows, encoding, writer)
}

pub(super) fn missing<W: Write>(facts: &Facts, encoding: Encoding, writer: W) -> Written<W> {
    let wanting = facts.systems.iter().filter(|system| system.is_wanting());
    let rows = wanting.map(|system| {
        let forms: Vec<_> = facts
            .held_for(system)
            .map(|(_, held)| &*held.form)
            .collect();
        let held = if forms.is_empty() {
            "未受領".to_owned()
        } else {
            format!("{} 受領済み", forms.join("・"))
        };
        [
            system.name().to_owned(),
            system.text("vendor_name").to_owned(),
            system.text("product_name").to_owned(),
            held,
            system.proposal.clone().unwrap_or_default(),
            if system.is_asked_for {
                "はい"
            } else {
                "いいえ"
            }
            .to_owned(),
        ]
    });
    table(&MISSING, rows, encoding, writer)
}

pub(super) fn deliveries<W: Write>(facts: &Facts, encoding: Encoding, writer: W) -> Written<W> {
    let rows = facts.deliveries.iter().map(|delivery| {
        let (delivered, leaf) = delivery.delivered;
        let acknowledged = delivery.acknowledged;
        [
            delivery.vendor.clone(),
            delivery.product.clone(),
            delivery.form.clone(),
            delivery
                .revision
                .map_or_else(String::new, |n| n.to_string()),
            time(delivered),
            leaf.to_string(),
            acknowledged.map_or_else(String::new, |(at, _)| time(at)),
            acknowledged.map_or_else(String::new, |(_, leaf)| leaf.to_string()),
            delivery.signature.clone(),
            delivery.statement.clone(),
        ]
    });
    table(&DELIVERIES, rows, encoding, writer)
}

fn table<W: Write, const N: usize>(
    header: &[&str; N],
    rows: impl Iterator<Item = [String; N]>,
    encoding: Encoding,
    writer: W,
) -> Written<W> {
    let mut sheet = Sheet::new(writer, encoding, header)?;
    for row in rows {
        sheet.row(row.iter().map(String::as_str))?;
    }
    sheet.finish()
}

fn date(date: Option<Date>) -> String {
    date.map_or_else(String::new, |date| date.to_string())
}

/// As spreadsheets read times.
fn time(at: Timestamp) -> String {
    let local = at.to_zoned(IN_JAPAN);
    local.strftime("%Y-%m-%d %H:%M:%S").to_string()
}
