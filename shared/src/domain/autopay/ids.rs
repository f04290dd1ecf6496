//! Ids of a person and of what is theirs. A person's follows from their subject by a key that only the deployment has, and is kept as a claim
//! of the subject; those of their cards and accounts follow from it and from what they are.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::domain::ids::IdFormat;

macro_rules! hex_id {
    ($(#[$doc:meta])* $type:ident, $prefix:literal, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(u128);

        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!($prefix, "{:032x}"), self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, formatter)
            }
        }

        impl FromStr for $type {
            type Err = IdFormat;

            fn from_str(text: &str) -> Result<Self, IdFormat> {
                let refused = || IdFormat { kind: $kind, text: text.to_owned() };
                text.strip_prefix($prefix).and_then($crate::domain::autopay::ids::plain_hex).map(Self).ok_or_else(refused)
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(in crate::domain) use hex_id;

hex_id!(
    /// `per_` and the 32 hexadecimal digits of the keyed fingerprint of the token issuer's subject; of persons of before the first 128 bits of
    /// its SHA-256. The payer in the ledger.
    PersonId,
    "per_",
    "person"
);

hex_id!(
    /// `card_` and the 32 hexadecimal digits of the keyed fingerprint of the person and the card's identity: the same card linked again
    /// makes the same id. Limit: a replaced fingerprint key makes other ids for cards that are linked again.
    CardId,
    "card_",
    "card"
);

hex_id!(
    /// `bnk_` and the 32 hexadecimal digits of the keyed fingerprint of the person and the bank account's identity, as a card's.
    BankAccountId,
    "bnk_",
    "bank account"
);

impl PersonId {
    /// The id of persons who were put down before ids were keyed. Whoever can guess a subject can compute it.
    pub fn of_subject(subject: &str) -> Self {
        Self(leading_bits(subject))
    }

    /// From a fingerprint of [`Self::parts`].
    pub fn of_fingerprint(fingerprint: &str) -> Result<Self, IdFormat> {
        digits_of(fingerprint).map(Self)
    }

    /// What a person's id is the fingerprint of.
    pub const fn parts(subject: &str) -> [&str; 2] {
        ["person", subject]
    }
}

impl CardId {
    /// From a fingerprint of [`super::identity::card_parts`].
    pub fn of_fingerprint(fingerprint: &str) -> Result<Self, IdFormat> {
        digits_of(fingerprint).map(Self)
    }
}

impl BankAccountId {
    /// From a fingerprint of [`super::identity::bank_account_parts`].
    pub fn of_fingerprint(fingerprint: &str) -> Result<Self, IdFormat> {
        digits_of(fingerprint).map(Self)
    }
}

/// A fingerprint is `f{key version}_` and 32 hexadecimal digits.
fn digits_of(fingerprint: &str) -> Result<u128, IdFormat> {
    let digits = fingerprint.split_once('_').and_then(|(_, digits)| plain_hex(digits));
    digits.ok_or_else(|| IdFormat { kind: "fingerprint", text: fingerprint.to_owned() })
}

/// The first 128 bits of the text's SHA-256.
pub(in crate::domain) fn leading_bits(text: &str) -> u128 {
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    digest.iter().take(16).fold(0, |sum, byte| (sum << 8) | u128::from(*byte))
}

pub(in crate::domain) fn plain_hex(text: &str) -> Option<u128> {
    let plain = text.len() == 32 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    plain.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_subject_is_always_the_same_person_and_another_one_another() {
        // SHA-256 of "ann", as any tool computes it.
        assert_eq!(PersonId::of_subject("ann").to_string(), "per_49915e0d7d4b402e3017d010bc1c0e83");
        assert_ne!(PersonId::of_subject("ann"), PersonId::of_subject("Ann"));
    }

    #[test]
    fn an_id_of_another_kind_or_spelling_is_refused() {
        let right = PersonId::of_subject("ann").to_string();
        assert!(right.parse::<CardId>().is_err());
        for wrong in [right.to_uppercase(), right.replace("per_", "per_0"), format!("{right} "), "per_+1".to_owned()] {
            assert!(wrong.parse::<PersonId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_fingerprint_becomes_an_id_whatever_the_version_of_its_key() {
        let digits = "00112233445566778899aabbccddeeff";
        assert_eq!(CardId::of_fingerprint(&format!("f12_{digits}")).unwrap().to_string(), format!("card_{digits}"));
        assert_eq!(
            BankAccountId::of_fingerprint(&format!("f1_{digits}")).unwrap().to_string(),
            format!("bnk_{digits}")
        );
        for wrong in ["", "f1_", digits, "f1_0011", &format!("f1_{digits}0")] {
            assert!(CardId::of_fingerprint(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_id_reads_what_it_prints(number: u128) {
            prop_assert_eq!(PersonId(number).to_string().parse(), Ok(PersonId(number)));
            prop_assert_eq!(CardId(number).to_string().parse(), Ok(CardId(number)));
            prop_assert_eq!(BankAccountId(number).to_string().parse(), Ok(BankAccountId(number)));
        }
    }
}
