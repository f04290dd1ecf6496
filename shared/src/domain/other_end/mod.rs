//! The account at the other end of a transfer: what it is known by, where corrections lead from it, and to which accounts money goes back.

mod chain;
mod give_back;

pub use chain::{Step, is_circle, last_step};
pub use give_back::{GivenBack, PaidIn, give_back};

use super::bank::request::AccountType;

/// What the bank's counterparty of an account, and what the bank corrected about it, are found by: the same numbers with another kind of
/// account are another counterparty. `fingerprint` stands for routing and account number; of a checking account it is the key.
pub fn account_key(fingerprint: &str, account_type: AccountType) -> String {
    let kind = match account_type {
        AccountType::Checking => return fingerprint.to_owned(),
        AccountType::Savings => "savings",
        AccountType::GeneralLedger => "general_ledger",
        AccountType::Loan => "loan",
    };
    if fingerprint.is_empty() {
        return String::new();
    }
    format!("{fingerprint}-{kind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_numbers_with_another_kind_of_account_are_another_counterparty() {
        assert_eq!(account_key("v1-abc", AccountType::Checking), "v1-abc");
        assert_eq!(account_key("v1-abc", AccountType::Loan), "v1-abc-loan");
        assert_eq!(account_key("v1-abc", AccountType::Savings), "v1-abc-savings");
        assert_eq!(account_key("", AccountType::Loan), "");
    }
}
