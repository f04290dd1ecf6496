//! A postal address that a check can be mailed to (Column documentation, check printing).
//!
//! Guarantees: a [`MailingAddress`] is in the United States and fits the printed check; a line that is too long is refused, never cut,
//! because a cut address is another address. Limit: whether the address exists is for the post to find out.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Characters of each of the two lines, and of both together.
const LINE_SIZE: usize = 35;
const LINES_SIZE: usize = 50;

/// Characters of the city, which Column documents no line for but a size.
const CITY_SIZE: usize = 255;

/// States, the federal district, territories, and the military's post offices, by the postal service's two letters.
const STATES: [&str; 59] = [
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY", "LA", "ME",
    "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND", "OH", "OK", "OR", "PA",
    "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY", "DC", "AS", "GU", "MP", "PR", "VI", "AA",
    "AE", "AP",
];

/// The parts of an address as they are entered and stored, not yet looked at.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressParts {
    /// At most 35 characters.
    pub line_1: String,
    /// At most 35 characters, and at most 50 together with the first line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_2: Option<String>,
    /// At most 255 characters.
    pub city: String,
    /// Two capital letters.
    pub state: String,
    /// Five digits, or five, a hyphen and four.
    pub postal_code: String,
}

/// An address in the United States that a check can be mailed to. Stored and read as [`AddressParts`]. `Debug` shows the state alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "AddressParts", into = "AddressParts")]
pub struct MailingAddress(AddressParts);

/// What is wrong with an address. Final until it is corrected. Does not repeat the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressProblem {
    #[error("the first line and the city must not be empty")]
    Empty,
    #[error("a line has at most 35 characters, and both together at most 50")]
    LinesTooLong,
    #[error("a city has at most 255 characters")]
    CityTooLong,
    #[error("only letters, digits, spaces and ordinary punctuation can be printed")]
    Unprintable,
    #[error("the state is not one of the postal service's two-letter codes")]
    State,
    #[error("the postal code is not five digits, or five, a hyphen and four")]
    PostalCode,
}

impl TryFrom<AddressParts> for MailingAddress {
    type Error = AddressProblem;

    fn try_from(parts: AddressParts) -> Result<Self, Self::Error> {
        let second = parts.line_2.as_deref().unwrap_or_default();
        let texts = [parts.line_1.as_str(), second, parts.city.as_str()];
        if parts.line_1.trim().is_empty() || parts.city.trim().is_empty() {
            return Err(AddressProblem::Empty);
        }
        if !texts.iter().all(|text| text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())) {
            return Err(AddressProblem::Unprintable);
        }
        if parts.line_1.len() > LINE_SIZE || second.len() > LINE_SIZE || parts.line_1.len() + second.len() > LINES_SIZE
        {
            return Err(AddressProblem::LinesTooLong);
        }
        if parts.city.len() > CITY_SIZE {
            return Err(AddressProblem::CityTooLong);
        }
        if !STATES.contains(&parts.state.as_str()) {
            return Err(AddressProblem::State);
        }
        if !is_postal_code(&parts.postal_code) {
            return Err(AddressProblem::PostalCode);
        }
        let line_2 = parts.line_2.filter(|text| !text.trim().is_empty());
        Ok(Self(AddressParts { line_2, ..parts }))
    }
}

impl From<MailingAddress> for AddressParts {
    fn from(address: MailingAddress) -> Self {
        address.0
    }
}

fn is_postal_code(text: &str) -> bool {
    let all_digits = |part: &str, size| part.len() == size && part.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once('-') {
        None => all_digits(text, 5),
        Some((area, delivery)) => all_digits(area, 5) && all_digits(delivery, 4),
    }
}

impl MailingAddress {
    /// As Column takes it.
    pub(super) fn wire(&self) -> WireAddress<'_> {
        WireAddress {
            line_1: &self.0.line_1,
            line_2: self.0.line_2.as_deref(),
            city: &self.0.city,
            state: &self.0.state,
            postal_code: &self.0.postal_code,
            country_code: "US",
        }
    }
}

#[derive(Serialize)]
pub(super) struct WireAddress<'a> {
    line_1: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line_2: Option<&'a str>,
    city: &'a str,
    state: &'a str,
    postal_code: &'a str,
    country_code: &'static str,
}

impl fmt::Debug for AddressParts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AddressParts")
    }
}

impl fmt::Debug for MailingAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "MailingAddress({})", self.0.state)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts() -> AddressParts {
        AddressParts {
            line_1: "PO Box 100".to_owned(),
            line_2: None,
            city: "Wilmington".to_owned(),
            state: "DE".to_owned(),
            postal_code: "19886-0100".to_owned(),
        }
    }

    fn problem(change: impl FnOnce(&mut AddressParts)) -> Option<AddressProblem> {
        let mut parts = parts();
        change(&mut parts);
        MailingAddress::try_from(parts).err()
    }

    #[test]
    fn an_address_in_the_united_states_is_taken_and_stored_as_it_was_entered() {
        let address = MailingAddress::try_from(parts()).unwrap();
        let stored = serde_json::to_string(&address).unwrap();
        assert_eq!(stored, r#"{"line_1":"PO Box 100","city":"Wilmington","state":"DE","postal_code":"19886-0100"}"#);
        assert_eq!(serde_json::from_str::<MailingAddress>(&stored).unwrap(), address);
    }

    #[test]
    fn every_fault_of_an_address_is_named() {
        assert_eq!(problem(|_| {}), None);
        assert_eq!(problem(|parts| parts.line_1 = " ".to_owned()), Some(AddressProblem::Empty));
        assert_eq!(problem(|parts| parts.city = String::new()), Some(AddressProblem::Empty));
        assert_eq!(problem(|parts| parts.city = "x".repeat(255)), None);
        assert_eq!(problem(|parts| parts.city = "x".repeat(256)), Some(AddressProblem::CityTooLong));
        assert_eq!(problem(|parts| parts.line_1 = "1 Straße".to_owned()), Some(AddressProblem::Unprintable));
        assert_eq!(problem(|parts| parts.city = "Reno\n".to_owned()), Some(AddressProblem::Unprintable));
        for state in ["de", "ZZ", "Delaware", ""] {
            assert_eq!(problem(|parts| parts.state = state.to_owned()), Some(AddressProblem::State), "{state}");
        }
        for code in ["1988", "198860", "19886-", "19886-12", "1988a", "19886 0100", ""] {
            assert_eq!(
                problem(|parts| parts.postal_code = code.to_owned()),
                Some(AddressProblem::PostalCode),
                "{code}"
            );
        }
    }

    #[test]
    fn an_address_from_storage_is_looked_at_as_one_that_is_entered() {
        let abroad = r#"{"line_1":"1 Main St","city":"Toronto","state":"ON","postal_code":"M5V 2T6"}"#;
        assert!(serde_json::from_str::<MailingAddress>(abroad).is_err());
    }

    #[test]
    fn an_address_is_not_printed() {
        let printed = format!("{:?} {:?}", MailingAddress::try_from(parts()), parts());
        assert!(!printed.contains("100") && !printed.contains("Wilmington"), "{printed}");
    }

    proptest! {
        #[test]
        fn lines_are_taken_up_to_what_is_printed_and_no_further(first in 1..60_usize, second in 0..60_usize) {
            let refused = problem(|parts| {
                parts.line_1 = "x".repeat(first);
                parts.line_2 = Some("x".repeat(second));
            });
            let fits = first <= 35 && second <= 35 && first + second <= 50;
            prop_assert_eq!(refused, (!fits).then_some(AddressProblem::LinesTooLong));
        }
    }
}
