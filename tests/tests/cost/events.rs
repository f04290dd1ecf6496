//! What it costs to tell a company's system of each payment, and that nothing is paid where nobody is told.

use std::sync::LazyLock;

use crate::bill::{Deployment, bill};
use crate::payroll::{Payroll, pay_and_tell};
use crate::{THOUSAND, THOUSAND_PAID, dollars, total};

/// Millionths of a dollar for a thousand events, at most: half a cent.
const EVENTS_CEILING: u64 = 5_000;

static THOUSAND_TOLD: LazyLock<Payroll> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(pay_and_tell(THOUSAND, &["payment.settled"]))
});

#[test]
fn a_thousand_events_cost_less_than_half_a_cent() {
    let deployment = Deployment::read();
    let (told, untold) = (total(&bill(&deployment, &THOUSAND_TOLD)), total(&bill(&deployment, &THOUSAND_PAID)));
    let events = told.saturating_sub(untold);
    println!("a thousand events cost {} dollars", dollars(events));
    assert!(events > 0 && events <= EVENTS_CEILING, "{}", dollars(events));
}
