//! Persons, cards, bank accounts and payments as they are stored.

use jiff::Timestamp;
use jiff::civil::date;
use serde_json::json;
use shared::domain::autopay::bank_account::BankAccount;
use shared::domain::autopay::card::{Card, CardReading, PostedPayment};
use shared::domain::autopay::facts::AutopayFacts;
use shared::domain::autopay::freshness::Age;
use shared::domain::autopay::ids::{BankAccountId, PersonId};
use shared::domain::autopay::person::Person;
use shared::domain::bank::check::snapshot::CheckSnapshot;
use shared::domain::biller::Remittance;
use shared::domain::funding::Funding;
use shared::domain::ids::PaymentId;
use shared::domain::leg::Leg;
use shared::domain::money::Cents;
use shared::domain::payment::{Payee, Payment};

use super::BILL;

const NUMBER: &str = "f1_number";

fn digits(holder: usize) -> String {
    format!("{:032x}", holder + 1)
}

pub(super) fn account_at_bank(holder: usize) -> String {
    format!("bacc_{holder}")
}

pub(super) fn person(holder: usize, now: Timestamp) -> Person {
    let id: PersonId = format!("per_{}", digits(holder)).parse().expect("an id is read");
    let column_bank_account_id = Some(account_at_bank(holder));
    Person { column_bank_account_id, ..Person::new(id, "Pat Example".to_owned(), now) }
}

/// A card that is set up but for the agreement. `card` tells which real card it is.
pub(super) fn card(holder: usize, card: usize) -> Card {
    let stored = json!({
        "id": format!("card_{}", digits(holder)),
        "version": 1,
        "person_id": format!("per_{}", digits(holder)),
        "item_id": "item",
        "account_id": "credit",
        "institution_id": "ins_1",
        "institution_name": "An Issuer",
        "name": "A Card",
        "mask": format!("432{card}"),
        "real_accounts": [format!("f1_card{card}")],
        "numbers": { "present": format!("f1_typed{holder}") },
        "setup": {
            "bank_account_id": bank_account_id(holder),
            "rule": { "threshold": 10_000, "above_threshold": "full_balance", "when_due": "statement_balance" },
            "card_number": { "sealed": "", "last4": format!("432{card}") },
        },
        "created_at": "2026-03-02T18:00:00Z",
        "updated_at": "2026-03-02T18:00:00Z",
    });
    serde_json::from_value(stored).expect("a stored card is read")
}

pub(super) fn bank_account_id(holder: usize) -> BankAccountId {
    format!("bnk_{}", digits(holder)).parse().expect("an id is read")
}

pub(super) fn bank_account(holder: usize) -> BankAccount {
    let stored = json!({
        "id": bank_account_id(holder),
        "version": 1,
        "person_id": format!("per_{}", digits(holder)),
        "item_id": "item",
        "account_id": "checking",
        "institution_id": "ins_2",
        "name": "Checking",
        "account": {
            "routing_number": "021000021", "sealed_account": "", "account_last4": "6789", "fingerprint": NUMBER,
        },
        "account_type": "checking",
        "real_accounts": [NUMBER],
        "created_at": "2026-03-02T18:00:00Z",
        "updated_at": "2026-03-02T18:00:00Z",
    });
    serde_json::from_value(stored).expect("a stored bank account is read")
}

pub(super) fn number() -> String {
    NUMBER.to_owned()
}

pub(super) fn remittance() -> Remittance {
    let stored = json!({
        "name": "An Issuer",
        "address": { "line_1": "PO Box 100", "city": "Wilmington", "state": "DE", "postal_code": "19886" },
    });
    serde_json::from_value(stored).expect("a stored address is read")
}

/// A check as the bank shows it.
pub(super) fn check() -> CheckSnapshot {
    CheckSnapshot::from_json(json!({
        "id": "chkt", "type": "debit", "status": "issued", "positive_pay_amount": BILL, "currency_code": "USD",
        "bank_account_id": "bacc", "created_at": "2026-03-02T18:00:00Z",
    }))
    .expect("a check is read")
}

/// What Plaid says of a card whose bill is nearly due, of which so much was paid.
pub(super) fn reading(paid: i64, posted: Vec<PostedPayment>, now: Timestamp) -> CardReading {
    CardReading {
        age: Age::read_now(now),
        currency: Some("USD".to_owned()),
        balance: Some(Cents::new(BILL - paid)),
        limit: Some(Cents::new(2 * BILL)),
        statement_balance: Some(Cents::new(BILL)),
        statement_issued_on: Some(date(2026, 2, 20)),
        minimum_payment: None,
        due_on: Some(date(2026, 3, 17)),
        is_overdue: None,
        last_payment: None,
        posted,
        is_gone: false,
    }
}

/// The `number`th payment of a person. Two persons' have no id in common.
pub(super) fn payment_id(holder: usize, number: usize) -> PaymentId {
    format!("pay_00000000000040008000{:012x}", 16 * holder + number).parse().expect("an id is read")
}

pub(super) fn payment(id: PaymentId, person: PersonId, amount: Cents, facts: AutopayFacts, now: Timestamp) -> Payment {
    let address = remittance().address;
    let stored = json!({
        "id": id,
        "version": 1,
        "amount": amount,
        "payer_id": person,
        "round": 1,
        "leg": Leg::new(),
        "payee": { "check": {
            "name": remittance().name, "address": address, "memo": "", "message": "", "account_last4": "4320",
        } },
        "due_at": now,
        "created_at": now,
        "updated_at": "2026-03-02T18:00:00Z",
    });
    let payment: Payment = serde_json::from_value(stored).expect("a stored payment is read");
    Payment { autopay: Some(Box::new(facts)), ..payment }
}

/// The refund of a payment, to the account that it was pulled from.
pub(super) fn refund(id: PaymentId, of: &Payment, facts: AutopayFacts, now: Timestamp) -> Payment {
    let payee = json!({ "account": {
        "routing_number": "021000021", "sealed_account": "", "account_last4": "6789", "account_type": "checking",
        "fingerprint": NUMBER, "name": "PAT EXAMPLE", "entry_class": "PPD", "entry_description": "REFUND",
    } });
    let payee: Payee = serde_json::from_value(payee).expect("a stored payee is read");
    let person = of.payer_id.parse().expect("an id is read");
    Payment { payee, ..payment(id, person, of.amount, facts, now) }
}

pub(super) fn funding(
    id: PaymentId,
    person: PersonId,
    amount: Cents,
    account: &BankAccount,
    now: Timestamp,
) -> Funding {
    let id = id.to_string().replace("pay_", "fnd_").parse().expect("an id is read");
    let pulled = json!({
        "account": account.account, "account_type": account.account_type, "entry_description": "CARD PYMT",
    });
    let mut funding = Funding::new(id, amount, person.to_string(), now);
    funding.account = Some(serde_json::from_value(pulled).expect("a stored account is read"));
    funding
}
