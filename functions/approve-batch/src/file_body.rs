//! A payroll file that is posted with the request itself, plain or gzip.

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use shared::domain::payroll_file::{Gunzip, GunzipError, is_gzip};
use shared::http::problem::{Problem, ProblemEntry};

/// As sent. API Gateway passes 6 MB on, in base64.
pub(crate) const SENT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Unpacked. What is larger goes up by a link.
const UNPACKED_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The file's bytes, unpacked where they came as gzip.
pub(crate) fn unpacked(headers: &HeaderMap, body: Bytes) -> Result<Bytes, Problem> {
    let said = headers.get(CONTENT_ENCODING).map(|value| value.as_bytes().to_ascii_lowercase());
    match said.as_deref() {
        Some(b"gzip") => {}
        Some(b"identity") | None if is_gzip(&body) => {}
        Some(b"identity") | None => return Ok(body),
        Some(_) => {
            return Err(Problem::unsupported_media_type(
                "Send the file plain, or packed with gzip as application/gzip.",
            ));
        }
    }
    gunzip(&body).map_err(refused)
}

fn gunzip(packed: &[u8]) -> Result<Bytes, GunzipError> {
    let mut file = BytesMut::new();
    let mut gunzip = Gunzip::new(UNPACKED_BYTES_MAX);
    let mut keep = |piece: &[u8]| {
        file.extend_from_slice(piece);
        Ok::<(), GunzipError>(())
    };
    gunzip.push(packed, &mut keep)?;
    gunzip.finish(&mut keep)?;
    Ok(file.freeze())
}

fn refused(error: GunzipError) -> Problem {
    let entry = ProblemEntry {
        row: Some(0),
        line: None,
        field: None,
        column: None,
        code: error.code().to_string(),
        offset: Some(0),
        message: error.to_string(),
    };
    Problem::unprocessable("file_rejected", "The file cannot be unpacked: see errors.").with_errors(vec![entry], 1)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(bytes: &[u8]) -> Bytes {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap().into()
    }

    fn encoded(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_ENCODING, http::HeaderValue::from_static(value))])
    }

    #[test]
    fn gzip_is_unpacked_whether_or_not_the_header_says_so() {
        for headers in [HeaderMap::new(), encoded("gzip"), encoded("GZIP"), encoded("identity")] {
            assert_eq!(unpacked(&headers, packed(b"<file/>")).unwrap(), "<file/>");
        }
    }

    #[test]
    fn a_plain_file_stays_as_it_is() {
        assert_eq!(unpacked(&HeaderMap::new(), Bytes::from_static(b"<file/>")).unwrap(), "<file/>");
    }

    #[test]
    fn what_does_not_unpack_is_a_rejected_file() {
        let mut cut = packed(b"<file/>");
        cut.truncate(cut.len() - 4);
        for body in [cut, Bytes::from_static(b"<file/>"), packed(&vec![b' '; 65 * 1024 * 1024])] {
            let problem = unpacked(&encoded("gzip"), body).unwrap_err();
            assert_eq!((problem.status().as_u16(), problem.code()), (422, "file_rejected"));
        }
    }

    #[test]
    fn another_encoding_is_refused() {
        let problem = unpacked(&encoded("br"), Bytes::from_static(b"<file/>")).unwrap_err();
        assert_eq!(problem.status().as_u16(), 415);
    }
}
