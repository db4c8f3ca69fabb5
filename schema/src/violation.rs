//! What is wrong with a document: a place, a code for programs and a sentence for people.
//!
//! Every parser of this crate answers with these, and with all of them at once, so that a vendor mends a statement
//! in one go. Which codes exist is the business of the module that reports them.

use std::borrow::Cow;
use std::fmt;

/// A rule that a document breaks, and where.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Violation {
    /// JSON pointer (RFC 6901) to the value at fault; `""` is the whole document.
    pub pointer: String,
    /// Stable `snake_case` name of the rule, for programs.
    pub code: &'static str,
    /// A sentence for the person who mends the document.
    pub detail: String,
}

impl Violation {
    /// A violation of the rule `code` at `pointer`.
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code,
            detail: detail.into(),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            pointer,
            code,
            detail,
        } = self;
        if pointer.is_empty() {
            write!(f, "{detail} ({code})")
        } else {
            write!(f, "{pointer}: {detail} ({code})")
        }
    }
}

/// One or more violations of the same document, in the order in which they were found.
///
/// At most [`Violations::MOST`] are kept, so that a hostile megabyte is not answered with ten.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// How many violations are listed before the rest is only counted.
    pub const MOST: usize = 1000;

    /// `Ok` where there is nothing to report.
    pub fn from_vec(mut found: Vec<Violation>) -> Result<(), Self> {
        if found.is_empty() {
            return Ok(());
        }
        if let Some(rest) = found.len().checked_sub(Self::MOST).filter(|&rest| rest > 0) {
            found.truncate(Self::MOST);
            found.push(Violation::new(
                "",
                "too_many_violations",
                format!("and {rest} more"),
            ));
        }
        Err(Self(found))
    }

    /// A single violation.
    pub fn one(violation: Violation) -> Self {
        Self(vec![violation])
    }

    /// The violations; never empty.
    pub fn as_slice(&self) -> &[Violation] {
        &self.0
    }

    /// The violations; never empty.
    pub fn into_vec(self) -> Vec<Violation> {
        self.0
    }
}

impl From<Violation> for Violations {
    fn from(violation: Violation) -> Self {
        Self::one(violation)
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{violation}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Violations {}

/// A member name as a token of a JSON pointer: `~` becomes `~0` and `/` becomes `~1` (RFC 6901, section 3).
pub fn escape_pointer_token(name: &str) -> Cow<'_, str> {
    if name.contains(['~', '/']) {
        Cow::Owned(name.replace('~', "~0").replace('/', "~1"))
    } else {
        Cow::Borrowed(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_token_escapes_the_tilde_before_the_slash() {
        assert_eq!(escape_pointer_token("a/b~1"), "a~1b~01");
        assert!(matches!(escape_pointer_token("17.1"), Cow::Borrowed(_)));
    }

    #[test]
    fn nothing_to_report_is_ok() {
        assert_eq!(Violations::from_vec(Vec::new()), Ok(()));
    }

    #[test]
    fn the_text_of_violations_is_one_line_each() {
        let both = vec![
            Violation::new("", "missing", "no form"),
            Violation::new("/revision", "type", "not an integer"),
        ];
        let error = Violations::from_vec(both).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no form (missing)\n/revision: not an integer (type)"
        );
    }

    #[test]
    fn violations_beyond_the_most_are_counted_and_not_listed() {
        let many = vec![Violation::new("/x", "unknown_member", "unknown"); Violations::MOST + 7];
        let listed = Violations::from_vec(many).unwrap_err().into_vec();
        assert_eq!(listed.len(), Violations::MOST + 1);
        assert_eq!(listed.last().unwrap().detail, "and 7 more");
    }
}
