//! `kaiji check-config`: what the settings mean, and what is missing before `kaiji serve` can start with them.
//!
//! Changes nothing: a database that is not there yet is not made.

use std::io::ErrorKind;
use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::end::{Answer, CommandError};
use super::output::Output;
use super::serve::Settings;
use crate::config::{Config, ConfigError};
use crate::keys::{self, ServiceKeys};
use crate::storage::{DatabaseUrl, backend};

/// Check the settings, the database and the service's keys
///
/// Ends with status 0 if `kaiji serve` can start with them, 1 if something is missing or wrong, 3 if the file cannot be
/// read.
#[derive(Debug, Args)]
pub(super) struct CheckConfig {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    output: Output,
}

/// What was found.
#[derive(Debug, Serialize)]
struct Findings {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<Shown>,
    /// What the first start will make.
    to_be_made: Vec<String>,
    /// What keeps the service from starting.
    problems: Vec<String>,
}

/// The settings as they apply.
#[derive(Debug, Serialize)]
struct Shown {
    listen: String,
    public_url: String,
    metrics_listen: Option<String>,
    database: String,
    keys_dir: String,
}

impl CheckConfig {
    pub(super) fn run(&self) -> Result<Answer, CommandError> {
        let findings = match self.settings.load() {
            Ok(config) => Findings::of(&config),
            Err(error @ ConfigError::File { .. }) => return Err(error.into()),
            Err(error) => Findings {
                ok: false,
                settings: None,
                to_be_made: Vec::new(),
                problems: vec![error.to_string()],
            },
        };
        self.output.show(&findings, findings.text().trim_end())?;
        Ok(Answer::from(findings.ok))
    }
}

impl Findings {
    fn of(config: &Config) -> Self {
        let mut found = Self {
            ok: false,
            settings: Some(Shown::of(config)),
            to_be_made: Vec::new(),
            problems: Vec::new(),
        };
        found.check_database(config);
        found.check_keys(config);
        found.ok = found.problems.is_empty();
        found
    }

    fn check_database(&mut self, config: &Config) {
        let url: DatabaseUrl = match config.database.parse() {
            Ok(url) => url,
            Err(error) => return self.problems.push(format!("`database`: {error}")),
        };
        if let DatabaseUrl::Sqlite { path, .. } = &url
            && !path.exists()
        {
            return self
                .to_be_made
                .push(format!("the database {}", path.display()));
        }
        match backend::needs_migration(&url) {
            Ok(false) => {}
            Ok(true) if config.is_embedded() => {
                self.to_be_made
                    .push("the tables of this version".to_owned());
            }
            Ok(true) => self
                .problems
                .push("the tables are older than this version: run `kaiji migrate`".to_owned()),
            Err(error) => self.problems.push(error.to_string()),
        }
    }

    fn check_keys(&mut self, config: &Config) {
        let missing = |path: &Path| format!("the key {}", path.display());
        match ServiceKeys::load(&config.keys_dir) {
            Ok(_) => {}
            Err(keys::Error::File { path, cause }) if cause.kind() == ErrorKind::NotFound => {
                if config.is_embedded() {
                    self.to_be_made.push(missing(&path));
                } else {
                    self.problems.push(format!("{} is missing", missing(&path)));
                }
            }
            Err(error) => self.problems.push(error.to_string()),
        }
    }

    fn text(&self) -> String {
        let mut lines = Vec::new();
        if let Some(shown) = &self.settings {
            let metrics = shown.metrics_listen.as_deref().unwrap_or("-");
            lines.extend([
                format!("listen      {}", shown.listen),
                format!("public_url  {}", shown.public_url),
                format!("metrics     {metrics}"),
                format!("database    {}", shown.database),
                format!("keys_dir    {}", shown.keys_dir),
            ]);
        }
        lines.extend(
            self.to_be_made
                .iter()
                .map(|what| format!("made at the first start: {what}")),
        );
        lines.extend(self.problems.iter().map(|what| format!("PROBLEM: {what}")));
        lines.push(if self.ok { "ok" } else { "not ok" }.to_owned());
        lines.join("\n")
    }
}

impl Shown {
    fn of(config: &Config) -> Self {
        let url = config.public_url.clone();
        // Shows no password of a database.
        let database = config.database.parse::<DatabaseUrl>();
        Self {
            listen: config.listen.to_string(),
            public_url: url.unwrap_or_else(|| format!("http://{}", config.listen)),
            metrics_listen: config.metrics_listen.map(|address| address.to_string()),
            database: database.map(|url| format!("{url:?}")).unwrap_or_default(),
            keys_dir: config.keys_dir.display().to_string(),
        }
    }
}
