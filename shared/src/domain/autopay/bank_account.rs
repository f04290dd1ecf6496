//! A person's bank account that cards are paid from: what is in it, and the debits that are on their way to it.
//!
//! Guarantees: a debit counts against the balance until a reading of a banking day after it settled is sure to show it. Nothing prints a number or a balance.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::freshness::Age;
use super::ids::{BankAccountId, PersonId};
use crate::domain::ach::return_codes::ReturnCode;
use crate::domain::bank::request::AccountType;
use crate::domain::calendar::{eastern_date, next_banking_day};
use crate::domain::ids::PaymentId;
use crate::domain::money::Cents;
use crate::domain::source::ExternalAccount;

/// A settled debit is kept so long, for whoever decides on an older balance.
const SETTLED_KEPT_DAYS: i64 = 7;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BankAccount {
    pub id: BankAccountId,
    pub version: u64,
    pub person_id: PersonId,
    /// The item and Plaid account id that it is read by now; a new link changes both.
    pub item_id: String,
    pub account_id: String,
    pub institution_id: String,
    pub name: String,
    pub account: ExternalAccount,
    pub account_type: AccountType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<BankReading>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open_debits: Vec<OpenDebit>,
    /// When a debit had settled and its return window (R01 to R04) passed: from then on the shorter hold applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven_at: Option<Timestamp>,
    /// The same of other numbers that its debits went to: earlier ones, and those that its bank put in the place of its own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub proven_numbers: BTreeMap<String, Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unusable: Option<Unusable>,
    /// Fingerprints of the keys by which it is known: the latest numbers that it had, and the id that its institution keeps. The one that it
    /// was shown by last is the last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub real_accounts: Vec<String>,
    /// When the link that showed it ended, or it was withdrawn from it: what was agreed to before then is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission_ended_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What Plaid said of its balance, and when.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankReading {
    pub age: Age,
    /// ISO 4217, where the account has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<Cents>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Cents>,
}

/// A debit of ours that the balance may not show yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenDebit {
    pub payment_id: PaymentId,
    pub amount: Cents,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Timestamp>,
}

/// Why nothing may be pulled from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unusable {
    pub reason: UnusableReason,
    pub since: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnusableReason {
    /// A debit came back with this code: closed, unknown, frozen, or not open to debits.
    Returned(ReturnCode),
    /// The person withdrew it at their bank, or it is gone from the item.
    Withdrawn,
    /// The bank changed its numbers; they are being read anew.
    NumbersChanged,
}

impl std::fmt::Debug for BankReading {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "BankReading({:?})", self.age)
    }
}

impl BankReading {
    /// What may be spent. `available` leaves out an overdraft line; a bank that does not say it says at least the ledger total.
    pub fn spendable(&self) -> Option<Cents> {
        self.available.or(self.current)
    }

    pub fn is_dollars(&self) -> bool {
        self.currency.as_deref() == Some("USD")
    }
}

impl OpenDebit {
    /// Whether a balance shows it. A bank books what settles in the morning as late as that night, so only a balance of the next banking
    /// day is sure to.
    pub fn is_shown(&self, reading: &BankReading) -> bool {
        let Some(at) = self.settled_at else { return false };
        let as_of = reading.age.as_of();
        let is_booked = next_banking_day(eastern_date(at)) <= eastern_date(as_of);
        fault!(SettlementDayForgotten, at < as_of, is_booked)
    }
}

impl BankAccount {
    /// What debits on their way will still take, as far as this reading does not show them; never wraps.
    pub fn under_way(&self, reading: &BankReading) -> i128 {
        let open = self.open_debits.iter().filter(|debit| !debit.is_shown(reading));
        open.map(|debit| i128::from(debit.amount.get().max(0))).sum()
    }

    /// Whether a debit that came back for want of money may be made once more. Where nothing else is under way, its bank decides; else the
    /// balance that is known has to bear both.
    pub fn bears_again(&self, payment_id: PaymentId, amount: Cents) -> bool {
        let is_shown = |debit: &OpenDebit| self.reading.as_ref().is_some_and(|reading| debit.is_shown(reading));
        let others = self.open_debits.iter().filter(|debit| debit.payment_id != payment_id && !is_shown(debit));
        let under_way: i128 = others.map(|debit| i128::from(debit.amount.get().max(0))).sum();
        let spendable = self.reading.as_ref().and_then(BankReading::spendable);
        let bears_both = spendable.is_some_and(|has| i128::from(has.get()) >= under_way + i128::from(amount.get()));
        fault!(PresentedBesideOthers, true, under_way == 0 || bears_both)
    }

    /// Records a debit in the write that opens its payment. The same payment counts once.
    pub fn open_debit(&mut self, payment_id: PaymentId, amount: Cents) {
        if self.open_debits.iter().all(|debit| debit.payment_id != payment_id) {
            self.open_debits.push(OpenDebit { payment_id, amount, settled_at: None });
        }
    }

    /// The debit has settled: it counts until a later reading.
    pub fn debit_settled(&mut self, payment_id: PaymentId, at: Timestamp) {
        let debits = self.open_debits.iter_mut().filter(|debit| debit.payment_id == payment_id);
        debits.for_each(|debit| debit.settled_at = debit.settled_at.or(Some(at)));
    }

    /// The debit will take nothing: it was never sent, refused, or came back for good.
    pub fn debit_gone(&mut self, payment_id: PaymentId) {
        self.open_debits.retain(|debit| debit.payment_id != payment_id);
    }

    /// Takes over a reading unless a later one is here already, and forgets the debits that it shows.
    pub fn take(&mut self, reading: BankReading) {
        if self.reading.as_ref().is_some_and(|known| known.age.read_at > reading.age.read_at) {
            return;
        }
        // Others who share the account decide on older readings than this one.
        let is_old = |at: Timestamp| {
            eastern_date(at).saturating_add(SETTLED_KEPT_DAYS.days()) < eastern_date(reading.age.as_of())
        };
        self.open_debits.retain(|debit| !debit.is_shown(&reading) || !debit.settled_at.is_some_and(is_old));
        self.reading = Some(reading);
    }

    /// Stops its use until its numbers have been read anew. What closed its number is kept with the number ([`super::real_account`]), so it
    /// need not stand here: a bank that changes the number after that lifts it. What was withdrawn ends what was agreed to. Answers whether
    /// that is news.
    pub fn stop_using(&mut self, reason: UnusableReason, now: Timestamp) -> bool {
        let is_news = match (self.unusable.map(|unusable| unusable.reason), reason) {
            (None, _) => true,
            (Some(UnusableReason::Returned(_)), _) => fault!(OldReturnClosesNewNumber, false, true),
            (Some(UnusableReason::NumbersChanged), UnusableReason::Withdrawn) => true,
            (Some(UnusableReason::Withdrawn), _)
            | (Some(UnusableReason::NumbersChanged), UnusableReason::NumbersChanged | UnusableReason::Returned(_)) => {
                false
            }
        };
        if is_news {
            self.unusable = Some(Unusable { reason, since: now });
            if fault!(WithdrawnStaysAgreed, false, reason == UnusableReason::Withdrawn) {
                self.permission_ended_at = Some(now);
            }
        }
        is_news
    }

    /// A debit of this number came back with a code that forbids another one. That of a number that it has no more says nothing of it.
    pub fn closed_by_return(&mut self, fingerprint: &str, return_code: ReturnCode, now: Timestamp) {
        if fault!(OldReturnClosesNewNumber, true, self.has_number(fingerprint)) {
            let outweighs = |known: Unusable| match known.reason {
                UnusableReason::Returned(known) => return_code.outweighs(known),
                UnusableReason::Withdrawn | UnusableReason::NumbersChanged => false,
            };
            if self.unusable.is_none_or(outweighs) {
                self.unusable = Some(Unusable { reason: UnusableReason::Returned(return_code), since: now });
            }
        }
    }

    /// Forgets a return whose cause may have passed: somebody has found that it has. Answers whether there was one.
    pub fn reopen(&mut self, now: Timestamp) -> bool {
        let passes = |known: &mut Unusable| match known.reason {
            UnusableReason::Returned(return_code) => return_code.may_pass(),
            UnusableReason::Withdrawn | UnusableReason::NumbersChanged => false,
        };
        let was_closed = self.unusable.take_if(passes).is_some();
        if was_closed {
            self.updated_at = now;
        }
        was_closed
    }

    /// Whether a debit was of the number that it has now.
    pub fn has_number(&self, fingerprint: &str) -> bool {
        self.account.fingerprint == fingerprint
    }

    /// A debit of this number has outlasted the days in which it might have come back. Answers whether that is news.
    pub fn proven_by(&mut self, fingerprint: &str, now: Timestamp) -> bool {
        let is_news = self.proven_as(fingerprint).is_none();
        if is_news && fault!(OldDebitProvesNewNumber, true, self.has_number(fingerprint)) {
            self.proven_at = Some(now);
        } else if is_news {
            self.proven_numbers.insert(fingerprint.to_owned(), now);
        }
        is_news
    }

    /// Since when this number is proven, which need not be the one that it has now.
    pub fn proven_as(&self, fingerprint: &str) -> Option<Timestamp> {
        if self.has_number(fingerprint) { self.proven_at } else { self.proven_numbers.get(fingerprint).copied() }
    }

    /// Banking days that a settled debit of this account is held.
    pub fn hold_banking_days(&self, new_link: u32, proven: u32) -> u32 {
        if self.proven_at.is_some() { proven } else { new_link }
    }

    /// The same of a debit of this number, which need not be the one that it has now.
    pub fn hold_of_debit(&self, fingerprint: &str, new_link: u32, proven: u32) -> u32 {
        if self.proven_as(fingerprint).is_some() { proven } else { new_link.max(proven) }
    }
}
