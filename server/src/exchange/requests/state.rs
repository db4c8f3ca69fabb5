//! Where a request stands.

use serde::Serialize;

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// Waits for whoever was asked.
    Open,
    /// Waits for an answer, beyond its day. Rows do not know it: the day goes by without a change.
    Overdue,
    /// Waits for whoever it was forwarded to.
    Forwarded,
    /// Answered by a link.
    Answered,
    /// The institution may read the product's statements.
    Released,
    /// Whoever was asked does not answer, and said why.
    Declined,
    /// The institution does not ask any more.
    Cancelled,
}

impl RequestState {
    /// Every state there is.
    pub const ALL: [Self; 7] = [
        Self::Open,
        Self::Overdue,
        Self::Forwarded,
        Self::Answered,
        Self::Released,
        Self::Declined,
        Self::Cancelled,
    ];

    /// The word in documents and rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Overdue => "overdue",
            Self::Forwarded => "forwarded",
            Self::Answered => "answered",
            Self::Released => "released",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
        }
    }

    /// The same for people.
    pub(in crate::exchange) fn label(self) -> &'static str {
        match self {
            Self::Open => "回答待ち",
            Self::Overdue => "期限超過",
            Self::Forwarded => "転送先の回答待ち",
            Self::Answered => "回答受領（申告）",
            Self::Released => "開示",
            Self::Declined => "辞退",
            Self::Cancelled => "取消し",
        }
    }

    /// Whether somebody is still to answer.
    pub(in crate::exchange) fn is_waiting(self) -> bool {
        matches!(self, Self::Open | Self::Overdue | Self::Forwarded)
    }

    /// The state of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether a stored request in that state still waits for somebody.
    pub(in crate::exchange) fn waits(word: &str) -> bool {
        [Self::Open, Self::Forwarded]
            .iter()
            .any(|state| state.as_str() == word)
    }
}
