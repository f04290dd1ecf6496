//! How fast a payroll file of 50,000 rows is read, validated, hashed and totaled.

use std::fmt::Write;

use divan::Bencher;
use divan::counter::BytesCount;
use jiff::civil::date;
use shared::domain::payroll_file::{FileReader, Limits, Rejection, Summary, column_names};

const ROWS: u64 = 50_000;
const EMPLOYEES: u64 = 10_000;

fn main() {
    divan::main();
}

/// On one line, as the original is written: the file, XML or CSV, that `CLEARWAY_PAYROLL_FILE` names, for comparing with another reader of it, or
/// made-up values.
#[divan::bench]
fn compact(bencher: Bencher<'_, '_>) {
    let named = std::env::var("CLEARWAY_PAYROLL_FILE").ok().and_then(|path| std::fs::read_to_string(path).ok());
    measure(bencher, &named.unwrap_or_else(|| file("")));
}

/// Indented, with a line end before every tag.
#[divan::bench]
fn pretty(bencher: Bencher<'_, '_>) {
    measure(bencher, &file("\n        "));
}

/// Children in another order than documented: read token by token.
#[divan::bench]
fn reordered(bencher: Bencher<'_, '_>) {
    measure(
        bencher,
        &file("").replace("<DBA>Sample Donuts</DBA><EIN>12345678</EIN>", "<EIN>12345678</EIN><DBA>Sample Donuts</DBA>"),
    );
}

/// The made-up values as a table.
#[divan::bench]
fn table(bencher: Bencher<'_, '_>) {
    // Its rows name loans.
    let named = column_names().filter(|column| !column.name.starts_with("payee_"));
    let paths: Vec<_> = named.map(|column| column.path).collect();
    let mut text = paths.join(",");
    for row in file("").split("<row>").skip(1) {
        // Between two tags stands a value; the cells come in the order of the columns.
        let pieces = row.split('<').filter_map(|piece| piece.split_once('>')).map(|(_, value)| value);
        let values: Vec<_> = pieces.filter(|value| !value.is_empty()).collect();
        text.push('\n');
        text.push_str(&values.join(","));
    }
    measure(bencher, &text);
}

fn measure(bencher: Bencher<'_, '_>, text: &str) {
    bencher.counter(BytesCount::of_str(text)).bench(|| read(text.as_bytes()));
}

fn read(bytes: &[u8]) -> Result<Summary, Rejection> {
    let mut reader = FileReader::new(Limits::default(), date(2026, 1, 1));
    for piece in bytes.chunks(64 * 1024) {
        reader.push(piece)?;
    }
    reader.finish()
}

/// Rows of made-up values: each employee several times, five sources, thirty branches, ten institutions.
fn file(blank: &str) -> String {
    let mut text = String::from("<root>");
    for row in 0..ROWS {
        // An odd multiplier visits every employee in an order that is not the order of the rows.
        let employee = row * 7_919 % EMPLOYEES;
        let branch = employee % 30;
        let (source, routing) = SOURCES[usize::try_from(row % 5).unwrap_or_default()];
        let written = write!(
            text,
            "<row><Employee><DunkinId>EMP-3f0c1a52-7d44-4b8e-9a61-{employee:012x}</DunkinId>\
             <DunkinBranch>BRC-91b7e6d4-2c3f-4e05-8f7a-{branch:012x}</DunkinBranch><FirstName>Marlo</FirstName>\
             <LastName>O'Sample</LastName><DOB>02-29-1996</DOB><PhoneNumber>+15155550142</PhoneNumber></Employee>\
             <Payor><DunkinId>CORP-5a2d9c10-e6b3-4f7c-b1d8-{source}</DunkinId><ABARouting>{routing}</ABARouting>\
             <AccountNumber>00451177</AccountNumber><Name>Sample Donuts LLC</Name><DBA>Sample Donuts</DBA>\
             <EIN>12345678</EIN><Address><Line1>12 Example Plaza</Line1><City>Des Moines</City><State>IA</State>\
             <Zip>50309</Zip></Address></Payor><Payee><PlaidId>ins_{institution}</PlaidId>\
             <LoanAccountNumber>{row:08}</LoanAccountNumber></Payee><Amount>${dollars}.{cents:02}</Amount></row>",
            institution = 900_000 + row % 10,
            dollars = 1 + row % 10,
            cents = row % 100,
        );
        debug_assert!(written.is_ok());
    }
    text.push_str("</root>");
    if blank.is_empty() { text } else { text.replace("><", &format!(">{blank}<")) }
}

const SOURCES: [(&str, &str); 5] = [
    ("47a09e35f612", "123456780"),
    ("47a09e35f613", "011000028"),
    ("47a09e35f614", "021000021"),
    ("47a09e35f615", "121000248"),
    ("47a09e35f616", "322271627"),
];
