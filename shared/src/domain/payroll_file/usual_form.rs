//! The form in which machines write the file: every element once, in the documented order, plain text, blanks only between tags.
//!
//! Such a row is recognised by comparing bytes, several times faster than token by token. Whatever deviates in any way is left to
//! [`raw_row`](super::raw_row), which answers the same for the rows read here (a property test compares the two).

use std::borrow::Cow;

use memchr::memchr3;

use super::field::Field;
use super::limits::Limits;
use super::raw_row::RawRow;

/// A place in a row that has been in the usual form so far.
struct Cursor<'a> {
    input: &'a str,
    at: usize,
    leaf_bytes: usize,
    row: Box<RawRow<'a>>,
}

/// The row at the start of `input` and its length, if it is complete and in the usual form.
pub(super) fn parse_usual_row<'a>(input: &'a str, limits: &Limits) -> Option<(Box<RawRow<'a>>, usize)> {
    let mut cursor = Cursor { input, at: 0, leaf_bytes: limits.leaf_bytes, row: Box::default() };
    cursor.tag(b"<row>")?;
    cursor.tag(b"<Employee>")?;
    cursor.leaf(Field::EmployeeId, b"<DunkinId>", b"</DunkinId>")?;
    cursor.leaf(Field::BranchId, b"<DunkinBranch>", b"</DunkinBranch>")?;
    cursor.leaf(Field::FirstName, b"<FirstName>", b"</FirstName>")?;
    cursor.leaf(Field::LastName, b"<LastName>", b"</LastName>")?;
    cursor.leaf(Field::Dob, b"<DOB>", b"</DOB>")?;
    cursor.leaf(Field::PhoneNumber, b"<PhoneNumber>", b"</PhoneNumber>")?;
    cursor.tag(b"</Employee>")?;
    cursor.tag(b"<Payor>")?;
    cursor.leaf(Field::SourceId, b"<DunkinId>", b"</DunkinId>")?;
    cursor.leaf(Field::AbaRouting, b"<ABARouting>", b"</ABARouting>")?;
    cursor.leaf(Field::AccountNumber, b"<AccountNumber>", b"</AccountNumber>")?;
    cursor.leaf(Field::Name, b"<Name>", b"</Name>")?;
    cursor.leaf(Field::Dba, b"<DBA>", b"</DBA>")?;
    cursor.leaf(Field::Ein, b"<EIN>", b"</EIN>")?;
    cursor.tag(b"<Address>")?;
    cursor.leaf(Field::Line1, b"<Line1>", b"</Line1>")?;
    cursor.leaf(Field::City, b"<City>", b"</City>")?;
    cursor.leaf(Field::State, b"<State>", b"</State>")?;
    cursor.leaf(Field::Zip, b"<Zip>", b"</Zip>")?;
    cursor.tag(b"</Address>")?;
    cursor.tag(b"</Payor>")?;
    cursor.tag(b"<Payee>")?;
    cursor.leaf(Field::InstitutionId, b"<PlaidId>", b"</PlaidId>")?;
    cursor.leaf(Field::LoanAccountNumber, b"<LoanAccountNumber>", b"</LoanAccountNumber>")?;
    cursor.tag(b"</Payee>")?;
    cursor.leaf(Field::Amount, b"<Amount>", b"</Amount>")?;
    cursor.tag(b"</row>")?;
    Some((cursor.row, cursor.at))
}

impl<'a> Cursor<'a> {
    /// Steps over blanks and the given tag. The tags' lengths are constants so that each comparison is a few machine words.
    #[inline(always)]
    fn tag<const N: usize>(&mut self, expected: &[u8; N]) -> Option<()> {
        let bytes = self.input.as_bytes();
        while bytes.get(self.at)?.is_ascii_whitespace() {
            self.at += 1;
        }
        let found: &[u8; N] = bytes[self.at..].first_chunk()?;
        self.at += N;
        (found == expected).then_some(())
    }

    #[inline(always)]
    fn leaf<const N: usize, const M: usize>(&mut self, field: Field, open: &[u8; N], close: &[u8; M]) -> Option<()> {
        self.tag(open)?;
        let start = self.at;
        let rest = &self.input.as_bytes()[start..];
        // A reference, or what could be the end of a CDATA section, is not for here.
        let length = memchr3(b'<', b'&', b'>', rest)?;
        let value = self.input.get(start..start + length)?.trim_ascii();
        if length > self.leaf_bytes || rest[length] != b'<' || value.is_empty() {
            return None;
        }
        self.row.put(field, Cow::Borrowed(value), start);
        self.at += length;
        self.tag(close)
    }
}
