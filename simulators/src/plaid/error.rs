//! Plaid's errors (plaid.md sections 1.2 and 1.3): a fixed table of what Plaid says, and its shapes in answers, items and webhooks.

use serde_json::{Value, json};

use crate::http::Answer;

/// One row of Plaid's error table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind {
    status: u16,
    error_type: &'static str,
    code: &'static str,
    message: &'static str,
}

macro_rules! kinds {
    ($($code:ident: $status:literal, $error_type:literal, $message:literal;)*) => {
        $(pub(crate) const $code: Kind =
            Kind { status: $status, error_type: $error_type, code: stringify!($code), message: $message };)*
        /// All rows.
        const KINDS: &[Kind] = &[$($code),*];
    };
}

kinds! {
    ACCESS_NOT_GRANTED: 400, "ITEM_ERROR", "access to this product was not granted for the account";
    INSUFFICIENT_CREDENTIALS: 400, "ITEM_ERROR", "insufficient authorization was given to complete the request";
    INVALID_CREDENTIALS: 400, "ITEM_ERROR", "the credentials were not correct";
    INVALID_MFA: 400, "ITEM_ERROR", "the provided response(s) were not correct";
    INVALID_UPDATED_USERNAME: 400, "ITEM_ERROR", "the username submitted to update mode is not that of the item";
    ITEM_CONCURRENTLY_DELETED: 400, "ITEM_ERROR", "this item was deleted while the operation was processing";
    ITEM_LOCKED: 400, "ITEM_ERROR", "this account is locked";
    ITEM_LOGIN_REQUIRED: 400, "ITEM_ERROR", "the login details of this item have changed, the user must log in again";
    ITEM_NOT_FOUND: 400, "ITEM_ERROR", "the item cannot be found, it was removed or the user revoked access";
    ITEM_NOT_SUPPORTED: 400, "ITEM_ERROR", "this account is currently not supported";
    MFA_NOT_SUPPORTED: 400, "ITEM_ERROR", "this account requires a kind of MFA that is not supported";
    NO_ACCOUNTS: 400, "ITEM_ERROR", "no valid accounts were found for this item";
    NO_AUTH_ACCOUNTS: 400, "ITEM_ERROR", "there are no valid checking or savings account(s) associated with this item";
    NO_LIABILITY_ACCOUNTS: 400, "ITEM_ERROR", "no valid liability accounts were found for this item";
    PASSWORD_RESET_REQUIRED: 400, "ITEM_ERROR", "the user must log in to the bank and reset the password";
    PRODUCTS_NOT_SUPPORTED: 400, "ITEM_ERROR", "";
    PRODUCT_NOT_ENABLED: 400, "ITEM_ERROR", "this product is not enabled on this item";
    PRODUCT_NOT_READY: 400, "ITEM_ERROR", "the requested product is not yet ready, try again later";
    USER_INPUT_TIMEOUT: 400, "ITEM_ERROR", "the user did not answer in time";
    USER_SETUP_REQUIRED: 400, "ITEM_ERROR", "the account has not been fully set up, the user must visit the bank's site";
    ADDITIONAL_CONSENT_REQUIRED: 400, "INVALID_INPUT", "the user has not consented to this product, use update mode";
    INVALID_ACCESS_TOKEN: 400, "INVALID_INPUT", "could not find matching access token";
    INVALID_ACCOUNT_ID: 400, "INVALID_INPUT", "one or more of the account IDs are not of this item";
    INVALID_API_KEYS: 400, "INVALID_INPUT", "invalid client_id or secret provided";
    INVALID_INSTITUTION: 400, "INVALID_INPUT", "invalid institution_id provided";
    INVALID_LINK_TOKEN: 400, "INVALID_INPUT", "the link token is unknown, expired or was used";
    INVALID_PRODUCT: 400, "INVALID_INPUT", "client is not authorized to access this product";
    INVALID_PUBLIC_TOKEN: 400, "INVALID_INPUT", "provided public token is unknown, expired or was used";
    INVALID_WEBHOOK_VERIFICATION_KEY_ID: 400, "INVALID_INPUT", "invalid key_id provided";
    UNAUTHORIZED_ENVIRONMENT: 400, "INVALID_INPUT", "you are not authorized to create items in this environment";
    UNAUTHORIZED_ROUTE_ACCESS: 400, "INVALID_INPUT", "client is not authorized to access this route";
    USER_PERMISSION_REVOKED: 400, "INVALID_INPUT", "the holder of this account has revoked the permission to access it";
    INVALID_BODY: 400, "INVALID_REQUEST", "the body is not a JSON object";
    INVALID_CONFIGURATION: 400, "INVALID_REQUEST", "the configuration is invalid";
    INVALID_FIELD: 400, "INVALID_REQUEST", "a field has an invalid value";
    INVALID_HEADERS: 400, "INVALID_REQUEST", "Content-Type must be application/json";
    MISSING_FIELDS: 400, "INVALID_REQUEST", "a required field is missing";
    NOT_FOUND: 404, "INVALID_REQUEST", "there is no such endpoint";
    NO_LONGER_AVAILABLE: 404, "INVALID_REQUEST", "this endpoint is no longer available";
    SANDBOX_ONLY: 400, "INVALID_REQUEST", "this endpoint exists in Sandbox only";
    UNKNOWN_FIELDS: 400, "INVALID_REQUEST", "a field is not recognized by this endpoint";
    LAST_UPDATED_DATETIME_OUT_OF_RANGE: 400, "INVALID_RESULT", "the balance is older than asked for";
    INSTITUTION_DOWN: 400, "INSTITUTION_ERROR", "this institution is not responding to this request";
    INSTITUTION_NOT_AVAILABLE: 400, "INSTITUTION_ERROR", "this institution is not available to this request";
    INSTITUTION_NOT_ENABLED_IN_ENVIRONMENT: 400, "INSTITUTION_ERROR", "this institution is not in this environment";
    INSTITUTION_NOT_RESPONDING: 400, "INSTITUTION_ERROR", "this institution is not responding to this request";
    INSTITUTION_NO_LONGER_SUPPORTED: 400, "INSTITUTION_ERROR", "this institution is no longer supported";
    INSTITUTION_REGISTRATION_REQUIRED: 400, "INSTITUTION_ERROR", "the client must register with this institution";
    UNAUTHORIZED_INSTITUTION: 400, "INSTITUTION_ERROR", "the client may not use this institution";
    UNSUPPORTED_RESPONSE: 400, "INSTITUTION_ERROR", "the institution answered what is not supported";
    ACCOUNTS_BALANCE_GET_LIMIT: 429, "RATE_LIMIT_EXCEEDED", "rate limit exceeded";
    ACCOUNTS_LIMIT: 429, "RATE_LIMIT_EXCEEDED", "rate limit exceeded";
    AUTH_LIMIT: 429, "RATE_LIMIT_EXCEEDED", "rate limit exceeded";
    BALANCE_LIMIT: 429, "RATE_LIMIT_EXCEEDED", "rate limit exceeded";
    CREDITS_EXHAUSTED: 429, "RATE_LIMIT_EXCEEDED", "the free quota is used up";
    IDENTITY_LIMIT: 429, "RATE_LIMIT_EXCEEDED", "rate limit exceeded";
    INSTITUTIONS_GET_BY_ID_LIMIT: 429, "RATE_LIMIT_EXCEEDED", "rate limit exceeded";
    INSTITUTION_RATE_LIMIT: 429, "RATE_LIMIT_EXCEEDED", "too many requests for this institution";
    ITEM_GET_LIMIT: 429, "RATE_LIMIT_EXCEEDED", "rate limit exceeded";
    RATE_LIMIT: 429, "RATE_LIMIT_EXCEEDED", "rate limit exceeded";
    TRANSACTIONS_SYNC_LIMIT: 429, "RATE_LIMIT_EXCEEDED", "rate limit exceeded";
    TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION: 400, "TRANSACTIONS_ERROR", "underlying transaction data changed since last page was fetched";
    SANDBOX_PRODUCT_NOT_ENABLED: 400, "SANDBOX_ERROR", "this item does not have the product of this webhook";
    SANDBOX_WEBHOOK_INVALID: 400, "SANDBOX_ERROR", "this item has no webhook URL";
    INTERNAL_SERVER_ERROR: 500, "API_ERROR", "an unexpected error occurred";
    PLANNED_MAINTENANCE: 503, "API_ERROR", "try again later";
    INVALID_USER_IDENTITY_DATA: 403, "USER_ERROR", "the user's data is invalid";
}

/// An error answer: the request had no effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error_code}: {message}")]
pub struct Failure {
    pub status: u16,
    pub error_type: &'static str,
    pub error_code: String,
    pub message: String,
    /// Why a bank's own login page no longer lets Plaid in; only with `ITEM_LOGIN_REQUIRED`.
    pub reason: Option<String>,
}

impl From<Kind> for Failure {
    fn from(kind: Kind) -> Self {
        Self::new(kind, kind.message)
    }
}

impl Failure {
    pub(crate) fn new(kind: Kind, message: &str) -> Self {
        Self {
            status: kind.status,
            error_type: kind.error_type,
            error_code: kind.code.to_owned(),
            message: message.to_owned(),
            reason: None,
        }
    }

    /// The error of this code; one that nobody knows is a new code of Plaid's for something wrong with the item.
    pub(crate) fn injected(code: &str) -> Self {
        match KINDS.iter().find(|kind| kind.code == code) {
            Some(kind) => Self::from(*kind),
            None => Self { error_code: code.to_owned(), ..Self::new(ITEM_LOCKED, "refused by a fault switch") },
        }
    }

    pub(crate) fn internal() -> Self {
        INTERNAL_SERVER_ERROR.into()
    }

    pub(crate) fn field(field: &str, reason: &str) -> Self {
        Self::new(INVALID_FIELD, &format!("{field} {reason}"))
    }

    /// As the body of an answer.
    pub(crate) fn into_answer(self, request_id: &str) -> Answer {
        let mut body = self.in_item();
        body["request_id"] = Value::String(request_id.to_owned());
        Answer::reply(self.status, body.to_string())
    }

    /// As `item.error`.
    pub(crate) fn in_item(&self) -> Value {
        let mut body = json!({
            "display_message": null,
            "documentation_url": "https://plaid.com/docs/errors/",
            "error_code": self.error_code,
            "error_message": self.message,
            "error_type": self.error_type,
            "suggested_action": null,
        });
        if let Some(reason) = &self.reason {
            body["error_code_reason"] = Value::String(reason.clone());
        }
        body
    }

    /// As `error` of a webhook.
    pub(crate) fn in_webhook(&self) -> Value {
        let mut body = json!({
            "display_message": null,
            "error_code": self.error_code,
            "error_message": self.message,
            "error_type": self.error_type,
            "status": self.status,
        });
        if let Some(reason) = &self.reason {
            body["error_code_reason"] = Value::String(reason.clone());
        }
        body
    }
}
