//! Where a payment's money goes: to a bank account, or by mail to whoever cashes a check.
//!
//! Account numbers are sealed under the payment's key; `Debug` shows the last four.

use serde::{Deserialize, Serialize};

use crate::domain::bank::mailing_address::MailingAddress;
use crate::domain::bank::request::{AccountType, EntryClass};
use crate::domain::external_account::account_key;
use crate::domain::funding::CorrectedAccount;
use crate::domain::leg::Kind;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payee {
    Account(AccountPayee),
    Check(CheckPayee),
}

/// A bank account, paid by ACH.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountPayee {
    /// Empty where the biller cannot be paid: then the payment fails without being sent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub routing_number: String,
    /// Sealed under the payment's key.
    pub sealed_account: String,
    pub account_last4: String,
    pub account_type: AccountType,
    /// Keyed hash of routing and account number: finds the bank's counterparty and notices of change.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fingerprint: String,
    /// As NACHA's receiver name: upper case, at most 22 characters.
    pub name: String,
    pub entry_class: EntryClass,
    pub entry_description: String,
    /// Of a refund: the account that its money really came from, by a correction that is used no more. It goes there unless the named
    /// account has a correction in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came_from: Option<Box<CorrectedAccount>>,
}

/// A biller that takes checks by mail.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckPayee {
    /// To whose order the check is.
    pub name: String,
    pub address: MailingAddress,
    /// Printed on the check.
    pub memo: String,
    /// Printed on the letter around it. With an account number it is followed by that.
    pub message: String,
    /// The whole number that the biller knows the payer by, sealed under the payment's key, where the biller needs it to find them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_account: Option<String>,
    pub account_last4: String,
    /// The key of that number. Absent in what was opened before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_fingerprint: Option<String>,
}

impl std::fmt::Debug for AccountPayee {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "AccountPayee(…{})", self.account_last4)
    }
}

impl std::fmt::Debug for CheckPayee {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "CheckPayee(…{})", self.account_last4)
    }
}

impl AccountPayee {
    /// What the account is known by. What was stored before named the numbers alone.
    pub fn key(&self) -> String {
        let whole = account_key(&self.fingerprint, self.account_type);
        let suffix = whole.strip_prefix(self.fingerprint.as_str()).unwrap_or_default();
        if !suffix.is_empty() && self.fingerprint.ends_with(suffix) { self.fingerprint.clone() } else { whole }
    }
}

impl Payee {
    /// What the payout leg of a payment to this payee is.
    pub const fn kind(&self) -> Kind {
        match self {
            Payee::Account(_) => Kind::Payout,
            Payee::Check(_) => Kind::Check,
        }
    }

    /// The last four digits of the account that is paid.
    pub fn account_last4(&self) -> &str {
        match self {
            Payee::Account(payee) => &payee.account_last4,
            Payee::Check(payee) => &payee.account_last4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_known_by_its_numbers_and_kind_as_it_was_stored_before_and_now() {
        let payee = |fingerprint: &str, account_type| AccountPayee {
            routing_number: "021000021".to_owned(),
            sealed_account: "sealed".to_owned(),
            account_last4: "6789".to_owned(),
            account_type,
            fingerprint: fingerprint.to_owned(),
            name: "PAT EXAMPLE".to_owned(),
            entry_class: EntryClass::Ppd,
            entry_description: "LOAN PMT".to_owned(),
            came_from: None,
        };
        assert_eq!(payee("f1_ab", AccountType::Loan).key(), "f1_ab-loan");
        assert_eq!(payee("f1_ab-loan", AccountType::Loan).key(), "f1_ab-loan");
        assert_eq!(payee("f1_ab", AccountType::Checking).key(), "f1_ab");
    }
}
