//! What the bank does: returns, corrections, and events before their time.

use http::Method;
use jiff::SignedDuration;
use journeys::api::{APPROVES, OPERATES, OPERATES_TOO, Sent, UPLOADS};
use journeys::file::{PayrollFile, one_source};
use journeys::recording::Invocation;
use serde_json::{Value, json};
use shared::domain::batch::BatchState;
use shared::domain::task::Task;
use shared::ports::table::{Change, Condition};
use shared::store::stored::{Stored as _, create};
use simulators::column::{Control, NotificationOfChange, WebhookFaults};

use super::{Story, id_of, other_payments};

/// Of what comes back one payout may be tried again as it is, one only with corrected data.
pub(super) async fn a_batch_is_retried_and_refunded() -> Vec<Invocation> {
    let file = PayrollFile::generated(&one_source(8));
    let mut story = Story::of(&file);
    story.journey.bank.return_payouts(&["R18", "R03"]);
    let batch_id = story.pay(&file).await;
    story.journey.let_days_pass(4).await;
    let path = |command: &str| format!("/batches/{batch_id}/{command}");
    // The message that would send the refund is lost: the timer finds it.
    story.journey.delivery.lost = Some(|task| matches!(task, Task::Submit { .. }));
    let refunded = story.api.post(OPERATES, &path("refund"), Value::Null).await;
    let refund = refunded["refunds"][0]["payment_id"].as_str().unwrap();
    story.journey.work().await;
    story.journey.delivery.lost = None;
    while story.journey.step().await {}
    story.api.get(UPLOADS, &format!("/payments/{refund}")).await;
    story.api.post(OPERATES, &path("refund"), Value::Null).await;

    story.api.post(APPROVES, &path("retry"), Value::Null).await;
    assert_eq!(story.journey.finish(id_of(&batch_id)).await.rounds, 2);
    story.told()
}

/// Its source is paused, so that all of the money is still there when the debit comes back.
pub(super) async fn a_funding_comes_back_late() -> Vec<Invocation> {
    let file = PayrollFile::generated(&one_source(6));
    let story = Story::of(&file);
    let (api, journey) = (&story.api, &story.journey);
    let batch_id = api.begin(file.bytes.clone()).await;
    story.until_pulled().await;
    api.expect(OPERATES, Method::PUT, "/stops/all", Sent::Json(json!({"stopped": true, "reason": "a drill"}))).await;
    journey.let_days_pass(5).await;
    journey.bank.return_now(&journey.bank.debits().remove(0).id, "R10");
    assert_eq!(journey.finish(id_of(&batch_id)).await.state, BatchState::Completed);
    story.told()
}

/// One correction is told by webhook and one found by the poll; one is taken back by two operators; then the source has another account.
pub(super) async fn the_bank_corrects_accounts() -> Vec<Invocation> {
    let file = PayrollFile::generated(&one_source(6));
    let story = Story::of(&file);
    let journey = &story.journey;
    story.pay(&file).await;
    for (transfer, lost) in [(journey.bank.payouts().remove(0), 1_000_000), (journey.bank.debits().remove(0), 0)] {
        journey.bank.webhook_faults(WebhookFaults { drop_next: lost, ..WebhookFaults::default() });
        let change = NotificationOfChange {
            change_code: "C01".to_owned(),
            account_number: "000777000".to_owned(),
            ..NotificationOfChange::default()
        };
        journey.bank.control(Control::NotificationOfChange { transfer_id: transfer.id, change });
        journey.settle_now().await;
    }
    journey.go_on_to(journey.now() + SignedDuration::from_hours(3)).await;
    journey.bank.webhook_faults(WebhookFaults::default());
    let others = other_payments(&file);
    story.pay(&others).await;
    let corrections = story.api.get(OPERATES, "/account-corrections").await;
    let path = format!("/account-corrections/{}", corrections["items"][0]["fingerprint"].as_str().unwrap());
    story.api.post(OPERATES, &format!("{path}/withdraw"), json!({"reason": "the holder denies it"})).await;
    let taken = story.api.post(OPERATES_TOO, &format!("{path}/confirm-withdrawal"), Value::Null).await;
    assert_eq!(taken["standing"], "withdrawn");
    let moved = other_payments(&others).changed(|rows| {
        rows.iter_mut().for_each(|row| "00000042".clone_into(&mut row.source.account_number));
    });
    story.pay(&moved).await;
    story.told()
}

/// A payment is not there when its settlement comes; the event waits until it is.
pub(super) async fn an_event_comes_before_its_payment() -> Vec<Invocation> {
    let file = PayrollFile::generated(&one_source(4));
    let story = Story::of(&file);
    let journey = &story.journey;
    let batch_id = id_of(&story.api.begin(file.bytes.clone()).await);
    while journey.bank.payouts().len() < 4 {
        assert!(journey.step().await);
    }
    let payment = journey.payments(batch_id).await.remove(0);
    let table = &journey.system.table;
    table.write(vec![Change::Delete { key: payment.key(), condition: Condition::Always }]).await.unwrap();
    let settled = journey.bank.column.next_due().unwrap();
    journey.go_on_to(settled + SignedDuration::from_hours(1)).await;
    table.write(vec![create(&payment).unwrap()]).await.unwrap();
    journey.finish(batch_id).await;
    story.told()
}
