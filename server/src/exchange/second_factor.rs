//! The second factor: one-time codes of an authenticator (TOTP, RFC 6238), each good once, and recovery codes for when
//! it is lost.
//!
//! The authenticator's secret is kept sealed under a key from the service's secret, bound to its owner; recovery codes
//! are kept as digests.

use jiff::Timestamp;
use kaiji_schema::Digest;
use kaiji_schema::reader::Reader;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use totp_rs::{Builder, Secret, Totp};

use super::Exchange;
use crate::storage::Error as StorageError;

/// What authenticators show beside the codes.
const ISSUER: &str = "Kaiji";

/// Bytes of an authenticator's secret (RFC 4226, section 4).
const SECRET: usize = 20;

/// How many recovery codes a person has.
const CODES: usize = 10;

/// Characters of a recovery code, 5 bits each.
const CODE_LENGTH: usize = 16;

/// Crockford's: none is mistaken for another.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Seals secrets.
pub(super) struct Seal(Option<LessSafeKey>);

impl Seal {
    /// Under the service's secret, which all its instances share.
    pub(super) fn new(secret: &[u8; 32]) -> Self {
        let key = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, secret),
            b"kaiji authenticators",
        );
        let key = UnboundKey::new(&AES_256_GCM, key.as_ref());
        Self(key.ok().map(LessSafeKey::new))
    }

    fn key(&self) -> Result<&LessSafeKey, StorageError> {
        self.0.as_ref().ok_or_else(unsealable)
    }

    fn seal(
        &self,
        nonce: [u8; NONCE_LEN],
        owner: &str,
        secret: &[u8],
    ) -> Result<Vec<u8>, StorageError> {
        let mut sealed = secret.to_vec();
        let owner = Aad::from(owner.as_bytes());
        let nonce_used = Nonce::assume_unique_for_key(nonce);
        self.key()?
            .seal_in_place_append_tag(nonce_used, owner, &mut sealed)
            .map_err(|_| unsealable())?;
        Ok([&nonce[..], &sealed].concat())
    }

    fn open(&self, owner: &str, sealed: &[u8]) -> Result<Vec<u8>, StorageError> {
        let (nonce, sealed) = sealed
            .split_first_chunk::<NONCE_LEN>()
            .ok_or_else(unsealable)?;
        let mut secret = sealed.to_vec();
        let owner = Aad::from(owner.as_bytes());
        let opened =
            self.key()?
                .open_in_place(Nonce::assume_unique_for_key(*nonce), owner, &mut secret);
        Ok(opened.map_err(|_| unsealable())?.to_vec())
    }
}

fn unsealable() -> StorageError {
    let what = "the secret of an authenticator is not sealed under this secret.key";
    StorageError::Corrupt(what.to_owned())
}

/// A second factor, as it is shown.
#[derive(Clone)]
pub enum SecondFactor {
    /// Six digits of the authenticator.
    Code(String),
    /// A recovery code.
    RecoveryCode(String),
}

impl SecondFactor {
    /// Reads `code` or `recovery_code`, one of them.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let code = reader.optional_text("code", 16).map(Self::Code);
        let recovery_code = reader
            .optional_text("recovery_code", 64)
            .map(Self::RecoveryCode);
        match (code, recovery_code) {
            (Some(factor), None) | (None, Some(factor)) => Some(factor),
            (None, None) => {
                let detail = "give a `code` of the authenticator, or a `recovery_code`";
                reader.report("code", "missing", detail);
                None
            }
            (Some(_), Some(_)) => {
                reader.report("recovery_code", "both", "give one of the two");
                None
            }
        }
    }
}

/// What a second factor that holds uses up.
#[derive(Debug, Clone)]
pub(super) enum Used {
    /// The one-time code of this time step, and all before it.
    Step(i64),
    /// The recovery code with this digest.
    RecoveryCode(String),
}

/// A new authenticator's secret.
pub(super) struct NewAuthenticator {
    /// As it is kept.
    pub(super) sealed: Vec<u8>,
    /// As it is typed in: base 32.
    pub(super) base32: String,
    /// As it is scanned.
    pub(super) url: String,
}

impl Exchange {
    /// Makes an authenticator for a person.
    pub(super) fn new_authenticator(
        &self,
        user_id: &str,
        email: &str,
    ) -> Result<NewAuthenticator, StorageError> {
        let (mut secret, mut nonce) = ([0; SECRET], [0; NONCE_LEN]);
        self.fill(&mut secret)?;
        self.fill(&mut nonce)?;
        let totp = authenticator(secret.to_vec(), email)?;
        let failed = |error| StorageError::Corrupt(format!("authenticator of {user_id}: {error}"));
        Ok(NewAuthenticator {
            sealed: self.seal.seal(nonce, user_id, &secret)?,
            base32: totp.secret().to_base32(),
            url: totp.to_url().map_err(failed)?,
        })
    }

    /// The time step of a one-time code that is right now, or was half a minute ago. Whether it was used before is asked
    /// in the writer.
    pub(super) fn step_of(
        &self,
        user_id: &str,
        email: &str,
        sealed: &[u8],
        code: &str,
    ) -> Result<Option<i64>, StorageError> {
        let totp = authenticator(self.seal.open(user_id, sealed)?, email)?;
        let now = seconds(self.clock.now());
        let code: String = code.chars().filter(|character| *character != ' ').collect();
        let step = totp.check(&code, now);
        Ok(step.and_then(|step| i64::try_from(step).ok()))
    }

    /// New recovery codes, as they are shown once and as they are kept.
    pub(super) fn new_recovery_codes(&self) -> Result<(Vec<String>, Vec<String>), StorageError> {
        let mut shown = Vec::with_capacity(CODES);
        for _ in 0..CODES {
            let mut random = [0; CODE_LENGTH];
            self.fill(&mut random)?;
            let digit = |byte: &u8| DIGITS.get(usize::from(byte % 32)).copied().map(char::from);
            let code: Vec<char> = random.iter().filter_map(digit).collect();
            let groups: Vec<String> = code.chunks(4).map(String::from_iter).collect();
            shown.push(groups.join("-"));
        }
        let kept = shown.iter().map(|code| recovery_digest(code)).collect();
        Ok((shown, kept))
    }
}

/// What is kept of a recovery code, however it is typed.
pub(super) fn recovery_digest(code: &str) -> String {
    let meant = |character: char| match character.to_ascii_lowercase() {
        'o' => '0',
        'i' | 'l' => '1',
        other => other,
    };
    let code: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(meant)
        .collect();
    Digest::of(code.as_bytes()).to_string()
}

/// SHA-1, six digits, half a minute, one step of grace: what every authenticator can do.
fn authenticator(secret: Vec<u8>, email: &str) -> Result<Totp, StorageError> {
    let totp = Builder::new()
        .with_secret(Secret::from(secret))
        .with_issuer(Some(ISSUER))
        .with_account_name(email);
    totp.build()
        .map_err(|error| StorageError::Corrupt(format!("authenticator: {error}")))
}

fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_second()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_opens_for_its_owner_alone() {
        let seal = Seal::new(&[1; 32]);
        let sealed = seal.seal([9; NONCE_LEN], "usr_1", b"secret").unwrap();
        assert_eq!(seal.open("usr_1", &sealed).unwrap(), b"secret");
        assert!(seal.open("usr_2", &sealed).is_err());
        assert!(Seal::new(&[2; 32]).open("usr_1", &sealed).is_err());
        assert!(seal.open("usr_1", &sealed[..5]).is_err());
        assert!(!sealed.windows(6).any(|bytes| bytes == b"secret"));
    }

    #[test]
    fn a_recovery_code_is_read_however_it_is_typed() {
        let kept = recovery_digest("01ab-cdef-ghjk-mnpq");
        assert_eq!(recovery_digest("OIAB CDEF GHJK MNPQ"), kept);
        assert_eq!(recovery_digest("0labcdefghjkmnpq"), kept);
        assert_ne!(recovery_digest("01ab-cdef-ghjk-mnpr"), kept);
    }

    /// RFC 6238, appendix B, with six of its eight digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let totp = authenticator(b"12345678901234567890".to_vec(), "a@example.jp").unwrap();
        assert_eq!(totp.generate(59).to_string(), "287082");
        assert_eq!(totp.generate(1_111_111_109).to_string(), "081804");
        assert_eq!(totp.check("287082", 59), Some(1));
        assert_eq!(totp.check("287082", 89), Some(1), "one step of grace");
        assert_eq!(totp.check("287082", 120), None);
    }
}
