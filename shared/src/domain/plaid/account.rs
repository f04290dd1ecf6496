//! Accounts of an item and their balances, as Plaid answers them.
//!
//! Only what a person shared is answered, and no closed account: an account that is missing was closed, taken back or given a new id.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use super::amount;
use crate::domain::money::Cents;

/// One account of an item.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PlaidAccount {
    /// Stable within an item as long as Plaid recognizes the account; another one after linking again.
    pub account_id: String,
    pub balances: Balances,
    /// Two to four characters, not always the last ones of the number, and not unique within an item.
    #[serde(default)]
    pub mask: Option<String>,
    pub name: String,
    #[serde(default)]
    pub official_name: Option<String>,
    #[serde(rename = "type")]
    pub kind: AccountKind,
    /// Such as `credit card` or `checking`, in Plaid's words.
    #[serde(default)]
    pub subtype: Option<String>,
    /// The same across items, where the institution allows it; never of cards.
    #[serde(default)]
    pub persistent_account_id: Option<String>,
}

/// What sort of account. A sort that is newer than this code is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountKind {
    Depository,
    Credit,
    Loan,
    /// `investment`, and `brokerage` as it was once called.
    Investment,
    Other,
    Unknown(String),
}

/// Balances in cents. Cached by Plaid, unless they were asked for at the institution; without a time except at Capital One, so whoever
/// keeps them notes when they were read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Balances {
    /// What may be spent. Of a card usually the limit less what is owed; often not there.
    #[serde(default, deserialize_with = "amount::optional")]
    pub available: Option<Cents>,
    /// Of a card what is owed, negative where the issuer owes the holder; of a bank account what is on it.
    #[serde(default, deserialize_with = "amount::optional")]
    pub current: Option<Cents>,
    #[serde(default, deserialize_with = "amount::optional")]
    pub limit: Option<Cents>,
    /// `None` where the currency is none of ISO 4217.
    #[serde(default)]
    pub iso_currency_code: Option<String>,
    #[serde(default)]
    pub last_updated_datetime: Option<Timestamp>,
}

impl Balances {
    /// Whether the amounts are US dollars, the one currency in which anything is decided.
    pub fn is_usd(&self) -> bool {
        self.iso_currency_code.as_deref() == Some("USD")
    }
}

impl AccountKind {
    pub fn parse(text: &str) -> Self {
        match text {
            "depository" => Self::Depository,
            "credit" => Self::Credit,
            "loan" => Self::Loan,
            "investment" | "brokerage" => Self::Investment,
            "other" => Self::Other,
            unknown => Self::Unknown(unknown.to_owned()),
        }
    }
}

impl<'de> Deserialize<'de> for AccountKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::parse(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_with_everything_missing_that_may_be_missing_is_read() {
        let account: PlaidAccount = serde_json::from_str(
            r#"{"account_id": "a", "name": "Card", "mask": null, "official_name": null, "type": "credit", "subtype": null,
                "balances": {"available": null, "current": -12.5, "limit": null, "iso_currency_code": null,
                    "unofficial_currency_code": "BTC"}}"#,
        )
        .unwrap();
        assert_eq!(account.balances.current, Some(Cents::new(-1_250)));
        assert_eq!((account.balances.limit, account.balances.is_usd()), (None, false));
    }

    #[test]
    fn a_sort_of_account_that_nobody_knows_yet_is_kept() {
        for (text, kind) in [
            ("credit", AccountKind::Credit),
            ("brokerage", AccountKind::Investment),
            ("payroll", AccountKind::Unknown("payroll".to_owned())),
        ] {
            assert_eq!(AccountKind::parse(text), kind);
        }
    }
}
