//! The network between us and the providers, without a socket.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use axum::Router;
use serde_json::Value;
use shared::ports::transport::{ProviderRequest, ProviderResponse, Transport, TransportError};
use simulators::http::{Answer, Request};

use crate::bank::Bank;
use crate::delivery::deliver_webhooks;

/// Hands requests to the simulated providers by the host of their URL.
#[derive(Debug)]
pub struct Network {
    bank: Arc<Bank>,
    hasty: Mutex<Option<Haste>>,
}

/// How far the bank runs ahead of its own answer.
#[derive(Clone, Debug)]
pub struct Haste {
    /// Our receiver of webhooks.
    pub receiver: Router,
    /// The bank settles at once: the settlement's webhook, too, comes before the answer.
    pub settles: bool,
}

impl Network {
    pub fn new(bank: Arc<Bank>) -> Self {
        Self { bank, hasty: Mutex::default() }
    }

    /// From now on the webhooks of a new transfer are delivered before the call that made it is answered.
    pub fn deliver_before_answer(&self, haste: Haste) {
        *self.hasty.lock().unwrap_or_else(PoisonError::into_inner) = Some(haste);
    }

    async fn run_ahead(&self, answer: &Answer) {
        let haste = self.hasty.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (Some(haste), Answer::Reply(reply)) = (haste, answer) else { return };
        let body: Value = serde_json::from_str(&reply.body).unwrap_or_default();
        if let Some(id) = body["id"].as_str().filter(|_| haste.settles) {
            self.bank.post("/simulate/transfers/ach/settle", &serde_json::json!({ "ach_transfer_id": id }));
        }
        deliver_webhooks(&self.bank, &haste.receiver, |webhooks| webhooks).await;
    }
}

#[async_trait]
impl Transport for Network {
    async fn exchange(&self, request: ProviderRequest) -> Result<ProviderResponse, TransportError> {
        let url: http::Uri = request.url.parse().map_err(|_| TransportError::Broken("no such URL".to_owned()))?;
        let target = url.path_and_query().map_or("/", |target| target.as_str());
        let simulated = request
            .headers
            .iter()
            .fold(Request::new(request.method.as_str(), target), |simulated, (name, value)| {
                simulated.with_header(name, value)
            })
            .with_body(&request.body);
        let answer = match url.host() {
            Some("column.test") => self.bank.column.call(&simulated),
            Some("plaid.test") => self.bank.plaid.call(&simulated),
            other => return Err(TransportError::Broken(format!("nothing answers at {other:?}"))),
        };
        if request.method == http::Method::POST && url.path() == "/transfers/ach" {
            self.run_ahead(&answer).await;
        }
        match answer {
            Answer::Reply(reply) => {
                Ok(ProviderResponse { status: reply.status, headers: Vec::new(), body: reply.body.into() })
            }
            Answer::Silence => Err(TransportError::TimedOut),
        }
    }
}
