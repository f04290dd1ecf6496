//! `clearway payroll`: a file from upload to reports, through the same HTTP API and tasks as in a deployment.
//!
//! With `--data DIR` the command may be killed at any moment and given again: it takes the batch up where it was.

mod api;
mod bank_side;
mod earlier;
mod file;
mod gather;
pub mod outcome;
mod pass;
mod print;
mod progress;
mod report_files;
mod steps;
mod summary;
mod told;
pub mod verdict;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use shared::domain::file_mapping::{FileMapping, FileMappingRefusal};
use shared::domain::payroll_file::Mapping;

use crate::ended::Ended;
use crate::error::LocalError;
use crate::generate::ROWS_MAX;
use crate::stack::Store;
use crate::terminal::stop::Parting;

/// How often the bars look.
const WATCH_EVERY: Duration = Duration::from_millis(30);

#[derive(Clone, Debug, Args)]
pub struct PayrollOptions {
    /// The payroll file, XML or CSV, plain or gzip; without one a file like real ones is generated.
    pub file: Option<PathBuf>,
    /// Columns of a CSV file that go by other names than docs/file.md lists, such as `source=Company,amount=Net`. One column may be named
    /// for several.
    #[arg(long, value_name = "COLUMN=NAME,...", value_parser = mapping, requires = "file")]
    pub map: Option<Mapping>,
    /// One JSON object on standard output, whatever becomes of it; progress on standard error.
    #[arg(long)]
    pub json: bool,
    /// Where the folder of each batch goes, with its three CSV reports.
    #[arg(long, value_name = "DIR")]
    pub reports: Option<PathBuf>,
    /// An institution of the file that the simulated Plaid does not know. Repeatable.
    #[arg(long, value_name = "ins_N")]
    pub unpayable: Vec<String>,
    /// The simulated bank returns so many payments after they settled.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub returns: u64,
    /// Keeps table, files and the simulated bank, so that the command may be killed and given again.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t)]
    pub store: Store,
    /// The day that stands for the period the file pays for; by default the day of its summary.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub pay_period: Option<Date>,
    /// Pays rows again that an earlier batch over the same data has paid; the same file only for another `--pay-period`.
    #[arg(long)]
    pub pay_again: bool,
    /// Rows of the generated file; 50000 is the standard file.
    #[arg(long, value_name = "N", default_value_t = 2_000, conflicts_with = "file",
        value_parser = clap::value_parser!(u64).range(1..=ROWS_MAX))]
    pub rows: u64,
    /// Print ids whole, which takes more than 80 columns.
    #[arg(long)]
    pub whole_ids: bool,
}

/// Reads a mapping as a deployment would store it.
fn mapping(text: &str) -> Result<Mapping, FileMappingRefusal> {
    let mapping = Mapping::parse(text)?;
    FileMapping::new(api::MAPPING, &mapping.columns(), "", Timestamp::UNIX_EPOCH)?;
    Ok(mapping)
}

impl PayrollOptions {
    /// What is left when the command is stopped.
    pub fn parting(&self) -> Parting {
        let kept = match &self.data {
            Some(data) => {
                format!("What was done is kept in {}: the same command goes on where this one was.", data.display())
            }
            None => {
                "Nothing was kept, the bank was simulated. With --data DIR the same command goes on later.".to_owned()
            }
        };
        Parting { kept, as_json: self.json, ..Parting::default() }
    }
}

/// Pays the file. With `--json` an object says what stopped it as well.
pub async fn run(options: PayrollOptions) -> Result<Ended, LocalError> {
    let ended = steps::run(&options).await;
    if let Err(error) = &ended
        && options.json
        && !matches!(error, LocalError::Unread)
    {
        print::stopped(error)?;
    }
    ended
}
