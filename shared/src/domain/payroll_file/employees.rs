//! The employees of a file: the same branch, name and date of birth in every row (payroll-file.md section 6, rule 14).

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::quality::{FoldHasher, RandomState};

use super::row::CheckedRow;

/// What each employee's first row said, as two 64-bit digests instead of the personal data.
#[derive(Default)]
pub(super) struct Employees {
    by_id: HashMap<Box<str>, Employee, RandomState>,
    hasher: RandomState,
}

struct Employee {
    first_row: u64,
    /// Of the values as written: equal for nearly every row, and cheap.
    as_written: u64,
    /// Of the values without regard to case and repeated blanks, which are no other name.
    folded: u64,
}

impl Employees {
    /// The first row of the employee if this one contradicts it.
    pub(super) fn contradicted_row(&mut self, row: &CheckedRow<'_>, number: u64) -> Option<u64> {
        let as_written = self.digest(row, |name, hasher| name.hash(hasher));
        if let Some(employee) = self.by_id.get(row.employee_id) {
            let same = employee.as_written == as_written || employee.folded == self.folded(row);
            return (!same).then_some(employee.first_row);
        }
        let employee = Employee { first_row: number, as_written, folded: self.folded(row) };
        self.by_id.insert(row.employee_id.into(), employee);
        None
    }

    pub(super) fn count(&self) -> u64 {
        self.by_id.len() as u64
    }

    fn folded(&self, row: &CheckedRow<'_>) -> u64 {
        self.digest(row, |name, hasher| {
            for word in name.split_whitespace() {
                word.to_lowercase().hash(hasher);
            }
        })
    }

    fn digest(&self, row: &CheckedRow<'_>, hash_name: impl Fn(&str, &mut FoldHasher<'_>)) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        row.branch_id.hash(&mut hasher);
        row.date_of_birth.hash(&mut hasher);
        hash_name(row.first_name, &mut hasher);
        // Keeps "Ann" + "Lee Ray" and "Ann Lee" + "Ray" apart when the words are hashed one by one.
        hasher.write_u8(0xfe);
        hash_name(row.last_name, &mut hasher);
        hasher.finish()
    }
}
