//! docs/accounting.md shows the rules as the code has them: its tables are written from the code, and compared with it.
//!
//! `CLEARWAY_UPDATE=1 cargo test -p shared --test accounting_page` writes them anew.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of a test fail it by panicking")]

use std::fmt::Write as _;
use std::path::PathBuf;

use shared::domain::bank::status::BankStatus;
use shared::domain::ledger::{Side, entry};
use shared::domain::leg::{Effect, Kind, State, Step, missing_effects, next};
use shared::domain::money::Cents;

const EFFECTS: [(Effect, &str); 7] = [
    (Effect::FundingAccepted, "the bank took the funding (INITIATED or later)"),
    (Effect::FundingAvailable, "the funding settled and its hold ended"),
    (Effect::FundingReturnedPending, "the funding was returned or canceled before it was available"),
    (Effect::FundingReturnedAvailable, "the funding was returned after it was available"),
    (Effect::UnfundedFailed, "a payment failed because its funding was returned after it was available"),
    (Effect::PayoutAccepted, "the bank took the payout (INITIATED or later), refunds to a source included"),
    (Effect::PayoutReversed, "the payout was returned, or canceled by the bank"),
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

fn entries() -> String {
    let mut table = "| effect | when | debit | credit |\n| --- | --- | --- | --- |\n".to_owned();
    for (effect, when) in EFFECTS {
        let lines = entry(effect, "", Cents::new(1));
        let side = |wanted: Side| {
            let of_side = lines.iter().filter(|line| line.side == wanted);
            of_side.map(|line| line.account.kind.as_str()).collect::<Vec<_>>().join(", ")
        };
        writeln!(table, "| {} | {when} | {} | {} |", effect.as_str(), side(Side::Debit), side(Side::Credit)).unwrap();
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
            let payout = next(Kind::Payout, state, step).ok();
            let funding = next(Kind::Funding, state, step).ok();
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
    for (name, table) in [("statuses", statuses()), ("entries", entries()), ("steps", steps())] {
        wanted = replaced(&wanted, name, &table);
    }
    if std::env::var_os("CLEARWAY_UPDATE").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    } else {
        assert!(page == wanted, "docs/accounting.md is out of date: run this test with CLEARWAY_UPDATE=1");
    }
}
