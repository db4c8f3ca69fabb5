//! Which error of the exchange is which kind of problem. The sentences are the exchange's own.

use kaiji_schema::jws::Refusal;
use kaiji_schema::reader::ReadError;
use kaiji_schema::violation::{Violation, Violations};

use super::{Kind, Problem};
use crate::exchange::{
    AcknowledgeError, AnswerError, ApproveKeyError, AuthenticateError, ChainError,
    CheckStatementError, ClientError, CompareError, CosignError, ExportError, FileError,
    IdempotencyError, ImportError, InspectionError, InspectorError, InvitationError, KeyError,
    LinkError, LogError, MandateError, MeasureTemplateError, OrganisationError, ProductError,
    QuestionError, ReadStatementError, RecordError, RegistrationError, RequestError, ReviewError,
    RiskMatrixError, SessionError, SignInError, Stale, StorageError, SubmitError, SystemError,
    TokenError, TooManyTries, TransferError, UserError, UserLinkError, VendorsWordError,
    VerifyDocumentError,
};

fn said(kind: Kind, error: &impl ToString) -> Problem {
    Problem::new(kind, error.to_string())
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Unavailable(cause) => Self::inside(Kind::Unavailable, cause),
            StorageError::Corrupt(cause) => Self::inside(Kind::Internal, cause),
        }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Syntax(error) => Self::with_violations(Kind::Unreadable, vec![error.into()]),
            ReadError::Violations(violations) => violations.into(),
        }
    }
}

impl From<Violations> for Problem {
    fn from(violations: Violations) -> Self {
        Self::with_violations(Kind::Violations, violations.into_vec())
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let kind = match refusal {
            Refusal::BadSignature => Kind::BadSignature,
            _ => Kind::JwsRefused,
        };
        let violation = Violation::new("", refusal.code(), refusal.to_string());
        Self::with_violations(kind, vec![violation])
    }
}

impl From<Stale> for Problem {
    fn from(stale: Stale) -> Self {
        said(Kind::Stale, &stale)
    }
}

impl From<IdempotencyError> for Problem {
    fn from(error: IdempotencyError) -> Self {
        match error {
            IdempotencyError::OtherBody => said(Kind::IdempotencyKeyReused, &error),
            IdempotencyError::Storage(error) => error.into(),
        }
    }
}

impl From<AuthenticateError> for Problem {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::Refused(_) => said(Kind::Unauthenticated, &error),
            AuthenticateError::Storage(error) => error.into(),
        }
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::InvalidRequest(_) => said(Kind::InvalidRequest, &error),
            TokenError::UnsupportedGrantType => said(Kind::UnsupportedGrantType, &error),
            TokenError::InvalidClient(_) => said(Kind::InvalidClient, &error),
            TokenError::InvalidScope => said(Kind::InvalidScope, &error),
            TokenError::Storage(error) => error.into(),
        }
    }
}

impl From<OrganisationError> for Problem {
    fn from(error: OrganisationError) -> Self {
        match error {
            OrganisationError::NotFound => said(Kind::NotFound, &error),
            OrganisationError::Violations(violations) => violations.into(),
            OrganisationError::Stale(stale) => stale.into(),
            OrganisationError::Idempotency(error) => error.into(),
            OrganisationError::Storage(error) => error.into(),
        }
    }
}

impl From<ClientError> for Problem {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::NotFound => said(Kind::NotFound, &error),
            ClientError::Violations(violations) => violations.into(),
            ClientError::Idempotency(error) => error.into(),
            ClientError::Storage(error) => error.into(),
        }
    }
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::NotFound => said(Kind::NotFound, &error),
            KeyError::Refused(refusal) => refusal.into(),
            KeyError::Violations(violations) => violations.into(),
            KeyError::Taken => said(Kind::KeyTaken, &error),
            KeyError::State(_) => said(Kind::KeyState, &error),
            KeyError::Idempotency(error) => error.into(),
            KeyError::Storage(error) => error.into(),
        }
    }
}

impl From<ApproveKeyError> for Problem {
    fn from(error: ApproveKeyError) -> Self {
        match error {
            ApproveKeyError::NotFound => said(Kind::NotFound, &error),
            ApproveKeyError::Refused(refusal) => refusal.into(),
            ApproveKeyError::Violations(violations) => violations.into(),
            ApproveKeyError::Signer => said(Kind::SignerRefused, &error),
            ApproveKeyError::First => said(Kind::FirstKey, &error),
            ApproveKeyError::NotPending => said(Kind::KeyState, &error),
            ApproveKeyError::Storage(error) => error.into(),
        }
    }
}

impl From<ProductError> for Problem {
    fn from(error: ProductError) -> Self {
        match error {
            ProductError::NotFound | ProductError::NoGrant => said(Kind::NotFound, &error),
            ProductError::Unfit(unfit) => Self::new(Self::from(unfit).kind, error.to_string()),
            ProductError::Stale(stale) => stale.into(),
            ProductError::Idempotency(error) => error.into(),
            ProductError::Storage(error) => error.into(),
        }
    }
}

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Refused(refusal) => refusal.into(),
            SubmitError::Signer => said(Kind::SignerRefused, &error),
            SubmitError::Violations(violations) => violations.into(),
            SubmitError::ChainExists(_) => said(Kind::ChainExists, &error),
            SubmitError::RevisionTaken(_) => said(Kind::RevisionTaken, &error),
            SubmitError::DoesNotFollow(_) => said(Kind::RevisionDoesNotFollow, &error),
            SubmitError::Storage(error) => error.into(),
        }
    }
}

impl From<FileError> for Problem {
    fn from(error: FileError) -> Self {
        match error {
            FileError::NotFound => said(Kind::NotFound, &error),
            FileError::TooLarge => said(Kind::TooLarge, &error),
            FileError::MediaType(_) => said(Kind::UnsupportedMediaType, &error),
            FileError::TooMuchWaits(_) => said(Kind::TooMuchWaits, &error),
            FileError::Violations(violations) => violations.into(),
            FileError::TooSlow => said(Kind::TooSlow, &error),
            FileError::Storage(error) => error.into(),
        }
    }
}

impl From<ReadStatementError> for Problem {
    fn from(error: ReadStatementError) -> Self {
        match error {
            ReadStatementError::NotFound => said(Kind::NotFound, &error),
            ReadStatementError::OtherChain => said(Kind::OtherChain, &error),
            ReadStatementError::Storage(error) => error.into(),
        }
    }
}

impl From<VendorsWordError> for Problem {
    fn from(error: VendorsWordError) -> Self {
        match error {
            VendorsWordError::NotFound => said(Kind::NotFound, &error),
            VendorsWordError::Refused(refusal) => refusal.into(),
            VendorsWordError::Violations(violations) => violations.into(),
            VendorsWordError::Signer => said(Kind::SignerRefused, &error),
            VendorsWordError::State(_) => said(Kind::StatementState, &error),
            VendorsWordError::Storage(error) => error.into(),
        }
    }
}

impl From<CheckStatementError> for Problem {
    fn from(error: CheckStatementError) -> Self {
        match error {
            CheckStatementError::Violations(violations) => violations.into(),
            CheckStatementError::Storage(error) => error.into(),
        }
    }
}

impl From<AcknowledgeError> for Problem {
    fn from(error: AcknowledgeError) -> Self {
        match error {
            AcknowledgeError::NotFound => said(Kind::NotFound, &error),
            AcknowledgeError::NotDelivered => said(Kind::NotDelivered, &error),
            AcknowledgeError::Storage(error) => error.into(),
        }
    }
}

impl From<SystemError> for Problem {
    fn from(error: SystemError) -> Self {
        match error {
            SystemError::NotFound => said(Kind::NotFound, &error),
            SystemError::Violations(violations) => violations.into(),
            SystemError::Stale(stale) => stale.into(),
            SystemError::Idempotency(error) => error.into(),
            SystemError::Storage(error) => error.into(),
        }
    }
}

impl From<RecordError> for Problem {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::NotFound => said(Kind::NotFound, &error),
            RecordError::Violations(violations) => violations.into(),
            RecordError::Stale(stale) => stale.into(),
            RecordError::FactsChanged => said(Kind::Stale, &error),
            RecordError::NotDone => said(Kind::NotDone, &error),
            RecordError::Idempotency(error) => error.into(),
            RecordError::Storage(error) => error.into(),
        }
    }
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Violations(violations) => violations.into(),
            ImportError::OtherPlan => said(Kind::OtherPlan, &error),
            ImportError::Storage(error) => error.into(),
        }
    }
}

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::NotFound => said(Kind::NotFound, &error),
            RequestError::Violations(violations) => violations.into(),
            RequestError::OpenAlready(_) => said(Kind::RequestOpen, &error),
            RequestError::State(_) => said(Kind::RequestState, &error),
            RequestError::Chain(error) => error.into(),
            RequestError::RemindedToday => said(Kind::RemindedToday, &error),
            RequestError::NoLink => said(Kind::NoLink, &error),
            RequestError::Idempotency(error) => error.into(),
            RequestError::Storage(error) => error.into(),
        }
    }
}

impl From<ReviewError> for Problem {
    fn from(error: ReviewError) -> Self {
        match error {
            ReviewError::NotFound => said(Kind::NotFound, &error),
            ReviewError::NotFlagged => said(Kind::ItemNotFlagged, &error),
            ReviewError::Violations(violations) => violations.into(),
            ReviewError::Stale(stale) => stale.into(),
            ReviewError::State(_) => said(Kind::ReviewState, &error),
            ReviewError::Outdated(_) => said(Kind::ReviewOutdated, &error),
            ReviewError::Own(_) => said(Kind::OwnReview, &error),
            ReviewError::Storage(error) => error.into(),
        }
    }
}

impl From<TransferError> for Problem {
    fn from(error: TransferError) -> Self {
        match error {
            TransferError::NotFound => said(Kind::NotFound, &error),
            TransferError::Word(error) => error.into(),
            TransferError::Open(_) => said(Kind::TransferOpen, &error),
            TransferError::State(_) => said(Kind::TransferState, &error),
            TransferError::Storage(error) => error.into(),
        }
    }
}

impl From<MandateError> for Problem {
    fn from(error: MandateError) -> Self {
        match error {
            MandateError::NotFound => said(Kind::NotFound, &error),
            MandateError::Violations(violations) => violations.into(),
            MandateError::InForce(_) => said(Kind::MandateInForce, &error),
            MandateError::Ended => said(Kind::MandateEnded, &error),
            MandateError::Idempotency(error) => error.into(),
            MandateError::Storage(error) => error.into(),
        }
    }
}

impl From<RiskMatrixError> for Problem {
    fn from(error: RiskMatrixError) -> Self {
        match error {
            RiskMatrixError::NotFound => said(Kind::NotFound, &error),
            RiskMatrixError::Violations(violations) => violations.into(),
            RiskMatrixError::Stale(stale) => stale.into(),
            RiskMatrixError::Storage(error) => error.into(),
        }
    }
}

impl From<MeasureTemplateError> for Problem {
    fn from(error: MeasureTemplateError) -> Self {
        match error {
            MeasureTemplateError::NotFound => said(Kind::NotFound, &error),
            MeasureTemplateError::Stale(stale) => stale.into(),
            MeasureTemplateError::Idempotency(error) => error.into(),
            MeasureTemplateError::Storage(error) => error.into(),
        }
    }
}

impl From<QuestionError> for Problem {
    fn from(error: QuestionError) -> Self {
        match error {
            QuestionError::NotFound => said(Kind::NotFound, &error),
            QuestionError::Violations(violations) => violations.into(),
            QuestionError::OpenAlready(_) => said(Kind::QuestionOpen, &error),
            QuestionError::State(_) => said(Kind::QuestionState, &error),
            QuestionError::Request(error) => error.into(),
            QuestionError::Idempotency(error) => error.into(),
            QuestionError::Storage(error) => error.into(),
        }
    }
}

impl From<ChainError> for Problem {
    fn from(error: ChainError) -> Self {
        let kind = match error {
            ChainError::Circle => Kind::RequestCircle,
            ChainError::TooLong => Kind::RequestTooLong,
        };
        said(kind, &error)
    }
}

impl From<LinkError> for Problem {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Unknown => said(Kind::UnknownLink, &error),
            LinkError::Gone(_) => said(Kind::LinkGone, &error),
            LinkError::Answered => said(Kind::LinkUsed, &error),
            LinkError::TooManyTries(error) => error.into(),
            LinkError::AppliedAlready => said(Kind::AppliedAlready, &error),
            LinkError::Violations(violations) => violations.into(),
            LinkError::Chain(error) => error.into(),
            LinkError::Storage(error) => error.into(),
        }
    }
}

impl From<AnswerError> for Problem {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::Link(error) => error.into(),
            AnswerError::Read(error) => error.into(),
            AnswerError::Storage(error) => error.into(),
        }
    }
}

impl From<RegistrationError> for Problem {
    fn from(error: RegistrationError) -> Self {
        match error {
            RegistrationError::NotFound => said(Kind::NotFound, &error),
            RegistrationError::State(_) => said(Kind::RegistrationState, &error),
            RegistrationError::Violations(violations) => violations.into(),
            RegistrationError::Chain(error) => error.into(),
            RegistrationError::Organisation(error) => error.into(),
            RegistrationError::Storage(error) => error.into(),
        }
    }
}

impl From<CompareError> for Problem {
    fn from(error: CompareError) -> Self {
        match error {
            CompareError::NotFound => said(Kind::NotFound, &error),
            CompareError::UnknownSet => said(Kind::UnknownRequirementSet, &error),
            CompareError::Storage(error) => error.into(),
        }
    }
}

impl From<ExportError> for Problem {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Storage(error) => error.into(),
            ExportError::Checkpoint(error) => error.into(),
            ExportError::Write(error) => Self::inside(Kind::Internal, error),
        }
    }
}

impl From<LogError> for Problem {
    fn from(error: LogError) -> Self {
        match error {
            LogError::NoTile | LogError::NoCheckpoint => said(Kind::NotFound, &error),
            LogError::Beyond(_) => said(Kind::BeyondLog, &error),
            LogError::Storage(error) => error.into(),
        }
    }
}

impl From<VerifyDocumentError> for Problem {
    fn from(error: VerifyDocumentError) -> Self {
        match error {
            VerifyDocumentError::Refused(refusal) => refusal.into(),
            VerifyDocumentError::Violations(violations) => violations.into(),
            VerifyDocumentError::Storage(error) => error.into(),
        }
    }
}

impl From<CosignError> for Problem {
    fn from(error: CosignError) -> Self {
        let violation = |code| Violation::new("", code, error.to_string());
        match error {
            CosignError::Note(_) => Violations::one(violation("checkpoint")).into(),
            CosignError::AnotherCheckpoint => {
                Violations::one(violation("another_checkpoint")).into()
            }
            CosignError::Signature(_) => said(Kind::BadSignature, &error),
            CosignError::Storage(error) => error.into(),
        }
    }
}

impl From<TooManyTries> for Problem {
    fn from(error: TooManyTries) -> Self {
        Self::too_many_tries(error.seconds, error.to_string())
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Refused => said(Kind::SignInRefused, &error),
            SignInError::TooManyTries(error) => error.into(),
            SignInError::Storage(error) => error.into(),
        }
    }
}

impl From<SessionError> for Problem {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::NotFound => said(Kind::NotFound, &error),
            SessionError::Violations(violations) => violations.into(),
            SessionError::TooManyTries(error) => error.into(),
            SessionError::Storage(error) => error.into(),
        }
    }
}

impl From<UserError> for Problem {
    fn from(error: UserError) -> Self {
        match error {
            UserError::NotFound => said(Kind::NotFound, &error),
            UserError::Violations(violations) => violations.into(),
            UserError::LastAdministrator => said(Kind::LastAdministrator, &error),
            UserError::Disabled => said(Kind::UserDisabled, &error),
            UserError::Stale(stale) => stale.into(),
            UserError::Idempotency(error) => error.into(),
            UserError::Storage(error) => error.into(),
        }
    }
}

impl From<UserLinkError> for Problem {
    fn from(error: UserLinkError) -> Self {
        match error {
            UserLinkError::Unknown => said(Kind::UnknownLink, &error),
            UserLinkError::Gone(_) => said(Kind::LinkGone, &error),
            UserLinkError::Used => said(Kind::LinkUsed, &error),
            UserLinkError::TooManyTries(error) => error.into(),
            UserLinkError::Storage(error) => error.into(),
        }
    }
}

impl From<InspectionError> for Problem {
    fn from(error: InspectionError) -> Self {
        match error {
            InspectionError::NotFound => said(Kind::NotFound, &error),
            InspectionError::Violations(violations) => violations.into(),
            InspectionError::Log(error) => error.into(),
            InspectionError::Idempotency(error) => error.into(),
            InspectionError::Storage(error) => error.into(),
        }
    }
}

impl From<InspectorError> for Problem {
    fn from(error: InspectorError) -> Self {
        match error {
            InspectorError::Unknown => said(Kind::UnknownLink, &error),
            InspectorError::Ended(_) => said(Kind::LinkGone, &error),
            InspectorError::TooManyTries(error) => error.into(),
            InspectorError::Storage(error) => error.into(),
        }
    }
}

impl From<InvitationError> for Problem {
    fn from(error: InvitationError) -> Self {
        match error {
            InvitationError::Link(error) => error.into(),
            InvitationError::Violations(violations) => violations.into(),
            InvitationError::NotBegun => said(Kind::EnrolmentNotBegun, &error),
            InvitationError::Storage(error) => error.into(),
        }
    }
}
