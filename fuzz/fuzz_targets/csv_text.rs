//! Whatever somebody is called: their row of a report stays one row, their words stay in their column, and no spreadsheet runs them.
#![no_main]

use csv::ReaderBuilder;
use libfuzzer_sys::fuzz_target;
use shared::http::csv_text::{CsvField, CsvText, neutralized};

const COLUMNS: [&str; 3] = ["employee", "branch", "reason"];

fuzz_target!(|words: [&str; 3]| {
    let mut text = CsvText::new(&COLUMNS).unwrap();
    text.row(&words.map(CsvField::from)).unwrap();
    let written = text.finish().unwrap();
    let mut reader = ReaderBuilder::new().from_reader(written.as_slice());
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows.len(), 1);
    assert!(rows[0].iter().eq(words.map(neutralized).iter().map(|word| &**word)));
    for field in &rows[0] {
        assert!(!field.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']), "{field:?}");
    }
});
