//! Telling how long something has not been settled: one line of the log for each look, of which the dashboard shows the oldest.
//!
//! Whatever is open is looked at once a day or more often, and tells of itself then: no list of all has to be read. Limit: a payment outside a
//! batch that waits for an operator is not looked at meanwhile; it counts as attention.

use std::fmt::Display;

use jiff::Timestamp;

use super::System;
use crate::domain::batch::Batch;
use crate::domain::payment::{Payee, Payment};

/// Of a batch: its payments are recorded when it is approved.
pub(super) fn tell_of_batch(system: &System, batch: &Batch) {
    if let Some(approval) = &batch.approval {
        tell(system, "batch", &batch.id, approval.at);
    }
}

/// Of a payment outside a batch, and of a refund. A check may be out for months.
pub(super) fn tell_of_payment(system: &System, payment: &Payment) {
    if !payment.leg.state.is_open() {
        return;
    }
    let of = match payment.payee {
        Payee::Account(_) => "transfer",
        Payee::Check(_) => "check",
    };
    tell(system, of, &payment.id, payment.created_at);
}

fn tell(system: &System, of: &'static str, item: &dyn Display, since: Timestamp) {
    let hours = system.clock.business_now().duration_since(since).as_hours();
    tracing::info!(metric = "unsettled", of, %item, hours, "not settled yet");
}
