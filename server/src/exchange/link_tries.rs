//! How often a network address showed what nothing knows: a few times, then it waits.
//!
//! Kept in memory, for each instance by itself, and never more than a fixed number of addresses: it slows guessing down
//! and is no record.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// How many wrong tries are borne.
const MOST: u32 = 10;

/// How long they count after the last of them.
const WINDOW: SignedDuration = SignedDuration::from_mins(15);

/// How many addresses are remembered at the most.
const MOST_ADDRESSES: usize = 10_000;

/// Wrong tries by network address.
#[derive(Default)]
pub(super) struct Tries(Mutex<HashMap<String, Tried>>);

/// Wrong tries: how many in a row, and when the last was.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tried {
    pub(super) times: u32,
    pub(super) last: Timestamp,
}

impl Tried {
    /// Those before, if they still count, and one more.
    pub(super) fn again(before: Option<Self>, now: Timestamp) -> Self {
        let before = before.filter(|before| before.until() > now);
        let times = before.map_or(0, |before| before.times);
        Self {
            times: times.saturating_add(1),
            last: now,
        }
    }

    /// For how many more seconds nothing is looked at, if these are too many.
    pub(super) fn wait(self, now: Timestamp) -> Option<i64> {
        let wait = self.until().duration_since(now).as_millis();
        let is_over = self.times < MOST || wait <= 0;
        (!is_over).then(|| i64::try_from((wait + 999) / 1000).unwrap_or(i64::MAX))
    }

    fn until(self) -> Timestamp {
        self.last.saturating_add(WINDOW).unwrap_or(Timestamp::MAX)
    }
}

impl Tries {
    /// For how many more seconds nothing is looked at that comes from there.
    pub(super) fn wait(&self, address: &str, now: Timestamp) -> Option<i64> {
        let tried = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tried.get(&network(address))?.wait(now)
    }

    /// Counts a wrong try. Where too many addresses are remembered, further ones are not: what they try is counted with
    /// what they try it on.
    pub(super) fn count(&self, address: &str, now: Timestamp) {
        let mut tried = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tried.len() >= MOST_ADDRESSES {
            tried.retain(|_, tried| tried.until() > now);
        }
        let address = network(address);
        let before = tried.get(&address).copied();
        if before.is_some() || tried.len() < MOST_ADDRESSES {
            tried.insert(address, Tried::again(before, now));
        }
    }
}

/// What belongs to one subscriber: of an IPv6 address the first half.
fn network(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_string()
        }
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn ten_wrong_tries_are_borne_and_then_one_waits_from_the_last() {
        let tries = Tries::default();
        for second in 0..10 {
            assert_eq!(tries.wait("192.0.2.7", at(second)), None);
            tries.count("192.0.2.7", at(second));
        }
        assert_eq!(tries.wait("192.0.2.7", at(9)), Some(900));
        assert_eq!(tries.wait("192.0.2.7", at(908)), Some(1));
        assert_eq!(tries.wait("192.0.2.7", at(909)), None);
        assert_eq!(tries.wait("192.0.2.8", at(9)), None);
        tries.count("192.0.2.7", at(909));
        assert_eq!(tries.wait("192.0.2.7", at(910)), None, "counted anew");
    }

    #[test]
    fn the_addresses_of_one_ipv6_subscriber_are_one() {
        let tries = Tries::default();
        for host in 1..=10 {
            tries.count(&format!("2001:db8:1:2::{host:x}"), at(0));
        }
        assert!(tries.wait("2001:db8:1:2:ffff::1", at(0)).is_some());
        assert!(tries.wait("2001:db8:1:3::1", at(0)).is_none());
    }

    #[test]
    fn a_bounded_number_of_addresses_is_remembered() {
        let tries = Tries::default();
        for number in 0..MOST_ADDRESSES + 100 {
            tries.count(&number.to_string(), at(0));
        }
        assert_eq!(tries.0.lock().unwrap().len(), MOST_ADDRESSES);
        tries.count("later", at(901));
        assert_eq!(tries.0.lock().unwrap().len(), 1);
    }
}
