//! How a command ends, and the exit status that says so.

/// How a command ended, where no error stopped it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Done,
    /// It came to its end, and what came out is not what must come out.
    VerdictFailed,
    /// Everything was paid and said, but its reports could not be put where they belong.
    ReportsMissing,
    /// Nothing of the file was or will be paid.
    FileRefused,
}

/// What the exit statuses mean, as `--help` says it.
pub const STATUSES: &str = "Exit status:
    0  done
    1  something went wrong
    2  wrong options, or the file that they name cannot be read
    3  the verdict failed: what came out is not what must come out
    4  the file was refused, or rows of it were paid before: nothing was paid
  130  stopped by Ctrl-C (143 by SIGTERM); a command that serves ends with 0";

pub const WENT_WRONG: u8 = 1;
pub const WRONG_OPTIONS: u8 = 2;
pub const VERDICT_FAILED: u8 = 3;
pub const FILE_REFUSED: u8 = 4;

impl Ended {
    pub const fn status(self) -> u8 {
        match self {
            Ended::Done => 0,
            Ended::VerdictFailed => VERDICT_FAILED,
            Ended::ReportsMissing => WENT_WRONG,
            Ended::FileRefused => FILE_REFUSED,
        }
    }
}
