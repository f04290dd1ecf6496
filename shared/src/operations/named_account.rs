//! The account that a payment or funding names: what its bank corrects is kept with that, whatever the payer's record says by then.

use crate::domain::bank::request::AccountType;
use crate::domain::funding::CorrectedAccount;
use crate::domain::leg::Destination;
use crate::domain::payment::{AccountPayee, Payment};
use crate::domain::source::ExternalAccount;
use crate::store::keys;

/// An account as people and the bank's counterparties know it.
pub(crate) struct NamedAccount {
    pub account: String,
    pub last4: String,
    pub routing_number: String,
    pub account_type: AccountType,
    pub sealed_account: String,
    /// The partitions of the items that the number may be sealed for, the likeliest first.
    pub sealed_under: Vec<String>,
    /// What is said of a transfer that went elsewhere by a correction moves the next one that names this account.
    pub is_led: bool,
}

impl NamedAccount {
    pub(crate) fn new(
        account: &ExternalAccount,
        account_type: AccountType,
        known_by: String,
        sealed_under: Vec<String>,
    ) -> Self {
        Self {
            account: known_by,
            last4: account.account_last4.clone(),
            routing_number: account.routing_number.clone(),
            account_type,
            sealed_account: account.sealed_account.clone(),
            sealed_under,
            is_led: true,
        }
    }

    /// The account of an attempt that went to `destination`. A refund that went on from where its money came from says nothing of the account
    /// that its payer's record names.
    pub(crate) fn of_payee(payment: &Payment, payee: &AccountPayee, destination: Destination<'_>) -> Self {
        let own = keys::payment(payment.id).pk;
        if let Some(came_from) = went_back_to(destination, payee) {
            return Self::new(&came_from.account, came_from.account_type, came_from.key(), vec![own]);
        }
        Self {
            account: payee.fingerprint.clone(),
            last4: payee.account_last4.clone(),
            routing_number: payee.routing_number.clone(),
            account_type: payee.account_type,
            sealed_account: payee.sealed_account.clone(),
            // Refunds of before hold it as their source does.
            sealed_under: vec![own, keys::source(&payment.payer_id).pk],
            is_led: payee.came_from.is_none(),
        }
    }
}

/// The account that a refund's money came from, where it went back there and not to the account that is named.
fn went_back_to<'p>(destination: Destination<'_>, payee: &'p AccountPayee) -> Option<&'p CorrectedAccount> {
    let sent = destination.corrected()?;
    payee.came_from.as_deref().filter(|came_from| came_from.key() == sent.account)
}
