//! The load program: starts the release server on a database of its own, drives it over loopback with a bounded
//! number of requests, and sets what it measures beside floors measured in the same run.
//!
//! `tests/with-foreign-tools cargo run --release -p kaiji-tests --bin load` prints the table; with `-- --write` it goes to
//! `docs/performance.md`, where people's notes below it stay; with `-- --log`,
//! `-- --letters` or `-- --sets` only the long log, the letters or a new requirement set are measured, and printed.
//! Only ratios mean something on a machine that others use as well.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    reason = "it is run by people, and what fails in it ends it"
)]

mod connection;
mod database;
mod floors;
mod letter_scenes;
mod load;
mod log_scenes;
mod long_log;
mod process;
mod scenes;
mod set_scenes;
mod table;
mod world;

use std::fs;

use table::Table;
use world::World;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/performance.md");

fn main() {
    let asked = |what: &str| std::env::args().any(|argument| argument == what);
    let mut table = Table::default();
    if asked("--log") {
        log_scenes::long_log(&mut table);
        println!("{}", table.markdown());
        return;
    }
    if asked("--letters") {
        letter_scenes::news_for_many(&mut table);
        println!("{}", table.markdown());
        return;
    }
    if asked("--sets") {
        set_scenes::new_set(&mut table);
        println!("{}", table.markdown());
        return;
    }
    let mut world = World::open();
    scenes::idle(&mut table, &world);
    let floors = scenes::floors(&mut table, &world);
    world.furnish();
    scenes::one_alone(&mut table, &mut world, &floors, "nothing stored");
    let at_first = scenes::whole_job(&mut table, &mut world);
    scenes::many_at_once(&mut table, &mut world, &floors);
    scenes::fill(&mut world);
    scenes::one_alone(&mut table, &mut world, &floors, "10,000 stored");
    let at_last = scenes::whole_job(&mut table, &mut world);
    scenes::stays_flat(&mut table, &at_first, &at_last);
    scenes::reading(&mut table, &world);
    scenes::exports(&mut table, &world);
    scenes::memory_at_the_end(&mut table, &world);
    scenes::pulled_plug(&mut table, world);
    log_scenes::long_log(&mut table);
    letter_scenes::news_for_many(&mut table);
    set_scenes::new_set(&mut table);
    let page = page(&table);
    if asked("--write") {
        let notes = fs::read_to_string(PAGE).unwrap_or_default();
        let notes = notes.find("\n## ").map_or("", |at| &notes[at..]);
        fs::write(PAGE, page + notes).unwrap();
    } else {
        println!("{page}");
    }
}

fn page(table: &Table) -> String {
    format!(
        "{INTRODUCTION}\nMeasured on {} with {}, {}.\n\n{}",
        today(),
        process::machine(),
        process::kernel(),
        table.markdown()
    )
}

/// The day, from the one clock that is asked for it.
fn today() -> String {
    let now = kaiji::clock::Clock::System.now();
    now.to_string().chars().take(10).collect()
}

const INTRODUCTION: &str = "\
# Performance

Made by

```sh
tests/with-foreign-tools cargo run --release -p kaiji-tests --bin load -- --write
```

which starts the release server on an empty SQLite database (`synchronous=FULL`), drives it over loopback with a
bounded number of requests and stops. Statements are whole SDS forms: 125 answers, of which the 58 items of the 別紙
are compared, 12 kB signed, each different. The load generator shares the processors with the server, so CPU time is the
server's own, from `/proc`. The floors are measured in the same run, and only the ratios to them carry over to another
machine:

- `c`: a durable commit of the same bytes, one row, one connection, same file system (median).
- `u`: the CPU time of verifying, parsing, comparing, signing the receipt, hashing it as a leaf and inserting the rows, in
  one thread without a server and without waiting for the disk (`cargo bench -p kaiji --bench submission`). Every 32
  submissions, which is about what 64 clients share a commit with (measured below), the tiles grow and a checkpoint is
  signed; each has its share of that.

The log of a million leaves is written straight into a database: real receipts, signed with the service's key, their
tiles, and a checkpoint for every 32 of them.

`cargo bench -p kaiji-schema` measures the pure steps one by one.
";
