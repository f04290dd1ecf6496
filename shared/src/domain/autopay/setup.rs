//! Setting a card up: what is there, and what is missing. A set-up left half way is resumed where it stopped.

use serde::{Deserialize, Serialize};

use super::card::Card;
use super::ids::BankAccountId;
use super::rule::{Caps, Rule};
use crate::domain::secret::AccountNumber;

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
    /// Choose the bank account to pay from.
    BankAccount,
    /// Choose when and how much to pay.
    Rule,
    /// Enter the card's number.
    CardNumber,
    /// The issuer's address for checks is not in the biller directory: an operator enters it.
    RemittanceAddress,
    /// Agree to the debits, for the bank account that is chosen.
    Authorisation,
}

impl Missing {
    /// For people.
    pub const fn text(self) -> &'static str {
        match self {
            Missing::CannotTellCardsApart => "two cards of this link cannot be told apart",
            Missing::BankAccount => "choose the bank account to pay from",
            Missing::Rule => "choose when and how much to pay",
            Missing::CardNumber => "enter the card's number, which goes on the check",
            Missing::RemittanceAddress => "the issuer's address for checks is not known yet; we are looking for it",
            Missing::Authorisation => "agree to the debits from the bank account",
        }
    }
}

/// Whether this can be a card's number: 12 to 19 digits, the last of which checks the others (ISO/IEC 7812-1). A slip of one digit would
/// pay a stranger's bill.
pub fn is_card_number(number: &AccountNumber) -> bool {
    let digits = number.expose();
    let is_long_enough = (12..=19).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let sum: u32 = digits
        .bytes()
        .rev()
        .zip([false, true].into_iter().cycle())
        .map(|(digit, is_second)| (u32::from(digit.wrapping_sub(b'0')), is_second))
        .map(|(digit, is_second)| if is_second { doubled(digit % 10) } else { digit % 10 })
        .sum();
    is_long_enough && sum.is_multiple_of(10)
}

/// What is missing. `has_remittance_address` is the biller directory's word for the card's institution.
pub fn missing(card: &Card, has_remittance_address: bool) -> Vec<Missing> {
    let setup = &card.setup;
    let authorised = || {
        let bank_account_id = setup.bank_account_id?;
        card.authorisation.as_ref().filter(|authorisation| authorisation.is_in_force(bank_account_id))
    };
    let steps = [
        (Missing::CannotTellCardsApart, card.has_twin),
        (Missing::BankAccount, setup.bank_account_id.is_none()),
        (Missing::Rule, setup.rule.is_none()),
        (Missing::CardNumber, setup.card_number.is_none()),
        (Missing::RemittanceAddress, !has_remittance_address),
        (Missing::Authorisation, authorised().is_none()),
    ];
    steps.into_iter().filter(|(_, is_missing)| *is_missing).map(|(step, _)| step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wrong_digit_is_no_card_number() {
        let right = "4111111111111111";
        assert!(is_card_number(&AccountNumber::new(right)));
        assert!(is_card_number(&AccountNumber::new("378282246310005")));
        for wrong in
            ["4111111111111112", "4111 1111 1111 1111", "411111111111", "", "x111111111111111", &"0".repeat(20)]
        {
            assert!(!is_card_number(&AccountNumber::new(wrong)), "{wrong}");
        }
        for place in 0..right.len() {
            let slip: String = right.char_indices().map(|(at, digit)| if at == place { '7' } else { digit }).collect();
            assert!(!is_card_number(&AccountNumber::new(slip)), "{place}");
        }
    }
}
