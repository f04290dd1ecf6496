//! The fault of a thread.

use std::cell::Cell;

use super::Fault;
use crate::ports::table::{Change, Condition};

/// Names the fault that every thread of a process begins with: so a test as it stands is run with it.
pub const VARIABLE: &str = "CLEARWAY_DELIBERATE_FAULT";

thread_local! {
    static CHOSEN: Cell<Option<Fault>> = Cell::new(named());
}

fn named() -> Option<Fault> {
    let name = std::env::var(VARIABLE).ok()?;
    Fault::ALL.iter().copied().find(|fault| format!("{fault:?}") == name)
}

/// Chooses what goes wrong on this thread from now on.
pub fn choose(fault: Option<Fault>) {
    CHOSEN.set(fault);
}

pub fn is_chosen(fault: Fault) -> bool {
    CHOSEN.get() == Some(fault)
}

/// The same write whatever is there.
pub fn unconditional(change: Change) -> Change {
    match change {
        Change::Put { key, attributes, indexing, .. } => {
            Change::Put { key, attributes, indexing, condition: Condition::Always }
        }
        Change::Delete { key, .. } => Change::Delete { key, condition: Condition::Always },
        Change::Check { key, .. } => Change::Check { key, condition: Condition::Always },
    }
}
