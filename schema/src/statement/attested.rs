//! Attested statements: an answer to a request that a person declares through a link, and nobody signs.
//!
//! The document is strict like a statement's payload and is kept byte for byte. It names the request that it answers,
//! which also makes its digest one that nobody can guess. What may be answered is what was asked ([`Questions`]):
//! anything beyond is refused. It shows neither issuer nor integrity, and wherever it is shown, that is said.

use jiff::civil::Date;

use super::read::{MAX_NAME_CHARS, MAX_VERSION_CHARS, read_form_edition, read_id};
use super::read_answers::{read_annex, read_answers};
use super::{DirectReplies, Replies};
use crate::form::{Form, FormKind, QuestionNumber, form};
use crate::mail_address::MailAddress;
use crate::reader::{self, FromMembers, ReadError, Reader};
use crate::requirement::RequirementSet;
use crate::violation::{Violation, Violations, escape_pointer_token};

/// The `schema` member of the document: the version of these rules.
pub const ATTESTED_SCHEMA: &str = "kaiji-attested/1";

/// What was asked, fixed when the letter went out.
#[derive(Debug, Clone)]
pub struct Questions {
    /// The requirement set (別紙), which also says which edition of the forms is meant.
    pub set: &'static RequirementSet,
    /// The forms of which one is asked for.
    pub forms: Vec<FormKind>,
}

/// The person who answers, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttestedBy {
    /// 会社名
    pub organisation: String,
    /// 部署
    pub department: Option<String>,
    /// 氏名
    pub name: String,
    /// Where the institution can ask back.
    pub email: MailAddress,
}

/// An answer that a person declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attested {
    /// The request that it answers, `req_…`.
    pub request: String,
    /// The form that was answered.
    pub form: FormKind,
    /// Its edition.
    pub form_edition: String,
    /// 製品・サービス名, as the person writes it.
    pub product_name: String,
    /// バージョン, as the person writes it.
    pub product_version: String,
    /// Who answers.
    pub attested_by: AttestedBy,
    /// The day of the declaration (回答日).
    pub attested_on: Date,
    /// The replies by question number, where the form was filled in.
    pub answers: Replies<QuestionNumber>,
    /// The replies to the items of the set that was asked for, where they were answered on the spot.
    pub annex: Vec<DirectReplies>,
}

impl Attested {
    /// Reads the document as the answer to the request of that id, which asked these questions.
    pub fn read(bytes: &[u8], request: &str, asked: &Questions) -> Result<Self, ReadError> {
        let attested: Self = reader::read(bytes)?;
        Violations::from_vec(attested.beyond(request, asked))?;
        Ok(attested)
    }

    /// Reads the document as it was kept.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReadError> {
        reader::read(bytes)
    }

    /// What it answers that was not asked, or not by this request; and that it answers nothing.
    fn beyond(&self, request: &str, asked: &Questions) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut report = |pointer: String, code, detail: String| {
            found.push(Violation::new(pointer, code, detail));
        };
        if self.request != request {
            let detail = format!("must be {request}, the request that the link is for");
            report(String::from("/request"), "other_request", detail);
        }
        if !asked.forms.contains(&self.form) {
            let forms: Vec<_> = asked.forms.iter().map(|form| form.as_str()).collect();
            let detail = format!("must be {}, as was asked for", forms.join(" or "));
            report(String::from("/form"), "wrong_form", detail);
        }
        if self.form_edition != asked.set.form_edition {
            let detail = format!("must be {}, the edition asked for", asked.set.form_edition);
            report(String::from("/form_edition"), "wrong_edition", detail);
        }
        if let Some(form) = asked.form_of(self.form) {
            let numbers = self.answers.iter().map(|(number, _)| number);
            for number in numbers.filter(|number| !form.numbers.contains(number)) {
                let detail = format!("{} does not ask this question", form.id);
                report(format!("/answers/{number}"), "not_asked", detail);
            }
        }
        for direct in self
            .annex
            .iter()
            .filter(|direct| direct.set != asked.set.id)
        {
            let detail = format!("must be {}, the set that was asked for", asked.set.id);
            let pointer = format!("/annex/{}", escape_pointer_token(&direct.set));
            report(pointer, "not_asked", detail);
        }
        if self.says_nothing() {
            let detail = "answer at least one question, in answers or in annex";
            report(String::new(), "no_answer", String::from(detail));
        }
        found
    }

    fn says_nothing(&self) -> bool {
        self.answers.is_empty() && self.annex.iter().all(|direct| direct.replies.is_empty())
    }
}

impl Questions {
    /// The edition of a form whose numbers the set names.
    pub fn form_of(&self, kind: FormKind) -> Option<&'static Form> {
        let kind = kind.as_str().to_lowercase();
        form(&format!("{kind}-{}", self.set.form_edition))
    }

    /// The forms of which one may be answered.
    pub fn forms(&self) -> impl Iterator<Item = &'static Form> {
        self.forms.iter().filter_map(|kind| self.form_of(*kind))
    }
}

impl FromMembers for Attested {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let is_schema = |name: &str| (name == ATTESTED_SCHEMA).then_some(());
        let schema = reader.required_choice("schema", is_schema, ATTESTED_SCHEMA);
        let request = read_id(reader, "request", "req_");
        let form = reader.required_choice("form", FormKind::from_name, "MDS or SDS");
        let form_edition = read_form_edition(reader);
        let product = read_product(reader);
        let attested_by = read_attested_by(reader);
        let attested_on = reader.required_date("attested_on");
        let answers = read_answers(reader);
        let annex = read_annex(reader, form);
        schema?;
        let (product_name, product_version) = product?;
        Some(Self {
            request: request?,
            form: form?,
            form_edition: form_edition?,
            product_name,
            product_version,
            attested_by: attested_by?,
            attested_on: attested_on?,
            answers,
            annex,
        })
    }
}

fn read_product(reader: &mut Reader<'_>) -> Option<(String, String)> {
    let value = reader.required("product")?;
    let mut members = Reader::at(value, reader.pointer_to("product"));
    let name = members.required_text("name", MAX_NAME_CHARS);
    let version = members.required_text("version", MAX_VERSION_CHARS);
    reader.absorb(members.finish());
    name.zip(version)
}

fn read_attested_by(reader: &mut Reader<'_>) -> Option<AttestedBy> {
    let value = reader.required("attested_by")?;
    let mut members = Reader::at(value, reader.pointer_to("attested_by"));
    let organisation = members.required_text("organisation", MAX_NAME_CHARS);
    let department = members.optional_text("department", MAX_NAME_CHARS);
    let name = members.required_text("name", MAX_NAME_CHARS);
    let email = members.required_mail_address("email");
    reader.absorb(members.finish());
    Some(AttestedBy {
        organisation: organisation?,
        department,
        name: name?,
        email: email?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::{Outcome, Reason, compare};
    use crate::requirement::{DEFAULT_SET, requirement_set};

    const DOCUMENT: &str = r#"{"schema": "kaiji-attested/1", "request": "req_sample", "form": "SDS",
        "form_edition": "5.0", "product": {"name": "見本クラウド電子カルテ", "version": "3.2"},
        "attested_by": {"organisation": "見本電子カルテ株式会社", "name": "見本 花子", "email": "hanako@example.jp"},
        "attested_on": "2026-11-21", "answers": {"17.1": {"answer": "no", "remark": "次期更改で対応予定"}},
        "annex": {"mhlw-7.0-annex": {"sds-18": {"answer": "yes"}}}}"#;

    fn asked(forms: &[FormKind]) -> Questions {
        let set = requirement_set(DEFAULT_SET).unwrap();
        let forms = forms.to_vec();
        Questions { set, forms }
    }

    /// The pointers and codes of what is wrong after `from` is replaced by `to`.
    fn violations(from: &str, to: &str) -> Vec<(String, &'static str)> {
        assert!(DOCUMENT.contains(from), "{from}");
        let bytes = DOCUMENT.replace(from, to).into_bytes();
        match Attested::read(&bytes, "req_sample", &asked(&FormKind::ALL)) {
            Ok(_) => Vec::new(),
            Err(error) => {
                let found = Violations::from(error).into_vec().into_iter();
                found.map(|found| (found.pointer, found.code)).collect()
            }
        }
    }

    fn one(pointer: &str, code: &'static str) -> [(String, &'static str); 1] {
        [(pointer.to_owned(), code)]
    }

    #[test]
    fn what_was_asked_may_be_answered_and_nothing_else() {
        assert_eq!(violations("SDS", "SDS"), []);
        assert_eq!(
            violations("\"17.1\"", "\"999\""),
            one("/answers/999", "not_asked")
        );
        assert_eq!(
            violations("\"5.0\"", "\"4.1\""),
            one("/form_edition", "wrong_edition")
        );
        assert_eq!(
            violations("req_sample", "req_other"),
            one("/request", "other_request")
        );
        assert_eq!(
            violations("\"mhlw-7.0-annex\"", "\"other-8.0\""),
            one("/annex/other-8.0", "not_asked")
        );
        assert_eq!(
            violations("\"sds-18\"", "\"mds-28\""),
            one("/annex/mhlw-7.0-annex/mds-28", "wrong_form")
        );
        assert_eq!(
            violations("\"sds-18\"", "\"sds-999\""),
            one("/annex/mhlw-7.0-annex/sds-999", "unknown_item")
        );
    }

    #[test]
    fn another_form_than_the_one_asked_for_is_refused() {
        let read = |form| Attested::read(DOCUMENT.as_bytes(), "req_sample", &asked(&[form]));
        assert!(read(FormKind::Sds).is_ok());
        let refused = Violations::from(read(FormKind::Mds).unwrap_err());
        assert_eq!(refused.as_slice()[0].pointer, "/form");
    }

    #[test]
    fn who_answers_must_be_said_and_so_must_something() {
        let name = r#""name": "見本 花子", "#;
        assert_eq!(violations(name, ""), one("/attested_by/name", "missing"));
        let reply = r#"{"17.1": {"answer": "no", "remark": "次期更改で対応予定"}}"#;
        assert_eq!(violations(reply, "{}"), []);
        let bytes = DOCUMENT.replace(reply, "{}");
        let bytes = bytes.replace(r#"{"sds-18": {"answer": "yes"}}"#, "{}");
        let refused =
            Attested::read(bytes.as_bytes(), "req_sample", &asked(&FormKind::ALL)).unwrap_err();
        assert_eq!(Violations::from(refused).as_slice()[0].code, "no_answer");
        assert_eq!(violations("\"attested_on\"", "\"signed_on\"").len(), 2);
    }

    #[test]
    fn it_is_compared_by_the_same_steps_as_a_statement() {
        let attested = Attested::parse(DOCUMENT.as_bytes()).unwrap();
        let comparison = compare(&attested, None, requirement_set(DEFAULT_SET).unwrap());
        let item = |id: &str| comparison.items.iter().find(|item| item.id == id).unwrap();
        assert_eq!(item("sds-18").outcome, Outcome::Conforming);
        assert_eq!(item("sds-17.1").reason, Some(Reason::Redefined));
        assert_eq!(item("sds-19").reason, Some(Reason::Unanswered));
        assert_eq!(comparison.summary.items, 58);
    }
}
