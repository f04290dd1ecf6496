//! Whether the debit for a payment may leave, judged at the moment of its send.
//!
//! Guarantees: pure; a first debit, a re-presentment and a send whose answer did not come are judged alike. Limit: it judges what it is
//! given: whoever claims the debit holds the claim to all of it.

use super::bank_account::BankAccount;
use super::card::Card;
use super::facts::AutopayFacts;
use super::payment_effects::{is_still_owed, may_debit};
use super::person::Person;
use crate::domain::payment::Payment;

/// Everything that a debit is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Sending<'a> {
    pub payment: &'a Payment,
    pub facts: &'a AutopayFacts,
    pub person: &'a Person,
    /// With what everybody else who holds it has paid.
    pub card: &'a Card,
    /// With what a return has closed of its number.
    pub bank_account: &'a BankAccount,
    /// What came back of another's debit of the bank account is still to be settled with them.
    pub is_held: bool,
}

impl Sending<'_> {
    pub fn is_allowed(&self) -> bool {
        let Self { payment, facts, person, card, bank_account, is_held } = *self;
        let is_owed = is_still_owed(card, payment.id, payment.amount);
        !payment.is_cancel_asked() && !is_held && is_owed && may_debit(person, card, bank_account, facts)
    }
}
