//! Days in the Japanese era (和暦), for what people read: 令和8年11月22日. Data stays ISO 8601.
//!
//! An era counts from the day on which it was declared to hold, so that 2019 is 平成31年 until April and 令和元年 from May.
//! The Gregorian calendar came with 1873: earlier days, whose months were others, and days of eras to come that nobody has
//! named are what the last known era makes of them, or plain.

use jiff::civil::{Date, date};

/// An era and its first day, the newest first (元号を改める政令; 明治 from the first day of the Gregorian calendar in Japan,
/// 太政官布告第337号).
const ERAS: [(&str, Date, i16); 5] = [
    ("令和", date(2019, 5, 1), 2019),
    ("平成", date(1989, 1, 8), 1989),
    ("昭和", date(1926, 12, 25), 1926),
    ("大正", date(1912, 7, 30), 1912),
    ("明治", date(1873, 1, 1), 1868),
];

/// The day in the era of which it is: 令和8年11月22日; 令和元年5月1日. A day before 1873 as 1872年12月31日.
pub fn japanese(day: Date) -> String {
    let (month, of_month) = (day.month(), day.day());
    let Some((era, _, first)) = ERAS.iter().find(|(_, begins, _)| day >= *begins) else {
        return gregorian(day);
    };
    match day.year() - first + 1 {
        1 => format!("{era}元年{month}月{of_month}日"),
        year => format!("{era}{year}年{month}月{of_month}日"),
    }
}

/// The day as people in Japan write it without an era: 2026年11月22日.
pub fn gregorian(day: Date) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}

/// Both ways: 2026年11月22日（令和8年11月22日）. A day before 1873 only once.
pub fn both(day: Date) -> String {
    let (plain, era) = (gregorian(day), japanese(day));
    if plain == era {
        plain
    } else {
        format!("{plain}（{era}）")
    }
}

/// Both ways for a day as documents write it, `YYYY-MM-DD`; another text as it is.
pub fn both_of(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), both)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_era_begins_on_its_day() {
        for (day, expected) in [
            (date(2026, 11, 22), "令和8年11月22日"),
            (date(2019, 5, 1), "令和元年5月1日"),
            (date(2019, 4, 30), "平成31年4月30日"),
            (date(1989, 1, 8), "平成元年1月8日"),
            (date(1989, 1, 7), "昭和64年1月7日"),
            (date(1926, 12, 25), "昭和元年12月25日"),
            (date(1926, 12, 24), "大正15年12月24日"),
            (date(1912, 7, 30), "大正元年7月30日"),
            (date(1912, 7, 29), "明治45年7月29日"),
            (date(1873, 1, 1), "明治6年1月1日"),
        ] {
            assert_eq!(japanese(day), expected);
        }
    }

    #[test]
    fn a_day_beyond_the_eras_is_plain_or_of_the_last_one() {
        assert_eq!(japanese(date(1872, 12, 31)), "1872年12月31日");
        assert_eq!(both(date(1872, 12, 31)), "1872年12月31日");
        assert_eq!(japanese(date(2118, 1, 2)), "令和100年1月2日");
        assert_eq!(japanese(Date::MAX), "令和7981年12月31日");
        assert_eq!(japanese(Date::MIN), "-9999年1月1日");
    }

    #[test]
    fn a_day_is_written_both_ways() {
        assert_eq!(
            both(date(2026, 11, 22)),
            "2026年11月22日（令和8年11月22日）"
        );
        assert_eq!(both_of("2027-04-01"), "2027年4月1日（令和9年4月1日）");
        assert_eq!(both_of("9月頃"), "9月頃");
    }
}
