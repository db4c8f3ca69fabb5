//! The fixed Japanese labels of exported files. Programs filter by them, so they change only with the form of the
//! file. Those of outcomes, reasons and answers stand with their types.

use crate::statement::Answer;

/// 回答 of a question that was left blank or out.
pub const BLANK: &str = "空欄";

/// 判定 of a system for which no statement was received.
pub const NOT_RECEIVED: &str = "未受領";

/// Every label of the column 判定: those of [`crate::comparison::Outcome`] and [`NOT_RECEIVED`].
pub const JUDGEMENT_LABELS: [&str; 5] = ["適合", "対象外", "要リスク評価", "要確認", NOT_RECEIVED];

/// The label of an answer: はい, いいえ, 対象外 or 空欄.
pub fn answer_label(answer: Option<Answer>) -> &'static str {
    answer.map_or(BLANK, Answer::label)
}

/// What became of a statement's signature (署名検証結果).
///
/// The labels speak of issuer and integrity, never of 電子署名: that word has a meaning in law (電子署名法 第2条)
/// which this signature does not claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureStatus {
    /// Issuer and integrity were verified, and nothing has changed since.
    Valid,
    /// It was verified on receipt; its key was revoked afterwards.
    KeyRevokedLater,
    /// Its key was compromised when it was received: the vendor has to sign the statement again.
    ResignRequired,
    /// The vendor has withdrawn the statement.
    Withdrawn,
    /// Nobody signed: a person answered through a link.
    Attested,
}

impl SignatureStatus {
    /// Every status.
    pub const ALL: [Self; 5] = [
        Self::Valid,
        Self::KeyRevokedLater,
        Self::ResignRequired,
        Self::Withdrawn,
        Self::Attested,
    ];

    /// The label of the column 署名検証結果.
    pub fn label(self) -> &'static str {
        match self {
            Self::Valid => "発行元と完全性を確認済み",
            Self::KeyRevokedLater => "発行元と完全性を確認済み（受領後に鍵が失効）",
            Self::ResignRequired => "再署名が必要",
            Self::Withdrawn => "取下げ済み",
            Self::Attested => "署名なし（回答者の申告）",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::Outcome;

    #[test]
    fn the_labels_of_the_judgement_are_those_of_the_outcomes_and_one_more() {
        let outcomes = Outcome::ALL.map(Outcome::label);
        assert_eq!(JUDGEMENT_LABELS[..4], outcomes);
        assert_eq!(JUDGEMENT_LABELS[4], "未受領");
    }

    #[test]
    fn no_label_speaks_of_an_electronic_signature() {
        for status in SignatureStatus::ALL {
            assert!(!status.label().contains("電子署名"));
        }
    }
}
