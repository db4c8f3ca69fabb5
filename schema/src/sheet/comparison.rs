//! `comparison.csv` (API.md): one row an item, for an institution's own tables and for an inspector.

use std::borrow::Cow;
use std::io::{self, Write};

use super::{Encoding, NOT_RECEIVED, Replaced, Sheet, answer_label};
use crate::comparison::{ComparedItem, Reason};
use crate::requirement::RequirementSet;

/// Between the parts of a cell that says several things.
const BETWEEN: &str = "／";
/// What a direct answer to an item is called in a cell, where a question is called by its number.
const DIRECT: &str = "別紙";

/// One row. The fields are the columns, in their order; all are text, and empty where there is nothing to say.
///
/// Fill in the first twelve and the last once for a system, then take a row for each item with [`ComparisonRow::of_item`], or
/// the one row of a system without a statement with [`ComparisonRow::not_received`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ComparisonRow<'a> {
    /// 医療機関コード, ten digits.
    pub institution_code: &'a str,
    /// 医療機関名
    pub institution: &'a str,
    /// システム: its name in the inventory.
    pub system: &'a str,
    /// 事業者
    pub vendor: &'a str,
    /// 法人番号 of the vendor, thirteen digits.
    pub corporate_number: &'a str,
    /// 製品・サービス名
    pub product: &'a str,
    /// バージョン
    pub version: &'a str,
    /// 様式: MDS or SDS.
    pub form: &'a str,
    /// 様式版
    pub form_edition: &'a str,
    /// 作成日 (`YYYY-MM-DD`)
    pub issued_on: &'a str,
    /// 受領日 in JST (`YYYY-MM-DD`)
    pub received_on: &'a str,
    /// 署名検証結果: a label of [`super::SignatureStatus`].
    pub signature: &'a str,
    /// 別紙章: the chapter's number.
    pub chapter: Cow<'a, str>,
    /// 項番 as printed, with its `No.`, which also keeps Excel from reading 16.10 as 16.1.
    pub number: Cow<'a, str>,
    /// 項目: the item's wording.
    pub text: Cow<'a, str>,
    /// 回答: a label of [`answer_label`]; with several answers each after its number.
    pub answer: Cow<'a, str>,
    /// 備考: the vendor's remarks; with several answers each after its number.
    pub remark: Cow<'a, str>,
    /// 判定: one of [`super::JUDGEMENT_LABELS`].
    pub judgement: &'a str,
    /// 理由: a label of [`Reason`].
    pub reason: &'a str,
    /// ログ検査点: the log's checkpoint at the time of the export, the same in every row.
    pub checkpoint: &'a str,
}

impl<'a> ComparisonRow<'a> {
    /// The header of the file.
    pub const HEADER: [&'static str; 20] = [
        "医療機関コード",
        "医療機関名",
        "システム",
        "事業者",
        "法人番号",
        "製品・サービス名",
        "バージョン",
        "様式",
        "様式版",
        "作成日",
        "受領日",
        "署名検証結果",
        "別紙章",
        "項番",
        "項目",
        "回答",
        "備考",
        "判定",
        "理由",
        "ログ検査点",
    ];

    /// The row of one item of the statement that this row is about.
    ///
    /// `set` is the set that the comparison was made with; without it the number is put together.
    #[must_use]
    pub fn of_item(&self, item: &'a ComparedItem<'_>, set: Option<&RequirementSet>) -> Self {
        Self {
            chapter: item.chapter.to_string().into(),
            number: printed_number(item, set).into(),
            text: Cow::Borrowed(&item.text),
            answer: answers(item),
            remark: remarks(item),
            judgement: item.outcome.label(),
            reason: item.reason.map_or("", Reason::label),
            ..self.clone()
        }
    }

    /// The one row of a system for which no statement was received.
    #[must_use]
    pub fn not_received(self) -> Self {
        Self {
            judgement: NOT_RECEIVED,
            ..self
        }
    }

    /// The cells about the institution and its system: the first.
    pub fn place_cells(&self) -> [&str; 3] {
        [self.institution_code, self.institution, self.system]
    }

    /// The other cells, in the order of [`Self::HEADER`]: the same for every system that has the product.
    pub fn statement_cells(&self) -> [&str; 17] {
        [
            self.vendor,
            self.corporate_number,
            self.product,
            self.version,
            self.form,
            self.form_edition,
            self.issued_on,
            self.received_on,
            self.signature,
            &self.chapter,
            &self.number,
            &self.text,
            &self.answer,
            &self.remark,
            self.judgement,
            self.reason,
            self.checkpoint,
        ]
    }
}

fn printed_number(item: &ComparedItem<'_>, set: Option<&RequirementSet>) -> String {
    if let Some(printed) = set.and_then(|set| set.item(&item.id)) {
        return format!("No.{}", printed.printed_number);
    }
    let numbers: Vec<String> = item.numbers.iter().map(ToString::to_string).collect();
    format!("No.{}", numbers.join(" / "))
}

/// はい for one question; `別紙 はい／57.1 はい／57.2 空欄` where there is more to tell apart.
fn answers<'a>(item: &ComparedItem<'_>) -> Cow<'a, str> {
    let direct = item.direct.as_ref().and_then(|direct| direct.answer);
    if let ([only], None) = (item.answers.as_slice(), direct) {
        return Cow::Borrowed(answer_label(only.answer));
    }
    let direct = direct.map(|answer| format!("{DIRECT} {}", answer.label()));
    let answers = item.answers.iter();
    let answers =
        answers.map(|stated| format!("{} {}", stated.number, answer_label(stated.answer)));
    joined(direct.into_iter().chain(answers))
}

fn remarks<'a>(item: &'a ComparedItem<'_>) -> Cow<'a, str> {
    let direct = item
        .direct
        .as_ref()
        .and_then(|direct| direct.remark.as_deref());
    if let ([only], None) = (item.answers.as_slice(), direct) {
        return Cow::Borrowed(only.remark.as_deref().unwrap_or_default());
    }
    let direct = direct.map(|remark| format!("{DIRECT} {remark}"));
    let answers = item.answers.iter().filter_map(|stated| {
        let remark = stated.remark.as_deref()?;
        Some(format!("{} {remark}", stated.number))
    });
    joined(direct.into_iter().chain(answers))
}

fn joined<'a>(parts: impl Iterator<Item = String>) -> Cow<'a, str> {
    parts.collect::<Vec<_>>().join(BETWEEN).into()
}

/// Writes `comparison.csv` row by row.
pub struct ComparisonSheet<W: Write>(Sheet<W>);

impl<W: Write> ComparisonSheet<W> {
    /// Begins a file with its header.
    pub fn new(writer: W, encoding: Encoding) -> io::Result<Self> {
        Sheet::new(writer, encoding, &ComparisonRow::HEADER).map(Self)
    }

    /// Writes one row.
    pub fn row(&mut self, row: &ComparisonRow<'_>) -> io::Result<()> {
        self.0
            .row(row.place_cells().into_iter().chain(row.statement_cells()))
    }

    /// Hands over to the writer what is still held back.
    pub fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }

    /// Ends the file. Answers the writer and which characters the encoding does not have.
    pub fn finish(self) -> io::Result<(W, Vec<Replaced>)> {
        self.0.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::compare;
    use crate::form::FormKind;
    use crate::requirement::{DEFAULT_SET, requirement_set};
    use crate::statement::tests::sample;
    use crate::statement::{Answer, DirectReplies, Reply, Statement};

    fn reply(answer: Option<Answer>, remark: &str) -> Reply {
        Reply {
            answer,
            remark: Some(remark.to_owned()).filter(|remark| !remark.is_empty()),
        }
    }

    fn statement() -> Statement {
        let mut statement = sample(FormKind::Sds);
        statement.answers = [
            ("17", reply(Some(Answer::Yes), "")),
            ("17.1", reply(Some(Answer::No), "次期更改で対応予定")),
            ("17.2", reply(None, "=cmd|' /C calc'!A0")),
            ("57.1", reply(Some(Answer::Yes), "手順書を提供")),
            ("57.2", reply(None, "作成中")),
        ]
        .map(|(number, reply)| (number.parse().unwrap(), reply))
        .into_iter()
        .collect();
        let direct = reply(Some(Answer::Yes), "令和9年度に対応");
        statement.annex = vec![DirectReplies {
            set: DEFAULT_SET.to_owned(),
            replies: [("sds-17.1".to_owned(), direct)].into_iter().collect(),
        }];
        statement
    }

    /// The seven cells that an item fills.
    fn item_cells(id: &str) -> Vec<String> {
        let set = requirement_set(DEFAULT_SET).unwrap();
        let statement = statement();
        let comparison = compare(&statement, None, set);
        let item = comparison.items.iter().find(|item| item.id == id).unwrap();
        let row = ComparisonRow::default().of_item(item, Some(set));
        row.statement_cells()[9..16]
            .iter()
            .map(|cell| (*cell).to_owned())
            .collect()
    }

    #[test]
    fn a_single_answer_stands_alone_in_its_cell() {
        let expected = [
            "14",
            "No.17",
            "アクセス管理機能があるか？",
            "はい",
            "",
            "適合",
            "",
        ];
        assert_eq!(item_cells("sds-17"), expected);
    }

    #[test]
    fn several_answers_stand_after_their_numbers() {
        let cells = item_cells("sds-57.1_57.2");
        assert_eq!(cells[1], "No.57.1 / 57.2");
        assert_eq!(cells[3], "57.1 はい／57.2 空欄");
        assert_eq!(cells[4], "57.1 手順書を提供／57.2 作成中");
        assert_eq!(cells[5..], ["要確認", "未回答の項番がある"]);
    }

    #[test]
    fn a_direct_answer_stands_before_those_of_the_form() {
        let cells = item_cells("sds-17.1");
        assert_eq!(cells[3], "別紙 はい／17.1 いいえ");
        assert_eq!(cells[4], "別紙 令和9年度に対応／17.1 次期更改で対応予定");
        assert_eq!(cells[5..], ["適合", ""]);
    }

    #[test]
    fn a_system_without_a_statement_has_one_row() {
        let system = ComparisonRow {
            institution_code: "0110000001",
            system: "電子カルテ",
            checkpoint: "kaiji.example.jp 3 Aa=",
            ..ComparisonRow::default()
        };
        let mut sheet = ComparisonSheet::new(Vec::new(), Encoding::Utf8).unwrap();
        sheet.row(&system.not_received()).unwrap();
        let (bytes, replaced) = sheet.finish().unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let lines: Vec<&str> = text.split("\r\n").collect();
        let header = ComparisonRow::HEADER.join(",");
        assert_eq!(lines[0], format!("\u{feff}{header}"));
        assert_eq!(
            lines[1],
            "0110000001,,電子カルテ,,,,,,,,,,,,,,,未受領,,kaiji.example.jp 3 Aa="
        );
        assert_eq!((lines.len(), replaced), (3, Vec::new()));
    }

    #[test]
    fn a_remark_is_no_formula_in_either_encoding() {
        let set = requirement_set(DEFAULT_SET).unwrap();
        let statement = statement();
        let comparison = compare(&statement, None, set);
        for encoding in Encoding::ALL {
            let mut sheet = ComparisonSheet::new(Vec::new(), encoding).unwrap();
            for item in &comparison.items {
                sheet
                    .row(&ComparisonRow::default().of_item(item, Some(set)))
                    .unwrap();
            }
            let (bytes, replaced) = sheet.finish().unwrap();
            let formula = b",'=cmd|' /C calc'!A0,";
            assert!(bytes.windows(formula.len()).any(|window| window == formula));
            assert_eq!(replaced, []);
        }
    }
}
