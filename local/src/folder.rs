//! Where a stack keeps what it holds: a folder that was named and stays, or a private one that goes with it.
//!
//! A named folder is one process's at a time. The system ends its lock with the process, at whatever moment that is killed: whoever holds
//! the lock knows that no earlier process is at work on what lies there.

use std::fs::{File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use shared::adapters::system::SystemClock;
use shared::ports::clock::Clock as _;
use tempfile::TempDir;

use crate::error::LocalError;

/// Says who holds the folder, for whoever comes second.
const LOCK: &str = "lock";

/// A folder that this process alone uses, as long as this value lives.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _held: Held,
}

#[derive(Debug)]
enum Held {
    Kept { _lock: File },
    Temporary { _folder: TempDir },
}

impl Folder {
    /// Takes the folder that is named, or makes one that nobody else can read. Fails where another process holds it.
    pub fn open(named: Option<&Path>) -> Result<Self, LocalError> {
        let Some(path) = named else {
            let folder = tempfile::Builder::new().prefix("clearway-").tempdir().map_err(LocalError::start)?;
            return Ok(Self { path: folder.path().to_owned(), _held: Held::Temporary { _folder: folder } });
        };
        let failed = |cause| LocalError::file(path, cause);
        std::fs::create_dir_all(path).map_err(failed)?;
        let lock = path.join(LOCK);
        let options = File::options().read(true).write(true).create(true).truncate(false).open(&lock);
        let mut file = options.map_err(failed)?;
        match file.try_lock() {
            Ok(()) => say_who(&mut file).map_err(failed)?,
            Err(TryLockError::WouldBlock) => {
                let holder = std::fs::read_to_string(&lock).ok().filter(|holder| !holder.is_empty());
                let holder = holder.unwrap_or_else(|| "another process".to_owned());
                return Err(LocalError::InUse { path: path.display().to_string(), holder });
            }
            Err(TryLockError::Error(cause)) => return Err(failed(cause)),
        }
        Ok(Self { path: path.to_owned(), _held: Held::Kept { _lock: file } })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder, where it outlives the process.
    pub fn kept(&self) -> Option<&Path> {
        match self._held {
            Held::Kept { .. } => Some(&self.path),
            Held::Temporary { .. } => None,
        }
    }
}

/// Writes the process and its command into the lock.
fn say_who(file: &mut File) -> io::Result<()> {
    let command = std::env::args().nth(1).filter(|word| !word.starts_with('-'));
    let command = command.map_or_else(String::new, |word| format!(" {word}"));
    let since = SystemClock.elapsed_now().strftime("%Y-%m-%d %H:%M:%S UTC");
    file.set_len(0)?;
    write!(file, "`clearway{command}` (process {}, since {since})", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_folder_is_held_by_one_at_a_time() {
        let named = tempfile::tempdir().unwrap();
        let first = Folder::open(Some(named.path())).unwrap();
        let refused = Folder::open(Some(named.path())).unwrap_err().to_string();
        assert!(refused.contains(&format!("process {}", std::process::id())), "{refused}");
        drop(first);
        assert_eq!(Folder::open(Some(named.path())).unwrap().kept(), Some(named.path()));
    }

    #[test]
    fn a_folder_without_a_name_goes_with_its_holder() {
        let folder = Folder::open(None).unwrap();
        let path = folder.path().to_owned();
        assert!(path.is_dir() && folder.kept().is_none());
        drop(folder);
        assert!(!path.exists());
    }
}
