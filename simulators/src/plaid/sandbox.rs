//! The `/sandbox/*` endpoints (plaid.md section 4.13). `user_custom` and passwords that stand for errors are left out: control calls say more.

use serde_json::{Value, json};

use super::accounts::Account;
use super::call::{Call, is_url};
use super::error::{self, Failure};
use super::items::ItemState;
use super::link::{Wish, products};
use super::webhooks::Notice;
use super::{Environment, Plaid};

/// The user whom every institution of the Sandbox knows.
const USER_GOOD: &str = "user_good";

impl Plaid {
    fn in_sandbox(&self) -> Result<(), Failure> {
        match self.settings.environment {
            Environment::Sandbox => Ok(()),
            Environment::Production => Err(error::SANDBOX_ONLY.into()),
        }
    }

    /// Link without a person at the screen.
    pub(crate) fn create_public_token(&mut self, call: &Call) -> Result<Value, Failure> {
        self.in_sandbox()?;
        let institution_id = call.text("institution_id")?.to_owned();
        self.known_institution(&institution_id)?;
        let webhook = call.option("webhook").and_then(Value::as_str).map(str::to_owned);
        if webhook.as_deref().is_some_and(|url| !is_url(url)) {
            return Err(Failure::field("webhook", "must be a URL"));
        }
        let products = products(call, "initial_products")?;
        if products.is_empty() {
            return Err(Failure::field("initial_products", "must not be empty"));
        }
        let user_id = call.option("override_username").and_then(Value::as_str).unwrap_or(USER_GOOD).to_owned();
        if user_id == USER_GOOD && self.find_login(&user_id, &institution_id).is_none() {
            self.add_login(user_id.clone(), institution_id.clone(), accounts_of_user_good(&institution_id)?)?;
        }
        let login = self.find_login(&user_id, &institution_id).ok_or(error::INVALID_CREDENTIALS)?;
        let wish = Wish { webhook, consented: products.clone(), products, filters: Vec::new() };
        let linked = self.link(login, &wish, None)?;
        Ok(json!({ "public_token": linked["public_token"] }))
    }

    pub(crate) fn reset_login(&mut self, call: &Call) -> Result<Value, Failure> {
        self.in_sandbox()?;
        let item = self.item_of(call)?;
        self.require_login(item, None, true);
        Ok(json!({ "reset_login": true }))
    }

    /// Sends one of the webhooks that Plaid lets a developer ask for. Without a type, a code that several products have means transactions.
    pub(crate) fn fire_webhook(&mut self, call: &Call) -> Result<Value, Failure> {
        self.in_sandbox()?;
        let item = self.item_of(call)?;
        let webhook_type = call.optional_text("webhook_type")?;
        let notice = self.notice_to_fire(item, webhook_type, call.text("webhook_code")?)?;
        if self.items[item].webhook.is_none() {
            return Err(error::SANDBOX_WEBHOOK_INVALID.into());
        }
        if !self.announce(item, notice) {
            return Err(error::SANDBOX_PRODUCT_NOT_ENABLED.into());
        }
        Ok(json!({ "webhook_fired": true }))
    }

    fn notice_to_fire(&self, item: usize, webhook_type: Option<&str>, code: &str) -> Result<Notice, Failure> {
        let item = &self.items[item];
        let notice = match (webhook_type, code) {
            (Some("LIABILITIES"), "DEFAULT_UPDATE") => Notice::LiabilitiesUpdate { updated: Vec::new() },
            (Some("AUTH"), "DEFAULT_UPDATE") => Notice::AuthUpdate { updated: Vec::new() },
            (None | Some("TRANSACTIONS"), "DEFAULT_UPDATE") => Notice::TransactionsUpdate { new_transactions: 0 },
            (None | Some("TRANSACTIONS"), "SYNC_UPDATES_AVAILABLE") => {
                Notice::SyncUpdatesAvailable { is_historical_complete: true }
            }
            (None | Some("TRANSACTIONS"), "RECURRING_TRANSACTIONS_UPDATE") => Notice::RecurringTransactionsUpdate,
            (None | Some("ITEM"), "NEW_ACCOUNTS_AVAILABLE") => Notice::NewAccountsAvailable,
            (None | Some("ITEM"), "USER_PERMISSION_REVOKED") => Notice::UserPermissionRevoked,
            (None | Some("ITEM"), "USER_ACCOUNT_REVOKED") => {
                let account_id = item.accounts.first().map(|shared| shared.account_id.clone()).unwrap_or_default();
                Notice::UserAccountRevoked { account_id }
            }
            (None | Some("ITEM"), "PENDING_DISCONNECT") => Notice::PendingDisconnect {
                at: self.now.saturating_add(super::NOTICE_OF_DISCONNECT).unwrap_or(self.now),
            },
            (None | Some("ITEM"), "LOGIN_REPAIRED") => Notice::LoginRepaired,
            (None | Some("ITEM"), "ERROR") => match &item.state {
                ItemState::LoginRequired(failure) => Notice::Error(failure.clone()),
                ItemState::Healthy | ItemState::Revoked | ItemState::Removed => {
                    Notice::Error(error::ITEM_LOGIN_REQUIRED.into())
                }
            },
            (_, _) => return Err(Failure::field("webhook_code", "cannot be fired with this webhook_type")),
        };
        Ok(notice)
    }
}

/// Checking, saving and the two cards of the Sandbox: one card with a null available balance, one without.
fn accounts_of_user_good(institution_id: &str) -> Result<Vec<Account>, Failure> {
    let routing = super::institutions::routing_number(institution_id);
    let bill = |balance: &str| {
        json!({
            "is_overdue": false, "last_payment_amount": "168.25", "last_statement_balance": balance, "minimum_payment_amount": "20",
            "aprs": [{ "apr_percentage": "15.24", "apr_type": "balance_transfer_apr" }],
        })
    };
    let accounts = json!([
        {
            "key": "checking", "name": "Plaid Checking", "official_name": "Plaid Gold Standard 0% Interest Checking", "mask": "0000",
            "type": "depository", "subtype": "checking", "balances": { "available": 100, "current": 110 },
            "numbers": { "account": "1111222233330000", "routing": routing },
        },
        {
            "key": "saving", "name": "Plaid Saving", "official_name": "Plaid Silver Standard 0.1% Interest Saving", "mask": "1111",
            "type": "depository", "subtype": "savings", "balances": { "available": 200, "current": 210 },
            "numbers": { "account": "1111222233331111", "routing": routing },
        },
        {
            "key": "card", "name": "Plaid Credit Card", "official_name": "Plaid Diamond 12.5% APR Interest Credit Card", "mask": "3333",
            "type": "credit", "subtype": "credit card", "balances": { "current": 410, "limit": 2000 }, "credit": bill("1708.77"),
        },
        {
            "key": "business card", "name": "Plaid Business Credit Card", "official_name": "Plaid Platinum Small Business Credit Card",
            "mask": "9999", "type": "credit", "subtype": "credit card",
            "balances": { "available": 4980, "current": 5020, "limit": 10000 }, "credit": bill("5020"),
        },
    ]);
    serde_json::from_value(accounts).map_err(|_| error::INTERNAL_SERVER_ERROR.into())
}
