//! A payroll whose process is killed again and again, and started again each time over the same data, pays each row exactly once.
//!
//! The real binary and the real SIGKILL, at moments of every step. The moments follow from a seed, which is printed with them:
//! `CLEARWAY_SEED=N` strikes at the same ones again, as far as two runs of a process are alike.
#![cfg(test)]

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use generator::{Manifest, Options};
use local::stack::{Stack, StackOptions, Store};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use serde_json::{Value, json};
use shared::adapters::system::SystemRandom;
use shared::ports::random::random_u64;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// The steps of a payroll in their order, by the first word of the lines that tell of them. The first is upload and summary.
const STEPS: [&str; 5] = ["generating", "import", "funding", "sent", "settled"];

const SIGKILL: i32 = 9;
/// Longer than a payroll takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(600);
/// A kill strikes up to so long after its moment: between two lines of progress.
const LATE_BY_AT_MOST_MS: u64 = 250;

/// When a process is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Moment {
    /// Its place in [`STEPS`].
    step: usize,
    percent: u64,
    late_by_ms: u64,
}

impl Moment {
    /// Whether a line of progress tells this moment or a later one.
    fn is_reached(&self, line: &str) -> bool {
        let mut words = line.split(' ');
        let step = words.next().and_then(|word| STEPS.iter().position(|step| *step == word));
        let mut number = || words.find_map(|word| word.replace(',', "").parse::<u64>().ok());
        let Some(step) = step else { return false };
        // Where the line tells no progress its step is all there is to wait for.
        let (position, length) = (number().unwrap_or(0), number().unwrap_or(0));
        step > self.step || (step == self.step && position * 100 >= self.percent * length)
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { step, percent, late_by_ms } = self;
        write!(formatter, "{late_by_ms} ms after {percent} % {}", STEPS[*step])
    }
}

/// So many moments in each step, in the order in which they come.
fn moments(seed: u64, counts: [usize; STEPS.len()]) -> Vec<Moment> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut moments = Vec::new();
    for (step, count) in counts.into_iter().enumerate() {
        for _ in 0..count {
            let (percent, late_by_ms) = (5 + random.next_u64() % 85, random.next_u64() % (LATE_BY_AT_MOST_MS + 1));
            moments.push(Moment { step, percent, late_by_ms });
        }
    }
    moments.sort_unstable();
    moments
}

fn seed() -> u64 {
    let named = std::env::var("CLEARWAY_SEED").ok();
    named.map_or_else(|| random_u64(&SystemRandom) % 1_000_000, |text| text.parse().unwrap())
}

/// A payroll of the generated file in a data folder of its own.
struct Payroll {
    data: tempfile::TempDir,
    rows: u64,
}

impl Payroll {
    fn of(rows: u64) -> Self {
        Self { data: tempfile::tempdir().unwrap(), rows }
    }

    fn start(&self) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clearway"));
        command.args(["payroll", "--json", "--rows", &self.rows.to_string(), "--data"]).arg(self.data.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap()
    }

    /// Starts the process and kills it at the moment. It must not have ended before.
    async fn is_killed(&self, moment: Moment) {
        let mut process = self.start();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut told = Vec::new();
        let reached = timeout(PATIENCE, async {
            while let Some(line) = lines.next_line().await.unwrap() {
                told.push(line);
                if told.last().is_some_and(|line| moment.is_reached(line)) {
                    return;
                }
            }
        });
        reached.await.unwrap_or_else(|_| panic!("never {moment}"));
        // So long it may go on; it does not end by itself.
        let ended = timeout(Duration::from_millis(moment.late_by_ms), process.wait()).await;
        assert!(ended.is_err(), "{moment}: it ended by itself, {ended:?}, and told:\n{}", told.join("\n"));
        process.start_kill().unwrap();
        assert_eq!(process.wait().await.unwrap().signal(), Some(SIGKILL), "{moment}");
        eprintln!("  killed {moment}, which it told so: {}", told.last().unwrap());
    }

    /// Lets it run to its end; answers what it says of itself.
    async fn ends(&self) -> Value {
        let output = timeout(PATIENCE, self.start().wait_with_output()).await.unwrap().unwrap();
        assert!(output.status.success(), "{}:\n{}", output.status, String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn contents(&self) -> Manifest {
        let options = Options { rows: self.rows, ..Options::default() };
        generator::generate(&options, &mut std::io::sink()).unwrap()
    }
}

fn dollars(cents: i64) -> Value {
    json!(format!("{}.{:02}", cents / 100, cents % 100))
}

/// Counts and sums are those of the file, to the cent; the bank made one transfer for each payable row and each funding, and no other.
fn outcome_is_that_of_the_file(outcome: &Value, file: &Manifest) {
    let same = |what: &str, left: &Value, right: Value| assert_eq!(left, &right, "{what} in {outcome:#}");
    same("outcome", &outcome["outcome"], json!("done"));
    same("state", &outcome["state"], json!("completed"));
    same("file", &outcome["file_sha256"], json!(file.sha256));
    same("rows", &outcome["rows"], json!(file.rows));
    same("total", &outcome["total"], dollars(file.total_cents));
    same("unpayable rows", &outcome["unpayable"]["rows"], json!(file.unpayable.rows));
    same("unpayable total", &outcome["unpayable"]["total"], dollars(file.unpayable.total_cents));
    let states: BTreeMap<&str, u64> = outcome["payments"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(state, count)| (state.as_str(), count.as_u64().unwrap()))
        .filter(|(_, count)| *count > 0)
        .collect();
    let of_file = [("completed", file.payable.rows), ("failed", file.unpayable.rows)];
    let expected: BTreeMap<&str, u64> = of_file.into_iter().filter(|(_, count)| *count > 0).collect();
    assert_eq!(states, expected, "payments by state");

    let fundings = file.payable_by_source.len() as u64;
    same("fundings", &outcome["fundings"], json!({ "count": fundings, "available": fundings }));
    same("transfers", &outcome["bank"]["transfers"], json!(file.payable.rows + fundings));
    same("duplicate keys", &outcome["bank"]["duplicate_keys_with_other_content"], json!(0));
    same("money left at the bank", &outcome["bank"]["balance"], json!("0.00"));
    same("debits", &outcome["ledger"]["debits"], outcome["ledger"]["credits"].clone());
    for (name, of_all, of_payable) in [
        ("by_source", &file.by_source, &file.payable_by_source),
        ("by_branch", &file.by_branch, &file.payable_by_branch),
    ] {
        assert_eq!(outcome[name].as_object().unwrap().len(), of_all.len(), "{name}");
        for (id, totals) in of_all {
            let (line, paid) = (&outcome[name][id], of_payable.get(id).copied().unwrap_or_default());
            same(&format!("rows of {id}"), &line["rows"], json!(totals.rows));
            same(&format!("total of {id}"), &line["total"], dollars(totals.total_cents));
            same(&format!("completed of {id}"), &line["completed"], json!(paid.rows));
            same(&format!("completed total of {id}"), &line["completed_total"], dollars(paid.total_cents));
            same(&format!("returned of {id}"), &line["returned"], json!(0));
        }
    }
}

/// What the bank itself lists: for each completed row of the report one payout of that amount under the row's own key, nothing twice.
async fn each_row_is_at_the_bank_once(data: &Path, report: &Path) {
    let options = StackOptions { data: Some(data.to_owned()), store: Store::Dynamodb, ..StackOptions::default() };
    let stack = Stack::start(options).await.unwrap();
    let mut payouts: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for transfer in transfers(&stack).await.iter().filter(|transfer| transfer["type"] == json!("CREDIT")) {
        let key = transfer["idempotency_key"].as_str().unwrap();
        let payment_id = key.rsplit_once(':').unwrap().0.to_owned();
        payouts.entry(payment_id).or_default().push(transfer["amount"].as_i64().unwrap());
    }
    for line in csv::Reader::from_path(report).unwrap().deserialize() {
        let line: BTreeMap<String, String> = line.unwrap();
        let cents: i64 = line["amount"].replace('.', "").parse().unwrap();
        let expected = if line["status"] == "completed" { vec![cents] } else { Vec::new() };
        let paid = payouts.remove(&line["payment_id"]).unwrap_or_default();
        assert_eq!(paid, expected, "row {}, {}", line["row"], line["status"]);
    }
    assert!(payouts.is_empty(), "payouts of no row: {payouts:?}");
}

async fn transfers(stack: &Stack) -> Vec<Value> {
    let http = reqwest::Client::new();
    let (mut transfers, mut after) = (Vec::<Value>::new(), String::new());
    loop {
        let url = format!("{}/transfers/ach?limit=100{after}", stack.column_url);
        let page: Value = http.get(url).basic_auth("", Some("test_local")).send().await.unwrap().json().await.unwrap();
        transfers.extend(page["transfers"].as_array().unwrap().iter().cloned());
        if page["has_more"] != json!(true) {
            return transfers;
        }
        after = format!("&starting_after={}", transfers.last().unwrap()["id"].as_str().unwrap());
    }
}

async fn killed_and_paid_once(rows: u64, counts: [usize; STEPS.len()]) {
    let seed = seed();
    let payroll = Payroll::of(rows);
    let moments = moments(seed, counts);
    eprintln!("{rows} rows, {} kills, CLEARWAY_SEED={seed}", moments.len());
    for moment in moments {
        payroll.is_killed(moment).await;
    }
    let outcome = payroll.ends().await;
    outcome_is_that_of_the_file(&outcome, &payroll.contents());
    let report = PathBuf::from(outcome["reports"]["payments"].as_str().unwrap());
    each_row_is_at_the_bank_once(payroll.data.path(), &report).await;
    eprintln!("  each row paid once: {} transfers, ledger {}", outcome["bank"]["transfers"], outcome["ledger"]);
}

#[tokio::test]
async fn three_kills_of_a_payroll_pay_each_row_once() {
    killed_and_paid_once(1_000, [0, 1, 1, 1, 0]).await;
}

#[tokio::test]
#[ignore = "takes several minutes: .ci/long runs it"]
async fn twenty_kills_of_a_payroll_pay_each_row_once() {
    killed_and_paid_once(5_000, [2, 4, 3, 8, 3]).await;
}
