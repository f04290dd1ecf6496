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
fn damage_is_corrupt() {
    let packed = pack(&text());
    let mut damaged = packed.clone();
    damaged[12] = 0xff;
    for bytes in [damaged, b"no gzip at all".to_vec(), b"\x1f\x8b\x07\0\0\0\0\0\0\0".to_vec()] {
        for piece in [1, 1_000] {
            assert_eq!(unpack(&bytes, piece, u64::MAX), Err(GunzipError::Corrupt));
        }
    }
}

#[test]
fn a_wrong_checksum_is_said_to_be_one() {
    let packed = pack(&text());
    for place in 1..=8 {
        let mut wrong = packed.clone();
        let at = wrong.len() - place;
        wrong[at] ^= 1;
        for bytes in [wrong.clone(), [wrong.clone(), packed.clone()].concat(), [wrong, b"x".to_vec()].concat()] {
            for piece in [1, 7, 100_000] {
                assert_eq!(unpack(&bytes, piece, u64::MAX), Err(GunzipError::Checksum), "byte {place} from the end");
            }
        }
    }
}

#[test]
fn bytes_behind_the_end_are_said_to_be_there() {
    let packed = pack(&text());
    for behind in [&b"garbage"[..], b"g", b"\0\0\0\0", b"\x1f garbage", b"<root/>"] {
        for piece in [1, 7, 100_000] {
            let bytes = [&packed, behind].concat();
            assert_eq!(unpack(&bytes, piece, u64::MAX), Err(GunzipError::TrailingBytes), "{behind:?}");
        }
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
    let codes =
        [GunzipError::Corrupt, GunzipError::Checksum, GunzipError::TrailingBytes, GunzipError::TooLarge { limit: 1 }];
    let codes = codes.map(|error| reader.gzip_error(error).code.to_string());
    assert_eq!(codes, ["GZIP_CORRUPT", "GZIP_CHECKSUM", "GZIP_TRAILING_BYTES", "LIMIT_EXCEEDED"]);
}
