//! What a text, a date and a time may look like, wherever they stand.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::strict_json::Value;

/// Whether a text may hold line feeds and tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    One,
    Many,
}

/// A text that follows the rules, or the code and the detail of its violation.
pub(super) fn line_text(
    value: &Value<'_>,
    max_chars: usize,
    lines: Lines,
) -> Result<String, (&'static str, String)> {
    let Value::Text(text) = value else {
        return Err(("type", expected_found("a string", value)));
    };
    check_text(text, max_chars, lines)?;
    Ok(text.clone().into_owned())
}

/// Whether a text follows the rules; the code and the detail of its violation if not.
pub(super) fn check_text(
    text: &str,
    max_chars: usize,
    lines: Lines,
) -> Result<(), (&'static str, String)> {
    if text.trim().is_empty() {
        return Err(("empty", String::from("must not be empty")));
    }
    // No character is shorter than a byte, so that most texts need no counting.
    if text.len() > max_chars && text.chars().count() > max_chars {
        return Err(("too_long", format!("is longer than {max_chars} characters")));
    }
    for character in text.chars() {
        if is_bidi_control(character) {
            let detail = format!(
                "holds {}, which changes the order of text",
                shown(character)
            );
            return Err(("bidi", detail));
        }
        let allowed = lines == Lines::Many && matches!(character, '\n' | '\t');
        if character.is_control() && !allowed {
            let detail = format!("holds the control character {}", shown(character));
            return Err(("control", detail));
        }
    }
    Ok(())
}

/// Unicode's `Bidi_Control` characters (UAX #9): they can make signed text appear as another text.
fn is_bidi_control(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

fn shown(character: char) -> String {
    format!("U+{:04X}", u32::from(character))
}

/// jiff alone would also read `20261101` and years of six digits.
pub(super) fn calendar_date(text: &str) -> Option<Date> {
    if !has_shape(text, "9999-99-99") {
        return None;
    }
    text.parse().ok()
}

/// jiff alone would also read offsets, ISO week dates and a second 60, which it moves.
pub(super) fn point_in_time(text: &str) -> Option<Timestamp> {
    let known = ["9999-99-99T99:99:99.999Z", "9999-99-99T99:99:99Z"];
    if !known.into_iter().any(|shape| has_shape(text, shape)) || text.contains(":60") {
        return None;
    }
    text.parse().ok()
}

/// Whether `text` is `shape` with any digits for its nines.
fn has_shape(text: &str, shape: &str) -> bool {
    let digits_as_nines = text.bytes().map(|byte| match byte {
        b'0'..=b'9' => b'9',
        other => other,
    });
    digits_as_nines.eq(shape.bytes())
}

/// What a value should have been and what it is, for messages.
pub(super) fn expected_found(expected: &str, found: &Value<'_>) -> String {
    format!("must be {expected}, not {}", found.kind())
}
