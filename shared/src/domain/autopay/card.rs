//! A card: a credit card account of an item, what Plaid said of it, and what its person wants done.
//!
//! Guarantees: nothing prints a balance. Limit: the payments that are kept here are the open ones and those of the last 62 days, which
//! is what the caps of a month and the balance need; the whole history is that of the payments.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::agreement::AgreedAccount;
use super::authorization::{Announcement, Authorization};
use super::bank_account::BankAccount;
use super::freshness::Age;
use super::held::{Ended, EndedBy};
use super::ids::{CardId, PersonId};
use super::in_flight::{Billed, CardPayment, in_flight, presented_for};
use super::joining::Joined;
use super::setup::Setup;
use crate::domain::ids::PaymentId;
use crate::domain::money::Cents;

/// Longer than any calendar month and the time a check takes.
const PAYMENTS_KEPT_DAYS: i64 = 62;

/// A statement comes at least 21 days before its due date (12 CFR 1026.5(b)(2)), commonly 25.
const STATEMENT_DAYS_BEFORE_DUE: i64 = 25;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    pub id: CardId,
    pub version: u64,
    pub person_id: PersonId,
    /// The item and Plaid account id that it is read by now; a new link changes both.
    pub item_id: String,
    pub account_id: String,
    pub institution_id: String,
    pub institution_name: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<String>,
    /// Another account of the item has the same identity: neither can be told apart, so neither is paid.
    #[serde(default)]
    pub has_duplicate: bool,
    /// Fingerprints of the keys by which it is known: the numbers that its person entered, and the ids that its institution keeps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub real_accounts: Vec<String>,
    /// Which of them are of numbers that its person typed.
    #[serde(default)]
    pub numbers: NumberKeys,
    /// Another card of the person looks like it, and nothing but their word tells whether it is the same: until then it is not paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looks_like: Option<CardId>,
    /// The person said that it is that card, which has taken over its link; nothing happens with this one any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<CardId>,
    /// What that card was read by until then, so that the word can be taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined: Option<Box<Joined>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<CardReading>,
    #[serde(default)]
    pub setup: Setup,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization: Option<Authorization>,
    /// The numbers of the bank account as they were when its debits were agreed to. Absent in what was agreed to before they were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed_account: Option<AgreedAccount>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub payments: Vec<CardPayment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announced: Option<Announcement>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_decision: Option<LastDecision>,
    /// When it is reviewed next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What Plaid said of a card: its balances and its liability, in whole cents.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardReading {
    pub age: Age,
    /// ISO 4217, where the account has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Positive is owed; negative is what the issuer owes the holder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<Cents>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Cents>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement_balance: Option<Cents>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement_issued_on: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_payment: Option<Cents>,
    /// Absent where no payment is expected; may lie in the past.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_on: Option<Date>,
    /// Absent is not "no": few institutions say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_overdue: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_payment: Option<LastPayment>,
    /// Payments to the card among its posted transactions, as far as they are known, whoever made them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub posted: Vec<PostedPayment>,
    /// The account is no longer among those of its item.
    #[serde(default)]
    pub is_gone: bool,
}

/// The last payment that the liability names.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastPayment {
    pub amount: Cents,
    pub on: Date,
}

/// A payment among the card's transactions; the amount is positive.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedPayment {
    pub transaction_id: String,
    pub amount: Cents,
    pub on: Date,
    /// As the institution tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_number: Option<String>,
}

/// The keys of the numbers that a person typed for a card.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberKeys {
    /// Of the number that stands in the setup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub present: Option<String>,
    /// Of numbers before it, as long as a payment may be on its way to them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<String>,
    /// Of those that were let go and that somebody else has typed as well: for nothing but whose money it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub put_down: Vec<String>,
}

/// What the last review came to, so that the next is recorded only where it differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastDecision {
    pub at: Timestamp,
    /// The code of the decision.
    pub code: String,
}

impl std::fmt::Debug for CardReading {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "CardReading({:?})", self.age)
    }
}

impl std::fmt::Debug for LastPayment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "LastPayment({})", self.on)
    }
}

impl std::fmt::Debug for PostedPayment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "PostedPayment({} {})", self.transaction_id, self.on)
    }
}

impl CardReading {
    pub fn is_dollars(&self) -> bool {
        self.currency.as_deref() == Some("USD")
    }

    /// When the last statement came. Where its day is not known, it is taken from the due date.
    pub fn bill(&self) -> Option<Date> {
        let assumed = || self.due_on.map(|due_on| due_on.saturating_sub(STATEMENT_DAYS_BEFORE_DUE.days()));
        self.statement_issued_on.or_else(assumed)
    }
}

/// The posted payments after one more part of the card's transactions: those known, what was added or changed, less what was removed and
/// what is too old to matter.
pub fn posted_after(
    known: &[PostedPayment],
    changed: Vec<PostedPayment>,
    removed: &[String],
    today: Date,
) -> Vec<PostedPayment> {
    let kept_since = today.saturating_sub(PAYMENTS_KEPT_DAYS.days());
    let is_changed = |id: &String| changed.iter().any(|posted| posted.transaction_id == *id);
    let stays = known.iter().filter(|posted| !is_changed(&posted.transaction_id)).cloned().collect::<Vec<_>>();
    let all = stays.into_iter().chain(changed);
    all.filter(|posted| !removed.contains(&posted.transaction_id) && posted.on >= kept_since).collect()
}

impl Card {
    /// Whether a key is of a number that its person typed. Of cards of before, whose numbers were not told apart, any may be.
    pub fn is_typed(&self, fingerprint: &str) -> bool {
        let is_of_before = self.numbers.present.is_none() && self.setup.card_number.is_some();
        is_of_before || self.numbers.present.iter().chain(&self.numbers.former).any(|typed| typed == fingerprint)
    }

    /// Whether a payment may be on its way to the number that it has, or had when that was opened.
    pub fn is_number_in_use(&self) -> bool {
        fault!(TypedNumberKept, true, self.payments.iter().any(CardPayment::is_in_flight))
    }

    /// The payment that keeps another from being opened for anything but a bill.
    pub fn open_payment(&self) -> Option<&CardPayment> {
        self.open_payments().next()
    }

    pub fn open_payments(&self) -> impl Iterator<Item = &CardPayment> {
        self.payments.iter().filter(|payment| payment.is_open())
    }

    /// Records a payment in the write that opens it. The same payment counts once.
    pub fn open(&mut self, payment: CardPayment) {
        self.announced = None;
        if self.payments.iter().all(|known| known.payment_id != payment.payment_id) {
            self.payments.push(payment);
        }
    }

    /// Takes over a reading unless a later one is here already: marks the payments that it shows, and forgets old ones.
    pub fn take(&mut self, reading: CardReading, today: Date) {
        if self.reading.as_ref().is_some_and(|known| known.age.read_at > reading.age.read_at) {
            return;
        }
        super::in_flight::match_posted_payments(&mut self.payments, &reading);
        let kept_since = today.saturating_sub(PAYMENTS_KEPT_DAYS.days());
        let bill = reading.bill();
        self.payments.retain(|payment| {
            let is_of_bill = bill.is_some_and(|bill| payment.is_of_bill(Billed::On(bill)));
            payment.is_in_flight() || payment.opened_on >= kept_since || is_of_bill || payment.ended.is_some()
        });
        self.reading = Some(reading);
    }

    /// Puts an authorization in force. What was announced under an earlier one is void, and what was canceled holds nothing back any more.
    pub fn authorize(&mut self, authorization: Authorization) {
        self.authorization = Some(authorization);
        self.announced = None;
        for payment in &mut self.payments {
            payment.canceled_on = None;
        }
    }

    /// Whether the numbers and type of the bank account are those that were agreed to, and its link has not ended since.
    pub fn is_agreed_account(&self, bank_account: &BankAccount) -> bool {
        let agreed_at = self.authorization.as_ref().map(|authorization| authorization.agreed_at);
        let has_ended =
            bank_account.permission_ended_at.is_some_and(|ended_at| agreed_at.is_none_or(|at| at <= ended_at));
        if fault!(PermissionOutlivesLink, false, has_ended) {
            return false;
        }
        let agreed = self.agreed_account.as_ref();
        fault!(OtherAccountDebited, true, agreed.is_none_or(|agreed| *agreed == AgreedAccount::of(bank_account)))
    }

    /// Whether that much is owed beside what else is on its way, as far as the last reading tells.
    pub fn still_owes(&self, payment_id: PaymentId, amount: Cents) -> bool {
        let Some(balance) = self.reading.as_ref().and_then(|reading| reading.balance) else { return true };
        let others: Vec<CardPayment> =
            self.payments.iter().filter(|other| other.payment_id != payment_id).cloned().collect();
        i128::from(balance.get()) - in_flight(&others) >= i128::from(amount.get())
    }

    /// Whether agreeing anew to the same would change something: it lifts what a cancel holds back, and some of what ended a payment.
    pub fn is_held_until_agreed(&self) -> bool {
        let lifts = |ended: &Ended| ended.is_lifted_by_agreeing(self);
        self.payments.iter().any(|payment| payment.canceled_on.is_some() || payment.ended.as_ref().is_some_and(lifts))
    }

    /// Records what ended a payment without its person's wish. What ended it first stays.
    pub fn end(&mut self, payment_id: PaymentId, ended: &Ended) {
        for payment in self.payments.iter_mut().filter(|known| known.payment_id == payment_id) {
            payment.ended.get_or_insert_with(|| ended.clone());
        }
    }

    /// An operator has looked into what ended payments: it holds the next one back no more. Answers what that was.
    pub fn clear_ends(&mut self, of: &BTreeSet<PaymentId>) -> Vec<EndedBy> {
        let payments = self.payments.iter_mut().filter(|payment| of.contains(&payment.payment_id));
        payments.filter_map(|payment| payment.ended.take()).map(|ended| ended.by).collect()
    }

    /// How often the bill was presented that a payment was opened for, over all payments of that bill.
    pub fn presented_with(&self, payment_id: PaymentId) -> u32 {
        let Some(own) = self.payments.iter().find(|known| known.payment_id == payment_id) else { return 0 };
        fault!(PresentmentsPerPayment, 0, presented_for(own.billed(), &self.payments))
    }

    /// A payment is presented for so many times by now.
    pub fn present(&mut self, payment_id: PaymentId, presented: u32) {
        for payment in self.payments.iter_mut().filter(|known| known.payment_id == payment_id) {
            payment.presented = presented;
        }
    }

    /// Records that the person cancels a payment of the card.
    pub fn cancel(&mut self, payment_id: PaymentId, on: Date) {
        for payment in self.payments.iter_mut().filter(|known| known.payment_id == payment_id) {
            payment.canceled_on.get_or_insert(on);
        }
    }
}
