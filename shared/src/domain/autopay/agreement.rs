//! What a person had agreed to when a payment was opened.
//!
//! Guarantees: a debit is sent only while all of it stands as it was then. Another authorization, another number or type of the bank
//! account, other caps or another card number mean that the payment was decided on something else: what is unsent is given up, and a new
//! review decides.

use serde::{Deserialize, Serialize};

use super::authorization::Authorization;
use super::bank_account::BankAccount;
use super::card::Card;
use super::rule::Caps;
use super::setup::SealedCardNumber;
use crate::domain::bank::request::AccountType;

/// The numbers of a bank account that a person agreed to have debited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreedAccount {
    pub fingerprint: String,
    pub account_type: AccountType,
}

/// An agreement as a payment was opened under it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedAgreement {
    pub authorization: Authorization,
    pub account: AgreedAccount,
    pub caps: Caps,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_number: Option<SealedCardNumber>,
}

impl AgreedAccount {
    pub fn of(bank_account: &BankAccount) -> Self {
        let fingerprint = bank_account.account.fingerprint.clone();
        Self { fingerprint, account_type: bank_account.account_type }
    }
}

impl PinnedAgreement {
    /// What stands now; `None` where nothing was agreed to.
    pub fn of(card: &Card, bank_account: &BankAccount) -> Option<Self> {
        Some(Self {
            authorization: card.authorization.clone()?,
            account: AgreedAccount::of(bank_account),
            caps: card.setup.caps,
            card_number: card.setup.card_number.clone(),
        })
    }

    /// Whether all of it still stands.
    pub fn stands(&self, card: &Card, bank_account: &BankAccount) -> bool {
        Self::of(card, bank_account).as_ref() == Some(self)
    }
}
