//! `checklist.csv`: an institution's own checklist (遵守項目) for the on-site inspection, a row an item.
//!
//! Inspectors look whether every item has はい or いいえ, the day on which it was first looked at, and for いいえ the day on
//! which it will be done: those stand side by side, and what is missing is named in a column of its own.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::{Encoding, Replaced, Sheet};

/// The columns. Later ones are added at the end.
pub const COLUMNS: [&str; 20] = [
    "医療機関コード",
    "医療機関名",
    "項目区分",
    "項番",
    "遵守項目",
    "回答",
    "初回確認日",
    "目標日",
    "状態",
    "初回「はい」確認日",
    "最終確認日",
    "対象外の理由",
    "備考",
    "責任者",
    "証跡ファイル",
    "不足",
    "自動記入",
    "自動記入の確認",
    "自動記入による状態",
    "更新日",
];

/// A row, cell by cell; empty where there is nothing to say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChecklistRow {
    /// 医療機関コード
    pub institution_code: String,
    /// 医療機関名
    pub institution: String,
    /// 項目区分: number and title of the section.
    pub section: String,
    /// 項番, such as `4.3 ①`.
    pub printed: String,
    /// The item's wording.
    pub text: String,
    /// はい, いいえ or 対象外.
    pub answer: Cow<'static, str>,
    /// When it was first looked at.
    pub first_checked_on: String,
    /// When it will be done.
    pub planned_on: String,
    /// 実施済, 実施予定, 対象外 or 未着手.
    pub state: Cow<'static, str>,
    /// When it was first はい.
    pub first_confirmed_on: String,
    /// When it was looked at last.
    pub last_checked_on: String,
    /// Why it is not applicable.
    pub reason: String,
    /// 備考
    pub note: String,
    /// Who is responsible.
    pub responsible: String,
    /// The names of the evidence files.
    pub evidence_files: String,
    /// What an inspector would miss.
    pub lacks: String,
    /// What the exchange knows, in words.
    pub says: String,
    /// Whether the institution confirmed that.
    pub standing: Cow<'static, str>,
    /// How the item stands by that.
    pub known_state: Cow<'static, str>,
    /// The day on which anything was said of it last.
    pub updated_on: String,
}

/// Writes the whole file.
pub fn write(rows: &[ChecklistRow], encoding: Encoding) -> io::Result<Vec<u8>> {
    let (bytes, _) = write_into(Vec::new(), rows, encoding)?;
    Ok(bytes)
}

/// The same into a writer, which is answered with the characters that the encoding does not have.
pub fn write_into<W: Write>(
    writer: W,
    rows: &[ChecklistRow],
    encoding: Encoding,
) -> io::Result<(W, Vec<Replaced>)> {
    let mut sheet = Sheet::new(writer, encoding, &COLUMNS)?;
    for row in rows {
        sheet.row(row.cells())?;
    }
    sheet.finish()
}

impl ChecklistRow {
    fn cells(&self) -> [&str; COLUMNS.len()] {
        [
            &self.institution_code,
            &self.institution,
            &self.section,
            &self.printed,
            &self.text,
            &self.answer,
            &self.first_checked_on,
            &self.planned_on,
            &self.state,
            &self.first_confirmed_on,
            &self.last_checked_on,
            &self.reason,
            &self.note,
            &self.responsible,
            &self.evidence_files,
            &self.lacks,
            &self.says,
            &self.standing,
            &self.known_state,
            &self.updated_on,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_stands_under_its_titles_and_runs_nothing() {
        let row = ChecklistRow {
            printed: "3 ②".to_owned(),
            answer: "いいえ".into(),
            note: "=1+1".to_owned(),
            updated_on: "最後".to_owned(),
            ..ChecklistRow::default()
        };
        let file = write(&[row], Encoding::Utf8).unwrap();
        let text = String::from_utf8(file).unwrap();
        let lines: Vec<_> = text.trim_start_matches('\u{feff}').lines().collect();
        assert_eq!(lines.len(), 2);
        let titles: Vec<_> = lines[0].split(',').collect();
        let cells: Vec<_> = lines[1].split(',').collect();
        let cell = |title: &str| cells[titles.iter().position(|other| *other == title).unwrap()];
        assert_eq!(cell("項番"), "3 ②");
        assert_eq!(cell("回答"), "いいえ");
        assert_eq!(cell("備考"), "'=1+1");
        assert_eq!(cell("更新日"), "最後");
    }
}
