//! What an institution says when it asks about items, and what a vendor says to answer without another revision.

use kaiji_schema::reader::{FromMembers, Reader};

/// At most so many items at once: more than any set has.
const MOST_ITEMS: usize = 200;

/// The most characters of an item's or a set's id.
const ID: usize = 64;

/// The most characters of a word to the other side.
const WORDS: usize = 2000;

/// Questions to be asked about items of a system.
#[derive(Debug, Clone)]
pub struct NewQuestions {
    /// The ids of the items, each with the JSON pointer to where it is named.
    pub items: Vec<(String, String)>,
    /// The set that they are of; the current one where it is not said.
    pub requirement_set: Option<String>,
    /// A word to the vendor.
    pub message: Option<String>,
}

impl FromMembers for NewQuestions {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let items = read_items(reader);
        let requirement_set = reader.optional_text("requirement_set", ID);
        let message = reader.optional_lines("message", WORDS);
        Some(Self {
            items: items?,
            requirement_set,
            message,
        })
    }
}

fn read_items(reader: &mut Reader<'_>) -> Option<Vec<(String, String)>> {
    let one = reader.optional_text("item", ID);
    let many = reader.texts("items", MOST_ITEMS, ID);
    match (one, many) {
        (Some(item), None) => Some(vec![(reader.pointer_to("item"), item)]),
        (None, Some(items)) if !items.is_empty() => {
            let pointer = reader.pointer_to("items");
            let items = items.into_iter().enumerate();
            Some(
                items
                    .map(|(index, item)| (format!("{pointer}/{index}"), item))
                    .collect(),
            )
        }
        (Some(_), Some(_)) => {
            reader.report("items", "both", "say it once: either item or items");
            None
        }
        _ => {
            reader.report("", "missing", "say what is asked about: item or items");
            None
        }
    }
}

/// A vendor's answer that changes no answer of the statement.
#[derive(Debug, Clone)]
pub struct Remark {
    /// The vendor's word.
    pub remark: String,
    /// Whether it answers everybody who asks about the same item of the same product and form.
    pub for_all: bool,
}

impl FromMembers for Remark {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let remark = reader.required_lines("remark", WORDS);
        let for_all = reader.optional_bool("for_all").unwrap_or(false);
        Some(Self {
            remark: remark?,
            for_all,
        })
    }
}
