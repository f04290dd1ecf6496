//! Each kind of difference, as it is named; and what follows from those that nothing explains.

use std::time::Duration;

use journeys::audit::Audit;
use journeys::journey::OPERATOR;
use serde_json::json;
use shared::domain::ids::{ItemId, PaymentId};
use shared::domain::ledger::CauseId;
use shared::domain::leg::State;
use shared::domain::money::Cents;
use shared::domain::payment::Payee;
use shared::domain::reconciliation::Verdict;
use shared::domain::source::PauseReason;
use shared::operations::sources;
use shared::ports::table::{Change, Condition, Key};
use shared::store::audit;
use shared::store::ledger::Posting;
use shared::store::stored::create;
use simulators::column::WebhookFaults;
use uuid::Uuid;

use super::{dump, lines, overwrite, paid, reconcile, source_pause, told, verdicts};

/// Returns that no event has told us of: a dry run names them, a real one applies the bank's word, and then nothing is left to explain.
#[tokio::test]
async fn returns_that_nobody_told_us_of_are_named_and_then_applied() {
    let (journey, batch_id, file) = paid(5).await;
    journey.bank.webhook_faults(WebhookFaults { drop_next: u64::MAX, ..Default::default() });
    for payout in journey.bank.payouts().into_iter().take(2) {
        journey.bank.return_now(&payout.id, "R02");
    }
    journey.clock.advance(Duration::from_hours(5));

    let before = dump(&journey);
    let (stands, found) = reconcile(&journey, 1, true).await;
    let expected = [Verdict::OtherState, Verdict::OtherState, Verdict::OtherBalance];
    assert_eq!(verdicts(&found), expected, "{found:?}");
    assert_eq!((stands.counts.differences, stands.counts.unexplained), (3, 3));
    assert_eq!(dump(&journey), before, "a dry run changes nothing");
    assert_eq!(source_pause(&journey).await, None);

    let (stands, found) = reconcile(&journey, 2, false).await;
    assert_eq!(verdicts(&found), [Verdict::OtherState, Verdict::OtherState], "{found:?}");
    assert!(found.iter().all(|finding| finding.remedied), "{found:?}");
    assert_eq!((stands.counts.remedied, stands.counts.unexplained), (2, 0));
    assert_eq!(source_pause(&journey).await, None, "what is explained stops nobody");
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    assert_eq!(audit.batch(batch_id).count(State::Returned), 2);
}

/// The amount, the direction and our account agree, and yet somebody else was paid.
#[tokio::test]
async fn a_transfer_to_another_account_than_its_payment_was_made_for_raises_the_alarm() {
    let (journey, batch_id, _) = paid(3).await;
    let mut payment = journey.payments(batch_id).await.remove(0);
    let Payee::Account(payee) = &mut payment.payee else { panic!("{payment:?}") };
    "f1_00000000000000000000000000000000-loan".clone_into(&mut payee.fingerprint);
    let id = payment.id;
    overwrite(&journey, payment).await;
    let (stands, found) = reconcile(&journey, 1, false).await;
    assert_eq!(verdicts(&found), [Verdict::OtherAccount], "{found:?}");
    assert_eq!(found[0].subject, format!("{id}:1"));
    assert_eq!(source_pause(&journey).await, Some(PauseReason::Difference(stands.id.to_string())));
}

/// What the bank has just done and we have not heard of is on its way: no difference.
#[tokio::test]
async fn what_is_on_its_way_is_no_difference() {
    let (journey, ..) = paid(5).await;
    journey.bank.webhook_faults(WebhookFaults { delay_s: 2 * 3600, ..Default::default() });
    for payout in journey.bank.payouts() {
        journey.bank.return_now(&payout.id, "R02");
    }
    let (stands, found) = reconcile(&journey, 1, false).await;
    assert_eq!(found, []);
    assert_eq!(stands.counts.in_flight, 5);
    assert_eq!(source_pause(&journey).await, None);
}

/// A transfer that we never made takes a source's money.
#[tokio::test]
async fn a_transfer_that_is_not_ours_raises_the_alarm_and_stops_the_source_until_an_operator_has_looked() {
    let (journey, batch_id, _) = paid(5).await;
    journey.bank.return_now(&journey.bank.payouts()[0].id, "R02");
    journey.settle_now().await;
    let ours = journey.bank.payouts().remove(1);
    let stolen = json!({"amount": 1, "currency_code": "USD", "type": "CREDIT", "entry_class_code": "PPD",
        "bank_account_id": ours.bank_account_id, "counterparty_id": ours.counterparty_id, "description": "not ours",
        "company_entry_description": "OTHER"});
    journey.bank.post("/transfers/ach", &stolen);
    journey.clock.advance(Duration::from_hours(5));

    let (_, found) = reconcile(&journey, 1, true).await;
    assert_eq!(verdicts(&found), [Verdict::MissingHere, Verdict::OtherBalance], "{found:?}");
    assert_eq!(source_pause(&journey).await, None, "a dry run stops nobody");

    let (stands, found) = reconcile(&journey, 2, false).await;
    assert_eq!(verdicts(&found), [Verdict::MissingHere, Verdict::OtherBalance], "{found:?}");
    assert_eq!(stands.counts.unexplained, 2);
    assert_eq!(source_pause(&journey).await, Some(PauseReason::Difference(stands.id.to_string())));
    assert_eq!(told(&journey), 1);

    // An operator has looked: the same difference stops it no second time.
    let source_id = journey.payments(batch_id).await[0].payer_id.clone();
    sources::resume(&journey.system, &source_id, OPERATOR, None).await.unwrap();
    let (_, found) = reconcile(&journey, 3, false).await;
    assert!(found.iter().all(|finding| finding.known) && found.len() == 2, "{found:?}");
    assert_eq!(source_pause(&journey).await, None);
    let day = journey.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let days = audit::Days { first: day, last: day };
    let done = audit::of_days(&*journey.system.table, days, None, None, 1_000).await.unwrap();
    assert!(done.entries.iter().any(|entry| entry.action == "resume_source" && entry.actor == OPERATOR));
}

#[tokio::test]
async fn a_payment_of_another_amount_is_named() {
    let (journey, batch_id, _) = paid(3).await;
    let mut payment = journey.payments(batch_id).await.remove(0);
    payment.amount = Cents::new(payment.amount.get() + 1);
    let id = payment.id;
    overwrite(&journey, payment).await;
    let (_, found) = reconcile(&journey, 1, true).await;
    assert!(
        found.iter().any(|finding| {
            finding.verdict == Verdict::OtherAmount && finding.subject == format!("{id}:1") && finding.there.is_some()
        }),
        "{found:?}"
    );
}

#[tokio::test]
async fn a_second_transfer_for_one_payment_is_a_duplicate() {
    let (journey, batch_id, _) = paid(3).await;
    let mut payment = journey.payments(batch_id).await.remove(0);
    payment.leg.transfer_id = Some("acht_first".to_owned());
    overwrite(&journey, payment).await;
    let (_, found) = reconcile(&journey, 1, false).await;
    assert_eq!(verdicts(&found), [Verdict::Duplicate], "{found:?}");
    assert!(source_pause(&journey).await.is_some());
}

#[tokio::test]
async fn a_payment_that_the_bank_has_no_more_is_missing_there() {
    let (journey, batch_id, _) = paid(3).await;
    let payment = journey.payments(batch_id).await.remove(0);
    let mut ghost = payment.clone();
    ghost.id = PaymentId::Single(Uuid::from_u128(5));
    ghost.leg.transfer_id = Some("acht_gone".to_owned());
    let mut changes = vec![create(&ghost).unwrap()];
    for (key, line) in lines(&journey) {
        if line.cause == CauseId::Item(ItemId::Payment(payment.id)) {
            let line = Posting { cause: CauseId::Item(ItemId::Payment(ghost.id)), ..line };
            changes.push(Change::Put {
                key: Key::new(key.pk, key.sk.replace(&payment.id.to_string(), &ghost.id.to_string())),
                attributes: shared::ports::table::encode(&line).unwrap(),
                indexing: Default::default(),
                condition: Condition::Absent,
            });
        }
    }
    journey.system.table.write(changes).await.unwrap();
    let (_, found) = reconcile(&journey, 1, true).await;
    // Cash differs from the bank, and more has left than came: the ghost was never pulled for.
    let expected = [Verdict::MissingThere, Verdict::OtherBalance, Verdict::OtherBalance];
    assert_eq!(verdicts(&found), expected, "{found:?}");
    assert_eq!(
        found.iter().find(|finding| finding.verdict == Verdict::MissingThere).unwrap().subject,
        format!("{}:1", ghost.id)
    );
}

#[tokio::test]
async fn a_line_that_is_missing_from_the_books_is_named() {
    let (journey, batch_id, _) = paid(3).await;
    let payment = journey.payments(batch_id).await.remove(0);
    let cause = CauseId::Item(ItemId::Payment(payment.id));
    let lost: Vec<Change> = lines(&journey)
        .into_iter()
        .filter(|(_, line)| line.cause == cause)
        .map(|(key, _)| Change::Delete { key, condition: Condition::Always })
        .collect();
    assert_eq!(lost.len(), 2);
    journey.system.table.write(lost).await.unwrap();
    let (_, found) = reconcile(&journey, 1, true).await;
    assert_eq!(verdicts(&found), [Verdict::NotPosted, Verdict::OtherBalance], "{found:?}");
    let not_posted = found.iter().find(|finding| finding.verdict == Verdict::NotPosted).unwrap();
    assert_eq!(not_posted.subject, format!("{}:1", payment.id));
}
