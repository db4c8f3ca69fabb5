//! The guides that lie in a package: what is in it and how it is checked.

use std::fmt::Write as _;

use kaiji_schema::era;
use kaiji_schema::inspection::{Facts, Table};

use crate::exchange::evidence::fill_in;
use crate::exchange::time::in_japan;

const GUIDE: &str = include_str!("../../../../fixtures/inspection/guide.txt");

/// The guide of the package.
pub(super) fn of_package(facts: &Facts, sha256: &str) -> String {
    let mut tables = String::new();
    for table in Table::ALL {
        // Writing to memory does not fail.
        let _ = writeln!(tables, "  {:<24} {}", table.file(), table.title());
    }
    let code = facts.institution.code.as_ref();
    let none = || "(指定なし)".to_owned();
    let values = [
        ("institution", facts.institution.name.clone()),
        (
            "code",
            code.map_or_else(String::new, |code| format!("(医療機関コード {code})")),
        ),
        ("title", facts.title.clone().unwrap_or_else(none)),
        ("visit_on", facts.visit_on.map_or_else(none, era::both)),
        ("frozen_at", in_japan(facts.frozen_at)),
        ("id", facts.id.clone()),
        ("sha256", sha256.to_owned()),
        ("tables", tables.trim_end().to_owned()),
    ];
    fill_in(GUIDE, &values)
}

/// The guide of the evidence folders, as `kaiji evidence` writes one.
pub(super) fn of_evidence(facts: &Facts) -> String {
    let mut text = format!(
        "はじめに読む — 開示書の証跡 (Kaiji 開示)\n\n\
         この中には、{}件の開示書の証跡フォルダーがあります。それぞれの「はじめに読む.txt」をお読みください。\n\
         すべてをまとめて確かめるには、次のどちらかを実行します(発行元と完全性の確認)。\n\n  \
         python3 verify.py .\n  kaiji verify .\n\n\
         フォルダーの名前は開示書の指紋(SHA-256)です。\n\n",
        facts.evidence.len()
    );
    for frozen in &facts.evidence {
        let Some(held) = facts.statements.get(&frozen.statement) else {
            continue;
        };
        let revision = held.revision.unwrap_or_default();
        let _ = write!(
            text,
            "{}\n  {} {}  {} {} 第{revision}版  受領 {}\n",
            frozen.statement,
            held.product,
            held.version,
            held.form,
            held.form_edition,
            held.received_on
        );
    }
    text.replace('\n', "\r\n")
}
