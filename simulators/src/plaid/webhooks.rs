//! What Plaid tells about items (plaid.md section 3): every notice with its body as it is sent.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Plaid;
use super::accounts::Numbers;
use super::error::{self, Failure};
use super::faults::Forgery;
use super::items::Product;

/// Which part of an account's numbers changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AuthChange {
    AccountNumber,
    RoutingNumber,
}

impl AuthChange {
    pub(crate) fn between(seen: Option<&Numbers>, now: Option<&Numbers>) -> Vec<Self> {
        let is_other = |part: fn(&Numbers) -> &str| seen.map(part) != now.map(part);
        let account = is_other(|numbers| &numbers.account).then_some(Self::AccountNumber);
        let routing = is_other(|numbers| &numbers.routing).then_some(Self::RoutingNumber);
        account.into_iter().chain(routing).collect()
    }

    fn name(self) -> &'static str {
        match self {
            Self::AccountNumber => "ACCOUNT_NUMBER",
            Self::RoutingNumber => "ROUTING_NUMBER",
        }
    }
}

/// Something to tell about an item.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Notice {
    LiabilitiesUpdate { updated: Vec<(String, Vec<String>)> },
    AuthUpdate { updated: Vec<(String, Vec<AuthChange>)> },
    SyncUpdatesAvailable { is_historical_complete: bool },
    InitialUpdate { new_transactions: usize },
    HistoricalUpdate { new_transactions: usize },
    TransactionsUpdate { new_transactions: usize },
    TransactionsRemoved { transaction_ids: Vec<String> },
    RecurringTransactionsUpdate,
    Error(Failure),
    LoginRepaired,
    PendingDisconnect { at: Timestamp },
    NewAccountsAvailable,
    UserPermissionRevoked,
    UserAccountRevoked { account_id: String },
    WebhookUpdateAcknowledged,
}

impl Notice {
    pub(crate) fn kind(&self) -> (&'static str, &'static str) {
        match self {
            Self::LiabilitiesUpdate { .. } => ("LIABILITIES", "DEFAULT_UPDATE"),
            Self::AuthUpdate { .. } => ("AUTH", "DEFAULT_UPDATE"),
            Self::SyncUpdatesAvailable { .. } => ("TRANSACTIONS", "SYNC_UPDATES_AVAILABLE"),
            Self::InitialUpdate { .. } => ("TRANSACTIONS", "INITIAL_UPDATE"),
            Self::HistoricalUpdate { .. } => ("TRANSACTIONS", "HISTORICAL_UPDATE"),
            Self::TransactionsUpdate { .. } => ("TRANSACTIONS", "DEFAULT_UPDATE"),
            Self::TransactionsRemoved { .. } => ("TRANSACTIONS", "TRANSACTIONS_REMOVED"),
            Self::RecurringTransactionsUpdate => ("TRANSACTIONS", "RECURRING_TRANSACTIONS_UPDATE"),
            Self::Error(_) => ("ITEM", "ERROR"),
            Self::LoginRepaired => ("ITEM", "LOGIN_REPAIRED"),
            Self::PendingDisconnect { .. } => ("ITEM", "PENDING_DISCONNECT"),
            Self::NewAccountsAvailable => ("ITEM", "NEW_ACCOUNTS_AVAILABLE"),
            Self::UserPermissionRevoked => ("ITEM", "USER_PERMISSION_REVOKED"),
            Self::UserAccountRevoked { .. } => ("ITEM", "USER_ACCOUNT_REVOKED"),
            Self::WebhookUpdateAcknowledged => ("ITEM", "WEBHOOK_UPDATE_ACKNOWLEDGED"),
        }
    }

    /// The product that an item must have to be told this.
    pub(crate) fn product(&self) -> Option<Product> {
        match self {
            Self::LiabilitiesUpdate { .. } => Some(Product::Liabilities),
            Self::AuthUpdate { .. } => Some(Product::Auth),
            Self::SyncUpdatesAvailable { .. }
            | Self::InitialUpdate { .. }
            | Self::HistoricalUpdate { .. }
            | Self::TransactionsUpdate { .. }
            | Self::TransactionsRemoved { .. }
            | Self::RecurringTransactionsUpdate => Some(Product::Transactions),
            Self::Error(_)
            | Self::LoginRepaired
            | Self::PendingDisconnect { .. }
            | Self::NewAccountsAvailable
            | Self::UserPermissionRevoked
            | Self::UserAccountRevoked { .. }
            | Self::WebhookUpdateAcknowledged => None,
        }
    }

    /// The fields besides type, code, item and environment.
    fn fields(&self, webhook: &str, account_ids: &[&str]) -> Value {
        match self {
            Self::LiabilitiesUpdate { updated } => {
                let updated: Map<String, Value> =
                    updated.iter().map(|(id, names)| (id.clone(), json!(names))).collect();
                json!({
                    "account_ids_with_new_liabilities": [], "account_ids_with_updated_liabilities": updated, "error": null,
                })
            }
            Self::AuthUpdate { updated } => {
                let names = |changes: &[AuthChange]| changes.iter().map(|change| change.name()).collect::<Vec<_>>();
                let updated: Map<String, Value> =
                    updated.iter().map(|(id, changes)| (id.clone(), json!(names(changes)))).collect();
                json!({ "account_ids_with_new_auth": [], "account_ids_with_updated_auth": updated, "error": null })
            }
            Self::SyncUpdatesAvailable { is_historical_complete } => {
                json!({ "initial_update_complete": true, "historical_update_complete": is_historical_complete })
            }
            Self::InitialUpdate { new_transactions }
            | Self::HistoricalUpdate { new_transactions }
            | Self::TransactionsUpdate { new_transactions } => {
                json!({ "error": null, "new_transactions": new_transactions })
            }
            Self::TransactionsRemoved { transaction_ids } => {
                json!({ "error": null, "removed_transactions": transaction_ids })
            }
            Self::RecurringTransactionsUpdate => json!({ "account_ids": account_ids }),
            Self::Error(failure) => json!({ "error": failure.in_webhook() }),
            Self::LoginRepaired => json!({}),
            Self::PendingDisconnect { at } => {
                json!({ "reason": "INSTITUTION_TOKEN_EXPIRATION", "disconnect_time": at })
            }
            Self::NewAccountsAvailable => json!({ "error": null }),
            Self::UserPermissionRevoked => {
                // Inside the webhook the code has been seen as an error of the item.
                let failure = Failure { error_type: "ITEM_ERROR", ..error::USER_PERMISSION_REVOKED.into() };
                json!({ "error": failure.in_webhook() })
            }
            Self::UserAccountRevoked { account_id } => json!({ "account_id": account_id }),
            Self::WebhookUpdateAcknowledged => json!({ "error": null, "new_webhook_url": webhook }),
        }
    }
}

impl Plaid {
    /// Sends the notice to the item's webhook URL, if it has one and the product; answers whether it does.
    pub(crate) fn announce(&mut self, item: usize, notice: Notice) -> bool {
        let (webhook_type, webhook_code) = notice.kind();
        let known = &self.items[item];
        let Some(url) = known.webhook.clone() else { return false };
        if notice.product().is_some_and(|product| !known.products.contains(&product)) {
            return false;
        }
        let account_ids: Vec<&str> = known.accounts.iter().map(|shared| shared.account_id.as_str()).collect();
        let fields = notice.fields(&url, &account_ids);
        self.items[item].last_webhook = Some((self.now, webhook_code));
        self.send(item, webhook_type, webhook_code, fields, None, url);
        true
    }

    /// Sends a webhook with any fields, true or forged; fields of its own win over the usual ones.
    pub(crate) fn send(
        &mut self,
        item: usize,
        webhook_type: &str,
        webhook_code: &str,
        fields: Value,
        forgery: Option<Forgery>,
        url: String,
    ) {
        let mut body = json!({
            "webhook_type": webhook_type,
            "webhook_code": webhook_code,
            "item_id": self.items[item].item_id,
            "environment": self.settings.environment.name(),
        });
        if let Value::Object(fields) = fields {
            for (name, value) in fields {
                body[name] = value;
            }
        }
        // Plaid's bytes: two spaces, sorted keys, no newline at the end (plaid.md section 2.1).
        let body = serde_json::to_string_pretty(&body).unwrap_or_default();
        self.queue_webhook(url, body, forgery);
    }
}
