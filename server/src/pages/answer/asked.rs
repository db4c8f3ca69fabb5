//! What is asked, as the pages tell it.

use kaiji_schema::era;
use kaiji_schema::form::FormKind;
use kaiji_schema::requirement::RequirementSets;
use kaiji_schema::sheet::SignatureStatus;
use kaiji_schema::statement::Questions;

use super::draft::Draft;
use crate::exchange::LinkView;

/// The request behind a link.
pub(super) struct Asked {
    /// The request's id, which the answer names.
    pub(super) request: String,
    /// Who asks.
    pub(super) institution: String,
    /// About what.
    pub(super) subject: String,
    /// To whom the letter was addressed.
    pub(super) addressee: String,
    /// The forms in words: MDS または SDS.
    pub(super) forms: String,
    /// The questions, as they were fixed.
    pub(super) questions: Questions,
    /// By when an answer is hoped for, in words.
    pub(super) due: Option<String>,
    /// The institution's word.
    pub(super) message: Option<String>,
    /// By way of whom it came, with their word.
    pub(super) chain: Vec<Forwarder>,
    /// What was filled in so far.
    pub(super) draft: Draft,
    /// Whether there is any of it.
    pub(super) has_draft: bool,
    /// Whether an application for registration waits already.
    pub(super) registration_waits: bool,
    /// What an answer will be marked with, wherever it is shown.
    pub(super) unsigned: &'static str,
}

/// Somebody who was asked before and forwarded it.
pub(super) struct Forwarder {
    pub(super) name: String,
    pub(super) message: Option<String>,
}

impl Asked {
    /// What a link shows; `None` where this program does not know the questions, which whoever opened it asked before.
    pub(super) fn of(view: LinkView, sets: &'static RequirementSets) -> Option<Self> {
        let draft = Draft::kept(view.draft.as_deref());
        let forms = view.forms.iter();
        let chain = view.forwarded_by.into_iter();
        Some(Self {
            questions: Questions {
                set: sets.find(&view.requirement_set)?,
                forms: forms.filter_map(|form| FormKind::from_name(form)).collect(),
            },
            request: view.request,
            institution: view.institution_name,
            subject: view.subject,
            addressee: view.addressee_name,
            forms: view.forms.join(" または "),
            due: view.due_on.as_deref().map(era::both_of),
            message: view.message,
            chain: chain
                .map(|forwarder| Forwarder {
                    name: forwarder.name,
                    message: forwarder.message,
                })
                .collect(),
            has_draft: draft != Draft::default(),
            draft,
            registration_waits: view.registration_waits,
            unsigned: SignatureStatus::Attested.label(),
        })
    }
}
