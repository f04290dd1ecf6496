//! `/liabilities/get` (plaid.md section 4.7): credit cards only.

use serde_json::{Value, json};

use super::Plaid;
use super::accounts::Account;
use super::call::Call;
use super::error::{self, Failure};
use super::items::Product;

impl Plaid {
    pub(crate) fn get_liabilities(&mut self, call: &Call) -> Result<Value, Failure> {
        let item = self.readable_item(call, true)?;
        self.require_product(item, Product::Liabilities)?;
        let accounts = self.chosen_accounts(item, call)?;
        if !accounts.iter().any(|(_, account)| account.is_card()) {
            return Err(error::NO_LIABILITY_ACCOUNTS.into());
        }
        let credit: Vec<Value> =
            accounts.iter().filter_map(|(id, account)| account.credit.as_ref().map(|credit| credit.view(id))).collect();
        let credit = if self.items[item].hides_liabilities { Value::Null } else { Value::Array(credit) };
        Ok(json!({
            "accounts": accounts.iter().map(|(id, account)| account.view(id)).collect::<Vec<_>>(),
            "item": self.item_view(item),
            "liabilities": { "credit": credit, "mortgage": null, "student": null },
        }))
    }
}

/// The names of the bill's fields that differ; empty when only the balances do.
pub(crate) fn changed_fields(seen: &Account, now: &Account) -> Vec<String> {
    let view = |account: &Account| account.credit.as_ref().map_or(Value::Null, |credit| credit.view(""));
    let (seen, now) = (view(seen), view(now));
    let names = now.as_object().or_else(|| seen.as_object()).into_iter().flat_map(|fields| fields.keys());
    names.filter(|name| seen[name.as_str()] != now[name.as_str()]).cloned().collect()
}
