//! A real account, as one of its keys names it: its routing and account number, an id that its institution keeps, or a card's number.
//!
//! Guarantees: whoever holds the account here by an institution's word stands in it, whatever link, name or number shows the account, and
//! leaves it only as one of many former keys that joins them with nobody, so that what one key joins stays joined; what a person typed joins their own cards, as long as it stands there or a payment
//! to it is under way, and those of others only where the institution's word fits as well; that somebody typed it once stays known, for whose
//! money it is; that a return closed a number is remembered here,
//! whether or not a link shows it, and so is which number a bank put in its place. Limit: two links that share no key are two accounts,
//! until the person says otherwise.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::bank_account::{BankAccount, OpenDebit, Unusable, UnusableReason};
use super::card::Card;
use super::held::{Ended, EndedBy};
use super::ids::{BankAccountId, CardId, PersonId};
use super::in_flight::{CardPayment, as_seen_in, used_by};
use crate::domain::ach::return_codes::ReturnCode;
use crate::domain::ids::PaymentId;

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
    /// Those that it put there before: one account still.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corrected_before: Vec<NumberNames>,
    /// Debits of other bank accounts that a correction led to this number, which was taken back while they were on their way.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub led_here: BTreeMap<PaymentId, BankAccountId>,
    /// Cards whose persons typed this number and then another one: for nothing but whose money it is.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub put_down_by: BTreeMap<CardId, PersonId>,
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
            corrected_before: Vec::new(),
            led_here: BTreeMap::new(),
            put_down_by: BTreeMap::new(),
        }
    }

    /// Whether nothing is known of it.
    pub fn is_free(&self) -> bool {
        self.bank_accounts.is_empty()
            && self.cards.is_empty()
            && self.closed.is_none()
            && self.came_back.is_empty()
            && self.corrected_to.is_none()
            && self.corrected_before.is_empty()
            && self.led_here.is_empty()
            && self.put_down_by.is_empty()
    }

    /// The numbers that a bank put in the place of this one.
    pub fn other_numbers(&self) -> impl Iterator<Item = &String> {
        self.corrected_to.iter().chain(&self.corrected_before).flat_map(NumberNames::all)
    }

    /// Takes in which number its bank put in its place, or that this one is right after all. Those of before stay the same account.
    pub fn correct_to(&mut self, sent: Option<NumberNames>) {
        let before = std::mem::replace(&mut self.corrected_to, sent);
        let is_news = |before: &NumberNames| !self.corrected_before.contains(before);
        let before = before.filter(|before| self.corrected_to.as_ref() != Some(before) && is_news(before));
        self.corrected_before.extend(before);
    }

    /// Takes back what its bank put in its place. Answers which numbers that were.
    pub fn take_corrections_back(&mut self) -> Vec<NumberNames> {
        let before = std::mem::take(&mut self.corrected_before);
        self.corrected_to.take().into_iter().chain(before).collect()
    }

    /// Has a card hold it.
    pub fn take_card(&mut self, id: CardId, person: PersonId) {
        self.cards.insert(id, person);
        self.put_down_by.remove(&id);
    }

    /// Has a card hold it no more. Answers whether it is or was somebody else's as well.
    pub fn put_down(&mut self, id: CardId, person: PersonId) -> bool {
        self.cards.remove(&id);
        fault!(PutDownForgotten, return false);
        self.put_down_by.insert(id, person);
        self.cards.values().chain(self.put_down_by.values()).any(|holder| *holder != person)
    }

    /// The person's bank account of this key; the first that came.
    pub fn bank_account_of(&self, person: PersonId) -> Option<BankAccountId> {
        first_of(&self.bank_accounts, person)
    }

    /// The person's cards of this key.
    pub fn cards_of(&self, person: PersonId) -> impl Iterator<Item = CardId> {
        self.cards.iter().filter(move |(_, holder)| **holder == person).map(|(id, _)| *id)
    }

    /// Remembers a return that forbids another debit. The first stays, unless what it says may pass and this one does not.
    pub fn close(&mut self, return_code: ReturnCode, since: Timestamp) {
        if self.closed.is_none_or(|known| return_code.outweighs(known.return_code)) {
            self.closed = Some(Closed { return_code, since });
        }
    }

    /// Forgets a return whose cause may have passed: somebody has found that it has.
    pub fn reopen(&mut self) {
        self.closed = self.closed.filter(|closed| !closed.return_code.may_pass());
    }

    /// Remembers that a debit of a person's came back and is settled with them first: whether it still is, their own item says.
    pub fn note_return(&mut self, of: PersonId, at: Timestamp) {
        self.came_back.insert(of, at);
    }

    /// Takes over what returns left behind at another key of the account.
    pub fn take_returns(&mut self, came_back: BTreeMap<PersonId, Timestamp>) {
        for (person, at) in came_back {
            let latest = self.came_back.entry(person).or_insert(at);
            *latest = (*latest).max(at);
        }
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
pub fn shared_bank_account<'a>(
    own: &BankAccount,
    numbers: &[&RealAccount],
    others: impl IntoIterator<Item = &'a BankAccount>,
) -> BankAccount {
    let mut all = own.clone();
    let theirs = others.into_iter().flat_map(|other| other.open_debits.iter().copied());
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
    let mut used = used_by(&own.payments);
    let seen = |(payment, shown_there, is_own): (&CardPayment, Option<Timestamp>, bool)| {
        let ends_for_own = |ended: &Ended| {
            let is_told = is_own || ends_for_others(ended, own_account);
            is_told && fault!(OthersStopHolds, true, is_own || !ended.by.is_of_person())
        };
        let ended = payment.ended.clone().filter(ends_for_own);
        let payment = CardPayment { canceled_on: None, ended, is_of_another: !is_own, ..payment.clone() };
        match &own.reading {
            Some(reading) => as_seen_in(payment, shown_there, reading, &mut used),
            None => payment,
        }
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
        EndedBy::NotAuthorized | EndedBy::Stopped => false,
    };
    fault!(EndsOfOthersHold, true, concerns)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(number: &str) -> NumberNames {
        NumberNames { number: number.to_owned(), without_zeros: None }
    }

    #[test]
    fn every_number_that_a_bank_put_in_the_place_of_one_stays_the_same_account_until_that_is_taken_back() {
        let mut known = RealAccount::new("a".to_owned());
        for number in ["b", "b", "c", "b"] {
            known.correct_to(Some(sent(number)));
        }
        assert_eq!(known.corrected_to, Some(sent("b")));
        known.correct_to(None);
        let numbers: Vec<&String> = known.other_numbers().collect();
        assert_eq!(numbers, ["b", "c"]);
        assert_eq!(known.take_corrections_back(), [sent("b"), sent("c")]);
        assert!(known.is_free());
    }

    #[test]
    fn what_a_return_says_for_good_outlasts_what_may_pass() {
        let now: Timestamp = "2026-03-02T18:00:00Z".parse().unwrap();
        let mut known = RealAccount::new("a".to_owned());
        known.close("R16".parse().unwrap(), now);
        known.close("R20".parse().unwrap(), now);
        assert_eq!(known.closed.map(|closed| closed.return_code.to_string()).as_deref(), Some("R16"));
        known.reopen();
        assert_eq!(known.unusable(), None);
        known.close("R16".parse().unwrap(), now);
        known.close("R02".parse().unwrap(), now);
        known.close("R03".parse().unwrap(), now);
        known.reopen();
        assert_eq!(known.closed.map(|closed| closed.return_code.to_string()).as_deref(), Some("R02"));
    }

    #[test]
    fn whoever_puts_a_number_down_is_remembered_and_holds_it_no_more() {
        let (ann, bob) = (PersonId::of_subject("ann"), PersonId::of_subject("bob"));
        let [anns, bobs] = [1, 2].map(|number| CardId::of_fingerprint(&format!("f1_{number:032x}")).unwrap());
        let mut known = RealAccount::new("number".to_owned());
        known.take_card(anns, ann);
        assert!(!known.put_down(anns, ann), "nobody else has it");
        known.take_card(bobs, bob);
        assert!(known.put_down(bobs, bob));
        assert!(known.cards.is_empty() && known.put_down_by.len() == 2 && !known.is_free());
        known.take_card(anns, ann);
        assert_eq!((known.cards.len(), known.put_down_by.len()), (1, 1));
    }
}
