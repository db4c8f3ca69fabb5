//! The form on which the items are answered, and the page on which a table is brought: what stands where.

use askama::Template;
use kaiji_schema::form::{Form, FormKind};
use kaiji_schema::requirement::{Item, RequirementSet};
use kaiji_schema::statement::{Answer, Questions};

use super::asked::Asked;
use super::draft::Draft;
use crate::pages::field::Field;
use crate::pages::fields::Fields;
use crate::pages::mistakes::{Mistake, advice};

/// The form.
#[derive(Template)]
#[template(path = "pages/form.html")]
pub(super) struct FormPage<'a> {
    asked: &'a Asked,
    set_title: &'static str,
    choices: Vec<Choice<'a>>,
    form_wrong: Option<String>,
    about_product: Vec<Field<'a>>,
    about_person: Vec<Field<'a>>,
    sheet: Option<Brought>,
    declared: bool,
    declared_wrong: Option<String>,
    has_draft: bool,
    mistakes: &'a [Mistake],
}

/// The page on which a table is brought.
#[derive(Template)]
#[template(path = "pages/sheet.html")]
pub(super) struct SheetPage<'a> {
    choices: Vec<Choice<'a>>,
    mistakes: &'a [Mistake],
}

/// A form that can be chosen.
struct Choice<'a> {
    kind: FormKind,
    id: &'static str,
    title: &'static str,
    about: &'static str,
    chosen: bool,
    chapters: Vec<Chapter<'a>>,
}

/// The items of one chapter of the guideline.
struct Chapter<'a> {
    number: u16,
    title: &'static str,
    items: Vec<AskedItem<'a>>,
}

/// An item, and what stands beside it.
struct AskedItem<'a> {
    id: &'static str,
    number: &'static str,
    text: &'static str,
    options: [ItemOption; 4],
    remark: &'a str,
    wrong: Option<String>,
}

struct ItemOption {
    value: &'static str,
    label: &'static str,
    chosen: bool,
}

/// What was read from a table.
struct Brought {
    kind: FormKind,
    answers: usize,
}

impl<'a> FormPage<'a> {
    /// The form with what stands in it and what is wrong with that.
    pub(super) fn new(asked: &'a Asked, draft: &'a Draft, mistakes: &'a [Mistake]) -> Self {
        let fields = &draft.fields;
        let text = |name, label| Field::required(name, label, fields.get(name), mistakes);
        Self {
            asked,
            set_title: &asked.questions.set.title,
            choices: choices(&asked.questions, fields, mistakes),
            form_wrong: advice(mistakes, "form"),
            about_product: vec![
                text("product_name", "製品・サービス名"),
                text("product_version", "バージョン")
                    .hint("バージョンのないサービスは「なし」と入力してください。"),
            ],
            about_person: vec![
                text("organisation", "会社名").autocomplete("organization"),
                Field::optional("department", "部署名", fields.get("department"), mistakes),
                text("name", "氏名").autocomplete("name"),
                text("email", "メールアドレス").email(),
            ],
            sheet: draft.sheet.as_ref().map(|sheet| Brought {
                kind: sheet.form,
                answers: sheet.answers.len(),
            }),
            declared: fields.is_declared(),
            declared_wrong: advice(mistakes, "declared"),
            has_draft: asked.has_draft,
            mistakes,
        }
    }
}

impl<'a> SheetPage<'a> {
    /// The page, with the form that was chosen and what is wrong with the file.
    pub(super) fn new(asked: &'a Asked, draft: &'a Draft, mistakes: &'a [Mistake]) -> Self {
        Self {
            choices: choices(&asked.questions, &draft.fields, mistakes),
            mistakes,
        }
    }
}

fn choices<'a>(asked: &Questions, fields: &'a Fields, mistakes: &[Mistake]) -> Vec<Choice<'a>> {
    let choice = |form: &'static Form| Choice {
        kind: form.kind,
        id: &form.id,
        title: title_of(form.kind),
        about: about(form.kind),
        chosen: fields.form() == Some(form.kind),
        chapters: chapters(asked.set, form.kind, fields, mistakes),
    };
    asked.forms().map(choice).collect()
}

fn title_of(kind: FormKind) -> &'static str {
    match kind {
        FormKind::Mds => "製造業者による開示書",
        FormKind::Sds => "サービス事業者による開示書",
    }
}

fn about(kind: FormKind) -> &'static str {
    match kind {
        FormKind::Mds => "医療機関等に設置・導入される機器やソフトウェアの場合に選びます。",
        FormKind::Sds => "クラウドなど、サービスとして提供される場合に選びます。",
    }
}

/// The items in the printed order, which keeps chapters together.
fn chapters<'a>(
    set: &'static RequirementSet,
    kind: FormKind,
    fields: &'a Fields,
    mistakes: &[Mistake],
) -> Vec<Chapter<'a>> {
    let mut chapters: Vec<Chapter<'a>> = Vec::new();
    for item in set.items_of(kind) {
        let asked = asked_item(item, fields, mistakes);
        match chapters
            .last_mut()
            .filter(|last| last.number == item.chapter)
        {
            Some(chapter) => chapter.items.push(asked),
            None => chapters.push(Chapter {
                number: item.chapter,
                title: &item.chapter_title,
                items: vec![asked],
            }),
        }
    }
    chapters
}

fn asked_item<'a>(item: &'static Item, fields: &'a Fields, mistakes: &[Mistake]) -> AskedItem<'a> {
    let answer = Answer::from_name(fields.get(&format!("answer.{}", item.id)));
    let option = |value: Option<Answer>| ItemOption {
        value: value.map_or("", Answer::as_str),
        label: value.map_or("未回答", Answer::label),
        chosen: value == answer,
    };
    let remark = format!("remark.{}", item.id);
    let [yes, no, not_applicable] = Answer::ALL.map(Some);
    AskedItem {
        id: &item.id,
        number: &item.printed_number,
        text: &item.text,
        options: [yes, no, not_applicable, None].map(option),
        remark: fields.get(&remark),
        wrong: advice(mistakes, &remark),
    }
}
