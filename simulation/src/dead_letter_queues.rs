//! Messages that a queue gave up: the function that writes dead letters down takes them, as often as it takes.

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use dead_letters::DeadLetterQueues;
use jiff::{SignedDuration, Timestamp};
use scenarios::simulation::VISIBILITY;
use shared::adapters::memory_queue::DeadLetter;
use shared::ports::queue::QueueName;

use crate::engine::Engine;
use crate::faults::Fault;
use crate::processes::{Ended, Origin};

const BULK_ARN: &str = "arn:bulk-dead";
const OTHER_ARN: &str = "arn:other-dead";

/// A message that was given up and is not yet written down.
#[derive(Clone, Debug)]
pub(crate) struct GivenUp {
    /// When it is next handed over.
    pub at: Timestamp,
    pub queue: QueueName,
    pub letter: DeadLetter,
}

impl Engine {
    /// What the queues have given up since.
    pub(crate) fn collect_given_up(&mut self) {
        let now = self.simulation.now();
        for queue in [QueueName::Bulk, QueueName::Other] {
            for letter in self.simulation.queue.dead_letters(queue) {
                self.fault_injector.count(Fault::MessageGivenUp);
                self.trace.tell(format_args!("given up by {queue:?}: {}", letter.body));
                self.simulation.queue.delete_dead_letter(queue, &letter.message_id);
                self.recorder.gave_up(&letter.body);
                self.dead_letter_queues.push(GivenUp { at: now, queue, letter });
            }
        }
    }

    pub(crate) fn has_given_up(&self, now: Timestamp) -> bool {
        self.dead_letter_queues.iter().any(|message| message.at <= now)
    }

    /// Up to ten of them are handed over.
    pub(crate) fn hand_over_given_up(&mut self) {
        let now = self.simulation.now();
        let (mut due, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.dead_letter_queues).into_iter().partition(|message| message.at <= now);
        self.dead_letter_queues = waiting;
        let rest = due.split_off(due.len().min(10));
        self.dead_letter_queues.extend(rest);
        let mut event = SqsEvent::default();
        event.records = due.iter().map(record).collect();
        let system = self.simulation.systems.dead_letters.clone();
        let queues = DeadLetterQueues { bulk_arn: BULK_ARN.to_owned(), other_arn: OTHER_ARN.to_owned() };
        let run = async move { Ended::Worked(dead_letters::handle(&system, &queues, event).await) };
        let what = format!("{} given-up messages", due.len());
        self.begin(&what, Origin::DeadLetters(due), Box::pin(run));
    }

    /// Those that were not written down come again.
    pub(crate) fn come_again(&mut self, messages: Vec<GivenUp>, is_written: impl Fn(&str) -> bool) {
        let hidden = SignedDuration::try_from(VISIBILITY).unwrap_or_default();
        let at = self.simulation.now().saturating_add(hidden).unwrap_or(Timestamp::MAX);
        let unwritten = messages.into_iter().filter(|message| !is_written(&message.letter.message_id));
        self.dead_letter_queues.extend(unwritten.map(|message| GivenUp { at, ..message }));
    }
}

fn record(message: &GivenUp) -> SqsMessage {
    let mut record = SqsMessage::default();
    record.message_id = Some(message.letter.message_id.clone());
    record.body = Some(message.letter.body.clone());
    let arn = match message.queue {
        QueueName::Bulk => BULK_ARN,
        QueueName::Other => OTHER_ARN,
    };
    record.event_source_arn = Some(arn.to_owned());
    record
}
