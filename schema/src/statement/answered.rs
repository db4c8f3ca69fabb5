//! What a comparison looks at, whoever answered: the form, its edition and the replies. A signed statement has it, and
//! an attested one.

use super::{Attested, DirectReplies, Replies, Reply, Statement};
use crate::form::{FormKind, QuestionNumber};

/// The replies of a statement, signed or attested.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    /// The form that was answered.
    pub form: FormKind,
    /// Its edition.
    pub form_edition: &'a str,
    /// The replies by question number.
    pub answers: &'a Replies<QuestionNumber>,
    /// The direct answers to requirement sets (別紙), each set once.
    pub annex: &'a [DirectReplies],
}

impl<'a> Answered<'a> {
    /// The reply to a question of the form.
    pub fn reply(&self, number: &QuestionNumber) -> Option<&'a Reply> {
        self.answers.get(number)
    }

    /// All direct replies to a requirement set; `None` where there are none.
    pub fn direct_replies(&self, set: &str) -> Option<&'a Replies<String>> {
        let direct = self.annex.iter().find(|direct| direct.set == set)?;
        Some(&direct.replies)
    }
}

impl<'a> From<&'a Statement> for Answered<'a> {
    fn from(statement: &'a Statement) -> Self {
        Self {
            form: statement.form,
            form_edition: &statement.form_edition,
            answers: &statement.answers,
            annex: &statement.annex,
        }
    }
}

impl<'a> From<&'a Attested> for Answered<'a> {
    fn from(attested: &'a Attested) -> Self {
        Self {
            form: attested.form,
            form_edition: &attested.form_edition,
            answers: &attested.answers,
            annex: &attested.annex,
        }
    }
}
