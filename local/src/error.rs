//! What stops a command, in words for the person at the terminal.

use std::io;
use std::path::{Path, PathBuf};

use scenarios::ScenarioError;

use crate::ended::{FILE_REFUSED, VERDICT_FAILED, WENT_WRONG, WRONG_OPTIONS};

/// A command failed. Its text says what to do next where there is something to do.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    #[error("the stack could not start: {0}")]
    Start(String),
    #[error("the simulators ended: {0}")]
    Simulators(String),
    #[error("{address} cannot be listened at: {cause}; name another with --listen or --port")]
    Listen { address: std::net::SocketAddr, cause: io::Error },
    #[error("{path}: {cause}")]
    File { path: String, cause: io::Error },
    /// The payroll file itself.
    #[error("{path} cannot be read, nothing was paid: {cause}")]
    NoPayrollFile { path: String, cause: io::Error },
    #[error("no reports could be written to {path}, so that nothing was paid: {cause}; name a folder with --reports")]
    ReportFolder { path: String, cause: io::Error },
    #[error("{path} is in use by {holder}: wait for its end, or name another folder with --data; nothing was changed")]
    InUse { path: String, holder: String },
    /// Options that do not fit each other, or the file.
    #[error("{0}")]
    Options(String),
    #[error("the file could not be generated: {0}")]
    Generate(#[from] generator::GenerateError),
    #[error("{what} answered {status}: {detail}")]
    Answer { what: &'static str, status: u16, detail: String },
    #[error("the local API cannot be reached: {0}")]
    Unreachable(#[from] reqwest::Error),
    #[error("there is no sample {0}: `clearway event` lists them")]
    NoSuchEvent(String),
    #[error("no stack answers at {url} ({cause}): start `clearway`, or name another with --url")]
    NoStack { url: String, cause: String },
    #[error("an answer cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error("a report cannot be read: {0}")]
    UnreadableReport(#[from] csv::Error),
    #[error(transparent)]
    Operation(#[from] shared::operations::OperationError),
    #[error("scenario {name}: {cause}")]
    Scenario { name: &'static str, cause: ScenarioError },
    #[error("the simulated bank: {0}")]
    Bank(String),
    #[error("no approval of the batch would be taken, so that nothing was paid: {0}")]
    NotReady(String),
    /// Rows that an earlier batch has paid.
    #[error(
        "rows of this file were paid before: {0}. Nothing was paid now. Where they are owed once more, give the same command with --pay-again"
    )]
    PaidBefore(String),
    #[error("the batch ended {0}, which is not completed")]
    NotCompleted(String),
    /// Standard output was closed by whoever read it.
    #[error("nobody reads on")]
    Unread,
}

impl LocalError {
    pub fn start(cause: impl ToString) -> Self {
        Self::Start(cause.to_string())
    }

    pub fn file(path: &Path, cause: io::Error) -> Self {
        Self::File { path: path.display().to_string(), cause }
    }

    pub fn payroll_file(path: &Path, cause: io::Error) -> Self {
        Self::NoPayrollFile { path: path.display().to_string(), cause }
    }

    pub fn report_folder(path: PathBuf, cause: io::Error) -> Self {
        Self::ReportFolder { path: path.display().to_string(), cause }
    }

    /// The exit status that says so.
    pub fn status(&self) -> u8 {
        match self {
            Self::Unread => 0,
            Self::Options(_) | Self::NoSuchEvent(_) | Self::NoPayrollFile { .. } => WRONG_OPTIONS,
            Self::Generate(cause) if cause.is_about_options() => WRONG_OPTIONS,
            Self::NotCompleted(_) => VERDICT_FAILED,
            Self::Scenario { cause: ScenarioError::Wrong(_) | ScenarioError::Stuck(_), .. } => VERDICT_FAILED,
            Self::NotReady(_) | Self::PaidBefore(_) => FILE_REFUSED,
            Self::Start(_)
            | Self::Simulators(_)
            | Self::Listen { .. }
            | Self::File { .. }
            | Self::ReportFolder { .. }
            | Self::InUse { .. }
            | Self::Generate(_)
            | Self::Answer { .. }
            | Self::Unreachable(_)
            | Self::NoStack { .. }
            | Self::Unreadable(_)
            | Self::UnreadableReport(_)
            | Self::Operation(_)
            | Self::Scenario { .. }
            | Self::Bank(_) => WENT_WRONG,
        }
    }

    /// What it came to, in a word for programs.
    pub fn outcome(&self) -> &'static str {
        if let Self::NoPayrollFile { cause, .. } = self {
            return if cause.kind() == io::ErrorKind::NotFound { "missing" } else { "unreadable" };
        }
        if let Self::PaidBefore(_) = self {
            return "paid_before";
        }
        match self.status() {
            WRONG_OPTIONS => "wrong_options",
            VERDICT_FAILED => "verdict_failed",
            FILE_REFUSED => "not_approvable",
            _ => "failed",
        }
    }
}
