//! `/institutions/get_by_id` (plaid.md section 4.10).

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Config;
use super::error::{Failure, failure};

const KNOWN_FIELDS: [&str; 5] = ["client_id", "secret", "institution_id", "country_codes", "options"];
const WEIGHTS: [u32; 9] = [3, 7, 1, 3, 7, 1, 3, 7, 1];

pub(super) fn get_by_id(config: &Config, body: &Value) -> Result<Value, Failure> {
    refuse_unknown_fields(body)?;
    let id = body["institution_id"].as_str().ok_or_else(|| missing("institution_id"))?;
    let countries = body["country_codes"].as_array().ok_or_else(|| missing("country_codes"))?;
    let is_known = is_institution_id(id) && !config.unknown_institutions.contains(id);
    if !is_known || !countries.iter().any(|country| country == "US") {
        return Err(failure(400, "INVALID_INPUT", "INVALID_INSTITUTION", "invalid institution_id provided"));
    }
    let routing_numbers =
        if config.without_routing_numbers.contains(id) { Vec::new() } else { vec![routing_number(id)] };
    let mut institution = json!({
        "institution_id": id,
        "name": format!("Simulated Bank {}", id.trim_start_matches("ins_")),
        "products": ["auth", "identity", "liabilities", "transactions"],
        "country_codes": ["US"],
        "routing_numbers": routing_numbers,
        "oauth": false,
    });
    if body["options"]["include_optional_metadata"] == true {
        for field in ["url", "primary_color", "logo"] {
            institution[field] = Value::Null;
        }
    }
    Ok(json!({ "institution": institution }))
}

fn refuse_unknown_fields(body: &Value) -> Result<(), Failure> {
    let is_unknown = |field: &&String| !KNOWN_FIELDS.contains(&field.as_str());
    match body.as_object().and_then(|fields| fields.keys().find(is_unknown)) {
        None => Ok(()),
        Some(field) => {
            let message = format!("the following fields are not recognized by this endpoint: {field}");
            Err(failure(400, "INVALID_REQUEST", "UNKNOWN_FIELDS", &message))
        }
    }
}

fn missing(field: &str) -> Failure {
    failure(400, "INVALID_REQUEST", "MISSING_FIELDS", &format!("the following required fields are missing: {field}"))
}

fn is_institution_id(id: &str) -> bool {
    id.strip_prefix("ins_").is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The routing number of a simulated institution: derived from its id, nine digits, a Federal Reserve prefix from 01 to 12 and a valid ABA check digit.
#[must_use]
pub fn routing_number(institution_id: &str) -> String {
    let hash = Sha256::digest(institution_id.as_bytes());
    let prefix = u32::from(hash[0]) % 12 + 1;
    let mut digits = vec![prefix / 10, prefix % 10];
    digits.extend(hash[1..7].iter().map(|byte| u32::from(*byte) % 10));
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    digits.push((10 - sum % 10) % 10);
    digits.iter().filter_map(|digit| char::from_digit(*digit, 10)).collect()
}
