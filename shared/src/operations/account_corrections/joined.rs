//! Numbers of a file that a bank's corrections make one account: warned of as if its rows named one number.

use std::collections::{BTreeMap, BTreeSet};

use super::{Named, of_payees};
use crate::domain::batch::manifest::{InstitutionDecision, ManifestWarning};
use crate::domain::payroll_file::{RowPayee, Summary, Warning, WatchedPayee};
use crate::operations::system::Vault;

/// Of each account that the file names by several numbers, all numbers but the first: the first row of each bears the warning.
pub(crate) fn warnings(
    vault: &Vault,
    summary: &Summary,
    decisions: &BTreeMap<String, InstitutionDecision>,
    leads_to: &BTreeMap<u64, String>,
) -> Vec<ManifestWarning> {
    let mut accounts: BTreeMap<String, Vec<(String, &WatchedPayee)>> = BTreeMap::new();
    for (payee, Named { numbers, .. }) in of_payees(summary, decisions) {
        let named = numbers.fingerprint(vault).as_str().to_owned();
        let account = leads_to.get(&payee.first_row).unwrap_or(&named).clone();
        accounts.entry(account).or_default().push((named, payee));
    }
    let mut warnings: BTreeMap<Warning, ManifestWarning> = BTreeMap::new();
    for mut numbers in accounts.into_values() {
        numbers.sort_by_key(|(_, payee)| payee.first_row);
        for (code, first_row) in of_account(&numbers) {
            let warning = warnings.entry(code).or_insert(ManifestWarning { code, count: 0, first_row });
            warning.count += 1;
            warning.first_row = warning.first_row.min(first_row);
        }
    }
    warnings.into_values().collect()
}

/// `numbers` are what one account is named by, in the order of the rows.
fn of_account(numbers: &[(String, &WatchedPayee)]) -> Vec<(Warning, u64)> {
    let Some(((first_named, first), others)) = numbers.split_first() else { return Vec::new() };
    let mut seen = BTreeSet::from([first_named]);
    let mut warnings = Vec::new();
    for (named, payee) in others {
        if !seen.insert(named) {
            continue;
        }
        let is_of_employee = payee.first_employee == first.first_employee;
        let code = match (&payee.payee, is_of_employee) {
            (RowPayee::Loan { .. }, true) => Some(Warning::RepeatedLoan),
            (RowPayee::Loan { .. }, false) => None,
            (RowPayee::Account(_), true) => Some(Warning::RepeatedAccount),
            (RowPayee::Account(_), false) => Some(Warning::SharedAccount),
        };
        warnings.extend(code.map(|code| (code, payee.first_row)));
    }
    warnings
}
