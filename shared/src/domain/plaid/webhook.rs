//! Plaid's webhooks: hints that the state of an item changed, without an event id, a time or an order (Plaid documentation, "Webhooks").
//!
//! Guarantees: reading one asks for its type and code alone, and for no shape of anything else; what is newer than this code is kept as
//! [`WebhookEvent::Unknown`]. The catalog covers what concerns liabilities, transactions, items and account numbers. Nothing of it is
//! personal or secret, so a webhook may be kept and logged, and no text of it is long: what is longer than anything that Plaid sends counts
//! as not there. Limit: a body can be the same as that of an earlier event; read the item again
//! instead of believing the body.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::PlaidFault;

/// Types, codes and ids of Plaid have less than half of this.
const TEXT_BYTES_MAX: usize = 128;

/// Accounts of one item that a webhook names. Where it names more, all are meant.
const ACCOUNTS_MAX: usize = 100;

/// A webhook as it was read. Verify it first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// `None` for webhooks that concern no single item.
    pub item_id: Option<String>,
    pub event: WebhookEvent,
}

/// What a webhook tells. Parts that may be missing are empty then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WebhookEvent {
    /// `LIABILITIES`: bills changed. Plaid's lists of accounts may be empty all the same.
    LiabilitiesChanged,
    /// `TRANSACTIONS`, under any of its codes: several come for one change.
    TransactionsChanged {
        code: TransactionsCode,
    },
    /// `ITEM` / `ERROR`. `None` where the error could not be read.
    ItemError {
        fault: Option<PlaidFault>,
    },
    /// The item works again, without our doing.
    LoginRepaired,
    /// The item ends in seven days (US and Canada).
    PendingDisconnect {
        reason: Option<String>,
        at: Option<Timestamp>,
    },
    /// The consent ends in seven days (Europe).
    PendingExpiration {
        at: Option<Timestamp>,
    },
    NewAccountsAvailable,
    UserPermissionRevoked,
    UserAccountRevoked {
        account_id: Option<String>,
    },
    WebhookUpdateAcknowledged,
    /// The institution numbered accounts anew.
    AuthNumbersChanged {
        account_ids: Vec<String>,
    },
    /// A bank account was verified by micro-deposits, or was not.
    AuthVerification {
        account_id: Option<String>,
        verified: bool,
    },
    /// Account numbers were asked for without permission.
    AuthPermissionsRequired,
    /// Of a kind that concerns nothing of ours, or that is newer than this code.
    Unknown {
        webhook_type: String,
        webhook_code: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransactionsCode {
    SyncUpdatesAvailable,
    InitialUpdate,
    HistoricalUpdate,
    DefaultUpdate,
    TransactionsRemoved,
    RecurringTransactionsUpdate,
}

/// A signed body that is no webhook as documented. Final for these bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedWebhook {
    #[error("the body is not JSON")]
    NotJson,
    #[error("the body has no webhook_type and webhook_code of a webhook")]
    NotAWebhook,
}

impl Webhook {
    /// Reads a webhook's body. Verify its signature first.
    pub fn from_body(body: &[u8]) -> Result<Self, MalformedWebhook> {
        let value: Value = serde_json::from_slice(body).map_err(|_| MalformedWebhook::NotJson)?;
        let webhook_type = text(&value, "webhook_type").ok_or(MalformedWebhook::NotAWebhook)?;
        let webhook_code = text(&value, "webhook_code").ok_or(MalformedWebhook::NotAWebhook)?;
        Ok(Self { item_id: id(&value, "item_id"), event: event(webhook_type, webhook_code, &value) })
    }
}

/// Codes such as `DEFAULT_UPDATE` are of several types, so type and code name an event together.
fn event(webhook_type: String, webhook_code: String, value: &Value) -> WebhookEvent {
    match (webhook_type.as_str(), webhook_code.as_str()) {
        ("LIABILITIES", "DEFAULT_UPDATE") => WebhookEvent::LiabilitiesChanged,
        ("TRANSACTIONS", code) => match transactions_code(code) {
            Some(code) => WebhookEvent::TransactionsChanged { code },
            None => WebhookEvent::Unknown { webhook_type, webhook_code },
        },
        ("ITEM", "ERROR") => WebhookEvent::ItemError { fault: fault(value) },
        ("ITEM", "LOGIN_REPAIRED") => WebhookEvent::LoginRepaired,
        ("ITEM", "PENDING_DISCONNECT") => {
            WebhookEvent::PendingDisconnect { reason: text(value, "reason"), at: time(value, "disconnect_time") }
        }
        ("ITEM", "PENDING_EXPIRATION") => {
            WebhookEvent::PendingExpiration { at: time(value, "consent_expiration_time") }
        }
        ("ITEM", "NEW_ACCOUNTS_AVAILABLE") => WebhookEvent::NewAccountsAvailable,
        ("ITEM", "USER_PERMISSION_REVOKED") => WebhookEvent::UserPermissionRevoked,
        ("ITEM", "USER_ACCOUNT_REVOKED") => WebhookEvent::UserAccountRevoked { account_id: id(value, "account_id") },
        ("ITEM", "WEBHOOK_UPDATE_ACKNOWLEDGED") => WebhookEvent::WebhookUpdateAcknowledged,
        ("AUTH", "DEFAULT_UPDATE") => WebhookEvent::AuthNumbersChanged { account_ids: numbered_anew(value) },
        ("AUTH", "AUTOMATICALLY_VERIFIED") => verification(value, true),
        ("AUTH", "VERIFICATION_EXPIRED") => verification(value, false),
        ("AUTH", "SMS_MICRODEPOSITS_VERIFICATION") => {
            verification(value, text(value, "status").as_deref() == Some("MANUALLY_VERIFIED"))
        }
        ("AUTH", "PRODUCT_PERMISSIONS_REQUIRED") => WebhookEvent::AuthPermissionsRequired,
        _ => WebhookEvent::Unknown { webhook_type, webhook_code },
    }
}

fn transactions_code(code: &str) -> Option<TransactionsCode> {
    match code {
        "SYNC_UPDATES_AVAILABLE" => Some(TransactionsCode::SyncUpdatesAvailable),
        "INITIAL_UPDATE" => Some(TransactionsCode::InitialUpdate),
        "HISTORICAL_UPDATE" => Some(TransactionsCode::HistoricalUpdate),
        "DEFAULT_UPDATE" => Some(TransactionsCode::DefaultUpdate),
        "TRANSACTIONS_REMOVED" => Some(TransactionsCode::TransactionsRemoved),
        "RECURRING_TRANSACTIONS_UPDATE" => Some(TransactionsCode::RecurringTransactionsUpdate),
        _ => None,
    }
}

fn verification(value: &Value, verified: bool) -> WebhookEvent {
    WebhookEvent::AuthVerification { account_id: id(value, "account_id"), verified }
}

/// Accounts whose numbers must not be used any more. New ones have none that could be in use.
fn numbered_anew(value: &Value) -> Vec<String> {
    let updated = value.get("account_ids_with_updated_auth").and_then(Value::as_object);
    let named: Vec<String> = updated.map(|accounts| accounts.keys().cloned().collect()).unwrap_or_default();
    // What cannot be named is among all of them.
    if named.len() > ACCOUNTS_MAX || !named.iter().all(|name| is_id(name)) { Vec::new() } else { named }
}

/// Some webhooks carry the error's code alone.
fn fault(value: &Value) -> Option<PlaidFault> {
    match value.get("error")? {
        Value::String(code) => {
            let error_code = Some(code.clone()).filter(|code| is_short(code))?;
            Some(PlaidFault { error_type: String::new(), error_code, error_code_reason: None })
        }
        error @ Value::Object(_) => Some(PlaidFault {
            error_type: text(error, "error_type").unwrap_or_default(),
            error_code: text(error, "error_code")?,
            error_code_reason: text(error, "error_code_reason"),
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}

fn text(value: &Value, field: &str) -> Option<String> {
    value.get(field).and_then(Value::as_str).filter(|text| !text.is_empty() && is_short(text)).map(str::to_owned)
}

fn is_short(text: &str) -> bool {
    fault!(WebhookTextUnbounded, true, text.len() <= TEXT_BYTES_MAX && !text.chars().any(char::is_control))
}

/// It becomes part of a key.
fn id(value: &Value, field: &str) -> Option<String> {
    text(value, field).filter(|text| is_id(text))
}

fn is_id(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=TEXT_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_plain)
}

fn time(value: &Value, field: &str) -> Option<Timestamp> {
    text(value, field)?.parse().ok()
}

#[cfg(test)]
#[path = "webhook_tests.rs"]
mod tests;
