//! The table of malformed inputs (payroll-file.md section 6), the summary's story, and the properties. All values are made up.

mod accepted;
mod amounts;
mod chunks;
mod compressed;
mod file_errors;
mod foreign;
mod payees;
mod properties;
mod row_errors;
mod summaries;
mod tables;

use jiff::civil::{Date, date};

use super::*;

const TODAY: Date = date(2026, 11, 22);

/// A valid row of its own loan.
fn row(loan: u32) -> String {
    format!(
        "<row><Employee><DunkinId>EMP-3f0c1a52</DunkinId><DunkinBranch>BRC-91b7e6d4</DunkinBranch>\
         <FirstName>Marlo</FirstName><LastName>O'Sample</LastName><DOB>02-29-1996</DOB>\
         <PhoneNumber>+15155550142</PhoneNumber></Employee>\
         <Payor><DunkinId>CORP-5a2d9c10</DunkinId><ABARouting>123456780</ABARouting>\
         <AccountNumber>00451177</AccountNumber><Name>Sample Donuts LLC</Name><DBA>Sample Donuts</DBA>\
         <EIN>123456789</EIN><Address><Line1>12 Example Plaza</Line1><City>Des Moines</City><State>IA</State>\
         <Zip>50309</Zip></Address></Payor>\
         <Payee><PlaidId>ins_900001</PlaidId><LoanAccountNumber>{loan:08}</LoanAccountNumber></Payee>\
         <Amount>$8.15</Amount></row>"
    )
}

/// A valid row with the value of one leaf replaced. `leaf` is unique in a row except for `DunkinId`.
fn row_with(loan: u32, leaf: &str, value: &str) -> String {
    let row = row(loan);
    let (open, close) = (format!("<{leaf}>"), format!("</{leaf}>"));
    let start = row.find(&open).expect("the leaf is in the row") + open.len();
    let end = start + row[start..].find(&close).expect("the leaf is closed");
    format!("{}{value}{}", &row[..start], &row[end..])
}

/// A valid row with a piece of its text replaced.
fn row_replacing(loan: u32, from: &str, to: &str) -> String {
    let row = row(loan);
    assert!(row.contains(from), "{from}");
    row.replace(from, to)
}

fn file(rows: &[String]) -> String {
    format!("<root>{}</root>", rows.concat())
}

fn read(bytes: impl AsRef<[u8]>) -> Result<Summary, Rejection> {
    read_with(Limits::default(), bytes)
}

fn read_with(limits: Limits, bytes: impl AsRef<[u8]>) -> Result<Summary, Rejection> {
    let mut reader = FileReader::new(limits, TODAY);
    reader.push(bytes.as_ref())?;
    reader.finish()
}

/// Row, field and code of every row error of a file that is otherwise sound.
fn row_problems(rows: &[String]) -> Vec<(u64, String, ErrorCode)> {
    match read(file(rows)) {
        Ok(_) => Vec::new(),
        Err(Rejection::Rows { errors, .. }) => {
            errors.into_iter().map(|error| (error.row, error.field.unwrap_or_default(), error.code)).collect()
        }
        Err(Rejection::File(error)) => panic!("a file error: {error}"),
    }
}

fn file_error(bytes: impl AsRef<[u8]>) -> FileError {
    match read(bytes) {
        Err(Rejection::File(error)) => error,
        other => panic!("no file error but {other:?}"),
    }
}

fn warnings_of(rows: &[String]) -> Vec<(Warning, u64, u64)> {
    let summary = read(file(rows)).expect("the file is valid");
    summary.warnings.into_iter().map(|(code, warning)| (code, warning.count, warning.first_row)).collect()
}
