//! A change in the writer's queue: its closure, what became of it, and whoever waits for the answer.

use std::sync::mpsc::SyncSender;

use kaiji_schema::log::LogProof;

use super::{Error, Tx};

/// What a change answers once it is durable.
#[derive(Debug)]
pub struct Committed<T> {
    /// What the closure returned.
    pub value: T,
    /// The leaves it appended, in their order.
    pub leaves: Vec<Logged>,
}

impl<T> Committed<T> {
    /// The value, and the first leaf that the change appended, if it appended any.
    pub fn into_value_and_leaf(self) -> (T, Option<Logged>) {
        (self.value, self.leaves.into_iter().next())
    }
}

/// A leaf of the log, and its proof under the checkpoint of the commit that contains it.
#[derive(Debug, Clone)]
pub struct Logged {
    /// The receipt, a compact JWS: its bytes are the leaf.
    pub receipt: String,
    /// Where it is in the log.
    pub proof: LogProof,
}

/// One change in the queue, with its types forgotten.
pub(super) trait Change: Send {
    /// Runs the closure; `false` asks for its savepoint to be rolled back.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// Forgets a run whose transaction was lost: what it refused may not be so.
    fn forget(&mut self);
    /// Whether the closure succeeded when it ran last.
    fn succeeded(&self) -> bool;
    /// Keeps the leaves that the last run appended.
    fn keep(&mut self, leaves: Vec<Logged>);
    /// Answers the one who waits: the closure's own outcome, or the error that kept it from becoming durable.
    fn answer(self: Box<Self>, failure: Option<Error>);
}

/// A change that changes nothing: it makes the writer look at what waits beside the queue.
pub(super) struct Nudge;

impl Change for Nudge {
    fn run(&mut self, _: &mut Tx<'_>) -> bool {
        false
    }

    fn forget(&mut self) {}

    fn succeeded(&self) -> bool {
        false
    }

    fn keep(&mut self, _: Vec<Logged>) {}

    fn answer(self: Box<Self>, _: Option<Error>) {}
}

/// A closure, and whoever waits for what becomes of it.
pub(super) struct Queued<T, E, F> {
    change: F,
    outcome: Option<Result<T, E>>,
    leaves: Vec<Logged>,
    reply: SyncSender<Result<Committed<T>, E>>,
}

impl<T, E, F> Queued<T, E, F> {
    pub(super) fn new(change: F, reply: SyncSender<Result<Committed<T>, E>>) -> Self {
        Self {
            change,
            outcome: None,
            leaves: Vec::new(),
            reply,
        }
    }
}

impl<T, E, F> Change for Queued<T, E, F>
where
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<Error> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        let outcome = (self.change)(tx);
        let succeeded = outcome.is_ok();
        self.outcome = Some(outcome);
        succeeded
    }

    fn forget(&mut self) {
        self.outcome = None;
        self.leaves.clear();
    }

    fn succeeded(&self) -> bool {
        matches!(self.outcome, Some(Ok(_)))
    }

    fn keep(&mut self, leaves: Vec<Logged>) {
        self.leaves = leaves;
    }

    fn answer(self: Box<Self>, failure: Option<Error>) {
        let answer = match (self.outcome, failure) {
            // The closure's own refusal says more than the failure that came after it.
            (Some(Err(error)), _) => Err(error),
            (_, Some(failure)) => Err(failure.into()),
            (Some(Ok(value)), None) => Ok(Committed {
                value,
                leaves: self.leaves,
            }),
            (None, None) => Err(Error::Unavailable("the change was not run".to_owned()).into()),
        };
        // Nobody waits any more if the caller's thread is gone; the rows are there all the same.
        let _ = self.reply.send(answer);
    }
}
