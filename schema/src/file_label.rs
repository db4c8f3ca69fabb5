//! What an institution's evidence file is called and of what kind it is.
//!
//! The files end up in folders that inspectors open on machines of their own: so a name is a file's name on every
//! system and no path, its end says the kind, and the first bytes are what the kind says. The service itself opens none.

use crate::reader::check_line;
use crate::violation::{Violation, Violations};

/// The longest name, in bytes of UTF-8: what file systems hold.
pub const MAX_NAME_BYTES: usize = 255;

/// What a file's name is, for messages.
pub(crate) const FILE_NAME: &str =
    "must be a file name: without / \\ : * ? \" < > |, and with no point or space at either end";

/// Whether a text is a file's name on every system: without a path, and without what stands for one.
pub(crate) fn is_file_name(name: &str) -> bool {
    let path = name.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|']);
    !path && !name.starts_with([' ', '.']) && !name.ends_with([' ', '.'])
}

/// Names of devices, which Windows takes for the device whatever follows after a point.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    let stem = stem.to_ascii_lowercase();
    let numbered = ["com", "lpt"]
        .iter()
        .find_map(|port| stem.strip_prefix(port));
    let is_port = |number: &str| {
        let mut characters = number.chars();
        let one = characters.next().filter(|_| characters.next().is_none());
        one.is_some_and(|one| matches!(one, '0'..='9' | '¹' | '²' | '³'))
    };
    ["con", "prn", "aux", "nul", "conin$", "conout$"].contains(&stem.as_str())
        || numbered.is_some_and(is_port)
}

macro_rules! kinds {
    ($($kind:ident $media_type:literal [$($extension:literal),+] $doc:literal;)+) => {
        /// The kinds of files that are taken.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum FileKind {
            $(#[doc = $doc] $kind),+
        }

        impl FileKind {
            /// Every kind there is.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// Its media type.
            pub fn media_type(self) -> &'static str {
                match self { $(Self::$kind => $media_type),+ }
            }

            /// How names of such files end.
            pub fn extensions(self) -> &'static [&'static str] {
                match self { $(Self::$kind => &[$($extension),+]),+ }
            }
        }
    };
}

kinds! {
    Pdf "application/pdf" ["pdf"] "PDF.";
    Png "image/png" ["png"] "A picture of the screen.";
    Jpeg "image/jpeg" ["jpg", "jpeg"] "A photograph.";
    Text "text/plain" ["txt", "log", "md"] "Plain text in an encoding that continues ASCII, such as UTF-8 or CP932.";
    Csv "text/csv" ["csv"] "A table as plain text.";
    Xlsx "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" ["xlsx"] "A workbook without macros.";
    Docx "application/vnd.openxmlformats-officedocument.wordprocessingml.document" ["docx"] "A document without macros.";
    Pptx "application/vnd.openxmlformats-officedocument.presentationml.presentation" ["pptx"] "Slides without macros.";
}

impl FileKind {
    /// The kind of that media type, which may have parameters (`text/plain; charset=utf-8`).
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        let mut kinds = Self::ALL.iter().copied();
        kinds.find(|kind| kind.media_type().eq_ignore_ascii_case(essence))
    }

    /// Whether a file of this kind can begin with these bytes, or be them.
    pub fn begins_with(self, first: &[u8]) -> bool {
        match self {
            Self::Pdf => first.starts_with(b"%PDF-"),
            Self::Png => first.starts_with(b"\x89PNG\r\n\x1a\n"),
            Self::Jpeg => first.starts_with(b"\xff\xd8\xff"),
            Self::Text | Self::Csv => is_text(first),
            Self::Xlsx | Self::Docx | Self::Pptx => first.starts_with(b"PK\x03\x04"),
        }
    }
}

/// Whether these bytes can be text: none that no text holds, and not the beginning of another kind.
fn is_text(first: &[u8]) -> bool {
    let binary = |byte: &u8| matches!(byte, 0..=8 | 11 | 14..=26 | 28..=31 | 127);
    !first.iter().any(binary) && !first.starts_with(b"%PDF-")
}

/// The name and the kind of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLabel {
    /// The name, without a path.
    pub name: String,
    /// The kind, which the end of the name says too.
    pub kind: FileKind,
}

impl FileLabel {
    /// A label, or what is wrong with the name: `empty`, `too_long`, `bidi`, `control`, `file_name`, `file_extension`,
    /// at `/name`.
    pub fn new(name: &str, kind: FileKind) -> Result<Self, Violations> {
        let refuse =
            |code, detail: String| Err(Violations::one(Violation::new("/name", code, detail)));
        if let Err((code, detail)) = check_line(name, MAX_NAME_BYTES) {
            return refuse(code, detail);
        }
        if name.len() > MAX_NAME_BYTES {
            let detail = format!("is longer than {MAX_NAME_BYTES} bytes in UTF-8");
            return refuse("too_long", detail);
        }
        if !is_file_name(name) {
            return refuse("file_name", FILE_NAME.to_owned());
        }
        if is_device(name) {
            let detail = "is the name of a device on Windows, which no file can have";
            return refuse("file_name", detail.to_owned());
        }
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let fits = |known: &&str| known.eq_ignore_ascii_case(extension);
        if !kind.extensions().iter().any(fits) {
            let expected = kind.extensions().join(", .");
            let detail = format!(
                "the name of a file of the type {} ends with .{expected}",
                kind.media_type()
            );
            return refuse("file_extension", detail);
        }
        Ok(Self {
            name: name.to_owned(),
            kind,
        })
    }

    /// Refuses a file that does not begin as its kind does, with `media_type` at the whole.
    pub fn check_beginning(&self, first: &[u8]) -> Result<(), Violations> {
        if self.kind.begins_with(first) {
            return Ok(());
        }
        let detail = format!("what arrived is not {}", self.kind.media_type());
        Err(Violations::one(Violation::new("", "media_type", detail)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(name: &str, kind: FileKind) -> Option<&'static str> {
        let refused = FileLabel::new(name, kind).err()?;
        refused.into_vec().first().map(|violation| violation.code)
    }

    #[test]
    fn a_name_is_kept_as_it_is() {
        for name in [
            "委託契約書（2026年度）.pdf",
            "a b.PDF",
            "sla v1.2.pdf",
            "console.pdf",
            "com10.pdf",
        ] {
            assert_eq!(code(name, FileKind::Pdf), None, "{name}");
        }
        assert_eq!(code("写真.jpeg", FileKind::Jpeg), None);
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_refused() {
        let long = format!("{}.pdf", "契".repeat(84));
        for (name, expected) in [
            ("", "empty"),
            ("  ", "empty"),
            ("..", "file_name"),
            ("../a.pdf", "file_name"),
            ("..\\a.pdf", "file_name"),
            ("/etc/passwd", "file_name"),
            ("C:a.pdf", "file_name"),
            ("a.pdf.", "file_name"),
            ("a.pdf ", "file_name"),
            (".pdf", "file_name"),
            ("CON.pdf", "file_name"),
            ("nul .pdf", "file_name"),
            ("Lpt1.x.pdf", "file_name"),
            ("COM².pdf", "file_name"),
            ("a\0.pdf", "control"),
            ("a\n.pdf", "control"),
            ("a\u{202e}fdp.exe", "bidi"),
            ("a.exe", "file_extension"),
            ("pdf", "file_extension"),
            (&long, "too_long"),
        ] {
            assert_eq!(code(name, FileKind::Pdf), Some(expected), "{name:?}");
        }
    }

    #[test]
    fn a_media_type_names_a_kind_whatever_its_parameters() {
        let of = FileKind::of_media_type;
        assert_eq!(of("text/plain; charset=Shift_JIS"), Some(FileKind::Text));
        assert_eq!(of("Application/PDF"), Some(FileKind::Pdf));
        for unknown in [
            "",
            "text/html",
            "image/svg+xml",
            "application/zip",
            "application/octet-stream",
        ] {
            assert_eq!(of(unknown), None, "{unknown}");
        }
        for kind in FileKind::ALL {
            assert_eq!(of(kind.media_type()), Some(*kind));
        }
    }

    #[test]
    fn a_file_begins_as_its_kind_does() {
        let samples: [(FileKind, &[u8]); 6] = [
            (FileKind::Pdf, b"%PDF-1.7\n"),
            (FileKind::Png, b"\x89PNG\r\n\x1a\n\0\0"),
            (FileKind::Jpeg, b"\xff\xd8\xff\xe0\0"),
            (FileKind::Text, "契約書\t第1条\r\n".as_bytes()),
            (FileKind::Csv, b"\x8c_\x96\xf1,1\r\n"),
            (FileKind::Docx, b"PK\x03\x04\x14\0"),
        ];
        for (kind, _) in samples {
            for (other, first) in samples {
                let text = [FileKind::Text, FileKind::Csv];
                let fits = kind == other || (text.contains(&kind) && text.contains(&other));
                assert_eq!(kind.begins_with(first), fits, "{kind:?} {first:?}");
            }
        }
        assert!(!FileKind::Text.begins_with(b"MZ\x90\0"));
        assert!(!FileKind::Pdf.begins_with(b""));
    }
}
