//! `clearway doctor --stack NAME`: whether a deployed stack is set up to pay, check by check, and what to do where it is not.
//!
//! Guarantees: it changes nothing, at AWS, the bank or Plaid, and prints no secret. It asks with the credentials of the environment.

mod cloudformation;
pub mod facts;
pub mod findings;
mod look;
mod secrets;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use shared::ports::secrets::SecretText;

use crate::ended::Ended;
use crate::error::LocalError;
use crate::terminal::print_line;
use crate::terminal::text::{counted, wrapped};
use findings::{Finding, Level};
use look::{Asked, look};

/// What the exit statuses mean, as `--help` says it.
pub const STATUSES: &str = "Exit status:
    0  no check failed
    1  something went wrong
    2  wrong options
    3  a check failed

Needs the rights to describe the stack, its table, queues and topics, to see its
bucket and to read its secrets. Credentials and an emulator's address are taken
from the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
AWS_SESSION_TOKEN, AWS_ENDPOINT_URL.";

/// A check's level stands in this many columns.
const LEVEL_COLUMNS: usize = 9;

#[derive(Clone, Debug, Args)]
pub struct DoctorOptions {
    /// The stack's name.
    #[arg(long, value_name = "NAME")]
    pub stack: String,
    /// Its region; by default that of AWS_REGION or AWS_DEFAULT_REGION.
    #[arg(long)]
    pub region: Option<String>,
    /// A file with a bearer token to check, `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub token: Option<PathBuf>,
    /// One JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

/// Looks at the stack and says how each check went.
pub async fn run(options: &DoctorOptions) -> Result<Ended, LocalError> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let region = options.region.clone().or_else(|| variable("AWS_REGION")).or_else(|| variable("AWS_DEFAULT_REGION"));
    let region = region.ok_or_else(|| LocalError::Options("name the stack's region with --region".to_owned()))?;
    if !options.stack.chars().all(|character| character.is_ascii_alphanumeric() || character == '-') {
        return Err(LocalError::Options(format!("{} is no name of a stack: letters, digits, hyphens", options.stack)));
    }
    let token = options.token.as_deref().map(token).transpose()?;
    let endpoint = variable("AWS_ENDPOINT_URL");
    let facts =
        look(&Asked { name: &options.stack, region: &region, endpoint: endpoint.as_deref(), token: token.as_ref() })
            .await;
    let findings = findings::findings(&facts);
    let told = if options.json { object(&options.stack, &region, &findings) } else { readable(&findings) };
    print_line(&told)?;
    let is_sound = count(&findings, Level::Failed) == 0;
    Ok(if is_sound { Ended::Done } else { Ended::VerdictFailed })
}

fn token(file: &Path) -> Result<SecretText, LocalError> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|mut file| file.read_to_string(&mut text))
    };
    read.map_err(|cause| LocalError::file(file, cause))?;
    Ok(SecretText::new(text))
}

fn count(findings: &[Finding], level: Level) -> usize {
    findings.iter().filter(|finding| finding.level == level).count()
}

fn object(stack: &str, region: &str, findings: &[Finding]) -> String {
    json!({
        "stack": stack,
        "region": region,
        "ok": count(findings, Level::Ok),
        "warnings": count(findings, Level::Warning),
        "failed": count(findings, Level::Failed),
        "findings": findings,
    })
    .to_string()
}

/// A line for each check, and their number at the end.
fn readable(findings: &[Finding]) -> String {
    let indent = " ".repeat(LEVEL_COLUMNS);
    let line = |finding: &Finding| {
        let head = format!("{:<LEVEL_COLUMNS$}", finding.level.as_str());
        wrapped(&head, &format!("{}: {}", finding.check, finding.text), &indent)
    };
    let mut lines: Vec<String> = findings.iter().map(line).collect();
    let [ok, warnings, failed] = [Level::Ok, Level::Warning, Level::Failed].map(|level| count(findings, level));
    lines.push(format!("{ok} ok, {}, {failed} FAILED", counted(warnings as u64, "warning")));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::COLUMNS;

    #[test]
    fn a_finding_is_a_line_and_fits_a_terminal() {
        let long = "the stack's address is not registered at the bank: docs/integrate.md registers it, and more words";
        let findings = [
            Finding::ok("table", "clearway-Table-1 is there"),
            Finding::warning("secret column-webhook-secrets", "is not stored"),
            Finding::failed("bank's webhook", long),
        ];
        let told = readable(&findings);
        assert!(told.starts_with("ok       table: clearway-Table-1 is there\n"), "{told}");
        assert!(told.contains("\nwarning  secret column-webhook-secrets: is not stored\n"), "{told}");
        assert!(told.ends_with("1 ok, 1 warning, 1 FAILED"), "{told}");
        assert!(told.lines().all(|line| line.chars().count() <= COLUMNS), "{told}");
    }
}
