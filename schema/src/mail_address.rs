//! An e-mail address that a letter can be sent to: RFC 5321's plain form, and nothing that could reach beyond its line.
//!
//! Narrower than the standard on purpose: no quoted local parts, no comments, no address literals, ASCII alone (the name
//! of a host in kana or kanji is written in its `xn--` form). What is refused here was a mistake of typing.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::reader::Reader;

/// RFC 5321, section 4.5.3.1.1: octets of what stands before the `@`.
const LONGEST_LOCAL_PART: usize = 64;
/// RFC 5321, section 4.5.3.1.3, less the angle brackets: octets of the whole.
const LONGEST: usize = 254;
/// RFC 1035, section 2.3.4: octets of one label of a host's name.
const LONGEST_LABEL: usize = 63;

/// What is expected, for messages.
const EXPECTED: &str = "an e-mail address such as security@vendor.example.jp";

/// An e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MailAddress(String);

/// A text is no address that letters are sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {EXPECTED}")]
pub struct NotAMailAddress;

impl MailAddress {
    /// Reads an address, which must be the whole of the text.
    pub fn parse(text: &str) -> Result<Self, NotAMailAddress> {
        let (local, domain) = text.rsplit_once('@').ok_or(NotAMailAddress)?;
        let short = text.len() <= LONGEST && local.len() <= LONGEST_LOCAL_PART;
        let atoms = local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.bytes().all(is_atom_byte));
        let named = domain.contains('.') && domain.split('.').all(is_label);
        if short && atoms && named {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAMailAddress)
        }
    }

    /// The address as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two addresses are compared by. Servers may tell upper from lower case before the `@`; none that people use
    /// does.
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

/// RFC 5322, section 3.2.3: `atext`.
fn is_atom_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= LONGEST_LABEL
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

impl fmt::Display for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for MailAddress {
    type Error = NotAMailAddress;

    fn try_from(text: String) -> Result<Self, NotAMailAddress> {
        Self::parse(&text)
    }
}

impl From<MailAddress> for String {
    fn from(address: MailAddress) -> Self {
        address.0
    }
}

impl Reader<'_> {
    /// An e-mail address. Reports `missing`, `type`, `choice`.
    pub fn required_mail_address(&mut self, name: &str) -> Option<MailAddress> {
        self.required_choice(name, |text| MailAddress::parse(text).ok(), EXPECTED)
    }

    /// Like [`Self::required_mail_address`], where the member may be absent or null.
    pub fn optional_mail_address(&mut self, name: &str) -> Option<MailAddress> {
        self.optional_choice(name, |text| MailAddress::parse(text).ok(), EXPECTED)
    }

    /// Like [`Self::required_mail_address`], for PATCH.
    #[allow(
        clippy::option_option,
        reason = "absent, null and a value are three different wishes"
    )]
    pub fn changed_mail_address(&mut self, name: &str) -> Option<Option<MailAddress>> {
        self.changed_choice(name, |text| MailAddress::parse(text).ok(), EXPECTED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_an_address() {
        for text in [
            "security@vendor.example.jp",
            "First.Last+kaiji@example.com",
            "a@b.jp",
            "o'hara@xn--eckwd4c7c.xn--zckzah",
        ] {
            assert_eq!(MailAddress::parse(text).unwrap().as_str(), text);
        }
        assert_eq!(MailAddress::parse("A@B.jp").unwrap().folded(), "a@b.jp");
    }

    #[test]
    fn what_could_reach_beyond_its_line_or_is_mistyped_is_none() {
        let long = format!("{}@example.jp", "a".repeat(65));
        let longer = format!("a@{}.jp", ["a"; 130].join("."));
        for text in [
            "",
            "@",
            "a@",
            "@example.jp",
            "a@localhost",
            "a b@example.jp",
            "a@example..jp",
            ".a@example.jp",
            "a.@example.jp",
            "a..b@example.jp",
            "a@-example.jp",
            "a@example-.jp",
            "a@exam_ple.jp",
            "a@example.jp\r\nBcc: b@example.jp",
            "a\n@example.jp",
            "a\0@example.jp",
            "\"a b\"@example.jp",
            "a@[192.0.2.1]",
            "名前@example.jp",
            "a@例え.jp",
            "<a@example.jp>",
            "a@example.jp,b@example.jp",
            &long,
            &longer,
        ] {
            assert_eq!(MailAddress::parse(text), Err(NotAMailAddress), "{text:?}");
        }
    }
}
