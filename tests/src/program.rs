//! The built executable, as an operator runs it: with a file of settings in a directory of its own, ended by signals.
//!
//! Where [`TestApp`](crate::TestApp) is the service inside the test, this is the process, which can be killed.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread::JoinHandle;

use kaiji::clock::Clock;
use serde_json::Value;

use crate::actors::{Client, Operator};
use crate::app::Site;
use crate::database::Database;
use crate::documents::new_key;

/// A directory with settings, in which the executable is run.
pub struct Home {
    database: Database,
    settings: PathBuf,
    port: u16,
}

/// A process that has ended, and what it said.
#[derive(Debug)]
pub struct Ended {
    /// The exit status; `None` if a signal ended it.
    pub status: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it said to people.
    pub stderr: String,
}

/// A service in a process of its own. Killed when it is dropped.
#[must_use = "it is killed when it is dropped"]
pub struct Program {
    child: Child,
    /// Reads on, so that the process never waits for a full pipe.
    rest: Option<JoinHandle<String>>,
}

impl Home {
    /// An empty directory, with the embedded default in it: nothing is set but the port.
    pub fn empty() -> Self {
        Self::with(Database::sqlite(), "")
    }

    /// The same on PostgreSQL, whose tables are made.
    pub fn postgres() -> Self {
        let database = Database::postgres();
        let settings = format!("database = \"{}\"", database.url());
        let home = Self::with(database, &settings);
        let migrated = home.run(&["migrate"]);
        assert_eq!(migrated.status, Some(0), "{migrated:?}");
        home
    }

    /// With this database, to which further lines of settings may say more.
    pub fn with(database: Database, settings: &str) -> Self {
        // Built now if it must be, which can take minutes.
        executable();
        let home = Self {
            settings: database.directory().join("kaiji.toml"),
            database,
            port: free_port(),
        };
        home.set(settings);
        home
    }

    /// Writes the settings anew: the port, and these lines.
    pub fn set(&self, settings: &str) {
        let text = format!("listen = \"127.0.0.1:{}\"\n{settings}\n", self.port);
        std::fs::write(&self.settings, text).unwrap();
    }

    /// The database, which also is the directory's owner.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        self.database.directory()
    }

    /// The port that the service listens on when it runs.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The service as its users see it when it runs.
    pub fn site(&self) -> Site {
        Site::new(&format!("http://127.0.0.1:{}", self.port), Clock::System)
    }

    /// Runs a command to its end, with these settings.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        let run = self.command(arguments).output();
        run.expect("the executable runs").into()
    }

    /// Serves, or says why it does not.
    pub fn try_serve(&self) -> Result<Program, Ended> {
        let mut command = self.command(&["serve", "--log", "warn"]);
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = spawned.stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("kaiji: serving ") {
            if stderr.read_line(&mut said).unwrap() == 0 {
                let mut ended = Ended::from(child.wait_with_output().unwrap());
                ended.stderr = said;
                return Err(ended);
            }
        }
        let rest = std::thread::spawn(move || {
            // What is not UTF-8 ends the reading, which a test would see as a message that is missing.
            let _ = stderr.read_to_string(&mut said);
            said
        });
        Ok(Program {
            child,
            rest: Some(rest),
        })
    }

    /// Serves.
    pub fn serve(&self) -> Program {
        self.try_serve().unwrap_or_else(|ended| panic!("{ended:?}"))
    }

    /// Makes the first operator as the documentation says, on the command line.
    pub fn operator(&self) -> Operator {
        let key = new_key();
        let public = self.directory().join("operator.pub.pem");
        std::fs::write(&public, key.public().to_pem()).unwrap();
        let public = public.to_str().unwrap();
        let made = self.run(&[
            "admin",
            "operator",
            "--name",
            "運営者",
            "--key",
            public,
            "--json",
        ]);
        assert_eq!(made.status, Some(0), "{made:?}");
        let made: Value = serde_json::from_str(&made.stdout).unwrap();
        let text = |name: &str| made[name].as_str().unwrap();
        let (organisation, id) = (text("organisation"), text("client_id"));
        Operator::new(Client::new(&self.site(), organisation, id, key))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        command(self.directory(), &self.settings, arguments)
    }
}

fn command(directory: &Path, settings: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(executable());
    command.args(arguments).arg("--config").arg(settings);
    command.current_dir(directory);
    command
}

/// Runs a command on a database to its end.
pub(crate) fn run_on(database: &Database, arguments: &[&str]) -> Ended {
    let settings = database.directory().join("kaiji.toml");
    std::fs::write(&settings, format!("database = \"{}\"\n", database.url())).unwrap();
    let run = command(database.directory(), &settings, arguments).output();
    run.expect("the executable runs").into()
}

impl Program {
    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a pulled plug would (SIGKILL).
    pub fn kill(mut self) -> Ended {
        self.child.kill().unwrap();
        self.ended()
    }

    /// Ends it as an operator would (SIGTERM).
    pub fn terminate(mut self) -> Ended {
        // The shell's own `kill`: a minimal system has no other.
        let kill = format!("kill -TERM {}", self.id());
        let killed = Command::new("sh").arg("-c").arg(kill).status().unwrap();
        assert!(killed.success());
        self.ended()
    }

    fn ended(&mut self) -> Ended {
        let status = self.child.wait().unwrap();
        let said = self.rest.take().map(JoinHandle::join);
        Ended {
            status: status.code(),
            stdout: String::new(),
            stderr: said.map(Result::unwrap).unwrap_or_default(),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self {
            status: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

/// Runs a command that knows no settings, in that directory, to its end.
pub fn kaiji(directory: &Path, arguments: &[&str]) -> Ended {
    let mut command = Command::new(executable());
    let run = command.args(arguments).current_dir(directory).output();
    run.expect("the executable runs").into()
}

/// The executable beside this one, of the same profile, brought up to date.
fn executable() -> &'static Path {
    static EXECUTABLE: OnceLock<PathBuf> = OnceLock::new();
    EXECUTABLE.get_or_init(|| {
        let own = std::env::current_exe().unwrap();
        let beside = own.ancestors().skip(1).find(|path| !path.ends_with("deps"));
        let directory = beside.unwrap();
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--package", "kaiji", "--bin", "kaiji"]);
        if directory.ends_with("release") {
            build.arg("--release");
        }
        let built = build.current_dir(env!("CARGO_MANIFEST_DIR")).status();
        assert!(built.unwrap().success(), "kaiji could not be built");
        directory.join("kaiji")
    })
}

/// A port that nobody listens on: below those that the system gives to connections, and not the same in two tests.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = u16::try_from(std::process::id() % 100).unwrap_or(0);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 20_000 + own.wrapping_mul(100).wrapping_add(number) % 10_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
