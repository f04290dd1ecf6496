//! What is odd about a row but no reason to refuse it: counted per code, and shown before approval.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Warning {
    /// The employee id does not begin with `EMP-`.
    EmployeeIdPrefix,
    /// The branch id does not begin with `BRC-`.
    BranchIdPrefix,
    /// The source id does not begin with `CORP-`.
    SourceIdPrefix,
    /// The first two digits of the routing number are none that the Federal Reserve hands out.
    RoutingRange,
    /// The EIN has eight digits; a real one has nine.
    EinLength,
    /// The ZIP code belongs to another state; the payment provider will refuse the entity.
    ZipOfAnotherState,
    /// Direction marks, zero-width characters or combining marks in a name.
    UnusualCharacters,
    /// The loan was already paid in an earlier row, with another amount or from another source.
    RepeatedLoan,
    UnknownElement,
    UnknownAttribute,
    /// A name has letters that the bank's network does not take: the summary shows it as the bank will see it.
    NameTransliterated,
    /// A column of a table that is none of a payment's: nobody looks at it.
    UnknownColumn,
    /// A line of a table whose cells are all empty: left out.
    EmptyLine,
    /// The bank account was already paid in an earlier row for the same employee, with another amount or from another source.
    RepeatedAccount,
    /// The bank account was already paid in an earlier row for another employee.
    SharedAccount,
}

impl Warning {
    pub const ALL: [Warning; 15] = [
        Warning::EmployeeIdPrefix,
        Warning::BranchIdPrefix,
        Warning::SourceIdPrefix,
        Warning::RoutingRange,
        Warning::EinLength,
        Warning::ZipOfAnotherState,
        Warning::UnusualCharacters,
        Warning::RepeatedLoan,
        Warning::UnknownElement,
        Warning::UnknownAttribute,
        Warning::NameTransliterated,
        Warning::UnknownColumn,
        Warning::EmptyLine,
        Warning::RepeatedAccount,
        Warning::SharedAccount,
    ];
}

impl Warning {
    pub(super) fn alone(self) -> Warnings {
        let mut warnings = Warnings::default();
        warnings.insert(self);
        warnings
    }
}

/// A set of warnings: the ones of one row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Warnings(u16);

impl Warnings {
    pub(super) fn insert(&mut self, warning: Warning) {
        self.0 |= 1 << warning as u16;
    }

    pub(super) fn insert_if(&mut self, condition: bool, warning: Warning) {
        if condition {
            self.insert(warning);
        }
    }

    pub(super) fn insert_all(&mut self, others: Warnings) {
        self.0 |= others.0;
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn contains(self, warning: Warning) -> bool {
        self.0 & (1 << warning as u16) != 0
    }
}
