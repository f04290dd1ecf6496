//! Stories of a payment that autopay opened: what becomes of its card, its bank account and its person with each step.

use std::sync::{Arc, Mutex};

use shared::domain::autopay::agreement::PinnedAgreement;
use shared::domain::autopay::authorization::{AmountRange, Authorization};
use shared::domain::autopay::bank_account::BankAccount;
use shared::domain::autopay::card::Card;
use shared::domain::autopay::facts::AutopayFacts;
use shared::domain::autopay::ids::{BankAccountId, CardId};
use shared::domain::autopay::in_flight::{CardPayment, Stage};
use shared::domain::autopay::person::Person;
use shared::domain::autopay::rule::Rule;
use shared::domain::bank::check::snapshot::CheckSnapshot;
use shared::domain::bank::event::BankEvent;
use shared::domain::bank::request::AccountType;
use shared::domain::calendar::eastern_date;
use shared::domain::leg::{AttentionReason, Effect, Reason, State};
use shared::domain::money::Cents;
use shared::domain::payment::Payee;
use shared::operations::autopay::cancel::cancel;
use shared::operations::bank_events;
use shared::operations::bank_object::ObjectEvent;
use shared::ports::clock::Clock as _;
use shared::ports::transport::{ProviderRequest, ProviderResponse, Transport, TransportError};
use shared::store::stored::{create, read, replace};

use super::single::{FUNDING, PAYMENT, Taking, WEEK, funding, open_payment, payment, person_id, start};
use super::*;

const DIGITS: &str = "00112233445566778899aabbccddeeff";

fn card_id() -> CardId {
    CardId::of_fingerprint(&format!("f1_{DIGITS}")).unwrap()
}

fn bank_account_id() -> BankAccountId {
    BankAccountId::of_fingerprint(&format!("f1_{DIGITS}")).unwrap()
}

/// A bank that takes everything, and stops checks.
#[derive(Debug, Default)]
struct Stopping {
    taking: Taking,
    stops: Mutex<u32>,
}

#[async_trait::async_trait]
impl Transport for Stopping {
    async fn exchange(&self, request: ProviderRequest) -> Result<ProviderResponse, TransportError> {
        if !request.url.ends_with("/stop-payment") {
            return self.taking.exchange(request).await;
        }
        *self.stops.lock().unwrap() += 1;
        let body = check_json("pending_stop").to_string().into_bytes().into();
        Ok(ProviderResponse { status: 200, headers: Vec::new(), body })
    }
}

fn check_json(status: &str) -> Value {
    json!({
        "id": "chkt_1", "type": "debit", "status": status, "positive_pay_amount": 1250, "currency_code": "USD",
        "bank_account_id": "bacc_1", "idempotency_key": format!("{PAYMENT}:1"), "created_at": "2026-03-09T18:00:00Z"
    })
}

fn card() -> Card {
    let range = AmountRange { least: Cents::ZERO, most: Cents::new(100_000) };
    let (text_version, bank_account_id) = (1, bank_account_id());
    Card {
        id: card_id(),
        version: 1,
        person_id: person_id(),
        item_id: "item_1".to_owned(),
        account_id: "account_1".to_owned(),
        institution_id: "ins_1".to_owned(),
        institution_name: "Example Bank".to_owned(),
        name: "Everyday Card".to_owned(),
        mask: None,
        has_duplicate: false,
        real_accounts: Vec::new(),
        numbers: Default::default(),
        looks_like: None,
        same_as: None,
        joined: None,
        reading: None,
        setup: Default::default(),
        agreed_account: None,
        authorization: Some(Authorization {
            text_version,
            text_sha256: None,
            bank_account_id,
            range,
            agreed_at: start(),
            revoked_at: None,
            ended_by_return: None,
        }),
        payments: vec![CardPayment::new(PAYMENT, Cents::new(1_250), eastern_date(start()))],
        announced: None,
        last_decision: None,
        due_at: None,
        created_at: start(),
        updated_at: start(),
    }
}

fn facts() -> AutopayFacts {
    AutopayFacts {
        card_id: card_id(),
        bank_account_id: bank_account_id(),
        utilization_before: None,
        rule: Rule::default(),
        reason: "because".to_owned(),
        decided_at: start(),
        agreement: None,
        cancel_asked_at: None,
        stop_asked_at: None,
        mailed_before: Vec::new(),
        refund_of: None,
        refunded_by: None,
        used_up_at: None,
    }
}

/// A payment of a card, opened, and the bank it will meet.
async fn opened() -> (World, Arc<Stopping>) {
    opened_with(|_| {}).await
}

/// The same, of a person of whom something else is known.
async fn opened_with(change: impl FnOnce(&mut Person)) -> (World, Arc<Stopping>) {
    let bank = Arc::new(Stopping::default());
    let world = World::with_network(start(), bank.clone());
    open_payment(&world).await;
    let mut known = person(&world).await;
    change(&mut known);
    world.system.table.write(vec![replace(&mut known).unwrap()]).await.unwrap();
    let mut paid = payment(&world).await;
    let mut bank_account = BankAccount {
        id: bank_account_id(),
        version: 1,
        person_id: person_id(),
        item_id: "item_1".to_owned(),
        account_id: "account_2".to_owned(),
        institution_id: "ins_1".to_owned(),
        name: "Checking".to_owned(),
        account: funding(&world).await.account.unwrap().account,
        account_type: AccountType::Checking,
        reading: None,
        open_debits: Vec::new(),
        proven_at: None,
        proven_numbers: Default::default(),
        unusable: None,
        real_accounts: Vec::new(),
        permission_ended_at: None,
        created_at: start(),
        updated_at: start(),
    };
    bank_account.open_debit(PAYMENT, paid.amount);
    paid.autopay = Some(Box::new(AutopayFacts { agreement: PinnedAgreement::of(&card(), &bank_account), ..facts() }));
    let items = vec![replace(&mut paid).unwrap(), create(&card()).unwrap(), create(&bank_account).unwrap()];
    world.system.table.write(items).await.unwrap();
    run_due(&world).await;
    (world, bank)
}

async fn stage(world: &World) -> Stage {
    let card: Option<Card> = read(&*world.system.table, &keys::card(card_id())).await.unwrap();
    card.unwrap().payments[0].stage.clone()
}

async fn bank_account(world: &World) -> BankAccount {
    read(&*world.system.table, &keys::bank_account(bank_account_id())).await.unwrap().unwrap()
}

async fn person(world: &World) -> Person {
    read(&*world.system.table, &keys::person(person_id())).await.unwrap().unwrap()
}

async fn debit_is(world: &World, status: &str, attempt: u32, return_code: Option<&str>) {
    let now = world.clock.business_now();
    let returned = return_code.map(|code| json!([{"return_code": code, "created_at": now}]));
    debit_has(world, status, attempt, json!({"return_details": returned})).await;
}

/// The bank has this of the debit, beside its status.
async fn debit_has(world: &World, status: &str, attempt: u32, more: Value) {
    let now = world.clock.business_now();
    let mut event = json!({
        "id": format!("evnt_{status}_{attempt}"), "created_at": now, "type": "ach.outgoing_transfer.changed",
        "data": {
            "id": "acht_1", "type": "DEBIT", "status": status, "amount": 1250, "currency_code": "USD",
            "bank_account_id": "bacc_1", "is_incoming": false, "idempotency_key": format!("{FUNDING}:{attempt}"),
            "created_at": now, "settled_at": now
        }
    });
    let Value::Object(more) = more else { panic!("fields") };
    event["data"].as_object_mut().unwrap().extend(more);
    let BankEvent::Transfer(event) = BankEvent::from_json(event).unwrap() else { panic!("a transfer") };
    bank_events::apply(&world.system, &event.into()).await.unwrap();
    run_due(world).await;
}

async fn check_is(world: &World, status: &str) {
    let event = ObjectEvent {
        event_id: format!("evnt_{status}"),
        created_at: world.clock.business_now(),
        event_type: format!("check.incoming_debit.{status}"),
        object: CheckSnapshot::from_json(check_json(status)).unwrap().into(),
    };
    bank_events::apply(&world.system, &event).await.unwrap();
    run_due(world).await;
}

async fn settle_and_hold(world: &World, attempt: u32) {
    debit_is(world, "SETTLED", attempt, None).await;
    world.clock.advance(WEEK);
    run_due(world).await;
}

/// Two runs of the schedule: the second hands over the notices that the first one's tasks left.
async fn run_due(world: &World) {
    single::run_due(world).await;
    single::run_due(world).await;
}

/// The kinds of the notices that were handed over.
fn told(world: &World) -> Vec<String> {
    world.notices.sent().into_iter().map(|notice| notice.kind).collect()
}

#[tokio::test]
async fn a_cashed_check_is_in_flight_on_its_card_and_proves_the_bank_account() {
    let (world, _) = opened().await;
    settle_and_hold(&world, 1).await;
    assert!(bank_account(&world).await.proven_at.is_some());
    check_is(&world, "settled").await;
    assert!(matches!(stage(&world).await, Stage::Cashed { .. }));
    assert_eq!(told(&world), ["check_cashed"]);
}

#[tokio::test]
async fn a_debit_without_money_is_presented_again_and_then_pays() {
    let (world, bank) = opened().await;
    debit_is(&world, "RETURNED", 1, Some("R01")).await;
    assert_eq!(
        (funding(&world).await.leg.state, told(&world)),
        (State::Unprocessed, vec!["debit_tried_again".to_owned()])
    );
    assert_eq!(bank.taking.asked().len(), 1, "not before its day");

    world.clock.advance(WEEK);
    run_due(&world).await;
    let (_, again) = bank.taking.asked().remove(1);
    assert_eq!(again["company_entry_description"], json!("RETRY PYMT"));
    settle_and_hold(&world, 2).await;
    assert_eq!(payment(&world).await.leg.effects, [Effect::CheckIssued]);
}

/// Another agreement, number, type or cap means that nobody allowed this debit.
#[tokio::test]
async fn a_debit_is_presented_again_only_under_the_agreement_that_it_was_opened_under() {
    type Change = fn(&mut Card, &mut BankAccount);
    let changes: [(&str, Change); 5] = [
        ("another range", |card, _| {
            let known = card.authorization.clone().unwrap();
            let range = AmountRange { least: Cents::ZERO, most: Cents::new(50) };
            card.authorize(Authorization { range, ..known });
        }),
        ("the same again", |card, _| {
            let known = card.authorization.clone().unwrap();
            card.authorize(Authorization { agreed_at: start() + WEEK, ..known });
        }),
        ("a cap", |card, _| card.setup.caps.payment = Some(Cents::new(20))),
        ("another number", |_, account| account.account.fingerprint = "another".to_owned()),
        ("another type", |_, account| account.account_type = AccountType::Savings),
    ];
    for (what, change) in changes {
        let (world, bank) = opened().await;
        debit_is(&world, "RETURNED", 1, Some("R01")).await;
        let card: Option<Card> = read(&*world.system.table, &keys::card(card_id())).await.unwrap();
        let (mut card, mut account) = (card.unwrap(), bank_account(&world).await);
        change(&mut card, &mut account);
        let puts = vec![replace(&mut card).unwrap(), replace(&mut account).unwrap()];
        world.system.table.write(puts).await.unwrap();
        world.clock.advance(WEEK);
        run_due(&world).await;
        assert_eq!(bank.taking.asked().len(), 1, "{what}: nothing is debited again");
        assert_eq!(payment(&world).await.leg.state, State::Canceled, "{what}");
        assert!(told(&world).contains(&"payment_canceled".to_owned()), "{what}: {:?}", told(&world));
    }
}

/// Every later event of the debit carries the correction again.
#[tokio::test]
async fn a_bank_account_that_the_bank_corrected_is_told_of_once_and_debited_as_corrected() {
    let (world, bank) = opened().await;
    let corrected = json!({"notification_of_changes": {"change_code": "C01", "account_number": "000777000123"}});
    debit_has(&world, "SUBMITTED", 1, corrected.clone()).await;
    debit_has(&world, "SETTLED", 1, corrected).await;
    assert_eq!(told(&world), ["numbers_corrected"]);

    debit_is(&world, "RETURNED", 1, Some("R01")).await;
    world.clock.advance(WEEK);
    run_due(&world).await;
    let (_, again) = bank.taking.asked().remove(1);
    assert_eq!(again["counterparty"]["account_number"], json!("000777000123"));
    assert_eq!(told(&world).iter().filter(|kind| *kind == "numbers_corrected").count(), 1);
}

#[tokio::test]
async fn an_unauthorized_return_fails_the_payment_and_blocks_the_person() {
    let (world, _) = opened().await;
    debit_is(&world, "RETURNED", 1, Some("R10")).await;
    assert_eq!((payment(&world).await.leg.state, stage(&world).await), (State::Failed, Stage::Reversed));
    assert!(person(&world).await.debit_block.is_some());
    assert_eq!(bank_account(&world).await.open_debits, []);
    assert!(told(&world).contains(&"debit_failed_unauthorized".to_owned()), "{:?}", told(&world));
}

#[tokio::test]
async fn a_stop_that_wins_ends_what_a_late_return_made_the_person_owe() {
    let (world, bank) = opened().await;
    settle_and_hold(&world, 1).await;
    debit_is(&world, "RETURNED", 1, Some("R01")).await;
    assert_eq!(*bank.stops.lock().unwrap(), 1);
    assert!(person(&world).await.receivable_open);

    check_is(&world, "stopped").await;
    assert_eq!((payment(&world).await.leg.state, stage(&world).await), (State::Returned, Stage::Reversed));
    assert!(!person(&world).await.receivable_open);
    assert!(told(&world).contains(&"receivable_ended".to_owned()), "{:?}", told(&world));
}

#[tokio::test]
async fn a_stop_that_loses_leaves_what_is_owed_to_an_operator() {
    let (world, _) = opened().await;
    settle_and_hold(&world, 1).await;
    debit_is(&world, "RETURNED", 1, Some("R01")).await;
    check_is(&world, "settled").await;
    let flag = payment(&world).await.leg.attention.unwrap();
    assert_eq!(flag.reason, AttentionReason::ReceivableOpen);
    assert!(person(&world).await.receivable_open);
    assert!(told(&world).contains(&"attention_raised".to_owned()), "{:?}", told(&world));
}

#[tokio::test]
async fn what_was_pulled_for_a_canceled_payment_goes_back_and_no_check_leaves() {
    let (world, bank) = opened().await;
    cancel(&world.system, person_id(), card_id(), PAYMENT).await.unwrap();
    assert_eq!(payment(&world).await.leg.state, State::Unprocessed, "its debit is under way");
    settle_and_hold(&world, 1).await;

    let (url, refund) = bank.taking.asked().remove(1);
    assert!(url.ends_with("/transfers/ach"), "{url}");
    assert_eq!((&refund["type"], &refund["amount"]), (&json!("CREDIT"), &json!(1250)));
    assert_eq!(bank.taking.asked().len(), 2);
    let canceled = payment(&world).await;
    assert_eq!((canceled.leg.state, stage(&world).await), (State::Canceled, Stage::Reversed));
    assert!(canceled.refunded_by().is_some());
}

#[tokio::test]
async fn a_check_that_nobody_cashed_goes_back_to_the_person() {
    let (world, bank) = opened().await;
    settle_and_hold(&world, 1).await;
    check_is(&world, "stopped").await;
    assert_eq!(told(&world), ["check_voided", "card_held_back", "refund_sent"]);
    assert_eq!(bank.taking.asked().last().unwrap().1["type"], json!("CREDIT"));
}

#[tokio::test]
async fn another_persons_payment_cannot_be_canceled_and_a_cashed_one_no_longer() {
    let (world, _) = opened().await;
    let other = shared::domain::autopay::ids::PersonId::of_subject("eve");
    assert!(cancel(&world.system, other, card_id(), PAYMENT).await.is_err());
    settle_and_hold(&world, 1).await;
    check_is(&world, "settled").await;
    assert!(cancel(&world.system, person_id(), card_id(), PAYMENT).await.is_err());
    assert_eq!(payment(&world).await.autopay.unwrap().cancel_asked_at, None);
}

/// A name that was taken before it was known what a check can be printed with.
#[tokio::test]
async fn a_check_that_cannot_be_printed_ends_with_attention_and_its_money_goes_back() {
    let (world, bank) = opened().await;
    let mut named = person(&world).await;
    named.name = "Pat Example of the House of Examples, First of Her Name".to_owned();
    world.system.table.write(vec![replace(&mut named).unwrap()]).await.unwrap();
    settle_and_hold(&world, 1).await;

    let failed = payment(&world).await;
    assert_eq!((failed.leg.state, stage(&world).await), (State::Failed, Stage::Reversed));
    assert_eq!(failed.leg.attention.map(|flag| flag.reason), Some(AttentionReason::CannotBeSent));
    let mut told = told(&world);
    told.sort();
    assert_eq!(told, ["attention_raised", "card_held_back", "refund_sent"]);
    let (_, refund) = bank.taking.asked().remove(1);
    assert_eq!((&refund["type"], &refund["amount"]), (&json!("CREDIT"), &json!(1250)));
    assert_eq!(bank.taking.asked().len(), 2, "no check was asked for");
    assert_eq!(failed.due_at, None);
}

#[tokio::test]
async fn a_letter_that_names_another_account_than_the_check_is_not_sent() {
    let (world, bank) = opened().await;
    let mut paid = payment(&world).await;
    let Payee::Check(payee) = &mut paid.payee else { panic!("a check") };
    payee.account_last4 = "9999".to_owned();
    world.system.table.write(vec![replace(&mut paid).unwrap()]).await.unwrap();
    settle_and_hold(&world, 1).await;

    let failed = payment(&world).await.leg;
    assert_eq!(failed.reason, Some(Reason::Refused("contradictory_account_numbers".to_owned())));
    assert_eq!(bank.taking.asked().last().unwrap().1["type"], json!("CREDIT"));
}

#[tokio::test]
async fn a_debit_that_no_request_can_carry_fails_the_payment_and_nothing_is_asked_of_the_bank() {
    let (world, bank) = opened_with(|person| person.name = "\u{200b}".to_owned()).await;
    assert_eq!((funding(&world).await.leg.state, payment(&world).await.leg.state), (State::Failed, State::Failed));
    assert_eq!((stage(&world).await, bank.taking.asked().len()), (Stage::Reversed, 0));
    let mut told = told(&world);
    told.sort();
    assert_eq!(told, ["attention_raised", "card_held_back", "debit_refused"]);
}
