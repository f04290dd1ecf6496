//! The payees of a file whose numbers end in certain ways: the few of which somebody knows more, found without keeping all.

use std::collections::{BTreeMap, BTreeSet};

use super::hash::{PayDigest, RowDigest};
use super::payee::{CheckedPayee, RowPayee};
use super::row::CheckedRow;
use crate::domain::bank::limits::EntryAccountNumber;
use crate::domain::external_account::account_key;
use crate::domain::money::Cents;
use crate::domain::secret::{AccountNumber, last_four};

/// A loan or bank account of the file, and the rows that pay it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchedPayee {
    pub payee: RowPayee,
    pub first_row: u64,
    pub rows: u64,
    pub total: Cents,
    /// Of the first row.
    pub first_employee: String,
    /// Of each row: its own, and that of what it pays.
    pub digests: Vec<(RowDigest, PayDigest)>,
}

/// Whether an account number ends in one of these ways, as it is typed or without its spelling: endings that were kept before spellings were
/// one are of numbers as they were typed.
pub fn ends_so(typed: &str, endings: &BTreeSet<String>) -> bool {
    let spelled = fault!(SpellingEvadesCorrection, typed.into(), EntryAccountNumber::normalized(typed));
    [typed, &*spelled].iter().any(|number| endings.contains(last_four(number)))
}

#[derive(Default)]
pub(super) struct Watched {
    endings: BTreeSet<String>,
    /// By institution, or routing number and kind of account, and number.
    payees: BTreeMap<(String, AccountNumber), WatchedPayee>,
}

impl Watched {
    pub(super) fn new(endings: BTreeSet<String>) -> Self {
        Self { endings, payees: BTreeMap::new() }
    }

    /// A sum beyond counting is the file's error elsewhere; here it stays as it is.
    pub(super) fn see(&mut self, row: &CheckedRow<'_>, number: u64, digests: (RowDigest, PayDigest)) {
        let typed = row.payee.number();
        if self.endings.is_empty() || !ends_so(typed, &self.endings) {
            return;
        }
        let place = match row.payee {
            CheckedPayee::Loan { institution_id, .. } => institution_id.to_owned(),
            CheckedPayee::Account { routing_number, account_type, .. } => {
                account_key(routing_number.as_str(), account_type)
            }
        };
        let seen = self.payees.entry((place, AccountNumber::new(typed))).or_insert_with(|| WatchedPayee {
            payee: row.payee.into_payee(),
            first_row: number,
            rows: 0,
            total: Cents::ZERO,
            first_employee: row.employee_id.to_owned(),
            digests: Vec::new(),
        });
        seen.digests.push(digests);
        seen.rows += 1;
        seen.total = seen.total.plus(row.amount).unwrap_or(seen.total);
    }

    pub(super) fn into_payees(self) -> Vec<WatchedPayee> {
        self.payees.into_values().collect()
    }
}
