//! The numbers of a public key and the checks that they pass before anything is verified with them.
//!
//! Where the numbers come from (JWK, SPKI) is not known here.

use curve25519_dalek::edwards::CompressedEdwardsY;

/// A modulus of fewer bits is within reach before a statement of today loses its use.
const MIN_RSA_BITS: usize = 3072;
/// A larger modulus costs verification time and is beyond the provider.
const MAX_RSA_BITS: usize = 8192;
/// The largest exponent of the provider: 33 bits, which keeps verification cheap.
const MAX_RSA_EXPONENT: u64 = (1 << 33) - 1;

/// The tag of an uncompressed point (SEC 1, section 2.3.3).
const UNCOMPRESSED: u8 = 4;

/// Why the numbers of a public key are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// The coordinates solve no equation of the curve: such a key can leak what is computed with it.
    #[error("the point is not on the curve P-256")]
    PointOffCurve,
    /// Not the one encoding of a point of edwards25519 (RFC 8032, section 5.1.3).
    #[error("this is not the encoding of a point of edwards25519")]
    Ed25519Encoding,
    /// A point outside the prime-order group; under one of small order one signature verifies any message.
    #[error("the Ed25519 point is outside the group of prime order")]
    Ed25519Torsion,
    /// The modulus has fewer than 3072 or more than 8192 bits.
    #[error("the RSA modulus must have 3072 to 8192 bits")]
    RsaSize,
    /// The modulus begins with a zero byte or is even.
    #[error("the RSA modulus must be odd and written without leading zero bytes")]
    RsaModulus,
    /// The exponent begins with a zero byte, is even, below 3 or has more than 33 bits.
    #[error(
        "the RSA exponent must be odd, from 3 to 2^33-1 and written without leading zero bytes"
    )]
    RsaExponent,
}

impl Weakness {
    /// A `snake_case` name, for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::PointOffCurve => "point_off_curve",
            Self::Ed25519Encoding => "ed25519_encoding",
            Self::Ed25519Torsion => "ed25519_torsion",
            Self::RsaSize => "rsa_size",
            Self::RsaModulus => "rsa_modulus",
            Self::RsaExponent => "rsa_exponent",
        }
    }

    /// The member of a JWK that is at fault.
    pub(super) fn jwk_member(self) -> &'static str {
        match self {
            Self::PointOffCurve | Self::Ed25519Encoding | Self::Ed25519Torsion => "x",
            Self::RsaSize | Self::RsaModulus => "n",
            Self::RsaExponent => "e",
        }
    }
}

/// The numbers of an accepted public key. Only the functions of this file make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Material {
    /// The uncompressed point: 4, x, y.
    P256([u8; 65]),
    /// The encoded point.
    Ed25519([u8; 32]),
    /// Big-endian numbers without leading zeros.
    Rsa {
        /// n
        modulus: Vec<u8>,
        /// e
        exponent: Vec<u8>,
    },
}

impl Material {
    /// A point given by its coordinates.
    pub(super) fn p256(x: [u8; 32], y: [u8; 32]) -> Result<Self, Weakness> {
        let mut point = [UNCOMPRESSED; 65];
        for (byte, coordinate) in point.iter_mut().skip(1).zip(x.into_iter().chain(y)) {
            *byte = coordinate;
        }
        match p256::PublicKey::from_sec1_bytes(&point) {
            Ok(_) => Ok(Self::P256(point)),
            Err(_) => Err(Weakness::PointOffCurve),
        }
    }

    /// An encoded point.
    pub(super) fn ed25519(encoded: [u8; 32]) -> Result<Self, Weakness> {
        let point = CompressedEdwardsY(encoded)
            .decompress()
            .ok_or(Weakness::Ed25519Encoding)?;
        // Decompression reduces y and forgives the sign of x = 0; the way back shows it.
        if point.compress().to_bytes() != encoded {
            return Err(Weakness::Ed25519Encoding);
        }
        if point.is_small_order() || !point.is_torsion_free() {
            return Err(Weakness::Ed25519Torsion);
        }
        Ok(Self::Ed25519(encoded))
    }

    /// A modulus and an exponent, big-endian.
    pub(super) fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, Weakness> {
        let bits = bit_length(modulus).ok_or(Weakness::RsaModulus)?;
        if !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) {
            return Err(Weakness::RsaSize);
        }
        if !is_odd(modulus) {
            return Err(Weakness::RsaModulus);
        }
        let value = bit_length(exponent)
            .filter(|&bits| bits <= 64)
            .map(|_| exponent.iter().fold(0, |e, &byte| e << 8 | u64::from(byte)));
        match value {
            Some(3..=MAX_RSA_EXPONENT) if is_odd(exponent) => Ok(Self::Rsa {
                modulus: modulus.to_vec(),
                exponent: exponent.to_vec(),
            }),
            _ => Err(Weakness::RsaExponent),
        }
    }
}

/// The length of a big-endian number; `None` if it is empty or begins with a zero byte.
fn bit_length(number: &[u8]) -> Option<usize> {
    match number.first() {
        None | Some(0) => None,
        Some(first) => Some(number.len() * 8 - first.leading_zeros() as usize),
    }
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|last| last & 1 == 1)
}
