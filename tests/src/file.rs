//! Payroll files for the stories, and what they hold by their generator's own count.

use std::collections::BTreeSet;
use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use generator::{Field, FileWriter, GeneratedRow, Manifest, Options, Style, rows};
use sha2::{Digest, Sha256};

/// A file to upload.
#[derive(Clone, Debug)]
pub struct PayrollFile {
    pub bytes: Bytes,
    pub rows: Vec<GeneratedRow>,
    /// What the generator counted while it wrote.
    pub contents: Manifest,
}

impl PayrollFile {
    /// A file of so many rows: five sources, ten servicers, one of them dead.
    pub fn of(row_count: u64) -> Self {
        Self::generated(&options(row_count))
    }

    pub fn generated(options: &Options) -> Self {
        let rows = rows(options).unwrap();
        let dead = rows.dead_servicers().to_vec();
        Self::written(rows.collect(), &dead, Style::Compact)
    }

    /// The rows as they are, in this style.
    pub fn written(rows: Vec<GeneratedRow>, dead_servicers: &[String], style: Style) -> Self {
        let mut writer = FileWriter::new(Vec::new(), style, dead_servicers);
        writer.write_rows(rows.clone()).unwrap();
        let (contents, bytes) = writer.finish().unwrap();
        Self { bytes: bytes.into(), rows, contents }
    }

    /// The same file with its rows changed.
    pub fn changed(&self, change: impl FnOnce(&mut Vec<GeneratedRow>)) -> Self {
        let mut rows = self.rows.clone();
        change(&mut rows);
        Self::written(rows, &self.contents.dead_servicers, Style::Compact)
    }

    /// The same payments in the opposite order, pretty-printed.
    pub fn respelled(&self) -> Self {
        let rows = self.rows.iter().rev().cloned().collect();
        Self::written(rows, &self.contents.dead_servicers, Style::Pretty)
    }

    /// The same payments as a table, its columns named by their paths.
    pub fn as_table(&self) -> Self {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(Field::ALL.map(Field::path)).unwrap();
        for row in &self.rows {
            writer.write_record(Field::ALL.iter().map(|field| row.text(*field).into_owned())).unwrap();
        }
        let bytes: Bytes = writer.into_inner().unwrap().into();
        let mut contents = self.contents.clone();
        contents.sha256 = hex::encode(Sha256::digest(&bytes));
        contents.bytes = bytes.len() as u64;
        Self { bytes, rows: self.rows.clone(), contents }
    }

    /// The file's bytes as gzip.
    pub fn packed(&self) -> Bytes {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&self.bytes).unwrap();
        packed.finish().unwrap().into()
    }

    pub fn dead_servicers(&self) -> BTreeSet<String> {
        self.contents.dead_servicers.iter().cloned().collect()
    }
}

/// Ten servicers, one of them dead, and five sources.
pub fn options(row_count: u64) -> Options {
    Options { rows: row_count, employees: 60, branches: 6, ..Options::default() }
}

/// Only payable rows, all of one source.
pub fn one_source(row_count: u64) -> Options {
    Options { sources: 1, dead_servicers: 0, ..options(row_count) }
}
