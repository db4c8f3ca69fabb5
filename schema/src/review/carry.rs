//! Whether an approved review still stands: it follows from what it rests on and from what came since, so that nothing
//! has to be carried over when a revision comes in or another requirement set is compared with.

use jiff::civil::Date;

use super::Finding;
use crate::comparison::Outcome;

/// Where an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// 未評価: flagged, and never approved.
    Open,
    /// 有効: flagged, and the approved review still holds.
    InForce,
    /// 要再評価: flagged, and what the approved review rests on is over.
    Reopened,
    /// 終了: not flagged any more.
    Closed,
}

impl Standing {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Open, Self::InForce, Self::Reopened, Self::Closed];

    /// Its name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::InForce => "in_force",
            Self::Reopened => "reopened",
            Self::Closed => "closed",
        }
    }

    /// Its name for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Open => "未評価",
            Self::InForce => "有効",
            Self::Reopened => "要再評価",
            Self::Closed => "終了",
        }
    }
}

/// Why an item is reopened or closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Closed: the answer is はい now.
    Conforming,
    /// Closed: the answer is 対象外 now.
    NotApplicable,
    /// Closed: nothing is compared any more: no statement is held, the set does not ask it, or the system is off the list.
    NotCompared,
    /// Reopened: answer, remark or what follows from them is another now.
    Changed,
    /// Reopened: it is as before, but was another in between.
    ChangedBetween,
    /// Reopened: the system has another product now.
    OtherProduct,
    /// Reopened: the acceptance has expired.
    Expired,
}

impl Cause {
    /// All of them, in order.
    pub const ALL: [Self; 7] = [
        Self::Conforming,
        Self::NotApplicable,
        Self::NotCompared,
        Self::Changed,
        Self::ChangedBetween,
        Self::OtherProduct,
        Self::Expired,
    ];

    /// Its name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Conforming => "conforming",
            Self::NotApplicable => "not_applicable",
            Self::NotCompared => "not_compared",
            Self::Changed => "changed",
            Self::ChangedBetween => "changed_between",
            Self::OtherProduct => "other_product",
            Self::Expired => "expired",
        }
    }

    /// Its name for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Conforming => "「はい」に変わった",
            Self::NotApplicable => "「対象外」に変わった",
            Self::NotCompared => "照合の対象でなくなった",
            Self::Changed => "回答、備考または判定が変わった",
            Self::ChangedBetween => "承認後にいったん変わり、元に戻った",
            Self::OtherProduct => "製品・サービスが替わった",
            Self::Expired => "受容の期限が過ぎた",
        }
    }
}

/// Where an item stands, and why where there is more to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Where.
    pub standing: Standing,
    /// Why it is reopened or closed.
    pub cause: Option<Cause>,
}

/// A review that was approved.
#[derive(Debug, Clone, Copy)]
pub struct Approved<'a> {
    /// What it rests on.
    pub basis: &'a Finding,
    /// The last day of an acceptance.
    pub expiry: Option<Date>,
}

/// Why a finding is not what it was any more; `None` where it holds. `since` is what the documents say that stood after
/// it, one after another, and `now` the last of them.
pub fn holds(basis: &Finding, since: &[&Finding], now: &Finding) -> Option<Cause> {
    if basis.is_about_another_product(now) {
        Some(Cause::OtherProduct)
    } else if !basis.says_the_same(now) {
        Some(Cause::Changed)
    } else if since.iter().any(|finding| !basis.says_the_same(finding)) {
        Some(Cause::ChangedBetween)
    } else {
        None
    }
}

/// Where an item stands on that day. `now` is what is found today, nothing where it is not compared.
pub fn verdict(
    approved: Option<Approved<'_>>,
    since: &[&Finding],
    now: Option<&Finding>,
    today: Date,
) -> Verdict {
    let verdict = |standing, cause| Verdict { standing, cause };
    let now = match now.map(|now| (now, now.outcome)) {
        None => return verdict(Standing::Closed, Some(Cause::NotCompared)),
        Some((_, Outcome::Conforming)) => {
            return verdict(Standing::Closed, Some(Cause::Conforming));
        }
        Some((_, Outcome::NotApplicable)) => {
            return verdict(Standing::Closed, Some(Cause::NotApplicable));
        }
        Some((now, Outcome::Nonconforming | Outcome::Unconfirmed)) => now,
    };
    let Some(Approved { basis, expiry }) = approved else {
        return verdict(Standing::Open, None);
    };
    let is_over = expiry.is_some_and(|until| until < today);
    match holds(basis, since, now).or(is_over.then_some(Cause::Expired)) {
        Some(cause) => verdict(Standing::Reopened, Some(cause)),
        None => verdict(Standing::InForce, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::finding::tests::finding;
    use crate::statement::Answer::{No, NotApplicable, Yes};

    const TODAY: &str = "2026-11-21";

    fn judged(basis: Option<&Finding>, since: &[&Finding]) -> (Standing, Option<Cause>) {
        expiring(basis, None, since)
    }

    fn expiring(
        basis: Option<&Finding>,
        expiry: Option<&str>,
        since: &[&Finding],
    ) -> (Standing, Option<Cause>) {
        let approved = basis.map(|basis| Approved {
            basis,
            expiry: expiry.map(|day| day.parse().unwrap()),
        });
        let now = since.last().copied();
        let Verdict { standing, cause } = verdict(approved, since, now, TODAY.parse().unwrap());
        (standing, cause)
    }

    #[test]
    fn what_was_never_approved_is_open_while_it_is_flagged() {
        let no = finding(1, Some(No), None);
        let blank = finding(1, None, None);
        assert_eq!(judged(None, &[&no]), (Standing::Open, None));
        assert_eq!(judged(None, &[&blank]), (Standing::Open, None));
        let yes = finding(2, Some(Yes), None);
        let closed = (Standing::Closed, Some(Cause::Conforming));
        assert_eq!(judged(None, &[&no, &yes]), closed);
    }

    #[test]
    fn revisions_that_say_the_same_leave_it_in_force() {
        let all = [1, 2, 3].map(|leaf| finding(leaf, Some(No), Some("検討中")));
        let [first, second, third] = &all;
        let held = (Standing::InForce, None);
        assert_eq!(judged(Some(first), &[first]), held);
        assert_eq!(judged(Some(first), &[second, third]), held);
    }

    #[test]
    fn another_remark_reopens_it() {
        let first = finding(1, Some(No), Some("検討中"));
        let second = finding(2, Some(No), Some("対応しない"));
        let reopened = (Standing::Reopened, Some(Cause::Changed));
        assert_eq!(judged(Some(&first), &[&second]), reopened);
    }

    #[test]
    fn what_turned_yes_and_no_again_is_reopened() {
        let first = finding(1, Some(No), None);
        let second = finding(2, Some(Yes), None);
        let third = finding(3, Some(No), None);
        let closed = (Standing::Closed, Some(Cause::Conforming));
        assert_eq!(judged(Some(&first), &[&second]), closed);
        let reopened = (Standing::Reopened, Some(Cause::ChangedBetween));
        assert_eq!(judged(Some(&first), &[&second, &third]), reopened);
    }

    #[test]
    fn what_is_not_compared_or_not_applicable_is_closed() {
        let first = finding(1, Some(No), None);
        let gone = (Standing::Closed, Some(Cause::NotCompared));
        assert_eq!(judged(Some(&first), &[]), gone);
        let other = finding(2, Some(NotApplicable), None);
        let closed = (Standing::Closed, Some(Cause::NotApplicable));
        assert_eq!(judged(Some(&first), &[&other]), closed);
    }

    #[test]
    fn another_product_reopens_it_whatever_it_answers() {
        let first = finding(1, Some(No), None);
        let mut other = finding(2, Some(No), None);
        other.source.product = Some("prd_2".to_owned());
        let reopened = (Standing::Reopened, Some(Cause::OtherProduct));
        assert_eq!(judged(Some(&first), &[&other]), reopened);
    }

    #[test]
    fn an_acceptance_holds_through_its_last_day() {
        let first = finding(1, Some(No), None);
        let on = |day| expiring(Some(&first), Some(day), &[&first]);
        assert_eq!(on(TODAY), (Standing::InForce, None));
        let expired = (Standing::Reopened, Some(Cause::Expired));
        assert_eq!(on("2026-11-20"), expired);
    }
}
