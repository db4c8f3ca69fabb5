//! Reads the answers of a payload: to the form's questions (`answers`) and to the items of requirement sets
//! (`annex`). Numbers that no form lists and sets that this build does not know are kept.

use std::borrow::Cow;

use super::read::is_id;
use super::{Answer, DirectReplies, Replies, Reply};
use crate::form::{FormKind, QuestionNumber};
use crate::reader::Reader;
use crate::requirement::{RequirementSet, requirement_set};
use crate::strict_json::Value;
use crate::violation::{Violation, escape_pointer_token};

/// The longest remark, in characters.
pub const MAX_REMARK_CHARS: usize = 2_000;

/// The rule that a member's name breaks: a code and a sentence.
type Broken = (&'static str, String);

pub(super) fn read_answers(reader: &mut Reader<'_>) -> Replies<QuestionNumber> {
    let value = reader.required("answers");
    let pointer = reader.pointer_to("answers");
    let mut violations = Vec::new();
    let replies = Map::open(value, pointer, &mut violations)
        .map(|map| map.replies(&mut violations, question_number));
    reader.absorb(violations);
    replies.unwrap_or_default()
}

fn question_number(name: &str) -> Result<QuestionNumber, Broken> {
    name.parse()
        .map_err(|error: crate::form::NotAQuestionNumber| ("question_number", error.to_string()))
}

pub(super) fn read_annex(reader: &mut Reader<'_>, form: Option<FormKind>) -> Vec<DirectReplies> {
    let value = reader.optional("annex");
    let pointer = reader.pointer_to("annex");
    let mut violations = Vec::new();
    let mut annex = Vec::new();
    if let Some(sets) = Map::open(value, pointer, &mut violations) {
        for (set, items) in sets.members {
            if !is_id(set) {
                sets.report(&mut violations, set, id_expected());
            }
            let known = requirement_set(set);
            let items = Map::open(Some(items), sets.pointer_to(set), &mut violations);
            annex.extend(items.map(|items| DirectReplies {
                set: set.clone().into_owned(),
                replies: items.replies(&mut violations, |name| item_id(name, known, form)),
            }));
        }
    }
    reader.absorb(violations);
    annex
}

/// The id of an item: of the statement's form where the set is known, and otherwise anything that can be an id.
fn item_id(
    name: &str,
    set: Option<&RequirementSet>,
    form: Option<FormKind>,
) -> Result<String, Broken> {
    let Some(set) = set else {
        return if is_id(name) {
            Ok(name.to_owned())
        } else {
            Err(id_expected())
        };
    };
    let Some(item) = set.item(name) else {
        return Err(("unknown_item", format!("{} has no such item", set.id)));
    };
    match form {
        Some(form) if form != item.kind => {
            let detail = format!(
                "is an item of the {} in a statement that answers the {form}",
                item.kind
            );
            Err(("wrong_form", detail))
        }
        _ => Ok(name.to_owned()),
    }
}

fn id_expected() -> Broken {
    (
        "format",
        String::from("must be 1 to 64 of A-Z a-z 0-9 . _ -"),
    )
}

/// An object whose member names are data.
struct Map<'v> {
    pointer: String,
    members: &'v [(Cow<'v, str>, Value<'v>)],
}

impl<'v> Map<'v> {
    /// `None` where there is no value, and where it is not an object, which is then reported.
    fn open(
        value: Option<&'v Value<'v>>,
        pointer: String,
        violations: &mut Vec<Violation>,
    ) -> Option<Self> {
        match value? {
            Value::Object(members) => Some(Self { pointer, members }),
            other => {
                let detail = format!("must be an object, not {}", other.kind());
                violations.push(Violation::new(pointer, "type", detail));
                None
            }
        }
    }

    fn pointer_to(&self, name: &str) -> String {
        format!("{}/{}", self.pointer, escape_pointer_token(name))
    }

    fn report(&self, violations: &mut Vec<Violation>, name: &str, (code, detail): Broken) {
        violations.push(Violation::new(self.pointer_to(name), code, detail));
    }

    /// The members as replies, under what `key` makes of their names.
    fn replies<K: Ord>(
        &self,
        violations: &mut Vec<Violation>,
        key: impl Fn(&str) -> Result<K, Broken>,
    ) -> Replies<K> {
        let mut replies = Vec::with_capacity(self.members.len());
        for (name, value) in self.members {
            let reply = read_reply(value, self.pointer_to(name), violations);
            match key(name) {
                Ok(key) => replies.push((key, reply)),
                Err(broken) => self.report(violations, name, broken),
            }
        }
        replies.into_iter().collect()
    }
}

fn read_reply(value: &Value<'_>, pointer: String, violations: &mut Vec<Violation>) -> Reply {
    let mut members = Reader::at(value, pointer);
    if says_nothing(value) {
        let detail = "has neither an answer nor a remark: leave the question out";
        members.report("", "empty_answer", detail);
    }
    let answer = members.optional_choice("answer", Answer::from_name, "yes, no or not_applicable");
    let remark = members.optional_lines("remark", MAX_REMARK_CHARS);
    violations.append(&mut members.finish());
    Reply { answer, remark }
}

fn says_nothing(value: &Value<'_>) -> bool {
    let Value::Object(members) = value else {
        return false;
    };
    !members
        .iter()
        .any(|(name, value)| matches!(name.as_ref(), "answer" | "remark") && *value != Value::Null)
}
