//! A card's payment that was in flight when this release took over from the one before: it goes on to a cashed check.

use ::scenarios::simulation::Simulation;
use ::scenarios::simulation::standing::Standing;
use shared::domain::bank::check::delivery::DeliveryStatus;
use shared::domain::leg::State;
use simulators::column::Control;
use world::Moment;

fn is_delivered(standing: &Standing) -> bool {
    let check = standing.payment().and_then(|payment| payment.check.as_ref());
    check.and_then(|check| check.delivery_status.as_ref()) == Some(&DeliveryStatus::Delivered)
}

async fn is_cashed(name: &str) {
    let simulation = Simulation::from_moment(&Moment::named(name)).await;
    let before = simulation.standing().unwrap();
    let payment_id = before.payment().unwrap().id;
    let standing = simulation.until("the check is delivered", is_delivered).await.unwrap();
    let transfer_id = standing.payment().unwrap().leg.transfer_id.clone().unwrap();
    let cashed = Control::CashCheck { transfer_id, amount: None, beats_stop: false };
    simulation.providers.tell_bank(cashed).unwrap();
    let is_paid = |now: &Standing| now.payment().is_some_and(|payment| payment.leg.state == State::Completed);
    let paid = simulation.until("the check is cashed", is_paid).await.unwrap();
    assert_eq!(paid.payment().unwrap().id, payment_id);
    assert_eq!((paid.payments.len(), paid.fundings.len(), paid.refunds.len()), (1, 1, 0));
    assert_eq!(paid.funding().unwrap().leg.state, State::Available);

    simulation.settle().await.unwrap();
    let standing = simulation.standing().unwrap();
    let ledger = simulation.audited_ledger(&standing).await.unwrap();
    assert_eq!((ledger.debits, ledger.receivable.get()), (ledger.credits, 0));
    assert!(standing.notices.iter().all(|notice| notice.due_at.is_none()), "every notice is handed over");
    let legs = [&standing.payment().unwrap().leg, &standing.funding().unwrap().leg];
    assert!(legs.iter().all(|leg| leg.attention.is_none()), "{legs:?}");
    let sent = |list: &str| simulation.providers.bank_get(list).unwrap()["transfers"].as_array().unwrap().len();
    assert_eq!((sent("/transfers/ach?limit=100"), sent("/transfers/checks?limit=100")), (1, 1));
}

/// The bank had taken the debit, and its answer was lost.
#[tokio::test]
async fn a_debit_whose_outcome_was_unknown_pays_the_card() {
    is_cashed("card_debiting").await;
}

#[tokio::test]
async fn a_debit_at_the_bank_pays_the_card() {
    is_cashed("card_debited").await;
}

/// The bank had issued the check, and its answer was lost.
#[tokio::test]
async fn a_check_whose_outcome_was_unknown_is_cashed_once() {
    is_cashed("card_issuing").await;
}

#[tokio::test]
async fn a_check_in_the_mail_is_cashed() {
    is_cashed("card_mailed").await;
}
