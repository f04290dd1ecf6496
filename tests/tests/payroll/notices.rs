//! What payroll's admins are told: each kind once per occasion, however often its cause comes, and until it has been handed over.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use journeys::delivery::{Arrival, Delivery};
use journeys::file::{PayrollFile, one_source};
use journeys::journey::{Journey, OPERATOR};
use shared::adapters::simulated::SeededRandom;
use shared::domain::batch::BatchState;
use shared::domain::ids::BatchId;
use shared::domain::leg::State;
use shared::operations::{refund, reports, retry, upload};
use shared::ports::notices::{Notice, NoticeError, Notices, Recipient};
use simulation::crash::CrashControl;
use simulators::column::Control;

/// Takes no notice, and counts how often it was asked.
#[derive(Debug, Default)]
struct Down(AtomicUsize);

#[async_trait]
impl Notices for Down {
    async fn send(&self, _: &Notice) -> Result<(), NoticeError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Err(NoticeError("nobody answers".to_owned()))
    }
}

/// The notices to payroll's admins, by kind: as they were handed over, once every one that was written has been.
async fn told(journey: &Journey) -> Vec<String> {
    journey.settle_now().await;
    journey.settle_now().await;
    let sent = journey.notices.sent();
    let written = journey.dump().iter().filter(|item| item["pk"] == "NOTICE#payroll_admins").count();
    assert_eq!(sent.len(), written, "every notice is for the admins, and handed over");
    assert!(sent.iter().all(|notice| notice.recipient == Recipient::Admins));
    let ids: BTreeSet<_> = sent.iter().map(|notice| &notice.id).collect();
    assert_eq!(ids.len(), sent.len());
    let mut kinds: Vec<String> = sent.into_iter().map(|notice| notice.kind).collect();
    kinds.sort();
    kinds
}

/// Pays the file with every message and every webhook twice, and out of order.
async fn paid_in_disorder(file: &PayrollFile, prepare: impl FnOnce(&Journey)) -> (Journey, BatchId) {
    let mut journey = Journey::start(file);
    journey.restart(CrashControl::scattered(Arc::new(SeededRandom::new(1))));
    let arrival = Arrival::Shuffled(journey.random());
    journey.delivery = Delivery { arrival, messages_twice: true, webhooks_twice: true, lost: None };
    prepare(&journey);
    let batch_id = journey.begin(file).await;
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    (journey, batch_id)
}

#[tokio::test]
async fn a_batch_that_is_completed_is_told_of_once_and_once_more_when_a_retry_is() {
    let file = PayrollFile::generated(&one_source(8));
    let (journey, batch_id) = paid_in_disorder(&file, |journey| journey.bank.return_payouts(&["R18"])).await;
    assert_eq!(told(&journey).await, ["batch_completed"]);

    journey.let_days_pass(4).await;
    retry::retry(&journey.system, batch_id, OPERATOR, &Default::default()).await.unwrap();
    journey.finish(batch_id).await;
    assert_eq!(told(&journey).await, ["batch_completed", "batch_completed", "payout_returned"]);
    let last = journey.notices.sent().pop().unwrap();
    assert!(last.text.contains(&batch_id.to_string()), "{}", last.text);
}

#[tokio::test]
async fn a_payout_that_comes_back_after_it_was_paid_is_told_of_once_with_what_can_be_done() {
    let file = PayrollFile::generated(&one_source(8));
    let (journey, batch_id) = paid_in_disorder(&file, |_| {}).await;
    let payout = journey.bank.payouts().remove(0);
    journey.bank.return_now(&payout.id, "R03");
    assert_eq!(told(&journey).await, ["batch_completed", "payout_returned"]);
    let sent = journey.notices.sent();
    let returned = sent.iter().find(|notice| notice.kind == "payout_returned").unwrap();
    let says = [payout.item(), "R03", &format!("retry batch {batch_id}"), "refund"];
    assert!(says.into_iter().all(|words| returned.text.contains(words)), "{}", returned.text);
}

#[tokio::test]
async fn a_refund_that_comes_back_is_told_of_and_stands_in_the_batch() {
    let file = PayrollFile::generated(&one_source(8));
    let (journey, batch_id) = paid_in_disorder(&file, |journey| journey.bank.return_payouts(&["R18"])).await;
    journey.let_days_pass(4).await;
    let refund = refund::refund(&journey.system, batch_id, OPERATOR).await.unwrap().made.remove(0);
    while journey.step().await {}
    let sent = journey.bank.payouts().into_iter().find(|transfer| transfer.item() == refund.id.to_string()).unwrap();
    journey.bank.return_now(&sent.id, "R02");
    assert_eq!(told(&journey).await, ["batch_completed", "payout_returned", "refund_returned"]);
    let batch = upload::load(&journey.system, batch_id).await.unwrap();
    let refunds = reports::refunds(&journey.system, &batch).await.unwrap();
    assert_eq!(refunds.iter().map(|refund| refund.leg.state).collect::<Vec<_>>(), [State::Returned]);
}

#[tokio::test]
async fn a_funding_that_comes_back_is_told_of_once_for_each_source() {
    let file = PayrollFile::of(30);
    let (journey, _) = paid_in_disorder(&file, |journey| journey.bank.return_funding_pending("R01")).await;
    assert_eq!(told(&journey).await, ["batch_completed", "funding_returned"]);
    let sent = journey.notices.sent();
    let returned = sent.iter().find(|notice| notice.kind == "funding_returned").unwrap();
    assert!(returned.text.contains("R01"), "{}", returned.text);
}

/// The bank disputes the return of a payout: an operator has to look at it.
#[tokio::test]
async fn what_waits_for_an_operator_is_told_of_once() {
    let file = PayrollFile::generated(&one_source(6));
    let (journey, _) = paid_in_disorder(&file, |_| {}).await;
    let payout = journey.bank.payouts().remove(0);
    journey.bank.return_now(&payout.id, "R03");
    journey.bank.control(Control::DishonorReturn { transfer_id: payout.id });
    assert_eq!(told(&journey).await, ["attention_raised", "batch_completed", "payout_returned"]);
    journey.let_days_pass(2).await;
    assert_eq!(told(&journey).await, ["attention_raised", "batch_completed", "payout_returned"]);
}

/// The port takes nothing for a while: what it refused waits, and comes once.
#[tokio::test]
async fn a_notice_that_cannot_be_handed_over_waits_until_it_can() {
    let file = PayrollFile::generated(&one_source(4));
    let mut journey = Journey::start(&file);
    let down = Arc::new(Down::default());
    journey.system.notices = down.clone();
    let batch_id = journey.begin(&file).await;
    journey.finish(batch_id).await;
    journey.settle_now().await;
    assert!(down.0.load(Ordering::SeqCst) > 0 && journey.notices.sent().is_empty());

    journey.system.notices = journey.notices.clone();
    journey.let_days_pass(1).await;
    assert_eq!(told(&journey).await, ["batch_completed"]);
}
