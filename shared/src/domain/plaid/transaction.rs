//! Transactions, as `/transactions/sync` answers them.
//!
//! Amounts are positive where money leaves the account: a purchase with a card is positive, a payment to it negative. A pending
//! transaction that is posted is removed and added again under a new id. Changes come again after a restart: whoever keeps transactions
//! puts the added ones over what is there.

use jiff::civil::Date;
use serde::Deserialize;

use super::amount;
use crate::domain::money::Cents;

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PlaidTransaction {
    pub transaction_id: String,
    pub account_id: String,
    #[serde(deserialize_with = "amount::required")]
    pub amount: Cents,
    #[serde(default)]
    pub iso_currency_code: Option<String>,
    /// When it was posted; of a pending one when it happened.
    pub date: Date,
    #[serde(default)]
    pub authorized_date: Option<Date>,
    pub pending: bool,
    /// The pending transaction that this one replaces, where Plaid could match the two.
    #[serde(default)]
    pub pending_transaction_id: Option<String>,
    /// Of a check, where the institution tells it.
    #[serde(default)]
    pub check_number: Option<String>,
    #[serde(default)]
    pub personal_finance_category: Option<Category>,
}

/// Plaid's guess at what a transaction was for, such as `LOAN_PAYMENTS_CREDIT_CARD_PAYMENT`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Category {
    pub primary: String,
    pub detailed: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RemovedTransaction {
    pub transaction_id: String,
    #[serde(default)]
    pub account_id: Option<String>,
}

/// Everything that changed since a cursor, whole: apply it together with the new cursor in one write, or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransactionChanges {
    pub added: Vec<PlaidTransaction>,
    pub modified: Vec<PlaidTransaction>,
    pub removed: Vec<RemovedTransaction>,
    /// Where to go on next time. `None` while Plaid has nothing yet: keep the cursor there is.
    pub next_cursor: Option<String>,
    /// Read from the first transaction on, because Plaid no longer took the cursor: what is kept and not among `added` is gone.
    pub from_the_beginning: bool,
}
