//! What a payroll costs on AWS, from what it asks for, and how large ones scale. `cargo test -p journeys --test cost -- --nocapture`
//! prints the parts.
#![cfg(test)]

mod bill;
mod events;
mod page;
mod payroll;
mod prices;

use std::sync::LazyLock;

use journeys::recording::{Call, Invocation};

use crate::bill::{Deployment, Part, bill};
use crate::payroll::{Payroll, pay};

/// Millionths of a dollar for a thousand payments, at most: 0.03 dollars. The aim is 0.02.
const CEILING: u64 = 30_000;

const THOUSAND: u64 = 1_000;

fn paid(payments: u64) -> Payroll {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(pay(payments))
}

/// A thousand payments, and two thousand: the difference is what each further thousand costs.
static THOUSAND_PAID: LazyLock<Payroll> = LazyLock::new(|| paid(THOUSAND));
static TWO_THOUSAND_PAID: LazyLock<Payroll> = LazyLock::new(|| paid(2 * THOUSAND));

/// Millionths of a dollar for a month of polls of the bank's events, at most: two cents.
const MONTH_OF_POLLS_CEILING: u64 = 20_000;

const POLLS_A_MONTH: u64 = 30 * 24 * 60 / shared::domain::bank::watermark::POLL_MINUTES.unsigned_abs();

/// Millionths of a dollar for a month of polls: those of a payroll, which meet its events, or nothing.
fn month_of_polls(deployment: &Deployment) -> u64 {
    let moves_watermark = |call: &Call| matches!(call, Call::Write { items, .. } if items.iter().any(|item| item.key.pk == "WATERMARK#column"));
    let is_poll = |run: &&Invocation| run.calls.iter().any(moves_watermark);
    let invocations: Vec<Invocation> = THOUSAND_PAID.invocations.iter().filter(is_poll).cloned().collect();
    let polls = invocations.len() as u64;
    assert!(polls > 24, "a payroll takes days: {polls} polls");
    let watched = Payroll { payments: THOUSAND_PAID.payments, invocations, log_lines: polls, log_bytes: 300 * polls };
    total(&bill(deployment, &watched)) * POLLS_A_MONTH / polls
}

#[test]
fn a_month_of_polls_costs_less_than_two_cents() {
    let month = month_of_polls(&Deployment::read());
    println!("a month of polls costs {} dollars", dollars(month));
    assert!(month <= MONTH_OF_POLLS_CEILING, "{}", dollars(month));
}

/// Millionths of a dollar.
fn total(parts: &[Part]) -> u64 {
    parts.iter().map(Part::cost).sum::<u64>() / 1_000_000
}

/// Millionths of a dollar as dollars.
fn dollars(millionths: u64) -> String {
    format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000)
}

#[test]
fn a_thousand_payments_cost_less_than_the_ceiling() {
    let parts = bill(&Deployment::read(), &THOUSAND_PAID);
    println!("AWS list price of {} payments, in dollars:", THOUSAND_PAID.payments);
    for part in &parts {
        println!("  {:>9}  {:>12} {}", dollars(part.cost() / 1_000_000), part.count, part.price.unit);
    }
    let total = total(&parts);
    println!("  {:>9}  in all; at most {}", dollars(total), dollars(CEILING));
    assert!(total <= CEILING, "{}", dollars(total));
}

#[test]
fn each_further_thousand_costs_no_more_than_the_first() {
    let deployment = Deployment::read();
    let (one, two) = (total(&bill(&deployment, &THOUSAND_PAID)), total(&bill(&deployment, &TWO_THOUSAND_PAID)));
    assert!(two - one <= one, "{} after {}", dollars(two - one), dollars(one));
}
