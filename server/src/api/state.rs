//! What the handlers share, and the step from the network's threads to those that may wait for the database.

use std::sync::Arc;

use actix_web::{HttpRequest, web};

use super::act::Acts;
use super::page::CursorKey;
use super::passage::RequestIds;
use super::problem::{Kind, Problem};
use crate::exchange::Exchange;

/// What the handlers share. One for the whole process.
pub struct State {
    exchange: Arc<Exchange>,
    acts: Acts,
    cursors: CursorKey,
    request_ids: RequestIds,
}

impl State {
    /// The state of an interface to this exchange; cursors are sealed under the service's secret. Behind a reverse
    /// proxy, that one says where requests come from.
    pub fn new(exchange: Arc<Exchange>, secret: &[u8; 32], behind_proxy: bool) -> Self {
        let request_ids = RequestIds::since(exchange.clock().now());
        Self {
            exchange,
            acts: Acts::new(behind_proxy),
            cursors: CursorKey::new(secret),
            request_ids,
        }
    }

    /// Runs a verb off the network's threads.
    pub async fn ask<T: Send + 'static>(
        &self,
        verb: impl FnOnce(&Exchange) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let exchange = Arc::clone(&self.exchange);
        off_thread(move || verb(&exchange)).await
    }

    pub(super) fn of(request: &HttpRequest) -> Result<web::Data<Self>, Problem> {
        let missing = || {
            Problem::inside(
                Kind::Internal,
                "the interface was configured without its state",
            )
        };
        request
            .app_data::<web::Data<Self>>()
            .cloned()
            .ok_or_else(missing)
    }

    pub(super) fn exchange(&self) -> &Arc<Exchange> {
        &self.exchange
    }

    pub(super) fn acts(&self) -> &Acts {
        &self.acts
    }

    pub(super) fn cursors(&self) -> &CursorKey {
        &self.cursors
    }

    pub(super) fn request_ids(&self) -> &RequestIds {
        &self.request_ids
    }
}

/// Runs what reads or writes rows where it may wait, away from the threads that serve the network.
pub(super) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let done = web::block(work).await;
    done.unwrap_or_else(|error| Err(Problem::inside(Kind::Unavailable, error)))
}
