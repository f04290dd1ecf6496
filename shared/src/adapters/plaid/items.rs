use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{PlaidClient, PlaidError};
use crate::domain::deadline::Deadline;
use crate::domain::plaid::item::{ItemStatus, PlaidItem};
use crate::domain::secret::AccessToken;

/// A freshly linked item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangedItem {
    pub item_id: String,
    pub access_token: AccessToken,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemAnswer {
    pub item: PlaidItem,
    pub status: ItemStatus,
}

/// The body of every call that names an item and nothing else.
#[derive(Serialize)]
pub(super) struct TokenBody<'a> {
    access_token: &'a str,
}

impl<'a> TokenBody<'a> {
    pub(super) fn new(access_token: &'a AccessToken) -> Self {
        Self { access_token: access_token.expose() }
    }
}

#[derive(Deserialize)]
struct WireItemAnswer {
    item: PlaidItem,
    #[serde(default)]
    status: Option<WireStatus>,
}

#[derive(Deserialize)]
struct WireStatus {
    #[serde(default)]
    transactions: Option<WireUpdates>,
    #[serde(default)]
    last_webhook: Option<WireLastWebhook>,
}

#[derive(Deserialize)]
struct WireUpdates {
    #[serde(default)]
    last_successful_update: Option<Timestamp>,
    #[serde(default)]
    last_failed_update: Option<Timestamp>,
}

#[derive(Deserialize)]
struct WireLastWebhook {
    #[serde(default)]
    sent_at: Option<Timestamp>,
}

impl From<WireStatus> for ItemStatus {
    fn from(wire: WireStatus) -> Self {
        let (updated, failed) = match wire.transactions {
            Some(updates) => (updates.last_successful_update, updates.last_failed_update),
            None => (None, None),
        };
        Self {
            transactions_updated_at: updated,
            transactions_failed_at: failed,
            last_webhook_at: wire.last_webhook.and_then(|webhook| webhook.sent_at),
        }
    }
}

impl PlaidClient {
    /// How an item stands. The only call that answers an item in error with success: see [`PlaidItem::error`].
    pub async fn item(&self, access_token: &AccessToken, deadline: Deadline) -> Result<ItemAnswer, PlaidError> {
        let answer: WireItemAnswer = self.post("/item/get", &TokenBody::new(access_token), deadline).await?;
        Ok(ItemAnswer { item: answer.item, status: answer.status.map(ItemStatus::from).unwrap_or_default() })
    }

    /// Ends an item and its token for good. One that was gone already is as well.
    pub async fn remove_item(&self, access_token: &AccessToken, deadline: Deadline) -> Result<(), PlaidError> {
        #[derive(Deserialize)]
        struct Removed {}
        match self.post("/item/remove", &TokenBody::new(access_token), deadline).await {
            Ok(Removed {}) | Err(PlaidError::Gone { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Sends the item's webhooks to another address.
    pub async fn update_webhook(
        &self,
        access_token: &AccessToken,
        webhook_url: &str,
        deadline: Deadline,
    ) -> Result<PlaidItem, PlaidError> {
        #[derive(Serialize)]
        struct Body<'a> {
            access_token: &'a str,
            webhook: &'a str,
        }
        #[derive(Deserialize)]
        struct Answer {
            item: PlaidItem,
        }
        let body = Body { access_token: access_token.expose(), webhook: webhook_url };
        let answer: Answer = self.post("/item/webhook/update", &body, deadline).await?;
        Ok(answer.item)
    }
}
