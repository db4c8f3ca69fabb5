//! What stands in the fields of a form, as a browser posts it. Nothing is judged here.

use std::collections::BTreeMap;

use actix_web::web::{self, Bytes};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A body, or why there is none.
pub(super) type Body = Result<Bytes, actix_web::Error>;

/// The fields of a form by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Reads what a browser posts; `None` where that is more than any form has.
    pub(super) fn of(body: Body) -> Option<Self> {
        Some(Self::posted(&String::from_utf8_lossy(&body.ok()?)))
    }

    /// Reads fields as a browser encodes them. Of a name that comes twice, the last counts.
    pub(super) fn posted(text: &str) -> Self {
        let pairs = web::Query::<Vec<(String, String)>>::from_query(text);
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

    /// Puts something into a field.
    pub(super) fn put(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    /// Puts something into a field that is empty.
    pub(super) fn suggest(&mut self, name: &str, value: &str) {
        if self.get(name).is_empty() {
            self.put(name, value);
        }
    }

    /// Empties a field.
    pub(super) fn forget(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// The fields as members, under other names; those in which nothing stands are left out.
    pub(super) fn members(&self, names: &[(&str, &str)]) -> Value {
        let trimmed = names
            .iter()
            .map(|(field, member)| (self.get(field).trim(), *member));
        members(trimmed)
    }

    /// A field as a member of its name, with the spaces around it, which count in a password.
    pub(super) fn exactly(&self, name: &str) -> Value {
        members([(self.get(name), name)].into_iter())
    }
}

fn members<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    let filled = fields.filter(|(value, _)| !value.is_empty());
    let members: Map<String, Value> = filled
        .map(|(value, member)| (member.to_owned(), Value::from(value)))
        .collect();
    Value::Object(members)
}
