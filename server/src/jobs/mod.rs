//! What the service does by itself: `run` loops over `step`, tests call `step`.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::exchange::Exchange;
use crate::storage::Error;

/// How long the loop rests when there was nothing to do.
const REST: Duration = Duration::from_secs(1);

/// Does one bounded piece of work. Answers whether there was any.
pub fn step(exchange: &Exchange) -> Result<bool, Error> {
    Ok(exchange.spread_announcements()? || exchange.close_audit_day()?)
}

/// Works until `stop` changes. A failure (a database that is gone) is logged and tried again after a rest.
pub async fn run(exchange: Arc<Exchange>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let working = Arc::clone(&exchange);
        let worked = tokio::task::spawn_blocking(move || step(&working)).await;
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
