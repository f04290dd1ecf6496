//! `clearway generate`: writes a synthetic payroll file.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use generator::{Defect, DefectParseError, Manifest, Options, Style, parse_defects};
use shared::domain::money::Cents;

use crate::error::LocalError;
use crate::terminal::say;
use crate::terminal::stop::Parting;
use crate::terminal::text::{counted, dollars, size, wrapped};

/// As many rows as a file may be asked to have.
pub const ROWS_MAX: u64 = 10_000_000;

#[derive(Clone, Debug, Args)]
pub struct GenerateOptions {
    /// Where the file goes; its manifest goes beside it.
    #[arg(long)]
    pub out: PathBuf,
    #[arg(long, default_value_t = 50_000, value_parser = clap::value_parser!(u64).range(1..=ROWS_MAX))]
    pub rows: u64,
    /// The same seed writes the same bytes.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    #[arg(long, default_value_t = 5)]
    pub sources: u32,
    /// `compact` or `pretty`.
    #[arg(long, default_value = "compact")]
    pub style: Style,
    /// A list such as `aba:3,dup-row:2,missing:DOB:1,truncate`.
    #[arg(long, default_value = "none", value_parser = Defects::parse)]
    pub defects: Defects,
}

/// What is to be wrong with the file.
#[derive(Clone, Debug, Default)]
pub struct Defects(Vec<Defect>);

impl Defects {
    fn parse(list: &str) -> Result<Self, DefectParseError> {
        parse_defects(list).map(Self)
    }
}

impl GenerateOptions {
    /// What is left when the command is stopped.
    pub fn parting(&self) -> Parting {
        let kept = format!("{} was not written.", self.out.display());
        Parting { kept, unfinished: Some(partial(&self.out)), ..Parting::default() }
    }
}

pub fn run(options: &GenerateOptions) -> Result<(), LocalError> {
    let wanted = Options {
        rows: options.rows,
        seed: options.seed,
        sources: options.sources,
        style: options.style,
        defects: options.defects.0.clone(),
        ..Options::default()
    };
    let manifest = write_file(&wanted, &options.out)?;
    let beside = manifest.write_manifest(&options.out)?;
    say(&format!("{}: {}, {}", options.out.display(), counted(manifest.rows, "row"), size(manifest.bytes)));
    say(&format!("  {} in rows without errors", dollars(Cents::new(manifest.total_cents))));
    if manifest.rows_with_errors > 0 {
        say(&format!("  {} with an error on purpose", counted(manifest.rows_with_errors, "row")));
    }
    let (rows, dead) = (manifest.unpayable.rows, manifest.dead_servicers.join(", "));
    if rows > 0 {
        let head = format!("  {} of ", counted(rows, "row"));
        let words = format!(
            "{dead}, which the Plaid of `clearway payroll` does not know: it cannot pay them. A stack that is served pays them, unless it is \
             started with --unpayable {dead}"
        );
        say(&wrapped(&head, &words, "    "));
    }
    say(&format!("{}: what the file contains, for tests", beside.display()));
    Ok(())
}

/// Writes the file whole or not at all: a kill in between leaves nothing under its name.
pub fn write_file(options: &Options, out: &Path) -> Result<Manifest, LocalError> {
    let partial = partial(out);
    let failed = |cause| LocalError::file(out, cause);
    let mut file = BufWriter::new(File::create(&partial).map_err(failed)?);
    let written = generator::generate(options, &mut file);
    let manifest = written.inspect_err(|_| {
        // What is left of it is of no use, and in nobody's way where it stays.
        let _ = std::fs::remove_file(&partial);
    })?;
    file.flush().map_err(failed)?;
    std::fs::rename(&partial, out).map_err(failed)?;
    Ok(manifest)
}

fn partial(out: &Path) -> PathBuf {
    out.with_extension("partial")
}
