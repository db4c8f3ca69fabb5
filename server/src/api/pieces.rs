//! Bodies of answers that are made piece by piece while they are sent, so that their size costs no memory.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;

use super::problem::Problem;
use super::state::{State, off_thread};
use crate::exchange::Exchange;

/// What a body is made of.
pub trait Pieces: Send + 'static {
    /// What the log calls it.
    const NAME: &'static str;

    /// The next piece, which is not empty; `None` after the last.
    fn next(&mut self, exchange: &Exchange) -> Result<Option<Bytes>, Problem>;
}

/// The next piece, and what makes the one after it.
type Next<P> = Option<(Bytes, P)>;

fn next<P: Pieces>(exchange: &Exchange, mut pieces: P) -> Result<Next<P>, Problem> {
    Ok(pieces.next(exchange)?.map(|piece| (piece, pieces)))
}

/// A body whose first piece is made: a failure could still be answered as one.
pub struct Begun<P>(Next<P>);

impl<P: Pieces> Begun<P> {
    /// Makes the first piece.
    pub fn new(exchange: &Exchange, pieces: P) -> Result<Self, Problem> {
        next(exchange, pieces).map(Self)
    }

    /// The body, which makes the other pieces off the network's threads.
    pub fn sent(self, state: &State, size: BodySize) -> PieceByPiece<P> {
        PieceByPiece {
            exchange: Arc::clone(state.exchange()),
            size,
            waiting: Box::pin(async { Ok(self.0) }),
        }
    }
}

/// A body that is made while it is sent.
pub struct PieceByPiece<P> {
    exchange: Arc<Exchange>,
    size: BodySize,
    waiting: Pin<Box<dyn Future<Output = Result<Next<P>, Problem>>>>,
}

impl<P: Pieces> MessageBody for PieceByPiece<P> {
    type Error = Problem;

    fn size(&self) -> BodySize {
        self.size
    }

    /// A failure breaks the answer off, so that no half of a file is taken for a whole one.
    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Problem>>> {
        match ready!(self.waiting.as_mut().poll(context)) {
            Ok(None) => {
                self.waiting = Box::pin(async { Ok(None) });
                Poll::Ready(None)
            }
            Ok(Some((bytes, pieces))) => {
                let exchange = Arc::clone(&self.exchange);
                self.waiting = Box::pin(off_thread(move || next(&exchange, pieces)));
                Poll::Ready(Some(Ok(bytes)))
            }
            Err(problem) => {
                problem.log(&format!("{}, under way", P::NAME));
                self.waiting = Box::pin(async { Ok(None) });
                Poll::Ready(Some(Err(problem)))
            }
        }
    }
}
