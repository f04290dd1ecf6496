//! The form in which machines write the file: every element once, in the documented order, plain text, blanks only between tags.
//!
//! Such a row is recognized by comparing bytes, several times faster than token by token. Whatever deviates in any way is left to
//! [`raw_row`](super::raw_row), which answers the same for the rows read here (a property test compares the two).

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use foldhash::quality::RandomState;
use memchr::memchr3;

use super::field::Field;
use super::limits::Limits;
use super::raw_row::RawRow;

/// Sources whose details are remembered as text; those of more are read anew in every row.
const REMEMBERED_SOURCES: usize = 256;

/// The leaves of a row's `Payor` behind its id.
pub(super) const DETAILS: [Field; 9] = [
    Field::AbaRouting,
    Field::AccountNumber,
    Field::Name,
    Field::Dba,
    Field::Ein,
    Field::Line1,
    Field::City,
    Field::State,
    Field::Zip,
];

/// The details of each source, from behind its id to `</Payor>`, as its first row wrote them. They are nearly half of a row and
/// the same in each row of the source, so that one comparison finds nine leaves, and says that they were checked before.
#[derive(Default)]
pub(super) struct WrittenDetails {
    by_source: HashMap<Box<str>, Written, RandomState>,
}

struct Written {
    /// From 0, in the order of the sources' first rows.
    number: usize,
    text: Box<str>,
    leaves: [WrittenLeaf; DETAILS.len()],
}

/// Places in the text: of the first byte behind the leaf's tag, and of its value without the blanks around it.
struct WrittenLeaf {
    at: usize,
    value: Range<usize>,
}

impl WrittenDetails {
    /// Keeps the details that stand at `place` in the input and were read into the row.
    pub(super) fn remember(&mut self, row: &RawRow<'_>, input: &str, place: Range<usize>) {
        let Some(source_id) = row.get(Field::SourceId) else { return };
        let number = self.by_source.len();
        if number >= REMEMBERED_SOURCES || self.by_source.contains_key(&*source_id.text) {
            return;
        }
        let leaves = DETAILS.map(|field| {
            let (at, length) = row.get(field).map_or((place.start, 0), |value| (value.at, value.text.len()));
            let start = input.len() - input[at..].trim_ascii_start().len();
            WrittenLeaf { at: at - place.start, value: start - place.start..start - place.start + length }
        });
        self.by_source.insert(source_id.text.as_ref().into(), Written { number, text: input[place].into(), leaves });
    }

    /// Reads the details that stand at `at` of the input, if they are written as in an earlier row of the source, and answers the place
    /// behind them.
    #[inline]
    pub(super) fn step_over<'a>(&self, row: &mut RawRow<'a>, input: &'a str, at: usize) -> Option<usize> {
        let known = self.by_source.get(&*row.get(Field::SourceId)?.text)?;
        let end = at + known.text.len();
        let text = input.get(at..end).filter(|text| **text == *known.text)?;
        for (field, leaf) in DETAILS.into_iter().zip(&known.leaves) {
            row.put(field, Cow::Borrowed(&text[leaf.value.clone()]), at + leaf.at);
        }
        row.written_details = Some(known.number);
        Some(end)
    }
}

/// A place in a row that has been in the usual form so far.
struct Cursor<'a> {
    input: &'a str,
    at: usize,
    leaf_bytes: usize,
    row: Box<RawRow<'a>>,
}

/// The row at the start of `input` and its length, if it is complete and in the usual form.
pub(super) fn parse_usual_row<'a>(
    input: &'a str,
    written: &mut WrittenDetails,
    limits: &Limits,
) -> Option<(Box<RawRow<'a>>, usize)> {
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
    match written.step_over(&mut cursor.row, input, cursor.at) {
        Some(behind) => cursor.at = behind,
        None => cursor.details(written)?,
    }
    cursor.tag(b"<Payee>")?;
    cursor.leaf(Field::InstitutionId, b"<PlaidId>", b"</PlaidId>")?;
    cursor.leaf(Field::LoanAccountNumber, b"<LoanAccountNumber>", b"</LoanAccountNumber>")?;
    cursor.tag(b"</Payee>")?;
    cursor.leaf(Field::Amount, b"<Amount>", b"</Amount>")?;
    cursor.tag(b"</row>")?;
    Some((cursor.row, cursor.at))
}

impl<'a> Cursor<'a> {
    fn details(&mut self, written: &mut WrittenDetails) -> Option<()> {
        let start = self.at;
        self.leaf(Field::AbaRouting, b"<ABARouting>", b"</ABARouting>")?;
        self.leaf(Field::AccountNumber, b"<AccountNumber>", b"</AccountNumber>")?;
        self.leaf(Field::Name, b"<Name>", b"</Name>")?;
        self.leaf(Field::Dba, b"<DBA>", b"</DBA>")?;
        self.leaf(Field::Ein, b"<EIN>", b"</EIN>")?;
        self.tag(b"<Address>")?;
        self.leaf(Field::Line1, b"<Line1>", b"</Line1>")?;
        self.leaf(Field::City, b"<City>", b"</City>")?;
        self.leaf(Field::State, b"<State>", b"</State>")?;
        self.leaf(Field::Zip, b"<Zip>", b"</Zip>")?;
        self.tag(b"</Address>")?;
        self.tag(b"</Payor>")?;
        written.remember(&self.row, self.input, start..self.at);
        Some(())
    }

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
