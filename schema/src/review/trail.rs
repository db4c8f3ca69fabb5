//! Which of the documents that an institution holds for a form stood, one after another.
//!
//! A signed statement takes precedence over what a person declared, unless its vendor took it back; then the newest
//! declaration stands in for it, and where there is none, the one that was taken back is still what is known.

/// A document that an institution holds for a form of a system, by leaves of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The leaf of its receipt.
    pub leaf: i64,
    /// The leaf of its withdrawal.
    pub withdrawn: Option<i64>,
    /// Whether its vendor signed it.
    pub signed: bool,
}

/// The places in `held` of the documents that stood after the leaf `since`, one after another; the last is the one that
/// stands now. What stood at that leaf and since is named as well where nothing came after it.
pub fn stood_since(held: &[Held], since: i64) -> Vec<usize> {
    let received = held.iter().map(|document| document.leaf);
    let withdrawn = held.iter().filter_map(|document| document.withdrawn);
    let mut turns: Vec<i64> = received
        .chain(withdrawn)
        .filter(|leaf| *leaf > since)
        .collect();
    turns.sort_unstable();
    if turns.is_empty() {
        turns.push(since);
    }
    let mut stood: Vec<usize> = turns
        .into_iter()
        .filter_map(|leaf| standing_at(held, leaf))
        .collect();
    stood.dedup();
    stood
}

fn standing_at(held: &[Held], leaf: i64) -> Option<usize> {
    let newest = |signed: bool| {
        let known = held.iter().enumerate();
        known
            .filter(|(_, document)| document.signed == signed && document.leaf <= leaf)
            .max_by_key(|(_, document)| document.leaf)
    };
    let is_withdrawn = |document: &Held| document.withdrawn.is_some_and(|at| at <= leaf);
    let place = |(place, _): (usize, &Held)| place;
    match (newest(true), newest(false)) {
        (Some(signed), Some(declared)) if is_withdrawn(signed.1) => Some(place(declared)),
        (Some(signed), _) => Some(place(signed)),
        (None, declared) => declared.map(place),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn signed(leaf: i64, withdrawn: Option<i64>) -> Held {
        Held {
            leaf,
            withdrawn,
            signed: true,
        }
    }

    fn declared(leaf: i64) -> Held {
        Held {
            leaf,
            withdrawn: None,
            signed: false,
        }
    }

    #[test]
    fn revisions_stand_one_after_another() {
        let held = [signed(1, None), signed(5, None), signed(9, None)];
        assert_eq!(stood_since(&held, 0), [0, 1, 2]);
        assert_eq!(stood_since(&held, 1), [1, 2]);
        assert_eq!(stood_since(&held, 9), [2]);
        assert_eq!(stood_since(&held, 100), [2]);
        assert!(stood_since(&[], 0).is_empty());
    }

    #[test]
    fn a_declaration_beside_a_signed_statement_never_stands() {
        let held = [signed(1, None), declared(3), signed(5, None)];
        assert_eq!(stood_since(&held, 1), [0, 2]);
    }

    #[test]
    fn a_declaration_stands_until_a_signed_one_comes_and_again_when_that_is_withdrawn() {
        let held = [declared(1), signed(3, Some(6)), signed(8, None)];
        assert_eq!(stood_since(&held, 0), [0, 1, 0, 2]);
        assert_eq!(stood_since(&held, 3), [0, 2]);
    }

    #[test]
    fn what_was_withdrawn_is_still_what_is_known() {
        assert_eq!(stood_since(&[signed(1, Some(4))], 1), [0]);
        let held = [signed(1, Some(4)), declared(6)];
        assert_eq!(stood_since(&held, 1), [0, 1]);
    }

    prop_compose! {
        fn documents()(turns in prop::collection::vec((any::<bool>(), any::<bool>()), 1..12)) -> Vec<Held> {
            let mut leaf = 0;
            let mut next = || { leaf += 1; leaf };
            turns.into_iter().map(|(is_signed, withdrawn)| {
                let received = next();
                let withdrawn = (is_signed && withdrawn).then(&mut next);
                Held { leaf: received, withdrawn, signed: is_signed }
            }).collect()
        }
    }

    proptest! {
        #[test]
        fn the_end_is_the_same_from_wherever_one_looks(held in documents(), since in 0_i64..30) {
            let whole = stood_since(&held, 0);
            let later = stood_since(&held, since);
            prop_assert_eq!(later.last(), whole.last());
            prop_assert!(whole.ends_with(&later), "{:?} {:?}", whole, later);
        }

        #[test]
        fn signed_ones_alone_stand_in_their_order(held in documents()) {
            let only: Vec<Held> = held.into_iter().filter(|document| document.signed).collect();
            prop_assert_eq!(stood_since(&only, 0), (0..only.len()).collect::<Vec<_>>());
        }
    }
}
