//! Evidence folders made of fresh keys: all that a test may want to spoil is a field, and [`Parts::files`] signs it.
//!
//! Also used by the tests of the command line (`server/tests/evidence.rs`).

#![allow(dead_code, reason = "two test programs use it, each not all of it")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test ends where it cannot go on, and takes its randomness from the system"
)]

use std::collections::{BTreeMap, HashMap};

use kaiji_schema::Digest;
use kaiji_schema::evidence::{self, Contents, Files};
use kaiji_schema::jws::{self, Document};
use kaiji_schema::key::{Algorithm, SigningKey};
use kaiji_schema::log::{
    Checkpoint, Consistency, Frontier, LogProof, TileName, Tiles, VerifierKey, consistency_proof,
    inclusion_proof, leaf_hash, root_at,
};
use kaiji_schema::receipt::{Event, Receipt};
use kaiji_schema::statement::Statement;
use kaiji_schema::status::{Newest, State, Status};

const RSA: &str = include_str!("../../../fixtures/keys/TEST-ONLY-vendor-rsa3072.pem");
const VERIFIER: &[u8] = include_bytes!("../../../fixtures/evidence/verify.py");
const GUIDE: &[u8] = include_bytes!("../../../fixtures/evidence/guide.txt");

/// The log of these folders.
pub const LOG: &str = "kaiji.example/log";
const VENDOR: &str = "ven_1";
const PRODUCT: &str = "prd_1";

/// The leaves of the receipts.
pub const REGISTRATION_LEAF: u64 = 2;
pub const OFFER_LEAF: u64 = 3;
pub const TAKEOVER_LEAF: u64 = 4;
pub const RECEIPT_LEAF: u64 = 5;
pub const ACKNOWLEDGEMENT_LEAF: u64 = 8;

/// A new key.
pub fn key(algorithm: Algorithm) -> SigningKey {
    if algorithm == Algorithm::Ps256 {
        // RSA keys are not made here.
        return SigningKey::from_pem(RSA).unwrap();
    }
    let random = ring::rand::SystemRandom::new();
    SigningKey::generate(algorithm, &random).unwrap().0
}

/// What a folder is made of.
pub struct Parts {
    pub vendor: SigningKey,
    /// The first signs receipts; the last signed the registration.
    pub service: Vec<SigningKey>,
    /// The first signs checkpoints; the last signed the earliest.
    pub log: Vec<SigningKey>,
    pub payload: Vec<u8>,
    pub statement: String,
    pub attachments: Vec<(String, Vec<u8>)>,
    pub registration: Receipt,
    pub receipt: Receipt,
    /// Both consents to the product's transfer.
    pub transfer: Option<(Receipt, Receipt)>,
    pub acknowledgement: Option<Receipt>,
    pub status: Status,
    /// The sizes of the log at its checkpoints, in order.
    pub sizes: Vec<u64>,
}

impl Parts {
    /// The least that a folder holds: one checkpoint, no attachment, no acknowledgement.
    pub fn least(algorithm: Algorithm) -> Self {
        let (vendor, files) = (key(algorithm), Vec::new());
        let mut parts = Self {
            service: vec![key(Algorithm::Es256)],
            log: vec![key(Algorithm::EdDsa)],
            payload: Vec::new(),
            statement: String::new(),
            registration: receipt(Event::KeyRegistered, REGISTRATION_LEAF),
            receipt: receipt(Event::StatementReceived, RECEIPT_LEAF),
            transfer: None,
            acknowledgement: None,
            status: status(),
            sizes: vec![11],
            attachments: files,
            vendor,
        };
        parts.state();
        parts
    }

    /// All that a folder can hold but for time stamps: rotated keys, two checkpoints, files, a product that came
    /// from another vendor, an acknowledgement.
    pub fn full(algorithm: Algorithm) -> Self {
        let mut parts = Self::least(algorithm);
        parts.service.push(key(Algorithm::Es256));
        parts.log.push(key(Algorithm::EdDsa));
        parts.attachments = vec![
            ("構成図.pdf".to_owned(), b"%PDF-1.7 sample".to_vec()),
            ("sds 5.0.xlsx".to_owned(), vec![0, 1, 2, 0xff]),
        ];
        parts.acknowledgement = Some(receipt(Event::DeliveryAcknowledged, ACKNOWLEDGEMENT_LEAF));
        let offered = consent(Event::TransferOffered, OFFER_LEAF);
        parts.transfer = Some((offered, consent(Event::TransferAccepted, TAKEOVER_LEAF)));
        parts.sizes = vec![7, 11];
        parts.state();
        parts
    }

    /// Writes and signs the statement of these files, and lets the receipts speak of it.
    pub fn state(&mut self) {
        let files: Vec<_> = self.attachments.iter().map(|(name, bytes)| {
            let (length, sha256) = (bytes.len(), Digest::of(bytes));
            format!(r#"{{"name": "{name}", "media_type": "application/octet-stream", "bytes": {length}, "sha256": "{sha256}"}}"#)
        }).collect();
        let files = files.join(", ");
        let payload = format!(
            r#"{{"schema": "kaiji-statement/1", "form": "SDS", "form_edition": "5.0", "statement_id": "sample",
 "revision": 1, "supersedes": null, "issuer": "{VENDOR}",
 "product": {{"id": "{PRODUCT}", "name": "見本", "version": "1"}}, "issued_on": "2026-11-01",
 "answers": {{"17": {{"answer": "yes", "remark": "\"issuer\": \"ven_x\""}}}}, "attachments": [{files}]}}"#
        );
        self.sign(payload.into_bytes());
    }

    /// Signs a payload, and lets the receipts speak of it.
    pub fn sign(&mut self, payload: Vec<u8>) {
        self.statement = jws::sign(Statement::TYP, &payload, &self.vendor).unwrap();
        self.payload = payload;
        let (sha256, kid) = (
            Digest::of(self.statement.as_bytes()),
            self.vendor.public().thumbprint(),
        );
        self.registration.signer_kid = Some(kid.clone());
        self.receipt.statement_sha256 = Some(sha256);
        self.receipt.signer_kid = Some(kid);
        self.receipt.signer_key_leaf = Some(REGISTRATION_LEAF);
        self.status.statement_sha256 = sha256;
        self.status.newest.statement_sha256 = sha256;
        if let Some(acknowledgement) = &mut self.acknowledgement {
            acknowledgement.statement_sha256 = Some(sha256);
        }
    }

    /// The folder, without time stamps.
    pub fn files(&self) -> Files {
        let mut files = BTreeMap::new();
        let mut put = |name: &str, bytes: &[u8]| files.insert(name.to_owned(), bytes.to_vec());
        put(evidence::GUIDE, GUIDE);
        put(evidence::VERIFIER, VERIFIER);
        put(evidence::STATEMENT_JWS, self.statement.as_bytes());
        put(evidence::STATEMENT_JSON, &self.payload);
        put(
            evidence::VENDOR_KEY,
            self.vendor.public().to_pem().as_bytes(),
        );
        let pems = self.service.iter().map(|key| key.public().to_pem());
        put(evidence::RECEIPT_KEYS, pems.collect::<String>().as_bytes());
        let vkeys = self.log.iter().map(|key| format!("{}\n", vkey(key)));
        put(evidence::LOG_VKEYS, vkeys.collect::<String>().as_bytes());
        for (name, bytes) in &self.attachments {
            put(&format!("{}{name}", evidence::ATTACHMENTS), bytes);
        }
        self.put_log(&mut put);
        let mut files: Files = files
            .into_iter()
            .map(|(name, bytes)| (name, Contents::Bytes(bytes)))
            .collect();
        list(&mut files);
        files
    }

    /// Receipts, proofs, checkpoints and what leads from one to the next.
    fn put_log(&self, put: &mut impl FnMut(&str, &[u8]) -> Option<Vec<u8>>) {
        let sign = |receipt: &Receipt, key: &SigningKey| {
            jws::sign(Receipt::TYP, &receipt.payload(), key).unwrap()
        };
        let (current, oldest) = (self.service.first().unwrap(), self.service.last().unwrap());
        let mut leaves = vec![
            (
                evidence::KEY_REGISTERED,
                self.registration.leaf_index,
                sign(&self.registration, oldest),
            ),
            (
                evidence::RECEIPT,
                self.receipt.leaf_index,
                sign(&self.receipt, current),
            ),
        ];
        if let Some((offered, accepted)) = &self.transfer {
            for (file, consent) in [
                (evidence::TRANSFER_OFFERED, offered),
                (evidence::TRANSFER_ACCEPTED, accepted),
            ] {
                leaves.push((file, consent.leaf_index, sign(consent, oldest)));
            }
        }
        if let Some(given) = &self.acknowledgement {
            leaves.push((
                evidence::ACKNOWLEDGEMENT,
                given.leaf_index,
                sign(given, current),
            ));
        }
        let tree = Tree::of(&leaves, *self.sizes.last().unwrap());
        for (file, leaf, compact) in &leaves {
            put(file, compact.as_bytes());
            let size = self.sizes.iter().find(|size| *leaf < **size).unwrap();
            let proof = LogProof {
                index: *leaf,
                hashes: tree.inclusion(*leaf, *size),
                checkpoint: self.checkpoint(&tree, *size),
            };
            put(&evidence::proof_of(file), proof.to_text().as_bytes());
        }
        for (place, &size) in self.sizes.iter().enumerate() {
            put(
                &evidence::checkpoint(size),
                self.checkpoint(&tree, size).as_bytes(),
            );
            if let Some(&to) = self.sizes.get(place + 1) {
                let hashes = tree.consistency(size, to);
                let proof = Consistency {
                    from: size,
                    to,
                    hashes,
                };
                put(&evidence::consistency(size, to), proof.to_text().as_bytes());
            }
        }
        let status = Status {
            log_root: match self.status.log_root {
                root if root == Digest::of(b"") => tree.root(self.status.log_size),
                root => root,
            },
            ..self.status.clone()
        };
        let status = jws::sign(Status::TYP, &status.payload(), current).unwrap();
        put(evidence::STATUS, status.as_bytes());
    }

    fn checkpoint(&self, tree: &Tree, size: u64) -> String {
        let key = if Some(&size) == self.sizes.last() {
            self.log.first()
        } else {
            self.log.last()
        };
        let checkpoint = Checkpoint {
            origin: LOG.to_owned(),
            size,
            root: tree.root(size),
        };
        checkpoint.sign(key.unwrap()).unwrap().to_string()
    }
}

/// The verifier key of a key of the log.
pub fn vkey(key: &SigningKey) -> VerifierKey {
    VerifierKey::of_log(LOG, key.public()).unwrap()
}

/// The receipt of a consent to the product's transfer from another vendor.
fn consent(event: Event, leaf_index: u64) -> Receipt {
    Receipt {
        vendor: Some("ven_0".to_owned()),
        successor: Some(VENDOR.to_owned()),
        transfer_sha256: Some(Digest::of(b"transfer")),
        not_after: Some("2026-12-01T00:00:00Z".parse().unwrap()),
        ..receipt(event, leaf_index)
    }
}

/// A receipt of that event, of the vendor and the product of these folders.
fn receipt(event: Event, leaf_index: u64) -> Receipt {
    let about_statement = event != Event::KeyRegistered;
    let minute = leaf_index;
    Receipt {
        event,
        log: LOG.to_owned(),
        leaf_index,
        received_at: format!("2026-11-01T00:0{minute}:00.120Z").parse().unwrap(),
        vendor: Some(VENDOR.to_owned()),
        institution: None,
        agent: None,
        successor: None,
        product: about_statement.then(|| PRODUCT.to_owned()),
        statement_sha256: None,
        review_sha256: None,
        transfer_sha256: None,
        signer_kid: None,
        signer_key_leaf: None,
        not_after: (!about_statement).then(|| "2029-11-01T00:00:00Z".parse().unwrap()),
        compromised_since: None,
        audit_day: None,
        audit_entries: None,
        audit_head: None,
        clock: None,
    }
}

/// The root is put in when the log is made.
fn status() -> Status {
    Status {
        log: LOG.to_owned(),
        statement_sha256: Digest::of(b""),
        state: State::Valid,
        newest: Newest {
            statement_sha256: Digest::of(b""),
            revision: 1,
        },
        as_of: "2026-11-02T00:00:00Z".parse().unwrap(),
        log_size: 11,
        log_root: Digest::of(b""),
    }
}

/// A log with given leaves among others.
struct Tree(HashMap<TileName, Vec<u8>>);

impl Tree {
    fn of(leaves: &[(&str, u64, String)], size: u64) -> Self {
        let (mut frontier, mut tiles) = (Frontier::default(), HashMap::<_, Vec<u8>>::new());
        for index in 0..size {
            let given = leaves.iter().find(|(_, at, _)| *at == index);
            let leaf = given.map_or_else(|| format!("leaf {index}"), |(_, _, leaf)| leaf.clone());
            frontier.push(leaf_hash(leaf.as_bytes()), |height, place, hash| {
                if let Some(name) = TileName::of_node(height, place) {
                    tiles.entry(name).or_default().extend(hash.as_bytes());
                }
            });
        }
        Self(tiles)
    }

    fn tiles(&self) -> Tiles<impl FnMut(TileName) -> Result<Vec<u8>, std::convert::Infallible>> {
        Tiles::new(|name| Ok(self.0.get(&name).cloned().unwrap_or_default()))
    }

    fn root(&self, size: u64) -> Digest {
        root_at(&mut self.tiles(), size).unwrap()
    }

    fn inclusion(&self, leaf: u64, size: u64) -> Vec<Digest> {
        inclusion_proof(&mut self.tiles(), leaf, size).unwrap()
    }

    fn consistency(&self, from: u64, to: u64) -> Vec<Digest> {
        consistency_proof(&mut self.tiles(), from, to).unwrap()
    }
}

/// The bytes of a file.
pub fn bytes<'a>(files: &'a Files, name: &str) -> &'a [u8] {
    match files.get(name) {
        Some(Contents::Bytes(bytes)) => bytes,
        other => panic!("{name}: {other:?}"),
    }
}

/// Puts a file in, or in another's place.
pub fn put(files: &mut Files, name: &str, contents: impl Into<Vec<u8>>) {
    files.insert(name.to_owned(), Contents::Bytes(contents.into()));
}

/// Writes `SHA256SUMS` anew, as whoever spoils a folder would.
pub fn list(files: &mut Files) {
    let readable = files.iter().filter_map(|(name, file)| match file {
        Contents::Bytes(bytes) => Some((name.as_str(), bytes.as_slice())),
        Contents::Unreadable(_) => None,
    });
    let sums = evidence::sums(readable);
    put(files, evidence::SUMS, sums);
}
