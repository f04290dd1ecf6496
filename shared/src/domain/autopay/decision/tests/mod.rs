//! The decision as a table of stories, and its properties over whatever is put in.

mod answers;
mod bills;
mod held;
mod limits;
mod properties;

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::*;
use crate::domain::autopay::agreement::AgreedAccount;
use crate::domain::autopay::authorization::{AmountRange, Authorization, TEXT_VERSION};
use crate::domain::autopay::bank_account::BankReading;
use crate::domain::autopay::card::CardReading;
use crate::domain::autopay::freshness::Age;
use crate::domain::autopay::ids::{BankAccountId, CardId, PersonId};
use crate::domain::autopay::in_flight::CardPayment;
use crate::domain::autopay::rule::Rule;
use crate::domain::autopay::setup::{SealedCardNumber, Setup};
use crate::domain::bank::request::AccountType;
use crate::domain::ids::PaymentId;
use crate::domain::source::ExternalAccount;

/// A person, a card of 5,000.00 with 3,155.00 owed, and a bank account with 4,000.00, all in order, on a Monday.
pub(super) struct Case {
    pub now: Timestamp,
    pub person: Person,
    pub card: Card,
    pub card_item: ItemState,
    pub bank_account: BankAccount,
    pub bank_item: ItemState,
    pub remittance: Option<Remittance>,
    pub policy: Policy,
}

pub(super) fn dollars(text: &str) -> Cents {
    text.parse().unwrap()
}

pub(super) fn payment(number: u128, amount: Cents, opened_on: Date) -> CardPayment {
    CardPayment::new(PaymentId::Single(Uuid::from_u128(number)), amount, opened_on)
}

pub(super) fn remittance(line_1: &str) -> Remittance {
    let address = serde_json::json!({ "line_1": line_1, "city": "Wilmington", "state": "DE", "postal_code": "19886" });
    let address = serde_json::from_value(address).unwrap();
    Remittance { name: "Example Card Services".to_owned(), address, institution_routing_number: None }
}

fn bank_account(now: Timestamp, person_id: PersonId) -> BankAccount {
    BankAccount {
        id: BankAccountId::of_fingerprint("f1_0000000000000000000000000000000b").unwrap(),
        version: 1,
        person_id,
        item_id: "item_bank".to_owned(),
        account_id: "account_bank".to_owned(),
        institution_id: "ins_2".to_owned(),
        name: "Checking".to_owned(),
        account: ExternalAccount {
            routing_number: "021000021".to_owned(),
            sealed_account: "sealed".to_owned(),
            account_last4: "6789".to_owned(),
            fingerprint: "f1_1".to_owned(),
        },
        account_type: AccountType::Checking,
        reading: Some(BankReading {
            age: Age::read_now(now),
            currency: Some("USD".to_owned()),
            available: Some(dollars("4000.00")),
            current: Some(dollars("4100.00")),
        }),
        open_debits: Vec::new(),
        proven_at: None,
        proven_numbers: Default::default(),
        unusable: None,
        real_accounts: Vec::new(),
        permission_ended_at: None,
        created_at: now,
        updated_at: now,
    }
}

fn reading(now: Timestamp) -> CardReading {
    CardReading {
        age: Age::read_now(now),
        currency: Some("USD".to_owned()),
        balance: Some(dollars("3155.00")),
        limit: Some(dollars("5000.00")),
        statement_balance: Some(dollars("2000.00")),
        statement_issued_on: Some(date(2026, 2, 20)),
        minimum_payment: Some(dollars("35.00")),
        due_on: Some(date(2026, 4, 20)),
        is_overdue: Some(false),
        last_payment: None,
        posted: Vec::new(),
        is_gone: false,
    }
}

impl std::fmt::Debug for Case {
    /// With its figures, unlike its parts: a failing property is to be understood.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = serde_json::to_string_pretty(&(&self.card, &self.bank_account)).unwrap();
        write!(formatter, "{text} {:?}", self.policy)
    }
}

impl Case {
    pub(super) fn new() -> Self {
        let now: Timestamp = "2026-03-02T18:00:00Z".parse().unwrap();
        let person = Person::new(PersonId::of_subject("ann"), "Ann Example".to_owned(), now);
        let bank_account = bank_account(now, person.id);
        let card = Card {
            id: CardId::of_fingerprint("f1_0000000000000000000000000000000c").unwrap(),
            version: 1,
            person_id: person.id,
            item_id: "item_card".to_owned(),
            account_id: "account_card".to_owned(),
            institution_id: "ins_1".to_owned(),
            institution_name: "First Example Bank".to_owned(),
            name: "Everyday Card".to_owned(),
            mask: Some("4821".to_owned()),
            has_duplicate: false,
            real_accounts: Vec::new(),
            numbers: Default::default(),
            looks_like: None,
            same_as: None,
            joined: None,
            reading: Some(reading(now)),
            setup: Setup {
                bank_account_id: Some(bank_account.id),
                rule: Some(Rule::default()),
                card_number: Some(SealedCardNumber { sealed: "sealed".to_owned(), last4: "4821".to_owned() }),
                ..Setup::default()
            },
            agreed_account: Some(AgreedAccount::of(&bank_account)),
            authorization: Some(Authorization {
                text_version: TEXT_VERSION,
                text_sha256: None,
                bank_account_id: bank_account.id,
                range: AmountRange { least: dollars("1.00"), most: dollars("3000.00") },
                agreed_at: now,
                revoked_at: None,
                ended_by_return: None,
            }),
            payments: Vec::new(),
            announced: None,
            last_decision: None,
            due_at: None,
            created_at: now,
            updated_at: now,
        };
        Self {
            now,
            person,
            card,
            card_item: ItemState::Healthy,
            bank_account,
            bank_item: ItemState::Healthy,
            remittance: Some(remittance("PO Box 100")),
            policy: Policy::default(),
        }
    }

    /// The case after a change.
    pub(super) fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut case = Self::new();
        change(&mut case);
        case
    }

    pub(super) fn inputs(&self) -> Inputs<'_> {
        Inputs {
            now: self.now,
            person: &self.person,
            card: &self.card,
            card_item: self.card_item,
            bank_account: Some((&self.bank_account, self.bank_item)),
            has_new_balance: false,
            is_account_held: false,
            remittance: self.remittance.as_ref(),
            policy: &self.policy,
            stopped: false,
        }
    }

    pub(super) fn decide(&self) -> Decision {
        decide(&self.inputs())
    }

    pub(super) fn reading(&mut self) -> &mut CardReading {
        self.card.reading.as_mut().unwrap()
    }

    pub(super) fn bank_reading(&mut self) -> &mut BankReading {
        self.bank_account.reading.as_mut().unwrap()
    }

    pub(super) fn hours_ago(&self, hours: i64) -> Timestamp {
        self.now.checked_sub(SignedDuration::from_hours(hours)).unwrap()
    }

    /// Lets days pass, with figures read anew.
    pub(super) fn days_later(&mut self, days: i64) {
        self.now = self.now.checked_add(SignedDuration::from_hours(24 * days)).unwrap();
        let age = Age::read_now(self.now);
        self.reading().age = age;
        self.bank_reading().age = age;
    }
}

/// What a decision comes to: its code and amount.
pub(super) fn outcome(change: impl FnOnce(&mut Case)) -> (&'static str, Option<String>) {
    let decision = Case::with(change).decide();
    (decision.code(), decision.amount().map(|amount| amount.to_string()))
}

pub(super) fn paid(code: &'static str, amount: &str) -> (&'static str, Option<String>) {
    (code, Some(amount.to_owned()))
}
