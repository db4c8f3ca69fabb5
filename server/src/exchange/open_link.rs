//! Whoever holds a link sees what is asked, by whom and until when, and keeps what they filled in so far.

use kaiji_schema::reader::{FromMembers, Reader};
use kaiji_schema::requirement::RequirementSets;
use serde::Serialize;

use super::links::{LinkError, Standing, Visitor, questions, standing};
use super::requests::chain::Chain;
use super::requests::{news, subject_of};
use super::{Exchange, Moment};
use crate::storage::{DbConnection, Error as StorageError, links, organisations, registrations};

/// The most characters of a draft: every answer of two forms with its remark, and more.
const DRAFT: usize = 200_000;

/// A request as whoever answers it by a link sees it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LinkView {
    /// The request, which an answer names.
    pub request: String,
    /// Who asks.
    pub institution_name: String,
    /// About what: the product's name, as the institution writes it.
    pub subject: String,
    /// To whom the letter was addressed.
    pub addressee_name: String,
    /// Which forms are wanted: `MDS`, `SDS`.
    pub forms: Vec<String>,
    /// The institution's word.
    pub message: Option<String>,
    /// By when an answer is hoped for.
    pub due_on: Option<String>,
    /// Who was asked before and forwarded it, the institution's own choice first; without whoever reads this.
    pub forwarded_by: Vec<ForwarderView>,
    /// The requirement set that the questions are of.
    pub requirement_set: String,
    /// Its digest on the day of the first letter, SHA-256 in hex: the questions stay the same.
    pub requirement_set_sha256: String,
    /// The questions, in the printed order.
    pub questions: Vec<LinkQuestion>,
    /// What was filled in so far, as it was kept.
    pub draft: Option<String>,
    /// Whether an application for registration waits for the operator's decision.
    pub registration_waits: bool,
    /// When the link ends.
    #[schema(value_type = String)]
    pub expires_at: Moment,
}

/// Somebody who forwarded a request.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ForwarderView {
    /// The name of the vendor, or of whoever was asked by letter.
    pub name: String,
    /// Their word to whoever they forwarded it to.
    pub message: Option<String>,
}

/// An item of the 【別紙】 as it is asked.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LinkQuestion {
    /// The item.
    pub item: &'static str,
    /// `MDS` or `SDS`.
    pub form: &'static str,
    /// The chapter's number.
    pub chapter: u16,
    /// The chapter's title.
    pub chapter_title: &'static str,
    /// The number as it is printed.
    pub number: &'static str,
    /// The question.
    pub text: &'static str,
}

/// What was filled in so far.
#[derive(Debug, Clone)]
pub struct Draft {
    /// In whatever way whoever fills it in keeps it; nothing to forget it.
    pub draft: Option<String>,
}

impl FromMembers for Draft {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            draft: reader.optional_lines("draft", DRAFT),
        })
    }
}

impl Exchange {
    /// What the link asks.
    pub fn open_link(&self, visitor: &Visitor) -> Result<LinkView, LinkError> {
        let now = self.clock.now();
        self.db.read(|c| {
            let standing = standing(c, visitor, now)?;
            Ok(view(c, standing, self.sets)?)
        })
    }

    /// Keeps what was filled in so far, until the link is used.
    pub fn save_draft(&self, visitor: &Visitor, draft: Draft) -> Result<(), LinkError> {
        let holder = visitor.clone();
        self.write(visitor.actor(), move |tx| {
            let now = tx.now();
            let Standing { mut link, .. } = standing(tx, &holder, now)?;
            link.draft.clone_from(&draft.draft);
            tx.concerns(&link.id);
            Ok::<_, LinkError>(links::update(tx, &link)?)
        })?;
        Ok(())
    }
}

fn view(
    connection: &mut DbConnection,
    standing: Standing,
    sets: &'static RequirementSets,
) -> Result<LinkView, StorageError> {
    let Standing { link, request } = standing;
    let institution = organisations::find(connection, &request.institution_id)?;
    let (set, forms) = questions(&link, sets)?;
    let items = forms.iter().flat_map(|form| set.items_of(*form));
    let asked = items.map(|item| LinkQuestion {
        item: &item.id,
        form: item.kind.as_str(),
        chapter: item.chapter,
        chapter_title: &item.chapter_title,
        number: &item.printed_number,
        text: &item.text,
    });
    let chain = Chain::read(connection, &request.origin_id)?;
    let waiting = registrations::waiting(connection, &request.id)?;
    Ok(LinkView {
        request: request.id.clone(),
        institution_name: institution.map(|found| found.name).unwrap_or_default(),
        subject: subject_of(connection, &request)?,
        addressee_name: request.addressee_name.clone().unwrap_or_default(),
        forms: forms.iter().map(ToString::to_string).collect(),
        message: chain.asked_with(),
        due_on: request.due_on.clone(),
        forwarded_by: forwarders(connection, &chain, &request)?,
        questions: asked.collect(),
        requirement_set: link.requirement_set,
        requirement_set_sha256: link.requirement_set_sha256,
        draft: link.draft,
        registration_waits: waiting.is_some(),
        expires_at: Moment(link.expires_at),
    })
}

/// Those before the request, each with the word that they sent along.
fn forwarders(
    connection: &mut DbConnection,
    chain: &Chain,
    request: &crate::storage::requests::RequestRow,
) -> Result<Vec<ForwarderView>, StorageError> {
    let mut way = chain.way_back(request);
    way.reverse();
    let words = way.iter().skip(1).copied().chain([request]);
    let words: Vec<_> = words.map(|next| next.message.clone()).collect();
    let pairs = way.into_iter().zip(words);
    let views = pairs.map(|(row, message)| {
        let name = news::who(connection, row)?;
        Ok(ForwarderView { name, message })
    });
    views.collect()
}
