//! Both ends of a payment of autopay as they stand: the card that it pays, the bank account that it is pulled from, and who shares the card.

use jiff::Timestamp;

use super::account_hold::AccountHold;
use super::payment_effects::{load_bank_account, load_card};
use super::real_accounts::{self, Sharing};
use crate::domain::autopay::bank_account::BankAccount;
use crate::domain::autopay::card::Card;
use crate::domain::autopay::facts::AutopayFacts;
use crate::domain::autopay::held::Present;
use crate::domain::autopay::payment_effects::{CardStep, is_still_owed};
use crate::domain::biller::Remittance;
use crate::domain::ids::PaymentId;
use crate::domain::money::Cents;
use crate::operations::{OperationError, System, billers};
use crate::ports::table::Change;
use crate::store::stored::replace;

/// The card that a payment of autopay pays, and the bank account that it is pulled from.
pub(crate) struct PaymentAccounts {
    pub card: Card,
    /// As it is stored.
    pub bank_account: BankAccount,
    /// As it is decided on: closed where the number is that its debits go to.
    debited: BankAccount,
    /// Where checks for the card's issuer go by now.
    pub remittance: Option<Remittance>,
    /// The bank account is held for what came back of another's debit.
    pub is_held: bool,
    /// Who else holds them; nobody, where that was not read.
    sharing: Sharing,
}

impl PaymentAccounts {
    pub(crate) async fn load(system: &System, facts: &AutopayFacts) -> Result<Self, OperationError> {
        let card = load_card(system, facts).await?;
        let bank_account = load_bank_account(system, facts).await?;
        let mut debited = bank_account.clone();
        real_accounts::follow_number(system, &mut debited).await?;
        let remittance = billers::remittance(system, &card.institution_id).await?;
        let is_held = fault!(HoldNotInClaim, false, AccountHold::of(system, &bank_account).await?.is_held);
        Ok(Self { card, bank_account, debited, remittance, is_held, sharing: Sharing::default() })
    }

    /// Reads who else holds the card and the bank account, before a debit for one bill of it is made.
    pub(crate) async fn with_sharing(self, system: &System) -> Result<Self, OperationError> {
        let sharing = Sharing::of(system, &self.card, Some(&self.bank_account)).await?;
        Ok(Self { sharing, ..self })
    }

    /// How often the bill of this payment was presented, over all payments of whoever holds the card.
    pub(crate) fn presented_with(&self, payment_id: PaymentId) -> u32 {
        let shared = self.sharing.card(&self.card);
        let counted: &Card = fault!(PresentmentsOfOwnCard, &self.card, &shared);
        counted.presented_with(payment_id)
    }

    /// Whether the card still owes that much beside what whoever holds it has under way.
    pub(crate) fn is_still_owed(&self, payment_id: PaymentId, amount: Cents) -> bool {
        is_still_owed(&self.sharing.card(&self.card), payment_id, amount)
    }

    /// Whether the bank account bears the debit of this payment once more beside what whoever holds it has under way.
    pub(crate) fn bears_again(&self, payment_id: PaymentId, amount: Cents) -> bool {
        self.sharing.bank_account(&self.bank_account).bears_again(payment_id, amount)
    }

    /// Holds a write back unless the others who hold them are as they were read.
    pub(crate) fn others_unchanged(&mut self) -> Vec<Change> {
        self.sharing.unchanged()
    }

    /// What a payment would be opened with now.
    pub(crate) fn present(&self) -> Present<'_> {
        Present { card: &self.card, bank_account: &self.debited, remittance: self.remittance.as_ref() }
    }

    /// The puts for a payment that nothing comes of: the debit takes nothing, the issuer gets nothing.
    pub(crate) fn undo(mut self, payment_id: PaymentId, now: Timestamp) -> Result<Vec<Change>, OperationError> {
        CardStep::Reversed.mark(&mut self.card, payment_id, now);
        self.bank_account.debit_gone(payment_id);
        self.bank_account.updated_at = now;
        Ok(vec![replace(&mut self.card)?, replace(&mut self.bank_account)?])
    }
}
