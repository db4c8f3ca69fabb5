//! What is measured of the log as everybody sees it, on a log of a million leaves: proofs, tiles, and verifying all of it.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use kaiji_schema::Digest;
use kaiji_schema::log::{TILE_WIDTH, TileName, inclusion_holds};
use kaiji_tests::{Database, Home, Program};
use serde_json::Value;

use crate::connection::{Connection, get};
use crate::load::{self, median};
use crate::long_log::{self, LEAVES, TO_A_CHECKPOINT};
use crate::scenes::SPELL;
use crate::table::{Table, shown};

/// How many leaves proofs are asked for, and how often each.
const PROVEN: u64 = 300;
const OFTEN: usize = 15;

/// How many tiles are asked for.
const TILES: u64 = 1_000;

/// A service with that log, and the hash of each leaf.
struct LongLog {
    home: Home,
    program: Program,
    hashes: Vec<Digest>,
}

pub fn long_log(table: &mut Table) {
    let log = LongLog::open();
    proofs(table, &log);
    tiles(table, &log);
    log.program.terminate();
    verification(table, &log.home);
}

impl LongLog {
    fn open() -> Self {
        let home = Home::with(Database::sqlite(), "");
        // Makes the tables and the keys.
        let program = home.serve();
        let mut connection = Connection::open(home.port()).unwrap();
        let checkpoint = connection.ask(&get("/log/checkpoint")).unwrap().body;
        let checkpoint = String::from_utf8(checkpoint).unwrap();
        let mut lines = checkpoint.lines();
        let (origin, size) = (lines.next().unwrap(), lines.next().unwrap());
        assert_eq!(size, "0", "the log of a new service is empty");
        drop(connection);
        program.terminate();
        let started = Instant::now();
        let hashes = long_log::write(home.directory(), origin);
        eprintln!(
            "a log of {LEAVES} leaves is written ({:.0} s)",
            started.elapsed().as_secs_f64()
        );
        Self {
            program: home.serve(),
            home,
            hashes,
        }
    }

    /// Whether the answer proves that leaf.
    fn is_proven(&self, leaf: u64, answer: &Value) -> bool {
        let hash = |text: &Value| {
            let bytes = BASE64_STANDARD.decode(text.as_str().unwrap()).unwrap();
            Digest::from(<[u8; 32]>::try_from(bytes).unwrap())
        };
        let hashes = answer["hashes"].as_array().unwrap().iter().map(hash);
        let own = self.hashes[usize::try_from(leaf).unwrap()];
        let (hashes, root): (Vec<Digest>, _) = (hashes.collect(), hash(&answer["root"]));
        answer["size"] == LEAVES && inclusion_holds(leaf, LEAVES, &own, &hashes, &root)
    }
}

/// Leaves all over the log, with its first and its last.
fn some_leaves() -> impl Iterator<Item = u64> {
    // Fibonacci hashing: a sequence that leaves no large gap.
    let scattered = (1..PROVEN - 1).map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20);
    [0, LEAVES - 1]
        .into_iter()
        .chain(scattered.map(|n| n % LEAVES))
}

fn proofs(table: &mut Table, log: &LongLog) {
    let port = log.home.port();
    let mut connection = Connection::open(port).unwrap();
    let (mut requests, mut times) = (Vec::new(), Vec::new());
    for leaf in some_leaves() {
        let request = get(&format!("/api/v1/log/proof?leaf={leaf}"));
        let answer = connection.ask(&request).unwrap();
        assert!(log.is_proven(leaf, &answer.json()), "leaf {leaf} is proven");
        requests.push(request);
        times.push(Vec::new());
    }
    // Round after round, so that a moment in which the machine does something else is not one leaf's alone.
    for _ in 0..OFTEN {
        let round = load::one_by_one(port, 200, &requests);
        for (times, time) in times.iter_mut().zip(round) {
            times.push(time);
        }
    }
    let each: Vec<Duration> = times.into_iter().map(median).collect();
    let alone = median(load::one_by_one(port, 200, &vec![get("/healthz"); 1_000]));
    let slowest = each.iter().copied().max().unwrap();
    let typical = median(each);
    let measured = format!(
        "{}; of all leaves {}, of which the way there and back (`/healthz`) is {}",
        shown(slowest),
        shown(typical),
        shown(alone)
    );
    table.row(
        &format!("a proof for any leaf of {LEAVES}, over HTTP: the slowest of {PROVEN} leaves, each a median"),
        "< 1 ms",
        measured,
        slowest < Duration::from_millis(1),
    );
}

fn tiles(table: &mut Table, log: &LongLog) {
    let full = LEAVES / TILE_WIDTH;
    let tile = |n| {
        let index = n * full / TILES;
        get(&format!("/log/tile/{}", TileName { level: 0, index }))
    };
    let requests: Vec<Vec<u8>> = (0..TILES).map(tile).collect();
    let health = load::rate(log.home.port(), &[get("/healthz")], SPELL);
    let rate = load::rate(log.home.port(), &requests, SPELL);
    let ratio = rate / health;
    table.row(
        "serving a tile, 8 KiB",
        "≥ 1/2 of /healthz",
        format!("{rate:.0}/s = {ratio:.2} of {health:.0}/s"),
        ratio >= 0.5,
    );
}

fn verification(table: &mut Table, home: &Home) {
    let what = format!(
        "verifying a log of {LEAVES} leaves and {} checkpoints from leaf 0 (`kaiji log verify`)",
        LEAVES.div_ceil(TO_A_CHECKPOINT as u64)
    );
    let started = Instant::now();
    let ended = home.run(&["log", "verify"]);
    let took = started.elapsed();
    assert_eq!(ended.status, Some(0), "{ended:?}");
    let measured = format!("{:.2} s", took.as_secs_f64());
    table.row(&what, "< 5 s", measured, took < Duration::from_secs(5));
}
