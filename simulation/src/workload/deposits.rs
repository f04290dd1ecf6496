//! Rows that pay a bank account instead of a loan: an employee's direct deposit, as a company's table of payees has it.

use generator::GeneratedRow;

use super::values;
use crate::fault_injector::FaultInjector;

/// A bank account as a row names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deposit {
    pub routing_number: String,
    pub account_number: String,
    /// `checking` or `savings`, in any case of letters.
    pub account_type: String,
    pub holder: String,
}

/// One payment of a file: to the loan of its generated row, or into a bank account in its stead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileRow {
    pub generated: GeneratedRow,
    pub deposit: Option<Deposit>,
}

/// Where employees bank: each has a routing number of its own.
const BANKS: [&str; 3] = ["ins_10", "ins_11", "ins_12"];

/// What kinds of account there are, as people type them.
const TYPES: [&str; 4] = ["checking", "savings", "Checking", "SAVINGS"];

impl Deposit {
    /// The account of an employee who has just been hired.
    pub(crate) fn drawn(fault_injector: &FaultInjector, row: &GeneratedRow) -> Self {
        let bank = fault_injector.pick(&BANKS).copied().unwrap_or(BANKS[0]);
        let digits = fault_injector.between(10_000_000, 99_999_999_999).to_string();
        let account_number = match fault_injector.below(6) {
            0 => values::letters(fault_injector, values::LONGEST_NUMBER),
            1 => values::hyphenated(&digits),
            2 | 3 => format!("000{digits}"),
            _ => digits,
        };
        let holder = match fault_injector.is_one_in(3) {
            true => values::name(fault_injector),
            false => format!("{} {}", row.employee.first_name, row.employee.last_name),
        };
        let account_type = fault_injector.pick(&TYPES).copied().unwrap_or(TYPES[0]).to_owned();
        Self { routing_number: simulators::plaid::routing_number(bank), account_number, account_type, holder }
    }

    /// The same payee, typed by somebody else: with zeros before its number or without them, in other letters, as another kind of account.
    pub(crate) fn typed_otherwise(&mut self, fault_injector: &FaultInjector) {
        match fault_injector.below(5) {
            0 => {
                let bare = self.account_number.trim_start_matches('0');
                self.account_number =
                    if bare.len() < self.account_number.len() { bare.to_owned() } else { format!("00{bare}") };
            }
            1 => self.account_number = self.account_number.replace('-', "").to_ascii_lowercase(),
            2 => self.account_number = values::hyphenated(&self.account_number.replace('-', "")),
            3 => {
                let is_checking = self.account_type.eq_ignore_ascii_case("checking");
                self.account_type = if is_checking { "savings" } else { "checking" }.to_owned();
            }
            _ => self.holder = values::name(fault_injector),
        }
        self.account_number.truncate(values::LONGEST_NUMBER);
    }
}

impl FileRow {
    /// To the loan that its generated row names.
    pub(crate) const fn to_loan(generated: GeneratedRow) -> Self {
        Self { generated, deposit: None }
    }
}
