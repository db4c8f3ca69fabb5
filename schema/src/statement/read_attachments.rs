//! Reads the list of files that a payload names. Whether the service has or takes them is its own rule.

use super::Attachment;
use crate::file_label::{FILE_NAME, is_file_name};
use crate::reader::Reader;
use crate::strict_json::Value;

/// The most attachments of one statement.
pub const MAX_ATTACHMENTS: usize = 20;
/// The largest attachment, in bytes (20 MiB).
pub const MAX_ATTACHMENT_BYTES: u64 = 20 * 1024 * 1024;

const MAX_FILE_NAME_CHARS: usize = 255;
const MAX_MEDIA_TYPE_CHARS: usize = 127;

pub(super) fn read_attachments(reader: &mut Reader<'_>) -> Vec<Attachment> {
    let Some(value) = reader.optional("attachments") else {
        return Vec::new();
    };
    let Value::Array(files) = value else {
        let detail = format!("must be an array, not {}", value.kind());
        reader.report("attachments", "type", detail);
        return Vec::new();
    };
    if files.len() > MAX_ATTACHMENTS {
        let detail = format!("holds more than {MAX_ATTACHMENTS} files");
        reader.report("attachments", "too_many", detail);
        return Vec::new();
    }
    let pointer = reader.pointer_to("attachments");
    let mut attachments: Vec<Attachment> = Vec::with_capacity(files.len());
    for (index, file) in files.iter().enumerate() {
        let mut members = Reader::at(file, format!("{pointer}/{index}"));
        if let Some(attachment) = read_attachment(&mut members) {
            report_twin(&mut members, &attachment, &attachments);
            attachments.push(attachment);
        }
        reader.absorb(members.finish());
    }
    attachments
}

fn read_attachment(members: &mut Reader<'_>) -> Option<Attachment> {
    let name = read_file_name(members);
    let media_type = read_media_type(members);
    let bytes = members.required_integer("bytes", 1..=MAX_ATTACHMENT_BYTES.cast_signed());
    let sha256 = members.required_digest("sha256");
    Some(Attachment {
        name: name?,
        media_type: media_type?,
        bytes: bytes?.cast_unsigned(),
        sha256: sha256?,
    })
}

/// The evidence folder holds the files under their names, and a file is asked for by its digest.
fn report_twin(members: &mut Reader<'_>, attachment: &Attachment, earlier: &[Attachment]) {
    for other in earlier {
        if other.name == attachment.name {
            members.report("name", "attachment_twice", "another file has this name");
        }
        if other.sha256 == attachment.sha256 {
            members.report(
                "sha256",
                "attachment_twice",
                "the same file is listed before",
            );
        }
    }
}

/// A name that is a file's name on every system, without a path.
fn read_file_name(members: &mut Reader<'_>) -> Option<String> {
    let name = members.required_text("name", MAX_FILE_NAME_CHARS)?;
    if !is_file_name(&name) {
        members.report("name", "file_name", FILE_NAME);
        return None;
    }
    Some(name)
}

/// `type/subtype` (RFC 6838, section 4.2), without parameters.
fn read_media_type(members: &mut Reader<'_>) -> Option<String> {
    let text = members.required_text("media_type", MAX_MEDIA_TYPE_CHARS)?;
    let restricted = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
    let is_name = |part: &str| !part.is_empty() && part.bytes().all(restricted);
    let well_formed = text
        .split_once('/')
        .is_some_and(|(kind, subtype)| is_name(kind) && is_name(subtype));
    if !well_formed {
        let detail = "must be a media type such as \"application/pdf\"";
        members.report("media_type", "format", detail);
        return None;
    }
    Some(text)
}
