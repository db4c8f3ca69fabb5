//! How often somebody may try to sign in or show a link: tries are counted by account, link and network, and after a few the next must
//! wait, each time twice as long, up to a quarter of an hour; never for good, so that nobody locks another out for ever.
//!
//! A try is counted before it is looked at, and taken back when it succeeds: so many at the same time count as so many.
//! An account is counted by the digest of its address, whether there is such an account or not.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use kaiji_schema::Digest;
use kaiji_schema::mail_address::MailAddress;

use super::Exchange;
use crate::storage::tries::{self, TriesRow};
use crate::storage::{Error as StorageError, Tx};

/// The first pause.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(30);

/// The longest pause.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(15);

/// After how long without a try all of them are forgotten.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(24);

/// Too many tries: the next has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many tries: wait {seconds} seconds before the next")]
pub struct TooManyTries {
    /// How long, in seconds.
    pub seconds: i64,
}

/// What tries are counted under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Counted {
    subject: String,
    /// How many there may be without a pause.
    free: i64,
}

impl Counted {
    /// The account with that address.
    pub(super) fn account(email: &MailAddress) -> Self {
        Self::folded_account(&email.folded())
    }

    /// The same, for an address that is folded already.
    pub(super) fn folded_account(email: &str) -> Self {
        let digest = Digest::of(email.as_bytes());
        Self {
            subject: format!("account {digest}"),
            free: 5,
        }
    }

    /// The link of that id, of which only the token is secret.
    pub(super) fn link(id: &str) -> Self {
        Self {
            subject: format!("link {id}"),
            free: 10,
        }
    }

    /// Letters that anybody may have sent to that address.
    pub(super) fn letters_to(email: &MailAddress) -> Self {
        let digest = Digest::of(email.folded().as_bytes());
        Self {
            subject: format!("letters {digest}"),
            free: 3,
        }
    }

    /// The network of that address: many people may be behind it.
    pub(super) fn network(address: &str) -> Self {
        Self {
            subject: format!("network {}", network_of(address)),
            free: 60,
        }
    }
}

/// Refuses a try for which it is too early.
fn check_pause(row: Option<&TriesRow>, now: Timestamp) -> MayTry {
    let until = row.map_or(0, |row| row.paused_until);
    let left = until - now.as_millisecond();
    if left <= 0 {
        return Ok(());
    }
    let seconds = left.div_euclid(1000) + i64::from(left % 1000 > 0);
    Err(TooManyTries { seconds })
}

/// Whether a try may be made.
pub(super) type MayTry = Result<(), TooManyTries>;

impl Exchange {
    /// Refuses a try that has to wait, without asking for the writer.
    pub(super) fn may_try(&self, counted: &[Counted]) -> Result<MayTry, StorageError> {
        let now = self.clock.now();
        self.db.read(|c| {
            for one in counted {
                let row = tries::find(c, &one.subject)?;
                if let Err(wait) = check_pause(row.as_ref(), now) {
                    return Ok(Err(wait));
                }
            }
            Ok(Ok(()))
        })
    }

    /// Counts a try under each of these, before it is looked at, unless it has to wait.
    pub(super) fn begin_try(&self, counted: &[Counted]) -> Result<MayTry, StorageError> {
        if let Err(wait) = self.may_try(counted)? {
            return Ok(Err(wait));
        }
        let counted = counted.to_vec();
        let begun = self.db.write(move |tx| {
            for one in &counted {
                if let Err(wait) = begin(tx, one)? {
                    return Ok(Err(wait));
                }
            }
            Ok::<_, StorageError>(Ok(()))
        })?;
        Ok(begun.value)
    }
}

/// Counts a try before it is looked at, unless it has to wait.
pub(super) fn begin(tx: &mut Tx<'_>, counted: &Counted) -> Result<MayTry, StorageError> {
    let now = tx.now();
    let forgotten = now.saturating_sub(FORGOTTEN).unwrap_or_default();
    tries::forget_before(tx, forgotten.as_millisecond())?;
    let before = tries::find(tx, &counted.subject)?;
    if let Err(wait) = check_pause(before.as_ref(), now) {
        return Ok(Err(wait));
    }
    let failures = before.map_or(0, |row| row.failures) + 1;
    let pause = pause_after(failures - counted.free);
    tries::put(
        tx,
        &TriesRow {
            subject: counted.subject.clone(),
            failures,
            last_at: now.as_millisecond(),
            paused_until: now.saturating_add(pause).unwrap_or(now).as_millisecond(),
        },
    )?;
    Ok(Ok(()))
}

/// A try succeeded: all before it under this are forgotten.
pub(super) fn forget(tx: &mut Tx<'_>, counted: &Counted) -> Result<(), StorageError> {
    tries::forget(tx, &counted.subject)
}

/// A try succeeded: it alone is taken back, for others may share what it is counted under.
pub(super) fn take_back(tx: &mut Tx<'_>, counted: &Counted) -> Result<(), StorageError> {
    let Some(mut row) = tries::find(tx, &counted.subject)? else {
        return Ok(());
    };
    row.failures -= 1;
    if row.failures < counted.free {
        row.paused_until = 0;
    }
    tries::put(tx, &row)
}

/// How long the next try waits after so many failures beyond those that are free, the last free one included.
fn pause_after(beyond: i64) -> SignedDuration {
    match u32::try_from(beyond.min(16)) {
        Err(_) => SignedDuration::ZERO,
        Ok(doublings) => FIRST_PAUSE
            .saturating_mul(2_i32.saturating_pow(doublings))
            .min(LONGEST_PAUSE),
    }
}

/// An IPv4 address by itself; of an IPv6 address the first 64 bits, which one subscriber has for himself.
fn network_of(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_quarter_of_an_hour() {
        let pauses: Vec<i64> = (-1..8)
            .map(|beyond| pause_after(beyond).as_secs())
            .collect();
        assert_eq!(pauses, [0, 30, 60, 120, 240, 480, 900, 900, 900]);
        assert_eq!(pause_after(i64::MAX), LONGEST_PAUSE);
    }

    #[test]
    fn a_subscriber_has_one_network() {
        assert_eq!(network_of("192.0.2.7"), "192.0.2.7");
        assert_eq!(network_of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:2::2"));
    }
}
