//! The part of a window that is text.

use super::error::{ErrorCode, Flaw};
use super::tokens::is_xml_character;

const NOT_UTF_8: &str = "the bytes are not UTF-8; save the file as UTF-8 (in a spreadsheet: CSV UTF-8)";

/// The bytes of the window that can be looked at now, and what is wrong behind them.
pub(super) struct Readable<'w> {
    pub(super) text: &'w str,
    pub(super) flaw: Option<Flaw>,
}

/// The longest prefix that is text as XML allows it, which holds for tables too. A character that only lacks its last bytes is left for the
/// next window.
pub(super) fn readable(window: &[u8], is_table: bool) -> Readable<'_> {
    let (text, mut flaw) = match std::str::from_utf8(window) {
        Ok(text) => (text, None),
        Err(error) => {
            let valid = std::str::from_utf8(&window[..error.valid_up_to()]).unwrap_or_default();
            let broken = Flaw::new(ErrorCode::InvalidEncoding, valid.len(), NOT_UTF_8);
            (valid, error.error_len().map(|_| broken))
        }
    };
    if !may_hold_forbidden_characters(text.as_bytes()) {
        return Readable { text, flaw };
    }
    let Some((at, character)) = text.char_indices().find(|(_, character)| !is_xml_character(*character)) else {
        return Readable { text, flaw };
    };
    flaw = Some(match character {
        '\0' => Flaw::new(ErrorCode::InvalidEncoding, at, "a NUL byte"),
        _ if is_table => Flaw::new(ErrorCode::CsvSyntax, at, "a control character that no value may hold"),
        _ => Flaw::syntax(at, "a control character that XML forbids"),
    });
    Readable { text: &text[..at], flaw }
}

/// A look at every byte, block by block so that it compiles to vector instructions; what it finds is looked at again.
fn may_hold_forbidden_characters(bytes: &[u8]) -> bool {
    // U+FFFE and U+FFFF begin with 0xef.
    let unusual = |byte: u8| (byte < b' ') | (byte == 0xef);
    let blank = |byte: u8| (byte == b'\t') | (byte == b'\n') | (byte == b'\r');
    bytes.chunks(256).any(|block| {
        // Without line ends, as machines write the file, the first question is enough.
        block.iter().fold(false, |found, byte| found | unusual(*byte))
            && block.iter().fold(false, |found, byte| found | (unusual(*byte) & !blank(*byte)))
    })
}
