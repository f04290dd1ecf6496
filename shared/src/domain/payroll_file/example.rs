//! A small file in each format, for whoever writes their own: three made-up payments, of two loans and to one bank account, the same in both.

/// A format in which payroll files are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    Xml,
}

impl Format {
    /// The example.
    pub const fn example(self) -> &'static str {
        match self {
            Format::Csv => include_str!("example.csv"),
            Format::Xml => include_str!("example.xml"),
        }
    }

    /// The media type of a file that begins so.
    pub fn media_type_of(first_bytes: &[u8]) -> &'static str {
        let text = first_bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first_bytes).trim_ascii_start();
        if text.first() == Some(&b'<') { "application/xml" } else { "text/csv" }
    }
}
