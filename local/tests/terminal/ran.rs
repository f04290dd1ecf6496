//! The binary, run in a folder of its own.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A terminal's width.
const COLUMNS: usize = 80;

/// What a run left.
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Where the binary is run.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clearway"));
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null());
        command
    }

    /// Runs the words of a line.
    pub(crate) fn run(&self, line: &str) -> Ran {
        Ran::of(self.command(line.split_whitespace()).output().unwrap())
    }
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { status: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    #[track_caller]
    pub(crate) fn ended_with(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// The one object on standard output.
    #[track_caller]
    pub(crate) fn object(&self) -> Value {
        assert_eq!(self.stdout.lines().count(), 1, "{}", self.stdout);
        serde_json::from_str(&self.stdout).unwrap()
    }

    #[track_caller]
    pub(crate) fn told(&self, words: &[&str]) {
        // A sentence may go on in the next line.
        let in_one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let (stdout, stderr) = (in_one_line(&self.stdout), in_one_line(&self.stderr));
        for words in words {
            let is_told = stdout.contains(words.trim()) || stderr.contains(words.trim());
            assert!(is_told, "{words}\n{}\n{}", self.stdout, self.stderr);
        }
    }

    #[track_caller]
    pub(crate) fn fits_a_terminal(&self) {
        fit(self.stdout.lines().chain(self.stderr.lines()));
    }

    /// Programs read the object, whatever its width.
    #[track_caller]
    pub(crate) fn fits_a_terminal_but_its_object(&self) {
        fit(self.stderr.lines());
    }
}

/// Paths are as long as they are.
#[track_caller]
fn fit<'l>(lines: impl Iterator<Item = &'l str>) {
    for line in lines.filter(|line| !line.starts_with("Report: ")) {
        assert!(line.chars().count() <= COLUMNS, "{line}");
    }
}
