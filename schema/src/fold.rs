//! Names as they are searched for.

use unicode_normalization::UnicodeNormalization;

/// Joins compatibility forms (NFKC: ﾆﾎﾝ and ニホン, Ａ and A), ignores case and runs of white space.
pub fn fold(name: &str) -> String {
    let folded: String = name.nfkc().flat_map(char::to_lowercase).collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn a_name_is_found_whatever_its_width_and_case() {
        assert_eq!(fold("ﾐﾎﾝ　ＣＬＯＵＤ  Karte"), fold("ミホン cloud karte"));
    }
}
