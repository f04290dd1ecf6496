use super::*;

/// What follows from an error, without its code.
fn reaction(error: &PlaidError) -> &'static str {
    match error {
        PlaidError::Unavailable { .. } => "unavailable",
        PlaidError::RateLimited { .. } => "rate limited",
        PlaidError::NotReady { .. } => "not ready",
        PlaidError::LoginRequired { .. } => "login",
        PlaidError::ConsentOrPermission { .. } => "consent",
        PlaidError::Revoked { .. } => "revoked",
        PlaidError::Gone { .. } => "gone",
        PlaidError::NoLiabilities => "no liabilities",
        PlaidError::NotSupported { .. } => "not supported",
        PlaidError::AccountUnknown { .. } => "account unknown",
        PlaidError::LinkAgain { .. } => "link again",
        PlaidError::BalanceTooOld { .. } => "balance too old",
        PlaidError::RestartSync => "restart",
        PlaidError::CursorUnknown => "cursor unknown",
        PlaidError::Refused { .. } => "refused",
        PlaidError::Unreadable { .. } => "unreadable",
    }
}

fn answered(status: u16, error_type: &str, error_code: &str, message: &str) -> PlaidError {
    let body = serde_json::json!({
        "error_type": error_type, "error_code": error_code, "error_message": message, "display_message": null,
        "request_id": "k3Jt9QxWmP2aZr7"
    });
    of_answer(status, body.to_string().as_bytes())
}

/// Every documented code that can meet us: type, codes, status, what follows.
const TABLE: [(&str, &[&str], u16, &str); 30] = [
    ("ITEM_ERROR", &["ITEM_LOGIN_REQUIRED", "ITEM_LOCKED"], 400, "login"),
    ("ITEM_ERROR", &["PASSWORD_RESET_REQUIRED", "USER_SETUP_REQUIRED", "INVALID_UPDATED_USERNAME"], 400, "login"),
    ("ITEM_ERROR", &["ITEM_NOT_FOUND", "ITEM_CONCURRENTLY_DELETED"], 400, "gone"),
    ("ITEM_ERROR", &["INVALID_CREDENTIALS", "INVALID_MFA", "USER_INPUT_TIMEOUT"], 400, "link again"),
    ("ITEM_ERROR", &["INSUFFICIENT_CREDENTIALS"], 400, "link again"),
    ("ITEM_ERROR", &["ITEM_NOT_SUPPORTED", "MFA_NOT_SUPPORTED"], 400, "not supported"),
    ("ITEM_ERROR", &["ACCESS_NOT_GRANTED", "NO_ACCOUNTS", "NO_AUTH_ACCOUNTS"], 400, "consent"),
    ("ITEM_ERROR", &["NO_LIABILITY_ACCOUNTS"], 400, "no liabilities"),
    ("ITEM_ERROR", &["PRODUCT_NOT_READY"], 400, "not ready"),
    ("ITEM_ERROR", &["PRODUCTS_NOT_SUPPORTED", "PRODUCT_NOT_ENABLED"], 400, "not supported"),
    ("ITEM_ERROR", &["USER_PERMISSION_REVOKED"], 400, "revoked"),
    ("INVALID_INPUT", &["USER_PERMISSION_REVOKED"], 400, "revoked"),
    ("INVALID_INPUT", &["ADDITIONAL_CONSENT_REQUIRED"], 400, "consent"),
    ("INVALID_INPUT", &["INVALID_ACCESS_TOKEN"], 400, "gone"),
    ("INVALID_INPUT", &["INVALID_PUBLIC_TOKEN", "INVALID_LINK_TOKEN"], 400, "link again"),
    ("INVALID_INPUT", &["INVALID_ACCOUNT_ID"], 400, "account unknown"),
    ("INVALID_INPUT", &["INVALID_API_KEYS", "INVALID_INSTITUTION", "INVALID_PRODUCT"], 400, "refused"),
    ("INVALID_INPUT", &["UNAUTHORIZED_ENVIRONMENT", "UNAUTHORIZED_ROUTE_ACCESS"], 400, "refused"),
    ("INVALID_INPUT", &["INVALID_WEBHOOK_VERIFICATION_KEY_ID"], 400, "refused"),
    ("INVALID_REQUEST", &["MISSING_FIELDS", "UNKNOWN_FIELDS", "INVALID_FIELD", "INVALID_BODY"], 400, "refused"),
    ("INVALID_REQUEST", &["INVALID_HEADERS", "INVALID_CONFIGURATION", "SANDBOX_ONLY"], 400, "refused"),
    ("INVALID_REQUEST", &["NOT_FOUND", "NO_LONGER_AVAILABLE"], 404, "refused"),
    ("INVALID_RESULT", &["LAST_UPDATED_DATETIME_OUT_OF_RANGE"], 400, "balance too old"),
    ("INSTITUTION_ERROR", &["INSTITUTION_DOWN", "INSTITUTION_NOT_RESPONDING"], 400, "unavailable"),
    ("INSTITUTION_ERROR", &["INSTITUTION_NOT_AVAILABLE"], 400, "unavailable"),
    ("INSTITUTION_ERROR", &["INSTITUTION_NO_LONGER_SUPPORTED", "UNSUPPORTED_RESPONSE"], 400, "not supported"),
    ("INSTITUTION_ERROR", &["UNAUTHORIZED_INSTITUTION", "INSTITUTION_REGISTRATION_REQUIRED"], 400, "refused"),
    ("RATE_LIMIT_EXCEEDED", &["RATE_LIMIT", "BALANCE_LIMIT", "INSTITUTION_RATE_LIMIT"], 429, "rate limited"),
    ("TRANSACTIONS_ERROR", &["TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION"], 400, "restart"),
    ("API_ERROR", &["INTERNAL_SERVER_ERROR", "plaid-internal-error"], 500, "unavailable"),
];

#[test]
fn every_documented_error_says_what_to_do_next() {
    for (error_type, codes, status, expected) in TABLE {
        for code in codes {
            let error = answered(status, error_type, code, "text");
            assert_eq!(reaction(&error), expected, "{error_type} {code}");
        }
    }
    assert_eq!(reaction(&answered(429, "RATE_LIMIT_EXCEEDED", "CREDITS_EXHAUSTED", "")), "refused");
    assert_eq!(reaction(&answered(503, "API_ERROR", "PLANNED_MAINTENANCE", "")), "unavailable");
}

#[test]
fn a_code_that_nobody_knows_yet_is_final_with_a_4xx_status_and_passing_otherwise() {
    assert_eq!(reaction(&answered(400, "ITEM_ERROR", "BRAND_NEW", "")), "refused");
    assert_eq!(reaction(&answered(422, "BRAND_NEW_ERROR", "BRAND_NEW", "")), "refused");
    assert_eq!(reaction(&answered(502, "BRAND_NEW_ERROR", "BRAND_NEW", "")), "unavailable");
    assert_eq!(reaction(&answered(429, "BRAND_NEW_ERROR", "BRAND_NEW", "")), "rate limited");
}

#[test]
fn a_body_that_is_no_error_of_plaids_comes_from_a_gateway() {
    for (status, expected) in [(404, "unavailable"), (429, "rate limited"), (502, "unavailable")] {
        for body in ["", "<html>", "{}", "[]"] {
            assert_eq!(reaction(&of_answer(status, body.as_bytes())), expected, "{status} {body}");
        }
    }
}

#[test]
fn a_cursor_of_another_item_is_told_from_a_wrong_field() {
    let cursor = answered(400, "INVALID_REQUEST", "INVALID_FIELD", "cursor not associated with access_token");
    assert_eq!(reaction(&cursor), "cursor unknown");
    let field = answered(400, "INVALID_REQUEST", "INVALID_FIELD", "client_name must be a string");
    assert_eq!(reaction(&field), "refused");
}

#[test]
fn only_what_passes_by_itself_is_tried_again() {
    let retried = ["unavailable", "rate limited", "not ready", "restart"];
    for (error_type, codes, status, expected) in TABLE {
        let error = answered(status, error_type, codes[0], "");
        assert_eq!(error.retryable(), retried.contains(&expected), "{error_type} {}", codes[0]);
    }
}

#[test]
fn what_an_item_carries_is_sorted_like_an_answer() {
    let fault = PlaidFault {
        error_type: "ITEM_ERROR".to_owned(),
        error_code: "ITEM_LOGIN_REQUIRED".to_owned(),
        error_code_reason: Some("OAUTH_CONSENT_EXPIRED".to_owned()),
    };
    assert_eq!(reaction(&of_fault(&fault)), "login");
}
