//! The links by which requests are answered: made and renewed with their letter, recognised when they are shown, ended.
//!
//! What a link allows is asked anew inside each write. Who guesses is slowed down (`tries.rs`).

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use kaiji_schema::form::FormKind;
use kaiji_schema::requirement::{RequirementSet, RequirementSets};
use kaiji_schema::violation::Violations;

use super::link::{LinkPurpose, LinkRef, LinkToken, LinkTokens, Recognised};
use super::requests::{ChainError, RequestState, chain};
use super::time::day_in_japan;
use super::tries::{self, Counted, TooManyTries};
use super::{Exchange, stored_digest};
use crate::actor::{Act, Actor, OrganisationKind, Scopes, Subject};
use crate::storage::links::{self, LinkRow};
use crate::storage::requests::{self, RequestRow};
use crate::storage::{DbConnection, Error as StorageError, Tx};

/// How long a link can be used after its letter.
const LIFETIME: SignedDuration = SignedDuration::from_hours(90 * 24);

/// How many hex digits of a token's digest name it in the audit trail.
const NAME_LENGTH: usize = 16;

/// Why a link does not let its holder do something.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// There is no such link, or the token is another.
    #[error("there is no such link: open the newest letter about this request")]
    Unknown,
    /// It was good once.
    #[error("the link is no longer good: {0}")]
    Gone(Gone),
    /// The request was answered or declined.
    #[error("this request was answered already")]
    Answered,
    /// Others were shown too often.
    #[error(transparent)]
    TooManyTries(#[from] TooManyTries),
    /// An application for registration waits already.
    #[error("an application for this request waits for the operator's decision already")]
    AppliedAlready,
    /// What came with it breaks rules.
    #[error(transparent)]
    Violations(#[from] Violations),
    /// The request can go no further.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Why a link that was good once is no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Gone {
    /// A newer letter has another.
    #[error("a newer letter has another")]
    Superseded,
    /// Somebody else is asked now.
    #[error("the request was forwarded to somebody else")]
    Forwarded,
    /// Its holder is a vendor of the exchange now.
    #[error("the request waits for you in the exchange, where you are registered now")]
    Registered,
    /// The institution does not ask any more.
    #[error("the institution does not ask any more")]
    Cancelled,
    /// The institution took it back.
    #[error("the institution revoked it")]
    Revoked,
    /// Its time is over.
    #[error("its time is over; ask the institution for a new letter")]
    Expired,
}

/// Whoever holds a link that was recognised. What it allows is another question (`standing`).
#[derive(Debug, Clone)]
pub struct Visitor {
    link: String,
    shown: LinkToken,
    actor: Actor,
}

impl Visitor {
    /// As the audit trail of the institution names them: by their link.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }
}

/// A link that is good, and the request that it answers, which is open.
pub(super) struct Standing {
    pub(super) link: LinkRow,
    pub(super) request: RequestRow,
}

impl Exchange {
    /// Recognises what the holder of a link shows.
    pub fn recognise_link(&self, shown: &str, act: Act) -> Result<Visitor, LinkError> {
        let shown = LinkToken::parse(shown).ok_or(LinkError::Unknown)?;
        let counted = [Counted::network(&act.address), Counted::link(&shown.id)];
        self.may_try(&counted)??;
        let recognised = self.recognise(shown, act);
        if matches!(recognised, Err(LinkError::Unknown)) {
            self.begin_try(&counted)??;
        }
        recognised
    }

    fn recognise(&self, shown: LinkToken, act: Act) -> Result<Visitor, LinkError> {
        let found = self.db.read(|c| links::find(c, &shown.id))?;
        let link = found.ok_or(LinkError::Unknown)?;
        let kept = stored_digest(&link.token_sha256)?;
        let named = reference(&link.id, link.generation);
        match self.links.recognise(&named, &kept, &shown.sha256) {
            Recognised::Newest => {}
            Recognised::Superseded => return Err(LinkError::Gone(Gone::Superseded)),
            Recognised::Guess => return Err(LinkError::Unknown),
        }
        let request = self.db.read(|c| request_of(c, &link))?;
        let mut name = shown.sha256.to_string();
        name.truncate(NAME_LENGTH);
        Ok(Visitor {
            actor: Actor {
                organisation: request.institution_id,
                kind: OrganisationKind::Institution,
                by: Subject::Link(link.id.clone()),
                scopes: Scopes::default(),
                token: name,
                act: act.into(),
            },
            link: link.id,
            shown,
        })
    }
}

/// The visitor's link and its request, if the link is good at that time and the request waits for its holder.
pub(super) fn standing(
    connection: &mut DbConnection,
    visitor: &Visitor,
    now: Timestamp,
) -> Result<Standing, LinkError> {
    let link = links::find(connection, &visitor.link)?.ok_or(LinkError::Unknown)?;
    if stored_digest(&link.token_sha256)? != visitor.shown.sha256 {
        return Err(LinkError::Gone(Gone::Superseded));
    }
    let request = request_of(connection, &link)?;
    match RequestState::from_word(&request.state) {
        Some(RequestState::Forwarded) => return Err(LinkError::Gone(Gone::Forwarded)),
        Some(RequestState::Cancelled) => return Err(LinkError::Gone(Gone::Cancelled)),
        Some(RequestState::Open) if link.used_at.is_none() => {}
        _ => return Err(LinkError::Answered),
    }
    if request.vendor_id.is_some() {
        return Err(LinkError::Gone(Gone::Registered));
    }
    if link.revoked_at.is_some() {
        return Err(LinkError::Gone(Gone::Revoked));
    }
    if link.expires_at <= now.as_millisecond() {
        return Err(LinkError::Gone(Gone::Expired));
    }
    Ok(Standing { link, request })
}

/// A link for a letter.
pub(super) struct Issued {
    /// What its token is derived from.
    pub(super) link: LinkRef,
    /// Its last day in Japan.
    pub(super) good_until: Date,
}

/// Makes the link for a letter by which a request is answered. That of a second letter supersedes the first, keeps what was
/// filled in so far, and asks the same questions.
pub(super) fn issue(
    tx: &mut Tx<'_>,
    tokens: &LinkTokens,
    request: &RequestRow,
) -> Result<Issued, StorageError> {
    let expires_at = tx.now().saturating_add(LIFETIME).unwrap_or(Timestamp::MAX);
    let before = links::of_request(tx, &request.id)?;
    let link = match before {
        None => {
            let link = first(tx.now(), tokens, request, expires_at);
            links::insert(tx, &link)?;
            link
        }
        Some(mut link) => {
            link.generation += 1;
            link.token_sha256 = tokens
                .digest(&reference(&link.id, link.generation))
                .to_string();
            link.expires_at = expires_at.as_millisecond();
            link.revoked_at = None;
            links::update(tx, &link)?;
            // Guesses at another token tell nothing of this one.
            tries::forget(tx, &Counted::link(&link.id))?;
            link
        }
    };
    Ok(Issued {
        link: reference(&link.id, link.generation),
        good_until: day_in_japan(expires_at),
    })
}

/// The link by which a request can be answered now, if it has one.
pub(super) fn current(
    tx: &mut Tx<'_>,
    request: &RequestRow,
) -> Result<Option<LinkRef>, StorageError> {
    let now = tx.now().as_millisecond();
    let link = links::of_request(tx, &request.id)?;
    let good = link.filter(|link| link.revoked_at.is_none() && link.expires_at > now);
    Ok(good.map(|link| reference(&link.id, link.generation)))
}

/// Ends the link of a request without another in its place; `false` where it has none that is good.
pub(super) fn revoke(tx: &mut Tx<'_>, request: &RequestRow) -> Result<bool, StorageError> {
    let now = tx.now().as_millisecond();
    match links::of_request(tx, &request.id)? {
        Some(mut link) if link.revoked_at.is_none() => {
            link.revoked_at = Some(now);
            links::update(tx, &link)?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// The request is answered by its link, which is used up; everybody on the way back learns it.
pub(super) fn settle_by_link(tx: &mut Tx<'_>, standing: Standing) -> Result<(), StorageError> {
    use_up(tx, standing.link)?;
    chain::answer(tx, standing.request).map(drop)
}

/// The link was used: what was filled in is kept no longer.
pub(super) fn use_up(tx: &mut Tx<'_>, mut link: LinkRow) -> Result<(), StorageError> {
    link.used_at = Some(tx.now().as_millisecond());
    link.draft = None;
    links::update(tx, &link)
}

/// The questions of a link: the requirement set as it was when the letter went out, and the forms that were asked for.
pub(super) fn questions(
    link: &LinkRow,
    sets: &'static RequirementSets,
) -> Result<(&'static RequirementSet, Vec<FormKind>), StorageError> {
    let is_the_same =
        |set: &&RequirementSet| set.digest().to_string() == link.requirement_set_sha256;
    let set = sets.find(&link.requirement_set).filter(is_the_same);
    let set = set.ok_or_else(|| {
        let what = format!("requirement set {} of {}", link.requirement_set, link.id);
        StorageError::Corrupt(what)
    })?;
    let forms = link.forms.split(' ').filter_map(FormKind::from_name);
    Ok((set, forms.collect()))
}

fn first(
    now: Timestamp,
    tokens: &LinkTokens,
    request: &RequestRow,
    expires_at: Timestamp,
) -> LinkRow {
    let set = tokens.asked();
    // A request has one link: where one's name is known, so is the other's, and neither lets anybody in.
    let name = request.id.split_once('_').map_or("", |(_, name)| name);
    let id = format!("lnk_{name}");
    LinkRow {
        token_sha256: tokens.digest(&reference(&id, 1)).to_string(),
        id,
        request_id: request.id.clone(),
        generation: 1,
        requirement_set: set.id.clone(),
        requirement_set_sha256: set.digest().to_string(),
        forms: request.forms.clone(),
        draft: None,
        expires_at: expires_at.as_millisecond(),
        revoked_at: None,
        used_at: None,
        created_at: now.as_millisecond(),
    }
}

fn reference(id: &str, generation: i64) -> LinkRef {
    LinkRef {
        purpose: LinkPurpose::AnswerRequest,
        id: id.to_owned(),
        generation,
    }
}

fn request_of(connection: &mut DbConnection, link: &LinkRow) -> Result<RequestRow, StorageError> {
    let missing = || StorageError::Corrupt(format!("link {} without its request", link.id));
    requests::get(connection, &link.request_id)?.ok_or_else(missing)
}
