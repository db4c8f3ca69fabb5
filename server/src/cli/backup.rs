//! `kaiji backup` and `kaiji restore`.

use std::path::PathBuf;

use clap::Args;

use super::Ambient;
use super::end::{Answer, CommandError};
use super::log_verify::sentence;
use super::output::{self, Output};
use super::serve::Settings;
use crate::app;
use crate::exchange::{back_up, restore};

/// Copy the whole database into a new folder, while the service runs
///
/// The copy is verified from leaf 0. The service's private keys are not in it: keep them apart.
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The folder to make
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
    /// Print what was made as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: Settings,
}

impl Backup {
    pub(super) fn run(&self, ambient: &Ambient) -> Result<Answer, CommandError> {
        let config = self.settings.load()?;
        let url = app::database_url(&config)?;
        let manifest = back_up(&url, &self.output, ambient.clock.now())?;
        let (folder, size) = (self.output.display(), manifest.size);
        let text = format!(
            "backed up to {folder}: {size} leaves, root {}\nverified from leaf 0",
            manifest.root
        );
        Output { json: self.json }.show(&manifest, &text)?;
        output::note(&format!(
            "kaiji: the service's private keys ({}) are NOT in the backup: keep a copy of them in another place",
            config.keys_dir.display()
        ));
        Ok(Answer::Yes)
    }
}

/// Bring a backup back into a database that does not exist yet or is empty
///
/// The service must not run. Says that it is done only when the log is verified from leaf 0 and reaches what the
/// high-water file notes.
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The folder that `kaiji backup` made
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    output: Output,
}

impl Restore {
    pub(super) fn run(&self) -> Result<Answer, CommandError> {
        let config = self.settings.load()?;
        let url = app::database_url(&config)?;
        let audit = restore(&url, &self.from, &config.high_water)?;
        let text = format!(
            "restored from {}\n{}",
            self.from.display(),
            sentence(&audit)
        );
        self.output.show(&audit, &text)?;
        output::note(&format!(
            "kaiji: before the service starts, its private keys must be in {}",
            config.keys_dir.display()
        ));
        Ok(Answer::Yes)
    }
}
