//! The story of a single payment: its money is pulled from a person's account, held, and mailed as a check.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use shared::domain::autopay::ids::PersonId;
use shared::domain::autopay::person::Person;
use shared::domain::bank::check::snapshot::CheckSnapshot;
use shared::domain::bank::event::BankEvent;
use shared::domain::bank::mailing_address::{AddressParts, MailingAddress};
use shared::domain::bank::request::AccountType;
use shared::domain::funding::{Funding, PulledAccount};
use shared::domain::ids::{FundingId, PaymentId};
use shared::domain::leg::{Effect, Leg, State};
use shared::domain::money::Cents;
use shared::domain::payment::{CheckPayee, Payee, Payment};
use shared::domain::source::ExternalAccount;
use shared::domain::task::QueueName;
use shared::operations::{bank_events, due};
use shared::ports::transport::{ProviderRequest, ProviderResponse, Transport, TransportError};
use shared::store::stored::{create, read};
use uuid::Uuid;

use super::*;

pub(super) const UUID: Uuid = Uuid::from_u128(7);
pub(super) const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);
pub(super) const PAYMENT: PaymentId = PaymentId::Single(UUID);
pub(super) const FUNDING: FundingId = FundingId::Single(UUID);
/// Whose subject the issuer calls `pat`.
pub(super) fn person_id() -> PersonId {
    PersonId::of_subject("pat")
}

pub(super) fn start() -> Timestamp {
    "2026-03-02T18:00:00Z".parse().unwrap()
}

/// A bank that takes everything, and remembers what it was asked.
#[derive(Debug, Default)]
pub(super) struct Taking {
    asked: Mutex<Vec<(String, Value)>>,
}

impl Taking {
    pub(super) fn asked(&self) -> Vec<(String, Value)> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait::async_trait]
impl Transport for Taking {
    async fn exchange(&self, request: ProviderRequest) -> Result<ProviderResponse, TransportError> {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let key = request.headers.iter().find(|(name, _)| name == "idempotency-key").map(|(_, value)| value.clone());
        let is_check = request.url.ends_with("/transfers/checks/issue");
        self.asked.lock().unwrap().push((request.url, body.clone()));
        let mut answer = if is_check {
            json!({"id": "chkt_1", "type": "debit", "status": "issued", "check_number": 1001})
        } else {
            json!({"id": "acht_1", "type": body["type"], "status": "INITIATED", "is_incoming": false})
        };
        answer["idempotency_key"] = json!(key);
        answer["created_at"] = json!("2026-03-02T18:00:00Z");
        for field in ["amount", "positive_pay_amount", "currency_code", "bank_account_id"] {
            answer[field] = body[field].clone();
        }
        let body = answer.to_string().into_bytes().into();
        Ok(ProviderResponse { status: 200, headers: Vec::new(), body })
    }
}

pub(super) fn address() -> MailingAddress {
    let parts = AddressParts {
        line_1: "PO Box 100".to_owned(),
        line_2: None,
        city: "Wilmington".to_owned(),
        state: "DE".to_owned(),
        postal_code: "19886".to_owned(),
    };
    parts.try_into().unwrap()
}

pub(super) async fn sealed(world: &World, text: &str, bound_to: &Key) -> String {
    let vault = world.system.vault().await.unwrap();
    vault.sealing.seal(text, &bound_to.pk, &*world.system.random).unwrap().as_str().to_owned()
}

/// A card bill of 12.50 that a person is to pay from their checking account.
pub(super) async fn open_payment(world: &World) {
    let person = Person {
        column_bank_account_id: Some("bacc_1".to_owned()),
        ..Person::new(person_id(), "Pat Example".to_owned(), start())
    };
    let pulled = PulledAccount {
        account: ExternalAccount {
            routing_number: "110000000".to_owned(),
            sealed_account: sealed(world, "000123456789", &keys::funding(FUNDING)).await,
            account_last4: "6789".to_owned(),
            fingerprint: "fingerprint".to_owned(),
        },
        account_type: AccountType::Checking,
        entry_description: "CARD PAY".to_owned(),
        name: None,
        account_version: None,
        corrected: None,
    };
    let amount = Cents::new(1_250);
    let funding = Funding { account: Some(pulled), ..Funding::new(FUNDING, amount, person_id().to_string(), start()) };
    let payment = Payment {
        id: PAYMENT,
        version: 1,
        amount,
        payer_id: person_id().to_string(),
        round: 1,
        leg: Leg::new(),
        payee: Payee::Check(CheckPayee {
            name: "Example Card Services".to_owned(),
            address: address(),
            memo: "Acct 4421".to_owned(),
            message: "Payment for account".to_owned(),
            sealed_account: Some(sealed(world, "4111000000004421", &keys::payment(PAYMENT)).await),
            account_last4: "4421".to_owned(),
            account_fingerprint: None,
        }),
        check: None,
        autopay: None,
        row: None,
        due_at: None,
        created_at: start(),
        updated_at: start(),
    };
    let items = vec![create(&person).unwrap(), create(&funding).unwrap(), create(&payment).unwrap()];
    world.system.table.write(items).await.unwrap();
}

/// Runs what is due, until nothing is queued any more.
pub(super) async fn run_due(world: &World) {
    due::run(&world.system).await.unwrap();
    loop {
        let tasks = world.take_tasks(QueueName::Other).unwrap();
        if tasks.is_empty() {
            break;
        }
        let messages = tasks.iter().zip(0..).map(|(task, n)| message(&format!("m-{n}"), &task.to_body())).collect();
        assert_eq!(failures(world, messages).await, ids([]));
    }
}

pub(super) async fn payment(world: &World) -> Payment {
    read(&*world.system.table, &keys::payment(PAYMENT)).await.unwrap().unwrap()
}

pub(super) async fn funding(world: &World) -> Funding {
    read(&*world.system.table, &keys::funding(FUNDING)).await.unwrap().unwrap()
}

async fn debit_is(world: &World, status: &str) {
    let event = json!({
        "id": format!("evnt_{status}"), "created_at": "2026-03-03T13:30:02Z", "type": "ach.outgoing_transfer.changed",
        "data": {
            "id": "acht_1", "type": "DEBIT", "status": status, "amount": 1250, "currency_code": "USD",
            "bank_account_id": "bacc_1", "is_incoming": false, "idempotency_key": format!("{FUNDING}:1"),
            "created_at": "2026-03-02T18:00:00Z", "settled_at": "2026-03-03T13:30:00Z"
        }
    });
    let BankEvent::Transfer(event) = BankEvent::from_json(event).unwrap() else { panic!("a transfer") };
    bank_events::apply(&world.system, &event.into()).await.unwrap();
}

async fn world_with_open_payment() -> (World, Arc<Taking>) {
    let bank = Arc::new(Taking::default());
    let world = World::with_network(start(), bank.clone());
    open_payment(&world).await;
    (world, bank)
}

#[tokio::test]
async fn a_single_payment_is_pulled_held_and_mailed_as_a_check() {
    let (world, bank) = world_with_open_payment().await;
    run_due(&world).await;
    let (url, pulled) = bank.asked().remove(0);
    assert!(url.ends_with("/transfers/ach"), "{url}");
    assert_eq!((&pulled["type"], &pulled["entry_class_code"]), (&json!("DEBIT"), &json!("WEB")));
    assert_eq!(funding(&world).await.leg.state, State::Processing);

    debit_is(&world, "SETTLED").await;
    run_due(&world).await;
    assert_eq!((funding(&world).await.leg.state, bank.asked().len()), (State::Completed, 1));

    world.clock.advance(WEEK);
    run_due(&world).await;
    let (url, check) = bank.asked().remove(1);
    assert!(url.ends_with("/transfers/checks/issue"), "{url}");
    assert_eq!(check["positive_pay_amount"], json!(1_250));
    assert_eq!(check["mail_check_request"]["message"], json!("Payment for account 4111000000004421"));
    let paid = payment(&world).await;
    assert_eq!((paid.leg.state, paid.leg.effects), (State::Processing, vec![Effect::CheckIssued]));
    assert_eq!(paid.check.unwrap().check_number, Some(1001));
}

#[tokio::test]
async fn a_debit_that_comes_back_during_the_hold_fails_the_payment_and_no_check_leaves() {
    let (world, bank) = world_with_open_payment().await;
    run_due(&world).await;
    debit_is(&world, "SETTLED").await;
    debit_is(&world, "RETURNED").await;
    run_due(&world).await;

    let failed = payment(&world).await.leg;
    assert_eq!((failed.state, failed.effects), (State::Failed, vec![]));
    assert_eq!(bank.asked().len(), 1);
    assert_eq!(payment(&world).await.due_at, None);
}

#[tokio::test]
async fn nothing_of_a_single_payment_stays_due_once_all_is_done() {
    let (world, _) = world_with_open_payment().await;
    run_due(&world).await;
    debit_is(&world, "SETTLED").await;
    world.clock.advance(WEEK);
    run_due(&world).await;
    let issued = json!({
        "id": "chkt_1", "type": "debit", "status": "settled", "positive_pay_amount": 1250, "currency_code": "USD",
        "bank_account_id": "bacc_1", "idempotency_key": format!("{PAYMENT}:1"), "created_at": "2026-03-09T18:00:00Z"
    });
    let event = shared::operations::bank_object::ObjectEvent {
        event_id: "evnt_cashed".to_owned(),
        created_at: start(),
        event_type: "check.incoming_debit.settled".to_owned(),
        object: CheckSnapshot::from_json(issued).unwrap().into(),
    };
    bank_events::apply(&world.system, &event).await.unwrap();

    assert_eq!(payment(&world).await.leg.state, State::Completed);
    assert_eq!((payment(&world).await.due_at, funding(&world).await.due_at), (None, None));
    assert_eq!(due::run(&world.system).await.unwrap(), 0);
}
