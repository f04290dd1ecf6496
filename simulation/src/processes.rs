//! What runs at once: each handler's run is a process of its own, which goes on for a few steps whenever it is its turn, and can be gone
//! between any two of them.

use std::panic::AssertUnwindSafe;
use std::task::{Context, Poll};

use aws_lambda_events::event::sqs::SqsBatchResponse;
use futures::FutureExt as _;
use futures::future::LocalBoxFuture;
use jiff::Timestamp;
use shared::adapters::memory_queue::Received;
use shared::ports::queue::QueueName;

use crate::actor::Answer;

/// What a process came to.
pub(crate) enum Ended {
    Worked(SqsBatchResponse),
    Scheduled,
    Answered(Answer),
    /// A defect: nothing of ours may panic.
    Panicked,
}

/// What it runs for, and so whom its end concerns.
pub(crate) enum Origin {
    Worker {
        queue: QueueName,
        messages: Vec<Received>,
    },
    Scheduler,
    /// Writes down what a queue gave up.
    DeadLetters(Vec<crate::dead_letter_queues::GivenUp>),
    /// A webhook, by its place on the network.
    Webhook(Box<crate::engine::Flight>),
    /// The request of an actor.
    Request(Box<crate::actor::Wish>, Timestamp),
}

pub(crate) struct Process {
    pub number: u32,
    pub origin: Origin,
    /// Elapsed time.
    pub began_at: Timestamp,
    /// It is gone after so many more turns.
    pub dies_after: Option<u64>,
    pub run: LocalBoxFuture<'static, Ended>,
}

impl Process {
    /// Lets it go on until it next gives way.
    pub(crate) fn go_on(&mut self) -> Option<Ended> {
        let mut context = Context::from_waker(futures::task::noop_waker_ref());
        // A process that panicked is never polled again.
        let polled = std::panic::catch_unwind(AssertUnwindSafe(|| self.run.poll_unpin(&mut context)));
        match polled {
            Ok(Poll::Ready(ended)) => Some(ended),
            Ok(Poll::Pending) => None,
            Err(_panic) => Some(Ended::Panicked),
        }
    }
}
