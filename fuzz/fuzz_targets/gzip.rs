//! No bytes make the unpacking panic or give more than its limit, and the pieces in which they arrive never matter.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::domain::payroll_file::{Gunzip, GunzipError};

const LIMIT: u64 = 64 * 1024;

// The first byte is the length of a piece.
fuzz_target!(|input: &[u8]| {
    let Some((piece, packed)) = input.split_first() else { return };
    let whole = unpacked(packed, usize::MAX);
    assert_eq!(whole, unpacked(packed, usize::from(*piece).max(1)));
    if let Ok(bytes) = whole {
        assert!(bytes.len() as u64 <= LIMIT);
    }
});

fn unpacked(packed: &[u8], piece: usize) -> Result<Vec<u8>, GunzipError> {
    let mut bytes = Vec::new();
    let mut gunzip = Gunzip::new(LIMIT);
    let mut keep = |piece: &[u8]| {
        bytes.extend_from_slice(piece);
        Ok::<(), GunzipError>(())
    };
    for piece in packed.chunks(piece) {
        gunzip.push(piece, &mut keep)?;
    }
    gunzip.finish(&mut keep)?;
    Ok(bytes)
}
