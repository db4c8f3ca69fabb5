//! The form as it is kept as a draft, and as the document that answers the request.
//!
//! Nothing is judged here. The document holds what was entered, with gaps where nothing was, and the verb that takes it
//! tells what is wrong with it.

use jiff::civil::Date;
use kaiji_schema::form::FormKind;
use kaiji_schema::requirement::RequirementSet;
use kaiji_schema::statement::ATTESTED_SCHEMA;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::pages::fields::Fields;

/// The field of the declaration.
const DECLARED: &str = "declared";

impl Fields {
    /// The form that was chosen.
    pub(super) fn form(&self) -> Option<FormKind> {
        FormKind::from_name(self.get("form"))
    }

    /// Whether the declaration was made.
    pub(super) fn is_declared(&self) -> bool {
        self.get(DECLARED) == "yes"
    }
}

/// What is kept of a form that is not sent yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Draft {
    /// What stands in the form.
    pub(super) fields: Fields,
    /// What was read from a table (CSV).
    pub(super) sheet: Option<Sheet>,
}

/// The answers that were read from a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sheet {
    /// Of which form.
    pub(super) form: FormKind,
    /// The replies by question number, as a document has them.
    pub(super) answers: Map<String, Value>,
}

impl Draft {
    /// The draft that is kept; what somebody else's program kept under the link is none of ours.
    pub(super) fn kept(text: Option<&str>) -> Self {
        text.and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default()
    }

    /// The text that is kept. A declaration is not: it is made when the answer is sent.
    pub(super) fn text(&self) -> String {
        let mut kept = self.clone();
        kept.fields.forget(DECLARED);
        // Plain data: nothing that could fail.
        serde_json::to_string(&kept).unwrap_or_default()
    }

    /// Takes over what was read from a table, and answers the form that it is of.
    pub(super) fn take_sheet(&mut self, sheet: Sheet) {
        self.fields.put("form", sheet.form.as_str());
        self.sheet = Some(sheet);
    }

    /// The document that answers the request: `kaiji-attested/1`.
    pub(super) fn document(&self, request: &str, set: &RequirementSet, today: Date) -> Value {
        let fields = &self.fields;
        let form = fields.form();
        let sheet = self.sheet.as_ref().filter(|sheet| Some(sheet.form) == form);
        let answers = sheet.map(|sheet| sheet.answers.clone()).unwrap_or_default();
        let items = form.into_iter().flat_map(|form| set.items_of(form));
        let replies = items.filter_map(|item| {
            let reply = fields.members(&[
                (&format!("answer.{}", item.id), "answer"),
                (&format!("remark.{}", item.id), "remark"),
            ]);
            let says_something = reply.as_object().is_some_and(|members| !members.is_empty());
            says_something.then(|| (item.id.clone(), reply))
        });
        let replies: Map<String, Value> = replies.collect();
        let mut document = json!({
            "schema": ATTESTED_SCHEMA,
            "request": request,
            "form_edition": set.form_edition,
            "product": fields.members(&[("product_name", "name"), ("product_version", "version")]),
            "attested_by": fields.members(&[
                ("organisation", "organisation"), ("department", "department"), ("name", "name"), ("email", "email"),
            ]),
            "attested_on": today.to_string(),
            "answers": answers,
            "annex": { &set.id: replies },
        });
        if let Some((form, members)) = form.zip(document.as_object_mut()) {
            members.insert(String::from("form"), json!(form));
        }
        document
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use kaiji_schema::requirement::{DEFAULT_SET, requirement_set};
    use kaiji_schema::statement::{Attested, Questions};
    use kaiji_schema::violation::Violations;

    use super::*;

    fn document(draft: &Draft) -> Value {
        let set = requirement_set(DEFAULT_SET).unwrap();
        draft.document("req_sample", set, date(2026, 11, 21))
    }

    fn draft(body: &str) -> Draft {
        Draft {
            fields: Fields::posted(body),
            sheet: None,
        }
    }

    const WHOLE: &str = "form=SDS&product_name=%E8%A6%8B%E6%9C%AC&product_version=3.2&organisation=a&department=&name=b\
        &email=c%40example.jp&answer.sds-17.1=no&remark.sds-17.1=1%0D%0A2&answer.sds-18=&remark.sds-18=+&answer.mds-28=yes";

    #[test]
    fn what_was_posted_is_an_answer_to_the_form_that_was_chosen() {
        let document = document(&draft(WHOLE));
        let set = requirement_set(DEFAULT_SET).unwrap();
        let forms = FormKind::ALL.to_vec();
        let asked = Questions { set, forms };
        let bytes = document.to_string();
        let read = Attested::read(bytes.as_bytes(), "req_sample", &asked).unwrap();
        assert_eq!(read.attested_by.department, None);
        let expected = json!({ "sds-17.1": { "answer": "no", "remark": "1\n2" } });
        assert_eq!(document["annex"][DEFAULT_SET], expected);
    }

    #[test]
    fn what_was_not_filled_in_is_a_gap_that_the_reader_names() {
        let bytes = document(&draft("email=hanako")).to_string();
        let refused = Violations::from(Attested::parse(bytes.as_bytes()).unwrap_err());
        let pointers: Vec<&str> = refused
            .as_slice()
            .iter()
            .map(|found| found.pointer.as_str())
            .collect();
        assert_eq!(
            pointers,
            [
                "/form",
                "/product/name",
                "/product/version",
                "/attested_by/organisation",
                "/attested_by/name",
                "/attested_by/email",
            ]
        );
    }

    #[test]
    fn a_table_counts_for_its_own_form_alone() {
        let mut brought = draft(WHOLE);
        let answers = json!({ "18": { "answer": "yes" } })
            .as_object()
            .unwrap()
            .clone();
        brought.take_sheet(Sheet {
            form: FormKind::Mds,
            answers: answers.clone(),
        });
        assert_eq!(document(&brought)["form"], "MDS");
        assert_eq!(document(&brought)["answers"], Value::Object(answers));
        brought.fields = Fields::posted(WHOLE);
        assert_eq!(document(&brought)["answers"], json!({}));
    }

    #[test]
    fn a_draft_comes_back_without_its_declaration() {
        let kept = draft("declared=yes&name=b").text();
        assert_eq!(Draft::kept(Some(&kept)), draft("name=b"));
        for foreign in [None, Some("half a page"), Some("{\"fields\":7}")] {
            assert_eq!(Draft::kept(foreign), Draft::default());
        }
    }
}
