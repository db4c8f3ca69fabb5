//! A letter in words: the subject, a part in plain text and the same in HTML.
//!
//! Each kind of letter is one template: its first line is the subject, the rest the text. Both parts are laid out from
//! it, so that they cannot say different things; a line that is an address becomes a link.

use askama::Template;
use jiff::civil::Date;
use kaiji_schema::era;
use kaiji_schema::letter::{
    Digest, Invitation, Letter, News, ProductTransferred, QuestionsAnswered, QuestionsAsked,
    RegistrationDecided, RequestAsked, RequestNews, RequestReminder, RequestTurn,
    RequirementSetNews, ReviewsDue, StatementNews, TransferOffered,
};

use super::Parcel;

/// A letter in words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

/// Puts a letter into words.
pub(super) fn words(parcel: &Parcel, service: &str) -> askama::Result<Words> {
    let (subject, body) = prose(&parcel.letter, parcel.link.as_deref())?;
    let (name, unsubscribe) = (parcel.name.as_deref(), parcel.unsubscribe.as_deref());
    let checkpoint = parcel.checkpoint.as_deref();
    let text = PlainLayout {
        name,
        body: &body,
        service,
        unsubscribe,
        checkpoint,
    };
    let html = HtmlLayout {
        name,
        subject: &subject,
        paragraphs: paragraphs(&body),
        service,
        unsubscribe,
        checkpoint,
    };
    Ok(Words {
        text: text.render()?,
        html: html.render()?,
        subject,
    })
}

/// The subject and the body of a letter, with the link in it where it has one.
fn prose(letter: &Letter, link: Option<&str>) -> askama::Result<(String, String)> {
    let written = match letter {
        Letter::Invitation(letter) => InvitationWords { letter, link }.render(),
        Letter::PasswordReset => PasswordResetWords { link }.render(),
        Letter::StatementNews(letter) => StatementNewsWords { letter }.render(),
        Letter::RequirementSetNews(letter) => RequirementSetNewsWords { letter }.render(),
        Letter::RequestReminder(letter) => RequestReminderWords { letter, link }.render(),
        Letter::RequestByLink(letter) | Letter::RequestOpened(letter) => {
            RequestAskedWords { letter, link }.render()
        }
        Letter::RegistrationDecided(letter) => RegistrationDecidedWords { letter }.render(),
        Letter::RequestNews(letter) => RequestNewsWords { letter }.render(),
        Letter::ProductTransferred(letter) => ProductTransferredWords { letter }.render(),
        Letter::TransferOffered(letter) => TransferOfferedWords { letter }.render(),
        Letter::ReviewsDue(letter) => reviews_due_words(letter).render(),
        Letter::QuestionsAsked(letter) => QuestionsAskedWords { letter }.render(),
        Letter::QuestionsAnswered(letter) => QuestionsAnsweredWords { letter }.render(),
        Letter::Digest(digest) => digest_words(digest)?.render(),
    }?;
    let (subject, body) = written.split_once('\n').unwrap_or((&written, ""));
    Ok((one_line(subject), body.trim().to_owned()))
}

fn digest_words(digest: &Digest) -> askama::Result<DigestWords<'_>> {
    let subjects = digest.letters.iter().map(|letter| prose(letter, None));
    let subjects: Vec<_> = subjects
        .map(|words| words.map(|(subject, _)| subject))
        .collect::<askama::Result<_>>()?;
    let told = u64::try_from(subjects.len()).unwrap_or(u64::MAX);
    Ok(DigestWords {
        digest,
        more: digest.count.saturating_sub(told),
        subjects,
    })
}

fn reviews_due_words(letter: &ReviewsDue) -> ReviewsDueWords<'_> {
    let told = u64::try_from(letter.reviews.len()).unwrap_or(u64::MAX);
    ReviewsDueWords {
        letter,
        more: letter.count.saturating_sub(told),
    }
}

/// A day as letters write it, for the templates.
#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "templates hand everything over by reference"
)]
fn in_words(day: &Date) -> String {
    era::both(*day)
}

/// A header is one line, and what people wrote into the names in it may not be.
pub(super) fn one_line(text: &str) -> String {
    let spaced = text.replace(char::is_control, " ");
    spaced.trim().to_owned()
}

struct Line<'a> {
    text: &'a str,
    is_link: bool,
}

/// Lines by paragraph.
fn paragraphs(body: &str) -> Vec<Vec<Line<'_>>> {
    let lines = body.split("\n\n").map(str::lines);
    lines.map(|lines| lines.map(line).collect()).collect()
}

fn line(text: &str) -> Line<'_> {
    Line {
        text,
        is_link: text.starts_with("https://") || text.starts_with("http://"),
    }
}

#[derive(Template)]
#[template(path = "letters/statement_news.txt")]
struct StatementNewsWords<'a> {
    letter: &'a StatementNews,
}

#[derive(Template)]
#[template(path = "letters/requirement_set_news.txt")]
struct RequirementSetNewsWords<'a> {
    letter: &'a RequirementSetNews,
}

#[derive(Template)]
#[template(path = "letters/request_reminder.txt")]
struct RequestReminderWords<'a> {
    letter: &'a RequestReminder,
    link: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "letters/request_asked.txt")]
struct RequestAskedWords<'a> {
    letter: &'a RequestAsked,
    link: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "letters/registration_decided.txt")]
struct RegistrationDecidedWords<'a> {
    letter: &'a RegistrationDecided,
}

#[derive(Template)]
#[template(path = "letters/request_news.txt")]
struct RequestNewsWords<'a> {
    letter: &'a RequestNews,
}

#[derive(Template)]
#[template(path = "letters/product_transferred.txt")]
struct ProductTransferredWords<'a> {
    letter: &'a ProductTransferred,
}

#[derive(Template)]
#[template(path = "letters/transfer_offered.txt")]
struct TransferOfferedWords<'a> {
    letter: &'a TransferOffered,
}

#[derive(Template)]
#[template(path = "letters/reviews_due.txt")]
struct ReviewsDueWords<'a> {
    letter: &'a ReviewsDue,
    more: u64,
}

#[derive(Template)]
#[template(path = "letters/questions_asked.txt")]
struct QuestionsAskedWords<'a> {
    letter: &'a QuestionsAsked,
}

#[derive(Template)]
#[template(path = "letters/questions_answered.txt")]
struct QuestionsAnsweredWords<'a> {
    letter: &'a QuestionsAnswered,
}

#[derive(Template)]
#[template(path = "letters/invitation.txt")]
struct InvitationWords<'a> {
    letter: &'a Invitation,
    link: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "letters/password_reset.txt")]
struct PasswordResetWords<'a> {
    link: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "letters/digest.txt")]
struct DigestWords<'a> {
    digest: &'a Digest,
    subjects: Vec<String>,
    more: u64,
}

#[derive(Template)]
#[template(path = "letters/layout.txt")]
struct PlainLayout<'a> {
    name: Option<&'a str>,
    body: &'a str,
    service: &'a str,
    unsubscribe: Option<&'a str>,
    checkpoint: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "letters/layout.html")]
struct HtmlLayout<'a> {
    name: Option<&'a str>,
    subject: &'a str,
    paragraphs: Vec<Vec<Line<'a>>>,
    service: &'a str,
    unsubscribe: Option<&'a str>,
    checkpoint: Option<&'a str>,
}
