//! What Lambda does with the queues: takes up to ten messages at a time, hands them to the worker, deletes what it did not report; and
//! the same with what the queues gave up.

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use dead_letters::DeadLetterQueues;
use futures::FutureExt as _;
use shared::adapters::memory_queue::{DeadLetter, MemoryQueue, RECEIVE_MAX, Received};
use shared::domain::deadline::Deadline;
use shared::domain::task::QueueName;
use shared::operations::System;
use tokio::task::JoinSet;

/// Concurrent runs of the worker: for the bulk queue and for the other. The machine's cores are the limit here, not their number.
const BULK_RUNS: usize = 6;
const OTHER_RUNS: usize = 2;

/// A run's time, of which a bank's balance may take 45 seconds, and what it keeps of it to record the last answer.
const TIMEOUT: Duration = Duration::from_secs(55);
const RESERVE: Duration = Duration::from_secs(3);

/// A dead letter that could not be written down is tried again after this.
const AGAIN: Duration = Duration::from_secs(5);

/// Names of the dead-letter queues: there are none but in this process.
const BULK_DEAD_LETTERS: &str = "arn:aws:sqs:local:000000000000:bulk-dead-letters";
const OTHER_DEAD_LETTERS: &str = "arn:aws:sqs:local:000000000000:other-dead-letters";

pub(super) fn start(tasks: &mut JoinSet<()>, system: &System, queue: &Arc<MemoryQueue>) {
    let runs = [(QueueName::Bulk, BULK_RUNS), (QueueName::Other, OTHER_RUNS)];
    for (name, count) in runs {
        for _ in 0..count {
            let (system, queue) = (system.clone(), queue.clone());
            tasks.spawn(run(system, queue, name));
        }
        tasks.spawn(record_dead_letters(system.clone(), queue.clone(), name));
    }
}

async fn run(system: System, queue: Arc<MemoryQueue>, name: QueueName) {
    loop {
        queue.wait(name).boxed().await;
        let received = queue.receive(name, RECEIVE_MAX);
        if !received.is_empty() {
            invoke(&system, &queue, name, received).boxed().await;
        }
    }
}

async fn invoke(system: &System, queue: &MemoryQueue, name: QueueName, received: Vec<Received>) {
    let now = system.clock.elapsed_now();
    let deadline = Deadline::new(now.checked_add(TIMEOUT).unwrap_or(now), RESERVE);
    let mut event = SqsEvent::default();
    event.records = received.iter().map(message).collect();
    let answer = payment_worker::handle(system, event, deadline).await;
    let failed = |id: &str| answer.batch_item_failures.iter().any(|failure| failure.item_identifier == id);
    for message in &received {
        if failed(&message.message_id) {
            tracing::warn!(
                message = message.message_id,
                receives = message.receive_count,
                "a task failed; it comes again"
            );
            // Business time goes on meanwhile: one row that cannot be sent holds up no other batch.
            queue.fail(name, &message.receipt);
        } else {
            queue.delete(name, &message.receipt);
        }
    }
}

fn message(received: &Received) -> SqsMessage {
    let mut message = SqsMessage::default();
    message.message_id = Some(received.message_id.clone());
    message.body = Some(received.body.clone());
    message.attributes.insert("ApproximateReceiveCount".to_owned(), received.receive_count.to_string());
    message
}

async fn record_dead_letters(system: System, queue: Arc<MemoryQueue>, name: QueueName) {
    let queues = DeadLetterQueues { bulk_arn: BULK_DEAD_LETTERS.to_owned(), other_arn: OTHER_DEAD_LETTERS.to_owned() };
    let arn = match name {
        QueueName::Bulk => &queues.bulk_arn,
        QueueName::Other => &queues.other_arn,
    };
    loop {
        queue.wait_given_up(name).boxed().await;
        let given_up: Vec<DeadLetter> = queue.dead_letters(name).into_iter().take(RECEIVE_MAX).collect();
        let mut event = SqsEvent::default();
        event.records = given_up.iter().map(|letter| given_up_message(letter, arn)).collect();
        let answer = dead_letters::handle(&system, &queues, event).boxed().await;
        for letter in &given_up {
            if !answer.batch_item_failures.iter().any(|failure| failure.item_identifier == letter.message_id) {
                queue.delete_dead_letter(name, &letter.message_id);
            }
        }
        if !answer.batch_item_failures.is_empty() {
            system.clock.pause(AGAIN).await;
        }
    }
}

fn given_up_message(letter: &DeadLetter, arn: &str) -> SqsMessage {
    let mut message = SqsMessage::default();
    message.message_id = Some(letter.message_id.clone());
    message.body = Some(letter.body.clone());
    message.event_source_arn = Some(arn.to_owned());
    message
}
