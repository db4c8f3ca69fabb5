//! What stands in the form: as it was posted, as it is kept as a draft, and as the document that answers the request.
//!
//! Nothing is judged here. The document holds what was entered, with gaps where nothing was, and the verb that takes it
//! tells what is wrong with it.

use std::collections::BTreeMap;

use actix_web::web;
use jiff::civil::Date;
use kaiji_schema::form::FormKind;
use kaiji_schema::requirement::RequirementSet;
use kaiji_schema::statement::ATTESTED_SCHEMA;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The field of the declaration.
const DECLARED: &str = "declared";

/// The fields of a form by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Reads what a browser posts. Of a name that comes twice, the last counts.
    pub(super) fn posted(body: &str) -> Self {
        let pairs = web::Query::<Vec<(String, String)>>::from_query(body);
        let pairs = pairs.map(web::Query::into_inner).unwrap_or_default();
        // Browsers post line ends as CRLF; documents have them as LF.
        let pairs = pairs.into_iter();
        Self(
            pairs
                .map(|(name, value)| (name, value.replace("\r\n", "\n")))
                .collect(),
        )
    }

    /// What stands in a field; empty where there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Puts something into a field that is empty.
    pub(super) fn suggest(&mut self, name: &str, value: &str) {
        if self.get(name).is_empty() {
            self.0.insert(name.to_owned(), value.to_owned());
        }
    }

    /// The form that was chosen.
    pub(super) fn form(&self) -> Option<FormKind> {
        FormKind::from_name(self.get("form"))
    }

    /// Whether the declaration was made.
    pub(super) fn is_declared(&self) -> bool {
        self.get(DECLARED) == "yes"
    }

    /// The fields as members, under other names; those in which nothing stands are left out.
    pub(super) fn members(&self, names: &[(&str, &str)]) -> Value {
        let filled = names
            .iter()
            .map(|(field, member)| (self.get(field).trim(), *member));
        let filled = filled.filter(|(value, _)| !value.is_empty());
        let members = filled.map(|(value, member)| (member.to_owned(), Value::from(value)));
        Value::Object(members.collect())
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
        kept.fields.0.remove(DECLARED);
        // Plain data: nothing that could fail.
        serde_json::to_string(&kept).unwrap_or_default()
    }

    /// Takes over what was read from a table, and answers the form that it is of.
    pub(super) fn take_sheet(&mut self, sheet: Sheet) {
        let form = sheet.form.as_str().to_owned();
        self.fields.0.insert(String::from("form"), form);
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
        if let Some(form) = form {
            document["form"] = json!(form);
        }
        document
    }
}
