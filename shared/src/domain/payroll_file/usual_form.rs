//! The form in which machines write the file: every element once, in the documented order, plain text, blanks only between tags.
//!
//! Such a row is recognised by comparing bytes, several times faster than token by token. Whatever deviates in any way is left to
//! [`raw_row`](super::raw_row), which answers the same for the rows read here (a property test compares the two).

use std::borrow::Cow;

use super::field::Field;
use super::limits::Limits;
use super::raw_row::RawRow;

enum Part {
    Tag(&'static str),
    Leaf(Field, &'static str, &'static str),
}

const FORM: [Part; 29] = [
    Part::Tag("<row>"),
    Part::Tag("<Employee>"),
    Part::Leaf(Field::EmployeeId, "<DunkinId>", "</DunkinId>"),
    Part::Leaf(Field::BranchId, "<DunkinBranch>", "</DunkinBranch>"),
    Part::Leaf(Field::FirstName, "<FirstName>", "</FirstName>"),
    Part::Leaf(Field::LastName, "<LastName>", "</LastName>"),
    Part::Leaf(Field::Dob, "<DOB>", "</DOB>"),
    Part::Leaf(Field::PhoneNumber, "<PhoneNumber>", "</PhoneNumber>"),
    Part::Tag("</Employee>"),
    Part::Tag("<Payor>"),
    Part::Leaf(Field::SourceId, "<DunkinId>", "</DunkinId>"),
    Part::Leaf(Field::AbaRouting, "<ABARouting>", "</ABARouting>"),
    Part::Leaf(Field::AccountNumber, "<AccountNumber>", "</AccountNumber>"),
    Part::Leaf(Field::Name, "<Name>", "</Name>"),
    Part::Leaf(Field::Dba, "<DBA>", "</DBA>"),
    Part::Leaf(Field::Ein, "<EIN>", "</EIN>"),
    Part::Tag("<Address>"),
    Part::Leaf(Field::Line1, "<Line1>", "</Line1>"),
    Part::Leaf(Field::City, "<City>", "</City>"),
    Part::Leaf(Field::State, "<State>", "</State>"),
    Part::Leaf(Field::Zip, "<Zip>", "</Zip>"),
    Part::Tag("</Address>"),
    Part::Tag("</Payor>"),
    Part::Tag("<Payee>"),
    Part::Leaf(Field::InstitutionId, "<PlaidId>", "</PlaidId>"),
    Part::Leaf(Field::LoanAccountNumber, "<LoanAccountNumber>", "</LoanAccountNumber>"),
    Part::Tag("</Payee>"),
    Part::Leaf(Field::Amount, "<Amount>", "</Amount>"),
    Part::Tag("</row>"),
];

/// The row at the start of `input` and its length, if it is complete and in the usual form.
pub(super) fn parse_usual_row<'a>(input: &'a str, limits: &Limits) -> Option<(RawRow<'a>, usize)> {
    let mut row = RawRow::default();
    let mut at = 0;
    for part in &FORM {
        at = skip_blanks(input, at);
        match part {
            Part::Tag(tag) => at = skip(input, at, tag)?,
            Part::Leaf(field, open, close) => {
                let start = skip(input, at, open)?;
                let value = plain_text(input, start, limits.leaf_bytes)?;
                row.put(*field, Cow::Borrowed(value), start);
                if row.get(*field).is_none_or(|value| value.text.is_empty()) {
                    return None;
                }
                at = skip(input, start + value.len(), close)?;
            }
        }
    }
    Some((row, at))
}

fn skip_blanks(input: &str, at: usize) -> usize {
    let bytes = input.as_bytes();
    let mut end = at;
    while bytes.get(end).is_some_and(u8::is_ascii_whitespace) {
        end += 1;
    }
    end
}

fn skip(input: &str, at: usize, expected: &str) -> Option<usize> {
    let end = at + expected.len();
    (input.as_bytes().get(at..end)? == expected.as_bytes()).then_some(end)
}

/// The text up to the next tag, unless it holds a reference or could be the end of a CDATA section.
fn plain_text(input: &str, start: usize, limit: usize) -> Option<&str> {
    let rest = input.as_bytes().get(start..)?;
    let length = rest.iter().take(limit + 1).position(|byte| matches!(byte, b'<' | b'&' | b'>'))?;
    if rest[length] == b'<' { input.get(start..start + length) } else { None }
}
