//! `u`: the CPU time that one submission costs whatever a service does around it.
//!
//! One thread, no server, no network: verify ES256, parse strictly, compare with every requirement set, sign the
//! receipt, hash it as a leaf, and insert the rows that `exchange::submit_statement` inserts, into SQLite that waits for
//! no disk, in one transaction. Every [`SHARED`] submissions the tiles grow and a checkpoint is signed, once for all of
//! them. Statements are different from each other and signed beforehand.
//!
//! `cargo bench -p kaiji --bench submission` prints a sentence, and a line of JSON that the load program reads.
#![allow(
    missing_docs,
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark is run by people, and what fails in it ends it"
)]

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use jiff::Timestamp;
use kaiji::keys::LogSigner;
use kaiji::storage::{DatabaseUrl, backend};
use kaiji_schema::Digest;
use kaiji_schema::comparison::compare;
use kaiji_schema::jws::{self, Document, Jws, Verified};
use kaiji_schema::key::SigningKey;
use kaiji_schema::log::{Frontier, Growth, leaf_hash};
use kaiji_schema::receipt::{Event, Receipt};
use kaiji_schema::requirement::RequirementSets;
use kaiji_schema::statement::Statement;
use serde_json::{Value, json};

const SAMPLE: &str = include_str!("../../fixtures/statements/accepted/sds-whole-form.json");
const VENDOR_KEY: &str = include_str!("../../fixtures/keys/TEST-ONLY-vendor-es256.pem");
const SERVICE_KEY: &str = include_str!("../../fixtures/keys/TEST-ONLY-other-es256.pem");
const LOG_KEY: &str = include_str!("../../fixtures/keys/TEST-ONLY-vendor-ed25519.pem");

const VENDOR: &str = "ven_0123456789abcdefghjkmnpqrs";
const STATEMENTS: usize = 4_000;

/// How many submissions share a commit, and so a checkpoint: about what the load program measures with 64 clients.
const SHARED: usize = 32;

/// The columns that a submission fills, and no others.
mod tables {
    diesel::table! {
        statements (sha256) {
            sha256 -> Text,
            vendor_id -> Text,
            product_id -> Text,
            form -> Text,
            form_edition -> Text,
            statement_id -> Text,
            revision -> BigInt,
            payload_sha256 -> Text,
            product_name -> Text,
            product_version -> Text,
            issued_on -> Text,
            signer_kid -> Text,
            receipt_leaf -> BigInt,
            received_at -> BigInt,
            jws -> Text,
        }
    }
    diesel::table! {
        comparisons (statement_sha256, requirement_set_sha256) {
            statement_sha256 -> Text,
            requirement_set_sha256 -> Text,
            requirement_set -> Text,
            conforming -> BigInt,
            not_applicable -> BigInt,
            nonconforming -> BigInt,
            unconfirmed -> BigInt,
            items -> Text,
        }
    }
    diesel::table! {
        leaves (leaf_index) {
            leaf_index -> BigInt,
            event -> Text,
            received_at -> BigInt,
            receipt -> Text,
        }
    }
    diesel::table! {
        events (number) {
            number -> BigInt,
            organisation_id -> Text,
            kind -> Text,
            occurred_at -> BigInt,
            subject -> Text,
        }
    }
    diesel::table! {
        log_head (id) {
            id -> BigInt,
            size -> BigInt,
            frontier -> Binary,
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
    diesel::table! {
        announcements (number) {
            number -> BigInt,
            product_id -> Text,
            kind -> Text,
            subject -> Text,
            announced_up_to -> Text,
            created_at -> BigInt,
        }
    }
}

fn main() {
    let directory = Directory::new();
    let mut database = directory.database();
    let vendor = SigningKey::from_pem(VENDOR_KEY).expect("the vendor's key");
    let service = SigningKey::from_pem(SERVICE_KEY).expect("the service's key");
    let log = SigningKey::from_pem(LOG_KEY).expect("the log's key");
    let signer = LogSigner::new(service, log, "kaiji.example.jp".to_owned(), None);
    register(&mut database, &vendor);
    let signed: Vec<String> = (0..STATEMENTS)
        .map(|number| sign(number, &vendor))
        .collect();

    let (started, cpu_before) = (Instant::now(), cpu_time());
    database
        .transaction::<_, diesel::result::Error, _>(|rows| {
            let mut frontier = Frontier::default();
            for together in signed.chunks(SHARED) {
                let mut growth = Growth::new(frontier);
                for compact in together {
                    submit(rows, black_box(compact), &vendor, &signer, &mut growth)?;
                }
                grow(rows, &signer, &growth)?;
                frontier = growth.frontier().clone();
            }
            Ok(())
        })
        .expect("every statement is taken");
    let (cpu, wall) = (cpu_time().saturating_sub(cpu_before), started.elapsed());

    let each = |time: Duration| time.as_secs_f64() * 1e6 / STATEMENTS as f64;
    let bytes = signed.iter().map(String::len).sum::<usize>() / STATEMENTS;
    let (cpu, wall) = (each(cpu), each(wall));
    println!(
        "u: {cpu:.0} µs of CPU time a submission of {bytes} bytes ({wall:.0} µs by the clock)"
    );
    println!(
        "{}",
        json!({ "cpu_us": cpu, "wall_us": wall, "bytes": bytes, "statements": STATEMENTS })
    );
}

/// A statement that was verified, under its name, which takes a hash of all its bytes to find.
struct Named {
    sha256: Digest,
    verified: Verified<Statement>,
}

/// What one submission cannot do without.
fn submit(
    rows: &mut SqliteConnection,
    compact: &str,
    vendor: &SigningKey,
    signer: &LogSigner,
    growth: &mut Growth,
) -> QueryResult<()> {
    let leaf = growth.frontier().size().cast_signed();
    let jws = Jws::parse(compact).expect("the JWS is well formed");
    let sha256 = jws.sha256();
    let verified = jws::verify::<Statement>(jws, vendor.public()).expect("the signature is right");
    let now = Timestamp::UNIX_EPOCH;
    let receipt = Receipt {
        vendor: Some(VENDOR.to_owned()),
        product: Some(verified.document().product.id.clone()),
        statement_sha256: Some(sha256),
        signer_kid: Some(verified.kid().clone()),
        signer_key_leaf: Some(0),
        ..signer.receipt(Event::StatementReceived, leaf.unsigned_abs(), now)
    };
    let receipt = signer.sign(&receipt).expect("the receipt is signed");
    let named = Named { sha256, verified };
    insert_statement(rows, &named, leaf)?;
    insert_comparisons(rows, &named)?;
    insert_leaf(rows, &receipt, leaf)?;
    growth.push(leaf_hash(receipt.as_bytes()));
    insert_news(rows, &named, leaf)
}

fn insert_statement(
    rows: &mut SqliteConnection,
    Named { sha256, verified }: &Named,
    leaf: i64,
) -> QueryResult<()> {
    use tables::statements;
    let statement = verified.document();
    diesel::insert_into(statements::table)
        .values((
            statements::sha256.eq(sha256.to_string()),
            statements::vendor_id.eq(VENDOR),
            statements::product_id.eq(&statement.product.id),
            statements::form.eq(statement.form.as_str()),
            statements::form_edition.eq(&statement.form_edition),
            statements::statement_id.eq(&statement.statement_id),
            statements::revision.eq(i64::from(statement.revision)),
            statements::payload_sha256.eq(verified.payload_sha256().to_string()),
            statements::product_name.eq(&statement.product.name),
            statements::product_version.eq(&statement.product.version),
            statements::issued_on.eq(statement.issued_on.to_string()),
            statements::signer_kid.eq(verified.kid().as_str()),
            statements::receipt_leaf.eq(leaf),
            statements::received_at.eq(leaf),
            statements::jws.eq(verified.compact()),
        ))
        .execute(rows)?;
    Ok(())
}

fn insert_comparisons(
    rows: &mut SqliteConnection,
    Named { sha256, verified }: &Named,
) -> QueryResult<()> {
    use tables::comparisons;
    for set in RequirementSets::built_in().iter() {
        let comparison = compare(verified.document(), Some(*sha256), set);
        let summary = comparison.summary;
        let items = serde_json::to_string(&comparison.items).expect("items have a JSON form");
        diesel::insert_into(comparisons::table)
            .values((
                comparisons::statement_sha256.eq(sha256.to_string()),
                comparisons::requirement_set_sha256.eq(set.digest().to_string()),
                comparisons::requirement_set.eq(&set.id),
                comparisons::conforming.eq(i64::from(summary.conforming)),
                comparisons::not_applicable.eq(i64::from(summary.not_applicable)),
                comparisons::nonconforming.eq(i64::from(summary.nonconforming)),
                comparisons::unconfirmed.eq(i64::from(summary.unconfirmed)),
                comparisons::items.eq(items),
            ))
            .execute(rows)?;
    }
    Ok(())
}

fn insert_leaf(rows: &mut SqliteConnection, receipt: &str, leaf: i64) -> QueryResult<()> {
    use tables::leaves;
    diesel::insert_into(leaves::table)
        .values((
            leaves::leaf_index.eq(leaf),
            leaves::event.eq(Event::StatementReceived.as_str()),
            leaves::received_at.eq(leaf),
            leaves::receipt.eq(receipt),
        ))
        .execute(rows)?;
    Ok(())
}

/// What one commit adds to the log besides its leaves: the tiles' new bytes, the head and a checkpoint.
fn grow(rows: &mut SqliteConnection, signer: &LogSigner, growth: &Growth) -> QueryResult<()> {
    use tables::{checkpoints, log_head, log_tiles};
    let frontier = growth.frontier();
    let size = frontier.size().cast_signed();
    for (name, gained) in growth.tiles() {
        let place = (i64::from(name.level), name.index.cast_signed());
        let tile = log_tiles::table.find(place);
        let mut hashes: Vec<u8> = tile
            .select(log_tiles::hashes)
            .first(rows)
            .optional()?
            .unwrap_or_default();
        let is_new = hashes.is_empty();
        hashes.extend(gained);
        if is_new {
            let row = (
                log_tiles::level.eq(place.0),
                log_tiles::tile_index.eq(place.1),
                log_tiles::hashes.eq(hashes),
            );
            diesel::insert_into(log_tiles::table)
                .values(row)
                .execute(rows)?;
        } else {
            let grown = log_tiles::hashes.eq(hashes);
            diesel::update(tile).set(grown).execute(rows)?;
        }
    }
    let head = (
        log_head::size.eq(size),
        log_head::frontier.eq(frontier.to_bytes()),
    );
    diesel::update(log_head::table.find(1))
        .set(head)
        .execute(rows)?;
    let note = signer.checkpoint(frontier.size(), frontier.root());
    let checkpoint = (
        checkpoints::size.eq(size),
        checkpoints::note.eq(note.expect("the checkpoint is signed")),
        checkpoints::signed_at.eq(size),
    );
    diesel::insert_into(checkpoints::table)
        .values(checkpoint)
        .execute(rows)?;
    Ok(())
}

/// The vendor's event, and the announcement for those who hold the product.
fn insert_news(
    rows: &mut SqliteConnection,
    Named { sha256, verified }: &Named,
    leaf: i64,
) -> QueryResult<()> {
    use tables::{announcements, events};
    let statement = verified.document();
    let subject = json!({
        "statement": sha256.to_string(),
        "product": statement.product.id,
        "form": statement.form.as_str(),
        "form_edition": statement.form_edition,
        "revision": statement.revision,
        "supersedes": null,
        "changes": null,
    });
    let subject = subject.to_string();
    diesel::insert_into(events::table)
        .values((
            events::number.eq(leaf),
            events::organisation_id.eq(VENDOR),
            events::kind.eq("statement_received"),
            events::occurred_at.eq(leaf),
            events::subject.eq(&subject),
        ))
        .execute(rows)?;
    diesel::insert_into(announcements::table)
        .values((
            announcements::number.eq(leaf),
            announcements::product_id.eq(&statement.product.id),
            announcements::kind.eq("statement_received"),
            announcements::subject.eq(&subject),
            announcements::announced_up_to.eq(""),
            announcements::created_at.eq(leaf),
        ))
        .execute(rows)?;
    Ok(())
}

/// The rows that the inserted ones refer to.
fn register(rows: &mut SqliteConnection, vendor: &SigningKey) {
    let kid = vendor.public().thumbprint();
    let mut sql = format!(
        "INSERT INTO organisations (id, kind, name, name_folded, revision, created_at)
           VALUES ('{VENDOR}', 'vendor', '', '', 1, 0);
         INSERT INTO signing_keys (kid, vendor_id, algorithm, jwk, not_after, registered_at)
           VALUES ('{}', '{VENDOR}', 'ES256', '', 0, 0);
         BEGIN;",
        kid.as_str()
    );
    for number in 0..STATEMENTS {
        let insert = "INSERT INTO products \
             (id, vendor_id, name, name_folded, release, in_directory, revision, created_at, updated_at)";
        let id = product(number);
        // Writing to a String cannot fail.
        let _ = write!(
            sql,
            "{insert} VALUES ('{id}', '{VENDOR}', '', '', 'listed', 1, 1, 0, 0);"
        );
    }
    rows.batch_execute(&format!("{sql} COMMIT;"))
        .expect("the vendor is registered");
}

fn product(number: usize) -> String {
    format!("prd_{number:026}")
}

fn sign(number: usize, key: &SigningKey) -> String {
    let mut statement: Value = serde_json::from_str(SAMPLE).expect("the sample is JSON");
    statement["issuer"] = VENDOR.into();
    statement["statement_id"] = format!("sds-{number}").into();
    statement["product"]["id"] = product(number).into();
    let payload = serde_json::to_vec(&statement).expect("JSON can be written");
    jws::sign(Statement::TYP, &payload, key).expect("the key signs")
}

/// How long this thread has been on a processor, which the kernel keeps in nanoseconds.
fn cpu_time() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux with schedstat");
    let nanoseconds = text.split(' ').next().and_then(|field| field.parse().ok());
    Duration::from_nanos(nanoseconds.expect("a number of nanoseconds"))
}

/// A directory of its own, taken away at the end.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("kaiji-submission-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a temporary directory");
        Self(path)
    }

    /// The service's tables, in a database that waits for no disk.
    fn database(&self) -> SqliteConnection {
        let file = self.0.join("kaiji.sqlite");
        backend::migrate(&DatabaseUrl::sqlite(&file)).expect("the tables");
        let file = file.to_string_lossy();
        let mut database = SqliteConnection::establish(&file).expect("the database");
        let pragmas =
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON;";
        database.batch_execute(pragmas).expect("the pragmas");
        database
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
