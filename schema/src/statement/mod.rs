//! Statements (開示書): one signed revision of a product's answers to a form. Immutable. And what stands in for one where
//! nobody signs: an answer that a person attests (`attested`).
//!
//! A statement holds what its vendor wrote, also what nothing compares: numbers that no form lists, answers to
//! requirement sets that this build does not know. `read` has the rules that a payload must keep,
//! `changes` what differs between two revisions, [`crate::comparison`] what follows from one.

mod answered;
mod attested;
mod changes;
mod read;
mod read_answers;
mod read_attachments;
mod replies;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::form::{FormKind, QuestionNumber};

pub use answered::Answered;
pub use attested::{ATTESTED_SCHEMA, Attested, AttestedBy, Questions};
pub use changes::Change;
pub use read::{SCHEMA, VIOLATION_CODES};
pub use read_answers::MAX_REMARK_CHARS;
pub use read_attachments::{MAX_ATTACHMENT_BYTES, MAX_ATTACHMENTS};
pub use replies::Replies;

/// What a form lets a vendor answer to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// はい
    Yes,
    /// いいえ
    No,
    /// 対象外
    NotApplicable,
}

impl Answer {
    /// All three, in the order of the form.
    pub const ALL: [Self; 3] = [Self::Yes, Self::No, Self::NotApplicable];

    /// `yes`, `no` or `not_applicable`, as it is written in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::NotApplicable => "not_applicable",
        }
    }

    /// The answer of that name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|answer| answer.as_str() == name)
    }

    /// はい, いいえ or 対象外, as the form prints it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Yes => "はい",
            Self::No => "いいえ",
            Self::NotApplicable => "対象外",
        }
    }
}

/// An answer with its remark (備考); without an answer it is a blank that the vendor explains.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Reply {
    /// `None` is a blank.
    pub answer: Option<Answer>,
    /// At most [`MAX_REMARK_CHARS`] characters; may have several lines.
    pub remark: Option<String>,
}

/// The product or service that a statement is about, as the statement puts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatedProduct {
    /// `prd_…`: this decides which product is meant.
    pub id: String,
    /// Describes it.
    pub name: String,
    /// Describes it.
    pub version: String,
}

/// The direct answers to the items of one requirement set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectReplies {
    /// The id of the set, which this build may not know.
    pub set: String,
    /// The replies by the id of the item.
    pub replies: Replies<String>,
}

/// A file that belongs to a statement. It travels apart and is named by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attachment {
    /// A file name without a path.
    pub name: String,
    /// The media type that the vendor states: `type/subtype`.
    pub media_type: String,
    /// The size in bytes, at most [`MAX_ATTACHMENT_BYTES`].
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: Digest,
}

/// One revision of a product's answers (API.md, "Statement payload").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The form that was answered.
    pub form: FormKind,
    /// Its edition, such as `5.0` or `3.0a`; not necessarily one that this build knows.
    pub form_edition: String,
    /// The name of the chain of revisions, chosen by the vendor in revision 1.
    pub statement_id: String,
    /// From 1.
    pub revision: u32,
    /// The digest of the JWS of the revision before; `None` in revision 1 and there alone.
    pub supersedes: Option<Digest>,
    /// The vendor that answers for it, `ven_…`.
    pub issuer: String,
    /// What it is about.
    pub product: StatedProduct,
    /// The day that it was made (作成日).
    pub issued_on: Date,
    /// The replies by question number.
    pub answers: Replies<QuestionNumber>,
    /// The direct answers to requirement sets (別紙), each set once.
    pub annex: Vec<DirectReplies>,
    /// At most [`MAX_ATTACHMENTS`] files.
    pub attachments: Vec<Attachment>,
    /// The maker, where a dealer signs for it (製造業者).
    pub manufacturer: Option<String>,
    /// Who filled the form in.
    pub prepared_by: Option<String>,
    /// Whom to ask about it.
    pub contact: Option<String>,
}

impl Statement {
    /// The reply to a question of the form.
    pub fn reply(&self, number: &QuestionNumber) -> Option<&Reply> {
        Answered::from(self).reply(number)
    }

    /// The direct reply to an item of a requirement set.
    pub fn annex_reply(&self, set: &str, item: &str) -> Option<&Reply> {
        self.direct_replies(set)?.get(item)
    }

    /// All direct replies to a requirement set; `None` where the vendor gave none.
    pub fn direct_replies(&self, set: &str) -> Option<&Replies<String>> {
        Answered::from(self).direct_replies(set)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::jws::Document;

    /// A statement of edition 5.0 that answers nothing.
    pub(crate) fn sample(form: FormKind) -> Statement {
        let payload = format!(
            r#"{{"schema": "kaiji-statement/1", "form": "{form}", "form_edition": "5.0",
                "statement_id": "sample", "revision": 1, "issuer": "ven_sample",
                "product": {{"id": "prd_sample", "name": "見本", "version": "1"}},
                "issued_on": "2026-11-01", "answers": {{}}}}"#
        );
        Statement::parse(payload.as_bytes()).unwrap()
    }

    /// The pointers and codes of what is wrong with the sample's payload after `from` is replaced by `to`.
    fn violations(from: &str, to: &str) -> Vec<(String, &'static str)> {
        let payload = r#"{"schema": "kaiji-statement/1", "form": "SDS", "form_edition": "5.0",
            "statement_id": "sample", "revision": 1, "supersedes": null, "issuer": "ven_sample",
            "product": {"id": "prd_sample", "name": "見本", "version": "1"}, "issued_on": "2026-11-01",
            "answers": {"17": {"answer": "yes"}}, "annex": {}, "attachments": []}"#;
        assert!(payload.contains(from), "{from}");
        match Statement::parse(payload.replace(from, to).as_bytes()) {
            Ok(_) => Vec::new(),
            Err(found) => found
                .into_vec()
                .into_iter()
                .map(|violation| (violation.pointer, violation.code))
                .collect(),
        }
    }

    #[test]
    fn an_edition_that_nobody_knows_is_accepted_if_it_is_well_formed() {
        for edition in ["5.0", "3.0a", "4.10", "99.99z"] {
            assert_eq!(violations("5.0", edition), [], "{edition}");
        }
        for edition in [
            "5", "5.", ".5", "5.0A", "5.0ab", "第5.0", "5.0.1", "５.０", "005.0",
        ] {
            let found = violations("5.0", edition);
            assert_eq!(found, [("/form_edition".to_owned(), "format")], "{edition}");
        }
    }

    #[test]
    fn supersedes_is_null_in_revision_1_and_there_alone() {
        let digest = format!("\"{}\"", "0a".repeat(32));
        let pair = |revision: &str, supersedes: &str| {
            let to = format!("\"revision\": {revision}, \"supersedes\": {supersedes}");
            violations("\"revision\": 1, \"supersedes\": null", &to)
        };
        let at_supersedes = |code| [("/supersedes".to_owned(), code)];
        assert_eq!(pair("2", &digest), []);
        assert_eq!(pair("1", &digest), at_supersedes("supersedes_unexpected"));
        assert_eq!(pair("2", "null"), at_supersedes("type"));
        assert_eq!(pair("2", "\"0A\""), at_supersedes("choice"));
        assert_eq!(pair("0", "null"), [("/revision".to_owned(), "range")]);
        assert_eq!(
            pair("4294967296", &digest),
            [("/revision".to_owned(), "range")]
        );
    }

    #[test]
    fn a_number_that_no_form_lists_is_kept() {
        assert_eq!(violations("\"17\"", "\"999.1\""), []);
    }

    #[test]
    fn a_set_that_nobody_knows_is_kept_and_its_structure_checked() {
        let annex = r#"{"other-9.0": {"a-1": {"answer": "yes"}}}"#;
        assert_eq!(
            violations("\"annex\": {}", &format!("\"annex\": {annex}")),
            []
        );
        let annex = r#"{"other/9~0": {"a 1": {"answer": "maybe"}, "a-2": {}}, "x": 1}"#;
        let found = violations("\"annex\": {}", &format!("\"annex\": {annex}"));
        assert_eq!(
            found,
            [
                ("/annex/other~19~00".to_owned(), "format"),
                ("/annex/other~19~00/a 1/answer".to_owned(), "choice"),
                ("/annex/other~19~00/a 1".to_owned(), "format"),
                ("/annex/other~19~00/a-2".to_owned(), "empty_answer"),
                ("/annex/x".to_owned(), "type"),
            ]
        );
    }

    #[test]
    fn a_blank_is_a_question_left_out_or_a_remark_without_an_answer() {
        let only = |reply: &str| violations("{\"answer\": \"yes\"}", reply);
        assert_eq!(only(r#"{"remark": "確認中"}"#), []);
        assert_eq!(only(r#"{"answer": null, "remark": "確認中"}"#), []);
        for nothing in [
            "{}",
            r#"{"answer": null}"#,
            r#"{"answer": null, "remark": null}"#,
        ] {
            assert_eq!(only(nothing), [("/answers/17".to_owned(), "empty_answer")]);
        }
    }

    #[test]
    fn a_remark_may_have_lines_and_2000_characters() {
        let remark = |text: &str| {
            violations(
                "{\"answer\": \"yes\"}",
                &format!(r#"{{"remark": "{text}"}}"#),
            )
        };
        let at_remark = |code| [("/answers/17/remark".to_owned(), code)];
        assert_eq!(remark(r"一行目\n二行目\t続き"), []);
        assert_eq!(remark(&"字".repeat(MAX_REMARK_CHARS)), []);
        assert_eq!(
            remark(&"字".repeat(MAX_REMARK_CHARS + 1)),
            at_remark("too_long")
        );
        assert_eq!(remark(r"\u202e"), at_remark("bidi"));
        assert_eq!(remark(r"a\u0007"), at_remark("control"));
    }

    #[test]
    fn replies_are_found_by_number_and_by_item() {
        let mut statement = sample(FormKind::Sds);
        let reply = Reply {
            answer: Some(Answer::Yes),
            remark: None,
        };
        let numbers = ["4.10", "4.9", "4"].map(|number| (number.parse().unwrap(), reply.clone()));
        statement.answers = numbers.into_iter().collect();
        statement.annex = vec![DirectReplies {
            set: "set".to_owned(),
            replies: [("b".to_owned(), reply.clone())].into_iter().collect(),
        }];
        assert_eq!(statement.reply(&"4.9".parse().unwrap()), Some(&reply));
        assert_eq!(statement.reply(&"4.1".parse().unwrap()), None);
        assert_eq!(statement.annex_reply("set", "b"), Some(&reply));
        assert_eq!(statement.annex_reply("set", "a"), None);
        assert_eq!(statement.annex_reply("other", "b"), None);
    }
}
