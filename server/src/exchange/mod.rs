//! What the service does: one transaction a verb, rules and rows together, no HTTP.
//!
//! REST, pages and the command line call the same verbs. Each file is named for what it does; each has errors of its
//! own, which `api::problem` turns into statuses. A verb prepares (parse, verify, compare) before it asks for the
//! writer, and reads again inside the transaction whatever may have changed meanwhile.

mod accept_invitation;
mod acknowledge;
mod act_for;
mod anchors;
mod announce;
mod answer_by_link;
mod apply_template;
mod approve_key;
mod assurance;
mod audit;
mod audit_day;
mod authenticate;
mod backup;
mod bring_attachment;
mod check_statement;
mod checklist;
mod clients;
mod compare_anew;
mod compare_system;
mod confirm_statement;
mod contract_points;
mod cosign;
mod decline_by_link;
mod directory;
mod events;
mod evidence;
mod evidence_files;
mod export_checklist;
mod export_comparison;
mod export_contract_points;
mod export_reviews;
mod export_systems;
mod fetch_attachment;
mod forward_request;
mod gather_letters;
mod high_water;
mod idempotency;
mod import_systems;
mod information_kinds;
mod inspections;
mod invite_user;
mod jwt;
mod letters;
mod link;
mod links;
mod log;
mod mandates;
mod measure_templates;
mod name_addressee_by_link;
mod name_attachments;
mod open_link;
mod organisations;
mod passwords;
mod piece;
mod products;
mod proposals;
mod questions;
mod read_attested;
mod read_statement;
mod records;
mod register_by_link;
mod register_key;
mod registrations;
mod remind;
mod remind_of_reviews;
mod renew_link;
mod requests;
mod reset_password;
mod retention;
mod retire_key;
mod reviews;
mod revision;
mod risk_matrix;
mod scope;
mod second_factor;
mod send_letters;
mod service_keys;
mod sessions;
mod shelf;
mod sign_in;
mod submit_statement;
mod sweep_files;
mod systems;
mod take_file;
mod time;
mod transfers;
mod tries;
mod unsubscribe;
mod user_link;
mod users;
mod validity;
mod vendors_word;
mod verify_document;
mod verify_log;
mod withdraw_statement;
mod zip;

use std::sync::Arc;

use kaiji_schema::Digest;
use kaiji_schema::requirement::RequirementSets;
use kaiji_schema::violation::{Violation, Violations};
use ring::rand::SecureRandom;
use serde::Serialize;

pub use accept_invitation::{
    AuthenticatorView, ChosenPassword, InvitationError, InvitationView, Joined, OneTimeCode,
};
pub use acknowledge::{AcknowledgeError, Acknowledged};
pub use anchors::{Anchors, Authority, DueTimestamp, KeepTimestampError, TimestampView};
pub use answer_by_link::{AnswerError, Attestation, SheetAnswers};
pub use apply_template::{SkippedTarget, Target, Targets, TemplateApplication};
pub use approve_key::{Approval, ApproveKeyError};
pub use assurance::Assurance;
pub use audit::{AuditEventView, AuditFilter};
pub use audit_day::{AuditTrailError, AuditTrailFindings, verify_audit_trail};
pub use authenticate::{AuthenticateError, TokenError, TokenRequest, TokenResponse};
pub use backup::{BackupError, Manifest, back_up, restore};
pub use check_statement::{CheckStatementError, CheckedStatement};
pub use checklist::{
    ChecklistItemView, ComparisonFacts, Confirmation, Facts, FilledIn, FlaggedSystem,
    InformationFacts, ItemSaid, Lack, LedgerFacts, NamedSystem, PartnerFacts, PartnerSystems,
    ReviewFacts, Standing, StatementFacts,
};
pub use clients::{ClientError, ClientView, NewClient};
pub use compare_system::{CompareError, ComparisonView, SummaryView, SystemComparisons};
pub use confirm_statement::Confirmed;
pub use contract_points::{ContractPointsView, PointView, PointsSaid};
pub use cosign::{CosignError, Cosigned, WitnessView};
pub use directory::DirectoryEntry;
pub use events::EventView;
pub use evidence::EvidenceZip;
pub use evidence_files::EvidenceFileView;
pub use export_comparison::{ComparisonExport, ExportError};
pub use export_reviews::ReviewsExport;
pub use export_systems::SystemsExport;
pub use fetch_attachment::Download;
pub use high_water::{HighWater, HighWaterError};
pub use idempotency::{Idempotency, IdempotencyError};
pub use import_systems::{
    ImportAction, ImportError, ImportPlan, MemberChange, Missing, PlannedSystem,
};
pub use information_kinds::{InformationKind, InformationKindView};
pub use inspections::{
    AccessView, InspectedView, InspectionError, InspectionLinkView, InspectionPackage,
    InspectionSummary, InspectionView, Inspector, InspectorError, LinkEnd, MadeLink, NewInspection,
    NewInspectionLink, Purpose,
};
pub use invite_user::NewUser;
pub use jwt::TokenKey;
pub use letters::LetterWish;
pub use link::{LinkPurpose, LinkToken};
pub use links::{Gone, LinkError, Visitor};
pub use log::{ConsistencyProof, InclusionProof, LogError, log_name};
pub use mandates::{ActingForView, MandateError, MandateView, NewMandate};
pub use measure_templates::{MeasureTemplateError, MeasureTemplateView};
pub use open_link::{Draft, ForwarderView, LinkQuestion, LinkView};
pub use organisations::{NewOrganisation, OrganisationChange, OrganisationError, OrganisationView};
pub use products::{NewProduct, ProductChange, ProductError, ProductView, Release};
pub use proposals::{OccasionView, ProposalView};
pub use questions::{
    AskedItemView, AskedQuestionView, InstitutionQuestionView, NewQuestions, QuestionAnswerView,
    QuestionError, QuestionState, QuestionsAsked, Remark,
};
pub use read_attested::{AttestedDocument, AttestedView};
pub use read_statement::{
    AnswerChange, ItemChange, ReadStatementError, StatementChanges, StatementDocument,
    StatementView,
};
pub use records::{ChangeView, RecordError};
pub use register_by_link::NewRegistration;
pub use register_key::{Challenge, KeyError, KeyState, KeyView};
pub use registrations::{
    RegistrationApproval, RegistrationError, RegistrationState, RegistrationView,
};
pub use remind::{ReminderDays, TooManyDays};
pub use requests::{
    Addressee, AddresseeView, Asked, ChainError, ChainPart, Due, Forward, NewRequest, Next,
    RequestError, RequestOrder, RequestState, RequestView,
};
pub use reset_password::{ForgottenPassword, PasswordResetView};
pub use retention::{KeptFor, LawfulPeriodView, Retention, RetentionView};
pub use retire_key::Revocation;
pub use reviews::{
    ApprovedReview, ApprovedView, EditionView, FindingView, GradeView, LevelView, ReviewChangeView,
    ReviewContent, ReviewDocument, ReviewError, ReviewValues, ReviewView, WhoView,
};
pub use revision::{Revision, Stale};
pub use risk_matrix::{
    MatrixChoice, MatrixView, RiskMatrixError, RiskMatrixView, StandardMatrixView, StepView,
    offered_matrices,
};
pub use scope::{QuestionView, ScopeView, SystemDutyView};
pub use send_letters::{ClaimedLetter, LetterFate};
pub use service_keys::{ServiceKeyView, ServicePurpose, service_key_in_use};
pub use sessions::{PasswordChange, RecoveryCodes, SessionError, WhoAmI};
pub use sign_in::{SessionView, SignIn, SignInError, SignedIn};
pub use submit_statement::{ComparisonSummary, Submission, SubmitError};
pub use systems::{NewSystem, SystemChange, SystemError, SystemView};
pub use take_file::{CHUNK_BYTES, FileError, KeptFile, Upload};
pub use time::{Moment, day_in_japan, in_japan};
pub use transfers::{TransferError, TransferView};
pub use tries::TooManyTries;
pub use unsubscribe::UnsubscribeError;
pub use user_link::{UserLinkError, UserLinkGone};
pub use users::{Preferences, UserChange, UserError, UserState, UserView};
pub use validity::Validity;
pub use vendors_word::VendorsWordError;
pub use verify_document::{StatementStanding, VerifiedDocument, VerifyDocumentError};
pub use verify_log::{Flaw, LogAudit, VerifyLogError, verify_log};
pub use withdraw_statement::Withdrawn;

use crate::clock::Clock;
use crate::keys::LogSigner;
use crate::storage::Db;
pub use crate::storage::Error as StorageError;

/// Randomness as a parameter; shared by all threads.
pub type Random = Arc<dyn SecureRandom + Send + Sync>;

/// The service's verbs, and what they need. One for the whole process.
pub struct Exchange {
    db: Db,
    signer: Arc<LogSigner>,
    clock: Clock,
    random: Random,
    issuer: String,
    tokens: jwt::Tokens,
    links: Arc<link::LinkTokens>,
    reminders: remind::Reminders,
    review_mornings: remind::Mornings,
    retention: Retention,
    remembered: authenticate::Remembered,
    anchors: Anchors,
    sets: &'static RequirementSets,
    tiles: log::RememberedTiles,
    seal: second_factor::Seal,
    turns: passwords::Turns,
}

impl Exchange {
    /// An exchange that calls itself `issuer` (its public base address), signs what it says about statements with
    /// `signer`, which signs the receipts too, access tokens with `token_key`, and derives links from `secret`.
    pub fn new(
        db: Db,
        signer: Arc<LogSigner>,
        clock: Clock,
        random: Random,
        issuer: String,
        token_key: &TokenKey,
        secret: &[u8; 32],
    ) -> Self {
        Self {
            links: Arc::new(link::LinkTokens::new(secret, &issuer)),
            seal: second_factor::Seal::new(secret),
            turns: passwords::Turns::default(),
            db,
            signer,
            clock,
            random,
            issuer,
            tokens: jwt::Tokens::new(token_key),
            remembered: authenticate::Remembered::default(),
            anchors: Anchors::default(),
            sets: RequirementSets::built_in(),
            tiles: log::RememberedTiles::default(),
            reminders: remind::Reminders::default(),
            review_mornings: remind::Mornings::default(),
            retention: Retention::default(),
        }
    }

    /// The same with others than the operator to vouch for its log.
    #[must_use]
    pub fn anchored(self, anchors: Anchors) -> Self {
        Self { anchors, ..self }
    }

    /// The same that compares with these requirement sets, for as long as the process lives.
    #[must_use]
    pub fn comparing(self, sets: &'static RequirementSets) -> Self {
        Self {
            sets,
            links: Arc::new(self.links.asking(sets.current())),
            ..self
        }
    }

    /// The requirement sets that statements are compared with.
    pub fn requirement_sets(&self) -> &'static RequirementSets {
        self.sets
    }

    /// The public base address: `iss` of access tokens, `aud` of client assertions, `issuer` of key proofs.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The operator's clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Whether the database can be read and written now.
    pub fn check_readiness(&self) -> Result<(), StorageError> {
        self.db.check()
    }

    /// A new opaque id: a prefix, the time in milliseconds and 80 random bits in Crockford's base 32, so that ids sort
    /// by age and cannot be guessed.
    fn new_id(&self, prefix: &str) -> Result<String, StorageError> {
        const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
        let mut random = [0_u8; 10];
        self.fill(&mut random)?;
        let time = u128::try_from(self.clock.now().as_millisecond()).unwrap_or(0);
        let bits = random
            .iter()
            .fold(time, |bits, byte| bits << 8 | u128::from(*byte));
        let digits = (0..26).rev().map(|place| {
            let digit = usize::try_from(bits >> (5 * place) & 31).unwrap_or(0);
            char::from(DIGITS.get(digit).copied().unwrap_or(b'0'))
        });
        Ok(format!("{prefix}_{}", digits.collect::<String>()))
    }

    fn fill(&self, bytes: &mut [u8]) -> Result<(), StorageError> {
        self.random.fill(bytes).map_err(|_| {
            StorageError::Unavailable("the operating system gave no random bytes".to_owned())
        })
    }
}

/// A part of a list, and where the next part begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page<T> {
    /// The things asked for, in a stable order.
    pub items: Vec<T>,
    /// Where to go on; `None` at the end.
    pub next: Option<String>,
}

/// Which part of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Where the part before ended.
    pub after: Option<String>,
    /// How many things at the most.
    pub limit: u16,
}

impl Window {
    /// The position to begin behind, for lists in the order of their ids.
    fn after_id(&self) -> &str {
        self.after.as_deref().unwrap_or_default()
    }

    /// The position to begin behind, for lists in the order of a number; `start` is before the first.
    fn after_number(&self, start: i64) -> i64 {
        self.after
            .as_deref()
            .and_then(|after| after.parse().ok())
            .unwrap_or(start)
    }

    /// One more than asked for, which tells whether there is a next part.
    fn fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Makes a page of the rows that [`Window::fetch`] brought.
    fn page<R, T>(
        &self,
        mut rows: Vec<R>,
        position: impl Fn(&R) -> String,
        view: impl Fn(R) -> T,
    ) -> Page<T> {
        let more = rows.len() > usize::from(self.limit);
        rows.truncate(usize::from(self.limit));
        let next = rows.last().filter(|_| more).map(position);
        Page {
            items: rows.into_iter().map(view).collect(),
            next,
        }
    }
}

/// A violation that only the rows could tell.
fn violation(pointer: &str, code: &'static str, detail: impl Into<String>) -> Violations {
    Violations::one(Violation::new(pointer, code, detail))
}

/// Names as they are searched for: compatibility forms joined, case ignored.
fn fold(name: &str) -> String {
    kaiji_schema::fold::fold(name)
}

/// A digest read back from a row.
fn stored_digest(hex: &str) -> Result<Digest, StorageError> {
    hex.parse()
        .map_err(|_| StorageError::Corrupt(format!("digest {hex}")))
}
