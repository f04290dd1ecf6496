//! What a webhook asks of us, as one total function: whatever it told, the item is read again before anything is decided.

use jiff::Timestamp;

use super::error::{PlaidError, PlaidFault, of_fault};
use super::webhook::{Webhook, WebhookEvent};

/// What follows from a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookAction {
    /// Something of this item is to be done.
    Item { item_id: String, step: ItemStep },
    /// Nothing of ours: answered, written down, and that is all.
    Ignore,
}

/// What to do about an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemStep {
    /// Read its accounts, bills and transactions.
    Read,
    /// The person has to sign in again; nothing new comes before that.
    MarkLoginRequired { code: String },
    /// The person has to share more.
    AskForConsent { code: String },
    /// It works again: clear the mark, then read.
    MarkRepaired,
    /// The person took everything back: stop using the item and its numbers, then remove it.
    MarkRevoked,
    /// The item is no more at Plaid: stop using it.
    MarkGone,
    /// The person took one account back. `None`: Plaid did not say which; read the accounts.
    RevokeAccount { account_id: Option<String> },
    /// Stop using the numbers of these accounts now (of all, where none is named), then read new ones.
    RenewNumbers { account_ids: Vec<String> },
    /// It works until then; the person renews the consent before.
    MarkExpiring { at: Option<Timestamp> },
    /// The person may share accounts that are new at the institution.
    OfferNewAccounts,
}

impl Webhook {
    /// What the webhook asks of us.
    pub fn meaning(&self) -> WebhookAction {
        match (self.event.step(), &self.item_id) {
            (Some(step), Some(item_id)) => WebhookAction::Item { item_id: item_id.clone(), step },
            (Some(_), None) | (None, _) => WebhookAction::Ignore,
        }
    }
}

impl WebhookEvent {
    fn step(&self) -> Option<ItemStep> {
        match self {
            WebhookEvent::LiabilitiesChanged | WebhookEvent::TransactionsChanged { .. } => Some(ItemStep::Read),
            WebhookEvent::ItemError { fault } => Some(fault.as_ref().map_or(ItemStep::Read, after_fault)),
            WebhookEvent::LoginRepaired => Some(ItemStep::MarkRepaired),
            WebhookEvent::PendingDisconnect { at, .. } | WebhookEvent::PendingExpiration { at } => {
                Some(ItemStep::MarkExpiring { at: *at })
            }
            WebhookEvent::NewAccountsAvailable => Some(ItemStep::OfferNewAccounts),
            WebhookEvent::UserPermissionRevoked => Some(ItemStep::MarkRevoked),
            WebhookEvent::UserAccountRevoked { account_id } => {
                Some(ItemStep::RevokeAccount { account_id: account_id.clone() })
            }
            WebhookEvent::AuthNumbersChanged { account_ids } => {
                Some(ItemStep::RenewNumbers { account_ids: account_ids.clone() })
            }
            WebhookEvent::AuthVerification { verified: true, .. } => Some(ItemStep::Read),
            WebhookEvent::AuthPermissionsRequired => {
                Some(ItemStep::AskForConsent { code: "PRODUCT_PERMISSIONS_REQUIRED".to_owned() })
            }
            // Accounts that are verified by deposits are never paid from before they are.
            WebhookEvent::AuthVerification { verified: false, .. }
            | WebhookEvent::WebhookUpdateAcknowledged
            | WebhookEvent::Unknown { .. } => None,
        }
    }
}

/// An error that does not end or block the item is looked at by reading it.
fn after_fault(fault: &PlaidFault) -> ItemStep {
    match of_fault(fault) {
        PlaidError::LoginRequired { code } => ItemStep::MarkLoginRequired { code },
        PlaidError::ConsentOrPermission { code } => ItemStep::AskForConsent { code },
        PlaidError::Revoked { .. } => ItemStep::MarkRevoked,
        PlaidError::Gone { .. } => ItemStep::MarkGone,
        PlaidError::Unavailable { .. }
        | PlaidError::RateLimited { .. }
        | PlaidError::NotReady { .. }
        | PlaidError::NoLiabilities
        | PlaidError::NotSupported { .. }
        | PlaidError::AccountUnknown { .. }
        | PlaidError::LinkAgain { .. }
        | PlaidError::BalanceTooOld { .. }
        | PlaidError::RestartSync
        | PlaidError::CursorUnknown
        | PlaidError::Refused { .. }
        | PlaidError::Unreadable { .. } => ItemStep::Read,
    }
}
