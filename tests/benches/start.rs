//! How long each function takes from its start to its first question for work, and how much memory it has used by then: the released
//! binaries, started against a Runtime API on the loopback.
//!
//! `cargo build --release && cargo bench -p journeys --bench start`, or with the binaries of `sam build`:
//! `CLEARWAY_FUNCTIONS=$PWD/.aws-sam/build cargo bench -p journeys --bench start`. Fails above the limits.
#![expect(clippy::print_stdout, reason = "a measurement is there to be read")]

use std::io::{self, BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use journeys::recording::Function;

const STARTS: usize = 10;
const FIRST_POLL_MAX: Duration = Duration::from_millis(10);
const MEMORY_KB_MAX: u64 = 16 * 1024;
const BINARY_BYTES_MAX: u64 = 15 * 1024 * 1024;

/// What the template and Lambda give every function.
const VARIABLES: [(&str, &str); 24] = [
    ("TABLE_NAME", "clearway"),
    ("BUCKET_NAME", "clearway"),
    ("BULK_QUEUE_URL", "http://127.0.0.1:1/bulk"),
    ("OTHER_QUEUE_URL", "http://127.0.0.1:1/other"),
    ("BULK_DEAD_LETTERS_ARN", "arn:aws:sqs:us-east-1:123456789012:bulk"),
    ("OTHER_DEAD_LETTERS_ARN", "arn:aws:sqs:us-east-1:123456789012:other"),
    ("SECRETS_PREFIX", "clearway"),
    ("COLUMN_URL", "http://127.0.0.1:1"),
    ("PLAID_URL", "http://127.0.0.1:1"),
    ("PLAID_WEBHOOK_URL", "http://127.0.0.1:1/webhooks/plaid"),
    ("NOTICES_TOPIC_ARN", "arn:aws:sns:us-east-1:123456789012:clearway"),
    ("COLUMN_ENTITY_ID", "enti_1"),
    ("BANK_CALLS_PER_SECOND", "5"),
    ("HOLD_BANKING_DAYS", "2"),
    ("UPLOADER_MAY_APPROVE", "false"),
    ("FUNCTION_TIMEOUT_SECONDS", "30"),
    ("OIDC_ISSUER", "http://127.0.0.1:1"),
    ("OIDC_AUDIENCE", "clearway"),
    ("RUST_LOG", "info"),
    ("AWS_REGION", "us-east-1"),
    ("AWS_ACCESS_KEY_ID", "nobody"),
    ("AWS_SECRET_ACCESS_KEY", "nothing"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
];

/// What one start came to.
#[derive(Clone, Copy)]
struct Start {
    until_first_poll: Duration,
    memory_kb: u64,
}

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let folder = match std::env::var_os("CLEARWAY_FUNCTIONS") {
        Some(folder) => PathBuf::from(folder),
        None => std::env::current_exe()?.ancestors().nth(2).map(Path::to_owned).unwrap_or_default(),
    };
    let mut is_within = true;
    for function in Function::ALL {
        let binary = binary_of(function, &folder)?;
        let mut starts = (0..STARTS).map(|_| start(function, &binary)).collect::<io::Result<Vec<_>>>()?;
        starts.sort_by_key(|start| start.until_first_poll);
        let (median, memory_kb) =
            (starts[STARTS / 2].until_first_poll, starts.iter().map(|start| start.memory_kb).max().unwrap_or_default());
        let bytes = std::fs::metadata(&binary)?.len();
        let name = function.as_str();
        println!(
            "{name:<15} first poll after {median:>9.1?} (median of {STARTS}), {memory_kb} KB of memory, binary of {bytes} bytes"
        );
        is_within &= median <= FIRST_POLL_MAX && memory_kb <= MEMORY_KB_MAX && bytes <= BINARY_BYTES_MAX;
    }
    println!("at most         first poll after {FIRST_POLL_MAX:>9.1?}, {MEMORY_KB_MAX} KB, {BINARY_BYTES_MAX} bytes");
    Ok(if is_within { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// As cargo leaves it or as `sam build` does.
fn binary_of(function: Function, folder: &Path) -> io::Result<PathBuf> {
    let places = [folder.join(function.as_str()), folder.join(function.logical_id()).join("bootstrap")];
    let missing = || io::Error::other(format!("{} is not in {}: build it first", function.as_str(), folder.display()));
    places.into_iter().find(|place| place.is_file()).ok_or_else(missing)
}

#[expect(clippy::disallowed_methods, reason = "a measurement of real time")]
fn start(function: Function, binary: &Path) -> io::Result<Start> {
    let runtime_api = TcpListener::bind(("127.0.0.1", 0))?;
    let begun = Instant::now();
    let mut process = Command::new(binary)
        .env_clear()
        .envs(VARIABLES)
        .env("AWS_LAMBDA_FUNCTION_NAME", function.as_str())
        .env("AWS_LAMBDA_RUNTIME_API", runtime_api.local_addr()?.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()?;
    let polled = first_poll(&runtime_api);
    let until_first_poll = begun.elapsed();
    let memory_kb = memory_kb(&process);
    end(&mut process)?;
    polled?;
    Ok(Start { until_first_poll, memory_kb: memory_kb? })
}

/// Returns when the function asks for its first event.
fn first_poll(runtime_api: &TcpListener) -> io::Result<()> {
    let (connection, _) = runtime_api.accept()?;
    let mut request = String::new();
    BufReader::new(connection).read_line(&mut request)?;
    if request.starts_with("GET /2018-06-01/runtime/invocation/next ") {
        return Ok(());
    }
    Err(io::Error::other(format!("the function asked for something else first: {}", request.trim_end())))
}

/// The most that was resident at once.
fn memory_kb(process: &Child) -> io::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    number.ok_or_else(|| io::Error::other("the system does not say how much memory was used"))
}

fn end(process: &mut Child) -> io::Result<()> {
    process.kill()?;
    process.wait().map(drop)
}
