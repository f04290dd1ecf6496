//! What a person reads in the end. With `--json` standard output bears one object and nothing else; everything else goes to standard error.

use serde_json::{Value, json};
use shared::domain::ledger::Account;

use super::outcome::{Line, Outcome};
use super::verdict::Verdict;
use crate::error::LocalError;
use crate::terminal::table::{Side, Table};
use crate::terminal::text::{count, counted, dollars, duration, short_id, wrapped};
use crate::terminal::{print_line, say};

/// Row errors shown; the API lists up to a thousand.
const ERRORS_SHOWN: usize = 20;

/// Lines of a table; the reports and the API have the rest.
const SHOWN: usize = 10;

/// How ids are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ids {
    Short,
    Whole,
}

impl Ids {
    pub(super) fn of(self, id: &str) -> String {
        match self {
            Ids::Short => short_id(id),
            Ids::Whole => id.to_owned(),
        }
    }
}

/// The errors of a refused file.
pub(super) fn refusal(problem: &Value, as_json: bool) -> Result<(), LocalError> {
    let mut errors = problem["errors"].as_array().cloned().unwrap_or_default();
    // An error about a whole row or file names no field: the key is there all the same.
    for error in errors.iter_mut().filter_map(Value::as_object_mut) {
        error.entry("field").or_insert(Value::Null);
    }
    let found = u64::try_from(errors.len()).unwrap_or(u64::MAX);
    let error_count = problem["error_count"].as_u64().unwrap_or(found);
    if as_json {
        let refused = json!({ "outcome": "refused", "errors": errors, "error_count": error_count });
        return print_line(&refused.to_string());
    }
    say(&format!("The file is refused, nothing of it was paid: {}", counted(error_count, "error")));
    for error in errors.iter().take(ERRORS_SHOWN) {
        let word = |name: &str| error[name].as_str().unwrap_or_default();
        let place = match (error["line"].as_u64(), error["offset"].as_u64()) {
            (Some(line), _) => format!("line {}", count(line)),
            (None, offset) => format!("byte {}", count(offset.unwrap_or_default())),
        };
        say(&wrapped("  ", &format!("{}, {place}: {}", word("code"), word("message")), "    "));
    }
    let shown = u64::try_from(ERRORS_SHOWN).unwrap_or(u64::MAX);
    if error_count > shown {
        say(&format!("  … and {} more; docs/file.md explains each", count(error_count - shown)));
    }
    Ok(())
}

/// What a run came to, where an error stopped it: an object that says so.
pub(super) fn stopped(error: &LocalError) -> Result<(), LocalError> {
    print_line(&json!({ "outcome": error.outcome(), "message": error.to_string() }).to_string())
}

/// The outcome: one JSON object, or what a person wants to know.
pub(super) fn outcome(outcome: &Outcome, ids: Ids, as_json: bool) -> Result<(), LocalError> {
    if as_json {
        return print_line(&serde_json::to_string(outcome)?);
    }
    let mut lines = vec![format!("\nBatch {} is {}.", outcome.batch_id, outcome.state)];
    if let Some(why) = &outcome.stuck {
        lines.push(wrapped("  ", why, "  "));
    }
    lines.extend(shares(outcome, ids));
    lines.extend(books(outcome, ids));
    let timings = &outcome.timings_ms;
    lines.push(format!(
        "Time: {} (summary {}, import {}, funding {}, payout {})",
        duration(timings.total),
        duration(timings.summary),
        duration(timings.import),
        duration(timings.funding),
        duration(timings.payout)
    ));
    lines.extend(verdict(&outcome.verdict));
    print_line(&lines.join("\n"))
}

fn shares(outcome: &Outcome, ids: Ids) -> Vec<String> {
    let mut table = Table::new([Side::Left, Side::Right, Side::Right, Side::Right, Side::Right]);
    let heads = ["source", "paid", "", "failed", "returned"].map(str::to_owned);
    table.row(heads);
    let row = |id: String, share: &Line| {
        let (paid, failed, returned) = (count(share.completed), count(share.failed), count(share.returned));
        [id, paid, dollars(share.completed_total), failed, returned]
    };
    for (id, share) in outcome.by_source.iter().take(SHOWN) {
        table.row(row(ids.of(id), share));
    }
    let mut lines = table.lines("  ");
    lines.extend(more(outcome.by_source.len()));
    lines
}

fn books(outcome: &Outcome, ids: Ids) -> Vec<String> {
    let mut table = Table::new([Side::Left, Side::Left, Side::Right, Side::Right]);
    table.row(["payer", "account", "debits", "credits"].map(str::to_owned));
    for (name, totals) in outcome.trial_balance.iter().take(SHOWN) {
        let account: Option<Account> = name.parse().ok();
        let (payer, kind) = match &account {
            Some(account) => (ids.of(&account.payer_id), account.kind.as_str()),
            None => (name.clone(), ""),
        };
        table.row([payer, kind.to_owned(), dollars(totals.debits), dollars(totals.credits)]);
    }
    let totals = outcome.ledger;
    table.row(["all".to_owned(), String::new(), dollars(totals.debits), dollars(totals.credits)]);
    let mut lines = vec!["Trial balance".to_owned()];
    lines.extend(table.lines("  "));
    lines.extend(more(outcome.trial_balance.len()));
    lines
}

fn more(of_all: usize) -> Option<String> {
    (of_all > SHOWN).then(|| format!("  … and {} more", of_all - SHOWN))
}

fn verdict(verdict: &Verdict) -> Vec<String> {
    let mut lines = vec![verdict.sentence()];
    for check in &verdict.checks {
        let mark = if check.holds { "ok" } else { "NO" };
        lines.push(wrapped(&format!("  {mark}  {:<8}  ", check.what), &check.detail, "                "));
    }
    lines
}
