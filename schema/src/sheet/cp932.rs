//! CP932 without silent replacement: what it does not have becomes 〓, and the caller learns of each character.
//!
//! `encoding_rs` knows the code page as the web's `Shift_JIS`, whose encoder also takes characters that would come
//! back as others. Those are told apart here.

use std::borrow::Cow;

use encoding_rs::{EncoderResult, SHIFT_JIS};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// 〓 (GETA MARK), by which Japanese printing marks a missing character.
const GETA: [u8; 2] = [0x81, 0xac];

/// Composes what is typed in parts (か and ゛ as on macOS) into single characters: Unicode NFC.
///
/// Only the compatibility ideographs stay as they are. CP932 has those of people's and places' names (神 as U+FA19),
/// and NFC would put another character in their stead.
pub(super) fn compose(text: &str) -> Cow<'_, str> {
    if is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return Cow::Borrowed(text);
    }
    let mut composed = String::with_capacity(text.len());
    for part in text.split_inclusive(is_compatibility_ideograph) {
        let ordinary = part.trim_end_matches(is_compatibility_ideograph);
        composed.extend(ordinary.nfc());
        composed.extend(
            part.chars()
                .filter(|last| is_compatibility_ideograph(*last)),
        );
    }
    Cow::Owned(composed)
}

fn is_compatibility_ideograph(character: char) -> bool {
    matches!(character, '\u{f900}'..='\u{faff}')
}

/// The text of bytes; `None` where they are not CP932.
pub(super) fn decode(bytes: &[u8]) -> Option<String> {
    let text = SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes);
    text.map(Cow::into_owned)
}

/// The bytes of a text, and the characters for which 〓 stands in them, in order.
pub(super) fn encode(text: &str) -> (Vec<u8>, Vec<char>) {
    let mut bytes = Vec::with_capacity(text.len());
    let mut missing = Vec::new();
    let mut encoder = SHIFT_JIS.new_encoder();
    for character in text.chars() {
        let mut utf8 = [0; 4];
        let source = equivalent(character).encode_utf8(&mut utf8);
        let mut target = [0; 4];
        let (result, _, written) =
            encoder.encode_from_utf8_without_replacement(source, &mut target, false);
        let comes_back = !is_misread(character) && result == EncoderResult::InputEmpty;
        match target.get(..written) {
            Some(found) if comes_back => bytes.extend_from_slice(found),
            _ => {
                bytes.extend_from_slice(&GETA);
                missing.push(character);
            }
        }
    }
    (bytes, missing)
}

/// The character by which CP932 writes one that JIS X 0208 maps to another place of Unicode.
///
/// Six of them are of DESIGN section 8; the seventh, the minus sign, `encoding_rs` would map by itself.
fn equivalent(character: char) -> char {
    match character {
        '〜' => '～',
        '—' => '―',
        '‖' => '∥',
        '−' => '－',
        '¢' => '￠',
        '£' => '￡',
        '¬' => '￢',
        other => other,
    }
}

/// What the web's encoder writes as a byte that CP932 reads as something else: `\`, `~` and a control.
fn is_misread(character: char) -> bool {
    matches!(character, '¥' | '‾' | '\u{80}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> String {
        let text = SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes);
        text.unwrap().into_owned()
    }

    #[test]
    fn every_character_comes_back_as_its_equivalent_or_is_reported() {
        let mut written = 0;
        for character in '\0'..=char::MAX {
            let (bytes, missing) = encode(character.encode_utf8(&mut [0; 4]));
            if missing.is_empty() {
                written += 1;
                assert_eq!(decoded(&bytes), equivalent(character).to_string());
            } else {
                assert_eq!((decoded(&bytes).as_str(), missing), ("〓", vec![character]));
            }
        }
        // 7,517 is also what Python's cp932 has, without private use, U+0080 and its own equivalents.
        assert_eq!(written, 7_517 + 7);
    }

    #[test]
    fn the_equivalents_of_japanese_windows_are_written() {
        let (bytes, missing) = encode("〜—‖−¢£¬");
        assert_eq!(decoded(&bytes), "～―∥－￠￡￢");
        assert_eq!(missing, []);
    }

    #[test]
    fn names_with_characters_of_ibm_and_nec_are_written() {
        for text in ["髙橋﨑", "①Ⅳ㈱℡", "ｶｲｼﾞ", "\u{fa19}戸"] {
            let composed = compose(text);
            assert_eq!(encode(&composed).1, [], "{text}");
            assert_eq!(decoded(&encode(&composed).0), text);
        }
    }

    #[test]
    fn parts_are_composed() {
        assert_eq!(compose("か\u{3099}は\u{309a}"), "がぱ");
        assert_eq!(
            compose("\u{fa19}か\u{3099}\u{fa1a}\u{fa1b}か\u{3099}"),
            "\u{fa19}が\u{fa1a}\u{fa1b}が"
        );
    }

    #[test]
    fn what_the_code_page_lacks_is_marked_and_reported() {
        let (bytes, missing) = encode("𠮷野家¥100‾é✓");
        assert_eq!(decoded(&bytes), "〓野家〓100〓〓〓");
        assert_eq!(missing, ['𠮷', '¥', '‾', 'é', '✓']);
    }
}
