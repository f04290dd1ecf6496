//! The rules for single values (payroll-file.md section 2). Values arrive decoded and trimmed, never empty.

use jiff::civil::Date;

use super::error::ErrorCode;
use super::zip;
use crate::domain::aba::{RoutingNumber, RoutingNumberError};
use crate::domain::ach::transliteration::transliterated;
use crate::domain::bank::limits::{EntryAccountNumber, ReceiverName};
use crate::domain::bank::request::AccountType;
use crate::domain::source::is_source_id;

/// Why a value is refused, as the end of a sentence that begins with its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    pub(super) code: ErrorCode,
    pub(super) what: &'static str,
}

impl Complaint {
    pub(super) const fn new(code: ErrorCode, what: &'static str) -> Self {
        Self { code, what }
    }
}

fn require(valid: bool, code: ErrorCode, what: &'static str) -> Result<(), Complaint> {
    if valid { Ok(()) } else { Err(Complaint::new(code, what)) }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

const SHORTENED: &str =
    "was shortened by a spreadsheet, and digits are lost; keep the column as text and fill it in anew";

/// Whether a spreadsheet took a long number for one to calculate with: `1.23457E+11`.
fn is_shortened(text: &str) -> bool {
    let exponent = text.split_once(['E', 'e']).and_then(|(_, exponent)| exponent.strip_prefix('+'));
    exponent.is_some_and(digits)
}

/// Whether a number may have lost the zeros at its beginning.
fn lost_zeros(text: &str, length: usize) -> bool {
    digits(text) && text.len() < length
}

/// An employee, branch or source id.
pub(super) fn id(text: &str) -> Result<&str, Complaint> {
    // Without a way out at the first wrong byte this compiles to vector instructions; there are three long ids a row.
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() | (byte == b'_') | (byte == b'-');
    let valid = text.len() <= 64 && text.bytes().fold(true, |valid, byte| valid & allowed(byte));
    require(valid, ErrorCode::IdFormat, "is not an id of at most 64 letters, digits, _ and -")?;
    Ok(text)
}

/// A source's id.
pub(super) fn source_id(text: &str) -> Result<&str, Complaint> {
    let id = id(text)?;
    require(
        id.is_empty() || is_source_id(id),
        ErrorCode::IdFormat,
        "is not an id of a source: `all`, `people` and what begins with per_ mean something else",
    )?;
    Ok(id)
}

/// A first or last name, in any script.
pub(super) fn person_name(text: &str) -> Result<&str, Complaint> {
    free_text(text, 100, "is not a name of at most 100 characters without control characters")?;
    let is_visible = |character: char| character.is_ascii_graphic() || character.is_alphanumeric();
    // Of an ASCII text only blanks are invisible, and these were trimmed.
    let is_name = fault!(NameWithoutLetters, true, text.is_ascii() || text.chars().any(is_visible));
    require(is_name, ErrorCode::TextFormat, "is not a name: nothing of it can be seen")?;
    Ok(text)
}

/// The name of an employee as the bank gets it, where it may be another than is written: not for a name that begins with a plain letter and is
/// ASCII throughout. Refused where nothing that the network takes is left.
pub(super) fn bank_name(first: &str, last: &str) -> Result<Option<ReceiverName>, Complaint> {
    if first.is_ascii() && last.is_ascii() && first.starts_with(|character: char| character.is_ascii_alphabetic()) {
        return Ok(None);
    }
    let name = format!("{first} {last}");
    let what = "and the last name have no letter that the bank's network takes; write the name in Latin letters";
    let fitted = ReceiverName::try_from(&*transliterated(&name)).ok();
    let lettered = fitted.filter(|name| name.as_str().bytes().any(|byte| byte.is_ascii_alphabetic()));
    if fault!(NameWithoutLetters, true, lettered.is_some()) {
        return Ok(lettered.filter(|_| !name.is_ascii()));
    }
    Err(Complaint::new(ErrorCode::TextFormat, what))
}

/// A company's name: the bank gets it as the receiver's of what is pulled and given back.
pub(super) fn company_name(text: &str) -> Result<&str, Complaint> {
    let what = "has no letter or digit among its first characters that the bank's network takes";
    company_text(text)?;
    ReceiverName::try_from(&*transliterated(text)).map_err(|_| Complaint::new(ErrorCode::TextFormat, what))?;
    Ok(text)
}

/// Another text about a company: a trade name, a line of its address.
pub(super) fn company_text(text: &str) -> Result<&str, Complaint> {
    free_text(text, 200, "is not a text of at most 200 characters without control characters")?;
    let says_something = text.chars().any(char::is_alphanumeric);
    require(says_something, ErrorCode::TextFormat, "has neither a letter nor a digit")?;
    Ok(text)
}

fn free_text<'a>(text: &'a str, longest: usize, what: &'static str) -> Result<&'a str, Complaint> {
    let valid = if text.is_ascii() {
        text.len() <= longest && !text.bytes().any(|byte| byte.is_ascii_control())
    } else {
        text.chars().count() <= longest && !text.chars().any(char::is_control)
    };
    require(valid, ErrorCode::TextFormat, what)?;
    Ok(text)
}

/// Whether a name holds what may be invisible or look like another name: direction marks, zero-width and combining characters.
pub(super) fn has_unusual_characters(text: &str) -> bool {
    !text.is_ascii()
        && text.chars().any(|c| {
            matches!(c, '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}')
        })
}

/// `MM-DD-YYYY` or `YYYY-MM-DD`: a real date from 1900 on and not after `today`.
pub(super) fn date_of_birth(text: &str, today: Date) -> Result<Date, Complaint> {
    let number = |part: &str| if digits(part) { part.parse::<i16>().ok() } else { None };
    let parse = || {
        let (year, month, day) = match (text.len(), text.as_bytes().get(2)?) {
            (10, b'-') => (text.get(6..)?, text.get(..2)?, text.get(3..5)?),
            (10, _) => (text.get(..4)?, text.get(5..7)?, text.get(8..)?),
            (_, _) => return None,
        };
        let separators = if text.as_bytes()[2] == b'-' { [2, 5] } else { [4, 7] };
        if separators.iter().any(|position| text.as_bytes()[*position] != b'-') {
            return None;
        }
        let month = i8::try_from(number(month)?).ok()?;
        let day = i8::try_from(number(day)?).ok()?;
        Date::new(number(year)?, month, day).ok()
    };
    let what = "is not a date of birth as MM-DD-YYYY, from 1900 on and not in the future";
    parse().filter(|date| date.year() >= 1900 && *date <= today).ok_or(Complaint::new(ErrorCode::DobInvalid, what))
}

pub(super) fn phone_number(text: &str) -> Result<(), Complaint> {
    let valid = text.strip_prefix('+').is_some_and(|number| digits(number) && (10..=15).contains(&number.len()));
    require(valid, ErrorCode::PhoneFormat, "is not a phone number: + and 10 to 15 digits")
}

pub(super) fn routing_number(text: &str) -> Result<RoutingNumber, Complaint> {
    text.parse().map_err(|error| match error {
        RoutingNumberError::Format if lost_zeros(text, 9) => Complaint::new(
            ErrorCode::AbaFormat,
            "has fewer than nine digits: a spreadsheet drops leading zeros, so keep the column as text",
        ),
        RoutingNumberError::Format => Complaint::new(ErrorCode::AbaFormat, "is not nine digits that are not all zero"),
        RoutingNumberError::Checksum => Complaint::new(ErrorCode::AbaChecksum, "fails the ABA checksum"),
    })
}

pub(super) fn account_number(text: &str) -> Result<&str, Complaint> {
    let valid = digits(text) && EntryAccountNumber::check(text).is_ok();
    require(!is_shortened(text), ErrorCode::AccountFormat, SHORTENED)?;
    require(valid, ErrorCode::AccountFormat, "is not an account number of 1 to 17 digits")?;
    Ok(text)
}

/// The number of a payee's bank account, as the entry that pays it carries it.
pub(super) fn payee_account_number(text: &str) -> Result<&str, Complaint> {
    let what =
        "is not an account number of 1 to 17 letters, digits and -, which is what an entry to the bank can carry";
    require(!is_shortened(text), ErrorCode::AccountFormat, SHORTENED)?;
    require(EntryAccountNumber::check(text).is_ok(), ErrorCode::AccountFormat, what)?;
    Ok(text)
}

/// A kind of account that a person is paid into. Nothing is guessed of a letter or number.
pub(super) fn account_type(text: &str) -> Result<AccountType, Complaint> {
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    match (is("checking"), is("savings")) {
        (true, _) => Ok(AccountType::Checking),
        (_, true) => Ok(AccountType::Savings),
        (false, false) => Err(Complaint::new(ErrorCode::AccountType, "is neither checking nor savings")),
    }
}

/// Whose account it is: the bank gets it as the receiver's name.
pub(super) fn payee_name(text: &str) -> Result<&str, Complaint> {
    let what = "has no letter or digit among its first characters that the bank's network takes";
    free_text(text, 100, "is not a name of at most 100 characters without control characters")?;
    ReceiverName::try_from(&*transliterated(text)).map_err(|_| Complaint::new(ErrorCode::TextFormat, what))?;
    Ok(text)
}

/// An account holder's name as the bank gets it, where that is another than is written.
pub(super) fn holder_at_bank(name: &str) -> Option<ReceiverName> {
    if name.is_ascii() { None } else { ReceiverName::try_from(&*transliterated(name)).ok() }
}

/// An EIN without its optional hyphen after two digits.
pub(super) fn ein(text: &str) -> Result<String, Complaint> {
    let plain = match text.split_once('-') {
        Some((first, rest)) if first.len() == 2 => [first, rest].concat(),
        Some(_) | None => text.to_owned(),
    };
    let valid = matches!(plain.len(), 8 | 9) && digits(&plain);
    require(valid, ErrorCode::EinFormat, "is not an EIN of 8 or 9 digits")?;
    Ok(plain)
}

pub(super) fn state(text: &str) -> Result<&str, Complaint> {
    require(zip::is_state(text), ErrorCode::StateFormat, "is not a US state as two capital letters")?;
    Ok(text)
}

pub(super) fn zip_code(text: &str) -> Result<&str, Complaint> {
    let valid = match text.split_once('-') {
        Some((five, four)) => five.len() == 5 && digits(five) && four.len() == 4 && digits(four),
        None => text.len() == 5 && digits(text),
    };
    let dropped = "has fewer than five digits: a spreadsheet drops leading zeros, so keep the column as text";
    require(!lost_zeros(text, 5), ErrorCode::ZipFormat, dropped)?;
    require(valid, ErrorCode::ZipFormat, "is not a ZIP code of five digits, or five, - and four")?;
    Ok(text)
}

/// A Plaid institution id: `ins_` and digits.
pub(super) fn institution_id(text: &str) -> Result<&str, Complaint> {
    let valid = text.len() <= 64 && text.strip_prefix("ins_").is_some_and(digits);
    require(valid, ErrorCode::InstitutionFormat, "is not an institution id: ins_ and digits")?;
    Ok(text)
}

/// A loan account number: text, with its leading zeros. It is the account number of the entry that pays the loan.
pub(super) fn loan_account_number(text: &str) -> Result<&str, Complaint> {
    let what =
        "is not a loan account number of 1 to 17 letters, digits and -, which is what an entry to the bank can carry";
    require(!is_shortened(text), ErrorCode::LoanFormat, SHORTENED)?;
    let is_one = fault!(UnsendableLoanTaken, text.len() <= 64, EntryAccountNumber::check(text).is_ok());
    require(is_one, ErrorCode::LoanFormat, what)?;
    Ok(text)
}
