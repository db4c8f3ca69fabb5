//! The log's mathematics beside other people's: `tlog_tiles`, `ct-merkle` and `signed_note` accept what is made here, and
//! what they make is accepted here.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where it cannot go on; clippy takes its helpers for other code"
)]

use std::collections::HashMap;
use std::convert::Infallible;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use kaiji_schema::Digest;
use kaiji_schema::key::SigningKey;
use kaiji_schema::log::{
    Checkpoint, Frontier, Note, TileName, Tiles, VerifierKey, consistency_holds, consistency_proof,
    inclusion_holds, inclusion_proof, leaf_hash, root_at,
};
use sha2::Sha256;
use signed_note::{Signer, StandardSigner, StandardVerifier, VerifierList};
use tlog_tiles::{Hash, HashReader, stored_hashes};

/// All sizes up to this one: past 128, so that every shape of the upper tree occurs.
const LARGEST: usize = 130;
const LOG: &str = "kaiji.example/log";
const KEY: &str = include_str!("../../fixtures/keys/TEST-ONLY-vendor-ed25519.pem");

fn leaf(index: usize) -> String {
    format!("leaf {index}")
}

/// Our tiles of the largest tree; those of a smaller one are their beginnings.
struct Ours(HashMap<TileName, Vec<u8>>);

impl Ours {
    fn grown() -> Self {
        let (mut frontier, mut tiles) = (Frontier::default(), HashMap::<_, Vec<u8>>::new());
        for index in 0..LARGEST {
            frontier.push(leaf_hash(leaf(index).as_bytes()), |height, place, hash| {
                if let Some(name) = TileName::of_node(height, place) {
                    tiles.entry(name).or_default().extend(hash.as_bytes());
                }
            });
        }
        Self(tiles)
    }

    fn tiles(&self) -> Tiles<impl FnMut(TileName) -> Result<Vec<u8>, Infallible>> {
        Tiles::new(|name| Ok(self.0.get(&name).cloned().unwrap_or_default()))
    }

    fn root(&self, size: usize) -> Digest {
        root_at(&mut self.tiles(), size as u64).unwrap()
    }

    fn inclusion(&self, leaf: usize, size: usize) -> Vec<Digest> {
        inclusion_proof(&mut self.tiles(), leaf as u64, size as u64).unwrap()
    }

    fn consistency(&self, from: usize, to: usize) -> Vec<Digest> {
        consistency_proof(&mut self.tiles(), from as u64, to as u64).unwrap()
    }
}

/// The hashes that `tlog_tiles` stores, in its order.
struct Stored(Vec<Hash>);

impl HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        let hash = |&index: &u64| self.0.get(usize::try_from(index).unwrap()).copied();
        Ok(indexes.iter().map(|index| hash(index).unwrap()).collect())
    }
}

impl Stored {
    fn grown() -> Self {
        let mut stored = Self(Vec::new());
        for index in 0..LARGEST {
            let more = stored_hashes(index as u64, leaf(index).as_bytes(), &stored).unwrap();
            stored.0.extend(more);
        }
        stored
    }
}

fn theirs(hashes: &[Digest]) -> Vec<Hash> {
    hashes.iter().map(|hash| Hash(*hash.as_bytes())).collect()
}

fn ours(hashes: &[Hash]) -> Vec<Digest> {
    hashes.iter().map(|hash| Digest::from(hash.0)).collect()
}

#[test]
fn trees_and_proofs_are_those_of_tlog_tiles() {
    let (tree, stored) = (Ours::grown(), Stored::grown());
    for size in 1..=LARGEST {
        let (root, n) = (tree.root(size), size as u64);
        let their_root = tlog_tiles::tree_hash(n, &stored).unwrap();
        assert_eq!(root.as_bytes(), &their_root.0, "size {size}");
        for index in 0..size {
            let (hash, i) = (leaf_hash(leaf(index).as_bytes()), index as u64);
            let proof = theirs(&tree.inclusion(index, size));
            let their_hash = Hash(*hash.as_bytes());
            tlog_tiles::check_record(&proof, n, their_root, i, their_hash).unwrap();
            let proof = ours(&tlog_tiles::prove_record(n, i, &stored).unwrap());
            assert!(inclusion_holds(i, n, &hash, &proof, &root));
        }
        for from in 1..=size {
            let (from_root, m) = (tree.root(from), from as u64);
            let proof = theirs(&tree.consistency(from, size));
            let their_from = Hash(*from_root.as_bytes());
            tlog_tiles::check_tree(&proof, n, their_root, m, their_from).unwrap();
            let proof = ours(&tlog_tiles::prove_tree(n, m, &stored).unwrap());
            assert!(consistency_holds(m, n, &proof, &from_root, &root));
        }
    }
}

fn digests(bytes: &[u8]) -> Vec<Digest> {
    let (hashes, []) = bytes.as_chunks::<32>() else {
        panic!("whole hashes")
    };
    hashes.iter().map(|hash| Digest::from(*hash)).collect()
}

fn joined(hashes: &[Digest]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

#[test]
fn trees_and_proofs_are_those_of_ct_merkle() {
    let tree = Ours::grown();
    let mut their_tree = MemoryBackedTree::<Sha256, String>::new();
    let mut their_roots: Vec<RootHash<Sha256>> = Vec::new();
    for size in 1..=LARGEST {
        their_tree.push(leaf(size - 1));
        let (root, their_root) = (tree.root(size), their_tree.root());
        assert_eq!(
            root.as_bytes()[..],
            their_root.as_bytes()[..],
            "size {size}"
        );
        let n = size as u64;
        for index in 0..size {
            let (hash, i) = (leaf_hash(leaf(index).as_bytes()), index as u64);
            let proof = joined(&tree.inclusion(index, size));
            let proof = InclusionProof::<Sha256>::try_from_bytes(proof).unwrap();
            their_root
                .verify_inclusion(&leaf(index), i, &proof)
                .unwrap();
            let proof = digests(their_tree.prove_inclusion(index).as_bytes());
            assert!(inclusion_holds(i, n, &hash, &proof, &root));
        }
        their_roots.push(their_root);
        for from in 1..size {
            let (from_root, m) = (tree.root(from), from as u64);
            let proof = joined(&tree.consistency(from, size));
            let proof = ConsistencyProof::<Sha256>::try_from_bytes(proof).unwrap();
            let (their_root, their_from) = (&their_roots[size - 1], &their_roots[from - 1]);
            their_root.verify_consistency(their_from, &proof).unwrap();
            let proof = digests(their_tree.prove_consistency(size - from).as_bytes());
            assert!(consistency_holds(m, n, &proof, &from_root, &root));
        }
    }
}

fn key() -> SigningKey {
    SigningKey::from_pem(KEY).unwrap()
}

fn vkey() -> VerifierKey {
    VerifierKey::of_log(LOG, key().public()).unwrap()
}

fn verifiers() -> VerifierList {
    let verifier = StandardVerifier::new(&vkey().to_string()).unwrap();
    VerifierList::new(vec![Box::new(verifier)])
}

/// The same key as `signed_note` reads it: the seed are the last 32 bytes of the file.
fn their_signer() -> StandardSigner {
    let lines: String = KEY.lines().filter(|line| !line.starts_with('-')).collect();
    let pkcs8 = BASE64_STANDARD.decode(lines).unwrap();
    let (_, seed) = pkcs8.split_at(pkcs8.len() - 32);
    let seed = BASE64_STANDARD.encode([&[1], seed].concat());
    let id = u32::from_be_bytes(vkey().id());
    StandardSigner::new(&format!("PRIVATE+KEY+{LOG}+{id:08x}+{seed}")).unwrap()
}

fn checkpoint() -> Checkpoint {
    Checkpoint {
        origin: LOG.to_owned(),
        size: 130,
        root: Ours::grown().root(130),
    }
}

#[test]
fn a_verifier_key_is_that_of_signed_note() {
    let encoded = [&[1], key().public().as_ed25519().unwrap().as_slice()].concat();
    let id = signed_note::key_id(LOG, &encoded);
    assert_eq!(vkey().id(), id.to_be_bytes());
    assert_eq!(their_signer().key_id(), id);
    let theirs = ed25519_vkey(&encoded[1..]);
    assert_eq!(vkey().to_string(), theirs);
    assert_eq!(theirs.parse(), Ok(vkey()));
}

fn ed25519_vkey(key: &[u8]) -> String {
    let key = ed25519_dalek::VerifyingKey::from_bytes(key.try_into().unwrap()).unwrap();
    signed_note::new_ed25519_verifier_key(LOG, &key)
}

#[test]
fn a_checkpoint_is_opened_by_signed_note_and_tlog_tiles() {
    let text = checkpoint().sign(&key()).unwrap().to_string();
    let note = signed_note::Note::from_bytes(text.as_bytes()).unwrap();
    let (verified, unverified) = note.verify(&verifiers()).unwrap();
    assert_eq!((verified.len(), unverified.len()), (1, 0));
    let theirs = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
    assert_eq!((theirs.origin(), theirs.size()), (LOG, 130));
    assert_eq!(&theirs.hash().0, checkpoint().root.as_bytes());
    assert_eq!(theirs.extension(), "");
    assert_eq!(theirs.to_bytes(), checkpoint().body().into_bytes());
}

#[test]
fn a_changed_checkpoint_is_refused_by_both() {
    let text = checkpoint().sign(&key()).unwrap().to_string();
    let changed = text.replacen("130", "131", 1);
    let note = signed_note::Note::from_bytes(changed.as_bytes()).unwrap();
    assert!(note.verify(&verifiers()).is_err());
    assert!(Checkpoint::open(&changed, &vkey()).is_err());
}

#[test]
fn a_note_that_signed_note_signed_is_opened_here() {
    let mut note = signed_note::Note::new(checkpoint().body().as_bytes(), &[]).unwrap();
    note.add_sigs(&[&their_signer()]).unwrap();
    let text = String::from_utf8(note.to_bytes()).unwrap();
    assert_eq!(Checkpoint::open(&text, &vkey()), Ok(checkpoint()));
    // Ed25519 is deterministic: the same key makes the same note.
    let ours = checkpoint().sign(&key()).unwrap();
    assert_eq!(Note::parse(&text), Ok(ours));
}
