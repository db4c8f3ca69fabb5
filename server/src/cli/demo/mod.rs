//! `kaiji demo`: the whole job over HTTP against a real service on a free port, in a directory of its own.
//!
//! Here is the frame: the directory, the service, how steps are told, what one can try afterwards. What happens is in
//! [`story`].

mod afterwards;
mod clinic;
mod folder;
mod inspection;
mod party;
mod sample;
mod story;

use std::cell::Cell;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use self::folder::Folder;
use super::client::Service;
use super::end::{Answer, CommandError};
use super::serve::log_to_stderr;
use super::{Ambient, output, table};
use crate::app;
use crate::config::Config;
use crate::exchange::Exchange;

/// Tokens are good for ten minutes; those in the demonstration's files are renewed before that.
const RENEWAL: Duration = Duration::from_mins(5);

/// Show the whole job: a vendor signs and submits, a clinic requests, receives, compares and prepares an inspection
///
/// Starts a service on a free port with an embedded database, does everything over HTTP, prints the flagged items,
/// writes comparison.csv, the evidence folders, what an inspector gets and all documents, and serves on until Ctrl-C.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// End when all is shown
    #[arg(long)]
    exit: bool,
    /// Where everything goes; an earlier demonstration there is removed
    #[arg(long, value_name = "DIR", default_value = "var/demo")]
    dir: PathBuf,
}

impl Demo {
    pub(super) fn run(&self, ambient: &Ambient) -> Result<Answer, CommandError> {
        log_to_stderr("warn")?;
        let folder = Folder::take(&self.dir)?;
        let config = Config::in_directory(&folder.directory("service")?);
        let application = app::build(&config, ambient.clock.clone(), ambient.random.clone())?;
        let running = application.start().map_err(CommandError::Serving)?;
        let stage = Stage {
            ambient,
            service: Service::at(running.url(), ambient),
            folder,
            told: Cell::new(0),
        };
        let played = stage.play(running.exchange(), !self.exit);
        let worked = running.step_jobs();
        match played {
            Ok(()) if !self.exit => running.work(),
            _ => running.stop(),
        }
        .map_err(CommandError::Serving)?;
        played?;
        worked?;
        Ok(Answer::Yes)
    }
}

/// Where the story is told: the service, the files, and how many steps there were.
struct Stage<'a> {
    ambient: &'a Ambient,
    service: Service,
    folder: Folder,
    told: Cell<u32>,
}

impl Stage<'_> {
    /// Tells the story and what can be tried next; with `serving_on`, keeps the tokens in the files fresh from then on.
    fn play(self, exchange: &Exchange, serving_on: bool) -> Result<(), CommandError> {
        output::line("Kaiji デモ：開示書の提出から立入検査の資料まで")?;
        output::line(&format!(
            "サービス {}（データ {}）\n",
            self.service.url(),
            self.folder.shown()
        ))?;
        let cast = story::tell(&self, exchange)?;
        afterwards::tell(&self, &cast, serving_on)?;
        if serving_on {
            let Self {
                service, folder, ..
            } = self;
            // Ends with the process.
            std::thread::spawn(move || {
                loop {
                    std::thread::sleep(RENEWAL);
                    if let Err(error) = cast.write_tokens(&service, &folder) {
                        output::note(&format!("kaiji: the tokens were not renewed: {error}"));
                    }
                }
            });
        }
        Ok(())
    }

    /// Tells a step and does it; an error says which step it was.
    fn step<T>(
        &self,
        who: &str,
        what: &str,
        act: impl FnOnce() -> Result<T, CommandError>,
    ) -> Result<T, CommandError> {
        let number = self.told.get() + 1;
        self.told.set(number);
        let who = table::pad(who, 10);
        output::line(&format!("{number:2}  {who}{what}"))?;
        act().map_err(|cause| CommandError::Step {
            number,
            what: what.to_owned(),
            cause: Box::new(cause),
        })
    }
}

/// Tells what came of a step.
fn result(text: &str) -> Result<(), CommandError> {
    output::line(&format!("{}→ {text}", " ".repeat(14)))
}
