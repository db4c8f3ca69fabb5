//! The first chapter, which counts, and the last, which says how all of it is checked.

use std::collections::BTreeMap;

use kaiji_schema::comparison::Outcome;
use kaiji_schema::inspection::{Facts, Table as Sheet};
use kaiji_schema::risk_matrix::Step;

use super::NOTHING;
use crate::print::chart::{Bar, Legend, Matrix, bars, matrix};
use crate::print::flow::{Flow, count};
use crate::print::mark::Colour;
use crate::print::table::{Column, Table};

/// The outcomes, told apart also in black and white.
const OUTCOMES: [Legend; 4] = [
    Legend("適合", Colour(0xb7, 0xd7, 0xc2)),
    Legend("対象外", Colour(0xdd, 0xdd, 0xdd)),
    Legend("要リスク評価", Colour(0xb0, 0x3a, 0x2e)),
    Legend("要確認", Colour(0xf0, 0xb4, 0x5c)),
];

/// Draws the first chapter.
pub(super) fn draw(flow: &mut Flow<'_>, facts: &Facts) {
    flow.heading(1, "1　まとめ");
    flow.heading(2, "1.1　記録の件数");
    let rows = counted(facts).into_iter();
    let rows = rows.map(|(what, many)| vec![what.to_owned(), many]);
    let columns = [Column("記録", 3.0), Column("件数", 1.0)];
    Table::of(flow, &columns, rows, NOTHING);
    flow.heading(2, "1.2　照合結果（章別）");
    if facts.statements.is_empty() {
        flow.paragraph("照合した開示書はありません。");
    } else {
        flow.remark(
            "数字は、システムごとに数えた項目の件数です（適合／対象外／要リスク評価／要確認）。",
        );
        bars(flow, &OUTCOMES, &by_chapter(facts));
    }
    flow.heading(2, "1.3　リスクの分布");
    if facts.reviews.iter().any(|review| !review.level.is_empty()) {
        risks(flow, facts);
    } else {
        flow.paragraph("リスク評価の記録はありません。");
    }
}

fn counted(facts: &Facts) -> Vec<(&'static str, String)> {
    let bare = facts.systems.iter();
    let bare = bare.filter(|system| system.statements.is_empty()).count();
    let attested = facts.statements.values();
    let attested = attested.filter(|held| held.attested.is_some()).count();
    let open = facts
        .reviews
        .iter()
        .filter(|review| review.is_open())
        .count();
    let undone = facts.checklist.iter();
    let undone = undone.filter(|item| item.answer == "いいえ").count();
    let waiting = facts
        .requests
        .iter()
        .filter(|request| request.waits)
        .count();
    let of = |part: usize, what: &str, all: usize| format!("{all}（うち{what} {part}）");
    let mut rows = vec![
        (
            "医療情報システム",
            of(bare, "開示書が未受領", facts.systems.len()),
        ),
        (
            "保有する開示書",
            of(attested, "署名のない回答者の申告", facts.statements.len()),
        ),
    ];
    for (outcome, many) in facts.summary() {
        let what = match outcome {
            Outcome::Conforming => "照合した項目のうち 適合",
            Outcome::NotApplicable => "照合した項目のうち 対象外",
            Outcome::Nonconforming => "照合した項目のうち 要リスク評価",
            Outcome::Unconfirmed => "照合した項目のうち 要確認",
        };
        rows.push((what, many.to_string()));
    }
    rows.extend([
        ("リスク評価", of(open, "対応中", facts.reviews.len())),
        (
            "医療機関のチェックリスト",
            of(undone, "「いいえ」", facts.checklist.len()),
        ),
        (
            "開示書の提出依頼",
            of(waiting, "回答待ち", facts.requests.len()),
        ),
    ]);
    rows
}

/// The items of all systems, by chapter of the 【別紙】.
fn by_chapter(facts: &Facts) -> Vec<Bar> {
    // MDS and SDS do not write every title alike: the first stands for both.
    let mut chapters: BTreeMap<u16, (&str, Vec<usize>)> = BTreeMap::new();
    for system in &facts.systems {
        for (_, held) in facts.held_for(system) {
            let Some(set) = facts.sets.get(&held.set) else {
                continue;
            };
            for compared in &held.items {
                let Some(item) = set.items.get(&compared.item) else {
                    continue;
                };
                let (_, chapter) = chapters
                    .entry(item.chapter)
                    .or_insert_with(|| (&item.chapter_title, vec![0; OUTCOMES.len()]));
                let at = Outcome::ALL
                    .iter()
                    .position(|outcome| *outcome == compared.outcome);
                if let Some(part) = at.and_then(|at| chapter.get_mut(at)) {
                    *part += 1;
                }
            }
        }
    }
    let bars = chapters.into_iter();
    let bars = bars.map(|(number, (title, parts))| Bar {
        label: format!("{number}　{title}"),
        parts,
    });
    bars.collect()
}

/// How many risks there are of each likelihood and impact, on the scale of now.
fn risks(flow: &mut Flow<'_>, facts: &Facts) {
    let scale = &facts.matrix;
    let names = |steps: &[Step]| steps.iter().map(|step| step.label.clone()).collect();
    let (rows, columns): (Vec<String>, Vec<String>) =
        (names(&scale.likelihood), names(&scale.impact));
    let found = |likelihood: &str, impact: &str| {
        let reviews = facts.reviews.iter();
        let here =
            reviews.filter(|review| review.likelihood == likelihood && review.impact == impact);
        here.count()
    };
    let highest = scale.levels.len().saturating_sub(1).max(1);
    let field = |cell: &u8, likelihood: &str, impact: &str| {
        let step = usize::from(*cell).saturating_sub(1);
        let level = scale.levels.get(step).map_or("", |level| &level.label);
        let height = count(step) / count(highest);
        (level.to_owned(), height, found(likelihood, impact))
    };
    let fields = scale.cells.iter().zip(&rows).map(|(cells, likelihood)| {
        let cells = cells.iter().zip(&columns);
        cells
            .map(|(cell, impact)| field(cell, likelihood, impact))
            .collect()
    });
    let drawn = Matrix {
        fields: fields.collect(),
        rows: &rows,
        columns: &columns,
        axes: ("発生可能性", "影響度"),
    };
    matrix(flow, &drawn);
    let elsewhere = facts.reviews.iter().filter(|review| {
        let graded = !review.level.is_empty();
        graded && !(rows.contains(&review.likelihood) && columns.contains(&review.impact))
    });
    let elsewhere = elsewhere.count();
    if elsewhere > 0 {
        flow.remark(&format!(
            "このほか、以前の評価尺度によるものが{elsewhere}件あります。"
        ));
    }
}

/// Draws the last chapter.
pub(super) fn how_to_check(flow: &mut Flow<'_>, facts: &Facts, sha256: &str) {
    flow.heading(1, "8　この資料の確かめ方（発行元と完全性の確認）");
    flow.paragraph(
        "この資料は、一つの ZIP ファイルに収めた一式の中の一つです。一式には、次の表と、署名された開示書ごとの証跡フォルダー（evidence）が\
         入っています。適合・対象外を含むすべての項目は、02-comparison.csv にあります。",
    );
    let columns = [Column("ファイル", 1.0), Column("内容", 2.2)];
    let rows = Sheet::ALL.map(|sheet| vec![sheet.file().to_owned(), sheet.title().to_owned()]);
    Table::of(flow, &columns, rows.into_iter(), NOTHING);
    flow.paragraph(
        "開示書を誰が署名し、いつ受け付けられたかは、サービスに接続しなくても確かめられます。evidence フォルダーの中で\
         「python3 verify.py .」または「kaiji verify .」を実行してください。",
    );
    flow.paragraph(&format!(
        "資料が基準の時刻から変わっていないことは、一式の中の facts.json の SHA-256 が次の値と同じことで確かめられます。\n{sha256}"
    ));
    flow.paragraph(&format!(
        "基準の時刻における公開ログの検査点は、次のとおりです。\n{}",
        facts.anchors.checkpoint_line()
    ));
    flow.paragraph(
        "署名のない開示書（回答者の申告）は、発行元と完全性を確認できません。受け付けた時刻と内容の要約値だけが受領証で確かめられます。",
    );
    let missing = flow.face.missing();
    if !missing.is_empty() {
        flow.heading(2, "8.1　この文書の書体にない文字");
        flow.paragraph("次の文字は、この文書では「〓」と表示しています。元の文字は、CSV（UTF-8）と facts.json にあります。");
        let named = missing
            .iter()
            .map(|each| format!("U+{:04X}", u32::from(*each)));
        flow.paragraph(&named.collect::<Vec<_>>().join("、"));
    }
}
