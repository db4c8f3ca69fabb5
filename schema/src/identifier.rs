//! Public identifiers of organisations: 医療機関コード and 法人番号, each with its check digit.
//!
//! A mistyped identifier is refused here, so that everything behind it may trust the digits. Whether an
//! organisation with that identifier exists is not known here.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// Why a text is not the identifier that it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// Not exactly so many ASCII digits.
    #[error("must be exactly {expected} digits (0 to 9, half width)")]
    Digits {
        /// How many there should be.
        expected: usize,
    },
    /// The prefecture (都道府県番号) is not 01 to 47.
    #[error("must begin with a prefecture number from 01 to 47")]
    Prefecture,
    /// The fee table (点数表番号) is not one that institutions have.
    #[error("the third digit must be the fee table: 1 (医科), 3 (歯科), 4 (調剤) or 6 (訪問看護)")]
    FeeTable,
    /// The check digit is wrong: a digit was mistyped.
    #[error("the check digit does not fit: a digit is mistyped")]
    CheckDigit,
}

/// 医療機関コード in its ten-digit form: prefecture (2), fee table (1), and the code of seven digits, of which the
/// last is a check digit over all that stands before it (Luhn; 厚生労働省 「保険医療機関コード等の設定要領」).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct MedicalInstitutionCode(String);

impl MedicalInstitutionCode {
    /// How many digits it has.
    pub const DIGITS: usize = 10;

    /// Reads ten digits and checks prefecture, fee table and check digit.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        let all = digits::<{ Self::DIGITS }>(text)?;
        let [tens, ones, fee_table, ..] = all;
        if !(1..=47).contains(&(tens * 10 + ones)) {
            return Err(IdentifierError::Prefecture);
        }
        if !matches!(fee_table, 1 | 3 | 4 | 6) {
            return Err(IdentifierError::FeeTable);
        }
        if !luhn_sum(&all).is_multiple_of(10) {
            return Err(IdentifierError::CheckDigit);
        }
        Ok(Self(text.to_owned()))
    }

    /// Joins what forms often ask for separately: the seven-digit code, the prefecture and the fee table.
    pub fn from_parts(
        code: &str,
        prefecture: &str,
        fee_table: &str,
    ) -> Result<Self, IdentifierError> {
        digits::<7>(code)?;
        digits::<2>(prefecture).map_err(|_| IdentifierError::Prefecture)?;
        digits::<1>(fee_table).map_err(|_| IdentifierError::FeeTable)?;
        Self::parse(&format!("{prefecture}{fee_table}{code}"))
    }

    /// Completes nine digits with the check digit that fits: for samples.
    pub fn with_check_digit(nine: &str) -> Result<Self, IdentifierError> {
        digits::<9>(nine)?;
        (0..=9)
            .find_map(|check| Self::parse(&format!("{nine}{check}")).ok())
            .ok_or(IdentifierError::Prefecture)
    }

    /// The ten digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// 法人番号: thirteen digits, of which the first is a check digit over the others
/// (法人番号の指定等に関する省令 第2条).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct CorporateNumber(String);

impl CorporateNumber {
    /// How many digits it has.
    pub const DIGITS: usize = 13;

    /// Reads thirteen digits and checks the first.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        let [check, base @ ..] = digits::<{ Self::DIGITS }>(text)?;
        if check == corporate_check_digit(&base) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdentifierError::CheckDigit)
        }
    }

    /// Puts the check digit that fits before twelve digits: for samples.
    pub fn with_check_digit(twelve: &str) -> Result<Self, IdentifierError> {
        let check = corporate_check_digit(&digits::<12>(twelve)?);
        Ok(Self(format!("{check}{twelve}")))
    }

    /// The thirteen digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! shown_and_read_as_digits {
    ($($identifier:ty),*) => {$(
        impl fmt::Display for $identifier {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $identifier {
            type Err = IdentifierError;

            fn from_str(text: &str) -> Result<Self, IdentifierError> {
                Self::parse(text)
            }
        }
    )*};
}

shown_and_read_as_digits!(MedicalInstitutionCode, CorporateNumber);

fn digits<const N: usize>(text: &str) -> Result<[u8; N], IdentifierError> {
    let wrong = IdentifierError::Digits { expected: N };
    let bytes: [u8; N] = text.as_bytes().try_into().map_err(|_| wrong)?;
    if bytes.iter().all(u8::is_ascii_digit) {
        Ok(bytes.map(|byte| byte - b'0'))
    } else {
        Err(wrong)
    }
}

/// Luhn (ISO/IEC 7812-1): from the right, every second digit is doubled, and the digits of the products add up.
fn luhn_sum(all: &[u8]) -> u32 {
    let weighted = all
        .iter()
        .rev()
        .zip([1, 2].into_iter().cycle())
        .map(|(digit, weight)| digit * weight);
    weighted
        .map(|product| u32::from(product / 10 + product % 10))
        .sum()
}

/// `9 − (Σ Pₙ·Qₙ mod 9)`, where Pₙ is the n-th digit from the right and Qₙ is 1 for odd and 2 for even n.
fn corporate_check_digit(base: &[u8; 12]) -> u8 {
    let weighted = base.iter().rev().zip([1, 2].into_iter().cycle());
    9 - weighted.map(|(digit, weight)| digit * weight).sum::<u8>() % 9
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_known_corporate_number_is_accepted() {
        // 国税庁
        assert!(CorporateNumber::parse("7000012050002").is_ok());
        assert_eq!(
            CorporateNumber::parse("8000012050002"),
            Err(IdentifierError::CheckDigit)
        );
    }

    #[test]
    fn a_code_of_seven_digits_joins_prefecture_and_fee_table() {
        let whole = MedicalInstitutionCode::with_check_digit("131123456").unwrap();
        let code = &whole.as_str()[3..];
        assert_eq!(
            MedicalInstitutionCode::from_parts(code, "13", "1"),
            Ok(whole.clone())
        );
        assert_eq!(
            MedicalInstitutionCode::from_parts(code, "48", "1"),
            Err(IdentifierError::Prefecture)
        );
        assert_eq!(
            MedicalInstitutionCode::from_parts(code, "13", "2"),
            Err(IdentifierError::FeeTable)
        );
        assert_eq!(
            MedicalInstitutionCode::from_parts(code, "1", "31"),
            Err(IdentifierError::Prefecture)
        );
        assert_eq!(
            MedicalInstitutionCode::from_parts("12345", "13", "1"),
            Err(IdentifierError::Digits { expected: 7 })
        );
    }

    #[test]
    fn a_code_of_hokkaido_keeps_its_leading_zero() {
        let code = MedicalInstitutionCode::with_check_digit("013999999").unwrap();
        assert!(code.to_string().starts_with("013"));
    }

    #[test]
    fn only_half_width_digits_of_the_right_number_are_read() {
        for text in [
            "",
            "123456789",
            "12345678901",
            "131123456a",
            "１３１１２３４５６７",
            " 131123456",
        ] {
            assert_eq!(
                MedicalInstitutionCode::parse(text),
                Err(IdentifierError::Digits { expected: 10 }),
                "{text}"
            );
        }
        for prefecture in ["00", "48", "99"] {
            assert_eq!(
                MedicalInstitutionCode::with_check_digit(&format!("{prefecture}1123456")),
                Err(IdentifierError::Prefecture)
            );
        }
    }

    #[test]
    fn the_errors_say_what_to_mend() {
        let error = CorporateNumber::parse("123").unwrap_err();
        assert_eq!(
            error.to_string(),
            "must be exactly 13 digits (0 to 9, half width)"
        );
    }

    proptest! {
        #[test]
        fn exactly_one_check_digit_in_ten_fits_a_medical_institution(
            prefecture in 1..=47, fee_table in prop::sample::select(vec![1, 3, 4, 6]), rest in 0..1_000_000,
        ) {
            let nine = format!("{prefecture:02}{fee_table}{rest:06}");
            let valid = (0..10)
                .filter(|check| MedicalInstitutionCode::parse(&format!("{nine}{check}")).is_ok());
            prop_assert_eq!(valid.count(), 1);
        }

        #[test]
        fn exactly_one_check_digit_in_ten_fits_a_corporation(base in 0_u64..1_000_000_000_000) {
            let valid = (0..10).filter(|check| CorporateNumber::parse(&format!("{check}{base:012}")).is_ok());
            prop_assert_eq!(valid.count(), 1);
        }

        #[test]
        fn one_mistyped_digit_of_a_medical_institution_is_always_noticed(
            rest in 0..1_000_000, position in 3_usize..10, change in 1_u8..10,
        ) {
            let code = MedicalInstitutionCode::with_check_digit(&format!("131{rest:06}")).unwrap();
            let mut mistyped = code.as_str().as_bytes().to_vec();
            mistyped[position] = b'0' + (mistyped[position] - b'0' + change) % 10;
            let mistyped = String::from_utf8(mistyped).unwrap();
            prop_assert_eq!(MedicalInstitutionCode::parse(&mistyped), Err(IdentifierError::CheckDigit));
        }
    }
}
