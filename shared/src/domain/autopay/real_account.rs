//! A real account, as one of its keys names it: its routing and account number, an id that its institution keeps, or a card's number.
//!
//! Guarantees: whoever holds the account here stands in it and never leaves it, whatever link, name or number shows the account, so that
//! what one key joins stays joined; that a return closed a number is remembered here, whether or not a link shows it. Limit: two links
//! that share no key are two accounts, until the person says otherwise.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::bank_account::{BankAccount, OpenDebit, Unusable, UnusableReason};
use super::card::{Card, CardReading};
use super::ids::{BankAccountId, CardId, PersonId};
use super::in_flight::{CardPayment, as_seen_in};
use crate::domain::ach::return_codes::ReturnCode;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RealAccount {
    /// Of the key; the key itself is not kept.
    pub fingerprint: String,
    pub version: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bank_accounts: BTreeMap<BankAccountId, PersonId>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cards: BTreeMap<CardId, PersonId>,
    /// A debit of this number came back in a way that forbids another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Closed>,
    /// Whose debits came back from it in a way that is settled with them first, and when the last of each did.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub came_back: BTreeMap<PersonId, Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    pub return_code: ReturnCode,
    pub since: Timestamp,
}

impl RealAccount {
    /// A key that nobody holds.
    pub const fn new(fingerprint: String) -> Self {
        Self {
            fingerprint,
            version: 1,
            bank_accounts: BTreeMap::new(),
            cards: BTreeMap::new(),
            closed: None,
            came_back: BTreeMap::new(),
        }
    }

    /// Whether nothing is known of it.
    pub fn is_free(&self) -> bool {
        self.bank_accounts.is_empty() && self.cards.is_empty() && self.closed.is_none() && self.came_back.is_empty()
    }

    /// The person's bank account of this key; the first that came.
    pub fn bank_account_of(&self, person: PersonId) -> Option<BankAccountId> {
        first_of(&self.bank_accounts, person)
    }

    /// The person's cards of this key.
    pub fn cards_of(&self, person: PersonId) -> impl Iterator<Item = CardId> {
        self.cards.iter().filter(move |(_, holder)| **holder == person).map(|(id, _)| *id)
    }

    /// Remembers a return that forbids another debit. The first stays.
    pub fn close(&mut self, return_code: ReturnCode, since: Timestamp) {
        self.closed.get_or_insert(Closed { return_code, since });
    }

    /// Remembers that a debit of a person's came back and is settled with them first: whether it still is, their own item says.
    pub fn note_return(&mut self, of: PersonId, at: Timestamp) {
        self.came_back.insert(of, at);
    }

    /// Why nothing may be pulled from this number.
    pub fn unusable(&self) -> Option<Unusable> {
        let closed = fault!(ClosingForgotten, None, self.closed);
        closed.map(|closed| Unusable { reason: UnusableReason::Returned(closed.return_code), since: closed.since })
    }
}

fn first_of<Id: Copy>(holders: &BTreeMap<Id, PersonId>, person: PersonId) -> Option<Id> {
    holders.iter().find(|(_, holder)| **holder == person).map(|(id, _)| *id)
}

/// The bank account as it is decided on: with the debits that others who share it have under way, and closed where its number is.
pub fn shared_bank_account(own: &BankAccount, number: Option<&RealAccount>, others: &[BankAccount]) -> BankAccount {
    let mut all = own.clone();
    let theirs = others.iter().flat_map(|other| other.open_debits.iter().copied());
    let new =
        theirs.filter(|debit: &OpenDebit| !own.open_debits.iter().any(|known| known.payment_id == debit.payment_id));
    fault!(SharedDebitsNotCounted, (), all.open_debits.extend(new));
    all.unusable = all.unusable.or(number.and_then(RealAccount::unusable));
    all
}

/// The card as it is decided on: with the payments that others who share it have made. What another canceled says nothing here.
pub fn shared_card(own: &Card, others: &[Card]) -> Card {
    let mut all = own.clone();
    let theirs = others.iter().flat_map(|other| {
        let shown_there = other.reading.as_ref().map(|reading| reading.age.as_of());
        let is_own = fault!(OthersStopHolds, true, other.person_id == own.person_id);
        other.payments.iter().map(move |payment| (payment, shown_there, is_own))
    });
    let seen = |(payment, shown_there, is_own): (&CardPayment, Option<Timestamp>, bool)| {
        let ended = payment.ended.clone().filter(|ended| is_own || !ended.by.is_of_person());
        let payment = CardPayment { canceled_on: None, ended, ..payment.clone() };
        own.reading.as_ref().map_or(payment.clone(), |reading: &CardReading| as_seen_in(payment, shown_there, reading))
    };
    let new: Vec<CardPayment> = theirs.map(seen).collect();
    fault!(SharedCardNotCounted, (), all.payments.extend(new));
    all
}
