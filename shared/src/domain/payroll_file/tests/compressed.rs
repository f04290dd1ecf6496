use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

#[derive(Debug, PartialEq, thiserror::Error)]
#[error(transparent)]
struct Failure(#[from] GunzipError);

fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn unpack(packed: &[u8], piece: usize, limit: u64) -> Result<Vec<u8>, GunzipError> {
    let mut gunzip = Gunzip::new(limit);
    let mut unpacked = Vec::new();
    let mut result = Ok(());
    for piece in packed.chunks(piece) {
        result = result.and_then(|()| {
            gunzip.push(piece, |bytes| {
                unpacked.extend_from_slice(bytes);
                Ok::<_, Failure>(())
            })
        });
    }
    result
        .and_then(|()| {
            gunzip.finish(|bytes| {
                unpacked.extend_from_slice(bytes);
                Ok::<_, Failure>(())
            })
        })
        .map(|()| unpacked)
        .map_err(|Failure(error)| error)
}

fn text() -> Vec<u8> {
    file(&(1..=200).map(row).collect::<Vec<_>>()).into_bytes()
}

#[test]
fn unpacks_what_was_packed_in_pieces_of_any_size() {
    let packed = pack(&text());
    assert!(is_gzip(&packed) && !is_gzip(&text()));
    for piece in [1, 7, 1_000, packed.len()] {
        assert_eq!(unpack(&packed, piece, u64::MAX), Ok(text()));
    }
}

#[test]
fn several_members_are_one_file() {
    let text = text();
    let (left, right) = text.split_at(1_000);
    assert_eq!(unpack(&[pack(left), pack(right)].concat(), 100, u64::MAX), Ok(text));
}

#[test]
fn a_cut_upload_is_truncated() {
    let packed = pack(&text());
    for cut in [0, 1, 5, 12, 100, packed.len() - 9, packed.len() - 8, packed.len() - 1] {
        assert_eq!(unpack(&packed[..cut], 100, u64::MAX), Err(GunzipError::Truncated), "cut at {cut}");
    }
}

#[test]
fn damage_and_trailing_garbage_are_corrupt() {
    let packed = pack(&text());
    let mut damaged = packed.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0x55;
    let mut wrong_checksum = packed.clone();
    let checksum = wrong_checksum.len() - 8;
    wrong_checksum[checksum] ^= 1;
    for bytes in
        [damaged, wrong_checksum, [packed, b"garbage behind the end".to_vec()].concat(), b"no gzip at all".to_vec()]
    {
        assert!(unpack(&bytes, 100, u64::MAX).is_err());
    }
}

#[test]
fn case_34_an_upload_that_expands_too_far_is_refused_while_it_expands() {
    let bomb = pack(&vec![b' '; 50_000_000]);
    assert!(bomb.len() < 100_000);
    let mut gunzip = Gunzip::new(1_000_000);
    let mut largest = 0;
    let mut seen = 0;
    let result = gunzip.push(&bomb, |bytes| {
        largest = largest.max(bytes.len());
        seen += bytes.len();
        Ok::<_, Failure>(())
    });
    assert_eq!(result, Err(Failure(GunzipError::TooLarge { limit: 1_000_000 })));
    assert!(seen <= 1_000_000 && largest <= 1_200_000, "{seen} {largest}");
}

#[test]
fn a_reader_turns_gzip_trouble_into_a_file_error() {
    let mut reader = FileReader::new(Limits::default(), TODAY);
    reader.push(b"<root>").expect("fine so far");
    let error = reader.gzip_error(GunzipError::Truncated);
    assert_eq!((error.code, error.offset, error.last_complete_row), (ErrorCode::GzipTruncated, 6, 0));
}
