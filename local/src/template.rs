//! `clearway template`: an example of a payroll file, for whoever writes their own.

use clap::{Args, ValueEnum};
use shared::domain::payroll_file::Format;

use crate::error::LocalError;
use crate::terminal::print_line;

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
    print_line(format.example().trim_end())
}
