//! The file that a payroll pays: one that is given, or one that is generated.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use shared::domain::payroll_file::{ErrorCode, Gunzip, GunzipError, Limits, is_gzip};

use super::PayrollOptions;
use crate::error::LocalError;
use crate::generate::write_file;
use crate::terminal::say;
use crate::terminal::text::counted;

/// The generated file's seed, when no file is given.
const STANDARD_SEED: u64 = 1;

/// Read at once.
const PIECE_BYTES: usize = 64 * 1024;

/// The file to pay, and what was generated with it.
pub(super) struct Payroll {
    pub(super) path: PathBuf,
    /// Of the unpacked bytes, as a summary has it. Of a file that does not unpack, of what does.
    pub(super) sha256: String,
    /// To upload.
    pub(super) bytes: u64,
    /// Made by us, with what real files have.
    pub(super) is_generated: bool,
    pub(super) dead_servicers: BTreeSet<String>,
}

/// Makes or reads the file. What is generated lies in the folder: in one that is kept the same command means the same file.
pub(super) fn prepare(options: &PayrollOptions, folder: &Path) -> Result<Payroll, LocalError> {
    let standard = generator::Options { rows: options.rows, seed: STANDARD_SEED, ..generator::Options::default() };
    let Some(given) = &options.file else {
        let path = folder.join(format!("payroll-{}-{}.xml", options.rows, STANDARD_SEED));
        say(&format!("generating a payroll file of {}", counted(options.rows, "row")));
        let dead_servicers = write_file(&standard, &path)?.dead_servicers.into_iter().collect();
        return payroll(path, dead_servicers, true);
    };
    payroll(given.clone(), dead_servicers_beside(given), false)
}

fn payroll(path: PathBuf, dead_servicers: BTreeSet<String>, is_generated: bool) -> Result<Payroll, LocalError> {
    let bytes = std::fs::metadata(&path).map_err(|cause| LocalError::payroll_file(&path, cause))?.len();
    let mut hash = Sha256::new();
    let read = unpacked(&path, |piece| {
        hash.update(piece);
        Ok(())
    });
    match read {
        // What is wrong with it the summary says.
        Ok(()) | Err(Unread::Packed) => {}
        Err(Unread::File(cause)) => return Err(LocalError::payroll_file(&path, cause)),
    }
    Ok(Payroll { path, sha256: hex::encode(hash.finalize()), bytes, is_generated, dead_servicers })
}

/// The refusal of a file without a byte, as the API would give it.
pub(super) fn empty() -> serde_json::Value {
    let message = "the file is empty; export it again";
    serde_json::json!({
        "errors": [{"row": 0, "code": ErrorCode::NoRows, "offset": 0, "message": message}],
        "error_count": 1,
    })
}

/// A file that `clearway generate` wrote names its dead servicers in the manifest beside it.
fn dead_servicers_beside(path: &Path) -> BTreeSet<String> {
    let mut name = path.as_os_str().to_owned();
    name.push(".manifest.json");
    let read = std::fs::read(PathBuf::from(name)).ok();
    let manifest: Option<serde_json::Value> = read.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let listed = manifest.and_then(|manifest| manifest.get("dead_servicers").cloned());
    listed.and_then(|list| serde_json::from_value(list).ok()).unwrap_or_default()
}

/// Why a file was not read to its end.
enum Unread {
    File(std::io::Error),
    Packed,
}

impl From<GunzipError> for Unread {
    fn from(_: GunzipError) -> Self {
        Self::Packed
    }
}

/// Hands on the bytes of a file, unpacked where it is gzip.
fn unpacked(path: &Path, mut sink: impl FnMut(&[u8]) -> std::io::Result<()>) -> Result<(), Unread> {
    let mut file = BufReader::new(File::open(path).map_err(Unread::File)?);
    let mut sink = |piece: &[u8]| sink(piece).map_err(Unread::File);
    let mut piece = vec![0; PIECE_BYTES];
    let mut gunzip: Option<Gunzip> = None;
    let mut is_first = true;
    loop {
        let length = fill(&mut file, &mut piece).map_err(Unread::File)?;
        let read = piece.get(..length).unwrap_or_default();
        if is_first && is_gzip(read) {
            gunzip = Some(Gunzip::new(Limits::default().file_bytes));
        }
        is_first = false;
        match (&mut gunzip, length) {
            (Some(_), 0) | (None, 0) => break,
            (Some(gunzip), _) => gunzip.push(read, &mut sink)?,
            (None, _) => sink(read)?,
        }
    }
    match gunzip {
        Some(gunzip) => gunzip.finish(&mut sink),
        None => Ok(()),
    }
}

/// Reads until the piece is full or the file ends.
fn fill(file: &mut impl Read, piece: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while let Some(room) = piece.get_mut(filled..).filter(|room| !room.is_empty()) {
        match file.read(room)? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}
