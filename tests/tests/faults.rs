//! What happens to requests when something happens to the database: a clear answer, nothing lost, and back to work by
//! itself when the cause is gone.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "what fails in a test is what it is for; a variant that cannot be had is said to be skipped"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use kaiji_tests::{Database, Home, Program, Vendor, sha256};

/// The embedded database of these tests, which does not wait long for a lock.
const EMBEDDED: &str = "database = \"sqlite:data/kaiji.sqlite?busy_timeout_ms=50\"";

/// Beside what a new database has, in pages: enough for a dozen statements.
const ROOM: u64 = 120;

/// A service with a vendor, and the statements that it was given.
struct Scene {
    home: Home,
    /// `None` while it is stopped.
    program: Option<Program>,
    vendor: Vendor,
    held: Vec<String>,
}

impl Scene {
    fn embedded() -> Self {
        Self::of(Home::with(Database::sqlite(), EMBEDDED))
    }

    fn on_postgres() -> Self {
        let database = Database::postgres();
        let settings = format!("database = \"{}\"\nkeys_dir = \"keys\"", database.url());
        let home = Home::with(database, &settings);
        assert_eq!(home.run(&["migrate"]).status, Some(0));
        Self::of(home)
    }

    fn of(home: Home) -> Self {
        let operator = home.operator();
        let program = Some(home.serve());
        let vendor = operator.vendor("株式会社見本");
        let mut scene = Self {
            home,
            program,
            vendor,
            held: Vec::new(),
        };
        let draft = scene.draft();
        scene.submit(&draft);
        scene
    }

    /// A signed statement about a product of its own.
    fn draft(&self) -> String {
        let product = self.vendor.product("見本");
        self.vendor
            .sign(&self.vendor.statement("sds-sample", &product))
    }

    /// Submits a statement, which must be taken.
    fn submit(&mut self, jws: &str) {
        self.vendor.submit(jws).created();
        self.held.push(jws.to_owned());
    }

    /// A submission is refused for now, in the way that is promised.
    fn assert_refuses(&self, jws: &str) {
        let answer = self.vendor.submit(jws).send();
        assert!(answer.header("Retry-After").is_some(), "{answer:?}");
        answer.problem(503, "unavailable");
    }

    fn assert_not_ready(&self) {
        let answer = self.home.site().call("GET", "/readyz").send();
        answer.problem(503, "unavailable");
        self.home.site().call("GET", "/healthz").ok();
    }

    fn assert_ready(&self) {
        self.home.site().call("GET", "/readyz").ok();
    }

    /// Every statement that was acknowledged is read, byte for byte.
    fn assert_reads(&self) {
        for jws in &self.held {
            let path = format!("/statements/{}", sha256(jws));
            let read = self.vendor.get(&path).header("Accept", "application/jose");
            assert_eq!(read.send().expect(200).text(), jws);
        }
    }

    /// The cause is gone: what was refused is taken now, and all is as it should be.
    fn assert_recovers(&mut self, refused: &str) {
        self.submit(refused);
        self.assert_ready();
        self.assert_reads();
        let leaves = self.vendor.list("/statements").len();
        assert_eq!(leaves, self.held.len(), "nothing is held that was refused");
    }

    /// Submits until there is no room. Answers the statement that did not fit.
    fn fill(&mut self, drafts: Vec<String>) -> String {
        for draft in drafts {
            let answer = self.vendor.submit(&draft).send();
            if answer.status == 503 {
                return draft;
            }
            let _ = answer.expect(201);
            self.held.push(draft);
        }
        panic!("there was room for everything");
    }

    fn file(&self) -> PathBuf {
        self.home.directory().join("data/kaiji.sqlite")
    }

    fn stop(&mut self) {
        let ended = self.program.take().unwrap().terminate();
        assert_eq!(ended.status, Some(0), "{ended:?}");
    }

    fn start(&mut self) {
        self.program = Some(self.home.serve());
    }
}

#[test]
fn while_another_program_holds_the_lock_writes_are_refused_and_reads_go_on() {
    let mut scene = Scene::embedded();
    let draft = scene.draft();
    let mut other = SqliteConnection::establish(scene.file().to_str().unwrap()).unwrap();
    // The service writes by itself, too: the audit trail.
    let lock = "PRAGMA busy_timeout = 20000; BEGIN IMMEDIATE";
    other.batch_execute(lock).unwrap();
    scene.assert_refuses(&draft);
    scene.assert_not_ready();
    scene.assert_reads();
    other.batch_execute("ROLLBACK").unwrap();
    scene.assert_recovers(&draft);
}

#[test]
fn when_the_directory_of_the_database_is_gone_nothing_is_written_to_where_nobody_finds_it() {
    let mut scene = Scene::embedded();
    let draft = scene.draft();
    let directory = scene.home.directory();
    let (data, aside) = (directory.join("data"), directory.join("aside"));
    fs::rename(&data, &aside).unwrap();
    scene.assert_refuses(&draft);
    scene.assert_not_ready();
    fs::rename(&aside, &data).unwrap();
    scene.assert_recovers(&draft);
}

#[test]
fn when_the_database_may_not_grow_writes_are_refused_reads_go_on_and_nothing_is_lost() {
    let mut scene = Scene::embedded();
    let drafts: Vec<String> = (0..50).map(|_| scene.draft()).collect();
    scene.stop();
    let pages = fs::metadata(scene.file()).unwrap().len() / 4096;
    let limit = format!("sqlite:data/kaiji.sqlite?max_page_count={}", pages + ROOM);
    scene.home.set(&format!("database = \"{limit}\""));
    scene.start();
    let refused = scene.fill(drafts);
    scene.assert_reads();
    scene.assert_refuses(&refused);

    scene.stop();
    scene.home.set(EMBEDDED);
    scene.start();
    scene.assert_reads();
    scene.assert_recovers(&refused);
}

#[test]
fn when_the_disk_is_full_writes_are_refused_until_there_is_room_again() {
    let home = Home::with(Database::sqlite(), EMBEDDED);
    let Some(disk) = SmallDisk::mount(&home.directory().join("data")) else {
        eprintln!("skipped: mounting a small file system is not allowed here (needs root)");
        return;
    };
    let mut scene = Scene::of(home);
    let drafts: Vec<String> = (0..50).map(|_| scene.draft()).collect();
    disk.leave_room(300);
    let refused = scene.fill(drafts);
    scene.assert_reads();
    scene.assert_refuses(&refused);

    disk.empty();
    scene.assert_recovers(&refused);
    // Before the directory is taken away, in which it is mounted.
    scene.stop();
    drop(disk);
}

#[test]
fn postgres_connections_that_were_cut_are_made_anew_without_anybody_noticing() {
    let mut scene = Scene::on_postgres();
    let draft = scene.draft();
    cut_connections(scene.home.database());
    scene.assert_recovers(&draft);
}

#[test]
fn while_postgres_takes_no_connections_everything_is_refused() {
    let mut scene = Scene::on_postgres();
    let draft = scene.draft();
    let database = scene.home.database();
    database.administer("ALTER DATABASE {name} ALLOW_CONNECTIONS false");
    database.administer(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
    );
    scene.assert_refuses(&draft);
    scene.assert_not_ready();
    scene
        .home
        .database()
        .administer("ALTER DATABASE {name} ALLOW_CONNECTIONS true");
    scene.assert_recovers(&draft);
}

#[test]
fn while_postgres_is_read_only_writes_are_refused_and_reads_go_on() {
    let mut scene = Scene::on_postgres();
    let draft = scene.draft();
    let database = scene.home.database();
    database.administer("ALTER DATABASE {name} SET default_transaction_read_only = on");
    cut_connections(database);
    scene.assert_refuses(&draft);
    scene.assert_not_ready();
    scene.assert_reads();
    let database = scene.home.database();
    database.administer("ALTER DATABASE {name} RESET default_transaction_read_only");
    cut_connections(database);
    scene.assert_recovers(&draft);
}

fn cut_connections(database: &Database) {
    let cut = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let mut connection = PgConnection::establish(database.url()).unwrap();
    connection.batch_execute(cut).unwrap();
}

/// A file system of a few megabytes in memory.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where mounting is not allowed.
    fn mount(at: &Path) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"])
            .arg(at);
        let mounted = mount.output().is_ok_and(|ended| ended.status.success());
        mounted.then(|| Self(at.to_owned()))
    }

    /// Takes up all that is free but so many KiB.
    fn leave_room(&self, kibibytes: u64) {
        let ballast = self.0.join("ballast");
        let mut filled = 0;
        let block = [0; 4096];
        let mut file = fs::File::create(&ballast).unwrap();
        while std::io::Write::write_all(&mut file, &block).is_ok() {
            filled += 4096;
        }
        file.set_len(filled - kibibytes * 1024).unwrap();
    }

    /// Makes room.
    fn empty(&self) {
        fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: after a failed test the service may still have files open.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}
