//! The client of Plaid. Every call is a POST with a JSON body and one error shape; a further call is one more method.
//!
//! Guarantees: keys travel in headers and are never in a body, access tokens in the body alone; neither is ever printed. What to do after
//! an error follows from its type ([`crate::domain::plaid::error`]). No call moves money, so each may be sent again.

mod accounts;
mod institutions;
mod items;
mod link;
mod transactions;
pub mod verification;
mod webhook_keys;

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::adapters::api_key::ApiKey;
use crate::adapters::provider_call::{CallLimits, ProviderCaller};
use crate::domain::deadline::Deadline;
use crate::domain::plaid::error;
use crate::ports::clock::Clock;
use crate::ports::random::Random;
use crate::ports::transport::{ProviderRequest, Transport};

pub use crate::domain::plaid::error::PlaidError;
pub use accounts::{AccountsAnswer, AuthAnswer, BalanceQuery, LiabilitiesAnswer};
pub use institutions::{InstitutionFacts, InstitutionLookup};
pub use items::{ExchangedItem, ItemAnswer};
pub use link::{LinkPurpose, LinkToken, LinkTokenRequest, RepairNeed};
pub use webhook_keys::KeyLookup;

const VERSION: &str = "2020-09-14";

/// Where Plaid is and how hard it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaidSettings {
    /// Without a slash at the end: `https://production.plaid.com`.
    pub base_url: String,
    pub client_id: String,
    pub secret: ApiKey,
    pub limits: CallLimits,
}

/// The client. One per process: its rate limit counts all its calls.
#[derive(Debug)]
pub struct PlaidClient {
    caller: ProviderCaller,
    settings: PlaidSettings,
}

impl PlaidClient {
    pub fn new(
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        settings: PlaidSettings,
    ) -> Self {
        Self { caller: ProviderCaller::new(transport, clock, random, settings.limits), settings }
    }

    /// A call that Plaid answers from what it has.
    async fn post<T: DeserializeOwned>(
        &self,
        path: &'static str,
        body: &impl Serialize,
        deadline: Deadline,
    ) -> Result<T, PlaidError> {
        self.post_within(self.caller.call_timeout(), path, body, deadline).await
    }

    /// A call that may take `timeout`.
    async fn post_within<T: DeserializeOwned>(
        &self,
        timeout: Duration,
        path: &'static str,
        body: &impl Serialize,
        deadline: Deadline,
    ) -> Result<T, PlaidError> {
        // Every body is a structure with text keys, which JSON can express.
        let body = serde_json::to_vec(body).map_err(|_| PlaidError::Unreadable { path })?;
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let request = ProviderRequest {
            method: Method::POST,
            url: format!("{}{path}", self.settings.base_url),
            headers: vec![
                header("content-type", "application/json"),
                header("plaid-client-id", &self.settings.client_id),
                header("plaid-secret", self.settings.secret.reveal()),
                header("plaid-version", VERSION),
            ],
            body: body.into(),
            timeout,
        };
        let response = match self.caller.call(&request, deadline).await {
            Ok(answer) => answer.response,
            Err(failure) => match failure.last_response {
                Some(response) => response,
                None => return Err(PlaidError::Unavailable { cause: failure.cause }),
            },
        };
        if response.status == 200 {
            return serde_json::from_slice(&response.body).map_err(|_| PlaidError::Unreadable { path });
        }
        let error = error::of_answer(response.status, &response.body);
        tracing::warn!(path, status = response.status, %error, "Plaid answered an error");
        Err(error)
    }
}

#[cfg(test)]
mod tests;
