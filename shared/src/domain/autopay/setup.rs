//! Setting a card up: what is there, and what is missing. A set-up left half way is resumed where it stopped.

use serde::{Deserialize, Serialize};

use super::card::Card;
use super::card_number::fits_mask;
use super::ids::BankAccountId;
use super::rule::{Caps, Rule};

/// What a person has chosen so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_account_id: Option<BankAccountId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    #[serde(default)]
    pub caps: Caps,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_number: Option<SealedCardNumber>,
}

/// The number by which the issuer knows whom the check is for. Plaid does not give it: the person enters it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedCardNumber {
    /// Sealed under the card's key.
    pub sealed: String,
    pub last4: String,
}

impl std::fmt::Debug for SealedCardNumber {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SealedCardNumber(…{})", self.last4)
    }
}

/// What is still to be done before a card can be paid, in the order in which a person is asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// Two cards of this link agree in everything that is known of them; no step of the person's helps.
    CannotTellCardsApart,
    /// It looks like a card that was linked before: say whether it is that card or another one.
    SameOrAnother,
    /// Choose the bank account to pay from.
    BankAccount,
    /// Choose when and how much to pay.
    Rule,
    /// Enter the card's number, or enter it anew: the card that is linked ends otherwise by now.
    CardNumber,
    /// The issuer's address for checks is not in the biller directory: an operator enters it.
    RemittanceAddress,
    /// Agree to the debits, for the bank account that is chosen.
    Authorization,
}

impl Missing {
    /// For people.
    pub const fn text(self) -> &'static str {
        match self {
            Missing::CannotTellCardsApart => "two cards of this link cannot be told apart",
            Missing::SameOrAnother => {
                "it looks like a card that you linked before: say whether it is that card or another one"
            }
            Missing::BankAccount => "choose the bank account to pay from",
            Missing::Rule => "choose when and how much to pay",
            Missing::CardNumber => "enter the card's number, which goes on the check",
            Missing::RemittanceAddress => "the issuer's address for checks is not known yet; we are looking for it",
            Missing::Authorization => "agree to the debits from the bank account",
        }
    }
}

/// What is missing. `has_remittance_address` is the biller directory's word for the card's institution.
pub fn missing(card: &Card, has_remittance_address: bool) -> Vec<Missing> {
    let setup = &card.setup;
    let authorized = || {
        let bank_account_id = setup.bank_account_id?;
        card.authorization.as_ref().filter(|authorization| authorization.is_in_force(bank_account_id))
    };
    // A number that was right once is of another card after the issuer has replaced it.
    let fits = |number: &SealedCardNumber| {
        fault!(CardNumberOfAnotherCard, true, fits_mask(&number.last4, card.mask.as_deref()))
    };
    let has_number = setup.card_number.as_ref().is_some_and(fits);
    let steps = [
        (Missing::CannotTellCardsApart, card.has_duplicate),
        (Missing::SameOrAnother, card.looks_like.is_some()),
        (Missing::BankAccount, setup.bank_account_id.is_none()),
        (Missing::Rule, setup.rule.is_none()),
        (Missing::CardNumber, !has_number),
        (Missing::RemittanceAddress, !has_remittance_address),
        (Missing::Authorization, authorized().is_none()),
    ];
    steps.into_iter().filter(|(_, is_missing)| *is_missing).map(|(step, _)| step).collect()
}
