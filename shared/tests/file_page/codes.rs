//! Every code of a file in words: of what it is, why it comes, what to do.

use shared::domain::payroll_file::{ErrorCode, Warning};

const ROW: &str = "row";
const FILE: &str = "file";

pub(crate) fn error(code: ErrorCode) -> (&'static str, &'static str, &'static str) {
    match code {
        ErrorCode::MissingField => (ROW, "the row lacks an element", "add it"),
        ErrorCode::EmptyField => (ROW, "a value is empty or blank", "fill it in"),
        ErrorCode::DuplicateField => (ROW, "an element stands twice in the row", "keep the right one"),
        ErrorCode::UnexpectedElement => (
            ROW,
            "a value holds another element, a comment or a processing instruction",
            "write the value in one piece",
        ),
        ErrorCode::IdFormat => {
            (ROW, "an id has other characters than letters, digits, `_` and `-`, or more than 64", "correct the id")
        }
        ErrorCode::TextFormat => (
            ROW,
            "a name or address is too long, has control characters, nothing visible, or no letter that the bank takes",
            "correct it",
        ),
        ErrorCode::DobInvalid => {
            (ROW, "no real date, another form, before 1900 or in the future", "write `MM-DD-YYYY` or `YYYY-MM-DD`")
        }
        ErrorCode::PhoneFormat => {
            (ROW, "no `+` with 10 to 15 digits", "write the number with `+` and its country, `+15155550142`")
        }
        ErrorCode::AbaFormat => (
            ROW,
            "not nine digits, or all zeros; a spreadsheet drops leading zeros",
            "write all nine; keep the column as text",
        ),
        ErrorCode::AbaChecksum => {
            (ROW, "the check digit is wrong: a digit is mistyped", "compare it with a check or the bank's letter")
        }
        ErrorCode::AccountFormat => (
            ROW,
            "not 1 to 17 digits (of a payee: letters, digits and `-`), or shortened by a spreadsheet (`4.5E+10`)",
            "write all digits; keep the column as text",
        ),
        ErrorCode::EinFormat => (ROW, "not 8 or 9 digits", "write `12-3456789`"),
        ErrorCode::StateFormat => (ROW, "no state of the USPS in two capital letters", "write `IA`"),
        ErrorCode::ZipFormat => {
            (ROW, "not five digits, or five, `-` and four", "write all five; keep the column as text")
        }
        ErrorCode::InstitutionFormat => (ROW, "no `ins_` with digits", "take the institution's id at Plaid"),
        ErrorCode::LoanFormat => (
            ROW,
            "not 1 to 17 letters, digits and `-`, or shortened by a spreadsheet",
            "write all of it; keep the column as text",
        ),
        ErrorCode::AmountFormat => (
            ROW,
            "no dollars with two decimals: a decimal comma (`1.234,50`), one decimal, another sign. It is never guessed",
            "write `1234.50` or `$1,234.50`",
        ),
        ErrorCode::AmountNegative => {
            (ROW, "the amount is below zero", "a payment is a positive amount: take the row out")
        }
        ErrorCode::AmountTooSmall => (ROW, "less than $1.00", "take the row out, or pay it with the next"),
        ErrorCode::AmountTooLarge => (ROW, "more than one payment may be", "divide it, or pay it another way"),
        ErrorCode::AmountCurrency => {
            ("row or file", "something names another currency than USD", "only dollars are paid: take it out")
        }
        ErrorCode::DuplicateRow => (
            ROW,
            "an earlier row pays the same employee, loan or account and amount from the same source",
            "take one out, or make one payment of both",
        ),
        ErrorCode::ConflictingEmployee => {
            (ROW, "the employee has another branch, name or birth date in an earlier row", "correct the wrong one")
        }
        ErrorCode::ConflictingPayor => (
            ROW,
            "the source has another account, name, EIN or address in an earlier row, or its account is another source's",
            "correct the wrong one",
        ),
        ErrorCode::DuplicateFile => (FILE, "an earlier batch pays the same", "look at that batch"),
        ErrorCode::DtdForbidden => {
            (FILE, "a document type declaration, which could name other files", "take the line `<!DOCTYPE …>` out")
        }
        ErrorCode::XmlSyntax => {
            (FILE, "the markup is broken at the given byte", "write the file anew with a program that writes XML")
        }
        ErrorCode::XmlTruncated => (FILE, "the file ends before `</root>`", "upload it again, whole"),
        ErrorCode::NoRows => (
            FILE,
            "no row, or rows in the wrong place",
            "put `row` elements directly into `root`, or lines behind the header",
        ),
        ErrorCode::WrongRoot => {
            (FILE, "the outermost element is not `root`, or has a namespace", "name it `root`, without prefix")
        }
        ErrorCode::UnsupportedEncoding => (
            FILE,
            "the file is UTF-16, UTF-32 or says that it is something else",
            "save it as UTF-8; in a spreadsheet: CSV UTF-8",
        ),
        ErrorCode::InvalidEncoding => {
            (FILE, "bytes that are no UTF-8", "save it as UTF-8; in a spreadsheet: CSV UTF-8")
        }
        ErrorCode::LimitExceeded => {
            (FILE, "more of something than the limits above", "divide the file, or shorten what is too long")
        }
        ErrorCode::TotalOverflow => (FILE, "the sum is beyond counting", "divide the file"),
        ErrorCode::GzipCorrupt => (FILE, "the gzip data is damaged", "pack the file again"),
        ErrorCode::GzipTruncated => (FILE, "the gzip data ends too early", "upload it again, whole"),
        ErrorCode::GzipChecksum => (
            FILE,
            "what was unpacked is not what was packed: the data was damaged on its way",
            "pack the file again and upload it again",
        ),
        ErrorCode::GzipTrailingBytes => {
            (FILE, "something that is no gzip stands behind the gzip data", "pack the file alone")
        }
        ErrorCode::FormatUnsupported => (
            FILE,
            "a workbook, an archive, a web page, JSON or another kind of file, which the message names",
            "save or export it as CSV or XML",
        ),
        ErrorCode::CsvHeader => (
            FILE,
            "the first line lacks a column, names one twice, or names none",
            "name the columns as in the table above, or use `--map`",
        ),
        ErrorCode::CsvSyntax => (
            FILE,
            "a quote is missing or too many, text stands behind a closing quote, or a control character",
            "quote as RFC 4180 says: a quote in a value is written twice",
        ),
        ErrorCode::CellCount => (
            ROW,
            "the line has more or fewer cells than the header",
            "put values that hold the delimiter between quotes, such as `\"$1,234.56\"`",
        ),
        ErrorCode::AccountType => {
            (ROW, "the payee's account is neither `checking` nor `savings`", "write one of the two")
        }
        ErrorCode::TwoPayees => {
            (ROW, "the row names a loan and a bank account", "empty the cells of one, or use a row for each")
        }
        ErrorCode::NoPayee => {
            (ROW, "the row names neither a loan nor a bank account", "fill in the cells of one of them")
        }
        ErrorCode::PayeeIsSource => (
            ROW,
            "the payee's bank account is a source's own: a company pays nothing to itself by payroll",
            "correct the account of the one or the other",
        ),
    }
}

pub(crate) fn warning(code: Warning) -> (&'static str, &'static str) {
    match code {
        Warning::EmployeeIdPrefix => ("the employee's id does not begin with `EMP-`", "nothing, if your ids are so"),
        Warning::BranchIdPrefix => ("the branch's id does not begin with `BRC-`", "nothing, if your ids are so"),
        Warning::SourceIdPrefix => ("the source's id does not begin with `CORP-`", "nothing, if your ids are so"),
        Warning::RoutingRange => (
            "the routing number begins with digits that the Federal Reserve does not hand out",
            "compare it with a check",
        ),
        Warning::EinLength => ("the EIN has eight digits; a real one has nine", "correct it"),
        Warning::ZipOfAnotherState => ("the ZIP code belongs to another state", "correct one of the two"),
        Warning::UnusualCharacters => {
            ("a name holds direction marks, invisible or combining characters", "look at the name closely")
        }
        Warning::RepeatedLoan => (
            "an earlier row pays the same loan, with another amount or from another source",
            "make sure that both are meant",
        ),
        Warning::UnknownElement => {
            ("an element that is none of a payment's; it is ignored", "make sure that nothing is misspelled")
        }
        Warning::UnknownAttribute => ("an attribute; it is ignored", "nothing"),
        Warning::NameTransliterated => (
            "the bank's network takes no such letters; the summary shows the name as the bank will see it",
            "make sure that it is still the name",
        ),
        Warning::UnknownColumn => (
            "a column of a table whose name is none of a payment's; it is ignored",
            "make sure that nothing is misspelled",
        ),
        Warning::RepeatedAccount => (
            "an earlier row pays the same employee into the same bank account, with another amount or from another source",
            "make sure that both are meant",
        ),
        Warning::SharedAccount => (
            "an earlier row pays another employee into the same bank account",
            "make sure that the two share it: a changed account is a known way to steal wages",
        ),
        Warning::EmptyLine => ("a line of a table whose cells are all empty; it is left out", "nothing"),
    }
}
