//! Rows that name a bank account as their payee: wages paid into an employee's account, or what a contractor earned.
//!
//! Limit: nothing of a file says that an account is a company's, and each is paid as a person's (PPD).

use serde::{Deserialize, Serialize};

use crate::domain::bank::request::EntryClass;
use crate::domain::money::Cents;
use crate::domain::payroll_file::{PAID_BY_ACCOUNT, Summary};

/// A person's account (`money-rules.md` section 2.1).
const ENTRY_CLASS: EntryClass = EntryClass::Ppd;

/// What the network wants to be written on wages, salaries and similar pay, whoever they are paid to (`money-rules.md` section 2.2).
const ENTRY_DESCRIPTION: &str = "PAYROLL";

/// The bank accounts of a file, and how they are paid, decided at the summary and not again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ManifestBankAccounts {
    /// Different accounts.
    pub accounts: u64,
    pub rows: u64,
    #[schema(value_type = String)]
    pub total: Cents,
    pub entry_class: EntryClass,
    /// What the receiver's bank shows an entry to be for.
    pub entry_description: String,
}

impl ManifestBankAccounts {
    /// Decides for the rows of a file; nothing where none names a bank account.
    pub fn of(summary: &Summary) -> Option<Self> {
        let total = summary.by_institution.get(PAID_BY_ACCOUNT)?;
        Some(Self {
            accounts: summary.payee_accounts,
            rows: total.rows,
            total: total.total,
            entry_class: ENTRY_CLASS,
            entry_description: ENTRY_DESCRIPTION.to_owned(),
        })
    }
}
