//! What a card's holder owes, as Plaid answers it: refreshed about once a day, without limit or currency, which are in the account's
//! balances.

use jiff::civil::Date;
use serde::Deserialize;

use super::amount;
use crate::domain::money::Cents;

/// A card's bill. Every part may be unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardLiability {
    pub account_id: String,
    /// `None` is not "no": few institutions say it.
    pub is_overdue: Option<bool>,
    pub last_payment_amount: Option<Cents>,
    pub last_payment_on: Option<Date>,
    pub last_statement_on: Option<Date>,
    /// All that was owed at the last statement.
    pub last_statement_balance: Option<Cents>,
    pub minimum_payment: Option<Cents>,
    /// `None` when no payment is expected; may be past where the data is old.
    pub next_payment_due_on: Option<Date>,
}

/// `liabilities` of an answer. Student loans and mortgages are not read.
#[derive(Debug, Deserialize)]
pub(crate) struct WireLiabilities {
    #[serde(default, deserialize_with = "super::list")]
    credit: Vec<WireCard>,
}

#[derive(Debug, Deserialize)]
struct WireCard {
    #[serde(default)]
    account_id: Option<String>,
    #[serde(default)]
    is_overdue: Option<bool>,
    #[serde(default, deserialize_with = "amount::optional")]
    last_payment_amount: Option<Cents>,
    #[serde(default)]
    last_payment_date: Option<Date>,
    #[serde(default)]
    last_statement_issue_date: Option<Date>,
    #[serde(default, deserialize_with = "amount::optional")]
    last_statement_balance: Option<Cents>,
    #[serde(default, deserialize_with = "amount::optional")]
    minimum_payment_amount: Option<Cents>,
    #[serde(default)]
    next_payment_due_date: Option<Date>,
}

impl WireLiabilities {
    /// The cards. An entry without an account id belongs to nothing and is left out.
    pub(crate) fn into_cards(self) -> Vec<CardLiability> {
        self.credit.into_iter().filter_map(WireCard::into_liability).collect()
    }
}

impl WireCard {
    fn into_liability(self) -> Option<CardLiability> {
        Some(CardLiability {
            account_id: self.account_id?,
            is_overdue: self.is_overdue,
            last_payment_amount: self.last_payment_amount,
            last_payment_on: self.last_payment_date,
            last_statement_on: self.last_statement_issue_date,
            last_statement_balance: self.last_statement_balance,
            minimum_payment: self.minimum_payment_amount,
            next_payment_due_on: self.next_payment_due_date,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_lists_are_empty_and_an_entry_of_no_account_is_left_out() {
        for (text, cards) in [
            (r#"{}"#, 0),
            (r#"{"credit": null, "student": null, "mortgage": [{}]}"#, 0),
            (r#"{"credit": [{"account_id": null, "aprs": []}, {"account_id": "a", "aprs": [], "new": 1}]}"#, 1),
        ] {
            let wire: WireLiabilities = serde_json::from_str(text).unwrap();
            assert_eq!(wire.into_cards().len(), cards, "{text}");
        }
    }
}
