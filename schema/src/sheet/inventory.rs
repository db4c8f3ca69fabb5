//! The inventory (医療情報システム一覧) as a table for people, there and back: what is written is read again.
//!
//! One list of columns says how a member of a system stands in a cell. A file that comes back may have its columns in
//! any order and leave some out, as spreadsheets and people do; it is UTF-8 or CP932, and dates may be as Excel writes
//! them. What a value means is decided by the reader of systems, not here.

use std::io::{self, Write};

use jiff::civil::Date;
use serde_json::{Map, Value};

use super::table::{Layout, Row};
use super::{Encoding, Replaced, Sheet, table};
use crate::violation::{Violation, Violations};

/// At most so many rows: beyond every inventory there is.
pub const MAX_ROWS: usize = 5_000;

/// How a member stands in a cell. An empty cell is null.
enum Kind {
    /// As it is.
    Text,
    /// `YYYY-MM-DD`; read also with slashes, or with 年月日.
    Date,
    /// 有 or 無.
    Presence,
    /// A word for people, and the word that is kept.
    Words(&'static [(&'static str, &'static str)]),
    /// The row's system.
    Id,
    /// What an export says of itself; passed over when it comes back.
    Checkpoint,
}

struct Column {
    title: &'static str,
    member: &'static str,
    kind: Kind,
}

const fn column(title: &'static str, member: &'static str, kind: Kind) -> Column {
    Column {
        title,
        member,
        kind,
    }
}

const UPDATES_BY: &[(&str, &str)] = &[
    ("事業者", "vendor"),
    ("医療機関", "institution"),
    ("不明", "unclear"),
];

const WRITTEN_IN: &[(&str, &str)] = &[
    ("契約書", "contract"),
    ("約款", "terms"),
    ("サービスレベル合意書", "sla"),
    ("記載なし", "nowhere"),
];

/// The columns: those of the guideline's table first.
const COLUMNS: [Column; 17] = [
    column("導入している医療情報システム", "name", Kind::Text),
    column("委託先事業者", "vendor_name", Kind::Text),
    column("製品名", "product_name", Kind::Text),
    column("委託業務概要", "outsourced_work", Kind::Text),
    column("導入バージョン", "installed_version", Kind::Text),
    column("契約先", "contract_partner", Kind::Text),
    column("契約更新日", "contract_renewal_on", Kind::Date),
    column("保守担当", "maintained_by", Kind::Text),
    column("リモート保守", "remote_maintenance", Kind::Presence),
    column("院内サーバ", "on_premises_server", Kind::Presence),
    column("端末内サーバ", "terminal_server", Kind::Presence),
    column("クラウド等のサーバ", "cloud_server", Kind::Presence),
    column(
        "セキュリティアップデート責任",
        "security_updates_by",
        Kind::Words(UPDATES_BY),
    ),
    column(
        "責任の記載箇所",
        "security_updates_written_in",
        Kind::Words(WRITTEN_IN),
    ),
    column("製品ID", "product", Kind::Text),
    column("システムID", "id", Kind::Id),
    column("ログ検査点", "checkpoint", Kind::Checkpoint),
];

fn titles() -> [&'static str; COLUMNS.len()] {
    COLUMNS.each_ref().map(|column| column.title)
}

/// Where the value of a member stands in a file, as violations point to it: `/3/契約更新日`.
pub fn place(row: u64, member: &str) -> String {
    let found = COLUMNS.iter().find(|column| column.member == member);
    table::place(row, found.map_or(member, |column| column.title))
}

impl Kind {
    fn cell<'v>(&self, value: &'v Value) -> &'v str {
        match (self, value) {
            (Self::Presence, Value::Bool(true)) => "有",
            (Self::Presence, Value::Bool(false)) => "無",
            (Self::Words(words), Value::String(kept)) => words
                .iter()
                .find(|(_, word)| word == kept)
                .map_or(kept, |(label, _)| label),
            (_, Value::String(text)) => text,
            _ => "",
        }
    }

    /// What a cell says; `Err` with what it could say.
    fn value(&self, cell: &str) -> Result<Value, String> {
        if cell.is_empty() {
            return Ok(Value::Null);
        }
        match self {
            Self::Text | Self::Id | Self::Checkpoint => Ok(cell.into()),
            Self::Date => Ok(date(cell).into()),
            Self::Presence => match cell {
                "有" | "あり" | "はい" => Ok(true.into()),
                "無" | "なし" | "いいえ" => Ok(false.into()),
                _ => Err("write 有 or 無, or leave it empty".to_owned()),
            },
            Self::Words(words) => {
                let found = words.iter().find(|(label, _)| *label == cell);
                found.map(|(_, word)| (*word).into()).ok_or_else(|| {
                    let labels: Vec<_> = words.iter().map(|(label, _)| *label).collect();
                    format!("write one of {}, or leave it empty", labels.join(", "))
                })
            }
        }
    }
}

/// A date as spreadsheets write it, as documents do; anything else stays what it is, for the reader to refuse.
fn date(cell: &str) -> String {
    let parts: Vec<&str> = cell
        .trim_end_matches('日')
        .split(['/', '年', '月'])
        .collect();
    let read = match parts.as_slice() {
        [year, month, day] => year
            .parse()
            .ok()
            .zip(month.parse().ok())
            .zip(day.parse().ok()),
        _ => None,
    };
    let read = read.and_then(|((year, month), day)| Date::new(year, month, day).ok());
    read.map_or_else(|| cell.to_owned(), |date| date.to_string())
}

/// Writes the table.
pub struct InventorySheet<W: Write> {
    sheet: Sheet<W>,
    checkpoint: String,
}

impl<W: Write> InventorySheet<W> {
    /// Begins a file with its header. Each row will name the log's checkpoint.
    pub fn new(writer: W, encoding: Encoding, checkpoint: String) -> io::Result<Self> {
        Ok(Self {
            sheet: Sheet::new(writer, encoding, &titles())?,
            checkpoint,
        })
    }

    /// Writes a system: the members of its document.
    pub fn row(&mut self, system: &Map<String, Value>) -> io::Result<()> {
        let cells = COLUMNS.iter().map(|column| match &column.kind {
            Kind::Checkpoint => self.checkpoint.as_str(),
            kind => kind.cell(system.get(column.member).unwrap_or(&Value::Null)),
        });
        self.sheet.row(cells)
    }

    /// Hands over to the writer what is still held back.
    pub fn flush(&mut self) -> io::Result<()> {
        self.sheet.flush()
    }

    /// Ends the file. Answers the writer and which characters the encoding does not have.
    pub fn finish(self) -> io::Result<(W, Vec<Replaced>)> {
        self.sheet.finish()
    }
}

/// A row of a file that came back.
#[derive(Debug, Clone, PartialEq)]
pub struct InventoryRecord {
    /// The record, from 1: the header is record 1, as in a spreadsheet.
    pub row: u64,
    /// The system that it is about; a new one without it.
    pub id: Option<String>,
    /// What it says; only of the columns that the file has.
    pub members: Map<String, Value>,
}

/// A file that came back.
#[derive(Debug, Clone, PartialEq)]
pub struct Inventory {
    /// How its characters were written.
    pub encoding: Encoding,
    /// Its rows.
    pub records: Vec<InventoryRecord>,
}

impl Inventory {
    /// Reads a file. Reports `encoding`, `missing_column`, `unknown_column`, `duplicate_column`, `too_many_rows`,
    /// `too_many_cells` and `choice`, each with `/row/column`.
    pub fn read(bytes: &[u8]) -> Result<Self, Violations> {
        let layout = Layout {
            titles: &titles(),
            required: &["導入している医療情報システム"],
            max_rows: MAX_ROWS,
        };
        let (encoding, records) = table::read_rows(bytes, &layout, record)?;
        Ok(Self { encoding, records })
    }
}

fn record(row: &Row, found: &mut Vec<Violation>) -> InventoryRecord {
    let mut record = InventoryRecord {
        row: row.number,
        id: None,
        members: Map::new(),
    };
    for (title, cell) in row.cells() {
        let Some(column) = COLUMNS.iter().find(|column| column.title == title) else {
            continue;
        };
        match (&column.kind, column.kind.value(cell)) {
            (Kind::Checkpoint, _) => {}
            (Kind::Id, value) => {
                record.id = value.ok().and_then(|id| id.as_str().map(str::to_owned));
            }
            (_, Ok(value)) => {
                record.members.insert(column.member.to_owned(), value);
            }
            (_, Err(detail)) => found.push(Violation::new(row.place(title), "choice", detail)),
        }
    }
    record
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<Vec<InventoryRecord>, Violations> {
        Inventory::read(text.as_bytes()).map(|inventory| inventory.records)
    }

    fn codes(text: &str) -> Vec<(String, &'static str)> {
        let violations = read(text).unwrap_err();
        let found = violations.as_slice().iter();
        found
            .map(|violation| (violation.pointer.clone(), violation.code))
            .collect()
    }

    fn members(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(members) => members,
            other => panic!("{other} is no object"),
        }
    }

    fn written(encoding: Encoding, system: &Map<String, Value>) -> Vec<u8> {
        let mut sheet = InventorySheet::new(Vec::new(), encoding, "log 1 abc".to_owned()).unwrap();
        sheet.row(system).unwrap();
        sheet.sheet.finish().unwrap().0
    }

    fn a_system() -> Map<String, Value> {
        members(json!({
            "id": "sys_1", "name": "電子カルテ", "vendor_name": "見本電子カルテ株式会社", "product_name": "見本カルテ",
            "outsourced_work": "保守一式\n夜間を含む", "installed_version": "=3.2", "contract_partner": null,
            "contract_renewal_on": "2027-03-31", "maintained_by": null, "remote_maintenance": true,
            "on_premises_server": false, "terminal_server": null, "cloud_server": true,
            "security_updates_by": "vendor", "security_updates_written_in": "sla", "product": null,
        }))
    }

    #[test]
    fn what_is_written_is_read_again_in_both_encodings() {
        for encoding in Encoding::ALL {
            let inventory = Inventory::read(&written(encoding, &a_system())).unwrap();
            assert_eq!(inventory.encoding, encoding);
            let mut expected = a_system();
            let id = expected.remove("id").unwrap();
            let [record] = inventory.records.as_slice() else {
                panic!("one row");
            };
            assert_eq!(record.id.as_deref(), id.as_str());
            assert_eq!(record.members, expected);
            assert_eq!(record.row, 2);
        }
    }

    #[test]
    fn the_table_of_the_guideline_stands_first_and_formulas_are_neutralised() {
        let text = String::from_utf8(written(Encoding::Utf8, &a_system())).unwrap();
        let titles = "\u{feff}導入している医療情報システム,委託先事業者,製品名,委託業務概要,";
        assert!(text.starts_with(titles), "{text}");
        assert!(text.contains(",'=3.2,"), "{text}");
    }

    #[test]
    fn columns_may_be_fewer_and_in_another_order() {
        let records = read("製品名,導入している医療情報システム\r\n,PACS\r\n\r\n,\r\n").unwrap();
        let expected = members(json!({ "product_name": null, "name": "PACS" }));
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].members, expected);
        assert_eq!(records[0].id, None);
    }

    #[test]
    fn dates_are_read_as_spreadsheets_write_them() {
        for cell in ["2027/3/31", "2027-03-31", "2027年3月31日"] {
            let text = format!("導入している医療情報システム,契約更新日\n甲,{cell}\n");
            let records = read(&text).unwrap();
            assert_eq!(
                records[0].members["contract_renewal_on"], "2027-03-31",
                "{cell}"
            );
        }
        let unreadable = read("導入している医療情報システム,契約更新日\n甲,来年\n").unwrap();
        assert_eq!(unreadable[0].members["contract_renewal_on"], "来年");
    }

    #[test]
    fn what_cannot_be_read_is_told_by_row_and_column() {
        assert_eq!(codes(""), [("/1".to_owned(), "missing_column")]);
        assert_eq!(
            codes("導入している医療情報システム,値段,値段\n"),
            [
                ("/1/値段".to_owned(), "unknown_column"),
                ("/1/値段".to_owned(), "unknown_column"),
            ]
        );
        let name = "導入している医療情報システム";
        assert_eq!(
            codes(&format!("{name},{name}\n")),
            [(format!("/1/{name}"), "duplicate_column")]
        );
        assert_eq!(
            codes(&format!(
                "{name},リモート保守,責任の記載箇所\n甲,たぶん,口約束\n乙,有,約款,あまり\n"
            )),
            [
                ("/2/リモート保守".to_owned(), "choice"),
                ("/2/責任の記載箇所".to_owned(), "choice"),
                ("/3".to_owned(), "too_many_cells"),
            ]
        );
        let long = format!("{name}\n{}", "甲\n".repeat(MAX_ROWS + 2));
        assert_eq!(
            codes(&long),
            [(format!("/{}", MAX_ROWS + 2), "too_many_rows")]
        );
    }

    #[test]
    fn bytes_of_no_encoding_are_refused() {
        let violations = Inventory::read(b"\xff\xff\xff").unwrap_err();
        assert_eq!(violations.as_slice()[0].code, "encoding");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in any::<Vec<u8>>()) {
            drop(Inventory::read(&bytes));
        }

        #[test]
        fn names_of_any_kind_come_back(name in "[^\\p{White_Space}]\\PC{0,20}[^\\p{White_Space}]") {
            let mut system = a_system();
            system.insert("name".to_owned(), name.clone().into());
            let inventory = Inventory::read(&written(Encoding::Utf8, &system)).unwrap();
            prop_assert_eq!(&inventory.records[0].members["name"], &Value::from(name));
        }
    }
}
