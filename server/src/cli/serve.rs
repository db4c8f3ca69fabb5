//! `kaiji serve` and `kaiji migrate`.

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use clap::Args;
use tracing_subscriber::EnvFilter;

use super::Ambient;
use super::end::{Answer, CommandError};
use super::output::{self, Output};
use crate::app;
use crate::config::{Config, ConfigError};

/// Where the settings are.
#[derive(Debug, Args)]
pub(super) struct Settings {
    /// The settings (config.example.toml explains them); without it everything is under ./var
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

impl Settings {
    pub(super) fn load(&self) -> Result<Config, ConfigError> {
        Config::load(self.config.as_deref())
    }
}

/// Run the service until SIGTERM or Ctrl-C
///
/// Without a file: an embedded database and keys of its own under ./var, on 127.0.0.1:8080.
#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    settings: Settings,
    /// What is logged to standard error, such as `warn` or `info,kaiji=debug`
    #[arg(long, value_name = "FILTER", default_value = "info")]
    log: String,
}

impl Serve {
    pub(super) fn run(&self, ambient: &Ambient) -> Result<Answer, CommandError> {
        log_to_stderr(&self.log)?;
        let config = self.settings.load()?;
        let application = app::build(&config, ambient.clock.clone(), ambient.random.clone())?;
        output::note(&format!("kaiji: serving {}", application.url()));
        actix_web::rt::System::new()
            .block_on(application.run())
            .map_err(CommandError::Serving)?;
        Ok(Answer::Yes)
    }
}

/// Sends the log to standard error.
pub(super) fn log_to_stderr(filter: &str) -> Result<(), CommandError> {
    let filter = EnvFilter::try_new(filter)
        .map_err(|error| CommandError::Usage(format!("--log {filter}: {error}")))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        .init();
    Ok(())
}

/// Bring the tables of the database to this version
///
/// On a database without history the service's keys are made as well. `serve` does both by itself, on the embedded
/// database alone.
#[derive(Debug, Args)]
pub(super) struct Migrate {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    output: Output,
}

impl Migrate {
    pub(super) fn run(&self, ambient: &Ambient) -> Result<Answer, CommandError> {
        let config = self.settings.load()?;
        let ran = app::set_up(&config, &ambient.random)?;
        let text = if ran.is_empty() {
            "the tables are up to date".to_owned()
        } else {
            format!("migrated: {}", ran.join(", "))
        };
        self.output
            .show(&serde_json::json!({ "migrated": ran }), &text)?;
        Ok(Answer::Yes)
    }
}
