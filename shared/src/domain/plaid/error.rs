//! What can go wrong in a call to Plaid or with an item, sorted by what to do next (Plaid documentation, "Errors").
//!
//! The type and code decide, not the HTTP status: almost everything is 400, an institution that is down included. Codes that are not in
//! the table are taken for final with a 4xx status and for passing with any other.

use serde::{Deserialize, Serialize};

/// An error in Plaid's own words. Holds nothing personal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaidFault {
    pub error_type: String,
    pub error_code: String,
    /// Of some errors of OAuth institutions, such as `OAUTH_CONSENT_EXPIRED`.
    #[serde(default)]
    pub error_code_reason: Option<String>,
}

/// A call to Plaid that gave no result, or an item that gives none. The variant says what follows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaidError {
    /// Plaid or the institution is out of reach. The same call may be sent again later; of data known before say how old it is.
    #[error("Plaid cannot answer now ({cause}): retry later")]
    Unavailable { cause: String },
    /// Asked too often. The same call may be sent again after a longer pause.
    #[error("Plaid was asked too often ({code}): retry later")]
    RateLimited { code: String },
    /// The data is still being fetched. Retry later, or wait for the webhook.
    #[error("Plaid has the data not yet ({code}): retry later")]
    NotReady { code: String },
    /// The person has to sign in at the institution again, through Link's update mode. Until then the item answers nothing new.
    #[error("the person has to sign in at the institution again ({code})")]
    LoginRequired { code: String },
    /// The person did not share what is asked for. Link's update mode asks for it.
    #[error("the person has not shared what is asked for ({code})")]
    ConsentOrPermission { code: String },
    /// The person took the permission back. Remove the item; only linking anew helps.
    #[error("the person took the permission back ({code})")]
    Revoked { code: String },
    /// The item is no more. Forget its token.
    #[error("the item is no more ({code})")]
    Gone { code: String },
    /// The item has no account with a liability, or none was shared. Permanent for this item.
    #[error("the item has no card or loan")]
    NoLiabilities,
    /// The institution or the item cannot do this. Permanent for this item.
    #[error("the institution does not support this ({code})")]
    NotSupported { code: String },
    /// An account is no longer among the item's: closed, taken back, or under another id. Read the item's accounts.
    #[error("an account is not the item's any more ({code}): read the accounts again")]
    AccountUnknown { code: String },
    /// What Link handed over is used up or too old, or Link was not finished. The person starts Link again.
    #[error("Link has to be started again ({code})")]
    LinkAgain { code: String },
    /// The institution has no balance as new as was asked for. Ask for an older one.
    #[error("the institution has no balance as new as was asked for ({code})")]
    BalanceTooOld { code: String },
    /// Transactions changed while their pages were read. Throw the pages away and read again from where they began.
    #[error("the transactions changed while they were read: start again")]
    RestartSync,
    /// The cursor is none of this item's. Read the transactions from the beginning.
    #[error("the cursor is none of this item's: read from the beginning")]
    CursorUnknown,
    /// Refused: our keys, permissions or request, or a code we do not know. No retry helps until that is repaired.
    #[error("Plaid refused with {error_type} {error_code} (request {request_id}): repair our settings or the request")]
    Refused { error_type: String, error_code: String, request_id: String },
    /// Answered success in a shape we cannot read. Retry does not help.
    #[error("Plaid's answer to {path} cannot be read")]
    Unreadable { path: &'static str },
}

impl PlaidError {
    /// Whether the same call may succeed later without anybody's doing.
    pub const fn retryable(&self) -> bool {
        match self {
            PlaidError::Unavailable { .. }
            | PlaidError::RateLimited { .. }
            | PlaidError::NotReady { .. }
            | PlaidError::RestartSync => true,
            PlaidError::LoginRequired { .. }
            | PlaidError::ConsentOrPermission { .. }
            | PlaidError::Revoked { .. }
            | PlaidError::Gone { .. }
            | PlaidError::NoLiabilities
            | PlaidError::NotSupported { .. }
            | PlaidError::AccountUnknown { .. }
            | PlaidError::LinkAgain { .. }
            | PlaidError::BalanceTooOld { .. }
            | PlaidError::CursorUnknown
            | PlaidError::Refused { .. }
            | PlaidError::Unreadable { .. } => false,
        }
    }
}

/// The body of an error answer.
#[derive(Deserialize)]
struct WireError {
    error_type: String,
    error_code: String,
    #[serde(default)]
    error_message: Option<String>,
    #[serde(default)]
    request_id: Option<String>,
}

/// Sorts an error answer. A body that is no error of Plaid's comes from a gateway in front of it.
pub fn of_answer(status: u16, body: &[u8]) -> PlaidError {
    let Ok(error) = serde_json::from_slice::<WireError>(body) else {
        let cause = format!("status {status} without an error body");
        return match status {
            429 => PlaidError::RateLimited { code: cause },
            _ => PlaidError::Unavailable { cause },
        };
    };
    let names_cursor = error.error_message.as_deref().is_some_and(|text| text.contains("cursor"));
    if error.error_code == "INVALID_FIELD" && names_cursor {
        return PlaidError::CursorUnknown;
    }
    sorted(status, error.error_type, error.error_code, error.request_id.unwrap_or_default())
}

/// Sorts an error that a webhook or an item carries: there the status says nothing.
pub fn of_fault(fault: &PlaidFault) -> PlaidError {
    sorted(400, fault.error_type.clone(), fault.error_code.clone(), String::new())
}

fn sorted(status: u16, error_type: String, code: String, request_id: String) -> PlaidError {
    match code.as_str() {
        "ITEM_LOGIN_REQUIRED"
        | "ITEM_LOCKED"
        | "PASSWORD_RESET_REQUIRED"
        | "USER_SETUP_REQUIRED"
        | "INVALID_UPDATED_USERNAME" => PlaidError::LoginRequired { code },
        "ACCESS_NOT_GRANTED" | "ADDITIONAL_CONSENT_REQUIRED" | "NO_ACCOUNTS" | "NO_AUTH_ACCOUNTS" => {
            PlaidError::ConsentOrPermission { code }
        }
        "USER_PERMISSION_REVOKED" => PlaidError::Revoked { code },
        "ITEM_NOT_FOUND" | "ITEM_CONCURRENTLY_DELETED" | "INVALID_ACCESS_TOKEN" => PlaidError::Gone { code },
        "NO_LIABILITY_ACCOUNTS" => PlaidError::NoLiabilities,
        "PRODUCTS_NOT_SUPPORTED"
        | "PRODUCT_NOT_ENABLED"
        | "ITEM_NOT_SUPPORTED"
        | "MFA_NOT_SUPPORTED"
        | "INSTITUTION_NO_LONGER_SUPPORTED"
        | "UNSUPPORTED_RESPONSE" => PlaidError::NotSupported { code },
        "INVALID_ACCOUNT_ID" => PlaidError::AccountUnknown { code },
        "INVALID_PUBLIC_TOKEN"
        | "INVALID_LINK_TOKEN"
        | "INVALID_CREDENTIALS"
        | "INVALID_MFA"
        | "USER_INPUT_TIMEOUT"
        | "INSUFFICIENT_CREDENTIALS" => PlaidError::LinkAgain { code },
        "LAST_UPDATED_DATETIME_OUT_OF_RANGE" => PlaidError::BalanceTooOld { code },
        "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION" => PlaidError::RestartSync,
        "PRODUCT_NOT_READY" => PlaidError::NotReady { code },
        "INSTITUTION_DOWN" | "INSTITUTION_NOT_RESPONDING" | "INSTITUTION_NOT_AVAILABLE" => {
            PlaidError::Unavailable { cause: code }
        }
        // The free quota is used up: it does not come back by waiting.
        "CREDITS_EXHAUSTED" => PlaidError::Refused { error_type, error_code: code, request_id },
        _ => by_type_or_status(status, error_type, code, request_id),
    }
}

/// Rate limits have a code for every endpoint and Plaid's own failures may get new ones.
fn by_type_or_status(status: u16, error_type: String, code: String, request_id: String) -> PlaidError {
    match (error_type.as_str(), status) {
        ("RATE_LIMIT_EXCEEDED", _) | (_, 429) => PlaidError::RateLimited { code },
        ("API_ERROR", _) => PlaidError::Unavailable { cause: code },
        (_, 400..=499) => PlaidError::Refused { error_type, error_code: code, request_id },
        (_, _) => PlaidError::Unavailable { cause: code },
    }
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
