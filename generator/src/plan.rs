//! Which rows the defects strike: decided before the first row is written, so that the file can be streamed. The
//! choices come from a stream that sound rows do not use.

use std::collections::{BTreeMap, BTreeSet};

use crate::defect::{Defect, FileDefect, LeafDefect, RepeatDefect, RowDefect, ValueDefect};
use crate::error::GenerateError;
use crate::field::{Field, Group};
use crate::options::Options;
use crate::random::Draw;

#[derive(Debug)]
pub(crate) struct Plan {
    /// By row number, from 1.
    pub(crate) rows: BTreeMap<u64, Strike>,
    pub(crate) file: Option<FileDefect>,
}

/// The defect of one row.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Strike {
    Value(ValueDefect),
    Leaf(LeafDefect, Field),
    MissingGroup(Group),
    /// `earlier_row` stands before this one and is sound.
    Repeat {
        defect: RepeatDefect,
        earlier_row: u64,
    },
}

impl Plan {
    /// # Errors
    /// More defective rows than fit, or several file defects.
    pub(crate) fn new(options: &Options, draw: &mut Draw) -> Result<Self, GenerateError> {
        let chosen = choose_rows(options, draw)?;
        let file = file_defect(&options.defects)?;
        let rows = chosen.iter().map(|(row, defect)| (*row, strike(*defect, *row, &chosen, draw))).collect();
        Ok(Self { rows, file })
    }

    /// The sound rows to remember until a later one repeats them.
    pub(crate) fn earlier_rows(&self) -> BTreeSet<u64> {
        let earlier_row = |strike: &Strike| match strike {
            Strike::Repeat { earlier_row, .. } => Some(*earlier_row),
            Strike::Value(_) | Strike::Leaf(..) | Strike::MissingGroup(_) => None,
        };
        self.rows.values().filter_map(earlier_row).collect()
    }

    pub(crate) fn last_row(&self) -> u64 {
        self.rows.last_key_value().map_or(0, |(row, _)| *row)
    }
}

fn choose_rows(options: &Options, draw: &mut Draw) -> Result<BTreeMap<u64, RowDefect>, GenerateError> {
    let defects: Vec<(RowDefect, u64)> = options
        .defects
        .iter()
        .filter_map(|defect| match *defect {
            Defect::Rows { defect, count } => Some((defect, count)),
            Defect::File(_) => None,
        })
        .collect();
    // What repeats an earlier row needs a sound one: the first row then stays sound.
    let repeats = defects.iter().any(|(defect, _)| matches!(defect, RowDefect::Repeat(_)));
    let first = if repeats { 2 } else { 1 };
    let wanted = defects.iter().fold(0, |sum: u64, (_, count)| sum.saturating_add(*count));
    if wanted > options.rows + 1 - first {
        return Err(GenerateError::TooManyDefects { defects: wanted, rows: options.rows });
    }
    let mut chosen = BTreeMap::new();
    for (defect, count) in defects {
        for _ in 0..count {
            let mut row = draw.between(first, options.rows);
            while chosen.contains_key(&row) {
                row = draw.between(first, options.rows);
            }
            chosen.insert(row, defect);
        }
    }
    Ok(chosen)
}

fn file_defect(defects: &[Defect]) -> Result<Option<FileDefect>, GenerateError> {
    let files: Vec<FileDefect> = defects
        .iter()
        .filter_map(|defect| match *defect {
            Defect::File(defect) => Some(defect),
            Defect::Rows { .. } => None,
        })
        .collect();
    match files[..] {
        [] => Ok(None),
        [defect] => Ok(Some(defect)),
        _ => Err(GenerateError::SeveralFileDefects { count: files.len() }),
    }
}

fn strike(defect: RowDefect, row: u64, chosen: &BTreeMap<u64, RowDefect>, draw: &mut Draw) -> Strike {
    match defect {
        RowDefect::Value(defect) => Strike::Value(defect),
        RowDefect::Leaf(defect, field) => Strike::Leaf(defect, field),
        RowDefect::MissingGroup(group) => Strike::MissingGroup(group),
        RowDefect::Repeat(defect) => Strike::Repeat { defect, earlier_row: sound_row_before(row, chosen, draw) },
    }
}

/// In a file that is nearly all defects the tries may fail; the first row is always sound when anything repeats it.
fn sound_row_before(row: u64, chosen: &BTreeMap<u64, RowDefect>, draw: &mut Draw) -> u64 {
    const TRIES: usize = 64;
    let sound = (0..TRIES).map(|_| draw.between(1, row - 1)).find(|earlier| !chosen.contains_key(earlier));
    sound.unwrap_or(1)
}
