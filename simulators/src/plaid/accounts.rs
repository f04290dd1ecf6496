//! Accounts at the institutions, and `/accounts/get`, `/accounts/balance/get` and `/auth/get` (plaid.md sections 4.6, 4.9 and 5).
//!
//! What an institution knows of an account and what Plaid has seen of it are two copies of the same [`Account`]. Only a balance call reads the institution's.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Plaid;
use super::call::Call;
use super::error::{self, Failure};
use super::items::Product;
use super::money::{Dollars, amount, date};

/// Account types whose numbers Plaid gives out.
const AUTH_SUBTYPES: [&str; 3] = ["checking", "savings", "cash management"];

/// An account at an institution. Every quirk that real banks have can be said here: nothing is checked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// What control calls call it; unique for its person.
    pub key: String,
    pub name: String,
    #[serde(default)]
    pub official_name: Option<String>,
    #[serde(default)]
    pub mask: Option<String>,
    /// Plaid's own words, or any other.
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub subtype: Option<String>,
    #[serde(default)]
    pub balances: AccountBalances,
    /// Only these accounts can be debited and credited.
    #[serde(default)]
    pub numbers: Option<Numbers>,
    /// Present for credit cards, absent when the institution tells nothing about the bill.
    #[serde(default)]
    pub credit: Option<Credit>,
    #[serde(default)]
    pub persistent_account_id: Option<String>,
    /// Closed accounts are not shown.
    #[serde(default)]
    pub is_closed: bool,
    /// A balance call shows no current balance.
    #[serde(default)]
    pub hides_current_in_balance_call: bool,
    /// Fields that Plaid does not document yet.
    #[serde(default)]
    pub extra: Map<String, Value>,
}

impl std::fmt::Debug for Account {
    /// Names, numbers and balances are not printed.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Account").field("key", &self.key).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccountBalances {
    pub available: Option<Dollars>,
    /// Of a card: owed, negative when the bank owes the holder.
    pub current: Option<Dollars>,
    pub limit: Option<Dollars>,
    pub iso_currency_code: Option<String>,
    pub unofficial_currency_code: Option<String>,
    /// The institution gives balances of this time, whenever it is asked.
    pub last_updated_datetime: Option<Timestamp>,
}

impl Default for AccountBalances {
    fn default() -> Self {
        Self {
            available: None,
            current: None,
            limit: None,
            iso_currency_code: Some("USD".to_owned()),
            unofficial_currency_code: None,
            last_updated_datetime: None,
        }
    }
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Numbers {
    pub account: String,
    pub routing: String,
    #[serde(default)]
    pub wire_routing: Option<String>,
    #[serde(default)]
    pub is_tokenized: bool,
}

impl std::fmt::Debug for Numbers {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Numbers").finish_non_exhaustive()
    }
}

/// What a card's issuer tells about the bill.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Credit {
    pub is_overdue: Option<bool>,
    pub last_payment_amount: Option<Dollars>,
    pub last_payment_date: Option<Date>,
    pub last_statement_issue_date: Option<Date>,
    pub last_statement_balance: Option<Dollars>,
    pub minimum_payment_amount: Option<Dollars>,
    pub next_payment_due_date: Option<Date>,
    pub aprs: Vec<Apr>,
    /// The entry comes without the id of its account.
    pub hides_account_id: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Apr {
    pub apr_percentage: Dollars,
    pub apr_type: String,
    #[serde(default)]
    pub balance_subject_to_apr: Option<Dollars>,
    #[serde(default)]
    pub interest_charge_amount: Option<Dollars>,
}

impl Account {
    pub(crate) fn is_card(&self) -> bool {
        self.kind == "credit"
    }

    fn has_auth(&self) -> bool {
        self.kind == "depository" && self.subtype.as_deref().is_some_and(|subtype| AUTH_SUBTYPES.contains(&subtype))
    }

    /// Money out of the account (plaid.md section 4.8: a positive amount), or into it when negative.
    pub(crate) fn book(&mut self, out: Dollars) {
        let balances = &mut self.balances;
        let current_moves_by = if self.kind == "credit" { out } else { out.negated() };
        balances.current = balances.current.map(|current| current.plus(current_moves_by));
        balances.available = balances.available.map(|available| available.plus(out.negated()));
    }

    /// The `account` object.
    pub(crate) fn view(&self, account_id: &str) -> Value {
        let mut view = json!({
            "account_id": account_id,
            "balances": {
                "available": amount(self.balances.available),
                "current": amount(self.balances.current),
                "limit": amount(self.balances.limit),
                "iso_currency_code": self.balances.iso_currency_code,
                "unofficial_currency_code": self.balances.unofficial_currency_code,
            },
            "mask": self.mask,
            "name": self.name,
            "official_name": self.official_name,
            "type": self.kind,
            "subtype": self.subtype,
        });
        if let Some(at) = self.balances.last_updated_datetime {
            view["balances"]["last_updated_datetime"] = json!(at);
        }
        if let Some(id) = &self.persistent_account_id {
            view["persistent_account_id"] = json!(id);
        }
        for (name, value) in &self.extra {
            view[name] = value.clone();
        }
        view
    }

    fn numbers_view(&self, account_id: &str) -> Option<Value> {
        let numbers = self.numbers.as_ref()?;
        Some(json!({
            "account_id": account_id,
            "account": numbers.account,
            "routing": numbers.routing,
            "wire_routing": numbers.wire_routing,
            "is_tokenized_account_number": numbers.is_tokenized,
        }))
    }
}

impl Credit {
    /// One entry of `liabilities.credit`.
    pub(crate) fn view(&self, account_id: &str) -> Value {
        let aprs: Vec<Value> = self
            .aprs
            .iter()
            .map(|apr| {
                json!({
                    "apr_percentage": apr.apr_percentage.json(),
                    "apr_type": apr.apr_type,
                    "balance_subject_to_apr": amount(apr.balance_subject_to_apr),
                    "interest_charge_amount": amount(apr.interest_charge_amount),
                })
            })
            .collect();
        json!({
            "account_id": if self.hides_account_id { Value::Null } else { json!(account_id) },
            "aprs": aprs,
            "is_overdue": self.is_overdue,
            "last_payment_amount": amount(self.last_payment_amount),
            "last_payment_date": date(self.last_payment_date),
            "last_statement_issue_date": date(self.last_statement_issue_date),
            "last_statement_balance": amount(self.last_statement_balance),
            "minimum_payment_amount": amount(self.minimum_payment_amount),
            "next_payment_due_date": date(self.next_payment_due_date),
        })
    }
}

impl Plaid {
    pub(crate) fn get_accounts(&mut self, call: &Call) -> Result<Value, Failure> {
        let item = self.readable_item(call, true)?;
        let accounts = self.chosen_accounts(item, call)?;
        Ok(json!({
            "accounts": accounts.iter().map(|(id, account)| account.view(id)).collect::<Vec<_>>(),
            "item": self.item_view(item),
        }))
    }

    /// Asks the institution itself; Plaid remembers the balances but tells nobody.
    pub(crate) fn get_balances(&mut self, call: &Call) -> Result<Value, Failure> {
        let item = self.readable_item(call, false)?;
        self.see_balances(item);
        let accounts = self.chosen_accounts(item, call)?;
        let view = |(id, account): &(String, Account)| {
            let mut view = account.view(id);
            if account.hides_current_in_balance_call {
                view["balances"]["current"] = Value::Null;
            }
            view
        };
        Ok(json!({ "accounts": accounts.iter().map(view).collect::<Vec<_>>(), "item": self.item_view(item) }))
    }

    pub(crate) fn get_auth(&mut self, call: &Call) -> Result<Value, Failure> {
        let item = self.readable_item(call, false)?;
        self.require_product(item, Product::Auth)?;
        let mut accounts = self.chosen_accounts(item, call)?;
        accounts.retain(|(_, account)| account.has_auth());
        if accounts.is_empty() {
            return Err(error::NO_AUTH_ACCOUNTS.into());
        }
        let ach: Vec<Value> = accounts.iter().filter_map(|(id, account)| account.numbers_view(id)).collect();
        Ok(json!({
            "accounts": accounts.iter().map(|(id, account)| account.view(id)).collect::<Vec<_>>(),
            "numbers": { "ach": ach, "eft": [], "international": [], "bacs": [] },
            "item": self.item_view(item),
        }))
    }

    /// The open accounts of the item, as Plaid has seen them, or those that the call names.
    pub(crate) fn chosen_accounts(&self, item: usize, call: &Call) -> Result<Vec<(String, Account)>, Failure> {
        let mut accounts = self.open_accounts(item);
        if let Some(ids) = call.account_ids()? {
            let is_of_item = |id: &String| accounts.iter().any(|(known, _)| known == id);
            if !ids.iter().all(is_of_item) {
                return Err(error::INVALID_ACCOUNT_ID.into());
            }
            accounts.retain(|(id, _)| ids.contains(id));
        }
        Ok(accounts)
    }
}
