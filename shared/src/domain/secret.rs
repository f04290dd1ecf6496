//! Values that must not be read by accident: bank account numbers, tax ids and the tokens of linked institutions.
//!
//! Guarantees: `Debug` shows at most the last four characters (of a token nothing), there is no `Display`, and serde does not know these types unless a
//! field says `#[serde(with = "secret::exposed")]`. Whoever needs the whole value writes [`AccountNumber::expose`], which is easy to find.

use std::fmt;

/// A bank, loan or card account number as text: leading zeros count.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountNumber(String);

/// A US employer identification number, digits only, 8 or 9 of them.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaxId(String);

/// What opens an item at Plaid for as long as it is linked. Never in a URL, a header, a log line or an answer of ours.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(String);

/// What Link hands to a person's browser, good for thirty minutes and one exchange.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicToken(String);

impl AccountNumber {
    pub fn new(number: impl Into<String>) -> Self {
        Self(number.into())
    }

    /// The whole number: only for a request to the bank, for sealing and for fingerprints.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The last four characters; nothing of a number of four or fewer, of which they would be the whole.
    pub fn last_four(&self) -> &str {
        last_four(&self.0)
    }
}

impl TaxId {
    pub fn new(digits: impl Into<String>) -> Self {
        Self(digits.into())
    }

    /// The whole id: only for a request to the bank and for sealing.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl AccessToken {
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// The whole token: only for the body of a request to Plaid and for sealing.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl PublicToken {
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// The whole token: only for its exchange.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AccessToken(***)")
    }
}

impl fmt::Debug for PublicToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PublicToken(***)")
    }
}

impl fmt::Debug for AccountNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "AccountNumber(***{})", self.last_four())
    }
}

impl fmt::Debug for TaxId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TaxId(***)")
    }
}

/// The last four characters of a secret text, or nothing when that would be all of it.
pub fn last_four(text: &str) -> &str {
    match text.char_indices().rev().nth(3) {
        Some((start, _)) if start > 0 => &text[start..],
        Some(_) | None => "",
    }
}

/// Serde for a secret field, as plain text: only inside a document that is sealed as a whole.
pub mod exposed {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::{AccountNumber, TaxId};

    /// A secret that can be written out whole and read back.
    pub trait Exposed: Sized {
        fn text(&self) -> &str;
        fn from_text(text: String) -> Self;
    }

    impl Exposed for AccountNumber {
        fn text(&self) -> &str {
            self.expose()
        }
        fn from_text(text: String) -> Self {
            Self::new(text)
        }
    }

    impl Exposed for TaxId {
        fn text(&self) -> &str {
            self.expose()
        }
        fn from_text(text: String) -> Self {
            Self::new(text)
        }
    }

    pub fn serialize<S: Serializer>(secret: &impl Exposed, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(secret.text())
    }

    pub fn deserialize<'de, D: Deserializer<'de>, T: Exposed>(deserializer: D) -> Result<T, D::Error> {
        String::deserialize(deserializer).map(T::from_text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_last_four_at_most() {
        for (number, shown) in [
            ("00451177", "AccountNumber(***1177)"),
            ("1177", "AccountNumber(***)"),
            ("", "AccountNumber(***)"),
            ("12345é", "AccountNumber(***345é)"),
        ] {
            assert_eq!(format!("{:?}", AccountNumber::new(number)), shown);
        }
        assert_eq!(format!("{:?}", TaxId::new("123456789")), "TaxId(***)");
        assert_eq!(format!("{:?}", AccessToken::new("access-sandbox-1")), "AccessToken(***)");
        assert_eq!(format!("{:?}", PublicToken::new("public-sandbox-1")), "PublicToken(***)");
    }
}
