//! The employees of a file: the same branch, name and date of birth in every row (payroll-file.md section 6, rule 14).

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::quality::RandomState;

use super::field::Field;
use super::row::CheckedRow;

/// What each employee's first row said, as 64-bit digests instead of the personal data.
#[derive(Default)]
pub(super) struct Employees {
    by_id: HashMap<Box<str>, Employee, RandomState>,
    hasher: RandomState,
}

struct Employee {
    first_row: u64,
    /// Of the values as written: equal for nearly every row, and cheap.
    as_written: u64,
    /// Of each value on its own, names without regard to case and repeated blanks, which make no other name.
    folded: [u64; 4],
}

const COMPARED: [Field; 4] = [Field::BranchId, Field::FirstName, Field::LastName, Field::Dob];

impl Employees {
    /// The leaf in which this row contradicts the employee's first one, with that row's number.
    pub(super) fn contradiction(&mut self, row: &CheckedRow<'_>, number: u64) -> Option<(Field, u64)> {
        let as_written = self.hasher.hash_one((row.branch_id, row.first_name, row.last_name, row.date_of_birth));
        if let Some(employee) = self.by_id.get(row.employee_id) {
            if employee.as_written == as_written {
                return None;
            }
            let pairs = employee.folded.into_iter().zip(self.folded(row));
            let differing = COMPARED.into_iter().zip(pairs).find(|(_, (earlier, later))| earlier != later);
            return differing.map(|(field, _)| (field, employee.first_row));
        }
        let employee = Employee { first_row: number, as_written, folded: self.folded(row) };
        self.by_id.insert(row.employee_id.into(), employee);
        None
    }

    pub(super) fn count(&self) -> u64 {
        self.by_id.len() as u64
    }

    fn folded(&self, row: &CheckedRow<'_>) -> [u64; 4] {
        let name = |name: &str| {
            let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
            self.hasher.hash_one(words)
        };
        let branch = self.hasher.hash_one(row.branch_id);
        [branch, name(row.first_name), name(row.last_name), self.hasher.hash_one(row.date_of_birth)]
    }
}
