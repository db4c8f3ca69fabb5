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
    /// To an institution: another requirement set is what its systems are compared with.
    RequirementSetNews(RequirementSetNews),
    /// To whoever is asked for a statement: the answer is still waited for.
    RequestReminder(RequestReminder),
    /// To whoever reads what is sent to an address: a statement is asked for, and a link leads to where it is answered.
    RequestByLink(RequestAsked),
    /// To a vendor of the exchange: a statement is asked for.
    RequestOpened(RequestAsked),
    /// To whoever applied for registration: what the operator decided.
    RegistrationDecided(RegistrationDecided),
    /// To an institution: what became of its request.
    RequestNews(RequestNews),
    /// To an institution: a product that it uses is another vendor's.
    ProductTransferred(ProductTransferred),
    /// To a vendor: another one hands a product over to it, if it consents.
    TransferOffered(TransferOffered),
    /// To an institution: risk reviews are to be looked at again.
    ReviewsDue(ReviewsDue),
    /// To a vendor of the exchange: an institution asks about items of a statement.
    QuestionsAsked(QuestionsAsked),
    /// To an institution: the vendor answered what it asked about items of a statement.
    QuestionsAnswered(QuestionsAnswered),
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
            Self::RequestByLink(_)
            | Self::RegistrationDecided(_)
            | Self::Invitation(_)
            | Self::PasswordReset => Necessity::Personal,
            Self::StatementNews(_)
            | Self::RequirementSetNews(_)
            | Self::RequestNews(_)
            | Self::ProductTransferred(_)
            | Self::QuestionsAnswered(_) => Necessity::News,
            Self::RequestOpened(_)
            | Self::RequestReminder(_)
            | Self::QuestionsAsked(_)
            | Self::TransferOffered(_)
            | Self::ReviewsDue(_)
            | Self::Digest(_) => Necessity::Duty,
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

/// Another requirement set is the current one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequirementSetNews {
    /// Its title.
    pub title: String,
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

/// A statement is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestAsked {
    /// The institution's name.
    pub institution: String,
    /// What is asked about: the product's name.
    pub subject: String,
    /// Names of the forms that are wanted.
    pub forms: Vec<String>,
    /// By when an answer is hoped for.
    pub due_on: Option<Date>,
    /// The institution's word.
    pub message: Option<String>,
    /// Who forwarded the request, and their word; nobody where the institution itself asks.
    pub forwarded_by: Option<Forwarder>,
    /// Who was named instead and declined, where somebody is asked again.
    pub declined_by: Option<String>,
    /// The last day of the link in the letter.
    pub good_until: Option<Date>,
}

/// Somebody who forwarded a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forwarder {
    /// The name of the vendor, or of whoever was asked by letter.
    pub name: String,
    /// Their word to whoever is asked now.
    pub message: Option<String>,
}

/// What the operator decided of an application for registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationDecided {
    /// Which organisation was to be registered.
    pub organisation: String,
    /// Whether it is.
    pub approved: bool,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestNews {
    /// What happened.
    pub turn: RequestTurn,
    /// What was asked about.
    pub subject: String,
    /// Who did it; where it was forwarded, to whom.
    pub who: String,
}

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestTurn {
    /// It was forwarded to somebody else.
    Forwarded,
    /// Whom it was forwarded to declined; whoever forwarded it is asked again.
    Returned,
    /// Statements were released.
    Released,
    /// It was answered by a link.
    Answered,
    /// It was declined.
    Declined,
}

/// A product that moved to another vendor (事業承継).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductTransferred {
    /// The product's name.
    pub product: String,
    /// The name of the vendor whose it was.
    pub from: String,
    /// The name of the vendor whose it is.
    pub to: String,
}

/// A product that another vendor hands over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferOffered {
    /// The name of the vendor whose it is.
    pub from: String,
    /// The product's name.
    pub product: String,
    /// The last day on which it can be accepted, in Japan.
    pub good_until: Date,
}

/// Risk reviews that are to be looked at again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewsDue {
    /// On which day.
    pub day: Date,
    /// Whether that day is still ahead.
    pub is_ahead: bool,
    /// The reviews: the beginning of them where there are many.
    pub reviews: Vec<ReviewDue>,
    /// How many there are in all.
    pub count: u64,
}

/// A risk review that is to be looked at again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewDue {
    /// What the institution calls the system.
    pub system: String,
    /// 項番 as printed.
    pub number: String,
    /// Whether the acceptance of a risk expires on that day.
    pub expires: bool,
}

/// What an institution asks about items of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionsAsked {
    /// The institution's name.
    pub institution: String,
    /// The product's name.
    pub product: String,
    /// `MDS` or `SDS`.
    pub form: String,
    /// The items.
    pub items: Vec<LetterItem>,
    /// The institution's word.
    pub message: Option<String>,
}

/// An item (確認事項) as a letter names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterItem {
    /// 項番 as printed, without `No.`.
    pub number: String,
    /// Its wording.
    pub text: String,
}

/// What a vendor answered to an institution's questions; not the answer itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionsAnswered {
    /// The vendor's name.
    pub vendor: String,
    /// The product's name.
    pub product: String,
    /// `MDS` or `SDS`.
    pub form: String,
    /// The items.
    pub items: Vec<LetterItem>,
    /// Whether a later revision answers; otherwise it is a remark, which changes no answer.
    pub by_revision: bool,
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
