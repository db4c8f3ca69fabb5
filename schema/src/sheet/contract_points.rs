//! `contract-points.csv`: what an institution confirmed with the vendors of its systems, a row a point of each system.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::{Encoding, Replaced, Sheet};

/// The columns. Later ones are added at the end.
pub const COLUMNS: [&str; 15] = [
    "医療機関コード",
    "医療機関名",
    "システム",
    "根拠",
    "区分",
    "確認事項",
    "状態",
    "記載文書",
    "記載箇所",
    "確認日",
    "認証番号",
    "有効期限",
    "期限切れ",
    "備考",
    "証跡ファイル",
];

/// A row, cell by cell; empty where there is nothing to say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractPointRow {
    /// The system's name.
    pub system: String,
    /// The item of the checklist that asks for it.
    pub item: Cow<'static, str>,
    /// 契約, 選定 or 認証等.
    pub kind: Cow<'static, str>,
    /// The point's wording.
    pub text: Cow<'static, str>,
    /// 確認済, 未確認 or 対象外.
    pub state: Cow<'static, str>,
    /// In which document it is written.
    pub written_in: String,
    /// Where in it.
    pub clause: String,
    /// The day on which it was confirmed.
    pub confirmed_on: String,
    /// A certificate's number.
    pub certificate_number: String,
    /// Its last day.
    pub expires_on: String,
    /// Whether that has passed.
    pub expired: bool,
    /// 備考
    pub note: String,
    /// The names of the evidence files.
    pub evidence_files: String,
}

/// Writes the whole file of an institution of that code and name. Answers the writer and which characters the encoding does
/// not have.
pub fn write_into<'r, W: Write>(
    writer: W,
    (code, name): (&str, &str),
    rows: impl IntoIterator<Item = &'r ContractPointRow>,
    encoding: Encoding,
) -> io::Result<(W, Vec<Replaced>)> {
    let mut sheet = Sheet::new(writer, encoding, &COLUMNS)?;
    for row in rows {
        sheet.row(row.cells(code, name))?;
    }
    sheet.finish()
}

impl ContractPointRow {
    fn cells<'a>(&'a self, code: &'a str, name: &'a str) -> [&'a str; COLUMNS.len()] {
        [
            code,
            name,
            &self.system,
            &self.item,
            &self.kind,
            &self.text,
            &self.state,
            &self.written_in,
            &self.clause,
            &self.confirmed_on,
            &self.certificate_number,
            &self.expires_on,
            if self.expired { "期限切れ" } else { "" },
            &self.note,
            &self.evidence_files,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_stands_under_its_titles_and_runs_nothing() {
        let row = ContractPointRow {
            system: "電子カルテ".to_owned(),
            expires_on: "2026-03-31".to_owned(),
            expired: true,
            note: "@SUM(A1)".to_owned(),
            evidence_files: "契約書.pdf".to_owned(),
            ..ContractPointRow::default()
        };
        let place = ("0112345", "サンプル医院");
        let (file, _) = write_into(Vec::new(), place, [&row], Encoding::Utf8).unwrap();
        let text = String::from_utf8(file).unwrap();
        let lines: Vec<_> = text.trim_start_matches('\u{feff}').lines().collect();
        assert_eq!(lines[0], COLUMNS.join(","));
        assert_eq!(
            lines[1],
            "0112345,サンプル医院,電子カルテ,,,,,,,,,2026-03-31,期限切れ,'@SUM(A1),契約書.pdf"
        );
    }
}
