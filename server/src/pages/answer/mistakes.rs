//! What is wrong with an answer, or with a table that is brought: which item, which row.

use kaiji_schema::requirement::RequirementSet;
use kaiji_schema::violation::{Violation, Violations};

use crate::pages::mistakes::{Mistake, advice_on, of_field};

/// The fields of the answer, besides the items.
const ANSWER_FIELDS: [(&str, &str, &str); 8] = [
    ("/form", "form", "様式"),
    ("/product/name", "product_name", "製品・サービス名"),
    ("/product/version", "product_version", "バージョン"),
    ("/attested_by/organisation", "organisation", "会社名"),
    ("/attested_by/department", "department", "部署名"),
    ("/attested_by/name", "name", "氏名"),
    ("/attested_by/email", "email", "メールアドレス"),
    ("", "items", "確認事項"),
];

/// The mistakes of an answer.
pub(super) fn of_answer(violations: Violations, set: &RequirementSet) -> Vec<Mistake> {
    let found = violations.into_vec().into_iter();
    let found = found.map(|violation| {
        let beginning = format!("/annex/{}/", set.id);
        let item = violation.pointer.strip_prefix(&beginning);
        let item = item.and_then(|rest| set.item(rest.split('/').next()?));
        match item {
            Some(item) => {
                let target = format!("remark.{}", item.id);
                let label = format!("{} No.{} 備考", item.kind, item.printed_number);
                Mistake::at(&target, &label, &advice_on(&violation))
            }
            None => of_field(&violation, &ANSWER_FIELDS),
        }
    });
    found.collect()
}

/// The mistakes in a table: each with its row and column, as the spreadsheet shows them.
pub(super) fn of_sheet(violations: Violations, form: &str) -> Vec<Mistake> {
    let found = violations.into_vec().into_iter();
    found
        .map(|violation| {
            let advice = sheet_advice(&violation, form);
            let mut place = violation.pointer.splitn(3, '/').skip(1);
            let words = match (place.next(), place.next()) {
                (Some("form"), _) => advice.clone(),
                (Some(row), Some(column)) => format!("{row}行目「{column}」：{advice}"),
                (Some(row), None) => format!("{row}行目：{advice}"),
                _ => advice.clone(),
            };
            Mistake {
                target: Some(String::from("file")),
                advice,
                words,
            }
        })
        .collect()
}

fn sheet_advice(violation: &Violation, form: &str) -> String {
    match violation.code {
        "wrong_form" => "様式を選んでください。".to_owned(),
        "encoding" => "文字コードを読み取れません。CSV（UTF-8）で保存し直してください。".to_owned(),
        "missing_column" => {
            "「項番」と「回答」の見出しが必要です。ひな形をお使いください。".to_owned()
        }
        "unknown_column" => "ひな形にない列です。取り除いてください。".to_owned(),
        "duplicate_column" => "同じ見出しの列が二つあります。一つにしてください。".to_owned(),
        "too_many_cells" => {
            "見出しより多くの列があります。余分な列を取り除いてください。".to_owned()
        }
        "too_many_rows" => "行が多すぎます。".to_owned(),
        "question_number" => {
            "項番として読み取れません。「No.17.1」のように書いてください。".to_owned()
        }
        "not_asked" => format!("{form}の項番にありません。様式の選択と項番を確認してください。"),
        "duplicate_number" => "同じ項番が前の行にもあります。一つにしてください。".to_owned(),
        "choice" => {
            "「はい」「いいえ」「対象外」のいずれかを書くか、空欄にしてください。".to_owned()
        }
        "too_long" => "2,000文字以内で入力してください。".to_owned(),
        _ => "内容を確認してください。".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use kaiji_schema::requirement::{DEFAULT_SET, requirement_set};

    use super::*;

    fn one(pointer: &str, code: &'static str) -> Violations {
        Violations::one(Violation::new(pointer, code, "in English"))
    }

    #[test]
    fn a_violation_leads_to_its_field_in_the_words_of_the_page() {
        let set = requirement_set(DEFAULT_SET).unwrap();
        let of = |pointer, code| of_answer(one(pointer, code), set).remove(0);
        let name = of("/attested_by/name", "missing");
        assert_eq!(name.target.as_deref(), Some("name"));
        assert_eq!(name.words, "氏名：入力してください。");
        let remark = of("/annex/mhlw-7.0-annex/sds-57.1_57.2/remark", "too_long");
        assert_eq!(remark.target.as_deref(), Some("remark.sds-57.1_57.2"));
        assert_eq!(
            remark.words,
            "SDS No.57.1 / 57.2 備考：2,000文字以内で入力してください。"
        );
        assert_eq!(of("", "no_answer").target.as_deref(), Some("items"));
        assert_eq!(of("/answers/1", "not_asked").target, None);
    }

    #[test]
    fn a_table_is_put_right_by_row_and_column() {
        let of = |pointer, code| of_sheet(one(pointer, code), "SDS").remove(0).words;
        assert!(of("/3/項番", "not_asked").starts_with("3行目「項番」：SDSの項番にありません"));
        assert!(of("/1", "missing_column").starts_with("1行目：「項番」と"));
        assert!(of("", "encoding").starts_with("文字コードを"));
        assert_eq!(of("/form", "wrong_form"), "様式を選んでください。");
    }
}
