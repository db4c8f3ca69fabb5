//! Time stamps (RFC 3161): the request for one, written by hand, and the little of the answer that is looked at.
//!
//! Whether the authority is to be trusted, and whether its signature verifies, is for whoever holds the stamp
//! (`openssl ts -verify`). Here is only found whether the answer grants a stamp for what was asked.

use crate::digest::Digest;

/// A `SEQUENCE`.
const SEQUENCE: u8 = 0x30;
/// An `INTEGER`.
const INTEGER: u8 = 0x02;
/// A request's version, 1.
const VERSION: [u8; 3] = [INTEGER, 1, 1];
/// `certReq TRUE`: the answer holds the certificates that it is checked with.
const WITH_CERTIFICATES: [u8; 3] = [0x01, 1, 0xff];
/// A `MessageImprint` by SHA-256 up to the digest, with NULL for the algorithm's parameters, as most write it.
const IMPRINT: [u8; 19] = [
    SEQUENCE, 49, SEQUENCE, 13, 0x06, 9, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
    0x05, 0, 0x04, 32,
];
/// The same without parameters, as RFC 5754 prefers it.
const BARE_IMPRINT: [u8; 17] = [
    SEQUENCE, 47, SEQUENCE, 11, 0x06, 9, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
    0x04, 32,
];

/// Why an answer is not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimestampError {
    /// It is no `TimeStampResp`.
    #[error("the answer is not a time stamp response (RFC 3161)")]
    Malformed,
    /// The authority says no.
    #[error("the authority grants no time stamp: its status is {0}")]
    NotGranted(u8),
    /// It is a stamp for something else.
    #[error("the time stamp is not for the digest and the nonce that were sent")]
    Another,
}

/// A request for a time stamp on the bytes of this digest (RFC 3161, section 2.4.1).
///
/// The nonce ties the answer to it; the answer is to hold the authority's certificates.
pub fn request(digest: &Digest, nonce: u64) -> Vec<u8> {
    let mut fields = VERSION.to_vec();
    fields.extend(IMPRINT);
    fields.extend(digest.as_bytes());
    fields.extend(integer(nonce));
    fields.extend(WITH_CERTIFICATES);
    let mut request = vec![SEQUENCE];
    // At most 68 bytes: the length has one byte.
    request.extend(u8::try_from(fields.len()));
    request.extend(fields);
    request
}

/// Whether the answer (RFC 3161, section 2.4.2) grants a stamp for this digest and this nonce.
pub fn check_response(response: &[u8], digest: &Digest, nonce: u64) -> Result<(), TimestampError> {
    let status = status(response).ok_or(TimestampError::Malformed)?;
    // granted, or granted with modifications.
    if status > 1 {
        return Err(TimestampError::NotGranted(status));
    }
    let stated = [&IMPRINT[..], &BARE_IMPRINT].into_iter().find_map(|head| {
        let imprint = [head, digest.as_bytes()].concat();
        after(response, &imprint)
    });
    stated
        .and_then(|rest| after(rest, &integer(nonce)))
        .map(drop)
        .ok_or(TimestampError::Another)
}

/// The `PKIStatus` of an answer that is one whole DER value.
fn status(response: &[u8]) -> Option<u8> {
    let (answer, []) = value(response, SEQUENCE)? else {
        return None;
    };
    let (information, _) = value(answer, SEQUENCE)?;
    match value(information, INTEGER)? {
        ([status], _) => Some(*status),
        _ => None,
    }
}

/// The contents of the value with that tag at the beginning of `bytes`, and what comes after it.
fn value(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        // Longer ones would not be read: an answer has 64 KiB at the most. 0x80 is no length in DER.
        0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
            let length = digits
                .iter()
                .fold(0, |length, digit| length << 8 | usize::from(*digit));
            (length, rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length).filter(|_| found == tag)
}

/// What comes after the first occurrence of `part`.
fn after<'b>(bytes: &'b [u8], part: &[u8]) -> Option<&'b [u8]> {
    let at = bytes
        .windows(part.len())
        .position(|window| window == part)?;
    bytes.get(at + part.len()..)
}

/// A DER `INTEGER` that is not negative, in as few bytes as it takes.
fn integer(number: u64) -> Vec<u8> {
    let mut digits = vec![0];
    digits.extend(number.to_be_bytes());
    // A leading zero stays where the sign would be read without it.
    let needless = digits
        .windows(2)
        .take_while(|pair| matches!(pair, [0, next] if *next < 0x80))
        .count();
    let digits = digits.split_off(needless);
    let mut integer = vec![INTEGER];
    integer.extend(u8::try_from(digits.len()));
    integer.extend(digits);
    integer
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMPED: &[u8] = include_bytes!("../../fixtures/timestamps/checkpoint.txt");
    const RESPONSE: &[u8] = include_bytes!("../../fixtures/timestamps/response.tsr");
    const NONCE: u64 = 0x22a7_169a_12cc_bb73;

    #[test]
    fn a_request_is_the_one_that_openssl_writes() {
        let digest = Digest::of(STAMPED);
        let by_openssl = include_bytes!("../../fixtures/timestamps/query.tsq");
        assert_eq!(request(&digest, NONCE), by_openssl);
        let by_openssl = include_bytes!("../../fixtures/timestamps/query-high-nonce.tsq");
        assert_eq!(request(&digest, 0xaf22_8053_a931_74df), by_openssl);
    }

    #[test]
    fn an_integer_is_as_short_as_it_can_be_and_never_negative() {
        for (number, der) in [
            (0, &[2, 1, 0][..]),
            (0x7f, &[2, 1, 0x7f]),
            (0x80, &[2, 2, 0, 0x80]),
            (0x1_00, &[2, 2, 1, 0]),
            (u64::MAX, &[2, 9, 0, 255, 255, 255, 255, 255, 255, 255, 255]),
        ] {
            assert_eq!(integer(number), der, "{number}");
        }
    }

    #[test]
    fn an_answer_of_openssl_is_taken_for_what_was_asked_and_nothing_else() {
        let digest = Digest::of(STAMPED);
        assert_eq!(check_response(RESPONSE, &digest, NONCE), Ok(()));
        for (digest, nonce) in [(Digest::of(b"another"), NONCE), (digest, NONCE + 1)] {
            let checked = check_response(RESPONSE, &digest, nonce);
            assert_eq!(checked, Err(TimestampError::Another));
        }
    }

    #[test]
    fn what_is_no_answer_is_not_taken_for_one() {
        let digest = Digest::of(STAMPED);
        let check = |response: &[u8]| check_response(response, &digest, NONCE);
        let mut longer = RESPONSE.to_vec();
        longer.push(0);
        for response in [
            &b""[..],
            b"<html>",
            &[SEQUENCE, 0x84, 0, 0, 0, 1, 0],
            &[SEQUENCE, 0x83, 255],
            &RESPONSE[..RESPONSE.len() - 1],
            &longer,
            &request(&digest, NONCE),
        ] {
            assert_eq!(check(response), Err(TimestampError::Malformed));
        }
        let refused = [SEQUENCE, 5, SEQUENCE, 3, INTEGER, 1, 2];
        assert_eq!(check(&refused), Err(TimestampError::NotGranted(2)));
        let empty = [SEQUENCE, 5, SEQUENCE, 3, INTEGER, 1, 0];
        assert_eq!(check(&empty), Err(TimestampError::Another));
    }
}
