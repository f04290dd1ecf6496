//! The account at the other end of a transfer: what it is known by, where corrections lead from it, and to which accounts money goes back.

mod chain;
mod refund_shares;

pub use chain::{Step, is_circle, last_step};
pub use refund_shares::{GivenBack, PaidIn, refund_shares};

use super::bank::request::AccountType;

/// What the bank's counterparty of an account, and what the bank corrected about it, are found by: the same numbers with another kind of
/// account are another counterparty. `fingerprint` stands for routing and account number; of a checking account it is the key.
pub fn account_key(fingerprint: &str, account_type: AccountType) -> String {
    match kind_of(account_type) {
        None => fingerprint.to_owned(),
        Some(_) if fingerprint.is_empty() => String::new(),
        Some(kind) => format!("{fingerprint}-{kind}"),
    }
}

/// The numbers that a key stands for, whatever kind of account it names.
pub fn numbers_of(account_key: &str) -> &str {
    let kinds = [AccountType::Savings, AccountType::GeneralLedger, AccountType::Loan].into_iter().filter_map(kind_of);
    let mut numbers = kinds.filter_map(|kind| account_key.strip_suffix(kind)?.strip_suffix('-'));
    numbers.next().unwrap_or(account_key)
}

const fn kind_of(account_type: AccountType) -> Option<&'static str> {
    match account_type {
        AccountType::Checking => None,
        AccountType::Savings => Some("savings"),
        AccountType::GeneralLedger => Some("general_ledger"),
        AccountType::Loan => Some("loan"),
    }
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
        for kind in [AccountType::Checking, AccountType::Savings, AccountType::GeneralLedger, AccountType::Loan] {
            assert_eq!(numbers_of(&account_key("v1-abc", kind)), "v1-abc");
        }
    }
}
