//! docs/accounting.md shows the rules as the code has them: its tables are written from the code, and compared with it.
//!
//! `CLEARWAY_UPDATE=1 cargo test -p shared --test accounting_page` writes them anew.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of a test fail it by panicking")]

use std::fmt::Write as _;
use std::path::PathBuf;

use shared::domain::bank::check::status::CheckStatus;
use shared::domain::bank::status::BankStatus;
use shared::domain::ledger::{Side, entry};
use shared::domain::leg::{Effect, Kind, State, Step, missing_effects, next};
use shared::domain::money::Cents;

/// When an effect happens, in the order of the page.
const fn when(effect: Effect) -> &'static str {
    match effect {
        Effect::FundingAccepted => "the bank took the funding (INITIATED or later)",
        Effect::FundingAvailable => "the funding settled and its hold ended",
        Effect::FundingReturnedPending => "the funding was returned or canceled before it was available",
        Effect::FundingReturnedAvailable => "the funding was returned after it was available",
        Effect::UnfundedFailed => "a payment failed because its funding was returned after it was available",
        Effect::PayoutAccepted => "the bank took the payout (INITIATED or later), refunds to a source included",
        Effect::PayoutReversed => "the payout was returned, or canceled by the bank",
        Effect::CheckIssued => "the bank made a check (initiated or later), and locked its amount",
        Effect::CheckSettled => "the check was cashed and paid",
        Effect::CheckReversed => "the check was stopped, rejected, void or returned for good before it was paid",
        Effect::CheckReturnedAfterSettled => "the check was given back after it had been paid",
        Effect::ReceivableRecovered => {
            "money that came back, or never left, meets what its payer owes for its returned funding"
        }
        Effect::ReceivableRepaid => "a debit presented again became available while its payer owed for the first one",
    }
}

/// Column's statuses of a check that we issue.
const CHECK_STATUSES: [&str; 18] = [
    "initiated",
    "pre_review",
    "manual_review",
    "issued",
    "pending_stop",
    "pending_deposit",
    "pending_first_return",
    "first_return",
    "pending_reclear",
    "pending_second_return",
    "settled",
    "rejected",
    "stopped",
    "second_return",
    "pending_user_initiated_return",
    "user_initiated_return_submitted",
    "user_initiated_returned",
    "user_initiated_return_dishonored",
];

const STATUSES: [&str; 12] = [
    "INITIATED",
    "MANUAL_REVIEW",
    "MANUAL_REVIEW_APPROVED",
    "PENDING_SUBMISSION",
    "SUBMITTED",
    "SETTLED",
    "COMPLETED",
    "CANCELED",
    "RETURNED",
    "RETURN_DISHONORED",
    "RETURN_DISHONORED_FUNDS_UNLOCKED",
    "RETURN_CONTESTED",
];

fn names(effects: &[Effect]) -> String {
    let names: Vec<&str> = effects.iter().map(|effect| effect.as_str()).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn statuses() -> String {
    let mut table =
        "| bank status | rank | means | payout implies | funding implies |\n| --- | --- | --- | --- | --- |\n"
            .to_owned();
    for name in STATUSES {
        let status = BankStatus::parse(name);
        let meaning = status.meaning();
        let rank = status.rank().unwrap_or_default();
        let payout = names(&missing_effects(Kind::Payout, meaning, &[]));
        let funding = names(&missing_effects(Kind::Funding, meaning, &[]));
        writeln!(table, "| {name} | {rank} | {meaning:?} | {payout} | {funding} |").unwrap();
    }
    table
}

fn check_statuses() -> String {
    let mut table = "| check status | rank | means | check implies |\n| --- | --- | --- | --- |\n".to_owned();
    for name in CHECK_STATUSES {
        let status = CheckStatus::parse(name);
        let meaning = status.meaning().for_leg();
        let rank = status.rank().unwrap_or_default();
        let implied = names(&missing_effects(Kind::Check, meaning, &[]));
        writeln!(table, "| {name} | {rank} | {meaning:?} | {implied} |").unwrap();
    }
    table
}

fn entries() -> String {
    let mut table = "| effect | when | debit | credit |\n| --- | --- | --- | --- |\n".to_owned();
    for effect in Effect::ALL {
        let lines = entry(effect, "", Cents::new(1));
        let side = |wanted: Side| {
            let of_side = lines.iter().filter(|line| line.side == wanted);
            of_side.map(|line| line.account.kind.as_str()).collect::<Vec<_>>().join(", ")
        };
        writeln!(table, "| {} | {} | {} | {} |", effect.as_str(), when(effect), side(Side::Debit), side(Side::Credit))
            .unwrap();
    }
    table
}

fn steps() -> String {
    let mut table = "| step |".to_owned();
    for state in State::ALL {
        write!(table, " {} |", state.as_str()).unwrap();
    }
    table.push_str("\n| --- |");
    table.push_str(&" --- |".repeat(State::ALL.len()));
    table.push('\n');
    for step in Step::ALL {
        write!(table, "| {step:?} |").unwrap();
        for state in State::ALL {
            let [payout, check, funding] = Kind::ALL.map(|kind| next(kind, state, step).ok());
            assert_eq!(payout, check, "the page says that a check goes the way of every payout");
            let word = |to: Option<State>| to.map_or("refused", State::as_str).to_owned();
            let cell = if payout == funding { word(payout) } else { format!("{} (fundings)", word(funding)) };
            write!(table, " {cell} |").unwrap();
        }
        table.push('\n');
    }
    table
}

fn replaced(page: &str, name: &str, table: &str) -> String {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("the page lacks the mark of {name}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("the page lacks the end mark of {name}"));
    format!("{before}{begin}{table}{end}{after}")
}

#[test]
fn the_page_shows_the_rules_as_they_are() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/accounting.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let mut wanted = page.clone();
    let tables =
        [("statuses", statuses()), ("check statuses", check_statuses()), ("entries", entries()), ("steps", steps())];
    for (name, table) in tables {
        wanted = replaced(&wanted, name, &table);
    }
    if std::env::var_os("CLEARWAY_UPDATE").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    } else {
        assert!(page == wanted, "docs/accounting.md is out of date: run this test with CLEARWAY_UPDATE=1");
    }
}
