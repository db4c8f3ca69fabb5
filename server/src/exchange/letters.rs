//! Letters are written in the transaction of what they tell: a row of the outbox for each recipient.
//!
//! What a letter says is data (`kaiji_schema::letter`); the ring `mail` puts it into words, and a job sends it.

use kaiji_schema::letter::{Letter, Necessity};
use kaiji_schema::mail_address::MailAddress;

use super::link::LinkRef;
use crate::storage::letters::{self, KEPT, LetterRow, WAITING};
use crate::storage::users::{self, RecipientRow};
use crate::storage::{Error as StorageError, Tx, organisations};

/// When somebody wants letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterWish {
    /// Each as it is written.
    AtOnce,
    /// One a day, which holds the day's.
    Daily,
    /// Only those that one cannot do without.
    Never,
}

impl LetterWish {
    /// What can be wished for, for messages.
    pub const EXPECTED: &str = "at_once, daily or never";

    /// The word in documents and rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AtOnce => "at_once",
            Self::Daily => "daily",
            Self::Never => "never",
        }
    }

    /// The wish of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::AtOnce, Self::Daily, Self::Never]
            .into_iter()
            .find(|wish| wish.as_str() == word)
    }

    pub(super) fn stored(word: &str) -> Result<Self, StorageError> {
        Self::from_word(word).ok_or_else(|| StorageError::Corrupt(format!("letters: {word}")))
    }
}

/// To whom a letter goes, and whoever is concerned besides.
#[derive(Debug, Clone)]
pub(super) struct Envelope<'a> {
    /// The recipient's address.
    pub(super) to: &'a MailAddress,
    /// The recipient's name.
    pub(super) name: Option<&'a str>,
    /// The organisation that learns of it when it cannot be delivered.
    pub(super) organisation: Option<&'a str>,
    /// The request that it is about.
    pub(super) request: Option<&'a str>,
    /// What its link is made from.
    pub(super) link: Option<&'a LinkRef>,
}

/// Writes a letter that is sent at once whatever anybody wishes.
pub(super) fn post(
    tx: &mut Tx<'_>,
    envelope: &Envelope<'_>,
    letter: &Letter,
) -> Result<(), StorageError> {
    write(tx, envelope, letter, None)
}

/// Writes a letter to whoever is told of an organisation's things, as they wish.
pub(super) fn write_to(
    tx: &mut Tx<'_>,
    organisation_id: &str,
    letter: &Letter,
    request: Option<&str>,
) -> Result<(), StorageError> {
    for recipient in recipients(tx, organisation_id)? {
        let envelope = Envelope {
            to: &recipient.address,
            name: Some(&recipient.name),
            organisation: Some(organisation_id),
            request,
            link: None,
        };
        match (recipient.wish, letter.necessity()) {
            (LetterWish::Never, Necessity::News) => {}
            (wish, _) => write(tx, &envelope, letter, Some((&recipient.mailbox, wish)))?,
        }
    }
    Ok(())
}

/// Somebody who is told of an organisation's things.
pub(super) struct Recipient {
    /// The user, or the organisation itself.
    pub(super) mailbox: String,
    pub(super) address: MailAddress,
    pub(super) name: String,
    pub(super) wish: LetterWish,
}

/// Who is told of an organisation's things: its people, or the organisation itself as long as it has none.
pub(super) fn recipients(
    tx: &mut Tx<'_>,
    organisation_id: &str,
) -> Result<Vec<Recipient>, StorageError> {
    let Some(organisation) = organisations::find(tx, organisation_id)? else {
        return Ok(Vec::new());
    };
    if organisation.disabled_at.is_some() {
        return Ok(Vec::new());
    }
    let people = users::recipients(tx, organisation_id)?;
    if !people.is_empty() {
        return people.into_iter().map(recipient).collect();
    }
    let Some(email) = organisation.email else {
        return Ok(Vec::new());
    };
    Ok(vec![Recipient {
        mailbox: organisation.id,
        address: stored_address(&email)?,
        name: organisation.name,
        wish: LetterWish::stored(&organisation.letters)?,
    }])
}

fn recipient(person: RecipientRow) -> Result<Recipient, StorageError> {
    Ok(Recipient {
        address: stored_address(&person.email)?,
        wish: LetterWish::stored(&person.letters)?,
        mailbox: person.id,
        name: person.name,
    })
}

/// An address read back from a row.
pub(super) fn stored_address(address: &str) -> Result<MailAddress, StorageError> {
    MailAddress::parse(address)
        .map_err(|error| StorageError::Corrupt(format!("address {address}: {error}")))
}

fn write(
    tx: &mut Tx<'_>,
    envelope: &Envelope<'_>,
    letter: &Letter,
    mailbox: Option<(&str, LetterWish)>,
) -> Result<(), StorageError> {
    let now = tx.now().as_millisecond();
    let kept = matches!(mailbox, Some((_, LetterWish::Daily)))
        && letter.necessity() != Necessity::Personal;
    let row = LetterRow {
        number: letters::next_number(tx)?,
        organisation_id: envelope.organisation.map(str::to_owned),
        request_id: envelope.request.map(str::to_owned),
        to_address: envelope.to.as_str().to_owned(),
        to_name: envelope.name.map(str::to_owned),
        mailbox: mailbox.map(|(mailbox, _)| mailbox.to_owned()),
        content: written(letter)?,
        link_purpose: envelope.link.map(|link| link.purpose.as_str().to_owned()),
        link_id: envelope.link.map(|link| link.id.clone()),
        link_generation: envelope.link.map(|link| link.generation),
        state: if kept { KEPT } else { WAITING }.to_owned(),
        attempts: 0,
        next_attempt_at: now,
        failure: None,
        created_at: now,
        settled_at: None,
    };
    letters::insert(tx, &row)
}

/// A letter as rows keep it.
pub(super) fn written(letter: &Letter) -> Result<String, StorageError> {
    serde_json::to_string(letter).map_err(|error| StorageError::Corrupt(error.to_string()))
}

/// A letter read back from a row.
pub(super) fn stored_letter(row: &LetterRow) -> Result<Letter, StorageError> {
    serde_json::from_str(&row.content)
        .map_err(|error| StorageError::Corrupt(format!("letter {}: {error}", row.number)))
}
