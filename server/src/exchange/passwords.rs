//! Passwords are kept as Argon2id hashes (RFC 9106), in PHC strings.
//!
//! Hashing is slow and takes memory, on purpose: it happens outside the writer, and only so often at the same time, so
//! that a flood of sign-ins takes neither all memory nor all threads. Whoever comes while too many wait is told so.

use std::sync::{Condvar, Mutex, PoisonError};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use kaiji_schema::password::Password;

use super::Exchange;
use crate::storage::Error as StorageError;

/// What one hash costs, as OWASP asks for at the least: 19 MiB of memory, in KiB here.
const MEMORY: u32 = 19 * 1024;
/// Passes over the memory.
const PASSES: u32 = 2;
/// Lanes.
const LANES: u32 = 1;

/// How many hashes are made at the same time.
const AT_ONCE: usize = 4;

/// How many may wait for their turn.
const WAITING: usize = 32;

/// The hash of no password, for accounts that there are not: to verify it takes as long as any other.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Whose turn it is to hash.
#[derive(Default)]
pub(super) struct Turns {
    taken: Mutex<Taken>,
    left: Condvar,
}

#[derive(Default)]
struct Taken {
    hashing: usize,
    waiting: usize,
}

/// A turn, which ends when it is dropped.
struct Turn<'t>(&'t Turns);

impl Turns {
    /// Waits for a turn, unless too many wait already.
    fn take(&self) -> Result<Turn<'_>, StorageError> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.waiting >= WAITING {
            let what = "too many people sign in at the same time";
            return Err(StorageError::Unavailable(what.to_owned()));
        }
        taken.waiting += 1;
        while taken.hashing >= AT_ONCE {
            taken = self
                .left
                .wait(taken)
                .unwrap_or_else(PoisonError::into_inner);
        }
        taken.waiting -= 1;
        taken.hashing += 1;
        Ok(Turn(self))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut taken = self.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.hashing -= 1;
        self.0.left.notify_one();
    }
}

impl Exchange {
    /// Hashes a password for keeping, under a salt of its own.
    pub(super) fn hash_password(&self, password: &Password) -> Result<String, StorageError> {
        let mut salt = [0; 16];
        self.fill(&mut salt)?;
        let _turn = self.turns.take()?;
        let hash: PasswordHash = argon2id()?
            .hash_password_with_salt(password.as_bytes(), &salt)
            .map_err(failed)?;
        Ok(hash.to_string())
    }

    /// Whether it is the password that was hashed. Without a hash it is not, and finding that out takes as long.
    pub(super) fn is_password(
        &self,
        password: &Password,
        hash: Option<&str>,
    ) -> Result<bool, StorageError> {
        let kept = PasswordHash::new(hash.unwrap_or(NOBODY)).map_err(failed)?;
        let _turn = self.turns.take()?;
        let verified = argon2id()?.verify_password(password.as_bytes(), &kept);
        Ok(verified.is_ok() && hash.is_some())
    }
}

fn argon2id() -> Result<Argon2<'static>, StorageError> {
    let params = Params::new(MEMORY, PASSES, LANES, None).map_err(failed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn failed(error: impl std::fmt::Display) -> StorageError {
    StorageError::Corrupt(format!("password hash: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_nobody_costs_what_every_other_costs() {
        let parameters = |hash: &str| {
            hash.rsplit_once('$')
                .unwrap()
                .0
                .rsplit_once('$')
                .unwrap()
                .0
                .to_owned()
        };
        let hash: PasswordHash = argon2id()
            .unwrap()
            .hash_password_with_salt(b"vY7#qLm2pTz9w", &[7; 16])
            .unwrap();
        let hash = hash.to_string();
        assert_eq!(parameters(NOBODY), parameters(&hash));
        assert_eq!(NOBODY.len(), hash.len());
        assert!(PasswordHash::new(NOBODY).is_ok());
    }

    #[test]
    fn whoever_comes_while_too_many_wait_is_told_so() {
        let turns = Turns::default();
        turns.taken.lock().unwrap().waiting = WAITING;
        assert!(matches!(turns.take(), Err(StorageError::Unavailable(_))));
        turns.taken.lock().unwrap().waiting = 0;
        let held: Vec<_> = (0..AT_ONCE).map(|_| turns.take().unwrap()).collect();
        assert_eq!(turns.taken.lock().unwrap().hashing, AT_ONCE);
        drop(held);
        assert_eq!(turns.taken.lock().unwrap().hashing, 0);
    }
}
