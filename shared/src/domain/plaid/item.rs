//! An item as Plaid sees it: its institution, its error, and until when the person's consent holds.

use jiff::Timestamp;
use serde::Deserialize;

use super::error::PlaidFault;

/// An item. In answers about accounts the lists of products and the consent may be shorter.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PlaidItem {
    pub item_id: String,
    /// `None` for an item without a connection to an institution.
    #[serde(default)]
    pub institution_id: Option<String>,
    #[serde(default)]
    pub institution_name: Option<String>,
    #[serde(default)]
    pub webhook: Option<String>,
    /// What is wrong with the item, told with success.
    #[serde(default)]
    pub error: Option<PlaidFault>,
    /// `None` where the consent does not end by itself.
    #[serde(default)]
    pub consent_expiration_time: Option<Timestamp>,
}

/// When the institution's data last came in, as far as Plaid says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemStatus {
    pub transactions_updated_at: Option<Timestamp>,
    pub transactions_failed_at: Option<Timestamp>,
    /// The newest webhook that Plaid sent: one that we never got shows here.
    pub last_webhook_at: Option<Timestamp>,
}
