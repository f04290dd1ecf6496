//! Webhooks over the internet.
//!
//! Guarantees: only addresses that the rule lets through are connected to, whatever a name resolves to and however the URL is written; no
//! redirect and no proxy is followed; an answer is waited for no longer than [`ANSWER_TIME`], and its body is not read.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::domain::webhooks::ANSWER_TIME;
use crate::domain::webhooks::address::{AddressRule, check_url, may_call};
use crate::domain::webhooks::delivery::{SendFailure, Tried};
use crate::ports::webhook_sender::{WebhookCall, WebhookSender};

const USER_AGENT: &str = "Clearway-Webhooks/1";

/// A pool of connections, made with the first call. One per process.
#[derive(Clone, Debug)]
pub struct HttpWebhookSender {
    addresses: AddressRule,
    answer_time: Duration,
    client: Arc<OnceLock<reqwest::Client>>,
}

impl HttpWebhookSender {
    pub fn new(addresses: AddressRule) -> Self {
        // Fails only if the process has chosen one already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { addresses, answer_time: ANSWER_TIME, client: Arc::default() }
    }

    fn client(&self) -> Result<&reqwest::Client, reqwest::Error> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(USER_AGENT)
            .dns_resolver(CheckedNames(self.addresses))
            .timeout(self.answer_time)
            .build()?;
        Ok(self.client.get_or_init(|| client))
    }

    /// Whether the host, as the client itself understands the URL, is no address that must not be called. Names are judged when they are
    /// resolved.
    fn may_call_host_of(&self, url: &reqwest::Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        address.map_or(!host.is_empty(), |address| may_call(address, self.addresses))
    }
}

#[async_trait]
impl WebhookSender for HttpWebhookSender {
    fn addresses(&self) -> AddressRule {
        self.addresses
    }

    async fn send(&self, call: WebhookCall) -> Tried {
        let url = reqwest::Url::parse(&call.url).map_err(|_| SendFailure::AddressRefused)?;
        if check_url(&call.url, self.addresses).is_err() || !self.may_call_host_of(&url) {
            return Err(SendFailure::AddressRefused);
        }
        let client = self.client().map_err(|error| {
            tracing::error!(%error, "no client for webhooks can be made");
            SendFailure::Unreachable
        })?;
        let mut request = client.post(url).body(call.body);
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        request.send().await.map(|answer| answer.status().as_u16()).map_err(|error| failure_of(&error))
    }
}

fn failure_of(error: &reqwest::Error) -> SendFailure {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        if error.is::<NameRefused>() {
            return SendFailure::AddressRefused;
        }
        cause = error.source();
    }
    if error.is_timeout() { SendFailure::TimedOut } else { SendFailure::Unreachable }
}

/// A name stands for an address that is not called.
#[derive(Debug, thiserror::Error)]
#[error("the name stands for an address that is not called")]
struct NameRefused;

/// Resolves names as the machine does, and refuses one that stands for any address that must not be called. What it answers is what is
/// connected to: nothing is resolved again in between.
#[derive(Debug)]
struct CheckedNames(AddressRule);

impl Resolve for CheckedNames {
    fn resolve(&self, name: Name) -> Resolving {
        let rule = self.0;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.iter().all(|address| may_call(address.ip(), rule)) {
                Ok(Box::new(found.into_iter()) as Addrs)
            } else {
                Err(NameRefused.into())
            }
        })
    }
}

#[cfg(test)]
#[path = "http_webhook_sender_tests.rs"]
mod tests;
