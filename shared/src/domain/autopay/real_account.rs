//! A real account, as one of its keys names it: its routing and account number, an id that its institution keeps, or a card's number.
//!
//! Guarantees: whoever holds the account here by an institution's word stands in it and never leaves it, whatever link, name or number shows
//! the account, so that what one key joins stays joined; what a person typed joins their own cards, as long as it stands there or a payment
//! to it is under way, and those of others only where the institution's word fits as well; that a return closed a number is remembered here,
//! whether or not a link shows it, and so is which number a bank put in its place. Limit: two links that share no key are two accounts,
//! until the person says otherwise.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::bank_account::{BankAccount, OpenDebit, Unusable, UnusableReason};
use super::card::{Card, CardReading};
use super::held::{Ended, EndedBy};
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
    /// Of a bank account's number: the one that its bank put in its place, where our debits of it go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected_to: Option<NumberNames>,
}

/// A number by its fingerprint, and by that of the digits that tell it from others where those are written otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberNames {
    pub number: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_zeros: Option<String>,
}

impl NumberNames {
    pub fn all(&self) -> impl Iterator<Item = &String> {
        [&self.number].into_iter().chain(&self.without_zeros)
    }
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
            corrected_to: None,
        }
    }

    /// Whether nothing is known of it.
    pub fn is_free(&self) -> bool {
        self.bank_accounts.is_empty()
            && self.cards.is_empty()
            && self.closed.is_none()
            && self.came_back.is_empty()
            && self.corrected_to.is_none()
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

/// The digits by which an account number is told from others: institutions tell one number with and without the zeros before it.
pub fn telling_digits(account_number: &str) -> &str {
    let digits = account_number.trim_start_matches('0');
    if digits.is_empty() { account_number } else { digits }
}

/// The bank account as it is decided on: with the debits that others who share it have under way, closed where its number is or the one
/// where its debits go, and proven where that one is. `numbers` are both, in this order.
pub fn shared_bank_account(own: &BankAccount, numbers: &[&RealAccount], others: &[BankAccount]) -> BankAccount {
    let mut all = own.clone();
    let theirs = others.iter().flat_map(|other| other.open_debits.iter().copied());
    let new =
        theirs.filter(|debit: &OpenDebit| !own.open_debits.iter().any(|known| known.payment_id == debit.payment_id));
    fault!(SharedDebitsNotCounted, (), all.open_debits.extend(new));
    all.unusable = all.unusable.or(numbers.iter().find_map(|number| number.unusable()));
    if let Some(sent) = numbers.iter().find_map(|number| number.corrected_to.as_ref()) {
        all.proven_at = fault!(NamedNumberProven, own.proven_at, own.proven_as(&sent.number));
    }
    all
}

/// Whether what is under way to one card counts for the other, which has a key of it. One person's word joins their own cards. Across
/// persons a typed number proves nothing: the institution's own id has to be the same, or its name for the card as well.
pub fn is_shared(own: &Card, other: &Card) -> bool {
    let has_institutions_key = own
        .real_accounts
        .iter()
        .any(|key| other.real_accounts.contains(key) && !own.is_typed(key) && !other.is_typed(key));
    let looks_so =
        own.institution_id == other.institution_id && is_same_mask(own.mask.as_deref(), other.mask.as_deref());
    let is_proven = fault!(TypedNumberJoinsPersons, true, has_institutions_key || looks_so);
    own.person_id == other.person_id || is_proven
}

/// Both are told, and one ends as the other.
pub fn is_same_mask(one: Option<&str>, other: Option<&str>) -> bool {
    one.zip(other).is_some_and(|(one, other)| {
        let is_told = |mask: &str| !mask.is_empty() && mask.bytes().all(|digit| digit.is_ascii_digit());
        is_told(one) && is_told(other) && (one.ends_with(other) || other.ends_with(one))
    })
}

/// The card as it is decided on: with the payments that others who share it have made, from `own_account` or another bank account. What
/// another canceled says nothing here, nor does what ended a payment of another person's, unless it would end the own one too.
pub fn shared_card(own: &Card, own_account: Option<&BankAccount>, others: &[Card]) -> Card {
    let mut all = own.clone();
    let theirs = others.iter().flat_map(|other| {
        let shown_there = other.reading.as_ref().map(|reading| reading.age.as_of());
        let is_own = other.person_id == own.person_id;
        other.payments.iter().map(move |payment| (payment, shown_there, is_own))
    });
    let seen = |(payment, shown_there, is_own): (&CardPayment, Option<Timestamp>, bool)| {
        let ends_for_own = |ended: &Ended| {
            let is_told = is_own || ends_for_others(ended, own_account);
            is_told && fault!(OthersStopHolds, true, is_own || !ended.by.is_of_person())
        };
        let ended = payment.ended.clone().filter(ends_for_own);
        let payment = CardPayment { canceled_on: None, ended, is_anothers: !is_own, ..payment.clone() };
        own.reading.as_ref().map_or(payment.clone(), |reading: &CardReading| as_seen_in(payment, shown_there, reading))
    };
    let new: Vec<CardPayment> = theirs.map(seen).collect();
    fault!(SharedCardNotCounted, (), all.payments.extend(new));
    all
}

/// Whether what ended one person's payment speaks against another's of the same card: of a check where it was mailed to, of a debit only
/// where both are of one bank account, and nothing of what the other person alone decides.
fn ends_for_others(ended: &Ended, own_account: Option<&BankAccount>) -> bool {
    let is_of_account = || {
        let debited = ended.account.as_ref().map(|account| &account.fingerprint);
        debited
            .zip(own_account)
            .is_some_and(|(number, own)| own.has_number(number) || own.real_accounts.contains(number))
    };
    let concerns = match ended.by {
        EndedBy::CheckFailed => true,
        EndedBy::NoMoney | EndedBy::AccountRefused | EndedBy::DebitRefused => is_of_account(),
        EndedBy::NotAuthorised => false,
    };
    fault!(EndsOfOthersHold, true, concerns)
}
