//! The file that a payroll pays: one that is given, perhaps with its header written anew, or one that is generated.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use shared::domain::payroll_file::{ErrorCode, Gunzip, GunzipError, Limits, Mapping, is_gzip};
use tempfile::NamedTempFile;

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
    /// Holds a file whose header was written anew, for as long as it is needed.
    _mapped: Option<NamedTempFile>,
}

/// Makes or reads the file. What is generated or written anew lies in the folder: in one that is kept the same command means the same file.
pub(super) fn prepare(options: &PayrollOptions, folder: &Path) -> Result<Payroll, LocalError> {
    let standard = generator::Options { rows: options.rows, seed: STANDARD_SEED, ..generator::Options::default() };
    let Some(given) = &options.file else {
        let path = folder.join(format!("payroll-{}-{}.xml", options.rows, STANDARD_SEED));
        say(&format!("generating a payroll file of {}", counted(options.rows, "row")));
        let dead_servicers = write_file(&standard, &path)?.dead_servicers.into_iter().collect();
        return payroll(path, dead_servicers, None, true);
    };
    let dead_servicers = dead_servicers_beside(given);
    match &options.map {
        Some(mapping) => {
            let mapped = mapped(given, mapping, folder)?;
            payroll(mapped.path().to_owned(), dead_servicers, Some(mapped), false)
        }
        None => payroll(given.clone(), dead_servicers, None, false),
    }
}

fn payroll(
    path: PathBuf,
    dead_servicers: BTreeSet<String>,
    mapped: Option<NamedTempFile>,
    is_generated: bool,
) -> Result<Payroll, LocalError> {
    let bytes = std::fs::metadata(&path).map_err(|cause| LocalError::payroll_file(&path, cause))?.len();
    let mut hash = Sha256::new();
    let read = unpacked(&path, |piece| {
        hash.update(piece);
        Ok(())
    });
    match read {
        // What is wrong with it the summary says.
        Ok(()) | Err(Unread::Packed(_)) => {}
        Err(Unread::File(cause)) => return Err(LocalError::payroll_file(&path, cause)),
    }
    Ok(Payroll { path, sha256: hex::encode(hash.finalize()), bytes, is_generated, dead_servicers, _mapped: mapped })
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

/// The table with the names of a template in its header, unpacked, in a file that nobody else can read. Its rows stay as they are, byte for byte.
fn mapped(given: &Path, mapping: &Mapping, folder: &Path) -> Result<NamedTempFile, LocalError> {
    let failed = |cause| LocalError::payroll_file(given, cause);
    let mut file = NamedTempFile::new_in(folder).map_err(LocalError::start)?;
    unpacked(given, |piece| file.write_all(piece)).map_err(|unread| match unread {
        Unread::File(cause) => failed(cause),
        Unread::Packed(error) => LocalError::Map(error.to_string()),
    })?;
    let limits = Limits::default();
    let mut beginning = Vec::new();
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    let header_bytes = u64::try_from(limits.row_bytes).unwrap_or(u64::MAX).saturating_mul(2);
    file.as_file().take(header_bytes).read_to_end(&mut beginning).map_err(failed)?;
    let (header, replaced) =
        mapping.rewrite(&beginning, &limits).map_err(|error| LocalError::Map(error.to_string()))?;
    let mut written = NamedTempFile::new_in(folder).map_err(LocalError::start)?;
    written.write_all(&header).map_err(failed)?;
    file.seek(SeekFrom::Start(u64::try_from(replaced).unwrap_or(u64::MAX))).map_err(failed)?;
    std::io::copy(file.as_file_mut(), &mut written).map_err(failed)?;
    Ok(written)
}

/// Why a file was not read to its end.
enum Unread {
    File(std::io::Error),
    Packed(GunzipError),
}

impl From<GunzipError> for Unread {
    fn from(error: GunzipError) -> Self {
        Self::Packed(error)
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
