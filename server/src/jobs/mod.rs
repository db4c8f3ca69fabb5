//! What the service does by itself: `run` loops over each job's `step`, tests call `step`.

mod timestamps;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::exchange::Exchange;
use crate::storage::Error;

/// How long the loop rests when there was nothing to do.
const REST: Duration = Duration::from_secs(1);

/// A job: does one bounded piece of work, and answers whether there was any.
type Job = fn(&Exchange) -> Result<bool, Error>;

/// Does one bounded piece of work of each job. Answers whether there was any.
pub fn step(exchange: &Exchange) -> Result<bool, Error> {
    let worked = rows(exchange)?;
    Ok(timestamps::step(exchange)? || worked)
}

/// What needs the database alone.
fn rows(exchange: &Exchange) -> Result<bool, Error> {
    Ok(exchange.spread_announcements()?
        || exchange.sweep_attachments()?
        || exchange.close_audit_day()?)
}

/// Works until `stop` changes. Who waits for a host elsewhere keeps nobody else waiting.
pub async fn run(exchange: Arc<Exchange>, stop: watch::Receiver<bool>) {
    tokio::join!(
        repeat(rows, &exchange, stop.clone()),
        repeat(timestamps::step, &exchange, stop.clone()),
    );
}

/// Repeats one job. A failure (a database that is gone) is logged and tried again after a rest.
async fn repeat(job: Job, exchange: &Arc<Exchange>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let working = Arc::clone(exchange);
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
