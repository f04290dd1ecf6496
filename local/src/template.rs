//! `clearway template`: an example of a payroll file, for whoever writes their own.

use std::io::Write as _;

use clap::{Args, ValueEnum};
use shared::domain::payroll_file::Format;

use crate::error::LocalError;

#[derive(Clone, Debug, Args)]
pub struct TemplateOptions {
    #[arg(long, value_enum)]
    pub format: TemplateFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TemplateFormat {
    Csv,
    Xml,
}

/// Writes the example to standard output. Its payments are made up: `clearway payroll` pays them at the simulated bank.
pub fn run(options: &TemplateOptions) -> Result<(), LocalError> {
    let format = match options.format {
        TemplateFormat::Csv => Format::Csv,
        TemplateFormat::Xml => Format::Xml,
    };
    let failed = |cause| LocalError::File { path: "standard output".to_owned(), cause };
    std::io::stdout().lock().write_all(format.example().as_bytes()).map_err(failed)
}
