//! When a statement is to be asked for again: not because a year's checklist changed (Q&A, Q-11), but when the contract is
//! renewed or the product changes, and once a year (guideline 7.0, section 3).

use jiff::ToSpan;
use jiff::civil::Date;

use crate::fold::fold;

/// A statement that an institution holds for a system, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldStatement {
    /// The product's version that it is about.
    pub product_version: String,
    /// The day on which it was received, or on which its vendor confirmed it last.
    pub good_on: Date,
    /// Whether it was withdrawn.
    pub withdrawn: bool,
}

/// What is known of the system and its product.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SystemNow<'a> {
    /// The version that is installed.
    pub installed_version: Option<&'a str>,
    /// The version that the vendor offers.
    pub offered_version: Option<&'a str>,
    /// When the contract is renewed.
    pub contract_renewal_on: Option<Date>,
}

/// Why a statement is to be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Occasion {
    /// None is held.
    Missing,
    /// The vendor took it back.
    Withdrawn,
    /// The contract was renewed since it was received or confirmed.
    ContractRenewed,
    /// Another version is installed than it is about.
    VersionInstalled,
    /// The vendor offers another version than it is about.
    VersionOffered,
    /// A year has passed since it was received or confirmed.
    YearPassed,
}

impl Occasion {
    /// Its name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Withdrawn => "withdrawn",
            Self::ContractRenewed => "contract_renewed",
            Self::VersionInstalled => "version_installed",
            Self::VersionOffered => "version_offered",
            Self::YearPassed => "year_passed",
        }
    }

    /// What people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::Missing => "開示書を受け取っていない",
            Self::Withdrawn => "開示書が取り下げられた",
            Self::ContractRenewed => "契約が更新された",
            Self::VersionInstalled => "導入しているバージョンが開示書と異なる",
            Self::VersionOffered => "製品のバージョンが開示書と異なる",
            Self::YearPassed => "受領または前回の確認から1年が過ぎた",
        }
    }
}

/// Why statements are to be asked for on that day, each reason once.
pub fn occasions(held: &[HeldStatement], system: SystemNow<'_>, today: Date) -> Vec<Occasion> {
    if held.is_empty() {
        return vec![Occasion::Missing];
    }
    let mut found: Vec<Occasion> = held
        .iter()
        .flat_map(|statement| of_statement(statement, system, today))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn of_statement(
    statement: &HeldStatement,
    system: SystemNow<'_>,
    today: Date,
) -> impl Iterator<Item = Occasion> {
    let about = fold(&statement.product_version);
    let is_other = |version: Option<&str>| version.is_some_and(|version| fold(version) != about);
    let renewed = system
        .contract_renewal_on
        .is_some_and(|renewal| statement.good_on < renewal && renewal <= today);
    // Beyond the calendar's end nothing is due.
    let year_passed = statement
        .good_on
        .checked_add(1.year())
        .is_ok_and(|due| due <= today);
    let of_others = [
        (renewed, Occasion::ContractRenewed),
        (
            is_other(system.installed_version),
            Occasion::VersionInstalled,
        ),
        (is_other(system.offered_version), Occasion::VersionOffered),
        (year_passed, Occasion::YearPassed),
    ];
    let withdrawn = [(statement.withdrawn, Occasion::Withdrawn)];
    // One that was taken back says nothing any more that could be out of date.
    let found = if statement.withdrawn {
        withdrawn.to_vec()
    } else {
        of_others.to_vec()
    };
    found
        .into_iter()
        .filter_map(|(holds, occasion)| holds.then_some(occasion))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const TODAY: Date = date(2026, 11, 22);

    fn held(good_on: Date) -> HeldStatement {
        HeldStatement {
            product_version: "3.2".to_owned(),
            good_on,
            withdrawn: false,
        }
    }

    fn of(held: &HeldStatement, system: SystemNow<'_>) -> Vec<Occasion> {
        occasions(std::slice::from_ref(held), system, TODAY)
    }

    #[test]
    fn what_is_held_and_fresh_is_not_asked_for() {
        let system = SystemNow {
            installed_version: Some("３．２ "),
            offered_version: Some("3.2"),
            contract_renewal_on: Some(date(2027, 3, 31)),
        };
        assert_eq!(of(&held(date(2026, 11, 22)), system), []);
        assert_eq!(of(&held(date(2025, 11, 23)), system), []);
    }

    #[test]
    fn what_is_missing_is_asked_for() {
        let found = occasions(&[], SystemNow::default(), TODAY);
        assert_eq!(found, [Occasion::Missing]);
    }

    #[test]
    fn a_year_is_over_on_the_same_day_of_the_next() {
        let at_end = of(&held(date(2025, 11, 22)), SystemNow::default());
        assert_eq!(at_end, [Occasion::YearPassed]);
        let leap = occasions(
            &[held(date(2024, 2, 29))],
            SystemNow::default(),
            date(2025, 2, 28),
        );
        assert_eq!(leap, [Occasion::YearPassed]);
    }

    #[test]
    fn a_renewal_counts_once_it_has_come_and_until_it_is_looked_at() {
        let renewed_on = |day| SystemNow {
            contract_renewal_on: Some(day),
            ..SystemNow::default()
        };
        let received = held(date(2026, 4, 1));
        assert_eq!(of(&received, renewed_on(date(2026, 11, 23))), []);
        assert_eq!(
            of(&received, renewed_on(TODAY)),
            [Occasion::ContractRenewed]
        );
        assert_eq!(of(&received, renewed_on(date(2026, 4, 1))), []);
    }

    #[test]
    fn another_version_is_another_product_to_ask_about() {
        let received = held(date(2026, 4, 1));
        let installed = SystemNow {
            installed_version: Some("4.0"),
            ..SystemNow::default()
        };
        assert_eq!(of(&received, installed), [Occasion::VersionInstalled]);
        let offered = SystemNow {
            offered_version: Some("4.0"),
            ..SystemNow::default()
        };
        assert_eq!(of(&received, offered), [Occasion::VersionOffered]);
    }

    #[test]
    fn of_one_that_was_taken_back_only_that_counts() {
        let withdrawn = HeldStatement {
            withdrawn: true,
            ..held(date(2020, 1, 1))
        };
        assert_eq!(of(&withdrawn, SystemNow::default()), [Occasion::Withdrawn]);
    }

    #[test]
    fn reasons_of_both_forms_are_told_once() {
        let both = [held(date(2025, 1, 1)), held(date(2025, 2, 2))];
        let found = occasions(&both, SystemNow::default(), TODAY);
        assert_eq!(found, [Occasion::YearPassed]);
    }
}
