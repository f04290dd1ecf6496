//! The payees' bank accounts of a file: who was paid into each, as keyed 64-bit digests instead of numbers. A collision would warn, or refuse
//! a source's account, once in billions of files.

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::quality::RandomState;

#[derive(Default)]
pub(super) struct Accounts {
    by_account: HashMap<u64, Seen, RandomState>,
    hasher: RandomState,
}

/// The first row that pays an account.
struct Seen {
    row: u64,
    employee: u64,
}

/// Whose account a row pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sighting {
    New,
    /// An earlier row pays the same employee there.
    OfEmployee,
    /// The first row that pays it is another employee's.
    OfAnother,
}

impl Accounts {
    /// Notes that a row pays an account; `number` is without its spelling.
    pub(super) fn see(&mut self, routing_number: &str, number: &str, employee_id: &str, row: u64) -> Sighting {
        let (account, employee) = (self.digest(routing_number, number), self.hasher.hash_one(employee_id));
        match self.by_account.get(&account) {
            Some(seen) if seen.employee == employee => Sighting::OfEmployee,
            Some(_) => Sighting::OfAnother,
            None => {
                self.by_account.insert(account, Seen { row, employee });
                Sighting::New
            }
        }
    }

    /// The first row that pays this account.
    pub(super) fn first_row(&self, routing_number: &str, number: &str) -> Option<u64> {
        self.by_account.get(&self.digest(routing_number, number)).map(|seen| seen.row)
    }

    pub(super) fn count(&self) -> u64 {
        self.by_account.len() as u64
    }

    fn digest(&self, routing_number: &str, number: &str) -> u64 {
        self.hasher.hash_one((routing_number, number))
    }
}
