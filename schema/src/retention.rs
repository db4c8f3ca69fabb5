//! For how long records are kept: what the exchange keeps for ever, what it takes away after a time, and what the law asks
//! of the institution itself, as text with its source.
//!
//! What proves something is kept for ever. The audit trail is a chain of hashes from its first entry on, of which nothing
//! can be taken away without breaking it.

use std::sync::LazyLock;

use jiff::Span;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::embedded::{self, DataError};

/// For how many years logs are kept at least.
pub const LEAST_LOG_YEARS: u16 = 5;

const SOURCES: [&str; 1] = [include_str!("../../fixtures/retention/laws.csv")];

static LAWS: LazyLock<Vec<LawfulPeriod>> = LazyLock::new(|| {
    let files = embedded::all(&SOURCES, |file| parse(file));
    files.into_iter().flatten().collect()
});

/// What the law asks of an institution. None of it is kept here: it says beside which periods the exchange's stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LawfulPeriod {
    /// The law.
    pub law: String,
    /// The article of it.
    pub article: String,
    /// What is to be kept.
    pub record: String,
    /// For how long.
    pub period: String,
    /// Who keeps it, or what else there is to say.
    pub note: String,
}

/// What the law asks, as far as it is certain.
pub fn lawful_periods() -> &'static [LawfulPeriod] {
    &LAWS
}

fn parse(file: &str) -> Result<Vec<LawfulPeriod>, DataError> {
    let rows = csv::Reader::from_reader(file.as_bytes()).into_deserialize();
    Ok(rows.collect::<Result<_, _>>()?)
}

macro_rules! kinds {
    ($($kind:ident $word:literal $label:literal $removed:literal $reason:literal;)+) => {
        /// A kind of record.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum RecordClass {
            $(#[doc = $label] $kind),+
        }

        impl RecordClass {
            /// Every kind there is.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// The word in documents.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $word),+ }
            }

            /// The word for people.
            pub fn label(self) -> &'static str {
                match self { $(Self::$kind => $label),+ }
            }

            /// Whether it is taken away after a time.
            pub fn is_removed(self) -> bool {
                match self { $(Self::$kind => $removed),+ }
            }

            /// Why it is kept so, for people.
            pub fn reason(self) -> &'static str {
                match self { $(Self::$kind => $reason),+ }
            }
        }
    };
}

kinds! {
    Statements "statements" "開示書、回答者の申告、その照合の結果" false
        "何がいつ開示されたかを後から示すため、期限なく保存します。";
    Receipts "receipts" "受領証、ログの葉・検査点、交付と受領確認の記録" false
        "ログは追記だけができるもので、一部を除くと完全性を確認できなくなるため、期限なく保存します。";
    Records "records" "リスク評価、チェックリスト、契約の確認、情報の一覧とその履歴、証跡ファイル" false
        "立入検査や監査で経過を説明できるよう、期限なく保存します。";
    Requests "requests" "提出依頼とその経路" false
        "誰にいつ求めたかを後から示すため、期限なく保存します。";
    AuditTrail "audit_trail" "監査証跡（アクセスの記録）" false
        "最初の記録からのハッシュの連鎖で、古い日を除くと連鎖を確認できなくなるため、期限なく保存します。";
    Events "events" "お知らせ（イベント）の記録" true
        "設定された年数を過ぎたものを消去します。";
    Letters "letters" "送信済みの通知メールの控え" true
        "設定された年数を過ぎたものを消去します。送信待ちのものは消去しません。";
    Sessions "sessions" "ログイン中の状態（セッション）" true
        "ログアウト又は期限切れで消去します。ログインの記録は監査証跡に残ります。";
}

/// The first day from which records are still kept, where they are kept for so many years.
pub fn kept_since(today: Date, years: u16) -> Date {
    let span = Span::new().try_years(years);
    span.map_or(Date::MIN, |span| today.saturating_sub(span))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn each_law_names_its_article_and_its_period() {
        assert!(lawful_periods().len() >= 5);
        for period in lawful_periods() {
            assert!(period.article.starts_with('第'), "{period:?}");
            assert!(!period.record.is_empty() && !period.period.is_empty());
        }
        let physicians = lawful_periods()
            .iter()
            .find(|period| period.law == "医師法");
        assert_eq!(physicians.unwrap().period, "5年");
    }

    #[test]
    fn a_year_is_a_year_of_the_calendar() {
        assert_eq!(kept_since(date(2031, 11, 22), 5), date(2026, 11, 22));
        assert_eq!(kept_since(date(2028, 2, 29), 5), date(2023, 2, 28));
        assert_eq!(kept_since(date(2026, 1, 1), u16::MAX), Date::MIN);
    }

    #[test]
    fn what_proves_something_is_never_taken_away() {
        let removed = RecordClass::ALL.iter().filter(|class| class.is_removed());
        let removed: Vec<_> = removed.map(|class| class.as_str()).collect();
        assert_eq!(removed, ["events", "letters", "sessions"]);
    }
}
