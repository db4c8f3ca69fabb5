//! What the evidence rests on of a statement: whose it is, of which product, and its files.
//!
//! Not all rules of statements: those were kept when the service took it, and rules may change before it is checked.

use crate::digest::Digest;
use crate::jws::Document;
use crate::statement::Statement;
use crate::strict_json::{self, Value};
use crate::violation::{Violation, Violations};

/// Issuer, product and attachments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stated {
    pub(super) issuer: String,
    pub(super) product: String,
    pub(super) files: Vec<StatedFile>,
}

/// An attachment, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StatedFile {
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) sha256: Digest,
}

impl Document for Stated {
    const TYP: &'static str = Statement::TYP;

    fn parse(payload: &[u8]) -> Result<Self, Violations> {
        let value = strict_json::parse(payload).map_err(Violation::from)?;
        read(&value).ok_or_else(|| {
            let detail = "issuer, product.id or attachments cannot be read";
            Violation::new("", "incomplete", detail).into()
        })
    }
}

fn read(statement: &Value<'_>) -> Option<Stated> {
    let files = match member(statement, "attachments") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(files)) => files.iter().map(read_file).collect::<Option<_>>()?,
        Some(_) => return None,
    };
    Some(Stated {
        issuer: text(statement, "issuer")?,
        product: text(member(statement, "product")?, "id")?,
        files,
    })
}

fn read_file(file: &Value<'_>) -> Option<StatedFile> {
    let Some(Value::Integer(bytes)) = member(file, "bytes") else {
        return None;
    };
    Some(StatedFile {
        name: text(file, "name")?,
        bytes: u64::try_from(*bytes).ok()?,
        sha256: text(file, "sha256")?.parse().ok()?,
    })
}

fn text(object: &Value<'_>, name: &str) -> Option<String> {
    member(object, name)?.as_text().map(str::to_owned)
}

fn member<'v>(object: &'v Value<'v>, name: &str) -> Option<&'v Value<'v>> {
    let Value::Object(members) = object else {
        return None;
    };
    let (_, value) = members.iter().find(|(found, _)| found == name)?;
    Some(value)
}
