//! The client of Plaid (`plaid.md`). Every call is a POST with a JSON body and one error shape; a further call is one more method.
//!
//! Guarantees: keys travel in headers and are never in a body; what to do after an error follows from its type and code, not from the
//! HTTP status (`plaid.md section 1.2`).

use std::sync::Arc;

use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::adapters::api_key::ApiKey;
use crate::adapters::provider_call::{CallLimits, ProviderCaller};
use crate::domain::deadline::Deadline;
use crate::ports::clock::Clock;
use crate::ports::random::Random;
use crate::ports::transport::{ProviderRequest, ProviderResponse, Transport};

const VERSION: &str = "2020-09-14";

/// Where Plaid is and how hard it is asked. Institutions may be asked for 400 times a minute by one client (`plaid.md section 6`).
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

/// What Plaid knows of an institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InstitutionLookup {
    Found(InstitutionFacts),
    /// Plaid has no such institution.
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct InstitutionFacts {
    pub name: String,
    /// May be empty and need not be complete.
    #[serde(default)]
    pub routing_numbers: Vec<String>,
}

/// A call to Plaid that gave no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaidError {
    /// Out of reach, busy, or the institution is down. Retry later.
    #[error("Plaid cannot answer now ({cause}): retry later")]
    Unavailable { cause: String },
    /// Refused: our keys, permissions or request. No retry helps until that is repaired.
    #[error("Plaid refused with {error_type} {error_code} (request {request_id}): repair our settings or the request")]
    Refused { error_type: String, error_code: String, request_id: String },
    /// Answered success in a shape we cannot read. Retry does not help.
    #[error("Plaid's answer to {path} cannot be read")]
    Unreadable { path: &'static str },
}

impl PlaidError {
    pub const fn retryable(&self) -> bool {
        match self {
            PlaidError::Unavailable { .. } => true,
            PlaidError::Refused { .. } | PlaidError::Unreadable { .. } => false,
        }
    }
}

#[derive(Deserialize)]
struct InstitutionAnswer {
    institution: InstitutionFacts,
}

#[derive(Deserialize)]
struct WireError {
    error_type: String,
    error_code: String,
    #[serde(default)]
    request_id: Option<String>,
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

    /// An institution's name and routing numbers (`plaid.md section 4.10`).
    pub async fn institution(&self, institution_id: &str, deadline: Deadline) -> Result<InstitutionLookup, PlaidError> {
        let body = json!({"institution_id": institution_id, "country_codes": ["US"]});
        let answer: Result<InstitutionAnswer, PlaidError> = self.post("/institutions/get_by_id", &body, deadline).await;
        match answer {
            Ok(answer) => Ok(InstitutionLookup::Found(answer.institution)),
            Err(PlaidError::Refused { error_code, .. }) if error_code == "INVALID_INSTITUTION" => {
                Ok(InstitutionLookup::Unknown)
            }
            Err(error) => Err(error),
        }
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &'static str,
        body: &Value,
        deadline: Deadline,
    ) -> Result<T, PlaidError> {
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
            body: body.to_string().into(),
            timeout: self.caller.call_timeout(),
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
        Err(error_of(&response))
    }
}

/// Sorts an error answer by its type and code.
fn error_of(response: &ProviderResponse) -> PlaidError {
    let Ok(error) = serde_json::from_slice::<WireError>(&response.body) else {
        // A gateway in front of Plaid answered.
        return PlaidError::Unavailable { cause: format!("status {} without an error body", response.status) };
    };
    let passes = matches!(error.error_type.as_str(), "RATE_LIMIT_EXCEEDED" | "API_ERROR" | "INSTITUTION_ERROR");
    // The free quota is used up: it does not come back by waiting.
    if passes && error.error_code != "CREDITS_EXHAUSTED" {
        return PlaidError::Unavailable { cause: error.error_code };
    }
    PlaidError::Refused {
        error_type: error.error_type,
        error_code: error.error_code,
        request_id: error.request_id.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
