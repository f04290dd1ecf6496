//! No bytes make the payroll file reader panic, the pieces in which they arrive never matter, and what it takes a request can carry.
//!
//! `cargo +nightly fuzz run payroll_file`. The first byte of the input is the length of a piece.
#![no_main]

use jiff::civil::date;
use libfuzzer_sys::fuzz_target;
use shared::domain::bank::limits::{EntryAccountNumber, TransferAmount};
use shared::domain::payroll_file::{
    FileReader, Format, Gunzip, GunzipError, Layout, Limits, Rejection, Summary, read_chunk,
};

/// Small, so that short inputs reach every limit.
const LIMITS: fn() -> Limits = || Limits { file_bytes: 64 * 1024, rows: 20, row_bytes: 2_048, ..Limits::default() };

fuzz_target!(|input: &[u8]| {
    let Some((piece, bytes)) = input.split_first() else { return };
    let whole = read(bytes, usize::MAX);
    assert_eq!(whole, read(bytes, usize::from(*piece).max(1)));
    if let Ok(summary) = whole {
        for chunk in &summary.chunks {
            let range = usize::try_from(chunk.start).unwrap()..usize::try_from(chunk.end).unwrap();
            let rows = read_chunk(&bytes[range], chunk.first_row, &summary.layout, &LIMITS(), date(2026, 1, 1)).unwrap();
            assert_eq!(rows.len() as u64, u64::from(chunk.rows));
            for row in rows {
                row.receiver_name().unwrap();
                EntryAccountNumber::try_from(row.payee.number().expose()).unwrap();
                TransferAmount::try_from(row.amount).unwrap();
            }
        }
    }
    let _ = read_chunk(bytes, 1, &Layout::Xml, &LIMITS(), date(2026, 1, 1));
    let table = read(Format::Csv.example().as_bytes(), usize::MAX).unwrap().layout;
    let _ = read_chunk(bytes, 1, &table, &LIMITS(), date(2026, 1, 1));
    let mut gunzip = Gunzip::new(LIMITS().file_bytes);
    let unpacked = gunzip.push(bytes, |_| Ok::<(), GunzipError>(()));
    let _ = unpacked.and_then(|()| gunzip.finish(|_| Ok::<(), GunzipError>(())));
});

fn read(bytes: &[u8], piece: usize) -> Result<Summary, Rejection> {
    let mut reader = FileReader::new(LIMITS(), date(2026, 1, 1));
    for piece in bytes.chunks(piece) {
        reader.push(piece)?;
    }
    reader.finish()
}
