//! What machines do: messages, webhooks, the schedule, and the time between them.

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use dead_letters::DeadLetterQueues;
use jiff::{SignedDuration, Timestamp};
use shared::adapters::memory_queue::DeadLetter;
use shared::domain::batch::{Batch, BatchState};
use shared::domain::ids::BatchId;
use shared::domain::task::Task;
use shared::ports::queue::QueueName;
use shared::ports::table::{Index, Key, Order, Query, Range, decode};
use shared::store::{keys, stored};

use super::{Journey, RECEIVES_MAX, VISIBILITY};
use crate::delivery::{deliver_webhooks, event_of};
use crate::recording::Function;

/// A story that needs more moves than this does not end.
const MOVES_MAX: u32 = 3_000;

/// What machines do.
impl Journey {
    /// Handles messages and webhooks until none is left.
    pub async fn work(&self) {
        for _ in 0..MOVES_MAX {
            let mut busy = self.handle_messages(QueueName::Other).await;
            busy |= self.handle_messages(QueueName::Bulk).await;
            busy |= self.deliver().await;
            if !busy {
                return;
            }
        }
        panic!("messages make messages without end");
    }

    async fn deliver(&self) -> bool {
        deliver_webhooks(&self.bank, &self.receiver(), |mut webhooks| {
            if self.delivery.webhooks_twice {
                webhooks.extend(webhooks.clone());
            }
            self.delivery.arrival.arrange(&mut webhooks);
            webhooks
        })
        .await
    }

    /// Takes one receive of a queue through the worker. Answers whether there was anything.
    async fn handle_messages(&self, queue: QueueName) -> bool {
        let received = self.queue.receive(queue, 10);
        let any = !received.is_empty();
        let is_lost = |body: &str| match (self.delivery.lost, Task::from_body(body)) {
            (Some(lost), Ok(task)) => lost(&task),
            (None, _) | (_, Err(_)) => false,
        };
        let (lost, mut kept): (Vec<_>, Vec<_>) = received.into_iter().partition(|message| is_lost(&message.body));
        for message in lost {
            self.queue.delete(queue, &message.receipt);
        }
        self.delivery.arrival.arrange(&mut kept);
        let worker = &self.system_of(Function::PaymentWorker);
        let handle = || {
            if any {
                self.begin_run(Function::PaymentWorker, kept.len());
            }
            payment_worker::handle(worker, event_of(&kept), self.deadline())
        };
        let mut failures = if self.delivery.messages_twice {
            let (mut first, second) = futures::join!(handle(), handle());
            first.batch_item_failures.extend(second.batch_item_failures);
            first
        } else {
            handle().await
        };
        let failed: Vec<String> =
            failures.batch_item_failures.drain(..).map(|failure| failure.item_identifier).collect();
        for message in kept.iter().filter(|message| !failed.contains(&message.message_id)) {
            self.queue.delete(queue, &message.receipt);
        }
        any
    }

    /// Hands what the queues gave up to the function that writes it down.
    pub async fn record_dead_letters(&self) {
        let queues = DeadLetterQueues { bulk_arn: "bulk".to_owned(), other_arn: "other".to_owned() };
        for (queue, arn) in [(QueueName::Bulk, "bulk"), (QueueName::Other, "other")] {
            let given_up = self.queue.dead_letters(queue);
            let mut event = SqsEvent::default();
            event.records = given_up.iter().map(|letter| given_up_message(letter, arn)).collect();
            self.begin_run(Function::DeadLetters, given_up.len());
            let answer = dead_letters::handle(&self.system_of(Function::DeadLetters), &queues, event).await;
            let failed = |id: &str| answer.batch_item_failures.iter().any(|failure| failure.item_identifier == id);
            for letter in given_up.iter().filter(|letter| !failed(&letter.message_id)) {
                self.queue.delete_dead_letter(queue, &letter.message_id);
            }
        }
    }

    /// Lets time pass until every message that fails now was tried as often as its queue allows, and is written down.
    pub async fn let_queues_give_up(&self) {
        for _ in 0..=RECEIVES_MAX {
            self.work().await;
            self.clock.advance(VISIBILITY);
        }
        self.work().await;
        self.record_dead_letters().await;
    }

    /// Does what can be done now, then goes on to the next moment at which something is due. False where nothing ever will be.
    pub async fn step(&self) -> bool {
        self.settle_now().await;
        match self.next_moment().await {
            Some(next) => {
                self.go_to(next);
                true
            }
            None => false,
        }
    }

    /// Does what can be done now.
    pub async fn settle_now(&self) {
        self.work().await;
        // A run that fails is repeated by the next.
        self.begin_run(Function::Scheduler, 1);
        let _ = scheduler::on_schedule(&self.system_of(Function::Scheduler)).await;
        self.work().await;
    }

    /// Beyond the very moment, since the index counts in whole seconds.
    fn go_to(&self, moment: Timestamp) {
        let by = moment.duration_since(self.now()).max(SignedDuration::ZERO) + SignedDuration::from_secs(1);
        self.clock.advance(by.unsigned_abs());
        self.bank.column.advance();
    }

    /// The next moment at which we, the bank or a message that failed has something to do; none where only the bank still has.
    async fn next_moment(&self) -> Option<Timestamp> {
        let in_flight = [QueueName::Bulk, QueueName::Other].map(|queue| self.queue.counters(queue).in_flight);
        let hidden = (in_flight != [0, 0]).then(|| self.now() + VISIBILITY);
        let due = self.due_items().await;
        let mut under_way = Vec::new();
        for (at, key) in &due {
            if self.is_under_way(key).await {
                under_way.push(*at);
            }
        }
        let ours = under_way.into_iter().chain(hidden).min()?;
        let rounds = due.into_iter().filter(|(_, key)| self.keeps_rounds && keys::is_round(key)).map(|(at, _)| at);
        rounds.chain(self.bank.column.next_due()).chain([ours]).min()
    }

    /// Everything in the index `due`, and when.
    async fn due_items(&self) -> Vec<(Timestamp, Key)> {
        let mut dues = Vec::new();
        for shard in 0..keys::DUE_SHARDS {
            let query = Query {
                index: Index::Due,
                pk: keys::due_shard(shard),
                range: Range::All,
                order: Order::Ascending,
                page_items: None,
                start_after: None,
            };
            for item in self.table.query(&query).await.unwrap().items {
                let due: Timestamp = item["due_sk"].as_str().unwrap().parse().unwrap();
                dues.push((due, decode(item).unwrap()));
            }
        }
        dues
    }

    /// Drafts do not count: they wait for a person. Nor do rounds, which come for ever.
    async fn is_under_way(&self, key: &Key) -> bool {
        if keys::is_round(key) {
            return false;
        }
        if !key.pk.starts_with("BATCH#") {
            return true;
        }
        let batch: Option<Batch> = stored::read(&*self.table, key).await.unwrap();
        let waits_for_a_person = |state| matches!(state, BatchState::Draft | BatchState::Ready | BatchState::Rejected);
        batch.is_some_and(|batch| !waits_for_a_person(batch.state))
    }

    /// Goes on until the batch has ended; answers it.
    pub async fn finish(&self, batch_id: BatchId) -> Batch {
        let ended =
            |batch: &Batch| !matches!(batch.state, BatchState::Importing | BatchState::Paying | BatchState::Canceling);
        self.until(batch_id, "ended", ended).await
    }

    /// Goes on until the batch is as wished; answers it.
    pub async fn until(&self, batch_id: BatchId, wish: &str, is_met: impl Fn(&Batch) -> bool) -> Batch {
        for _ in 0..MOVES_MAX {
            self.settle_now().await;
            let batch = self.batch(batch_id).await;
            if is_met(&batch) {
                return batch;
            }
            assert!(self.step().await, "nothing will ever move {batch_id}, but it is not {wish}: {batch:?}");
        }
        panic!("{batch_id} is never {wish}");
    }

    /// Goes on until the bank has a debit.
    pub async fn until_pulled(&self) {
        while self.bank.debits().is_empty() {
            assert!(self.step().await, "nothing is ever pulled");
        }
    }

    /// Goes on to ten minutes before the money of a batch approved at the start is available.
    pub async fn until_almost_available(&self) {
        self.until_pulled().await;
        self.go_on_to("2026-03-05T13:20:00Z".parse().unwrap()).await;
        assert_eq!(self.bank.payouts().len(), 0);
    }

    /// Lets so many days pass, with everything that falls due in them.
    pub async fn let_days_pass(&self, days: i64) {
        self.go_on_to(self.now() + SignedDuration::from_hours(24 * days)).await;
    }

    /// Goes on to a time, with everything that falls due before it.
    pub async fn go_on_to(&self, end: Timestamp) {
        for _ in 0..MOVES_MAX {
            self.settle_now().await;
            let bank = self.bank.column.next_due();
            let next = self.next_moment().await.into_iter().chain(bank).min();
            match next.filter(|next| *next < end) {
                Some(next) => self.go_to(next),
                None => break,
            }
        }
        let left = end.duration_since(self.now()).max(SignedDuration::ZERO);
        self.clock.advance(left.unsigned_abs());
        self.bank.column.advance();
        self.settle_now().await;
    }
}

fn given_up_message(letter: &DeadLetter, arn: &str) -> SqsMessage {
    let mut message = SqsMessage::default();
    message.message_id = Some(letter.message_id.clone());
    message.body = Some(letter.body.clone());
    message.event_source_arn = Some(arn.to_owned());
    message
}
