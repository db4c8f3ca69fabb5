//! The answers to a form as a table for people: an empty template out, a filled-in one back in.
//!
//! A row is a question's number (項番), its answer (回答) and a remark (備考). The forms' wording is not Kaiji's to
//! give; where an item of the 【別紙】 names the number, its wording stands beside it as help and is passed over when the
//! file comes back. Width and blank rows are what spreadsheets and people make of them; what a cell says is never guessed.

use std::collections::BTreeMap;
use std::io;

use unicode_normalization::UnicodeNormalization;

use super::table::{Layout, Row, read_rows};
use super::{Encoding, Sheet};
use crate::form::{Form, QuestionNumber};
use crate::requirement::RequirementSet;
use crate::statement::{Answer, MAX_REMARK_CHARS, Replies, Reply};
use crate::violation::{Violation, Violations};

const NUMBER: &str = "項番";
const ANSWER: &str = "回答";
const REMARK: &str = "備考";
const HELP: &str = "別紙の確認事項（参考）";

const TITLES: [&str; 4] = [NUMBER, ANSWER, REMARK, HELP];

/// More rows than any form has.
const MAX_ROWS: usize = 1_000;

const LAYOUT: Layout<'_> = Layout {
    titles: &TITLES,
    required: &[NUMBER, ANSWER],
    max_rows: MAX_ROWS,
};

/// Writes the template of a form: a row for each question, without answers. `set` gives the help.
pub fn template(form: &Form, set: &RequirementSet, encoding: Encoding) -> io::Result<Vec<u8>> {
    let mut sheet = Sheet::new(Vec::new(), encoding, &TITLES)?;
    for number in &form.numbers {
        // With `No.`, as the 【別紙】 prints it, Excel does not read 16.10 as 16.1.
        let printed = format!("No.{number}");
        sheet.row([printed.as_str(), "", "", &help(form, *number, set)])?;
    }
    let (bytes, _) = sheet.finish()?;
    Ok(bytes)
}

fn help(form: &Form, number: QuestionNumber, set: &RequirementSet) -> String {
    let same_numbers = set.form_edition == form.edition;
    let items = set.items_of(form.kind).filter(|_| same_numbers);
    let naming = items.filter(|item| item.numbers.contains(&number));
    naming
        .map(|item| item.text.as_str())
        .collect::<Vec<_>>()
        .join("／")
}

/// Reads a template that was filled in. Reports what a table can have wrong, and `question_number`, `not_asked`,
/// `duplicate_number`, `choice` and `too_long`, each with `/row/column`. Rows that say nothing are left out.
pub fn read(bytes: &[u8], form: &Form) -> Result<Replies<QuestionNumber>, Violations> {
    let mut rows: BTreeMap<QuestionNumber, u64> = BTreeMap::new();
    let (_, replies) = read_rows(bytes, &LAYOUT, |row, found| {
        let number = number_of(row, form, found);
        let reply = reply_of(row, found);
        let number = number?;
        if let Some(before) = rows.insert(number, row.number) {
            let detail = format!("{number} is answered in row {before} already");
            found.push(Violation::new(
                row.place(NUMBER),
                "duplicate_number",
                detail,
            ));
        }
        Some((number, reply))
    })?;
    let said = |reply: &Reply| reply.answer.is_some() || reply.remark.is_some();
    let replies = replies.into_iter().flatten();
    Ok(replies.filter(|(_, reply)| said(reply)).collect())
}

/// `No.17.1`, with or without the `No.`, in any width.
fn number_of(row: &Row, form: &Form, found: &mut Vec<Violation>) -> Option<QuestionNumber> {
    let cell = narrow(row.cell(NUMBER));
    let digits = cell.strip_prefix("No.").unwrap_or(&cell).trim();
    let mut report = |code, detail: String| {
        found.push(Violation::new(row.place(NUMBER), code, detail));
    };
    match digits.parse() {
        Err(error) => {
            let error: crate::form::NotAQuestionNumber = error;
            report("question_number", error.to_string());
            None
        }
        Ok(number) if !form.numbers.contains(&number) => {
            report("not_asked", format!("{} has no question {number}", form.id));
            None
        }
        Ok(number) => Some(number),
    }
}

fn reply_of(row: &Row, found: &mut Vec<Violation>) -> Reply {
    let cell = narrow(row.cell(ANSWER));
    let answer = Answer::ALL
        .into_iter()
        .find(|answer| answer.label() == cell);
    if answer.is_none() && !cell.is_empty() {
        let labels = Answer::ALL.map(Answer::label).join(", ");
        let detail = format!("write one of {labels}, or leave it empty");
        found.push(Violation::new(row.place(ANSWER), "choice", detail));
    }
    let remark = Some(row.cell(REMARK)).filter(|remark| !remark.is_empty());
    if remark.is_some_and(|remark| remark.chars().count() > MAX_REMARK_CHARS) {
        let detail = format!("is longer than {MAX_REMARK_CHARS} characters");
        found.push(Violation::new(row.place(REMARK), "too_long", detail));
    }
    Reply {
        answer,
        remark: remark.map(str::to_owned),
    }
}

/// Compatibility forms joined (NFKC: １７．１ and 17.1), without white space around them.
fn narrow(cell: &str) -> String {
    cell.nfkc().collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::form::form;
    use crate::requirement::{DEFAULT_SET, requirement_set};

    fn sds() -> &'static Form {
        form("sds-5.0").unwrap()
    }

    fn codes(text: &str) -> Vec<(String, &'static str)> {
        let violations = read(text.as_bytes(), sds()).unwrap_err();
        let found = violations.as_slice().iter();
        found
            .map(|found| (found.pointer.clone(), found.code))
            .collect()
    }

    fn answered(text: &str) -> Vec<(String, Option<Answer>, Option<String>)> {
        let replies = read(text.as_bytes(), sds()).unwrap();
        let replies = replies.iter();
        replies
            .map(|(number, reply)| (number.to_string(), reply.answer, reply.remark.clone()))
            .collect()
    }

    #[test]
    fn the_template_has_every_number_and_comes_back_without_answers() {
        for encoding in Encoding::ALL {
            for form in crate::form::forms() {
                let set = requirement_set(DEFAULT_SET).unwrap();
                let bytes = template(form, set, encoding).unwrap();
                let lines = bytes.split(|byte| *byte == b'\n').count();
                assert!(lines > form.numbers.len(), "{}", form.id);
                assert!(read(&bytes, form).unwrap().is_empty(), "{}", form.id);
            }
        }
    }

    #[test]
    fn the_template_shows_the_items_that_name_a_number_and_no_wording_of_the_form() {
        let bytes = template(sds(), requirement_set(DEFAULT_SET).unwrap(), Encoding::Utf8).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.starts_with("\u{feff}項番,回答,備考,別紙の確認事項（参考）\r\nNo.1.1,,,"));
        let item = requirement_set(DEFAULT_SET)
            .unwrap()
            .item("sds-18")
            .unwrap();
        assert!(
            text.contains(&format!("\r\nNo.18,,,{}\r\n", item.text)),
            "{text}"
        );
    }

    #[test]
    fn a_filled_in_template_is_read_as_spreadsheets_and_people_write_it() {
        let text = "回答,項番,備考\r\nはい,No.17,\r\n\r\n　いいえ ,Ｎｏ．１７．１,次期更改で対応予定\r\n対象外,18,\r\n,19,\r\n,20,確認中\r\n";
        let remark = |text: &str| Some(text.to_owned());
        assert_eq!(
            answered(text),
            [
                ("17".to_owned(), Some(Answer::Yes), None),
                (
                    "17.1".to_owned(),
                    Some(Answer::No),
                    remark("次期更改で対応予定")
                ),
                ("18".to_owned(), Some(Answer::NotApplicable), None),
                ("20".to_owned(), None, remark("確認中")),
            ]
        );
    }

    #[test]
    fn nothing_is_guessed() {
        let rows = "項番,回答,備考\r\n17,Yes,\r\n17,はい,\r\n999,はい,\r\n第18,はい,\r\n19,○,\r\n20,はい,,あまり\r\n,はい,\r\n";
        let at = |place: &str, code| (place.to_owned(), code);
        assert_eq!(
            codes(rows),
            [
                at("/2/回答", "choice"),
                at("/3/項番", "duplicate_number"),
                at("/4/項番", "not_asked"),
                at("/5/項番", "question_number"),
                at("/6/回答", "choice"),
                at("/7", "too_many_cells"),
                at("/8/項番", "question_number"),
            ]
        );
        let long = format!("項番,回答,備考\r\n17,はい,{}\r\n", "長".repeat(2_001));
        assert_eq!(codes(&long), [at("/2/備考", "too_long")]);
        assert_eq!(codes("項番,備考\r\n"), [at("/1", "missing_column")]);
        assert_eq!(
            codes("項番,回答,設問\r\n"),
            [at("/1/設問", "unknown_column")]
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in any::<Vec<u8>>()) {
            drop(read(&bytes, sds()));
        }
    }
}
