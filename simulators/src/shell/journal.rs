//! The database of a simulated service: an append-only file of what was asked of it and when, one JSON object a line.
//!
//! A line is with the operating system before the answer leaves, so that killing the process loses nothing that anybody was told; a loss of power may. A last line that
//! was cut off is dropped. The file holds what a bank holds, account numbers included: only its owner can read it.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::server::{Core, replay};
use crate::http::Request;

/// Why a simulated service cannot be kept in its file.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("the simulation's file {path} cannot be used, check the folder and its permissions: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("line {line} of the simulation's file {path} is damaged: restore the file or start with an empty folder")]
    Damaged { path: PathBuf, line: usize },
}

/// One thing that happened to a core, at the caller's time.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Cause<Control, Report> {
    Request(Request),
    Control(Control),
    Reports(Vec<(usize, Report)>),
    /// The clock reached a time at which something was due.
    Time,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry<Control, Report> {
    at: Timestamp,
    cause: Cause<Control, Report>,
}

#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    length: u64,
}

impl Journal {
    /// Opens the file, or creates it, and replays it into `core`.
    pub(super) fn open(path: &Path, core: &mut impl Core) -> Result<Self, JournalError> {
        let failed = |source| JournalError::File { path: path.to_owned(), source };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(failed)?;
        let whole = read_back(path, &file, core)?;
        file.set_len(whole).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        Ok(Self { path: path.to_owned(), file, length: whole })
    }

    pub(super) fn append<Control: Serialize, Report: Serialize>(
        &mut self,
        at: Timestamp,
        cause: Cause<Control, Report>,
    ) -> Result<(), JournalError> {
        let failed = |source| JournalError::File { path: self.path.clone(), source };
        let mut line = serde_json::to_vec(&Entry { at, cause }).map_err(|error| failed(error.into()))?;
        line.push(b'\n');
        if let Err(source) = self.file.write_all(&line) {
            // A part of the line may be in the file: the next one must not be glued to it.
            self.file.set_len(self.length).map_err(failed)?;
            self.file.seek(SeekFrom::Start(self.length)).map_err(failed)?;
            return Err(failed(source));
        }
        self.length = self.length.saturating_add(u64::try_from(line.len()).unwrap_or(u64::MAX));
        Ok(())
    }
}

/// Replays all whole lines and answers how many bytes they are.
fn read_back<C: Core>(path: &Path, file: &File, core: &mut C) -> Result<u64, JournalError> {
    let failed = |source| JournalError::File { path: path.to_owned(), source };
    let mut reader = BufReader::new(file);
    let mut whole = 0_u64;
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let length = reader.read_until(b'\n', &mut line).map_err(failed)?;
        if line.last() != Some(&b'\n') {
            break;
        }
        let entry: Entry<C::Control, C::Report> =
            serde_json::from_slice(&line).map_err(|_| JournalError::Damaged { path: path.to_owned(), line: number })?;
        replay(core, entry.at, entry.cause);
        whole = whole.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
    }
    Ok(whole)
}
