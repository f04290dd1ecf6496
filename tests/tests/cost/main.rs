//! What a payroll costs on AWS, from what it asks for, and how large ones scale. `cargo test -p journeys --test cost -- --nocapture`
//! prints the parts.
#![cfg(test)]

mod bill;
mod page;
mod payroll;
mod prices;

use std::sync::LazyLock;

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
