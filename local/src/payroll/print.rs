//! What a person sees. With `--json` standard output bears one object and nothing else; everything else goes to standard error.

use std::io::Write as _;

use serde_json::{Value, json};

use super::outcome::{Line, Outcome};
use crate::error::LocalError;

/// Branches shown; the report has them all.
const BRANCHES_SHOWN: usize = 10;

/// The summary, before approval.
pub(super) fn summary(summary: &Value) {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    eprintln!("\nSummary of {}", text(&summary["batch_id"]));
    eprintln!("  {} rows, {} in total, {} employees", summary["rows"], text(&summary["total"]), summary["employees"]);
    let unpayable = &summary["unpayable"];
    eprintln!("  unpayable: {} rows, {}", unpayable["rows"], text(&unpayable["total"]));
    for (institution, share) in unpayable["by_institution"].as_object().into_iter().flatten() {
        eprintln!("    {institution}: {} rows, {} ({})", share["rows"], text(&share["total"]), text(&share["reason"]));
    }
    for warning in summary["warnings"].as_array().into_iter().flatten() {
        eprintln!(
            "  warning {}: {} times, first in row {}",
            text(&warning["code"]),
            warning["count"],
            warning["first_row"]
        );
    }
    for shown in summary["bank_names"].as_array().into_iter().flatten() {
        eprintln!("    row {}: the bank will see {}", shown["row"], text(&shown["name"]));
    }
    eprintln!("  by source:");
    for source in summary["by_source"].as_array().into_iter().flatten() {
        let columns =
            (text(&source["id"]), text(&source["total"]), text(&source["account_last4"]), text(&source["standing"]));
        eprintln!(
            "    {} {:>7} rows {:>14}  account …{} ({})",
            columns.0, source["rows"], columns.1, columns.2, columns.3
        );
    }
    let branches = summary["by_branch"].as_array().map(Vec::as_slice).unwrap_or_default();
    eprintln!("  by branch:");
    for branch in branches.iter().take(BRANCHES_SHOWN) {
        eprintln!("    {} {:>7} rows {:>14}", text(&branch["id"]), branch["rows"], text(&branch["total"]));
    }
    if branches.len() > BRANCHES_SHOWN {
        eprintln!("    … and {} more", branches.len() - BRANCHES_SHOWN);
    }
    eprintln!();
}

/// The errors of a refused file.
pub(super) fn refusal(problem: &Value, as_json: bool) -> Result<(), LocalError> {
    let mut errors = problem["errors"].as_array().cloned().unwrap_or_default();
    // An error about a whole row or file names no field: the key is there all the same.
    for error in errors.iter_mut().filter_map(Value::as_object_mut) {
        error.entry("field").or_insert(Value::Null);
    }
    let count = problem["error_count"].as_u64().unwrap_or(errors.len() as u64);
    if as_json {
        return print_line(&json!({ "errors": errors, "error_count": count }).to_string());
    }
    eprintln!("the file is refused: {count} errors");
    for error in errors.iter().take(20) {
        let (code, message) =
            (error["code"].as_str().unwrap_or_default(), error["message"].as_str().unwrap_or_default());
        let place = if error["line"].is_u64() {
            format!("in line {}", error["line"])
        } else {
            format!("at byte {}", error["offset"])
        };
        eprintln!("  {code} {place}: {message}");
    }
    Ok(())
}

/// The outcome: one JSON object, or what a person wants to know.
pub(super) fn outcome(outcome: &Outcome, as_json: bool) -> Result<(), LocalError> {
    if as_json {
        return print_line(&serde_json::to_string(outcome)?);
    }
    let mut text = String::new();
    let mut line = |words: String| {
        text.push_str(&words);
        text.push('\n');
    };
    line(format!("\nBatch {} is {}", outcome.batch_id, outcome.state));
    line(format!(
        "  {} rows, {}; unpayable {} rows, {}",
        outcome.rows, outcome.total, outcome.unpayable.rows, outcome.unpayable.total
    ));
    let payments = &outcome.payments;
    line(format!(
        "  completed {}, failed {}, returned {}, canceled {}",
        payments.completed, payments.failed, payments.returned, payments.canceled
    ));
    line(format!("  fundings {} of {} available", outcome.fundings.available, outcome.fundings.count));
    line("  by source:".to_owned());
    for (id, share) in &outcome.by_source {
        line(share_line(id, share));
    }
    line("Trial balance".to_owned());
    line(format!("  {:<64} {:>14} {:>14}", "account", "debits", "credits"));
    for (account, totals) in &outcome.trial_balance {
        line(format!("  {account:<64} {:>14} {:>14}", totals.debits.to_string(), totals.credits.to_string()));
    }
    line(format!(
        "  {:<64} {:>14} {:>14}",
        "total",
        outcome.ledger.debits.to_string(),
        outcome.ledger.credits.to_string()
    ));
    let bank = &outcome.bank;
    line(format!(
        "Bank: {} transfers, {} left, {} keys used twice with other content",
        bank.transfers, bank.balance, bank.duplicate_keys_with_other_content
    ));
    let timings = &outcome.timings_ms;
    line(format!(
        "Time: summary {} ms, import {} ms, funding {} ms, payout {} ms, total {} ms",
        timings.summary, timings.import, timings.funding, timings.payout, timings.total
    ));
    line(format!("Reports: {}, {}, {}", outcome.reports.payments, outcome.reports.sources, outcome.reports.branches));
    print_line(text.trim_end())
}

fn share_line(id: &str, share: &Line) -> String {
    format!(
        "    {id} {:>7} rows {:>14}  completed {:>7} {:>14}  failed {:>6} {:>12}  returned {:>5} {:>12}",
        share.rows,
        share.total.to_string(),
        share.completed,
        share.completed_total.to_string(),
        share.failed,
        share.failed_total.to_string(),
        share.returned,
        share.returned_total.to_string(),
    )
}

fn print_line(text: &str) -> Result<(), LocalError> {
    let failed = |cause| LocalError::File { path: "standard output".to_owned(), cause };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").map_err(failed)
}
