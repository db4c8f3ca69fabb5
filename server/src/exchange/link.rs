//! Links in letters: what somebody who has no account may do once, because a letter to their address says so.
//!
//! A token is derived from the service's secret, the link's id and its generation, whenever the letter is rendered: a
//! retry or a resend needs no stored secret. What is kept of it is its digest. It stands in the fragment of the address,
//! which no browser sends, and travels in the header `Kaiji-Link`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kaiji_schema::Digest;
use kaiji_schema::requirement::{RequirementSet, RequirementSets};
use ring::hmac;

/// What a link lets its holder do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkPurpose {
    /// Answer a request.
    AnswerRequest,
    /// Become a user of an organisation.
    AcceptInvitation,
    /// Choose a new password.
    ResetPassword,
    /// Have no more letters that one can do without.
    Unsubscribe,
}

impl LinkPurpose {
    const ALL: [Self; 4] = [
        Self::AnswerRequest,
        Self::AcceptInvitation,
        Self::ResetPassword,
        Self::Unsubscribe,
    ];

    /// The word in rows, and what the token is bound to.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::AnswerRequest => "answer_request",
            Self::AcceptInvitation => "accept_invitation",
            Self::ResetPassword => "reset_password",
            Self::Unsubscribe => "unsubscribe",
        }
    }

    pub(super) fn stored(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|purpose| purpose.as_str() == word)
    }

    /// Where the page is that the link leads to.
    fn path(self) -> &'static str {
        match self {
            Self::AnswerRequest => "/answer",
            Self::AcceptInvitation => "/invitation",
            Self::ResetPassword => "/password",
            Self::Unsubscribe => "/unsubscribe",
        }
    }
}

/// A link in a letter: which, and the how many-th that was made for it. A later generation supersedes those before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LinkRef {
    pub(super) purpose: LinkPurpose,
    pub(super) id: String,
    pub(super) generation: i64,
}

/// What a token is that was shown for a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recognised {
    /// That of the newest letter.
    Newest,
    /// That of a letter before it.
    Superseded,
    /// None that a letter held.
    Guess,
}

/// What the holder of a link shows: `<id>.<token>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkToken {
    /// Which link.
    pub id: String,
    /// SHA-256 of the secret part.
    pub sha256: Digest,
}

impl LinkToken {
    /// Takes apart what was shown. `None` where it cannot be a token.
    pub fn parse(shown: &str) -> Option<Self> {
        let (id, secret) = shown.split_once('.')?;
        Some(Self {
            id: id.to_owned(),
            sha256: Digest::of(secret.as_bytes()),
        })
    }
}

/// Derives the tokens of links. Cheap to clone.
#[derive(Clone)]
pub(super) struct LinkTokens {
    key: hmac::Key,
    base: String,
    asked: &'static RequirementSet,
}

impl LinkTokens {
    /// Under the service's secret, which all its instances share; links lead to the public address `base`.
    pub(super) fn new(secret: &[u8; 32], base: &str) -> Self {
        let secret = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), b"kaiji links");
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, secret.as_ref()),
            base: base.to_owned(),
            asked: RequirementSets::built_in().current(),
        }
    }

    /// The same, with new links to requests that ask about that set.
    pub(super) fn asking(&self, set: &'static RequirementSet) -> Self {
        Self {
            asked: set,
            ..self.clone()
        }
    }

    /// The requirement set that a new link to a request asks about.
    pub(super) fn asked(&self) -> &'static RequirementSet {
        self.asked
    }

    /// What is kept of a link's token.
    pub(super) fn digest(&self, link: &LinkRef) -> Digest {
        Digest::of(self.secret(link).as_bytes())
    }

    /// The address that a letter holds.
    pub(super) fn url(&self, link: &LinkRef) -> String {
        let (base, path) = (&self.base, link.purpose.path());
        format!("{base}{path}#{}.{}", link.id, self.secret(link))
    }

    /// The address at which one click ends letters to a mailbox (RFC 8058). It can do nothing else, so its token may
    /// stand where servers see it.
    pub(super) fn unsubscribe_url(&self, mailbox: &str) -> String {
        let token = self.secret(&unsubscribing(mailbox));
        format!("{}/unsubscribe?mailbox={mailbox}&token={token}", self.base)
    }

    /// Whether the token ends letters to that mailbox.
    pub(super) fn may_unsubscribe(&self, mailbox: &str, token: &str) -> bool {
        let Ok(tag) = URL_SAFE_NO_PAD.decode(token) else {
            return false;
        };
        hmac::verify(&self.key, &said(&unsubscribing(mailbox)), &tag).is_ok()
    }

    /// What was shown for a link of which `kept` is the newest token's digest.
    pub(super) fn recognise(&self, link: &LinkRef, kept: &Digest, shown: &Digest) -> Recognised {
        if self.agree(kept, shown) {
            return Recognised::Newest;
        }
        let mut earlier = (1..link.generation).map(|generation| LinkRef {
            generation,
            ..link.clone()
        });
        if earlier.any(|link| self.agree(&self.digest(&link), shown)) {
            Recognised::Superseded
        } else {
            Recognised::Guess
        }
    }

    /// Whether two digests are the same. How long it takes tells nothing of either.
    fn agree(&self, one: &Digest, other: &Digest) -> bool {
        let tag = hmac::sign(&self.key, one.as_bytes());
        hmac::verify(&self.key, other.as_bytes(), tag.as_ref()).is_ok()
    }

    fn secret(&self, link: &LinkRef) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, &said(link)))
    }
}

fn unsubscribing(mailbox: &str) -> LinkRef {
    LinkRef {
        purpose: LinkPurpose::Unsubscribe,
        id: mailbox.to_owned(),
        generation: 0,
    }
}

/// What a token is derived from: no part can be mistaken for another, since none holds a line feed.
fn said(link: &LinkRef) -> Vec<u8> {
    let LinkRef {
        purpose,
        id,
        generation,
    } = link;
    format!("{}\n{id}\n{generation}", purpose.as_str()).into_bytes()
}
