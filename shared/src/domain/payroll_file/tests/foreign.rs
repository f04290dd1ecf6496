//! Files of other kinds are named as what they are, with what to do.

use super::*;
use ErrorCode::*;

fn utf_16(text: &str, little_endian: bool) -> Vec<u8> {
    let bytes = |unit: u16| if little_endian { unit.to_le_bytes() } else { unit.to_be_bytes() };
    text.encode_utf16().flat_map(bytes).collect()
}

fn utf_32(text: &str, little_endian: bool) -> Vec<u8> {
    let bytes = |c: char| if little_endian { (c as u32).to_le_bytes() } else { (c as u32).to_be_bytes() };
    text.chars().flat_map(bytes).collect()
}

#[test]
fn another_encoding_is_named() {
    for text in [file(&[row(1)]), Format::Csv.example().to_owned()] {
        for little_endian in [true, false] {
            for mark in ["", "\u{feff}"] {
                let marked = format!("{mark}{text}");
                for (bytes, name) in
                    [(utf_16(&marked, little_endian), "UTF-16"), (utf_32(&marked, little_endian), "UTF-32")]
                {
                    let error = file_error(bytes);
                    assert_eq!((error.code, error.offset), (UnsupportedEncoding, 0), "{error}");
                    assert!(error.message.contains(name), "{error}");
                }
            }
        }
    }
}

#[test]
fn another_format_is_named_with_what_to_do() {
    let nacha = format!("101 021000021 1234567802611301200A094101{:<54}\n5225", "");
    for (bytes, what, to_do) in [
        (&b"PK\x03\x04\x14\0\0\0\x08\0payroll.xml"[..], "a zip archive", "unpack it"),
        (b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "a zip archive", "unpack it"),
        (b"PK\x03\x04\x14\0\x06\0\x08\0[Content_Types].xml", "an Excel workbook (.xlsx)", "CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook of the old kind", "CSV UTF-8"),
        (b"<!DOCTYPE html><html><body>Session expired</body></html>", "a saved web page", "sign in"),
        (b"\r\n  <HTML><table><tr>", "a saved web page", "sign in"),
        (b"{\"rows\": []}", "JSON", "CSV or XML"),
        (b"\xef\xbb\xbf [1]", "JSON", "CSV or XML"),
        (b"%PDF-1.7", "a PDF", "CSV or XML"),
        (b"\x1f\x8b\x08\0", "packed twice", "unpack it once"),
        (b"{\\rtf1\\ansi", "a text document", "CSV or XML"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it"),
        (nacha.as_bytes(), "a NACHA file", "the payroll that it was made from"),
    ] {
        let error = file_error(bytes);
        assert_eq!((error.code, error.offset, error.last_complete_row), (FormatUnsupported, 0, 0), "{what}: {error}");
        assert!(error.message.contains(what) && error.message.contains(to_do), "{error}");
    }
}
