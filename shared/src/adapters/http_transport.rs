//! The network behind the provider clients: HTTPS with the machine's root certificates, plain HTTP for a simulator.
//!
//! Guarantees: no redirect is followed (a provider's key must not reach another host), an answer's body is never larger than
//! [`LARGEST_BODY`], connections are reused. Errors name the step that failed, not the request.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};

use crate::ports::transport::{ProviderRequest, ProviderResponse, Transport, TransportError};

/// No answer that we ask for comes near it; a larger one is cut off as a broken connection.
pub const LARGEST_BODY: usize = 1024 * 1024;

/// A pool of connections. One per process. It is made with the first exchange: reading the root certificates takes longer than all else
/// at the start of a function, and many runs ask no provider anything.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    client: Arc<OnceLock<reqwest::Client>>,
}

impl HttpTransport {
    #[expect(clippy::new_without_default, reason = "it chooses the process's cryptography")]
    pub fn new() -> Self {
        // Fails only if the process has chosen one already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { client: Arc::default() }
    }

    /// Fails for a defect of the machine, such as missing root certificates.
    fn client(&self) -> Result<&reqwest::Client, TransportError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build();
        let client = client.map_err(|cause| TransportError::Broken(format!("no HTTPS client can be made: {cause}")))?;
        Ok(self.client.get_or_init(|| client))
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn exchange(&self, request: ProviderRequest) -> Result<ProviderResponse, TransportError> {
        let client = self.client()?;
        let mut outgoing = client.request(request.method, &request.url).timeout(request.timeout).body(request.body);
        for (name, value) in &request.headers {
            outgoing = outgoing.header(name, value);
        }
        let mut incoming = outgoing.send().await.map_err(transport_error)?;
        let headers = incoming
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        let status = incoming.status().as_u16();
        let body = read_limited(&mut incoming).await?;
        Ok(ProviderResponse { status, headers, body })
    }
}

async fn read_limited(incoming: &mut reqwest::Response) -> Result<Bytes, TransportError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = incoming.chunk().await.map_err(transport_error)? {
        if body.len() + chunk.len() > LARGEST_BODY {
            return Err(TransportError::Broken(format!("the answer is larger than {LARGEST_BODY} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn transport_error(error: reqwest::Error) -> TransportError {
    if error.is_timeout() {
        return TransportError::TimedOut;
    }
    let step = if error.is_connect() {
        "connecting"
    } else if error.is_builder() || error.is_request() {
        "sending"
    } else {
        "reading the answer"
    };
    TransportError::Broken(format!("while {step}"))
}

#[cfg(test)]
#[path = "http_transport_tests.rs"]
mod tests;
