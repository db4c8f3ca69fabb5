//! Passwords (NIST SP 800-63B): 13 to 128 characters of any kind, normalised, and not one of those that are tried first.
//!
//! What is tried first is data (`fixtures/passwords/common.txt`): words, names and rows of keys. A password has to have
//! something that is in none of them, nor in what is known of its owner, nor a run of keys. How a password is hashed is
//! not known here.

use std::fmt;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization as _;

use crate::fold::fold;

/// The fewest characters of a password.
pub const SHORTEST: usize = 13;

/// The most characters of a password.
pub const LONGEST: usize = 128;

/// How many characters a password has to have that no common word and no run accounts for.
const OF_ITS_OWN: usize = 6;

/// The shortest word that is looked for inside a password, and the shortest run.
const SHORTEST_PIECE: usize = 3;

const COMMON: &str = include_str!("../../fixtures/passwords/common.txt");

static WORDS: LazyLock<Vec<Vec<char>>> = LazyLock::new(|| {
    let lines = COMMON.lines().filter(|line| !line.starts_with('#'));
    pieces(lines).collect()
});

/// A password as it is hashed: in Unicode's form NFKC, so that two keyboards write the same. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// Why a password cannot be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// It has fewer than [`SHORTEST`] characters.
    #[error("a password has at least {SHORTEST} characters")]
    TooShort,
    /// It has more than [`LONGEST`] characters.
    #[error("a password has at most {LONGEST} characters")]
    TooLong,
    /// It consists of what is tried first.
    #[error(
        "this password is easily guessed: it consists of common words, runs of keys, or what is known of you and the \
         service, and has fewer than {OF_ITS_OWN} characters besides"
    )]
    Common,
}

impl WeakPassword {
    /// The rule's name, for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::Common => "common_password",
        }
    }
}

impl Password {
    /// A password that is shown, whatever it is.
    pub fn shown(text: &str) -> Self {
        Self(text.nfkc().collect())
    }

    /// Whether it may be chosen by someone of whom `known` is known: addresses and names.
    pub fn check(&self, known: &[&str]) -> Result<(), WeakPassword> {
        match self.0.chars().count() {
            ..SHORTEST => return Err(WeakPassword::TooShort),
            SHORTEST..=LONGEST => {}
            _ => return Err(WeakPassword::TooLong),
        }
        let parts = known
            .iter()
            .flat_map(|text| text.split(['@', '.', ' ', '　', '-', '_']));
        let known: Vec<Vec<char>> = pieces(parts.chain(known.iter().copied())).collect();
        let folded: Vec<char> = fold(&self.0)
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect();
        let plain: Vec<char> = folded.iter().copied().map(letter_meant).collect();
        let least = own_characters(&folded, &known).min(own_characters(&plain, &known));
        if least < OF_ITS_OWN {
            return Err(WeakPassword::Common);
        }
        Ok(())
    }

    /// What is hashed.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Words as they are looked for.
fn pieces<'t>(words: impl Iterator<Item = &'t str>) -> impl Iterator<Item = Vec<char>> {
    let folded = words.map(|word| fold(word).chars().filter(|c| !c.is_whitespace()).collect());
    folded.filter(|word: &Vec<char>| {
        word.len() >= SHORTEST_PIECE || word.iter().any(|c| !c.is_ascii())
    })
}

/// The letter that a digit or a sign is often written for.
fn letter_meant(character: char) -> char {
    match character {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

/// The fewest characters that remain when words and runs are taken out of the text in the best way.
fn own_characters(text: &[char], known: &[Vec<char>]) -> usize {
    let mut least: Vec<usize> = vec![usize::MAX; text.len() + 1];
    if let Some(first) = least.first_mut() {
        *first = 0;
    }
    for start in 0..text.len() {
        let Some((&so_far, rest)) = least.get(start).zip(text.get(start..)) else {
            break;
        };
        let mut reach = |length: usize, cost: usize| {
            if let Some(there) = least.get_mut(start + length) {
                *there = (*there).min(so_far + cost);
            }
        };
        reach(1, 1);
        for length in SHORTEST_PIECE..=run_length(rest) {
            reach(length, 0);
        }
        for word in WORDS
            .iter()
            .chain(known)
            .filter(|word| !word.is_empty() && rest.starts_with(word))
        {
            reach(word.len(), 0);
        }
    }
    least.last().copied().unwrap_or(0)
}

/// How many characters at the beginning are all the same, or each the next or the one before of the alphabet.
fn run_length(text: &[char]) -> usize {
    let step = |pair: &[char]| match pair {
        [one, other] => i64::from(u32::from(*other)) - i64::from(u32::from(*one)),
        _ => i64::MAX,
    };
    let mut steps = text.windows(2).map(step);
    match steps.next() {
        Some(first @ -1..=1) => 2 + steps.take_while(|step| *step == first).count(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<(), WeakPassword> {
        let known = [
            "hanako.mihon@clinic.example.jp",
            "見本 花子",
            "サンプル医院",
        ];
        Password::shown(text).check(&known)
    }

    #[test]
    fn characters_are_counted_and_not_bytes() {
        assert_eq!(check("雨だれ石をも穿つ十三年めの"), Ok(()));
        assert_eq!(
            check("雨だれ石をも穿つ十三年め"),
            Err(WeakPassword::TooShort)
        );
        assert_eq!(check(&"雨粒石穿".repeat(32)), Ok(()));
        assert_eq!(
            check(&format!("{}。", "雨粒石穿".repeat(32))),
            Err(WeakPassword::TooLong)
        );
    }

    #[test]
    fn two_ways_to_write_a_character_are_one_password() {
        assert_eq!(
            Password::shown("カ\u{3099}ラス戸の向こうの海"),
            Password::shown("ガラス戸の向こうの海")
        );
        assert_eq!(Password::shown("ｋａｉｊｉ"), Password::shown("kaiji"));
        // Half-width katakana with a separate sound mark are one character each, so this is one too short.
        assert_eq!(check("ｶﾞｷﾞｸﾞｹﾞｺﾞﾀﾞﾁﾞﾂﾞﾃﾞﾄﾞﾊﾞﾋﾞ"), Err(WeakPassword::TooShort));
    }

    #[test]
    fn what_is_tried_first_is_refused_also_in_disguise() {
        for text in [
            "passwordpassword",
            "Password12345678",
            "P@ssw0rd-P@ssw0rd",
            "1234567890123",
            "aaaaaaaaaaaaaaaa",
            "qwertyuiopasdfgh",
            "1qaz2wsx3edc4rfv",
            "abcdefghijklmnop",
            "sakura sakura 2026",
            "kaiji-kaiji-2026",
            "開示開示開示開示開示開示開示",
            "welcome-to-kaiji",
            "hanako.mihon@clinic.example.jp",
            "Hanako-clinic-26",
            "サンプル医院サンプル医院2026",
            "見本花子見本花子見本花子1",
        ] {
            assert_eq!(check(text), Err(WeakPassword::Common), "{text}");
        }
    }

    #[test]
    fn what_has_enough_of_its_own_may_be_chosen() {
        for text in [
            "correct ladder teapot moss",
            "vY7#qLm2pTz9w",
            "password vY7#qLm2",
            "くじら雲を追いかけた夏の校庭",
            "48291750386142",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let shown = format!("{:?}", Password::shown("vY7#qLm2pTz9w"));
        assert!(!shown.contains("vY7"), "{shown}");
    }

    #[test]
    fn the_list_is_folded_and_holds_each_word_once() {
        let lines: Vec<&str> = COMMON
            .lines()
            .filter(|line| !line.starts_with('#'))
            .collect();
        assert_eq!(
            WORDS.len(),
            lines.len(),
            "each line is a word that is looked for"
        );
        for line in &lines {
            assert_eq!(fold(line), **line);
        }
        let once: std::collections::BTreeSet<_> = lines.iter().collect();
        assert_eq!(once.len(), lines.len());
    }
}
