//! AWS's services as far as the functions use them, over what this process holds: for a function that runs beside it, under `sam local
//! invoke` or Lambda's runtime interface emulator.
//!
//! Limits: no signature is checked, and nothing but what the functions ask is answered.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::adapters::folder_objects::FolderObjects;
use shared::adapters::memory_queue::MemoryQueue;
use shared::ports::objects::{ObjectError, Objects};
use shared::ports::queue::{Queue, QueueName};
use shared::ports::secrets::{SecretName, Secrets};

use crate::in_process::InProcess;

/// The largest object of a function is a file that its caller posted, unpacked.
const OBJECT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What stands behind the services.
#[derive(Clone)]
pub(super) struct Services {
    /// None where the table is not the embedded engine.
    pub(super) engine: Option<InProcess>,
    pub(super) queue: Arc<MemoryQueue>,
    pub(super) objects: Arc<FolderObjects>,
    pub(super) secrets: Arc<dyn Secrets>,
}

pub(super) fn router(services: Services) -> Router {
    Router::new()
        .route("/aws", post(call))
        .route("/aws/", post(call))
        .route("/aws/{bucket}/{*key}", get(read).put(write))
        .layer(DefaultBodyLimit::max(OBJECT_BYTES_MAX))
        .with_state(services)
}

/// A call of DynamoDB, SQS or Secrets Manager: all three name the operation in one header and speak JSON.
async fn call(State(services): State<Services>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (service, operation) = target.split_once('.').unwrap_or((target, ""));
    let (status, answer) = match (service, operation, &services.engine) {
        ("DynamoDB_20120810", _, Some(engine)) => engine.answer(operation, &body),
        ("AmazonSQS", "SendMessageBatch", _) => send(&services.queue, &body).await,
        ("secretsmanager", "GetSecretValue", _) => secret(&*services.secrets, &body).await,
        (_, _, _) => refusal("UnknownOperationException"),
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.0")], answer).into_response()
}

fn refusal(kind: &str) -> (u16, String) {
    (400, json!({ "__type": kind, "message": kind }).to_string())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MessageBatch {
    queue_url: String,
    entries: Vec<Message>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    id: String,
    message_body: String,
}

async fn send(queue: &MemoryQueue, body: &[u8]) -> (u16, String) {
    let Ok(batch) = serde_json::from_slice::<MessageBatch>(body) else { return refusal("InvalidMessageContents") };
    let name = match batch.queue_url.rsplit('/').next() {
        Some("bulk") => QueueName::Bulk,
        Some("other") => QueueName::Other,
        Some(_) | None => return refusal("AWS.SimpleQueueService.NonExistentQueue"),
    };
    let accepted: Vec<Value> = batch
        .entries
        .iter()
        .map(|entry| json!({ "Id": entry.id, "MessageId": entry.id, "MD5OfMessageBody": "" }))
        .collect();
    match queue.send(name, batch.entries.into_iter().map(|entry| entry.message_body).collect()).await {
        Ok(()) => (200, json!({ "Successful": accepted, "Failed": [] }).to_string()),
        Err(_) => (500, json!({ "__type": "InternalFailure" }).to_string()),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SecretAsked {
    secret_id: String,
}

async fn secret(secrets: &dyn Secrets, body: &[u8]) -> (u16, String) {
    let Ok(SecretAsked { secret_id }) = serde_json::from_slice(body) else { return refusal("InvalidRequestException") };
    let asked = secret_id.rsplit('/').next().unwrap_or_default();
    let Some(name) = SecretName::ALL.into_iter().find(|name| name.as_str() == asked) else {
        return refusal("ResourceNotFoundException");
    };
    match secrets.get(name).await {
        Ok(text) => (200, json!({ "Name": secret_id, "SecretString": text.expose() }).to_string()),
        Err(_) => refusal("ResourceNotFoundException"),
    }
}

async fn write(
    State(services): State<Services>,
    Path((_, key)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    answer(services.objects.put(&key, content_type, body).await.map(|()| (StatusCode::OK, Bytes::new())))
}

/// A part of an object where a range is asked for; for a HEAD the server leaves the body out.
async fn read(
    State(services): State<Services>,
    Path((_, key)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let objects = &services.objects;
    let range = headers.get(header::RANGE).and_then(|value| value.to_str().ok()).and_then(range);
    answer(match range {
        Some((start, end)) => objects.get_range(&key, start, end).await.map(|part| (StatusCode::PARTIAL_CONTENT, part)),
        None => objects.get(&key).await.map(|body| (StatusCode::OK, body)),
    })
}

/// Start and end, the end excluded.
fn range(header: &str) -> Option<(u64, u64)> {
    let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
    Some((first.parse().ok()?, last.parse::<u64>().ok()?.checked_add(1)?))
}

fn answer(outcome: Result<(StatusCode, Bytes), ObjectError>) -> Response {
    match outcome {
        Ok(answer) => answer.into_response(),
        Err(ObjectError::Missing(_)) => {
            (StatusCode::NOT_FOUND, "<Error><Code>NoSuchKey</Code></Error>").into_response()
        }
        // A name that no object can have.
        Err(ObjectError::Defect(problem)) => (StatusCode::BAD_REQUEST, problem).into_response(),
        Err(ObjectError::Unavailable(_)) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_includes_its_last_byte() {
        assert_eq!(range("bytes=10-19"), Some((10, 20)));
        for other in ["bytes=10-", "bytes=-5", "10-19", ""] {
            assert_eq!(range(other), None, "{other}");
        }
    }
}
