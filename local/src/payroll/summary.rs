//! The summary as an approver sees it, on standard error.

use serde_json::Value;
use shared::domain::batch::manifest::Overlap;
use shared::domain::calendar::eastern_date;
use shared::domain::money::Cents;

use crate::terminal::say;
use crate::terminal::table::{Side, Table};
use crate::terminal::text::{count, counted, dollars, wrapped};

/// Sources and branches shown; the reports have them all.
const SHOWN: usize = 10;

/// The one warning that is about a column and no row.
const UNKNOWN_COLUMN: &str = "UNKNOWN_COLUMN";

/// What a generated file is like on purpose, in one line.
const LIKE_REAL_FILES: &str = "  These are on purpose, as real files have them. The dead servicer's rows fail.";

/// Shows the summary. `id` writes an id as the reader wants it.
pub(super) fn show(summary: &Value, is_generated: bool, id: &dyn Fn(&str) -> String) {
    say(&format!("\nSummary of batch {}", id(text(&summary["batch_id"]))));
    let (rows, employees) = (number(&summary["rows"]), number(&summary["employees"]));
    say(&format!("  {}, {}, {}", counted(rows, "row"), money(&summary["total"]), counted(employees, "employee")));
    say(&format!("  pay period {}", text(&summary["pay_period"])));
    show_unpayable(&summary["unpayable"]);
    show_warnings(summary);
    if is_generated {
        say(LIKE_REAL_FILES);
    }
    show_overlaps(summary);
    show_sources(summary, id);
    show_branches(summary, id);
    say("");
}

fn show_unpayable(unpayable: &Value) {
    let rows = number(&unpayable["rows"]);
    if rows == 0 {
        return;
    }
    say(&format!("  cannot be paid: {}, {}", counted(rows, "row"), money(&unpayable["total"])));
    for (institution, share) in unpayable["by_institution"].as_object().into_iter().flatten() {
        let rows = counted(number(&share["rows"]), "row");
        let reason = text(&share["reason"]).replace('_', " ");
        let words = format!("{rows}, {}: {reason}", money(&share["total"]));
        say(&wrapped(&format!("    {institution}  "), &words, "      "));
    }
}

fn show_warnings(summary: &Value) {
    for warning in list(&summary["warnings"]) {
        let times = counted(number(&warning["count"]), "time");
        let (code, first) = (text(&warning["code"]), number(&warning["first_row"]));
        if code == UNKNOWN_COLUMN {
            let names: Vec<_> = list(&summary["unknown_columns"]).iter().map(Value::to_string).collect();
            say(&wrapped(&format!("  warning {code}: "), &format!("{times}: {}", names.join(", ")), "    "));
        } else {
            say(&format!("  warning {code}: {times}, first in row {}", count(first)));
        }
    }
    for shown in list(&summary["bank_names"]) {
        let words = format!("row {}: the bank will see {}", number(&shown["row"]), text(&shown["name"]));
        say(&wrapped("    ", &words, "      "));
    }
}

/// Other batches that hold some of the same rows: an approval accepts them by name.
fn show_overlaps(summary: &Value) {
    for overlap in list(&summary["overlaps"]) {
        let (rows, batch) = (counted(number(&overlap["rows"]), "row"), text(&overlap["batch_id"]));
        let period = overlap["pay_period"].as_str().map(|day| format!(", for the pay period {day}"));
        let words = format!("{batch}: {rows}{}", period.unwrap_or_default());
        say(&wrapped("  also in batch ", &words, "    "));
    }
}

/// What an earlier batch has paid of the same rows; nothing where it was not approved.
pub(super) fn paid_before(overlap: &Overlap) -> Option<String> {
    let day = eastern_date(overlap.approved_at?);
    let period = overlap.pay_period.map(|period| format!(" for the pay period {period}")).unwrap_or_default();
    Some(format!("{} in batch {} on {day}{period}", counted(overlap.rows, "row"), overlap.batch_id))
}

fn show_sources(summary: &Value, id: &dyn Fn(&str) -> String) {
    let sources = list(&summary["by_source"]);
    say("  by source:");
    let mut table = Table::new([Side::Left, Side::Right, Side::Right, Side::Left]);
    for source in sources.iter().take(SHOWN) {
        let account = format!("account …{}, {}", text(&source["account_last4"]), text(&source["standing"]));
        let rows = counted(number(&source["rows"]), "row");
        table.row([id(text(&source["id"])), rows, money(&source["total"]), account]);
    }
    show_table(&table, sources.len());
}

fn show_branches(summary: &Value, id: &dyn Fn(&str) -> String) {
    let branches = list(&summary["by_branch"]);
    say("  by branch:");
    let mut table = Table::new([Side::Left, Side::Right, Side::Right]);
    for branch in branches.iter().take(SHOWN) {
        let rows = counted(number(&branch["rows"]), "row");
        table.row([id(text(&branch["id"])), rows, money(&branch["total"])]);
    }
    show_table(&table, branches.len());
}

fn show_table(table: &Table, of_all: usize) {
    for line in table.lines("    ") {
        say(&line);
    }
    if of_all > SHOWN {
        say(&format!("    … and {} more: the reports have them all", of_all - SHOWN));
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

/// An amount of the API, as a person reads it.
fn money(value: &Value) -> String {
    let amount: Option<Cents> = text(value).parse().ok();
    amount.map_or_else(|| value.to_string(), dollars)
}
