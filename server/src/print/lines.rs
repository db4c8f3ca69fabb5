//! Text broken into lines, by the rules that readers of Japanese expect: 。 does not begin a line, 「 does not end one, and
//! a word in Latin letters or a number stays whole where a line can hold it (禁則処理).

use super::font::Face;

/// What no line begins with.
const NOT_FIRST: &str = "、。，．,.:;!?！？）)」』】〕〉》｝]}・ー々ゝゞヽヾぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ％%゛゜…‥／/";

/// What no line ends with.
const NOT_LAST: &str = "（(「『【〔〈《｛[{￥¥＄$№";

/// The lines of a text at that size within that width. A text without characters is one empty line.
pub(super) fn broken<'t>(face: &Face, text: &'t str, size: f32, width: f32) -> Vec<&'t str> {
    let paragraphs = text.split('\n');
    let paragraphs = paragraphs.map(|paragraph| paragraph.trim_end_matches('\r'));
    paragraphs
        .flat_map(|paragraph| paragraph_lines(face, paragraph, size, width))
        .collect()
}

fn paragraph_lines<'t>(face: &Face, text: &'t str, size: f32, width: f32) -> Vec<&'t str> {
    let mut lines = Vec::new();
    let (mut start, mut filled) = (0, 0.0);
    // Where the line may end, and how much it holds up to there.
    let mut last: Option<(usize, f32)> = None;
    let mut before = None;
    for (at, character) in text.char_indices() {
        if before.is_some_and(|before| may_break(before, character)) {
            last = Some((at, filled));
        }
        let advance = face.advance(character, size);
        if filled + advance > width && at > start {
            let (end, held) = last.take().unwrap_or((at, filled));
            lines.push(text.get(start..end).unwrap_or_default().trim_end());
            (start, filled) = (end, filled - held);
        }
        filled += advance;
        before = Some(character);
    }
    lines.push(text.get(start..).unwrap_or_default());
    lines
}

fn may_break(before: char, after: char) -> bool {
    let of_word = |character: char| {
        character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.' | '@' | '\'')
    };
    let stays_whole = of_word(before) && of_word(after);
    let is_bound = NOT_FIRST.contains(after) || NOT_LAST.contains(before);
    after != ' ' && !is_bound && !stays_whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, ems: f32) -> Vec<String> {
        let face = Face::new().unwrap();
        let lines = broken(&face, text, 10.0, ems * 10.0);
        lines.into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn no_line_begins_with_a_full_stop_or_ends_with_an_opening_bracket() {
        assert_eq!(lines("一二三四。五", 4.0), ["一二三", "四。五"]);
        assert_eq!(lines("一二三（四五", 4.0), ["一二三", "（四五"]);
    }

    #[test]
    fn words_and_numbers_stay_whole_where_a_line_can_hold_them() {
        assert_eq!(lines("番号12345番", 5.0), ["番号", "12345番"]);
        let digest = "0123456789abcdef".repeat(4);
        assert_eq!(lines(&digest, 10.0).concat(), digest);
    }

    #[test]
    fn line_ends_of_the_text_are_kept() {
        assert_eq!(lines("一\r\n\n二", 9.0), ["一", "", "二"]);
        assert_eq!(lines("", 9.0), [""]);
    }

    #[test]
    fn no_line_is_wider_than_its_place() {
        let face = Face::new().unwrap();
        let text =
            "次期更改（令和9年度）で、二要素認証（TOTP／FIDO2）に対応する予定です。".repeat(5);
        for ems in [5.0, 8.0, 13.5] {
            for line in broken(&face, &text, 8.0, ems * 8.0) {
                assert!(face.width(line, 8.0) <= ems * 8.0 + 0.01, "{line}");
            }
        }
    }
}
