//! Who asks: an organisation's client with its scopes, or one of its people with their roles, as the token and the rows
//! behind it say; and what is asked, as the audit trail (監査証跡) will tell of it.
//!
//! Tenancy comes from here alone; no verb takes an organisation's id from a body or a path for granted.

mod roles;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use roles::{Role, Roles};

/// What an organisation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrganisationKind {
    /// Runs the exchange; reads no statement's contents.
    Operator,
    /// 事業者: owns products and signing keys.
    Vendor,
    /// 医療機関等: owns an inventory.
    Institution,
}

/// A word that is none of those that were expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is none of: {expected}")]
pub struct UnknownWord {
    word: String,
    expected: &'static str,
}

impl OrganisationKind {
    /// The word in URLs, documents and rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Vendor => "vendor",
            Self::Institution => "institution",
        }
    }

    /// What ids of such organisations begin with.
    pub fn id_prefix(self) -> &'static str {
        match self {
            Self::Operator => "opr",
            Self::Vendor => "ven",
            Self::Institution => "ins",
        }
    }
}

impl fmt::Display for OrganisationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for OrganisationKind {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        [Self::Operator, Self::Vendor, Self::Institution]
            .into_iter()
            .find(|kind| kind.as_str() == word)
            .ok_or_else(|| UnknownWord {
                word: word.to_owned(),
                expected: "operator, vendor, institution",
            })
    }
}

/// What a token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Products, keys and statements of a vendor; answers to requests.
    StatementsWrite,
    /// Reading statements: a vendor its own, an institution those released to it.
    StatementsRead,
    /// Systems, requests and acknowledgements of an institution.
    RequestsWrite,
    /// Risk reviews and inspections of an institution.
    ReviewsWrite,
    /// Exports.
    ExportsRead,
    /// Organisations, clients and first keys: the operator. Its own audit trail: any organisation.
    Admin,
}

impl Scope {
    /// Every scope there is.
    pub const ALL: [Self; 6] = [
        Self::StatementsWrite,
        Self::StatementsRead,
        Self::RequestsWrite,
        Self::ReviewsWrite,
        Self::ExportsRead,
        Self::Admin,
    ];

    /// The word in tokens, documents and rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StatementsWrite => "statements:write",
            Self::StatementsRead => "statements:read",
            Self::RequestsWrite => "requests:write",
            Self::ReviewsWrite => "reviews:write",
            Self::ExportsRead => "exports:read",
            Self::Admin => "admin",
        }
    }

    /// Whether a client of such an organisation may have this scope.
    pub fn fits(self, kind: OrganisationKind) -> bool {
        use OrganisationKind::{Institution, Operator, Vendor};
        match self {
            Self::Admin => matches!(kind, Operator | Vendor | Institution),
            Self::StatementsWrite => kind == Vendor,
            Self::StatementsRead | Self::ExportsRead => matches!(kind, Vendor | Institution),
            Self::RequestsWrite | Self::ReviewsWrite => kind == Institution,
        }
    }
}

impl FromStr for Scope {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word).ok_or_else(|| UnknownWord {
            word: word.to_owned(),
            expected: "statements:write, statements:read, requests:write, reviews:write, exports:read, admin",
        })
    }
}

/// A set of scopes; written as words with spaces between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u8);

impl Scopes {
    /// This set and one more.
    #[must_use]
    pub fn with(self, scope: Scope) -> Self {
        Self(self.0 | 1 << scope as u8)
    }

    /// Whether the scope is in the set.
    pub fn contains(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u8) != 0
    }

    /// Whether every scope of `other` is in this set.
    pub fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// What is in both.
    #[must_use]
    pub fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes, in their fixed order.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL
            .into_iter()
            .filter(move |scope| self.contains(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        scopes.into_iter().fold(Self::default(), Self::with)
    }
}

impl FromStr for Scopes {
    type Err = UnknownWord;

    fn from_str(words: &str) -> Result<Self, UnknownWord> {
        words.split_ascii_whitespace().map(str::parse).collect()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.iter().map(Scope::as_str).collect();
        f.write_str(&words.join(" "))
    }
}

/// How much of what a request names is kept of it.
const LONGEST_OBJECT: usize = 500;

/// One request, or one command of a shell.
#[derive(Debug)]
pub struct Act {
    /// The address that it came from; empty without a network.
    pub address: String,
    /// What was asked for: the operation.
    pub action: String,
    /// What it names: its path.
    pub object: String,
    recorded: AtomicBool,
}

impl Act {
    /// A request of which the audit trail does not tell yet.
    pub fn new(address: impl Into<String>, action: impl Into<String>, object: &str) -> Self {
        // U+0000 is nothing that PostgreSQL could keep.
        let kept = object.chars().filter(|character| *character != '\0');
        Self {
            address: address.into(),
            action: action.into(),
            object: kept.take(LONGEST_OBJECT).collect(),
            recorded: AtomicBool::new(false),
        }
    }

    /// Whether the audit trail tells of it.
    pub fn is_recorded(&self) -> bool {
        self.recorded.load(Ordering::Relaxed)
    }

    /// The audit trail tells of it now.
    pub fn set_recorded(&self) {
        self.recorded.store(true, Ordering::Relaxed);
    }
}

/// By whom an organisation acts.
#[derive(Debug, Clone)]
pub enum Subject {
    /// A program, by its id, with a token of ten minutes.
    Client(String),
    /// A person, in a session.
    User(Person),
    /// Whoever holds the link of a letter, by the link's id.
    Link(String),
    /// Whoever gives a command at the machine itself.
    Shell,
}

/// A person who asks.
#[derive(Debug, Clone)]
pub struct Person {
    /// The user's id.
    pub id: String,
    /// The session's id.
    pub session: String,
    /// What the person is trusted with.
    pub roles: Roles,
    /// Whether a fresh one-time code was shown in this session.
    pub stepped_up: bool,
}

/// Why a person may not do what takes a duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The person does not have the role.
    #[error("it takes the role {}", .0.as_str())]
    Role(Role),
    /// The last one-time code was shown too long ago.
    #[error("show a one-time code (`POST /api/v1/session/step-up`), and ask again")]
    StepUp,
}

impl Subject {
    /// What the audit trail calls it: `cli_…`, `usr_…`, `lnk_…`, or `shell`.
    pub fn id(&self) -> &str {
        match self {
            Self::Client(id) | Self::Link(id) => id,
            Self::User(person) => &person.id,
            Self::Shell => "shell",
        }
    }
}

impl Person {
    /// Refuses one who has not shown a fresh code.
    pub fn has_stepped_up(&self) -> Result<(), Unfit> {
        if self.stepped_up {
            Ok(())
        } else {
            Err(Unfit::StepUp)
        }
    }

    /// Refuses one without the role, or without a fresh code.
    pub fn is_fit_as(&self, role: Role) -> Result<(), Unfit> {
        if self.roles.contains(role) {
            self.has_stepped_up()
        } else {
            Err(Unfit::Role(role))
        }
    }
}

/// Who asks.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The organisation whose things are concerned.
    pub organisation: String,
    /// What it is.
    pub kind: OrganisationKind,
    /// By whom it acts.
    pub by: Subject,
    /// The organisation that whoever acts belongs to, where it acts for this one by a mandate (代行).
    pub agent: Option<String>,
    /// What the token allows.
    pub scopes: Scopes,
    /// The beginning of the token's SHA-256, in hex; empty without a token.
    pub token: String,
    /// What it asks for.
    pub act: Arc<Act>,
}

impl Actor {
    /// The person who acts, if it is one.
    pub fn person(&self) -> Option<&Person> {
        match &self.by {
            Subject::User(person) => Some(person),
            Subject::Client(_) | Subject::Link(_) | Subject::Shell => None,
        }
    }

    /// Refuses a person without the role or without a fresh code. A program's duties are its scopes.
    pub fn is_fit_as(&self, role: Role) -> Result<(), Unfit> {
        self.person()
            .map_or(Ok(()), |person| person.is_fit_as(role))
    }
}
