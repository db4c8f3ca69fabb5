//! Fetches the time stamps that the exchange says are due (RFC 3161, section 3.4: over HTTP).
//!
//! An authority that is away, refuses or answers nonsense is logged and left alone for a while; how long is the
//! exchange's business, and so is what an answer is worth.

use std::time::Duration;

use ureq::Agent;

use crate::exchange::{DueTimestamp, Exchange, KeepTimestampError};
use crate::storage::Error;

/// How long an authority may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer that is read: one with a chain of certificates has a few KiB.
const LONGEST: u64 = 64 * 1024;

const QUERY: &str = "application/timestamp-query";
const REPLY: &str = "application/timestamp-reply";

/// Fetches a time stamp if one is due. Answers whether one was kept.
pub(super) fn step(exchange: &Exchange) -> Result<bool, Error> {
    let Some(due) = exchange.due_timestamp()? else {
        return Ok(false);
    };
    let failure = match fetch(&due) {
        Ok(answer) => match exchange.keep_timestamp(&due, answer) {
            Ok(kept) => return Ok(kept),
            Err(KeepTimestampError::Storage(error)) => return Err(error),
            Err(KeepTimestampError::Answer(error)) => error.to_string(),
        },
        Err(error) => error.to_string(),
    };
    let pause = exchange.timestamp_failed();
    tracing::warn!(tsa = due.url, failure, %pause, "no time stamp; it is tried again after the pause");
    Ok(false)
}

fn fetch(due: &DueTimestamp) -> Result<Vec<u8>, ureq::Error> {
    let config = Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .max_redirects(0)
        .user_agent(concat!("kaiji/", env!("CARGO_PKG_VERSION")));
    // What runs on this machine is not reached through a proxy.
    let local = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"];
    let config = if local.iter().any(|local| due.url.starts_with(local)) {
        config.proxy(None)
    } else {
        config
    };
    let asked = Agent::new_with_config(config.build())
        .post(&due.url)
        .content_type(QUERY)
        .header("accept", REPLY)
        .send(&due.request[..]);
    asked?.body_mut().with_config().limit(LONGEST).read_to_vec()
}
