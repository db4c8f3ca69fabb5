//! The cover: whose the document is, of which moment, and what it is known by.

use kaiji_schema::era;
use kaiji_schema::inspection::Facts;

use crate::print::dates;
use crate::print::flow::Flow;
use crate::print::lines::broken;
use crate::print::mark::{Colour, Kind, LEFT, Mark, WIDTH};

/// Draws it on the first page.
pub(super) fn draw(flow: &mut Flow<'_>, facts: &Facts, sha256: &str, title: &str) {
    flow.y = 150.0;
    let part = flow.parts.add(Kind::Paragraph, None);
    let name = facts.title.as_deref().unwrap_or_default();
    for (text, size) in [(title, 20.0), (name, 14.0)] {
        for line in broken(flow.face, text, size, WIDTH) {
            flow.line((LEFT, flow.y), size, Colour::ACCENT, line, part);
            flow.y += size * 1.5;
        }
    }
    flow.put(Mark::area(LEFT, flow.y + 4.0, WIDTH, 2.0, Colour::ACCENT));
    flow.y += 36.0;
    let institution = &facts.institution;
    let none = || "（指定なし）".to_owned();
    let sets: Vec<_> = facts.sets.values().map(|set| set.title.as_str()).collect();
    let rows = [
        ("医療機関", institution.name.clone()),
        (
            "医療機関コード",
            institution.code.clone().unwrap_or_else(none),
        ),
        ("検査の日", facts.visit_on.map_or_else(none, era::both)),
        ("基準の時刻", dates::instant(facts.frozen_at)),
        ("照合の基準", sets.join("\n")),
        ("資料の番号", facts.id.clone()),
        ("資料の指紋", format!("{sha256}\n（facts.json の SHA-256）")),
        ("公開ログの検査点", facts.anchors.checkpoint_line()),
    ];
    for (label, value) in rows {
        labelled(flow, label, &value);
    }
    flow.y += 24.0;
    flow.remark(
        "この資料は、基準の時刻における医療機関の記録を固定したものです。その後に開示書が改訂され、記録が変わっても、\
         内容は変わりません。同じ資料は、何度作成しても同じ内容になります。",
    );
}

/// A line with a label before it.
fn labelled(flow: &mut Flow<'_>, label: &str, value: &str) {
    const LABEL: f32 = 110.0;
    const SIZE: f32 = 10.0;
    let part = flow.parts.add(Kind::Paragraph, None);
    flow.line((LEFT, flow.y), SIZE, Colour::FAINT, label, part);
    for line in broken(flow.face, value, SIZE, WIDTH - LABEL) {
        flow.line((LEFT + LABEL, flow.y), SIZE, Colour::INK, line, part);
        flow.y += SIZE * 1.5;
    }
    flow.y += 7.0;
}
