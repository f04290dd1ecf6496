//! What the bank's requests can carry: one type for each limit.
//!
//! Guarantees: a request that moves money is built of these types and of nothing else, and what a file, a person or another system hands
//! us becomes one of them, or is refused, where it enters: what cannot be sent is refused before money is pulled for it. A number is
//! refused rather than cut, because a cut number is another account. Nothing here prints a number or a name.

use std::borrow::Cow;
use std::fmt;

use super::body::RequestProblem;
use crate::domain::ach::text::{TextField, fit, plain};
use crate::domain::money::Cents;
use crate::domain::secret::last_four;

/// The amount of one entry or check: ten digits of cents, the width of the field in the network's record and in the line of a check that
/// banks read (Nacha, entry detail record).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TransferAmount(Cents);

impl TransferAmount {
    pub const SMALLEST: Cents = Cents::new(1);
    pub const LARGEST: Cents = Cents::new(9_999_999_999);

    pub const fn get(self) -> Cents {
        self.0
    }
}

impl TryFrom<Cents> for TransferAmount {
    type Error = RequestProblem;

    fn try_from(amount: Cents) -> Result<Self, RequestProblem> {
        let fits = (Self::SMALLEST..=Self::LARGEST).contains(&amount);
        if fits { Ok(Self(amount)) } else { Err(RequestProblem::Amount(amount)) }
    }
}

/// The account number of an entry: 1 to 17 letters, digits and hyphens, not hyphens alone (Nacha, DFI account number). As it was typed:
/// leading zeros count.
#[derive(Clone, PartialEq, Eq)]
pub struct EntryAccountNumber(String);

impl EntryAccountNumber {
    pub const SIZE: usize = 17;

    /// Whether a text is one, without keeping it.
    pub fn check(number: &str) -> Result<(), RequestProblem> {
        let takes = |byte: u8| byte.is_ascii_alphanumeric() | (byte == b'-');
        let is_written_so = number.bytes().fold(true, |valid, byte| valid & takes(byte));
        let names_something = number.bytes().any(|byte| byte != b'-');
        if is_written_so && names_something && number.len() <= Self::SIZE {
            Ok(())
        } else {
            Err(RequestProblem::AccountNumber(last_four(number).to_owned()))
        }
    }

    /// The whole number: only for a request to the bank.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The number without what is only a way to write it, hyphens and the case of letters: two spellings of one account are one.
    pub fn normalized(number: &str) -> Cow<'_, str> {
        let is_written_otherwise = |byte: u8| byte == b'-' || byte.is_ascii_lowercase();
        if !number.bytes().any(is_written_otherwise) {
            return Cow::Borrowed(number);
        }
        Cow::Owned(number.chars().filter(|character| *character != '-').map(|c| c.to_ascii_uppercase()).collect())
    }
}

impl TryFrom<&str> for EntryAccountNumber {
    type Error = RequestProblem;

    fn try_from(number: &str) -> Result<Self, RequestProblem> {
        Self::check(number).map(|()| Self(number.to_owned()))
    }
}

/// The receiver's name in an entry: at most 22 characters of the network's, upper case, with a letter or digit among them. A longer name is
/// cut, as the network has it; letters with accents lose these.
#[derive(Clone, PartialEq, Eq)]
pub struct ReceiverName(String);

impl ReceiverName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for ReceiverName {
    type Error = RequestProblem;

    fn try_from(name: &str) -> Result<Self, RequestProblem> {
        let fitted = fit(TextField::ReceiverName, name);
        if names_something(&fitted) { Ok(Self(fitted)) } else { Err(RequestProblem::ReceiverName) }
    }
}

/// What the receiver's bank shows an entry to be for: 1 to 10 characters of the network's. A longer one is refused: cut it would say
/// something else.
#[derive(Clone, PartialEq, Eq)]
pub struct EntryDescription(String);

impl EntryDescription {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for EntryDescription {
    type Error = RequestProblem;

    fn try_from(text: &str) -> Result<Self, RequestProblem> {
        let trimmed = text.trim_ascii();
        let fits = is_printable(trimmed) && trimmed.len() <= TextField::CompanyEntryDescription.size();
        if fits && names_something(trimmed) {
            Ok(Self(fit(TextField::CompanyEntryDescription, trimmed)))
        } else {
            Err(RequestProblem::EntryDescription)
        }
    }
}

/// Whether a text has a letter or digit that a bank can read.
fn names_something(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_alphanumeric())
}

fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

macro_rules! printed_texts {
    ($($(#[doc = $text:literal])+ $name:ident($field:literal, $size:literal);)+) => {$(
        $(#[doc = $text])+
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            pub const SIZE: usize = $size;

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<&str> for $name {
            type Error = RequestProblem;

            fn try_from(text: &str) -> Result<Self, RequestProblem> {
                if names_something(text) && is_printable(text) && text.len() <= Self::SIZE {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(RequestProblem::CheckText { field: $field, size: Self::SIZE })
                }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(stringify!($name))
            }
        }
    )+};
}

// Column publishes no sizes for what is printed; these are what its customers keep to.
printed_texts! {
    /// To whose order a check is made out: 1 to 40 printable ASCII characters, never cut.
    CheckPayeeName("payee name", 40);
    /// Who pays by a check, as printed on it: 1 to 40 printable ASCII characters, never cut.
    CheckPayorName("payor name", 40);
    /// On the check itself: 1 to 40 printable ASCII characters, never cut.
    CheckMemo("memo", 40);
    /// On the letter around a check: 1 to 255 printable ASCII characters, never cut.
    CheckMessage("message", 255);
}

impl CheckPayorName {
    /// A person's name as it is printed: letters without their accents, each run of blanks one space.
    pub fn of_person(name: &str) -> Result<Self, RequestProblem> {
        let words = plain(name);
        let words: Vec<&str> = words.split_ascii_whitespace().collect();
        Self::try_from(words.join(" ").as_str())
    }
}

impl fmt::Debug for EntryAccountNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "EntryAccountNumber(***{})", last_four(&self.0))
    }
}

impl fmt::Debug for ReceiverName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ReceiverName")
    }
}

impl fmt::Debug for EntryDescription {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "EntryDescription({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_number_is_taken_as_it_was_typed_or_refused() {
        for number in ["0", "00012345", "12-34", "ABC-1", &"9".repeat(17)] {
            assert_eq!(EntryAccountNumber::try_from(number).unwrap().expose(), number);
        }
        for number in ["", "-", "---", &"9".repeat(18), "12 34", "12é4", "1\n"] {
            assert!(
                matches!(EntryAccountNumber::try_from(number), Err(RequestProblem::AccountNumber(_))),
                "{number:?}"
            );
        }
    }

    #[test]
    fn hyphens_and_case_make_no_other_account() {
        for (one, other) in [("1234", "12-34"), ("AB-1", "ab1"), ("-1-", "1")] {
            assert_eq!(EntryAccountNumber::normalized(one), EntryAccountNumber::normalized(other));
        }
        assert_ne!(EntryAccountNumber::normalized("0123"), EntryAccountNumber::normalized("123"));
    }

    #[test]
    fn a_receivers_name_keeps_its_letters_and_has_one() {
        let fitted = |name: &str| ReceiverName::try_from(name).map(|name| name.as_str().to_owned());
        assert_eq!(fitted("Łukasz Wiśniewski").as_deref(), Ok("LUKASZ WISNIEWSKI"));
        assert_eq!(fitted("Bartholomew Featherstonehaugh").as_deref(), Ok("BARTHOLOMEW FEATHERSTO"));
        for nameless in ["", " ", "\u{a0}", "\u{200b}", "-", "🦀", "山田", &format!("{}A", "'".repeat(22))] {
            assert_eq!(fitted(nameless), Err(RequestProblem::ReceiverName), "{nameless:?}");
        }
    }

    #[test]
    fn an_entry_description_is_refused_rather_than_cut() {
        assert_eq!(EntryDescription::try_from("Loan pmt").unwrap().as_str(), "LOAN PMT");
        for text in ["", " ", "LOAN PAYMENT", "LOÄN", "--", "A\nB"] {
            assert_eq!(EntryDescription::try_from(text), Err(RequestProblem::EntryDescription), "{text:?}");
        }
    }

    #[test]
    fn what_is_printed_on_a_check_is_refused_rather_than_cut() {
        let refused = Err(RequestProblem::CheckText { field: "payee name", size: 40 });
        assert!(CheckPayeeName::try_from("x".repeat(40).as_str()).is_ok());
        for text in ["", "  ", "line\nbreak", "--", "Łukasz", &"x".repeat(41)] {
            assert_eq!(CheckPayeeName::try_from(text), refused, "{text:?}");
        }
    }

    #[test]
    fn a_person_is_printed_in_letters_that_every_bank_reads() {
        let printed = |name: &str| CheckPayorName::of_person(name).map(|name| name.as_str().to_owned());
        assert_eq!(printed(" Łukasz\u{a0} Wiśniewski ").as_deref(), Ok("Lukasz Wisniewski"));
        assert_eq!(printed("Nguyễn Thị Đặng").as_deref(), Ok("Nguyen Thi Dang"));
        let refused = Err(RequestProblem::CheckText { field: "payor name", size: 40 });
        for name in ["李小龙", "\u{200b}", &"x".repeat(41)] {
            assert_eq!(printed(name), refused, "{name:?}");
        }
    }

    #[test]
    fn an_amount_has_ten_digits_at_most() {
        for cents in [1, 9_999_999_999] {
            assert_eq!(TransferAmount::try_from(Cents::new(cents)).map(TransferAmount::get), Ok(Cents::new(cents)));
        }
        for cents in [-1, 0, 10_000_000_000] {
            assert_eq!(TransferAmount::try_from(Cents::new(cents)), Err(RequestProblem::Amount(Cents::new(cents))));
        }
    }

    #[test]
    fn nothing_prints_a_name_or_a_number() {
        let number = EntryAccountNumber::try_from("000123456789").unwrap();
        let name = ReceiverName::try_from("Pat Example").unwrap();
        let payor = CheckPayorName::of_person("Pat Example").unwrap();
        let printed = format!("{number:?} {name:?} {payor:?}");
        assert!(
            !printed.contains("Example") && !printed.contains("EXAMPLE") && !printed.contains("12345678"),
            "{printed}"
        );
    }
}
