//! Letters as their recipients read them.

use std::fs;
use std::path::Path;

use crate::Site;

use mail_parser::{Address, HeaderValue, Message, MessageParser};

/// A letter that was sent.
#[derive(Debug, Clone)]
pub struct Letter {
    /// The recipient's address.
    pub to: String,
    /// The recipient's name.
    pub to_name: Option<String>,
    /// The sender's address.
    pub from: String,
    /// The subject.
    pub subject: String,
    /// The part in plain text.
    pub text: String,
    /// The part in HTML.
    pub html: String,
    /// The bytes that were sent.
    pub raw: Vec<u8>,
}

impl Letter {
    /// Reads a letter.
    pub fn read(raw: &[u8]) -> Self {
        let message = MessageParser::default().parse(raw).unwrap();
        let (to, to_name) = mailbox(message.to().unwrap());
        let text = message.body_text(0).unwrap().replace("\r\n", "\n");
        Self {
            to,
            to_name,
            from: mailbox(message.from().unwrap()).0,
            subject: message.subject().unwrap().to_owned(),
            text,
            html: message.body_html(0).unwrap().into_owned(),
            raw: raw.to_vec(),
        }
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<String> {
        let message: Message<'_> = MessageParser::default().parse(&self.raw).unwrap();
        match message.header_raw(name.to_owned()) {
            Some(value) => Some(value.trim().to_owned()),
            None => message.header(name.to_owned()).and_then(text_of),
        }
    }

    /// Compares the whole letter with `tests/letters/{name}.txt`, which `KAIJI_WRITE_LETTERS=1` writes: somebody reads
    /// the change before it is committed.
    #[allow(
        clippy::disallowed_methods,
        reason = "whoever runs the tests speaks through the environment"
    )]
    pub fn is_as(&self, site: &Site, name: &str) {
        let headers = [
            "From",
            "To",
            "List-Unsubscribe",
            "List-Unsubscribe-Post",
            "Auto-Submitted",
        ];
        let headers = headers.into_iter().filter_map(|name| {
            let value = self.header(name)?;
            Some(format!("{name}: {value}\n"))
        });
        let headers: String = headers.collect();
        let Self {
            subject,
            text,
            html,
            ..
        } = self;
        let html = html.replace("\r\n", "\n");
        let letter = format!("{headers}Subject: {subject}\n\n{text}\n\n{html}\n");
        let letter = lasting(&letter, site.url());
        let path = format!("{}/letters/{name}.txt", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("KAIJI_WRITE_LETTERS").is_some() {
            fs::write(&path, &letter).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(letter, expected, "against {path}");
    }

    /// The address in it that leads to `path`: what stands on a line of its own.
    pub fn link(&self, path: &str) -> String {
        let mut lines = self.text.lines();
        let found = lines.find(|line| line.starts_with("http") && line.contains(path));
        found
            .unwrap_or_else(|| panic!("no link to {path} in\n{}", self.text))
            .to_owned()
    }

    /// What the link to `path` shows in the header `Kaiji-Link`.
    pub fn link_token(&self, path: &str) -> String {
        let link = self.link(path);
        link.split_once('#').unwrap().1.to_owned()
    }
}

/// What differs from one run to the next, put aside: the service's address, ids, tokens, the checkpoint.
fn lasting(text: &str, service: &str) -> String {
    let host = service.trim_start_matches("http://");
    let text = text.replace(service, "https://kaiji.example.jp");
    let (text, mut lasting) = (text.replace(host, "kaiji.example.jp"), String::new());
    let mut rest = &*text;
    while let Some(at) = rest.find(is_of_a_word) {
        let (before, word_on) = rest.split_at(at);
        let end = word_on.find(|character| !is_of_a_word(character));
        let (word, after) = word_on.split_at(end.unwrap_or(word_on.len()));
        lasting += before;
        lasting += &lasting_word(word);
        rest = after;
    }
    lasting + rest
}

fn is_of_a_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_-+/=".contains(character)
}

/// A token has 43 characters, the root of a checkpoint 44, an id 26 behind its prefix.
fn lasting_word(word: &str) -> String {
    let random = |word: &str, length| {
        word.len() == length && word.contains(|digit: char| digit.is_ascii_digit())
    };
    if let Some((name, _)) = word.split_once('=').filter(|(_, value)| random(value, 43)) {
        return format!("{name}=…");
    }
    // First, for a token may hold an underscore too, with 26 characters behind it.
    if random(word, 43) || random(word, 44) {
        return "…".to_owned();
    }
    match word.split_once('_') {
        Some((prefix, id)) if random(id, 26) => format!("{prefix}_…"),
        _ => word.to_owned(),
    }
}

fn text_of(value: &HeaderValue<'_>) -> Option<String> {
    value.as_text().map(str::to_owned)
}

fn mailbox(address: &Address<'_>) -> (String, Option<String>) {
    let first = address.first().unwrap();
    let name = first.name.as_deref().map(str::to_owned);
    (first.address.as_deref().unwrap().to_owned(), name)
}

/// The letters in a folder.
pub(crate) fn in_folder(folder: &Path) -> Vec<Letter> {
    let Ok(files) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = files.map(|file| file.unwrap().path());
    let letters = paths.filter(|path| path.extension().is_some_and(|kind| kind == "eml"));
    // Their names are numbers, in the order in which they were written.
    let mut letters: Vec<_> = letters.collect();
    letters.sort_by_key(|path| (path.as_os_str().len(), path.clone()));
    letters
        .iter()
        .map(|path| Letter::read(&fs::read(path).unwrap()))
        .collect()
}
