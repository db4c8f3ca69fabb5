//! Text in columns on a terminal, where most East Asian characters are two columns wide.
//!
//! Widths follow UAX #11 (Wide and Fullwidth are two, combining marks none); ambiguous characters count as one, except
//! the few signs of Japanese text that terminals in Japan show wide.

/// Characters that do not begin a line: they hang over the edge of the one before.
const NEVER_FIRST: &str = "、。，．・）」』】〕ー！？／";

/// How many columns a text takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

fn columns(character: char) -> usize {
    match u32::from(character) {
        0x0300..=0x036f | 0x200b..=0x200f | 0x3099..=0x309a | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1_f300..=0x1_faff
        | 0x2_0000..=0x3_fffd => 2,
        _ => 1,
    }
}

/// The text with spaces after it, so that it takes `columns` at least.
pub(super) fn pad(text: &str, columns: usize) -> String {
    let missing = columns.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(missing))
}

/// The text in lines of at most `columns`. Japanese breaks between any two characters; words of Latin letters are
/// broken as well, which is rare in these texts. Line feeds stay.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    text.lines()
        .flat_map(|line| wrap_line(line, columns))
        .collect()
}

fn wrap_line(line: &str, most: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut current, mut used) = (String::new(), 0);
    for character in line.chars() {
        let wide = columns(character);
        if used + wide > most && !current.is_empty() && !NEVER_FIRST.contains(character) {
            lines.push(std::mem::take(&mut current));
            used = 0;
        }
        current.push(character);
        used += wide;
    }
    lines.push(current);
    lines
}

/// The text in lines of at most `columns`, with `label` before the first; no line for an empty text.
pub(super) fn labelled(indent: usize, label: &str, text: &str, columns: usize) -> Vec<String> {
    let margin = " ".repeat(indent);
    let label = format!("{margin}{label}  ");
    let left = width(&label);
    let mut lines = wrap(text, columns.saturating_sub(left));
    for (index, line) in lines.iter_mut().enumerate() {
        let before = if index == 0 { label.as_str() } else { "" };
        line.insert_str(0, &pad(before, left));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kanji_and_kana_are_two_columns_wide_and_half_width_kana_one() {
        assert_eq!(width("要確認"), 6);
        assert_eq!(width("No.17.1（はい）"), 15);
        assert_eq!(width("ｶﾞ"), 2);
        assert_eq!(width("か\u{3099}"), 2);
        assert_eq!(pad("適合", 6), "適合  ");
        assert_eq!(pad("要リスク評価", 6), "要リスク評価");
    }

    #[test]
    fn a_line_never_begins_with_a_full_stop() {
        assert_eq!(wrap("更新中。次は", 6), ["更新中。", "次は"]);
        assert_eq!(wrap("一\n二", 6), ["一", "二"]);
    }

    #[test]
    fn a_label_stands_beside_the_first_line() {
        assert_eq!(
            labelled(2, "備考", "更新中", 12),
            ["  備考  更新", "        中"]
        );
        assert!(labelled(2, "備考", "", 12).is_empty());
    }
}
