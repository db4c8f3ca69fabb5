//! Business days in Japan: not Saturdays, Sundays, holidays and the days from 29 December to 3 January
//! (行政機関の休日に関する法律, article 1).
//!
//! Holidays are data (`fixtures/holidays/japan.csv`): the Cabinet Office announces those of a year in the February before
//! it. A day in a year that the data does not have is not guessed.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::civil::{Date, Weekday};
use jiff::tz::{Offset, TimeZone};

use crate::embedded::{self, DataError};

/// The clock on Japan's walls.
pub const IN_JAPAN: TimeZone = TimeZone::fixed(Offset::constant(9));

const HOLIDAYS: &str = include_str!("../../fixtures/holidays/japan.csv");

/// The holidays (国民の祝日 and 休日) that are known.
static JAPAN: LazyLock<BTreeSet<Date>> = LazyLock::new(|| {
    let files = embedded::all(&[HOLIDAYS], |text| holidays(text));
    files.into_iter().flatten().collect()
});

fn holidays(text: &str) -> Result<BTreeSet<Date>, DataError> {
    let rows = csv::Reader::from_reader(text.as_bytes()).into_records();
    rows.map(|row| {
        let row = row?;
        let date = row.get(0).unwrap_or_default();
        date.parse()
            .map_err(|_| DataError::Rule(format!("{date} is no date")))
    })
    .collect()
}

/// The holidays of a year are not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the holidays of {0} are not known yet: name a date instead")]
pub struct UnknownYear(pub i16);

/// Whether offices work on that day.
pub fn is_business_day(day: Date) -> Result<bool, UnknownYear> {
    let known = JAPAN.iter().any(|holiday| holiday.year() == day.year());
    if !known {
        return Err(UnknownYear(day.year()));
    }
    let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    let around_new_year = matches!((day.month(), day.day()), (12, 29..) | (1, ..=3));
    Ok(!weekend && !around_new_year && !JAPAN.contains(&day))
}

/// The day that is so many business days after `from`, which is not counted.
pub fn business_days_after(from: Date, count: u16) -> Result<Date, UnknownYear> {
    let (mut day, mut left) = (from, count);
    while left > 0 {
        day = day.tomorrow().map_err(|_| UnknownYear(day.year()))?;
        if is_business_day(day)? {
            left -= 1;
        }
    }
    Ok(day)
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::date;

    use super::*;

    /// The holidays of a year by the law (国民の祝日に関する法律), worked out another way.
    fn by_law(year: i16) -> BTreeSet<Date> {
        let monday = |month, nth: i8| {
            let first = date(year, month, 1);
            first.nth_weekday_of_month(nth, Weekday::Monday).unwrap()
        };
        // The equinoxes between 1980 and 2099, as they are reckoned beforehand.
        let since_1980 = f64::from(year - 1980);
        let leaps = f64::from((year - 1980) / 4);
        #[allow(clippy::cast_possible_truncation, reason = "a day of a month")]
        let equinox = |offset: f64| (offset + 0.242_194 * since_1980 - leaps).floor() as i8;
        let mut days = BTreeSet::from([
            date(year, 1, 1),
            monday(1, 2),
            date(year, 2, 11),
            date(year, 2, 23),
            date(year, 3, equinox(20.8431)),
            date(year, 4, 29),
            date(year, 5, 3),
            date(year, 5, 4),
            date(year, 5, 5),
            monday(7, 3),
            date(year, 8, 11),
            monday(9, 3),
            date(year, 9, equinox(23.2488)),
            monday(10, 2),
            date(year, 11, 3),
            date(year, 11, 23),
        ]);
        let named = days.clone();
        // Article 3 (2): a holiday on a Sunday makes the next day that is none a day off.
        for day in named.iter().filter(|day| day.weekday() == Weekday::Sunday) {
            let mut instead = *day;
            while named.contains(&instead) {
                instead = instead.tomorrow().unwrap();
            }
            days.insert(instead);
        }
        // Article 3 (3): a day between two holidays is a day off.
        for day in &named {
            let (between, after) = (*day + 1.day(), *day + 2.days());
            if named.contains(&after) && between.weekday() != Weekday::Sunday {
                days.insert(between);
            }
        }
        days
    }

    #[test]
    fn the_holidays_are_those_of_the_law() {
        let years: BTreeSet<i16> = JAPAN.iter().map(|day| day.year()).collect();
        assert!(!years.is_empty());
        for year in years {
            let known: BTreeSet<Date> = JAPAN
                .iter()
                .copied()
                .filter(|day| day.year() == year)
                .collect();
            assert_eq!(known, by_law(year), "{year}");
        }
    }

    #[test]
    fn weekends_holidays_and_the_turn_of_the_year_are_passed_over() {
        // Friday; Monday is 勤労感謝の日.
        let friday = date(2026, 11, 20);
        assert_eq!(business_days_after(friday, 0), Ok(friday));
        assert_eq!(business_days_after(friday, 1), Ok(date(2026, 11, 24)));
        assert_eq!(
            business_days_after(date(2026, 12, 28), 1),
            Ok(date(2027, 1, 4))
        );
        // From Friday to 連休: Monday to Wednesday are days off.
        assert_eq!(
            business_days_after(date(2026, 9, 18), 1),
            Ok(date(2026, 9, 24))
        );
    }

    #[test]
    fn a_year_that_nobody_announced_is_not_guessed() {
        let last = JAPAN.last().unwrap().year();
        let end = date(last, 12, 28);
        assert_eq!(business_days_after(end, 1), Err(UnknownYear(last + 1)));
    }
}
