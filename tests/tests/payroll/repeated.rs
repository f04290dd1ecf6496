//! Everything may come twice, at once, late, reversed, early or never.

use std::sync::Arc;

use journeys::audit::Audit;
use journeys::delivery::{Arrival, Delivery, post_webhook};
use journeys::file::PayrollFile;
use journeys::journey::Journey;
use journeys::network::Haste;
use shared::adapters::simulated::SeededRandom;
use shared::domain::batch::BatchState;
use shared::domain::ids::BatchId;
use shared::domain::leg::State;
use shared::domain::task::Task;
use simulation::crash::CrashControl;
use simulators::column::WebhookFaults;

/// Which messages may be lost.
const LOSSES: [fn(&Task) -> bool; 9] = [
    |task| matches!(task, Task::Import { .. }),
    |task| matches!(task, Task::FinishImport { .. }),
    |task| matches!(task, Task::Fund { .. }),
    |task| matches!(task, Task::ReviewFundings { .. }),
    |task| matches!(task, Task::Release { .. }),
    |task| matches!(task, Task::Release { shard, .. } if shard % 2 == 0),
    |task| matches!(task, Task::Submit { .. }),
    |task| matches!(task, Task::Submit { payment_id } if payment_id.to_string().ends_with(['1', '3', '5'])),
    |task| matches!(task, Task::Sweep { .. }),
];

async fn is_paid_once(journey: &Journey, file: &PayrollFile, batch_id: BatchId) {
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    let audit = Audit::of(journey, &[(batch_id, file)]).await.is_clean(journey);
    assert_eq!(audit.batch(batch_id).cents(State::Completed), file.contents.payable.total_cents);
}

/// Race: SQS delivers a message to two workers at once. Without the version in every claim, both would send; without the same key in
/// both sends, the bank would pay twice.
#[tokio::test]
async fn every_message_and_webhook_comes_twice_and_each_row_is_paid_once() {
    for seed in 0..4 {
        let file = PayrollFile::of(24);
        let mut journey = Journey::start(&file);
        journey.restart(CrashControl::scattered(Arc::new(SeededRandom::new(seed))));
        let random = journey.random();
        let arrival = if seed == 0 { Arrival::AsSent } else { Arrival::Shuffled(random) };
        journey.delivery = Delivery { arrival, messages_twice: true, webhooks_twice: true, lost: None };
        let batch_id = journey.begin(&file).await;
        is_paid_once(&journey, &file, batch_id).await;
    }
}

/// Race: events overtake each other. Without the ranks, a late "submitted" would open a settled payment again.
#[tokio::test]
async fn messages_and_webhooks_in_the_opposite_order_change_nothing() {
    let file = PayrollFile::of(24);
    let mut journey = Journey::start(&file);
    journey.delivery = Delivery { arrival: Arrival::Reversed, ..Delivery::default() };
    journey.bank.webhook_faults(WebhookFaults { reorder_window_s: 6 * 3600, duplicate: true, ..Default::default() });
    let batch_id = journey.begin(&file).await;
    is_paid_once(&journey, &file, batch_id).await;
    // Stragglers of days ago move nothing either.
    journey.let_days_pass(3).await;
    is_paid_once(&journey, &file, batch_id).await;
}

/// Race: the bank's webhook arrives while our call that made the transfer is still unanswered. Without applying events to an item that
/// is still "submitting", the event would be lost; without the recorded effects, its entry would be posted twice.
#[tokio::test]
async fn webhooks_that_come_before_our_own_write_are_neither_lost_nor_booked_twice() {
    for settles in [false, true] {
        let file = PayrollFile::of(24);
        let journey = Journey::start(&file);
        journey.network.deliver_before_answer(Haste { receiver: journey.receiver(), settles });
        let batch_id = journey.begin(&file).await;
        is_paid_once(&journey, &file, batch_id).await;
    }
}

/// Without what the bank is asked after a silence, a batch whose webhooks are lost would never end.
#[tokio::test]
async fn without_a_single_webhook_the_bank_is_asked_and_the_batch_completes() {
    let file = PayrollFile::of(12);
    let journey = Journey::start(&file);
    journey.bank.webhook_faults(WebhookFaults { drop_next: 1_000_000, ..Default::default() });
    let batch_id = journey.begin(&file).await;
    is_paid_once(&journey, &file, batch_id).await;
}

/// Messages are only a faster way: each kind may be lost for good.
#[tokio::test]
async fn whatever_kind_of_message_is_lost_the_sweep_finds_the_work() {
    for lost in LOSSES {
        let file = PayrollFile::of(12);
        let mut journey = Journey::start(&file);
        let batch_id = journey.begin(&file).await;
        journey.delivery.lost = Some(lost);
        for _ in 0..12 {
            journey.step().await;
        }
        journey.delivery.lost = None;
        is_paid_once(&journey, &file, batch_id).await;
    }
}

#[tokio::test]
async fn with_every_message_lost_at_every_stage_the_batch_still_completes() {
    let file = PayrollFile::of(12);
    let mut journey = Journey::start(&file);
    let batch_id = journey.begin(&file).await;
    // A queue that forgets everything, between any two moves.
    for _ in 0..40 {
        journey.restart(CrashControl::unlimited());
        if !journey.step().await {
            break;
        }
    }
    is_paid_once(&journey, &file, batch_id).await;
}

#[tokio::test]
async fn a_forged_webhook_is_refused_and_leaves_no_trace() {
    let file = PayrollFile::of(6);
    let journey = Journey::start(&file);
    let batch_id = journey.begin(&file).await;
    journey.until(batch_id, "funded at the bank", |batch| batch.state == BatchState::Paying).await;
    let before = journey.dump();

    let mut genuine = journey.bank.column.due_deliveries(1);
    while genuine.is_empty() {
        let next = journey.bank.column.next_due().unwrap();
        journey.clock.advance((next.duration_since(journey.now())).unsigned_abs());
        genuine = journey.bank.column.due_deliveries(1);
    }
    let mut forged = genuine.remove(0);
    forged.body = forged.body.replacen("\"amount\":", "\"amount\":1", 1);
    assert_eq!(post_webhook(&journey.receiver(), &forged).await, 401);
    forged.signature = String::new();
    assert_eq!(post_webhook(&journey.receiver(), &forged).await, 401);
    assert_eq!(journey.dump(), before);
}

/// Everything at once: two workers on every message, webhooks doubled and shuffled, calls that overtake each other, and one effect in
/// twenty-five failing before or after it happened, from the import to the last settlement.
#[tokio::test]
async fn on_an_unsteady_network_each_row_is_paid_exactly_once() {
    for seed in 0..12 {
        let file = PayrollFile::of(16);
        let mut journey = Journey::start(&file);
        let batch_id = journey.begin(&file).await;
        journey.restart(CrashControl::scattered(Arc::new(SeededRandom::new(seed))));
        let arrival = Arrival::Shuffled(journey.random());
        journey.delivery = Delivery { arrival, messages_twice: true, webhooks_twice: true, lost: None };
        journey.crash.fail_one_in(25);
        for _ in 0..60 {
            if !journey.step().await {
                break;
            }
        }
        journey.crash.fail_one_in(0);
        is_paid_once(&journey, &file, batch_id).await;
    }
}

#[tokio::test]
async fn on_dynamodb_too_what_comes_twice_is_done_once() {
    let file = PayrollFile::of(12);
    let mut journey = Journey::start_on_dynamodb(&file).await;
    journey.delivery = Delivery { arrival: Arrival::Reversed, messages_twice: true, webhooks_twice: true, lost: None };
    let batch_id = journey.begin(&file).await;
    is_paid_once(&journey, &file, batch_id).await;
}

/// Race: two batches meet the same new sources at the same moment. Without put-if-absent for a source and one key for its account at the
/// bank, a source would have two accounts, and one batch's money would lie where the other looks for it.
#[tokio::test]
async fn two_batches_of_the_same_sources_at_once_are_each_paid_once() {
    for seed in 0..3 {
        let first_file = PayrollFile::of(16);
        let second_file = first_file.changed(|rows| rows.iter_mut().for_each(|row| row.amount_cents += 1));
        let mut journey = Journey::start(&first_file);
        journey.restart(CrashControl::scattered(Arc::new(SeededRandom::new(seed))));
        let arrival = Arrival::Shuffled(journey.random());
        journey.delivery = Delivery { arrival, messages_twice: true, ..Delivery::default() };
        let (first, second) = (journey.begin(&first_file).await, journey.begin(&second_file).await);
        journey.finish(first).await;
        journey.finish(second).await;
        Audit::of(&journey, &[(first, &first_file), (second, &second_file)]).await.is_clean(&journey);
    }
}
