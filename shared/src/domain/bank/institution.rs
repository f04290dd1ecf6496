//! An institution as the bank's directory has it (Column documentation, institutions).
//!
//! Limit: its address is where the bank is, which is not where an issuer takes checks for its cards.

use serde::Deserialize;

use super::mailing_address::{AddressParts, AddressProblem, MailingAddress};

/// A bank in Column's directory. What stands there of its address is not looked at before it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Institution {
    pub routing_number: String,
    pub full_name: String,
    pub ach_eligible: bool,
    pub wire_eligible: bool,
    pub realtime_eligible: bool,
    #[serde(default)]
    street_address: Option<String>,
    #[serde(default)]
    city: Option<String>,
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    zip_code: Option<String>,
    #[serde(default)]
    country_code: Option<String>,
}

/// Why no check can be mailed to an institution's address. Final: enter the address instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstitutionAddressProblem {
    #[error("the bank's directory does not place the institution in the United States")]
    Abroad,
    #[error("no check can be mailed to the address in the bank's directory: {0}")]
    Address(#[from] AddressProblem),
}

impl Institution {
    /// The address of the institution itself, if a check can be mailed there.
    pub fn mailing_address(&self) -> Result<MailingAddress, InstitutionAddressProblem> {
        if self.country_code.as_deref() != Some("US") {
            return Err(InstitutionAddressProblem::Abroad);
        }
        let text = |known: &Option<String>| known.clone().unwrap_or_default();
        let parts = AddressParts {
            line_1: text(&self.street_address),
            line_2: None,
            city: text(&self.city),
            state: text(&self.state),
            postal_code: text(&self.zip_code),
        };
        Ok(parts.try_into()?)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn institution(change: impl FnOnce(&mut Value)) -> Institution {
        let mut told = json!({
            "routing_number": "110000000", "full_name": "EXAMPLE BANK, NA", "ach_eligible": true, "wire_eligible": true,
            "realtime_eligible": false, "street_address": "10 EXAMPLE AVE", "city": "TAMPA", "state": "FL",
            "zip_code": "33610", "country_code": "US",
        });
        change(&mut told);
        serde_json::from_value(told).unwrap()
    }

    #[test]
    fn the_address_of_a_bank_in_the_united_states_can_be_mailed_to() {
        let parts: AddressParts = institution(|_| {}).mailing_address().unwrap().into();
        assert_eq!((parts.line_1.as_str(), parts.city.as_str()), ("10 EXAMPLE AVE", "TAMPA"));
        assert_eq!((parts.state.as_str(), parts.postal_code.as_str()), ("FL", "33610"));
    }

    #[test]
    fn what_is_missing_abroad_or_does_not_fit_is_refused() {
        let problem = |change: fn(&mut Value)| institution(change).mailing_address().err();
        assert_eq!(problem(|told| told["country_code"] = json!("CA")), Some(InstitutionAddressProblem::Abroad));
        assert_eq!(problem(|told| told["country_code"] = Value::Null), Some(InstitutionAddressProblem::Abroad));
        let address = |problem| Some(InstitutionAddressProblem::Address(problem));
        assert_eq!(problem(|told| told["street_address"] = Value::Null), address(AddressProblem::Empty));
        assert_eq!(
            problem(|told| told["street_address"] = json!("x".repeat(36))),
            address(AddressProblem::LinesTooLong)
        );
        assert_eq!(problem(|told| told["zip_code"] = json!("")), address(AddressProblem::PostalCode));
    }
}
