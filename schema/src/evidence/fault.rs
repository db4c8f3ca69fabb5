//! Why a check fails, in types for programs and in Japanese for those who read the report.

use crate::jws::{Refusal, VerifyError};
use crate::key::KeyError;
use crate::log::NoteError;
use crate::violation::Violations;

/// Why a check fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The file is not there.
    #[error("ファイルがありません")]
    Missing,
    /// Nothing in the folder calls for this file.
    #[error("この証跡に属さないファイルです")]
    Unknown,
    /// The file could not be read.
    #[error("ファイルを読み取れません: {0}")]
    Unreadable(String),
    /// The file is not UTF-8.
    #[error("UTF-8 の文字として読めません")]
    NotText,
    /// The digest is not the one that is stated.
    #[error("ハッシュ値 (SHA-256) が一致しません")]
    Digest,
    /// The size is not the one that is stated.
    #[error("大きさ(バイト数)が一致しません")]
    Size,
    /// The file does not have the form that it should have.
    #[error("ファイルの形式が正しくありません")]
    Form,
    /// A key cannot be read, or must not be trusted.
    #[error("鍵として受け入れられません: {0}")]
    Key(KeyError),
    /// A checkpoint or a key of checkpoints is refused.
    #[error("ログの署名を確認できません: {0}")]
    Note(NoteError),
    /// The key is of another kind than it must be.
    #[error("鍵の種類が違います")]
    KeyKind,
    /// The signer is not among the keys of the folder.
    #[error("署名した鍵 (kid) が、フォルダー内の鍵と一致しません")]
    Signer,
    /// A key is not among those that were kept from elsewhere.
    #[error("別に入手した鍵の中にない鍵です")]
    Untrusted,
    /// A JWS is not signed as it must be.
    #[error("{}", refusal_in_japanese(.0))]
    Refused(Refusal),
    /// It is signed, and its payload is against the rules.
    #[error("署名された内容が規則に合いません: {0}")]
    Document(Violations),
    /// Two things that should be the same are not.
    #[error("署名された内容と一致しません")]
    Differs,
    /// A member does not say what it must say.
    #[error("項目 {0} の値が、あるべき値と一致しません")]
    Member(&'static str),
    /// Two leaves do not have the order that they must have.
    #[error("ログの中の順序が正しくありません")]
    Order,
    /// A time does not lie where it must.
    #[error("時刻の前後関係が正しくありません(鍵の有効期間の外など)")]
    Time,
    /// A proof does not lead to the checkpoint's root.
    #[error("計算したハッシュ値が、ログの署名されたハッシュ値に一致しません")]
    Root,
    /// The checkpoint is not among those of the folder.
    #[error("フォルダー内のどのチェックポイントとも一致しません")]
    OtherCheckpoint,
    /// The statement does not name this file.
    #[error("開示書に記載のない添付ファイルです")]
    Unnamed,
    /// Something that this check rests on has failed, and says why.
    #[error("前提となる確認が不合格のため、確認できません")]
    Prerequisite,
    /// OpenSSL is needed and cannot be run.
    #[error("OpenSSL を実行できないため、確認できません: {0}")]
    NoOpenSsl(String),
    /// OpenSSL refuses the time stamp.
    #[error("OpenSSL がタイムスタンプを確認できませんでした: {0}")]
    Stamp(String),
}

impl Fault {
    /// A name for programs, `snake_case`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Unknown => "unknown",
            Self::Unreadable(_) => "unreadable",
            Self::NotText => "not_text",
            Self::Digest => "digest",
            Self::Size => "size",
            Self::Form => "form",
            Self::Key(_) => "key",
            Self::Note(_) => "note",
            Self::KeyKind => "key_kind",
            Self::Signer => "signer",
            Self::Untrusted => "untrusted",
            Self::Refused(refusal) => refusal.code(),
            Self::Document(_) => "violations",
            Self::Differs => "differs",
            Self::Member(_) => "member",
            Self::Order => "order",
            Self::Time => "time",
            Self::Root => "root",
            Self::OtherCheckpoint => "other_checkpoint",
            Self::Unnamed => "unnamed",
            Self::Prerequisite => "prerequisite",
            Self::NoOpenSsl(_) => "no_openssl",
            Self::Stamp(_) => "stamp",
        }
    }
}

fn refusal_in_japanese(refusal: &Refusal) -> String {
    match refusal {
        Refusal::BadSignature => {
            "署名が一致しません(内容が変えられたか、別の鍵による署名です)".to_owned()
        }
        Refusal::Kid => "署名した鍵の名前 (kid) が鍵と一致しません".to_owned(),
        Refusal::Typ { expected, found } => {
            format!("文書の種類が違います({expected} ではなく {found})")
        }
        Refusal::AlgRefused(_) | Refusal::AlgKeyMismatch { .. } => {
            "署名の方式 (alg) が鍵の方式と一致しません".to_owned()
        }
        other => format!("署名文書 (JWS) の形式が規則に合いません ({})", other.code()),
    }
}

impl From<KeyError> for Fault {
    fn from(error: KeyError) -> Self {
        Self::Key(error)
    }
}

impl From<NoteError> for Fault {
    fn from(error: NoteError) -> Self {
        Self::Note(error)
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<VerifyError> for Fault {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Refused(refusal) => Self::Refused(refusal),
            VerifyError::Document(violations) => Self::Document(violations),
        }
    }
}
