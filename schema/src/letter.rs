//! What a letter says: kept in the outbox as JSON until it is sent, and put into words by the server's templates.
//!
//! A letter holds no address, no secret and no answer. The link in it, where it has one, is made when it is rendered.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// One letter to one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Letter {
    /// To an institution: something came in about a statement that it may read.
    StatementNews(StatementNews),
    /// To whoever is asked for a statement: the answer is still waited for.
    RequestReminder(RequestReminder),
    /// To somebody who is to join an organisation, or to sign in to it anew.
    Invitation(Invitation),
    /// To somebody who forgot the password, or whoever asked for another in that name.
    PasswordReset,
    /// To anybody: what would have been letters of their own, told once a day.
    Digest(Digest),
}

/// How much depends on a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Necessity {
    /// It holds a link that nobody else has: always sent, and at once.
    Personal,
    /// Somebody waits for an answer: always sent, at once or with the day's others.
    Duty,
    /// Good to know: sent unless the recipient does not want such letters.
    News,
}

impl Letter {
    /// How much depends on it.
    pub fn necessity(&self) -> Necessity {
        match self {
            Self::Invitation(_) | Self::PasswordReset => Necessity::Personal,
            Self::StatementNews(_) => Necessity::News,
            Self::RequestReminder(_) | Self::Digest(_) => Necessity::Duty,
        }
    }
}

/// An invitation to an organisation. It does not say who sends it: names in it could say anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// The organisation's name.
    pub organisation: String,
    /// Whether its recipient has joined before, and is to choose a password and an authenticator anew.
    pub has_joined: bool,
}

/// What came in about a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementNews {
    /// What happened to it.
    pub news: News,
    /// The vendor's name.
    pub vendor: String,
    /// The product's name.
    pub product: String,
    /// `MDS` or `SDS`.
    pub form: String,
    /// Which revision.
    pub revision: u64,
}

/// What happened to a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// It came in.
    Received,
    /// Its vendor took it back.
    Withdrawn,
    /// Its vendor says that it still holds.
    Confirmed,
}

/// A request that waits for its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestReminder {
    /// The institution's name.
    pub institution: String,
    /// What is asked about: the product.
    pub subject: String,
    /// When it was asked, in Japan.
    pub asked_on: Date,
    /// By when an answer is hoped for.
    pub due_on: Option<Date>,
    /// Whether that day has passed.
    pub overdue: bool,
}

/// What would have been letters of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// The day, in Japan, that they were written on at the latest.
    pub day: Date,
    /// The letters, the oldest first: the beginning of them where there are many.
    pub letters: Vec<Letter>,
    /// How many there are in all.
    pub count: u64,
}
