//! What the machine cannot do without, measured in the same run: `c`, a durable commit; `u`, the CPU time of one
//! submission; and the steps whose cost is set beside these.

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Binary;
use kaiji_schema::comparison::compare;
use kaiji_schema::jws::Document;
use kaiji_schema::requirement::{DEFAULT_SET, requirement_set};
use kaiji_schema::statement::Statement;

use crate::load::median;

/// `c`: the median of durable commits of so many bytes, one by one on one connection, in `directory`.
pub fn commit(directory: &Path, bytes: usize) -> Duration {
    let file = directory.join("floor.sqlite");
    let mut floor = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    let pragmas = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                   CREATE TABLE floor (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;";
    floor.batch_execute(pragmas).unwrap();
    let row = vec![7_u8; bytes];
    let commits = (0..400).map(|_| {
        let started = Instant::now();
        let insert = diesel::sql_query("INSERT INTO floor (bytes) VALUES (?)");
        insert.bind::<Binary, _>(&row).execute(&mut floor).unwrap();
        started.elapsed()
    });
    median(commits.collect())
}

/// `u`, as the bench of the server crate measures it.
pub fn submission() -> Duration {
    let mut bench = Command::new(env!("CARGO"));
    bench.args([
        "bench",
        "--quiet",
        "--package",
        "kaiji",
        "--bench",
        "submission",
    ]);
    let run = bench
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&run.stdout);
    let line = printed.lines().find(|line| line.starts_with('{'));
    let line = line.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&run.stderr)));
    let measured: serde_json::Value = serde_json::from_str(line).unwrap();
    Duration::from_secs_f64(measured["cpu_us"].as_f64().unwrap() / 1e6)
}

/// Comparing one SDS statement with its 58 items.
pub fn comparison(payload: &[u8]) -> Duration {
    let set = requirement_set(DEFAULT_SET).unwrap();
    let statement = Statement::parse(payload).unwrap();
    let rounds = (0..5_000).map(|_| {
        let started = Instant::now();
        black_box(compare(black_box(&statement), None, set));
        started.elapsed()
    });
    median(rounds.collect())
}

/// How long the `csv` crate takes to write the rows of this file to a buffer.
pub fn csv(file: &[u8]) -> Duration {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(file);
    let mut rows = reader.records();
    let mut taken = Duration::ZERO;
    let mut buffer = Vec::new();
    loop {
        // A part at a time: reading is not what is measured.
        let part: Vec<csv::StringRecord> = rows.by_ref().take(5_000).map(Result::unwrap).collect();
        if part.is_empty() {
            return taken;
        }
        buffer.clear();
        let started = Instant::now();
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(&mut buffer);
        for row in &part {
            writer.write_record(row).unwrap();
        }
        writer.flush().unwrap();
        drop(writer);
        taken += started.elapsed();
    }
}
