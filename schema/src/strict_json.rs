//! A JSON parser that accepts one meaning only: what two readers could understand differently is refused.
//!
//! Beyond RFC 8259 it refuses duplicate members, floats and exponents, `-0`, integers outside ±(2^53−1), lone
//! surrogates, U+0000, nesting over 32 and a byte order mark. Text without escapes is borrowed from the input.
//! What the members mean is read by [`crate::reader`].

mod value;

use std::borrow::Cow;
use std::collections::HashSet;

use crate::violation::{Violation, escape_pointer_token};

pub use value::Value;

/// How deep arrays and objects may nest.
pub const MAX_DEPTH: usize = 32;

/// The largest magnitude of an integer: 2^53−1, beyond which JavaScript rounds (RFC 7493, section 2.2).
pub const MAX_INTEGER: i64 = (1 << 53) - 1;

/// Up to this many members a name is compared with each earlier one, which beats an index.
const FEW_MEMBERS: usize = 12;

/// Why bytes are not strict JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail} ({code}, at byte {offset}, in \"{pointer}\")")]
pub struct SyntaxError {
    /// JSON pointer (RFC 6901) to the innermost value that was being read.
    pub pointer: String,
    /// Where in the input, in bytes from its start.
    pub offset: usize,
    /// `not_utf8`, `syntax`, `duplicate_member`, `float`, `integer_range`, `lone_surrogate`, `nul`, `too_deep` or
    /// `trailing`. A byte order mark is `syntax`; `-0` is `float`, since no integer is negative zero.
    pub code: &'static str,
    /// A sentence for the person who mends the document.
    pub detail: String,
}

impl From<SyntaxError> for Violation {
    fn from(error: SyntaxError) -> Self {
        let detail = format!("{}, at byte {}", error.detail, error.offset);
        Self::new(error.pointer, error.code, detail)
    }
}

impl SyntaxError {
    fn new(offset: usize, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            pointer: String::new(),
            offset,
            code,
            detail: detail.into(),
        }
    }

    /// The same error seen from the container of the value: pointers grow only when there is an error to show.
    fn within(mut self, token: &str) -> Self {
        self.pointer
            .insert_str(0, &format!("/{}", escape_pointer_token(token)));
        self
    }
}

/// Parses one JSON value that fills `bytes`, apart from white space around it.
pub fn parse(bytes: &[u8]) -> Result<Value<'_>, SyntaxError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| SyntaxError::new(error.valid_up_to(), "not_utf8", "not UTF-8"))?;
    if text.starts_with('\u{feff}') {
        return Err(SyntaxError::new(
            0,
            "syntax",
            "begins with a byte order mark",
        ));
    }
    let mut parser = Parser {
        text,
        position: 0,
        depth: 0,
    };
    let value = parser.value()?;
    parser.skip_white_space();
    match parser.peek() {
        None => Ok(value),
        Some(_) => Err(parser.error("trailing", "something follows the JSON value")),
    }
}

struct Parser<'a> {
    text: &'a str,
    position: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn value(&mut self) -> Result<Value<'a>, SyntaxError> {
        self.skip_white_space();
        match self.peek() {
            Some(b'"') => self.string().map(Value::Text),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'-' | b'0'..=b'9') => self.integer(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            _ => Err(self.unexpected("a value")),
        }
    }

    fn nested(
        &mut self,
        container: fn(&mut Self) -> Result<Value<'a>, SyntaxError>,
    ) -> Result<Value<'a>, SyntaxError> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(
                "too_deep",
                format!("nests more than {MAX_DEPTH} arrays and objects"),
            ));
        }
        self.depth += 1;
        self.position += 1;
        let value = container(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn object(&mut self) -> Result<Value<'a>, SyntaxError> {
        let mut members: Vec<(Cow<'a, str>, Value<'a>)> = Vec::new();
        let mut index = HashSet::new();
        self.skip_white_space();
        if self.eat(b'}') {
            return Ok(Value::Object(members));
        }
        loop {
            self.skip_white_space();
            let offset = self.position;
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("a member name in double quotes"));
            }
            let name = self.string()?;
            if is_taken(&name, &members, &mut index) {
                return Err(SyntaxError::new(
                    offset,
                    "duplicate_member",
                    format!("the member \"{name}\" is given twice"),
                )
                .within(&name));
            }
            self.skip_white_space();
            if !self.eat(b':') {
                return Err(self.unexpected("a colon").within(&name));
            }
            let value = self.value().map_err(|error| error.within(&name))?;
            members.push((name, value));
            self.skip_white_space();
            if self.eat(b'}') {
                return Ok(Value::Object(members));
            }
            if !self.eat(b',') {
                return Err(self.unexpected("a comma or a closing brace"));
            }
        }
    }

    fn array(&mut self) -> Result<Value<'a>, SyntaxError> {
        let mut values = Vec::new();
        self.skip_white_space();
        if self.eat(b']') {
            return Ok(Value::Array(values));
        }
        loop {
            let value = self
                .value()
                .map_err(|error| error.within(&values.len().to_string()))?;
            values.push(value);
            self.skip_white_space();
            if self.eat(b']') {
                return Ok(Value::Array(values));
            }
            if !self.eat(b',') {
                return Err(self.unexpected("a comma or a closing bracket"));
            }
        }
    }

    fn integer(&mut self) -> Result<Value<'a>, SyntaxError> {
        let start = self.position;
        let negative = self.eat(b'-');
        let rest = self.rest();
        let digits = rest
            .split_once(|character: char| !character.is_ascii_digit())
            .map_or(rest, |(digits, _)| digits);
        self.position += digits.len();
        if digits.is_empty() {
            return Err(self.unexpected("a digit"));
        }
        if digits.len() > 1 && digits.starts_with('0') {
            return Err(SyntaxError::new(
                start,
                "syntax",
                "a number with leading zeros",
            ));
        }
        if matches!(self.peek(), Some(b'.' | b'e' | b'E')) {
            let detail = "a number with a fraction or an exponent; only integers are allowed";
            return Err(SyntaxError::new(start, "float", detail));
        }
        match digits.parse::<i64>() {
            Ok(0) if negative => {
                let detail = "negative zero, which no integer is";
                Err(SyntaxError::new(start, "float", detail))
            }
            Ok(magnitude) if magnitude <= MAX_INTEGER => Ok(Value::Integer(if negative {
                -magnitude
            } else {
                magnitude
            })),
            _ => Err(SyntaxError::new(
                start,
                "integer_range",
                "an integer beyond 9007199254740991 (2^53-1)",
            )),
        }
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, SyntaxError> {
        if self.rest().starts_with(word) {
            self.position += word.len();
            Ok(value)
        } else {
            Err(self.unexpected("a value"))
        }
    }

    /// A string whose opening quote is next.
    fn string(&mut self) -> Result<Cow<'a, str>, SyntaxError> {
        self.position += 1;
        let plain = self.plain_text();
        if self.eat(b'"') {
            return Ok(Cow::Borrowed(plain));
        }
        let mut unescaped = String::from(plain);
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.position += 1;
                    return Ok(Cow::Owned(unescaped));
                }
                Some(b'\\') => unescaped.push(self.escape()?),
                Some(0) => return Err(self.unexpected("text")),
                Some(_) => {
                    let detail = "a control character in a string must be escaped";
                    return Err(self.error("syntax", detail));
                }
                None => return Err(self.unexpected("a closing quote")),
            }
            unescaped.push_str(self.plain_text());
        }
    }

    /// What stands for itself in a string: up to a quote, a backslash, a control character or the end.
    fn plain_text(&mut self) -> &'a str {
        let rest = self.rest();
        let end = plain_length(rest.as_bytes());
        self.position += end;
        rest.get(..end).unwrap_or_default()
    }

    /// One escape, or the two that make a surrogate pair.
    fn escape(&mut self) -> Result<char, SyntaxError> {
        let start = self.position;
        self.position += 1;
        let escaped = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(start),
            _ => return Err(SyntaxError::new(start, "syntax", "not an escape of JSON")),
        };
        self.position += 1;
        Ok(escaped)
    }

    fn unicode_escape(&mut self, start: usize) -> Result<char, SyntaxError> {
        let lone = || SyntaxError::new(start, "lone_surrogate", "half of a surrogate pair");
        let code = match self.four_hex_digits(start)? {
            0 => {
                return Err(SyntaxError::new(start, "nul", "U+0000 is not allowed"));
            }
            high @ 0xd800..=0xdbff => {
                if !self.rest().starts_with("\\u") {
                    return Err(lone());
                }
                self.position += 1;
                let low = self.four_hex_digits(start)?;
                if !(0xdc00..=0xdfff).contains(&low) {
                    return Err(lone());
                }
                0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)
            }
            code => code,
        };
        char::from_u32(code).ok_or_else(lone)
    }

    /// The code unit after `u`, which is next.
    fn four_hex_digits(&mut self, start: usize) -> Result<u32, SyntaxError> {
        let digits = self.position + 1..self.position + 5;
        let unit = self
            .text
            .get(digits)
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .ok_or_else(|| SyntaxError::new(start, "syntax", "\\u takes four hex digits"))?;
        self.position += 5;
        Ok(unit)
    }

    fn skip_white_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.position += 1;
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.position += usize::from(found);
        found
    }

    fn error(&self, code: &'static str, detail: impl Into<String>) -> SyntaxError {
        SyntaxError::new(self.position, code, detail)
    }

    fn unexpected(&self, expected: &str) -> SyntaxError {
        match self.rest().chars().next() {
            Some('\0') => self.error("nul", "U+0000 is not allowed"),
            Some(found) => self.error("syntax", format!("expected {expected}, found {found:?}")),
            None => self.error("syntax", format!("expected {expected}, found the end")),
        }
    }
}

/// How many bytes from the start are neither a quote nor a backslash nor a control character, eight at a time: in
/// each byte of a word the high bit tells. A borrow can only falsify bytes after the first that is found.
fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH_BITS: u64 = ONES << 7;
    let (words, rest) = bytes.as_chunks();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word;
        let equal = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
        let special = (equal(b'"') | equal(b'\\') | below(word, b' ')) & HIGH_BITS;
        if special != 0 {
            return index * 8 + special.trailing_zeros() as usize / 8;
        }
    }
    let plain = |&byte: &u8| byte != b'"' && byte != b'\\' && byte >= b' ';
    bytes.len() - rest.len() + rest.iter().take_while(|byte| plain(byte)).count()
}

/// Whether one of `members` has this name. Many members are indexed: comparing each with each would make a megabyte
/// of them a means to stop the service.
fn is_taken<'a>(
    name: &str,
    members: &[(Cow<'a, str>, Value<'a>)],
    index: &mut HashSet<Cow<'a, str>>,
) -> bool {
    if members.len() < FEW_MEMBERS {
        return members.iter().any(|(earlier, _)| earlier == name);
    }
    let not_yet_indexed = members.iter().skip(index.len());
    index.extend(not_yet_indexed.map(|(earlier, _)| earlier.clone()));
    index.contains(name)
}

#[cfg(test)]
mod tests;
