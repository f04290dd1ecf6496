//! `/institutions/get_by_id` (plaid.md section 4.10).

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Plaid;
use super::call::Call;
use super::error::{self, Failure};
use super::items::Product;

const WEIGHTS: [u32; 9] = [3, 7, 1, 3, 7, 1, 3, 7, 1];

impl Plaid {
    pub(crate) fn get_institution(&mut self, call: &Call) -> Result<Value, Failure> {
        let id = call.text("institution_id")?;
        if !call.texts("country_codes")?.iter().any(|country| country == "US") {
            return Err(error::INVALID_INSTITUTION.into());
        }
        self.known_institution(id)?;
        let has_routing_number = !self.config.without_routing_numbers.contains(id);
        let mut institution = json!({
            "institution_id": id,
            "name": name(id),
            "products": Product::ALL.map(Product::name),
            "country_codes": ["US"],
            "routing_numbers": has_routing_number.then(|| routing_number(id)).as_slice(),
            "oauth": false,
        });
        if call.option("include_optional_metadata") == Some(&Value::Bool(true)) {
            for field in ["url", "primary_color", "logo"] {
                institution[field] = Value::Null;
            }
        }
        Ok(json!({ "institution": institution }))
    }

    /// Refuses an institution that does not exist here.
    pub(crate) fn known_institution(&self, id: &str) -> Result<(), Failure> {
        if is_institution_id(id) && !self.config.unknown_institutions.contains(id) {
            Ok(())
        } else {
            Err(error::INVALID_INSTITUTION.into())
        }
    }
}

pub(crate) fn name(id: &str) -> String {
    format!("Simulated Bank {}", id.trim_start_matches("ins_"))
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
