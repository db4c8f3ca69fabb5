//! The rules that a statement's payload must keep. Every violation is reported, each with its JSON pointer.
//!
//! What needs the service's state (is this the vendor's product, does the revision follow the head, are
//! attachments supported) is not decided here.

use super::read_answers::{read_annex, read_answers};
use super::read_attachments::read_attachments;
use super::{StatedProduct, Statement};
use crate::digest::Digest;
use crate::form::FormKind;
use crate::jws::Document;
use crate::reader::{self, FromMembers, Reader};
use crate::violation::Violations;

/// The `schema` member of a payload: the version of these rules.
pub const SCHEMA: &str = "kaiji-statement/1";

/// The codes of a statement's own violations, beyond those that [`crate::strict_json`] and [`crate::reader`] name.
pub const VIOLATION_CODES: [&str; 8] = [
    "attachment_twice",
    "empty_answer",
    "file_name",
    "format",
    "question_number",
    "supersedes_unexpected",
    "unknown_item",
    "wrong_form",
];

const MAX_ID_CHARS: usize = 64;
pub(super) const MAX_NAME_CHARS: usize = 200;
pub(super) const MAX_VERSION_CHARS: usize = 100;
const MAX_EDITION_CHARS: usize = 6;

impl Document for Statement {
    const TYP: &'static str = "kaiji-statement+jws";

    fn parse(payload: &[u8]) -> Result<Self, Violations> {
        Ok(reader::read(payload)?)
    }
}

impl FromMembers for Statement {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let schema =
            reader.required_choice("schema", |name| (name == SCHEMA).then_some(()), SCHEMA);
        let form = reader.required_choice("form", FormKind::from_name, "MDS or SDS");
        let form_edition = read_form_edition(reader);
        let statement_id = read_id(reader, "statement_id", "");
        let revision = reader.required_integer("revision", 1..=i64::from(u32::MAX));
        let supersedes = read_supersedes(reader, revision);
        let issuer = read_id(reader, "issuer", "ven_");
        let product = read_product(reader);
        let issued_on = reader.required_date("issued_on");
        let answers = read_answers(reader);
        let annex = read_annex(reader, form);
        let attachments = read_attachments(reader);
        let manufacturer = reader.optional_text("manufacturer", MAX_NAME_CHARS);
        let prepared_by = reader.optional_text("prepared_by", MAX_NAME_CHARS);
        let contact = reader.optional_text("contact", MAX_NAME_CHARS);
        schema?;
        Some(Self {
            form: form?,
            form_edition: form_edition?,
            statement_id: statement_id?,
            revision: u32::try_from(revision?).ok()?,
            supersedes,
            issuer: issuer?,
            product: product?,
            issued_on: issued_on?,
            answers,
            annex,
            attachments,
            manufacturer,
            prepared_by,
            contact,
        })
    }
}

/// Whether a text is 1 to 64 of the characters that ids are made of: they stand in addresses and file names.
pub(super) fn is_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    matches!(text.len(), 1..=MAX_ID_CHARS) && text.bytes().all(allowed)
}

/// An id after its prefix.
pub(super) fn read_id(reader: &mut Reader<'_>, name: &str, prefix: &str) -> Option<String> {
    let id = reader.required_text(name, prefix.len() + MAX_ID_CHARS)?;
    if id.strip_prefix(prefix).is_some_and(is_id) {
        return Some(id);
    }
    let detail = format!("must be \"{prefix}\" and 1 to {MAX_ID_CHARS} of A-Z a-z 0-9 . _ -");
    reader.report(name, "format", detail);
    None
}

/// The edition need not be a known one.
pub(super) fn read_form_edition(reader: &mut Reader<'_>) -> Option<String> {
    let edition = reader.required_text("form_edition", MAX_EDITION_CHARS)?;
    if is_edition(&edition) {
        return Some(edition);
    }
    reader.report(
        "form_edition",
        "format",
        "must be an edition such as \"5.0\" or \"3.0a\"",
    );
    None
}

/// One or two digits, a point, one or two digits, perhaps a letter.
fn is_edition(text: &str) -> bool {
    let is_number =
        |part: &str| matches!(part.len(), 1 | 2) && part.bytes().all(|byte| byte.is_ascii_digit());
    let numbers = text.strip_suffix(|last: char| last.is_ascii_lowercase());
    numbers
        .unwrap_or(text)
        .split_once('.')
        .is_some_and(|(major, minor)| is_number(major) && is_number(minor))
}

/// Revision 1 begins a chain; every later one names the statement that it follows.
fn read_supersedes(reader: &mut Reader<'_>, revision: Option<i64>) -> Option<Digest> {
    match revision {
        Some(1) => {
            if reader.optional_digest("supersedes").is_some() {
                let detail = "revision 1 follows no statement: must be null or absent";
                reader.report("supersedes", "supersedes_unexpected", detail);
            }
            None
        }
        Some(_) => reader.required_digest("supersedes"),
        None => reader.optional_digest("supersedes"),
    }
}

fn read_product(reader: &mut Reader<'_>) -> Option<StatedProduct> {
    let value = reader.required("product")?;
    let mut members = Reader::at(value, reader.pointer_to("product"));
    let id = read_id(&mut members, "id", "prd_");
    let name = members.required_text("name", MAX_NAME_CHARS);
    let version = members.required_text("version", MAX_VERSION_CHARS);
    reader.absorb(members.finish());
    Some(StatedProduct {
        id: id?,
        name: name?,
        version: version?,
    })
}
