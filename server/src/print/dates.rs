//! Days as people in Japan read them: by the Western year, with the year of the era beside it.

use jiff::Timestamp;
use jiff::civil::Date;
use kaiji_schema::calendar::IN_JAPAN;
use kaiji_schema::era;
use kaiji_schema::inspection::day_in_japan;

/// An instant in a sentence, to the second.
pub(super) fn instant(at: Timestamp) -> String {
    let time = at.to_zoned(IN_JAPAN).strftime("%H:%M:%S").to_string();
    format!("{} {time} 日本時間", era::both(day_in_japan(at)))
}

/// A day in a cell, on two lines.
pub(super) fn short(day: Date) -> String {
    let era = era::japanese(day);
    let year = era.split('年').next().unwrap_or_default();
    format!("{day}\n（{year}年）")
}

/// The same where there may be none.
pub(super) fn optional(day: Option<Date>) -> String {
    day.map_or_else(String::new, short)
}

/// A day as rows keep it, in a cell.
pub(super) fn written(day: &str) -> String {
    day.parse().map_or_else(|_| day.to_owned(), short)
}

/// An instant in a cell.
pub(super) fn moment(at: Timestamp) -> String {
    let time = at.to_zoned(IN_JAPAN).strftime("%H:%M:%S").to_string();
    format!("{}\n{time}", short(day_in_japan(at)))
}
