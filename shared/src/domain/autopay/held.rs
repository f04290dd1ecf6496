//! What ended a payment of a card, and what has to change before the next one is opened.
//!
//! Guarantees: pure. Whatever ended a payment without the person's wish holds the next one back until something changed that makes a
//! difference to it: another agreement, bank account, address or statement, or an operator's word. Limit: an operator's word is recorded
//! by forgetting what ended the payment.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::agreement::AgreedAccount;
use super::bank_account::BankAccount;
use super::card::Card;
use super::facts::AutopayFacts;
use super::in_flight::is_same_bill;
use super::notice::{DebitFailure, Outlook};
use crate::domain::bank::mailing_address::MailingAddress;
use crate::domain::biller::Remittance;
use crate::domain::payment::{CheckPayee, Payee, Payment};

/// Why nothing came of a payment, by what has to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// The bank account did not hold the money, for the last time.
    NoMoney,
    /// The bank account is closed, unknown, frozen, or not open to debits.
    AccountRefused,
    /// The debit was not authorized, or its holder has died.
    NotAuthorized,
    /// The person had their bank stop the debit: only what they agree to after that is their wish again, or debits of another account.
    Stopped,
    /// Our bank or the person's did not take the debit, for a reason that an operator looks into.
    DebitRefused,
    /// The check was not made, did not arrive, or did not pay.
    CheckFailed,
}

/// How a payment of a card ended.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    pub by: EndedBy,
    pub at: Timestamp,
    /// The account that was debited, or was to be. Absent in payments that were opened before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AgreedAccount>,
    /// When the debits were agreed to that it was opened under. Absent as the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed_at: Option<Timestamp>,
    /// Where its check went, or was to go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailed_to: Option<MailedTo>,
    /// Where checks of the same payment went before, which failed as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mailed_before: Vec<MailedTo>,
}

/// To whose order a check was made out, and where it was mailed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailedTo {
    pub name: String,
    pub address: MailingAddress,
}

/// What a payment would be opened with now.
#[derive(Clone, Copy, Debug)]
pub struct Present<'a> {
    pub card: &'a Card,
    pub bank_account: &'a BankAccount,
    /// Where the biller directory sends checks for the card's issuer.
    pub remittance: Option<&'a Remittance>,
}

impl std::fmt::Debug for Ended {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Ended({:?} {})", self.by, self.at)
    }
}

impl std::fmt::Debug for MailedTo {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("MailedTo")
    }
}

impl MailedTo {
    pub fn of(payee: &CheckPayee) -> Self {
        Self { name: payee.name.clone(), address: payee.address.clone() }
    }
}

impl EndedBy {
    pub fn of_debit(failure: DebitFailure) -> Self {
        match failure {
            DebitFailure::NoMoney => EndedBy::NoMoney,
            DebitFailure::AccountClosed | DebitFailure::AccountUnusable { .. } | DebitFailure::AccountFrozen => {
                EndedBy::AccountRefused
            }
            DebitFailure::Stopped => fault!(StoppedIsAgreedAlready, EndedBy::NotAuthorized, EndedBy::Stopped),
            DebitFailure::Unauthorized { .. } | DebitFailure::HolderDeceased => EndedBy::NotAuthorized,
            DebitFailure::Other { .. } | DebitFailure::Refused => EndedBy::DebitRefused,
        }
    }

    /// Whether it is one person's word alone: another who holds the same card is not held back by it.
    pub const fn is_of_person(self) -> bool {
        match self {
            EndedBy::NotAuthorized | EndedBy::Stopped => true,
            EndedBy::NoMoney | EndedBy::AccountRefused | EndedBy::DebitRefused | EndedBy::CheckFailed => false,
        }
    }

    /// Whether operators are told, because nothing that the person does alone mends it, and nothing else tells them.
    pub const fn is_operators(self) -> bool {
        match self {
            EndedBy::DebitRefused | EndedBy::CheckFailed => true,
            EndedBy::NoMoney | EndedBy::AccountRefused | EndedBy::NotAuthorized | EndedBy::Stopped => false,
        }
    }

    /// What the person may expect while it holds.
    pub const fn outlook(self) -> Outlook {
        match self {
            EndedBy::NoMoney => Outlook::NextStatement,
            EndedBy::AccountRefused => Outlook::OtherAccount,
            EndedBy::NotAuthorized | EndedBy::Stopped => Outlook::AgreeAnew,
            EndedBy::DebitRefused | EndedBy::CheckFailed => Outlook::LookedInto,
        }
    }
}

impl Ended {
    pub fn of(by: EndedBy, payment: &Payment, at: Timestamp) -> Self {
        let facts: Option<&AutopayFacts> = payment.autopay.as_deref();
        let agreement = facts.and_then(|facts| facts.agreement.as_ref());
        let mailed_to = match &payment.payee {
            Payee::Check(payee) => Some(MailedTo::of(payee)),
            Payee::Account(_) => None,
        };
        Self {
            by,
            at,
            account: agreement.map(|agreement| agreement.account.clone()),
            agreed_at: agreement.map(|agreement| agreement.authorization.agreed_at),
            mailed_to,
            mailed_before: facts.map(|facts| facts.mailed_before.clone()).unwrap_or_default(),
        }
    }

    /// Whether it holds the next payment back. `bill` is the statement that this one was opened for, where it is known.
    pub fn holds(&self, bill: Option<Date>, now: Present<'_>) -> bool {
        let still = match self.by {
            EndedBy::NoMoney => {
                !self.is_agreed_anew(now) && !self.is_other_account(now) && !is_other_statement(bill, now)
            }
            EndedBy::AccountRefused => !self.is_agreed_anew(now) && !self.is_other_account(now),
            EndedBy::NotAuthorized => !self.is_agreed_anew(now),
            EndedBy::Stopped => !self.is_agreed_anew(now) && !self.is_other_account(now),
            EndedBy::DebitRefused => !self.is_other_account(now),
            EndedBy::CheckFailed => !self.is_other_address(now),
        };
        fault!(EndHoldsNothingBack, false, still)
    }

    /// Whether agreeing to the debits once more would end it.
    pub fn is_lifted_by_agreeing(&self, card: &Card) -> bool {
        let lifts = match self.by {
            EndedBy::NoMoney | EndedBy::AccountRefused | EndedBy::NotAuthorized | EndedBy::Stopped => true,
            EndedBy::DebitRefused | EndedBy::CheckFailed => false,
        };
        lifts && !self.is_before(card)
    }

    fn is_before(&self, card: &Card) -> bool {
        let since = match self.by {
            EndedBy::Stopped => self.at,
            EndedBy::NoMoney
            | EndedBy::AccountRefused
            | EndedBy::NotAuthorized
            | EndedBy::DebitRefused
            | EndedBy::CheckFailed => self.agreed_at.unwrap_or(self.at),
        };
        card.authorization.as_ref().is_some_and(|authorization| authorization.agreed_at > since)
    }

    fn is_agreed_anew(&self, now: Present<'_>) -> bool {
        self.is_before(now.card)
    }

    fn is_other_account(&self, now: Present<'_>) -> bool {
        self.account.as_ref().is_some_and(|account| *account != AgreedAccount::of(now.bank_account))
    }

    fn is_other_address(&self, now: Present<'_>) -> bool {
        let Some((last, known)) = self.mailed_to.as_ref().zip(now.remittance) else { return false };
        let before = fault!(FormerAddressForgotten, &[], self.mailed_before.as_slice());
        before.iter().chain([last]).all(|tried| tried.name != known.name || tried.address != known.address)
    }
}

/// A bill of which no statement is known is over when the next statement would be, which the payment's own time tells.
fn is_other_statement(bill: Option<Date>, now: Present<'_>) -> bool {
    let shown = now.card.reading.as_ref().and_then(super::card::CardReading::bill);
    match (bill, shown) {
        (Some(bill), Some(shown)) => shown > bill && !is_same_bill(bill, shown),
        (None, Some(_) | None) | (Some(_), None) => false,
    }
}
