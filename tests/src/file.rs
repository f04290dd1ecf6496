//! Payroll files for the stories, and what they hold by their generator's own count.

use std::collections::BTreeSet;

use bytes::Bytes;
use generator::{FileWriter, GeneratedRow, Manifest, Options, Style, rows};

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
