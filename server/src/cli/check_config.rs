//! `kaiji check-config`: what the settings mean, and what is missing before `kaiji serve` can start with them.
//!
//! Changes nothing: a database that is not there yet is not made.

use std::io::ErrorKind;

use clap::Args;
use serde::Serialize;

use super::end::{Answer, CommandError};
use super::output::Output;
use super::serve::Settings;
use crate::app;
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
    high_water: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamps: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    witnesses: Vec<String>,
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
        let has_history = found.check_database(config);
        found.check_keys(config, has_history);
        let anchors = app::anchors(config).err();
        found
            .problems
            .extend(anchors.map(|error| error.to_string()));
        let sets = app::requirement_sets(config).err();
        found.problems.extend(sets.map(|error| error.to_string()));
        if has_history && found.problems.is_empty() {
            let examined = app::examine(config);
            found
                .problems
                .extend(examined.err().map(|error| error.to_string()));
        }
        found.ok = found.problems.is_empty();
        found
    }

    /// Looks at the database, without making one; answers whether its log holds anything.
    fn check_database(&mut self, config: &Config) -> bool {
        let url: DatabaseUrl = match config.database.parse() {
            Ok(url) => url,
            Err(error) => {
                self.problems.push(format!("`database`: {error}"));
                return false;
            }
        };
        if let DatabaseUrl::Sqlite { path, .. } = &url
            && !path.exists()
        {
            self.to_be_made
                .push(format!("the database {}", path.display()));
            return false;
        }
        let state = backend::needs_migration(&url)
            .and_then(|needs_migration| Ok((needs_migration, backend::has_history(&url)?)));
        match state {
            Ok((false, has_history)) => return has_history,
            Ok((true, _)) if config.is_embedded() => {
                self.to_be_made
                    .push("the tables of this version".to_owned());
            }
            Ok((true, _)) => {
                let mend = "run `kaiji migrate`";
                self.problems
                    .push(format!("the tables are not of this version: {mend}"));
            }
            Err(error) => self.problems.push(error.to_string()),
        }
        false
    }

    fn check_keys(&mut self, config: &Config, has_history: bool) {
        match ServiceKeys::load(&config.keys_dir) {
            Ok(_) => {}
            Err(keys::Error::File { path, cause }) if cause.kind() == ErrorKind::NotFound => {
                let missing = format!("the key file {}", path.display());
                if has_history {
                    let mend =
                        "the log holds receipts signed with it: bring it back from the backup";
                    self.problems
                        .push(format!("{missing} is missing, but {mend}"));
                } else if config.is_embedded() {
                    self.to_be_made.push(missing);
                } else {
                    self.problems
                        .push(format!("{missing} is missing: run `kaiji migrate`"));
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
                format!("high_water  {}", shown.high_water),
            ]);
            lines.extend(
                shown
                    .timestamps
                    .iter()
                    .map(|tsa| format!("timestamps  {tsa}")),
            );
            lines.extend(
                shown
                    .witnesses
                    .iter()
                    .map(|key| format!("witness     {key}")),
            );
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
            high_water: config.high_water.display().to_string(),
            timestamps: config
                .timestamps
                .as_ref()
                .map(|settings| format!("{}, every {} h", settings.url, settings.every_hours)),
            witnesses: config.witnesses.clone(),
        }
    }
}
