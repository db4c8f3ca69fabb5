//! What the service does by itself: `run` loops over each job's `step`, tests call `step`.

mod letters;
mod timestamps;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

pub use letters::Postman;

use crate::exchange::Exchange;
use crate::storage::Error;

/// How long the loop rests when there was nothing to do.
pub const REST: Duration = Duration::from_secs(1);

/// A job: does one bounded piece of work, and answers whether there was any.
type Job = fn(&Jobs) -> Result<bool, Error>;

/// All jobs, and what they need.
pub struct Jobs {
    exchange: Arc<Exchange>,
    postman: Postman,
}

impl Jobs {
    /// The jobs of this exchange, whose letters that postman sends.
    pub fn new(exchange: Arc<Exchange>, postman: Postman) -> Self {
        Self { exchange, postman }
    }

    /// Does one bounded piece of work of each job. Answers whether there was any.
    pub fn step(&self) -> Result<bool, Error> {
        let worked = self.rows()?;
        let sent = self.letters()?;
        Ok(self.timestamps()? || sent || worked)
    }

    /// Works until `stop` changes. Who waits for a host elsewhere keeps nobody else waiting.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        let jobs = Arc::new(self);
        tokio::join!(
            repeat(Self::rows, &jobs, stop.clone()),
            repeat(Self::letters, &jobs, stop.clone()),
            repeat(Self::timestamps, &jobs, stop.clone()),
        );
    }

    /// What needs the database alone.
    fn rows(&self) -> Result<bool, Error> {
        let exchange = &self.exchange;
        Ok(exchange.spread_announcements()?
            || exchange.tell_of_answers()?
            || exchange.tell_of_requirement_set()?
            || exchange.remind_of_requests()?
            || exchange.remind_of_reviews()?
            || exchange.gather_letters()?
            || exchange.compare_anew()?
            || exchange.sweep_files()?
            || exchange.remove_expired()?
            || exchange.close_audit_day()?)
    }

    fn letters(&self) -> Result<bool, Error> {
        self.postman.step(&self.exchange)
    }

    fn timestamps(&self) -> Result<bool, Error> {
        timestamps::step(&self.exchange)
    }
}

/// Repeats one job. A failure (a database that is gone) is logged and tried again after a rest.
async fn repeat(job: Job, jobs: &Arc<Jobs>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let working = Arc::clone(jobs);
        let worked = tokio::task::spawn_blocking(move || job(&working)).await;
        match worked {
            Ok(Ok(true)) => continue,
            Ok(Ok(false)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "a job could not be done and is tried again"),
            Err(error) => tracing::error!(%error, "a job ended unexpectedly"),
        }
        tokio::select! {
            () = tokio::time::sleep(REST) => {}
            _ = stop.changed() => {}
        }
    }
}
