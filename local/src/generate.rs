//! `clearway generate`: writes a synthetic payroll file.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use generator::{Manifest, Options, Style, parse_defects};

use crate::error::LocalError;

#[derive(Clone, Debug, Args)]
pub struct GenerateOptions {
    /// Where the file goes; its manifest goes beside it.
    #[arg(long)]
    pub out: PathBuf,
    #[arg(long, default_value_t = 50_000)]
    pub rows: u64,
    /// The same seed writes the same bytes.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    #[arg(long, default_value_t = 5)]
    pub sources: u32,
    /// `compact` or `pretty`.
    #[arg(long, default_value = "compact")]
    pub style: Style,
    /// A list such as `aba:3,amount-zero:1,dup-row:2,missing:DOB:1,truncate`.
    #[arg(long, default_value = "none")]
    pub defects: String,
}

pub fn run(options: &GenerateOptions) -> Result<(), LocalError> {
    let defects = parse_defects(&options.defects).map_err(|error| LocalError::Start(error.to_string()))?;
    let wanted = Options {
        rows: options.rows,
        seed: options.seed,
        sources: options.sources,
        style: options.style,
        defects,
        ..Options::default()
    };
    let manifest = write_file(&wanted, &options.out)?;
    let beside = manifest.write_manifest(&options.out)?;
    eprintln!("{} rows, {} bytes: {} and {}", manifest.rows, manifest.bytes, options.out.display(), beside.display());
    Ok(())
}

/// Writes the file whole or not at all: a kill in between leaves nothing under its name.
pub fn write_file(options: &Options, out: &Path) -> Result<Manifest, LocalError> {
    let partial = out.with_extension("partial");
    let failed = |cause| LocalError::file(out, cause);
    let mut file = BufWriter::new(File::create(&partial).map_err(failed)?);
    let manifest = generator::generate(options, &mut file)?;
    file.flush().map_err(failed)?;
    std::fs::rename(&partial, out).map_err(failed)?;
    Ok(manifest)
}
