//! Items and their states, and the `/item/*` endpoints except the exchange (plaid.md sections 4.3 to 4.5 and 5.3).
//!
//! healthy -> login required (reset, consent over, told to) -> healthy again, by update mode without a webhook or elsewhere with `LOGIN_REPAIRED`;
//! -> revoked by the person; -> removed, after which every call answers `ITEM_NOT_FOUND`.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Plaid;
use super::accounts::Account;
use super::call::{Call, is_url};
use super::error::{self, Failure};
use super::transactions::Readiness;
use super::webhooks::Notice;
use crate::ids::Ids;

/// What the simulated institutions can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Product {
    Auth,
    Identity,
    Liabilities,
    Transactions,
}

impl Product {
    pub(crate) const ALL: [Self; 4] = [Self::Auth, Self::Identity, Self::Liabilities, Self::Transactions];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Identity => "identity",
            Self::Liabilities => "liabilities",
            Self::Transactions => "transactions",
        }
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|product| product.name() == name)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ItemState {
    Healthy,
    LoginRequired(Failure),
    Revoked,
    Removed,
}

/// One account of an item: the id that belongs to this item alone, and what Plaid has seen.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SharedAccount {
    pub(crate) account_id: String,
    pub(crate) seen: Account,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    pub(crate) item_id: String,
    /// Ids of this item's accounts and transactions.
    pub(crate) ids: Ids,
    pub(crate) login: usize,
    pub(crate) state: ItemState,
    pub(crate) webhook: Option<String>,
    pub(crate) products: BTreeSet<Product>,
    pub(crate) consented: BTreeSet<Product>,
    pub(crate) accounts: Vec<SharedAccount>,
    pub(crate) consent_expires_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) last_webhook: Option<(Timestamp, &'static str)>,
    /// How much of the institution's log of transactions Plaid has seen.
    pub(crate) seen_changes: usize,
    pub(crate) readiness: Readiness,
    /// `/transactions/sync` was called at least once.
    pub(crate) is_sync_armed: bool,
    pub(crate) last_update_at: Option<Timestamp>,
    /// `liabilities.credit` is null.
    pub(crate) hides_liabilities: bool,
}

impl Item {
    pub(crate) fn account_id(&self, key: &str) -> Option<&str> {
        self.accounts.iter().find(|shared| shared.seen.key == key).map(|shared| shared.account_id.as_str())
    }

    fn error(&self) -> Option<Failure> {
        match &self.state {
            ItemState::Healthy | ItemState::Removed => None,
            ItemState::LoginRequired(failure) => Some(failure.clone()),
            ItemState::Revoked => Some(error::USER_PERMISSION_REVOKED.into()),
        }
    }
}

impl Plaid {
    /// The item of the call's access token, whatever its state, unless it was removed.
    pub(crate) fn item_of(&self, call: &Call) -> Result<usize, Failure> {
        let token = call.text("access_token")?;
        let item = *self.access_tokens.get(token).ok_or(error::INVALID_ACCESS_TOKEN)?;
        match self.items[item].state {
            ItemState::Removed => Err(error::ITEM_NOT_FOUND.into()),
            ItemState::Healthy | ItemState::LoginRequired(_) | ItemState::Revoked => Ok(item),
        }
    }

    /// The item of a call for data, if it may have them in this state.
    pub(crate) fn readable_item(&self, call: &Call, is_cached: bool) -> Result<usize, Failure> {
        let item = self.item_of(call)?;
        match &self.items[item].state {
            ItemState::LoginRequired(_) if is_cached && self.settings.cached_while_login_required => Ok(item),
            ItemState::LoginRequired(failure) => Err(failure.clone()),
            ItemState::Revoked => Err(error::USER_PERMISSION_REVOKED.into()),
            ItemState::Removed => Err(error::ITEM_NOT_FOUND.into()),
            ItemState::Healthy => Ok(item),
        }
    }

    /// A product that was only consented to is billed from its first call.
    pub(crate) fn require_product(&mut self, item: usize, product: Product) -> Result<(), Failure> {
        let item = &mut self.items[item];
        if item.consented.contains(&product) {
            item.products.insert(product);
            Ok(())
        } else {
            Err(error::ADDITIONAL_CONSENT_REQUIRED.into())
        }
    }

    pub(crate) fn open_accounts(&self, item: usize) -> Vec<(String, Account)> {
        let open = self.items[item].accounts.iter().filter(|shared| !shared.seen.is_closed);
        open.map(|shared| (shared.account_id.clone(), shared.seen.clone())).collect()
    }

    /// The `item` object as most endpoints show it.
    pub(crate) fn item_view(&self, item: usize) -> Value {
        let item = &self.items[item];
        let institution_id = &self.logins[item.login].institution_id;
        let products: Vec<&str> = item.products.iter().map(|product| product.name()).collect();
        let others = Product::ALL.into_iter().filter(|product| !item.products.contains(product));
        let available: Vec<&str> = std::iter::once("balance").chain(others.map(Product::name)).collect();
        let has_auth = item.products.contains(&Product::Auth);
        json!({
            "item_id": item.item_id,
            "institution_id": institution_id,
            "institution_name": super::institutions::name(institution_id),
            "webhook": item.webhook,
            "auth_method": if has_auth { json!("INSTANT_AUTH") } else { Value::Null },
            "error": item.error().map(|failure| failure.in_item()),
            "available_products": available,
            "billed_products": products,
            "products": products,
            "consent_expiration_time": item.consent_expires_at,
            "update_type": "background",
        })
    }

    pub(crate) fn get_item(&mut self, call: &Call) -> Result<Value, Failure> {
        let position = self.item_of(call)?;
        let mut view = self.item_view(position);
        let item = &self.items[position];
        view["created_at"] = json!(item.created_at);
        view["consented_products"] = item.consented.iter().map(|product| product.name()).collect();
        let last_webhook =
            item.last_webhook.map(|(sent_at, code_sent)| json!({ "sent_at": sent_at, "code_sent": code_sent }));
        let transactions = item
            .products
            .contains(&Product::Transactions)
            .then(|| json!({ "last_successful_update": item.last_update_at, "last_failed_update": null }));
        let status = json!({ "transactions": transactions, "investments": null, "last_webhook": last_webhook });
        Ok(json!({ "item": view, "status": status }))
    }

    /// Ends the item; its token answers `ITEM_NOT_FOUND` from now on.
    pub(crate) fn remove_item(&mut self, call: &Call) -> Result<Value, Failure> {
        let item = self.item_of(call)?;
        self.items[item].state = ItemState::Removed;
        Ok(json!({}))
    }

    pub(crate) fn update_webhook(&mut self, call: &Call) -> Result<Value, Failure> {
        let item = self.item_of(call)?;
        let webhook = call.optional_text("webhook")?.map(str::to_owned);
        if webhook.as_deref().is_some_and(|url| !is_url(url)) {
            return Err(Failure::field("webhook", "must be a URL"));
        }
        self.items[item].webhook = webhook;
        self.announce(item, Notice::WebhookUpdateAcknowledged);
        Ok(json!({ "item": self.item_view(item) }))
    }

    /// The bank no longer lets Plaid in.
    pub(crate) fn require_login(&mut self, item: usize, reason: Option<String>, is_told: bool) {
        if self.items[item].state != ItemState::Healthy {
            return;
        }
        let failure = Failure { reason, ..Failure::from(error::ITEM_LOGIN_REQUIRED) };
        self.items[item].state = ItemState::LoginRequired(failure.clone());
        if is_told {
            self.announce(item, Notice::Error(failure));
        }
    }

    /// The bank lets Plaid in again: it looks at once. A repair in another application is told.
    pub(crate) fn repair_login(&mut self, item: usize, is_elsewhere: bool) {
        let is_broken = matches!(self.items[item].state, ItemState::LoginRequired(_));
        if is_broken {
            self.items[item].state = ItemState::Healthy;
            if is_elsewhere {
                self.announce(item, Notice::LoginRepaired);
            }
        }
        self.see(item);
    }
}
