//! Risk reviews (リスク評価・リスク対応): what an institution decides about an item that a comparison flags.
//!
//! Guideline 7.0, section 10 ⑨, wants each いいえ assessed and treated, so that it can be explained at an inspection. Here
//! is what a review says (`content`), what it rests on (`finding`), whether it still stands (`carry`, `trail`), and who
//! may approve it (`approval`). Which statements an institution holds is not known here.

mod approval;
mod carry;
mod content;
mod edition;
mod finding;
mod template;
mod trail;

pub use approval::{ApprovalRefused, Authorship, may_approve};
pub use carry::{Approved, Cause, Standing, Verdict, holds, verdict};
pub use content::Content;
pub use edition::Edition;
pub use finding::{Finding, Source};
pub use template::MeasureTemplate;
pub use trail::{Held, stood_since};

use serde::{Deserialize, Serialize};

/// What is done about a risk (リスク対応).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// 低減
    Reduce,
    /// 回避
    Avoid,
    /// 移転
    Transfer,
    /// 受容: borne for a time.
    Accept,
    /// 当該機能を利用しない
    NotUsed,
}

impl Treatment {
    /// All treatments, in order.
    pub const ALL: [Self; 5] = [
        Self::Reduce,
        Self::Avoid,
        Self::Transfer,
        Self::Accept,
        Self::NotUsed,
    ];

    /// Its name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reduce => "reduce",
            Self::Avoid => "avoid",
            Self::Transfer => "transfer",
            Self::Accept => "accept",
            Self::NotUsed => "not_used",
        }
    }

    /// Its name for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Reduce => "低減",
            Self::Avoid => "回避",
            Self::Transfer => "移転",
            Self::Accept => "受容",
            Self::NotUsed => "当該機能を利用しない",
        }
    }

    /// The treatment of that name.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == word)
    }
}

/// Where the newest edition of a review is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    /// 作成中
    Draft,
    /// 承認待ち
    Submitted,
    /// 承認済
    Approved,
    /// 差戻し
    SentBack,
}

impl ReviewState {
    /// All states, in order.
    pub const ALL: [Self; 4] = [Self::Draft, Self::Submitted, Self::Approved, Self::SentBack];

    /// The word in documents and rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Approved => "approved",
            Self::SentBack => "sent_back",
        }
    }

    /// The word for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Draft => "作成中",
            Self::Submitted => "承認待ち",
            Self::Approved => "承認済",
            Self::SentBack => "差戻し",
        }
    }

    /// The state of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for treatment in Treatment::ALL {
            assert_eq!(Treatment::from_word(treatment.as_str()), Some(treatment));
            let json = serde_json::to_value(treatment).unwrap();
            assert_eq!(json, treatment.as_str());
        }
        for state in ReviewState::ALL {
            assert_eq!(ReviewState::from_word(state.as_str()), Some(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        assert_eq!(Treatment::from_word("受容"), None);
        assert_eq!(ReviewState::from_word("open"), None);
    }
}
