//! SHA-256 digests, by which statements and files are named.

use std::fmt;
use std::str::FromStr;

use crate::provider;

/// A SHA-256 digest, shown as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Digest([u8; 32]);

/// A digest in the making, of bytes that arrive one part after the other.
pub struct Digesting(provider::Sha256);

impl Digesting {
    /// Of nothing yet.
    pub fn new() -> Self {
        Self(provider::Sha256::new())
    }

    /// Goes on with the next bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.add(bytes);
    }

    /// The digest of all that was added.
    pub fn finish(self) -> Digest {
        Digest(self.0.finish())
    }
}

impl Default for Digesting {
    fn default() -> Self {
        Self::new()
    }
}

/// The text is not 64 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a SHA-256 digest is 64 lower-case hex digits")]
pub struct NotADigest;

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(provider::sha256(bytes))
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for Digest {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Digest {
    type Err = NotADigest;

    /// Lower case alone, so that a digest has one name.
    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
            return Err(NotADigest);
        };
        let mut bytes = [0; 32];
        if pairs.len() != bytes.len() {
            return Err(NotADigest);
        }
        for (byte, &[high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = hex_digit(high)? << 4 | hex_digit(low)?;
        }
        Ok(Self(bytes))
    }
}

impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

fn hex_digit(digit: u8) -> Result<u8, NotADigest> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(NotADigest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_digest_is_shown_and_read_as_lower_case_hex() {
        assert_eq!(Digest::of(b"abc").to_string(), OF_ABC);
        assert_eq!(OF_ABC.parse(), Ok(Digest::of(b"abc")));
        assert_eq!(
            serde_json::to_string(&Digest::of(b"abc")).unwrap(),
            format!("\"{OF_ABC}\"")
        );
    }

    #[test]
    fn a_digest_is_the_same_in_however_many_parts_the_bytes_come() {
        for parts in [&[&b"abc"[..]][..], &[b"a", b"", b"bc"], &[b"a", b"b", b"c"]] {
            let mut digesting = Digesting::new();
            for part in parts {
                digesting.add(part);
            }
            assert_eq!(digesting.finish(), Digest::of(b"abc"));
        }
    }

    #[test]
    fn another_spelling_of_a_digest_is_refused() {
        let one_short = OF_ABC.get(1..).unwrap();
        let upper = OF_ABC.to_uppercase();
        let too_long = format!("{OF_ABC}00");
        for wrong in ["", one_short, &upper, &too_long] {
            assert_eq!(wrong.parse::<Digest>(), Err(NotADigest), "{wrong:?}");
        }
    }
}
