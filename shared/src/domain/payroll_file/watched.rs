//! The loans of a file whose numbers end in certain ways: the few of which somebody knows more, found without keeping all.

use std::collections::{BTreeMap, BTreeSet};

use super::row::CheckedRow;
use crate::domain::bank::limits::EntryAccountNumber;
use crate::domain::money::Cents;
use crate::domain::secret::{AccountNumber, last_four};

/// A loan of the file, and the rows that pay it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchedLoan {
    pub institution_id: String,
    pub loan_account_number: AccountNumber,
    pub first_row: u64,
    pub rows: u64,
    pub total: Cents,
}

#[derive(Default)]
pub(super) struct Watched {
    endings: BTreeSet<String>,
    loans: BTreeMap<(String, AccountNumber), WatchedLoan>,
}

impl Watched {
    pub(super) fn new(endings: BTreeSet<String>) -> Self {
        Self { endings, loans: BTreeMap::new() }
    }

    /// A sum beyond counting is the file's error elsewhere; here it stays as it is.
    pub(super) fn see(&mut self, row: &CheckedRow<'_>, number: u64) {
        if self.endings.is_empty() {
            return;
        }
        // Endings that were kept before spellings were one are of numbers as they were typed.
        let typed = row.loan_account_number;
        let spelled = fault!(SpellingEvadesCorrection, typed.into(), EntryAccountNumber::normalized(typed));
        if ![typed, &*spelled].iter().any(|number| self.endings.contains(last_four(number))) {
            return;
        }
        let key = (row.institution_id.to_owned(), AccountNumber::new(row.loan_account_number));
        let (institution_id, loan_account_number) = key.clone();
        let loan = self.loans.entry(key).or_insert(WatchedLoan {
            institution_id,
            loan_account_number,
            first_row: number,
            rows: 0,
            total: Cents::ZERO,
        });
        loan.rows += 1;
        loan.total = loan.total.plus(row.amount).unwrap_or(loan.total);
    }

    pub(super) fn into_loans(self) -> Vec<WatchedLoan> {
        self.loans.into_values().collect()
    }
}
