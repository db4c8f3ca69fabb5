//! The links in letters to people: one of each purpose a person, in generations; a later one supersedes those before.

use jiff::SignedDuration;
use kaiji_schema::letter::Letter;

use super::letters::{self, Envelope, stored_address};
use super::link::{LinkPurpose, LinkRef, LinkToken, LinkTokens, Recognised};
use super::tries::{Counted, TooManyTries};
use super::{Exchange, stored_digest};
use crate::storage::users::{self, UserLinkRow, UserRow};
use crate::storage::{DbConnection, Error as StorageError, Tx};

/// Why a link does nothing.
#[derive(Debug, thiserror::Error)]
pub enum UserLinkError {
    /// It was never made.
    #[error("there is no such link: copy the whole of it from the letter")]
    Unknown,
    /// Its time is over, a later letter holds another, or it was revoked.
    #[error("this link is not good any more: {0}")]
    Gone(UserLinkGone),
    /// It was used.
    #[error("this link was used before")]
    Used,
    /// Too many links that were never made came from this network.
    #[error(transparent)]
    TooManyTries(#[from] TooManyTries),
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Why a link is not good any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UserLinkGone {
    /// A later letter holds the link of now.
    #[error("a later letter holds another")]
    Superseded,
    /// It was not used in time.
    #[error("its time is over")]
    Expired,
    /// The person is shut out.
    #[error("it was revoked")]
    Revoked,
    /// The person's organisation is.
    #[error("the organisation is disabled")]
    OrganisationDisabled,
}

/// A link that holds: the row, and the person in whose letter it stood.
pub(super) struct Shown {
    pub(super) link: UserLinkRow,
    pub(super) user: UserRow,
}

impl Exchange {
    /// What a link stands for now. Links that were never made are counted by network.
    pub(super) fn user_link(
        &self,
        shown: &LinkToken,
        purpose: LinkPurpose,
        address: &str,
    ) -> Result<Shown, UserLinkError> {
        let network = Counted::network(address);
        self.may_try(std::slice::from_ref(&network))??;
        let now = self.clock.now().as_millisecond();
        let found = self
            .db
            .read(|c| standing_link(c, &self.links, shown, purpose, now));
        if matches!(found, Err(UserLinkError::Unknown)) {
            self.begin_try(&[network])??;
        }
        found
    }
}

/// Reads a link and the person that it is for, if the link holds. Asked again inside the writer.
pub(super) fn standing_link(
    connection: &mut DbConnection,
    links: &LinkTokens,
    shown: &LinkToken,
    purpose: LinkPurpose,
    now: i64,
) -> Result<Shown, UserLinkError> {
    let link = users::find_link(connection, &shown.id)?.ok_or(UserLinkError::Unknown)?;
    if link.purpose != purpose.as_str() {
        return Err(UserLinkError::Unknown);
    }
    let kept = stored_digest(&link.token_sha256)?;
    let named = LinkRef {
        purpose,
        id: link.id.clone(),
        generation: link.generation,
    };
    match links.recognise(&named, &kept, &shown.sha256) {
        Recognised::Newest => {}
        Recognised::Superseded => return Err(UserLinkError::Gone(UserLinkGone::Superseded)),
        Recognised::Guess => return Err(UserLinkError::Unknown),
    }
    if link.used_at.is_some() {
        return Err(UserLinkError::Used);
    }
    if link.expires_at <= now {
        return Err(UserLinkError::Gone(UserLinkGone::Expired));
    }
    let user = users::find(connection, &link.user_id)?.ok_or(UserLinkError::Unknown)?;
    if user.disabled_at.is_some() {
        return Err(UserLinkError::Gone(UserLinkGone::Revoked));
    }
    Ok(Shown { link, user })
}

/// A link that a letter is to hold.
pub(super) struct NewLink<'a> {
    pub(super) purpose: LinkPurpose,
    /// Its id, if the person has had none for this purpose.
    pub(super) id: &'a str,
    /// By whom the letter is sent.
    pub(super) sent_by: &'a str,
    /// How long it is good.
    pub(super) lasts: SignedDuration,
}

/// Makes the person's next link for the purpose, and posts the letter that holds it.
pub(super) fn post_link(
    tx: &mut Tx<'_>,
    links: &LinkTokens,
    user: &UserRow,
    new: &NewLink<'_>,
    letter: &Letter,
) -> Result<(), StorageError> {
    let before = users::link_of(tx, &user.id, new.purpose.as_str())?;
    let link = LinkRef {
        purpose: new.purpose,
        generation: before.as_ref().map_or(0, |link| link.generation) + 1,
        id: before.map_or_else(|| new.id.to_owned(), |link| link.id),
    };
    let until = tx.now().saturating_add(new.lasts).unwrap_or_default();
    users::put_link(
        tx,
        &UserLinkRow {
            id: link.id.clone(),
            user_id: user.id.clone(),
            purpose: new.purpose.as_str().to_owned(),
            generation: link.generation,
            token_sha256: links.digest(&link).to_string(),
            sent_by: new.sent_by.to_owned(),
            expires_at: until.as_millisecond(),
            used_at: None,
        },
    )?;
    let envelope = Envelope {
        to: &stored_address(&user.email)?,
        name: Some(&user.name),
        organisation: Some(&user.organisation_id),
        request: None,
        link: Some(&link),
    };
    letters::post(tx, &envelope, letter)
}

/// Uses a link up.
pub(super) fn use_up(tx: &mut Tx<'_>, mut link: UserLinkRow) -> Result<(), StorageError> {
    link.used_at = Some(tx.now().as_millisecond());
    users::put_link(tx, &link)
}
