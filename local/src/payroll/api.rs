//! The steps of a payroll over the HTTP API, as a person's tools would do them: one uploads, another approves.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::civil::Date;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::domain::ids::BatchId;
use shared::domain::payroll_file::Mapping;
use shared::ports::clock::Clock as _;

use crate::error::LocalError;
use crate::stack::Stack;

/// How often a summary that a worker makes is asked for.
const POLL_EVERY: Duration = Duration::from_millis(100);

/// What the mapping of the command line is stored as.
pub(super) const MAPPING: &str = "command-line";

pub(super) struct Api {
    http: Client,
    base_url: String,
    uploader: String,
    approver: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Created {
    pub(super) batch_id: BatchId,
    pub(super) upload: Link,
}

#[derive(Debug, Deserialize)]
pub(super) struct Link {
    url: String,
    headers: BTreeMap<String, String>,
}

/// What the summary came to.
pub(super) enum SummaryAnswer {
    Ready(Value),
    Refused(Value),
}

impl Api {
    pub(super) fn new(stack: &Stack) -> Result<Self, LocalError> {
        Ok(Self {
            http: Client::builder().build()?,
            base_url: stack.base_url.clone(),
            uploader: stack.uploader_token(),
            approver: stack.approver_token(),
        })
    }

    /// Makes a batch, to be read by a mapping where there is one: the file itself goes up as it is.
    pub(super) async fn create(
        &self,
        bytes: u64,
        pay_period: Option<Date>,
        mapping: Option<&Mapping>,
    ) -> Result<Created, LocalError> {
        if let Some(mapping) = mapping {
            let request = self.http.put(format!("{}/file-mappings/{MAPPING}", self.base_url));
            let request = request.bearer_auth(&self.uploader).json(&json!({ "columns": mapping.columns() }));
            accepted("storing the mapping", request).await?;
        }
        let request = self.http.post(format!("{}/batches", self.base_url)).bearer_auth(&self.uploader);
        let body = json!({ "length": bytes, "pay_period": pay_period, "mapping": mapping.map(|_| MAPPING) });
        let answer = accepted("creating the batch", request.json(&body)).await?;
        Ok(serde_json::from_value(answer)?)
    }

    pub(super) async fn upload(&self, link: &Link, file: &Path) -> Result<(), LocalError> {
        let body = std::fs::read(file).map_err(|cause| LocalError::payroll_file(file, cause))?;
        let mut request = self.http.put(&link.url).body(body);
        for (name, value) in &link.headers {
            request = request.header(name, value);
        }
        let response = request.send().await?;
        if response.status().is_success() { Ok(()) } else { Err(failure("the upload", response).await) }
    }

    /// Asks for the summary, and waits where a worker makes it.
    pub(super) async fn summary(&self, batch_id: BatchId, stack: &Stack) -> Result<SummaryAnswer, LocalError> {
        let url = format!("{}/batches/{batch_id}/summary", self.base_url);
        let mut response = self.http.post(&url).bearer_auth(&self.uploader).send().await?;
        while response.status() == StatusCode::ACCEPTED {
            stack.clock.pause(POLL_EVERY).await;
            response = self.http.get(&url).bearer_auth(&self.uploader).send().await?;
        }
        match response.status() {
            StatusCode::OK => Ok(SummaryAnswer::Ready(response.json().await?)),
            StatusCode::UNPROCESSABLE_ENTITY => Ok(SummaryAnswer::Refused(response.json().await?)),
            _ => Err(failure("the summary", response).await),
        }
    }

    /// Approves what the summary shows: its hash, its total, and everything it asks to be acknowledged.
    pub(super) async fn approve(&self, batch_id: BatchId, summary: &Value) -> Result<(), LocalError> {
        let to_acknowledge = &summary["to_acknowledge"];
        let body = json!({
            "manifest_hash": summary["manifest_hash"],
            "total": summary["total"],
            "accept_accounts": to_acknowledge["accounts"],
            "accept_overlaps": to_acknowledge["overlaps"],
        });
        let url = format!("{}/batches/{batch_id}/approve", self.base_url);
        accepted("the approval", self.http.post(url).bearer_auth(&self.approver).json(&body)).await.map(|_| ())
    }

    /// Asks for a report as CSV, and waits where it is written first.
    pub(super) async fn report(&self, batch_id: BatchId, name: &str) -> Result<Response, LocalError> {
        let url = format!("{}/batches/{batch_id}/reports/{name}", self.base_url);
        loop {
            let request = self.http.get(&url).bearer_auth(&self.uploader).header("accept", "text/csv");
            let response = request.send().await?;
            match response.status() {
                StatusCode::OK => return Ok(response),
                StatusCode::ACCEPTED => tokio::task::yield_now().await,
                _ => return Err(failure("a report", response).await),
            }
        }
    }
}

async fn accepted(what: &'static str, request: RequestBuilder) -> Result<Value, LocalError> {
    let response = request.send().await?;
    if response.status().is_success() { Ok(response.json().await?) } else { Err(failure(what, response).await) }
}

async fn failure(what: &'static str, response: Response) -> LocalError {
    let status = response.status().as_u16();
    LocalError::Answer { what, status, detail: response.text().await.unwrap_or_default() }
}
