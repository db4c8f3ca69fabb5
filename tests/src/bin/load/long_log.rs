//! A log of a million leaves, written straight into a service's database: receipts, tiles and checkpoints as the service
//! would have written them, signed with its own keys, without the statements that they are about.

use std::fs;
use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};
use jiff::{SignedDuration, Timestamp};
use kaiji_schema::Digest;
use kaiji_schema::jws::{self, Document};
use kaiji_schema::key::SigningKey;
use kaiji_schema::log::{Checkpoint, Frontier, Growth, leaf_hash};
use kaiji_schema::receipt::{Event, Receipt};

/// How many leaves it has.
pub const LEAVES: u64 = 1_000_000;

/// How many leaves there are to a checkpoint: what 64 clients share a commit with.
pub const TO_A_CHECKPOINT: usize = 32;

/// How many leaves are written at once: whole tiles of the lowest level.
const PAGE: u64 = 32 * 256;

mod tables {
    diesel::table! {
        leaves (leaf_index) {
            leaf_index -> BigInt,
            event -> Text,
            received_at -> BigInt,
            receipt -> Text,
        }
    }
    diesel::table! {
        log_tiles (level, tile_index) {
            level -> BigInt,
            tile_index -> BigInt,
            hashes -> Binary,
        }
    }
    diesel::table! {
        checkpoints (size) {
            size -> BigInt,
            note -> Text,
            signed_at -> BigInt,
        }
    }
}

/// What a log is written with.
struct Scribe {
    receipts: SigningKey,
    checkpoints: SigningKey,
    /// The log's name.
    origin: String,
    /// When its first leaf was received; each next one a millisecond later.
    since: Timestamp,
}

/// Writes the log of that name into the empty log of the service that ran in `directory`. The hash of each leaf.
pub fn write(directory: &Path, origin: &str) -> Vec<Digest> {
    let key = |name: &str| {
        let pem = fs::read_to_string(directory.join("var/keys").join(name)).unwrap();
        SigningKey::from_pem(&pem).unwrap()
    };
    let took = SignedDuration::from_millis(LEAVES.cast_signed());
    let scribe = Scribe {
        receipts: key("receipt.pem"),
        checkpoints: key("log.pem"),
        origin: origin.to_owned(),
        since: kaiji::clock::Clock::System.now() - took,
    };
    let file = directory.join("var/kaiji.sqlite");
    let mut database = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    database.batch_execute("PRAGMA synchronous = OFF;").unwrap();
    let mut hashes = Vec::new();
    let mut frontier = Frontier::default();
    while frontier.size() < LEAVES {
        let from = frontier.size();
        let receipts = scribe.receipts(from, LEAVES.min(from + PAGE));
        frontier = database
            .transaction(|rows| scribe.write(rows, frontier, &receipts))
            .unwrap();
        hashes.extend(receipts.iter().map(|receipt| leaf_hash(receipt.as_bytes())));
    }
    hashes
}

impl Scribe {
    fn received_at(&self, leaf: u64) -> Timestamp {
        self.since + SignedDuration::from_millis(leaf.cast_signed())
    }

    /// Signs the receipts of these leaves, on two processors.
    fn receipts(&self, from: u64, to: u64) -> Vec<String> {
        let middle = u64::midpoint(from, to);
        std::thread::scope(|scope| {
            let half = |from, to| move || (from..to).map(|leaf| self.receipt(leaf)).collect();
            let second = scope.spawn(half(middle, to));
            let first: Vec<String> = half(from, middle)();
            first.into_iter().chain(second.join().unwrap()).collect()
        })
    }

    /// The receipt of a statement of some product.
    fn receipt(&self, leaf: u64) -> String {
        let receipt = Receipt {
            event: Event::StatementReceived,
            log: self.origin.clone(),
            leaf_index: leaf,
            received_at: self.received_at(leaf),
            vendor: Some(format!("ven_{:026}", leaf % 1_000)),
            institution: None,
            agent: None,
            successor: None,
            product: Some(format!("prd_{:026}", leaf % 100_000)),
            statement_sha256: Some(Digest::of(&leaf.to_be_bytes())),
            review_sha256: None,
            transfer_sha256: None,
            signer_kid: Some(self.receipts.public().thumbprint()),
            signer_key_leaf: Some(0),
            not_after: None,
            compromised_since: None,
            audit_day: None,
            audit_entries: None,
            audit_head: None,
            clock: None,
        };
        jws::sign(Receipt::TYP, &receipt.payload(), &self.receipts).unwrap()
    }

    /// Writes the leaves after that edge, the tiles as far as they grow, and a checkpoint for each few leaves.
    fn write(
        &self,
        rows: &mut SqliteConnection,
        frontier: Frontier,
        receipts: &[String],
    ) -> QueryResult<Frontier> {
        let mut growth = Growth::new(frontier);
        for together in receipts.chunks(TO_A_CHECKPOINT) {
            for receipt in together {
                self.write_leaf(rows, growth.frontier().size(), receipt)?;
                growth.push(leaf_hash(receipt.as_bytes()));
            }
            self.write_checkpoint(rows, growth.frontier())?;
        }
        write_tiles(rows, &growth)?;
        self.write_head(rows, growth.frontier())?;
        Ok(growth.frontier().clone())
    }

    fn write_leaf(
        &self,
        rows: &mut SqliteConnection,
        leaf: u64,
        receipt: &str,
    ) -> QueryResult<usize> {
        use tables::leaves;
        let row = (
            leaves::leaf_index.eq(leaf.cast_signed()),
            leaves::event.eq(Event::StatementReceived.as_str()),
            leaves::received_at.eq(self.received_at(leaf).as_millisecond()),
            leaves::receipt.eq(receipt),
        );
        diesel::insert_into(leaves::table).values(row).execute(rows)
    }

    fn write_checkpoint(
        &self,
        rows: &mut SqliteConnection,
        frontier: &Frontier,
    ) -> QueryResult<usize> {
        use tables::checkpoints;
        let checkpoint = Checkpoint {
            origin: self.origin.clone(),
            size: frontier.size(),
            root: frontier.root(),
        };
        let note = checkpoint.sign(&self.checkpoints).unwrap().to_string();
        let signed_at = self.received_at(frontier.size() - 1).as_millisecond();
        let row = (
            checkpoints::size.eq(frontier.size().cast_signed()),
            checkpoints::note.eq(note),
            checkpoints::signed_at.eq(signed_at),
        );
        diesel::insert_into(checkpoints::table)
            .values(row)
            .execute(rows)
    }

    fn write_head(&self, rows: &mut SqliteConnection, frontier: &Frontier) -> QueryResult<usize> {
        let last = self.received_at(frontier.size() - 1);
        let head = "UPDATE log_head SET size = ?, last_received_at = ?, frontier = ? WHERE id = 1";
        diesel::sql_query(head)
            .bind::<BigInt, _>(frontier.size().cast_signed())
            .bind::<BigInt, _>(last.as_millisecond())
            .bind::<Binary, _>(frontier.to_bytes())
            .execute(rows)
    }
}

fn write_tiles(rows: &mut SqliteConnection, growth: &Growth) -> QueryResult<()> {
    use tables::log_tiles;
    for (name, gained) in growth.tiles() {
        let place = (i64::from(name.level), name.index.cast_signed());
        let tile = log_tiles::table.find(place);
        let before: Option<Vec<u8>> = tile.select(log_tiles::hashes).first(rows).optional()?;
        if let Some(mut hashes) = before {
            hashes.extend(gained);
            let grown = log_tiles::hashes.eq(hashes);
            diesel::update(tile).set(grown).execute(rows)?;
        } else {
            let row = (
                log_tiles::level.eq(place.0),
                log_tiles::tile_index.eq(place.1),
                log_tiles::hashes.eq(gained),
            );
            diesel::insert_into(log_tiles::table)
                .values(row)
                .execute(rows)?;
        }
    }
    Ok(())
}
