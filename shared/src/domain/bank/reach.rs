//! Whether the bank can be reached at all, as one process has found it.
//!
//! One silence tells nothing of the bank: of a thousand calls one may be lost. An outage is several sends in a row that were not
//! answered, each after all its tries, with no answer to any other in between.

/// So many sends in a row without an answer are an outage.
pub const SILENT_SENDS_OF_AN_OUTAGE: u32 = 3;

/// Sends of this process that were not answered, since the last one that was. A new process has found nothing yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    silent_in_a_row: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BankIs {
    InReach,
    OutOfReach,
}

impl Reach {
    /// A send was answered, with whatever.
    pub fn answered(&mut self) {
        self.silent_in_a_row = 0;
    }

    /// A send was not answered. Answers what that says of the bank.
    pub fn silent(&mut self) -> BankIs {
        self.silent_in_a_row = self.silent_in_a_row.saturating_add(1);
        if self.silent_in_a_row < SILENT_SENDS_OF_AN_OUTAGE { BankIs::InReach } else { BankIs::OutOfReach }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_three_silent_sends_in_a_row() {
        let mut reach = Reach::default();
        assert_eq!([reach.silent(), reach.silent()], [BankIs::InReach; 2]);
        reach.answered();
        assert_eq!([reach.silent(), reach.silent()], [BankIs::InReach; 2]);
        assert_eq!([reach.silent(), reach.silent()], [BankIs::OutOfReach; 2]);
    }
}
