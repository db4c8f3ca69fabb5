//! What is wrong with what was entered, in the words of a page: each rule's code and place become a sentence that says
//! what to do, and the field to do it in.

use kaiji_schema::violation::{Violation, Violations};

/// Something to be put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mistake {
    /// The id of the field on the page, where there is one.
    pub(super) target: Option<String>,
    /// What to do there, for the field itself.
    pub(super) advice: String,
    /// The same with the name of the field, for the list at the top.
    pub(super) words: String,
}

impl Mistake {
    /// A mistake in the field of that id, which people know by that label.
    pub(super) fn at(target: &str, label: &str, advice: &str) -> Self {
        Self {
            target: Some(target.to_owned()),
            advice: advice.to_owned(),
            words: format!("{label}：{advice}"),
        }
    }

    fn anywhere(words: String) -> Self {
        Self {
            target: None,
            advice: words.clone(),
            words,
        }
    }
}

/// What to do in the field of that id, if anything.
pub(super) fn advice(mistakes: &[Mistake], target: &str) -> Option<String> {
    let mut found = mistakes.iter();
    let found = found.find(|mistake| mistake.target.as_deref() == Some(target))?;
    Some(found.advice.clone())
}

/// The mistakes of a document whose members come from fields with these labels: (pointer, field, label).
pub(super) fn of_fields(violations: Violations, fields: &[(&str, &str, &str)]) -> Vec<Mistake> {
    let found = violations.into_vec().into_iter();
    found
        .map(|violation| of_field(&violation, fields))
        .collect()
}

/// The mistake of one member.
pub(super) fn of_field(violation: &Violation, fields: &[(&str, &str, &str)]) -> Mistake {
    let field = fields
        .iter()
        .find(|(pointer, _, _)| *pointer == violation.pointer);
    match field {
        Some((_, target, label)) => Mistake::at(target, label, &advice_on(violation)),
        None => Mistake::anywhere(format!("{}（{}）", advice_on(violation), violation.detail)),
    }
}

/// What to do about a violation, as a sentence.
pub(super) fn advice_on(violation: &Violation) -> String {
    String::from(match violation.code {
        "missing" | "empty" => "入力してください。",
        "too_short" if violation.pointer == "/password" => "13文字以上で入力してください。",
        "too_long" if violation.pointer == "/password" => "128文字以内で入力してください。",
        "common_password" => {
            "推測されやすいため使えません。よくある語や連続した文字、お名前やメールアドレスを除いても6文字以上残るものにしてください。"
        }
        "wrong_code" => {
            "コードが正しくないか、すでに使われています。認証アプリに今表示されている6桁の数字を入力してください。"
        }
        "too_long" if violation.pointer.ends_with("/remark") => "2,000文字以内で入力してください。",
        "too_long" => "長すぎます。短くしてください。",
        "bidi" | "control" => "使えない文字（制御文字）が含まれています。取り除いてください。",
        "choice" if violation.pointer.ends_with("/email") => {
            "メールアドレスの形式で入力してください（例：security@example.jp）。"
        }
        "choice" => "選択肢から選んでください。",
        "corporate_number" => "13桁の法人番号を、誤りがないか確認して入力してください。",
        "no_answer" => "少なくとも一つの項目に回答するか、CSVを取り込んでください。",
        _ => "入力内容を確認してください。",
    })
}
