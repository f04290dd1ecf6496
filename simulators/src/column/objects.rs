//! Column's objects other than transfers, in the shape the API shows them (column.md section 3).

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Column's own routing number; an account behind it is an account of the simulated bank.
pub(crate) const ROUTING_NUMBER: &str = "121145307";
pub(crate) const BIC: &str = "CLNOUS66";

/// An object as JSON text. Objects of the simulated bank have text keys and plain values only, so this cannot fail.
pub(crate) fn json<T: Serialize + ?Sized>(object: &T) -> String {
    serde_json::to_string(object).unwrap_or_default()
}

/// Objects of one kind in order of creation, found by id. Positions never change.
#[derive(Clone, PartialEq)]
pub(crate) struct Collection<T> {
    items: Vec<T>,
    positions: HashMap<String, usize>,
}

impl<T> Default for Collection<T> {
    fn default() -> Self {
        Self { items: Vec::new(), positions: HashMap::new() }
    }
}

impl<T> Collection<T> {
    pub(crate) fn push(&mut self, id: &str, item: T) -> usize {
        let position = self.items.len();
        self.positions.insert(id.to_owned(), position);
        self.items.push(item);
        position
    }

    pub(crate) fn position(&self, id: &str) -> Option<usize> {
        self.positions.get(id).copied()
    }

    pub(crate) fn find(&self, id: &str) -> Option<&T> {
        self.positions.get(id).and_then(|position| self.items.get(*position))
    }

    pub(crate) fn find_mut(&mut self, id: &str) -> Option<&mut T> {
        self.positions.get(id).and_then(|position| self.items.get_mut(*position))
    }

    /// A position that this collection gave out.
    pub(crate) fn at(&self, position: usize) -> &T {
        &self.items[position]
    }

    pub(crate) fn at_mut(&mut self, position: usize) -> &mut T {
        &mut self.items[position]
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.items.iter()
    }

    /// Takes an object out of sight; its position stays, for what refers to it.
    pub(crate) fn hide(&mut self, id: &str) -> bool {
        self.positions.remove(id).is_some()
    }

    pub(crate) fn is_visible(&self, id: &str) -> bool {
        self.positions.contains_key(id)
    }
}

/// Whole cents. Wider than any sum of transfers, each of at most ten digits, can become.
pub(crate) type Cents = i128;

/// The four balances of an account, or of all accounts, in cents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balances {
    /// May be spent now; negative when a debit came back after it was spent.
    pub available_amount: Cents,
    /// Pulled by debits that are not available yet.
    pub pending_amount: Cents,
    pub holding_amount: Cents,
    pub locked_amount: Cents,
}

#[derive(Clone, PartialEq, Serialize)]
pub(crate) struct BankAccount {
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) status: &'static str,
    pub(crate) currency_code: &'static str,
    pub(crate) description: String,
    pub(crate) display_name: String,
    pub(crate) owners: Vec<String>,
    pub(crate) balances: Balances,
    pub(crate) routing_number: &'static str,
    pub(crate) bic: &'static str,
    pub(crate) default_account_number: String,
    pub(crate) default_account_number_id: String,
    pub(crate) is_overdraftable: bool,
    pub(crate) overdraft_reserve_account_id: &'static str,
    pub(crate) is_interest_bearing: bool,
    pub(crate) interest_config_id: &'static str,
    pub(crate) fdic_insurance: &'static str,
    pub(crate) created_at: Timestamp,
    /// Positions of this account's ACH transfers, in order of creation.
    #[serde(skip)]
    pub(crate) transfers: Vec<usize>,
}

#[derive(Clone, PartialEq, Serialize)]
pub(crate) struct AccountNumber {
    pub(crate) id: String,
    pub(crate) account_number: String,
    pub(crate) routing_number: &'static str,
    pub(crate) bic: &'static str,
    pub(crate) bank_account_id: String,
    pub(crate) description: String,
    pub(crate) check_issuing_positive_pay_required: bool,
    pub(crate) check_issuing_prefund_required: Option<bool>,
    pub(crate) check_issuing_manual_settlement_required: bool,
    pub(crate) created_at: Timestamp,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Address {
    #[serde(default)]
    pub(crate) line_1: String,
    #[serde(default)]
    pub(crate) line_2: String,
    #[serde(default)]
    pub(crate) city: String,
    #[serde(default)]
    pub(crate) state: String,
    #[serde(default)]
    pub(crate) postal_code: String,
    #[serde(default)]
    pub(crate) country_code: String,
}

#[derive(Clone, PartialEq, Serialize)]
pub(crate) struct Counterparty {
    pub(crate) id: String,
    pub(crate) routing_number: String,
    pub(crate) account_number: String,
    pub(crate) routing_number_type: String,
    pub(crate) account_type: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) email: String,
    pub(crate) phone: String,
    /// Boxed: the payees of a payroll have none.
    pub(crate) address: Option<Box<Address>>,
    pub(crate) legal_id: String,
    pub(crate) legal_type: String,
    pub(crate) local_bank_code: String,
    pub(crate) local_bank_name: String,
    pub(crate) local_account_number: String,
    pub(crate) local_bank_country_code: String,
    pub(crate) is_column_account: bool,
    pub(crate) wire_drawdown_allowed: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

#[derive(Clone, PartialEq, Serialize)]
pub(crate) struct BusinessDetails {
    pub(crate) business_name: String,
    pub(crate) ein: String,
    pub(crate) website: String,
    pub(crate) industry: String,
    pub(crate) legal_type: String,
    pub(crate) address: Option<Address>,
}

#[derive(Clone, PartialEq, Serialize)]
pub(crate) struct Entity {
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) is_root: bool,
    pub(crate) verification_status: &'static str,
    pub(crate) review_reasons: Vec<String>,
    pub(crate) documents: Vec<String>,
    pub(crate) requires_screening: bool,
    pub(crate) business_details: BusinessDetails,
    #[serde(skip)]
    pub(crate) created_at: Timestamp,
}
