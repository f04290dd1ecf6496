//! What a payroll costs: what it asked for, counted, times the list prices.
//!
//! What cannot be counted here is assumed, on the dear side: how long services take to answer (an invocation takes as long as all its
//! calls one after another, shared by the tasks that it runs at once, and never less than the bank's rate allows), Lambda's own log
//! lines, sampling of traces. Not in it: free tiers, storage, and what a stack costs while it does nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use journeys::recording::{Call, Function, Invocation};
use serde_yaml_ng::Value;
use shared::ports::table::Index;

use crate::payroll::Payroll;
use crate::prices::{
    API_REQUEST, BYTE_OUT, HALF_READ_UNIT, INVOCATION, LOG_BYTE, MB_MILLISECOND, OBJECT_READ, OBJECT_WRITE,
    PUBLISHED_NOTICE, Price, QUEUE_REQUEST, SECRET_READ, TRACE, WRITE_UNIT,
};

/// Milliseconds until a service has answered.
const TABLE_MS: u64 = 5;
const TRANSACTION_MS: u64 = 10;
const QUERY_MS: u64 = 10;
const QUEUE_MS: u64 = 10;
const OBJECT_MS: u64 = 30;
const SECRET_MS: u64 = 20;
const PROVIDER_MS: u64 = 300;
/// Our own work for one task, webhook or request, on the part of a processor that its memory comes with.
const OWN_MS: u64 = 5;

/// START, END and REPORT of an invocation.
const LAMBDA_LOG_LINES: u64 = 3;
const LAMBDA_LOG_BYTES: u64 = 400;
/// The request's id, which the runtime's client adds to each line of ours.
const REQUEST_ID_BYTES: u64 = 95;
/// What CloudWatch adds to each line.
const LOG_LINE_BYTES: u64 = 26;

/// One in so many is traced: five percent, and the first of each second.
const INVOCATIONS_PER_TRACE: u64 = 10;

/// A request to the bank with its headers and its part of the connection.
const PROVIDER_REQUEST_BYTES: u64 = 2_000;

const SECRET_KEPT_SECONDS: i64 = 300;
const MESSAGES_PER_REQUEST: u64 = 10;

/// A part of the bill.
pub(crate) struct Part {
    pub(crate) price: Price,
    pub(crate) count: u64,
}

impl Part {
    /// In millionths of a millionth of a dollar.
    pub(crate) fn cost(&self) -> u64 {
        self.count * self.price.each
    }
}

/// What the template says that matters here.
pub(crate) struct Deployment {
    template: Value,
}

impl Deployment {
    pub(crate) fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
        Self { template: serde_yaml_ng::from_str(&std::fs::read_to_string(path).unwrap()).unwrap() }
    }

    fn memory_mb(&self, function: Function) -> u64 {
        self.template["Resources"][function.logical_id()]["Properties"]["MemorySize"].as_u64().unwrap()
    }

    pub(crate) fn parameter(&self, name: &str) -> u64 {
        self.template["Parameters"][name]["Default"].as_u64().unwrap()
    }

    /// Copies of a function that run at once at most.
    fn copies(&self, function: Function) -> u64 {
        match function {
            Function::PaymentWorker => self.parameter("BulkConcurrency") + self.parameter("OtherConcurrency"),
            // As many as webhooks come in a second, of which each takes a part.
            Function::ColumnWebhook | Function::PlaidWebhook => self.parameter("WebhookRequestsPerSecond") / 10,
            Function::ApproveBatch
            | Function::Accounts
            | Function::Reports
            | Function::Operator
            | Function::Rent
            | Function::DeadLetters
            | Function::Scheduler => 1,
        }
    }

    fn duration_ms(&self, invocation: &Invocation) -> u64 {
        let waited: u64 = invocation.calls.iter().map(waits_ms).sum();
        let provider_calls = invocation.calls.iter().filter(|call| matches!(call, Call::Provider)).count() as u64;
        let paced = provider_calls * 1_000 / self.parameter("BankCallsPerSecond");
        let at_once = invocation.events.max(1);
        paced.max(waited / at_once + PROVIDER_MS.min(waited)) + OWN_MS * invocation.events
    }
}

fn waits_ms(call: &Call) -> u64 {
    match call {
        Call::GetItem { .. } | Call::Write { is_transaction: false, .. } => TABLE_MS,
        Call::Write { is_transaction: true, .. } => TRANSACTION_MS,
        Call::Query { .. } => QUERY_MS,
        Call::SendMessages { messages, .. } => QUEUE_MS * messages.div_ceil(MESSAGES_PER_REQUEST),
        Call::PutObject { .. } | Call::ReadObject { .. } => OBJECT_MS,
        Call::LinkToPut { .. } | Call::LinkToRead { .. } | Call::ReadSecret(_) => 0,
        Call::PublishNotice => QUEUE_MS,
        Call::Provider => PROVIDER_MS,
    }
}

/// One for each KB of each item, twice in a transaction, and one for each entry of an index.
pub(crate) fn write_units(call: &Call) -> u64 {
    let Call::Write { items, is_transaction, .. } = call else { return 0 };
    let units: u64 = items.iter().map(|item| item.bytes.div_ceil(1024).max(1) + item.index_writes).sum();
    if *is_transaction { 2 * units } else { units }
}

/// Two halves for each 4 KB read consistently, one of what an index answers.
fn half_read_units(call: &Call) -> u64 {
    let halves = |bytes: u64, each: u64| bytes.div_ceil(4096).max(1) * each;
    match call {
        Call::GetItem { bytes, .. } | Call::Query { index: Index::Primary, bytes, .. } => halves(*bytes, 2),
        Call::Query { index: Index::Due | Index::Lists | Index::Attention, bytes, .. } => halves(*bytes, 1),
        Call::Write { .. }
        | Call::SendMessages { .. }
        | Call::PutObject { .. }
        | Call::ReadObject { .. }
        | Call::LinkToPut { .. }
        | Call::LinkToRead { .. }
        | Call::ReadSecret(_)
        | Call::PublishNotice
        | Call::Provider => 0,
    }
}

/// A copy of a function reads a secret once in five minutes; there are no more copies than runs, nor than may be.
fn secret_reads(deployment: &Deployment, invocations: &[Invocation]) -> u64 {
    let mut needed: BTreeMap<(Function, i64), (u64, BTreeSet<_>)> = BTreeMap::new();
    for run in invocations {
        let period = run.at.as_second() / SECRET_KEPT_SECONDS;
        let (runs, names) = needed.entry((run.function, period)).or_default();
        *runs += 1;
        names.extend(
            run.calls.iter().filter_map(|call| if let Call::ReadSecret(name) = call { Some(*name) } else { None }),
        );
    }
    needed
        .into_iter()
        .map(|((function, _), (runs, names))| runs.min(deployment.copies(function)) * names.len() as u64)
        .sum()
}

/// The bill of a payroll. The timer runs whether there is a payroll or not: of its runs only the messages count.
pub(crate) fn bill(deployment: &Deployment, payroll: &Payroll) -> Vec<Part> {
    let runs: Vec<&Invocation> = payroll.invocations.iter().filter(|run| run.function != Function::Scheduler).collect();
    let run_count = runs.len() as u64;
    let of = |function: Function| runs.iter().filter(|run| run.function == function).count() as u64;
    let calls = || runs.iter().flat_map(|run| &run.calls);
    let sum = |count: fn(&Call) -> u64| calls().map(count).sum::<u64>();
    let sent: u64 = payroll.invocations.iter().flat_map(|run| &run.calls).map(queue_requests).sum();
    let used_mb_ms = |run: &&Invocation| deployment.duration_ms(run) * deployment.memory_mb(run.function);
    let mb_ms: u64 = runs.iter().map(used_mb_ms).sum();
    let log_lines = payroll.log_lines + run_count * LAMBDA_LOG_LINES;
    let our_bytes = payroll.log_bytes + payroll.log_lines * REQUEST_ID_BYTES;
    let log_bytes = our_bytes + run_count * LAMBDA_LOG_BYTES + log_lines * LOG_LINE_BYTES;
    let secret_reads = secret_reads(deployment, &payroll.invocations);
    let provider_calls = sum(|call| u64::from(matches!(call, Call::Provider)));
    let parts = [
        (WRITE_UNIT, sum(write_units)),
        (HALF_READ_UNIT, sum(half_read_units)),
        // A receive and a delete for each delivery.
        (QUEUE_REQUEST, sent + 2 * of(Function::PaymentWorker)),
        (INVOCATION, run_count),
        (MB_MILLISECOND, mb_ms + secret_reads * SECRET_MS * deployment.memory_mb(Function::PaymentWorker)),
        (API_REQUEST, of(Function::ColumnWebhook) + of(Function::ApproveBatch) + of(Function::Reports)),
        (OBJECT_WRITE, sum(|call| u64::from(matches!(call, Call::PutObject { .. } | Call::LinkToPut { .. })))),
        (OBJECT_READ, sum(|call| u64::from(matches!(call, Call::ReadObject { .. } | Call::LinkToRead { .. })))),
        (PUBLISHED_NOTICE, sum(|call| u64::from(matches!(call, Call::PublishNotice)))),
        (LOG_BYTE, log_bytes),
        (SECRET_READ, secret_reads),
        (TRACE, run_count.div_ceil(INVOCATIONS_PER_TRACE)),
        (BYTE_OUT, provider_calls * PROVIDER_REQUEST_BYTES),
    ];
    parts.into_iter().map(|(price, count)| Part { price, count }).collect()
}

fn queue_requests(call: &Call) -> u64 {
    if let Call::SendMessages { messages, .. } = call { messages.div_ceil(MESSAGES_PER_REQUEST) } else { 0 }
}
