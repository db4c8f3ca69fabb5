//! Reads a JSON object member by member and collects every violation on the way.
//!
//! Used by all signed documents and by all bodies of requests, so that the same mistake has the same code
//! everywhere. It knows kinds of values (text, dates, choices) and no document.
//!
//! Text is kept as it was given. It holds no bidirectional controls, which make a text read differently from what
//! was signed, and no control characters; `lines` may hold line feeds and tabs.

mod values;

use std::borrow::Cow;
use std::ops::RangeInclusive;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::digest::Digest;
use crate::strict_json::{self, SyntaxError, Value};
use crate::violation::{Violation, Violations, escape_pointer_token};

use values::{Lines, calendar_date, check_text, expected_found, line_text, point_in_time};

/// What a digest is, for messages.
const DIGEST: &str = "a SHA-256 digest, 64 lower-case hex digits";

/// How long a digest in hex is.
const DIGEST_CHARS: usize = 64;

/// A document that is read from a JSON object.
pub trait FromMembers: Sized {
    /// Takes the members that the document has. `None` goes with at least one violation reported to `reader`.
    fn from_members(reader: &mut Reader<'_>) -> Option<Self>;
}

/// Why bytes are not the document that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Not strict JSON: unreadable, HTTP status 400.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// Readable, but against the rules: HTTP status 422.
    #[error(transparent)]
    Violations(#[from] Violations),
}

impl From<ReadError> for Violations {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Syntax(error) => Self::one(error.into()),
            ReadError::Violations(violations) => violations,
        }
    }
}

/// Reads a whole document, with all its violations at once.
pub fn read<T: FromMembers>(bytes: &[u8]) -> Result<T, ReadError> {
    let value = strict_json::parse(bytes)?;
    let mut reader = Reader::new(&value);
    let document = T::from_members(&mut reader);
    Violations::from_vec(reader.finish())?;
    document.ok_or_else(|| {
        let detail = "the document is incomplete";
        Violations::one(Violation::new("", "incomplete", detail)).into()
    })
}

/// Whether a text that comes from elsewhere than a document is a single line of 1 to `max_chars` characters; the code and
/// the detail of its violation if not, as for [`Reader::required_text`].
pub(crate) fn check_line(text: &str, max_chars: usize) -> Result<(), (&'static str, String)> {
    check_text(text, max_chars, Lines::One)
}

/// The members of one object that were not taken yet, and the violations found so far.
///
/// The methods answer `None` after reporting a violation; `optional_…` also where the member is absent or null.
/// `changed_…` are for PATCH: `None` where the member is absent, `Some(None)` where it is null.
#[derive(Debug)]
pub struct Reader<'v> {
    pointer: String,
    /// `None` where the value is no object: then one violation says all.
    members: Option<Vec<&'v (Cow<'v, str>, Value<'v>)>>,
    violations: Vec<Violation>,
}

impl<'v> Reader<'v> {
    /// A reader of a whole document. Reports `type` if it is not an object.
    pub fn new(value: &'v Value<'v>) -> Self {
        Self::at(value, String::new())
    }

    /// A reader of the object at `pointer` of a document. Reports `type` if it is not an object.
    pub fn at(value: &'v Value<'v>, pointer: String) -> Self {
        let mut reader = Self {
            pointer,
            members: None,
            violations: Vec::new(),
        };
        match value {
            Value::Object(members) => reader.members = Some(members.iter().collect()),
            other => reader.report("", "type", expected_found("an object", other)),
        }
        reader
    }

    /// Takes a member as it is; null is `Some(Value::Null)`.
    pub fn take(&mut self, name: &str) -> Option<&'v Value<'v>> {
        let members = self.members.as_mut()?;
        let index = members.iter().position(|(found, _)| found == name)?;
        Some(&members.remove(index).1)
    }

    /// Whether there is a member of that name that was not taken yet.
    pub fn has(&self, name: &str) -> bool {
        let members = self.members.iter().flatten();
        members.into_iter().any(|(found, _)| found == name)
    }

    /// A single line of 1 to `max_chars` characters. Reports `missing`, `type`, `empty` (or only white space),
    /// `too_long`, `bidi`, `control`.
    pub fn required_text(&mut self, name: &str, max_chars: usize) -> Option<String> {
        let value = self.required(name)?;
        self.text(name, value, max_chars, Lines::One)
    }

    /// Like [`Self::required_text`], where the member may be absent or null.
    pub fn optional_text(&mut self, name: &str, max_chars: usize) -> Option<String> {
        let value = self.optional(name)?;
        self.text(name, value, max_chars, Lines::One)
    }

    /// Like [`Self::required_text`], for PATCH.
    pub fn changed_text(&mut self, name: &str, max_chars: usize) -> Option<Option<String>> {
        self.changed(name, |reader, value| {
            reader.text(name, value, max_chars, Lines::One)
        })
    }

    /// Text that may hold line feeds and tabs, otherwise like [`Self::required_text`].
    pub fn required_lines(&mut self, name: &str, max_chars: usize) -> Option<String> {
        let value = self.required(name)?;
        self.text(name, value, max_chars, Lines::Many)
    }

    /// Like [`Self::required_lines`], where the member may be absent or null.
    pub fn optional_lines(&mut self, name: &str, max_chars: usize) -> Option<String> {
        let value = self.optional(name)?;
        self.text(name, value, max_chars, Lines::Many)
    }

    /// Like [`Self::required_lines`], for PATCH.
    pub fn changed_lines(&mut self, name: &str, max_chars: usize) -> Option<Option<String>> {
        self.changed(name, |reader, value| {
            reader.text(name, value, max_chars, Lines::Many)
        })
    }

    /// An integer. Reports `missing`, `type`, `range`.
    pub fn required_integer(&mut self, name: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let value = self.required(name)?;
        self.integer(name, value, range)
    }

    /// Like [`Self::required_integer`], where the member may be absent or null.
    pub fn optional_integer(&mut self, name: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let value = self.optional(name)?;
        self.integer(name, value, range)
    }

    /// `true` or `false`; may be absent or null. Reports `type`.
    pub fn optional_bool(&mut self, name: &str) -> Option<bool> {
        let value = self.optional(name)?;
        self.boolean(name, value)
    }

    /// Like [`Self::optional_bool`], for PATCH.
    pub fn changed_bool(&mut self, name: &str) -> Option<Option<bool>> {
        self.changed(name, |reader, value| reader.boolean(name, value))
    }

    /// A text that `choose` knows; `expected` names what it knows, for the message. Reports `missing`, `type`,
    /// `choice`.
    pub fn required_choice<T>(
        &mut self,
        name: &str,
        choose: impl Fn(&str) -> Option<T>,
        expected: &str,
    ) -> Option<T> {
        let value = self.required(name)?;
        self.choice(name, value, choose, expected)
    }

    /// Like [`Self::required_choice`], where the member may be absent or null.
    pub fn optional_choice<T>(
        &mut self,
        name: &str,
        choose: impl Fn(&str) -> Option<T>,
        expected: &str,
    ) -> Option<T> {
        let value = self.optional(name)?;
        self.choice(name, value, choose, expected)
    }

    /// Like [`Self::required_choice`], for PATCH.
    pub fn changed_choice<T>(
        &mut self,
        name: &str,
        choose: impl Fn(&str) -> Option<T>,
        expected: &str,
    ) -> Option<Option<T>> {
        self.changed(name, |reader, value| {
            reader.choice(name, value, choose, expected)
        })
    }

    /// A date, `YYYY-MM-DD` exactly. Reports `missing`, `type`, `date`.
    pub fn required_date(&mut self, name: &str) -> Option<Date> {
        let value = self.required(name)?;
        self.date(name, value)
    }

    /// Like [`Self::required_date`], where the member may be absent or null.
    pub fn optional_date(&mut self, name: &str) -> Option<Date> {
        let value = self.optional(name)?;
        self.date(name, value)
    }

    /// Like [`Self::required_date`], for PATCH.
    pub fn changed_date(&mut self, name: &str) -> Option<Option<Date>> {
        self.changed(name, |reader, value| reader.date(name, value))
    }

    /// A point in time, `YYYY-MM-DDTHH:MM:SSZ` with or without milliseconds (RFC 3339, UTC). Reports `missing`,
    /// `type`, `time`.
    pub fn required_time(&mut self, name: &str) -> Option<Timestamp> {
        let value = self.required(name)?;
        self.time(name, value)
    }

    /// Like [`Self::required_time`], where the member may be absent or null.
    pub fn optional_time(&mut self, name: &str) -> Option<Timestamp> {
        let value = self.optional(name)?;
        self.time(name, value)
    }

    /// A SHA-256 digest, 64 lower-case hex digits. Reports `missing`, `type`, `choice`.
    pub fn required_digest(&mut self, name: &str) -> Option<Digest> {
        self.required_choice(name, |text| text.parse().ok(), DIGEST)
    }

    /// Like [`Self::required_digest`], where the member may be absent or null.
    pub fn optional_digest(&mut self, name: &str) -> Option<Digest> {
        self.optional_choice(name, |text| text.parse().ok(), DIGEST)
    }

    /// An array of different SHA-256 digests; empty where the member is absent or null. Reports `type`, `too_many`, and at
    /// its index `choice` and `twice`.
    pub fn digests(&mut self, name: &str, max_items: usize) -> Vec<Digest> {
        let texts = self.texts(name, max_items, DIGEST_CHARS);
        let mut digests = Vec::new();
        for (index, text) in texts.unwrap_or_default().iter().enumerate() {
            let pointer = || format!("{}/{index}", self.pointer_to(name));
            match text.parse::<Digest>() {
                Ok(digest) if !digests.contains(&digest) => digests.push(digest),
                Ok(_) => {
                    let detail = "it stands in the list before";
                    self.violations
                        .push(Violation::new(pointer(), "twice", detail));
                }
                Err(_) => {
                    let detail = format!("must be {DIGEST}");
                    self.violations
                        .push(Violation::new(pointer(), "choice", detail));
                }
            }
        }
        digests
    }

    /// An array of single lines; `None` where the member is absent or null, which is no violation. Reports `type`,
    /// `too_many` and what [`Self::required_text`] reports, each at its index.
    pub fn texts(&mut self, name: &str, max_items: usize, max_chars: usize) -> Option<Vec<String>> {
        let value = self.optional(name)?;
        self.list(name, value, max_items, max_chars)
    }

    /// Like [`Self::texts`], where the member must be there. Reports `missing` besides.
    pub fn required_texts(
        &mut self,
        name: &str,
        max_items: usize,
        max_chars: usize,
    ) -> Option<Vec<String>> {
        let value = self.required(name)?;
        self.list(name, value, max_items, max_chars)
    }

    fn list(
        &mut self,
        name: &str,
        value: &Value<'_>,
        max_items: usize,
        max_chars: usize,
    ) -> Option<Vec<String>> {
        let Value::Array(items) = value else {
            return self.wrong_type(name, "an array", value);
        };
        if items.len() > max_items {
            self.report(name, "too_many", format!("holds more than {max_items}"));
            return None;
        }
        let pointer = self.pointer_to(name);
        let mut texts = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match line_text(item, max_chars, Lines::One) {
                Ok(text) => texts.push(text),
                Err((code, detail)) => {
                    let violation = Violation::new(format!("{pointer}/{index}"), code, detail);
                    self.violations.push(violation);
                }
            }
        }
        (texts.len() == items.len()).then_some(texts)
    }

    /// The members of an object whose names are data, each with a reader of the object that it must be; none where the
    /// member is absent. What those readers find is handed back with [`Self::absorb`]. Reports `missing` and `type`.
    pub fn objects(&mut self, name: &str) -> Vec<(&'v str, Self)> {
        let pointer = self.pointer_to(name);
        match self.required(name) {
            Some(Value::Object(members)) => {
                let readers = members.iter().map(|(member, value)| {
                    let place = format!("{pointer}/{}", escape_pointer_token(member));
                    (&**member, Self::at(value, place))
                });
                readers.collect()
            }
            Some(other) => {
                self.report(name, "type", expected_found("an object", other));
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// Reports a violation at the member `token`, or at the object itself where it is `""`.
    pub fn report(&mut self, token: &str, code: &'static str, detail: impl Into<String>) {
        let pointer = match token {
            "" => self.pointer.clone(),
            name => self.pointer_to(name),
        };
        self.violations.push(Violation::new(pointer, code, detail));
    }

    /// Takes over the violations of a nested reader.
    pub fn absorb(&mut self, nested: Vec<Violation>) {
        self.violations.extend(nested);
    }

    /// The JSON pointer to a member of this object.
    pub fn pointer_to(&self, name: &str) -> String {
        format!("{}/{}", self.pointer, escape_pointer_token(name))
    }

    /// All violations, with `unknown_member` for each member that was never taken.
    pub fn finish(mut self) -> Vec<Violation> {
        for (name, _) in self.members.take().unwrap_or_default() {
            let pointer = self.pointer_to(name);
            let detail = "there is no such member";
            self.violations
                .push(Violation::new(pointer, "unknown_member", detail));
        }
        self.violations
    }

    /// Takes a member of any kind, null included. Reports `missing`.
    pub(crate) fn required(&mut self, name: &str) -> Option<&'v Value<'v>> {
        let found = self.take(name);
        if found.is_none() && self.members.is_some() {
            self.report(name, "missing", "this member is required");
        }
        found
    }

    /// Takes a member of any kind; `None` where it is absent or null.
    pub(crate) fn optional(&mut self, name: &str) -> Option<&'v Value<'v>> {
        self.take(name).filter(|value| **value != Value::Null)
    }

    #[allow(
        clippy::option_option,
        reason = "PATCH tells absent from null, as the public methods say"
    )]
    fn changed<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Self, &'v Value<'v>) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.take(name)? {
            Value::Null => Some(None),
            value => read(self, value).map(Some),
        }
    }

    fn text(
        &mut self,
        name: &str,
        value: &Value<'_>,
        max_chars: usize,
        lines: Lines,
    ) -> Option<String> {
        line_text(value, max_chars, lines)
            .map_err(|(code, detail)| self.report(name, code, detail))
            .ok()
    }

    fn integer(
        &mut self,
        name: &str,
        value: &Value<'_>,
        range: RangeInclusive<i64>,
    ) -> Option<i64> {
        let Value::Integer(integer) = value else {
            return self.wrong_type(name, "an integer", value);
        };
        if !range.contains(integer) {
            let (least, most) = range.into_inner();
            self.report(name, "range", format!("must be from {least} to {most}"));
            return None;
        }
        Some(*integer)
    }

    fn boolean(&mut self, name: &str, value: &Value<'_>) -> Option<bool> {
        match value {
            Value::Bool(boolean) => Some(*boolean),
            other => self.wrong_type(name, "a boolean", other),
        }
    }

    fn choice<T>(
        &mut self,
        name: &str,
        value: &Value<'_>,
        choose: impl Fn(&str) -> Option<T>,
        expected: &str,
    ) -> Option<T> {
        let Value::Text(text) = value else {
            return self.wrong_type(name, "a string", value);
        };
        let chosen = choose(text);
        if chosen.is_none() {
            self.report(name, "choice", format!("must be {expected}"));
        }
        chosen
    }

    fn date(&mut self, name: &str, value: &Value<'_>) -> Option<Date> {
        let Value::Text(text) = value else {
            return self.wrong_type(name, "a string", value);
        };
        let date = calendar_date(text);
        if date.is_none() {
            self.report(name, "date", "must be a date, YYYY-MM-DD");
        }
        date
    }

    fn time(&mut self, name: &str, value: &Value<'_>) -> Option<Timestamp> {
        let Value::Text(text) = value else {
            return self.wrong_type(name, "a string", value);
        };
        let time = point_in_time(text);
        if time.is_none() {
            let detail = "must be a time in UTC, YYYY-MM-DDTHH:MM:SS.mmmZ";
            self.report(name, "time", detail);
        }
        time
    }

    fn wrong_type<T>(&mut self, name: &str, expected: &str, found: &Value<'_>) -> Option<T> {
        self.report(name, "type", expected_found(expected, found));
        None
    }
}

#[cfg(test)]
mod tests;
