//! How much a run tried.

use auditor::evidence::Evidence;

/// How many of each there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// Payroll batches, whatever became of them.
    pub batches: u64,
    /// Payments: rows, refunds and those of persons.
    pub payments: u64,
    pub fundings: u64,
    pub persons: u64,
    /// Commands over HTTP, of persons and of those who pay and operate.
    pub commands: u64,
    pub reconciliations: u64,
}

impl Tried {
    pub(crate) fn of(evidence: &Evidence) -> Self {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let (told, asked) = (&evidence.told, &evidence.asked);
        Self {
            batches: number(told.batches.len()),
            payments: number(told.payments.len()),
            fundings: number(told.fundings.len()),
            persons: number(asked.persons.len()),
            commands: number(asked.commands.len()),
            reconciliations: number(told.reconciliations.len()),
        }
    }

    pub fn merge(&mut self, other: &Self) {
        self.batches += other.batches;
        self.payments += other.payments;
        self.fundings += other.fundings;
        self.persons += other.persons;
        self.commands += other.commands;
        self.reconciliations += other.reconciliations;
    }
}
