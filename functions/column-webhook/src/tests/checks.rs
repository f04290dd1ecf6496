//! Stories of a single payment that goes out as a check: its events, its letter, and its funding coming back.

use shared::domain::autopay::ids::PersonId;
use shared::domain::autopay::person::Person;
use shared::domain::bank::check::delivery::DeliveryStatus;
use shared::domain::bank::mailing_address::{AddressParts, MailingAddress};
use shared::domain::funding::Funding;
use shared::domain::ids::FundingId;
use shared::domain::ledger::AccountKind;
use shared::domain::payment::CheckPayee;
use shared::operations::ledger;

use super::*;

const UUID: Uuid = Uuid::from_u128(7);
const FUNDING: FundingId = FundingId::Single(UUID);
/// Whose subject the issuer calls `pat`.
fn person_id() -> PersonId {
    PersonId::of_subject("pat")
}

fn address() -> MailingAddress {
    let parts = AddressParts {
        line_1: "PO Box 100".to_owned(),
        line_2: None,
        city: "Wilmington".to_owned(),
        state: "DE".to_owned(),
        postal_code: "19886".to_owned(),
    };
    parts.try_into().unwrap()
}

fn person() -> Person {
    Person {
        column_bank_account_id: Some("bacc_1".to_owned()),
        ..Person::new(person_id(), "Pat Example".to_owned(), start())
    }
}

fn claimed(kind: Kind) -> Leg {
    let mut leg = Leg::new();
    let request = PreparedRequest { sealed_body: "sealed".to_owned(), bank_account_id: "bacc_1".to_owned() };
    leg.claim(kind, request, Lease { owner: "worker".to_owned(), until: start(), business_now: start() }).unwrap();
    leg
}

/// A check of 12.50 that was sent, paid for by a debit of the person's that was sent before.
async fn world_with_sent_check() -> World {
    let world = World::at(start());
    let payee = Payee::Check(CheckPayee {
        name: "Example Card Services".to_owned(),
        address: address(),
        memo: "Acct 4421".to_owned(),
        message: "Payment for account ending 4421".to_owned(),
        sealed_account: None,
        account_last4: "4421".to_owned(),
        account_fingerprint: None,
    });
    let payment = Payment {
        id: PAYMENT,
        version: 1,
        amount: Cents::new(1_250),
        payer_id: person_id().to_string(),
        round: 1,
        leg: claimed(Kind::Check),
        payee,
        check: None,
        autopay: None,
        row: None,
        due_at: None,
        created_at: start(),
        updated_at: start(),
    };
    let funding = Funding {
        leg: claimed(Kind::Funding),
        due_at: None,
        ..Funding::new(FUNDING, Cents::new(1_250), person_id().to_string(), start())
    };
    let items = vec![create(&payment).unwrap(), create(&funding).unwrap(), create(&person()).unwrap()];
    world.system.table.write(items).await.unwrap();
    world
}

fn check_event(id: &str, kind: &str, status: &str, delivery: Option<&str>) -> Value {
    json!({
        "id": id, "created_at": "2026-03-05T13:30:02Z", "type": format!("check.incoming_debit.{kind}"),
        "data": {
            "id": "chkt_1", "type": "debit", "status": status, "positive_pay_amount": 1250, "currency_code": "USD",
            "bank_account_id": "bacc_1", "idempotency_key": format!("{PAYMENT}:1"), "check_number": 1001,
            "delivery_status": delivery, "created_at": "2026-03-05T13:30:00Z"
        }
    })
}

fn debit_event(id: &str, status: &str) -> Value {
    json!({
        "id": id, "created_at": "2026-03-04T13:30:02Z", "type": "ach.outgoing_transfer.changed",
        "data": {
            "id": "acht_1", "type": "DEBIT", "status": status, "amount": 1250, "currency_code": "USD",
            "bank_account_id": "bacc_1", "is_incoming": false, "idempotency_key": format!("{FUNDING}:1"),
            "created_at": "2026-03-02T18:04:05Z", "settled_at": "2026-03-03T13:30:00Z"
        }
    })
}

async fn funding(world: &World) -> Funding {
    read(&*world.system.table, &keys::funding(FUNDING)).await.unwrap().unwrap()
}

async fn owes(world: &World) -> bool {
    let person: Person = read(&*world.system.table, &keys::person(person_id())).await.unwrap().unwrap();
    person.receivable_open
}

/// What an account of the person holds, in cents; debits count up.
async fn balance(world: &World, kind: AccountKind) -> i64 {
    let books = ledger::trial_balance(&world.system).await.unwrap();
    assert_eq!(books.total.debits, books.total.credits);
    books.accounts[&format!("{}:{}", kind.as_str(), person_id())].balance().unwrap().get()
}

/// The debit settled and its hold is over; the check is out.
async fn world_with_issued_check() -> World {
    let world = world_with_sent_check().await;
    deliver_signed(&world, &debit_event("evnt_1", "SETTLED")).await;
    let mut settled = funding(&world).await;
    let moved = settled.leg.end_hold().unwrap();
    assert_eq!(moved.effects, [Effect::FundingAvailable]);
    world.system.table.write(vec![shared::store::stored::replace(&mut settled).unwrap()]).await.unwrap();
    deliver_signed(&world, &check_event("evnt_2", "issued", "issued", None)).await;
    world
}

#[tokio::test]
async fn a_payment_that_overtakes_the_issue_of_its_check_posts_both() {
    let world = world_with_sent_check().await;
    assert_eq!(deliver_signed(&world, &check_event("evnt_1", "settled", "settled", None)).await.status, 200);

    let leg = payment(&world).await.leg;
    assert_eq!((leg.state, leg.effects), (LegState::Completed, vec![Effect::CheckIssued, Effect::CheckSettled]));
    assert_eq!(balance(&world, AccountKind::CashLocked).await, 0);
    assert_eq!(balance(&world, AccountKind::Cash).await, -1_250);
}

#[tokio::test]
async fn where_the_letter_is_is_noted_and_moves_nothing() {
    let world = world_with_issued_check().await;
    let before = payment(&world).await.leg;
    for (id, status) in [("evnt_3", "delivered"), ("evnt_4", "mailed")] {
        let event = check_event(id, &format!("delivery.{status}"), "issued", Some(status));
        assert_eq!(deliver_signed(&world, &event).await.status, 200);
    }

    let after = payment(&world).await;
    assert_eq!(after.leg, before);
    let facts = after.check.unwrap();
    assert_eq!((facts.check_number, facts.delivery_status), (Some(1001), Some(DeliveryStatus::Delivered)));
}

#[tokio::test]
async fn a_late_return_of_the_debit_is_owed_while_the_check_is_out() {
    let world = world_with_issued_check().await;
    deliver_signed(&world, &debit_event("evnt_5", "RETURNED")).await;

    assert_eq!(funding(&world).await.leg.state, LegState::Returned);
    assert!(owes(&world).await);
    assert_eq!(balance(&world, AccountKind::Receivable).await, 1_250);
    // The payment is due at once, and a task says so.
    assert_eq!(payment(&world).await.due_at, Some(start()));
    assert_eq!(payment(&world).await.leg.state, LegState::Processing);
}

#[tokio::test]
async fn a_stopped_check_and_a_returned_debit_leave_nothing_owed_in_either_order() {
    let stopped = check_event("evnt_6", "stopped", "stopped", None);
    let returned = debit_event("evnt_7", "RETURNED");
    for order in [[&stopped, &returned], [&returned, &stopped]] {
        let world = world_with_issued_check().await;
        for event in order {
            assert_eq!(deliver_signed(&world, event).await.status, 200);
        }
        assert!(!owes(&world).await);
        assert_eq!(balance(&world, AccountKind::Receivable).await, 0);
        assert_eq!(balance(&world, AccountKind::CashLocked).await, 0);
        assert_eq!(balance(&world, AccountKind::ChecksOutstanding).await, 0);
        let states = (payment(&world).await.leg.state, funding(&world).await.leg.state);
        assert_eq!(states, (LegState::Returned, LegState::Returned));
        // Repeated, it changes nothing.
        let before = world.table.dump();
        for event in order {
            deliver_signed(&world, event).await;
        }
        assert_eq!(world.table.dump(), before);
    }
}

#[tokio::test]
async fn a_check_of_another_amount_is_not_ours_to_settle() {
    let world = world_with_sent_check().await;
    let mut event = check_event("evnt_1", "issued", "issued", None);
    event["data"]["positive_pay_amount"] = json!(1_251);
    deliver_signed(&world, &event).await;

    let leg = payment(&world).await.leg;
    assert_eq!((leg.state, leg.effects), (LegState::Submitting, vec![]));
    assert!(leg.attention.is_some());
}
