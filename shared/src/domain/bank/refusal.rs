//! Which of the bank's refusals are about the payee or amount, and which about us (`column.md section 1.7`).
//!
//! Guarantees: a refusal ends a payment only if its code stands in [`CODES`] as about the payee or amount. Everything else, a code we
//! do not know included, is about us: it is sent again later with the same key and loses nobody's payment.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::domain::bank::error::BankError;

/// Whose refusal a code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalSide {
    /// Final: only other data would help.
    PayeeOrAmount,
    /// Ours: account, limits, permissions, a defect.
    Us,
    /// Depends on the field that the bank names: see [`PAYEE_FIELDS`].
    ByField,
}

/// Every code seen at the bank, with the reason for its side.
pub const CODES: &[(&str, RefusalSide, &str)] = {
    use RefusalSide::{ByField, PayeeOrAmount, Us};
    &[
        ("account_information_mismatch", PayeeOrAmount, "the payee's account data do not belong together"),
        ("amount_precision_not_supported", PayeeOrAmount, "this amount cannot be carried"),
        ("bank_account_not_found", Us, "our own account"),
        ("cancellation_not_allowed", Us, "answers a cancel, which handles it; never a payment"),
        ("counterparty_not_found", PayeeOrAmount, "the remembered payee is gone at the bank: send the account anew"),
        ("country_not_supported", PayeeOrAmount, "the payee's bank is abroad"),
        ("currency_not_supported", Us, "we always send dollars: our account is set up wrongly"),
        ("deletion_not_allowed", Us, "answers a call we do not make"),
        ("drawdown_not_allowed", Us, "answers a call we do not make"),
        ("entity_not_verified", Us, "our own entity"),
        ("feature_not_enabled", Us, "our contract"),
        ("force_settle_not_allowed", Us, "answers a call we do not make"),
        ("invalid_account_structure", PayeeOrAmount, "the payee's account number cannot exist"),
        ("invalid_address", PayeeOrAmount, "the address that a check goes to, or its payor's"),
        ("invalid_beneficiary_account", PayeeOrAmount, "the payee's account"),
        ("invalid_cancellation_reason", Us, "a defect of ours"),
        ("invalid_country_code", Us, "a defect of ours: an ACH entry carries no country, and a check always ours"),
        ("invalid_currency_code", Us, "a defect of ours: we always send dollars"),
        ("invalid_date", Us, "the day is chosen by us, not by the payee"),
        ("invalid_document_type", Us, "answers a call we do not make"),
        ("invalid_email", Us, "a defect of ours: we send none"),
        ("invalid_entity_type", Us, "our own entity"),
        ("invalid_event_type", Us, "our webhook settings"),
        ("invalid_field_value", ByField, "a field of the payee, or one that is the same for every payment"),
        ("limit_exceeded", Us, "a limit of our contract; it passes or is raised"),
        ("mandatory_parameter_missing", ByField, "a field of the payee, or a defect of ours"),
        ("mutually_exclusive_parameters", Us, "a defect of ours"),
        ("overdraft_not_allowed", Us, "our own account lacks the money"),
        ("permission_denied", Us, "our key"),
        ("resource_already_exists", Us, "no payment answers so: somebody must look"),
        ("resource_not_found", Us, "what is missing is not named: somebody must look"),
        ("routing_number_not_found", PayeeOrAmount, "no bank has the payee's routing number"),
        ("transfer_amount_limit_exceeded", Us, "a limit of our contract; it can be raised and the same payment sent"),
        ("transfer_invalid_amount", PayeeOrAmount, "this amount cannot be sent on this rail"),
        ("transfer_invalid_destination_account", PayeeOrAmount, "the payee's account takes no such transfer"),
        ("transfer_invalid_return_request", Us, "answers a call we do not make"),
        ("transfer_no_beneficiary_information", PayeeOrAmount, "the payee's name or address is missing"),
        ("transfer_non_sufficient_fund", Us, "our own account lacks the money"),
        ("transfer_return_deadline_passed", Us, "answers a call we do not make"),
    ]
};

/// Fields of a request that belong to one payment: a complaint about one of them, or about a part of one, is about the payee or amount.
/// The second half are those of a check; its payor is the person of the payment, and its memo names the account that is paid.
pub const PAYEE_FIELDS: [&str; 13] = [
    "account_number",
    "amount",
    "counterparty",
    "counterparty_id",
    "receiver_id",
    "receiver_name",
    "routing_number",
    "memo",
    "payee_address",
    "payee_name",
    "payor_address",
    "payor_name",
    "positive_pay_amount",
];

/// What a check's letter holds is named below this.
const MAIL_FIELD: &str = "mail_check_request";

/// The error body of the bank; a 401 has none at all.
#[derive(Deserialize, Default)]
struct WireError {
    code: Option<String>,
    details: Option<Map<String, Value>>,
}

/// Sorts an answer that is neither a success nor worth an immediate repeat (any 3xx or 4xx but 408 and 429).
pub fn classify(status: u16, body: &[u8]) -> BankError {
    let error: WireError = serde_json::from_slice(body).unwrap_or_default();
    let code = error.code.filter(|code| is_code(code));
    let fields: Vec<String> = error.details.unwrap_or_default().into_iter().map(|(field, _)| field).collect();
    let side = match (status, &code) {
        // Whatever they say, these two are about our key.
        (401 | 403, _) | (_, None) => RefusalSide::Us,
        (_, Some(code)) => side_of(code),
    };
    let about_payee = match side {
        RefusalSide::PayeeOrAmount => true,
        RefusalSide::Us => false,
        RefusalSide::ByField => !fields.is_empty() && fields.iter().all(|field| is_payee_field(field)),
    };
    match code {
        Some(code) if about_payee => {
            let fields = fields.into_iter().filter(|field| is_payee_field(field)).collect();
            BankError::Refused { code, fields, outcome_unknown: false }
        }
        code => BankError::AboutUs { status, code },
    }
}

/// Whether the bank has forgotten the counterparty that a request names: the account is sent along anew.
pub fn is_forgotten_counterparty(code: &str) -> bool {
    code == "counterparty_not_found"
}

/// The side of a code; one we do not know is ours.
pub fn side_of(code: &str) -> RefusalSide {
    CODES.iter().find(|(known, _, _)| *known == code).map_or(RefusalSide::Us, |(_, side, _)| *side)
}

fn is_payee_field(field: &str) -> bool {
    // However the bank joins the parts: `counterparty.account_number`, `mail_check_request[payee_address][line_1]`.
    let mut parts = field.split(['.', '[', ']']).filter(|part| !part.is_empty());
    let first = parts.next().filter(|first| *first != MAIL_FIELD).or_else(|| parts.next());
    first.is_some_and(|first| PAYEE_FIELDS.contains(&first))
}

/// A code is a short word; anything else is not repeated in our logs.
fn is_code(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(code: &str, details: Value) -> Vec<u8> {
        let body =
            json!({"type": "validation_error", "code": code, "message": "account 000123456789", "details": details});
        serde_json::to_vec(&body).unwrap()
    }

    #[test]
    fn every_code_of_the_list_goes_to_its_side() {
        for &(code, side, _) in CODES {
            let error = classify(400, &answer(code, json!({"counterparty.account_number": "unknown"})));
            let refused = matches!(error, BankError::Refused { .. });
            assert_eq!(refused, side != RefusalSide::Us, "{code}");
        }
    }

    #[test]
    fn the_list_names_no_code_twice() {
        let mut codes: Vec<&str> = CODES.iter().map(|(code, _, _)| *code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), CODES.len());
    }

    #[test]
    fn a_wrong_field_is_the_payees_only_if_the_payee_owns_all_of_them() {
        let classified = |details| classify(400, &answer("invalid_field_value", details));
        assert!(matches!(classified(json!({"receiver_name": "bad"})), BankError::Refused { .. }));
        for details in
            [json!({"company_name": "bad"}), json!({"receiver_name": "", "company_name": ""}), json!({}), Value::Null]
        {
            assert!(matches!(classified(details), BankError::AboutUs { .. }));
        }
    }

    #[test]
    fn what_is_wrong_with_a_check_is_the_payments_or_ours_by_the_field() {
        for (field, is_final) in [
            ("payee_name", true),
            ("positive_pay_amount", true),
            ("mail_check_request.payee_address.postal_code", true),
            ("mail_check_request[payee_address][line_1]", true),
            ("mail_check_request.payor_name", true),
            ("mail_check_request.memo", true),
            ("mail_check_request.message", false),
            ("mail_check_request", false),
            ("bank_account_id", false),
            ("void_date", false),
        ] {
            let refused = classify(400, &answer("invalid_field_value", json!({ field: "wrong" })));
            assert_eq!(matches!(refused, BankError::Refused { .. }), is_final, "{field}");
        }
    }

    #[test]
    fn what_we_do_not_know_is_never_final_for_a_payee() {
        let about_us = |status, code: Option<&str>| BankError::AboutUs { status, code: code.map(str::to_owned) };
        assert_eq!(classify(400, &answer("brand_new_code", Value::Null)), about_us(400, Some("brand_new_code")));
        assert_eq!(classify(401, b""), about_us(401, None));
        assert!(matches!(classify(403, &answer("routing_number_not_found", Value::Null)), BankError::AboutUs { .. }));
        assert_eq!(classify(302, b"<html>"), about_us(302, None));
        assert_eq!(classify(400, br#"{"code": 17}"#), about_us(400, None));
    }

    #[test]
    fn the_banks_message_is_not_repeated() {
        let error = classify(400, &answer("transfer_invalid_amount", json!({"amount": "000123456789"})));
        assert!(!format!("{error} {error:?}").contains("000123456789"));
    }
}
