//! What a defect does to its row, and the error that an importer must report for it (`payroll-file.md` section 6).

use std::collections::BTreeMap;

use crate::company::branch_id;
use crate::defect::{LeafDefect, RepeatDefect, ValueDefect};
use crate::field::Field;
use crate::manifest::{ErrorCode, ExpectedError};
use crate::plan::Strike;
use crate::random::Draw;
use crate::rows::GeneratedRow;
use crate::writer::{Edit, render_leaf};

/// A row with its defect.
#[derive(Debug)]
pub(crate) struct Injected {
    pub(crate) row: GeneratedRow,
    pub(crate) edit: Option<Edit>,
    pub(crate) expected: ExpectedError,
}

/// Gives `row`, the `number`th of the file, its defect. `kept` holds the sound rows that the plan wants repeated and
/// that are already written.
pub(crate) fn inject(
    strike: Strike,
    number: u64,
    row: GeneratedRow,
    kept: &BTreeMap<u64, GeneratedRow>,
    draw: &mut Draw,
) -> Injected {
    let error =
        |path: &str, code| ExpectedError { row: Some(number), field: Some(path.to_owned()), code, earlier_row: None };
    match strike {
        Strike::Value(defect) => {
            let (field, value, code) = bad_value(defect, &row, draw);
            let markup = with_value(field, &value);
            let markup = match defect {
                ValueDefect::Currency => markup.replacen("<Amount", &in_another_currency(draw), 1),
                ValueDefect::AbaChecksum
                | ValueDefect::AbaFormat
                | ValueDefect::AmountZero
                | ValueDefect::AmountNegative
                | ValueDefect::AmountFormat
                | ValueDefect::AmountTooLarge
                | ValueDefect::DateOfBirth
                | ValueDefect::PhoneNumber
                | ValueDefect::LoanTooLong
                | ValueDefect::LoanOfHyphens
                | ValueDefect::InvisibleName => markup,
            };
            let edit = Some(Edit::Leaf(field, markup));
            Injected { row, edit, expected: error(field.path(), code) }
        }
        Strike::Leaf(defect, field) => {
            let (markup, code) = bad_markup(defect, field, &row.text(field), draw);
            Injected { row, edit: Some(Edit::Leaf(field, markup)), expected: error(field.path(), code) }
        }
        Strike::MissingGroup(group) => {
            Injected { row, edit: Some(Edit::Without(group)), expected: error(group.path(), ErrorCode::MissingField) }
        }
        Strike::Repeat { defect, earlier_row } => {
            // The plan names rows before this one only, so that it has been kept.
            let (row, field, code) = repeat(defect, row, &kept[&earlier_row], draw);
            let field = field.map(|field| field.path().to_owned());
            let expected = ExpectedError { row: Some(number), field, code, earlier_row: Some(earlier_row) };
            Injected { row, edit: None, expected }
        }
    }
}

/// The leaf that the defect spoils, its value, and the error it deserves.
fn bad_value(defect: ValueDefect, row: &GeneratedRow, draw: &mut Draw) -> (Field, String, ErrorCode) {
    let mut one_of = |values: &[&str]| (*draw.pick(values)).to_owned();
    match defect {
        ValueDefect::AbaChecksum => {
            (Field::RoutingNumber, with_other_check_digit(&row.source.routing_number, draw), ErrorCode::AbaChecksum)
        }
        ValueDefect::AbaFormat => {
            (Field::RoutingNumber, one_of(&["12345678", "1234567800", "12345678O"]), ErrorCode::AbaFormat)
        }
        ValueDefect::AmountZero => (Field::Amount, one_of(&["$0.00"]), ErrorCode::AmountTooSmall),
        ValueDefect::AmountNegative => (Field::Amount, one_of(&["-$5.00", "$-5.00"]), ErrorCode::AmountNegative),
        ValueDefect::AmountFormat => {
            let values = [
                "$5",
                "$5.1",
                "$.50",
                "$5.",
                "$5.123",
                "$1e3",
                "$12,34.56",
                "$1234,567.00",
                "5.00 USD",
                "$ 5.00",
                "NaN",
            ];
            (Field::Amount, one_of(&values), ErrorCode::AmountFormat)
        }
        ValueDefect::AmountTooLarge => {
            let values = ["$1000000.01", "$92233720368547758.08", "$999999999999999999999999999999.00"];
            (Field::Amount, one_of(&values), ErrorCode::AmountTooLarge)
        }
        ValueDefect::DateOfBirth => {
            let values = ["02-30-1999", "13-01-1999", "02-29-1999", "01-01-99", "01/02/1999", "01-01-9999"];
            (Field::DateOfBirth, one_of(&values), ErrorCode::DobInvalid)
        }
        ValueDefect::PhoneNumber => {
            (Field::PhoneNumber, one_of(&["15155550142", "+1515555", "+1515555CALL"]), ErrorCode::PhoneFormat)
        }
        ValueDefect::LoanTooLong => {
            let length = usize::try_from(draw.between(18, 64)).unwrap_or(18);
            (Field::LoanAccountNumber, "1234567890".repeat(7)[..length].to_owned(), ErrorCode::LoanFormat)
        }
        ValueDefect::LoanOfHyphens => (Field::LoanAccountNumber, one_of(&["-", "---"]), ErrorCode::LoanFormat),
        ValueDefect::InvisibleName => {
            let values = ["\u{a0}", "\u{200b}", "\u{2060}\u{a0}\u{feff}"];
            (Field::FirstName, one_of(&values), ErrorCode::TextFormat)
        }
        ValueDefect::Currency => (Field::Amount, row.text(Field::Amount).into_owned(), ErrorCode::AmountCurrency),
    }
}

fn in_another_currency(draw: &mut Draw) -> String {
    let attributes = ["currency=\"EUR\"", "Currency=\"CAD\"", "ccy='GBP'"];
    format!("<Amount {}", draw.pick(&attributes))
}

fn with_other_check_digit(routing_number: &str, draw: &mut Draw) -> String {
    let mut digits = routing_number.to_owned();
    let check_digit = digits.pop().and_then(|digit| digit.to_digit(10)).unwrap_or_default();
    let other = (u64::from(check_digit) + draw.between(1, 9)) % 10;
    format!("{digits}{other}")
}

fn with_value(field: Field, value: &str) -> String {
    let mut markup = Vec::new();
    render_leaf(field, value, &mut markup);
    String::from_utf8_lossy(&markup).into_owned()
}

fn bad_markup(defect: LeafDefect, field: Field, value: &str, draw: &mut Draw) -> (String, ErrorCode) {
    let name = field.element_name();
    match defect {
        LeafDefect::Missing => (String::new(), ErrorCode::MissingField),
        LeafDefect::Empty => {
            let forms = [format!("<{name}/>"), format!("<{name}></{name}>"), format!("<{name}>  </{name}>")];
            (draw.pick(&forms).clone(), ErrorCode::EmptyField)
        }
        LeafDefect::Repeated => (with_value(field, value).repeat(2), ErrorCode::DuplicateField),
        LeafDefect::Nested => {
            let closing = format!("</{name}>");
            let markup = with_value(field, value).replace(&closing, &format!("<Extra>0</Extra>{closing}"));
            (markup, ErrorCode::UnexpectedElement)
        }
    }
}

/// The row instead of `row`, the leaf that conflicts with `earlier`, and the error it deserves.
fn repeat(
    defect: RepeatDefect,
    mut row: GeneratedRow,
    earlier: &GeneratedRow,
    draw: &mut Draw,
) -> (GeneratedRow, Option<Field>, ErrorCode) {
    match defect {
        RepeatDefect::DuplicateRow => (earlier.clone(), None, ErrorCode::DuplicateRow),
        RepeatDefect::DuplicateLoanSpelling => {
            let mut again = earlier.clone();
            again.payee.loan_account_number.insert(4, '-');
            (again, None, ErrorCode::DuplicateRow)
        }
        RepeatDefect::ConflictingEmployee => {
            row.employee = earlier.employee.clone();
            let field = match draw.below(3) {
                0 => {
                    row.employee.branch_id = branch_id(draw);
                    Field::BranchId
                }
                1 => {
                    row.employee.last_name.push_str("junior");
                    Field::LastName
                }
                _ => {
                    // Before every drawn date of birth.
                    row.employee.date_of_birth = format!("{:02}-01-1979", draw.between(1, 12));
                    Field::DateOfBirth
                }
            };
            (row, Some(field), ErrorCode::ConflictingEmployee)
        }
        RepeatDefect::ConflictingPayor => {
            row.source = earlier.source.clone();
            // A ninth digit: no drawn account number has one.
            row.source.account_number.push('0');
            (row, Some(Field::AccountNumber), ErrorCode::ConflictingPayor)
        }
    }
}
