use proptest::prelude::*;

use super::*;
use crate::digest::Digest;

/// RFC 6962, section 2.1, as the text says it.
fn oracle(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let middle = leaves.len().next_power_of_two() / 2;
            node_hash(&oracle(&leaves[..middle]), &oracle(&leaves[middle..]))
        }
    }
}

fn leaves(size: usize) -> Vec<Digest> {
    (0..size)
        .map(|index| leaf_hash(format!("leaf {index}").as_bytes()))
        .collect()
}

/// A tree grown leaf by leaf, with its tiles.
fn grown(leaves: &[Digest]) -> (Frontier, std::collections::HashMap<TileName, Vec<u8>>) {
    let (mut frontier, mut tiles) = (Frontier::default(), std::collections::HashMap::new());
    for leaf in leaves {
        frontier.push(*leaf, |height, place, hash| {
            if let Some(name) = TileName::of_node(height, place) {
                let tile: &mut Vec<u8> = tiles.entry(name).or_default();
                tile.extend(hash.as_bytes());
            }
        });
    }
    (frontier, tiles)
}

type Fetched = Result<Vec<u8>, std::convert::Infallible>;

fn reading(
    tiles: &std::collections::HashMap<TileName, Vec<u8>>,
) -> Tiles<impl FnMut(TileName) -> Fetched> {
    Tiles::new(|name| Ok(tiles.get(&name).cloned().unwrap_or_default()))
}

#[test]
fn the_root_of_every_size_is_that_of_the_rfc() {
    let leaves = leaves(600);
    let (_, tiles) = grown(&leaves);
    for size in 0..=leaves.len() {
        let (frontier, _) = grown(&leaves[..size]);
        let expected = oracle(&leaves[..size]);
        assert_eq!(frontier.root(), expected, "size {size}");
        let at = root_at(&mut reading(&tiles), size as u64).unwrap();
        assert_eq!(at, expected, "size {size}, from tiles");
        let kept = Frontier::from_bytes(size as u64, &frontier.to_bytes());
        assert_eq!(kept, Some(frontier));
    }
}

#[test]
fn every_leaf_of_every_size_has_a_proof_that_holds_for_it_alone() {
    let leaves = leaves(130);
    let (_, tiles) = grown(&leaves);
    for size in 1..=leaves.len() {
        let root = oracle(&leaves[..size]);
        for (leaf, hash) in leaves.iter().enumerate().take(size) {
            let proof = inclusion_proof(&mut reading(&tiles), leaf as u64, size as u64).unwrap();
            let holds = |leaf: usize, hash: &Digest| {
                inclusion_holds(leaf as u64, size as u64, hash, &proof, &root)
            };
            assert!(holds(leaf, hash));
            assert!(!holds(leaf, &leaf_hash(b"another")));
            let other = (leaf + 1) % size;
            assert!(size == 1 || !holds(other, hash));
            assert!(!holds(size, hash));
        }
    }
}

#[test]
fn every_size_is_shown_to_be_the_beginning_of_every_later_one() {
    let leaves = leaves(130);
    let (_, tiles) = grown(&leaves);
    let roots: Vec<_> = (0..=leaves.len()).map(|n| oracle(&leaves[..n])).collect();
    for to in 0..roots.len() {
        for from in 0..=to {
            let hashes = consistency_proof(&mut reading(&tiles), from as u64, to as u64).unwrap();
            let (from, to) = (from as u64, to as u64);
            let proof = Consistency { from, to, hashes };
            let root = |size: u64| &roots[usize::try_from(size).unwrap()];
            assert!(proof.holds(root(from), root(to)), "{from} to {to}");
            assert!(from == to || !proof.holds(root(to), root(from)));
            assert_eq!(Consistency::parse(&proof.to_text()), Some(proof));
        }
    }
}

#[test]
fn leaves_that_are_added_together_have_the_proofs_that_the_tiles_give() {
    let leaves = leaves(130);
    let (_, tiles) = grown(&leaves);
    for before in 0..leaves.len() {
        let (frontier, _) = grown(&leaves[..before]);
        for after in before + 1..=leaves.len().min(before + 20) {
            let mut growth = Growth::new(frontier.clone());
            leaves[before..after]
                .iter()
                .for_each(|leaf| growth.push(*leaf));
            assert_eq!(growth.frontier().root(), oracle(&leaves[..after]));
            for leaf in before..after {
                let expected =
                    inclusion_proof(&mut reading(&tiles), leaf as u64, after as u64).unwrap();
                let proof = inclusion_proof(&mut growth, leaf as u64, after as u64);
                assert_eq!(proof, Ok(expected));
            }
        }
    }
}

#[test]
fn a_truncated_tile_and_a_size_beyond_the_log_are_told() {
    let leaves = leaves(300);
    let (_, mut tiles) = grown(&leaves);
    let beyond = inclusion_proof(&mut reading(&tiles), 300, 300);
    assert_eq!(
        beyond,
        Err(ProofError::Beyond {
            part: 300,
            size: 300
        })
    );
    assert!(consistency_proof(&mut reading(&tiles), 301, 300).is_err());
    let too_large = inclusion_proof(&mut reading(&tiles), 5, 1000);
    assert!(matches!(too_large, Err(ProofError::Node(_))));
    let name = TileName { level: 0, index: 0 };
    tiles.get_mut(&name).unwrap().truncate(255 * 32 + 31);
    let truncated = inclusion_proof(&mut reading(&tiles), 250, 300);
    assert_eq!(truncated, Err(ProofError::Node(TileError::Truncated(name))));
}

#[test]
fn tiles_are_named_as_c2sp_says() {
    for (index, path) in [
        (0, "0/000"),
        (999, "0/999"),
        (1000, "0/x001/000"),
        (1_234_067, "0/x001/x234/067"),
    ] {
        let name = TileName { level: 0, index };
        assert_eq!(name.to_string(), path);
        assert_eq!(TileName::parse(path), Some(name));
    }
    for wrong in [
        "0",
        "0/0",
        "0/0000",
        "00/000",
        "8/000",
        "0/x000/000",
        "0/001/000",
        "0/x01/000",
        "+0/000",
        "0/",
        "/000",
    ] {
        assert_eq!(TileName::parse(wrong), None, "{wrong}");
    }
}

proptest! {
    #[test]
    fn a_changed_hash_breaks_a_proof(size in 2_usize..200, leaf in 0_usize..200, at in 0_usize..8, bit in 0_usize..256) {
        let leaf = leaf % size;
        let leaves = leaves(size);
        let (frontier, tiles) = grown(&leaves);
        let mut proof = inclusion_proof(&mut reading(&tiles), leaf as u64, size as u64).unwrap();
        let at = at % proof.len();
        let mut bytes = *proof[at].as_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        proof[at] = Digest::from(bytes);
        prop_assert!(!inclusion_holds(leaf as u64, size as u64, &leaves[leaf], &proof, &frontier.root()));
    }

    #[test]
    fn whatever_is_read_as_a_proof_or_a_note_is_written_as_it_was(text in "\\PC{0,200}") {
        if let Some(proof) = LogProof::parse(&text) {
            prop_assert_eq!(LogProof::parse(&proof.to_text()), Some(proof));
        }
        if let Ok(note) = Note::parse(&text) {
            prop_assert_eq!(note.to_string(), text);
        }
    }
}
