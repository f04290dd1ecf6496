//! A batch begins: an upload link, or the file itself.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use shared::domain::batch::{Batch, BatchState};
use shared::domain::caller::Caller;
use shared::domain::ids::BatchId;
use shared::domain::money::Cents;
use shared::domain::payroll_file::Limits;
use shared::http::body::{JsonBody, PathParameters, QueryParameters, RawBody, parse_json};
use shared::http::idempotency::{IDEMPOTENCY_KEY, Idempotency, IdempotencyKey, IdempotentRequest};
use shared::http::problem::{Problem, Refused};
use shared::operations::upload::Announced;
use shared::operations::{System, upload};
use shared::ports::objects::ObjectLink;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::file_body::unpacked;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewBatch {
    /// Bytes of the file, for an upload link.
    length: Option<u64>,
    /// What the file should amount to; an approval is refused if it does not.
    #[schema(value_type = Option<String>, example = "1234.50")]
    control_total: Option<Cents>,
    /// The day that stands for the period the file pays for: the same payments of one period are approved once. By default the day of the
    /// summary, in Eastern time.
    #[schema(value_type = Option<String>, format = Date, example = "2026-03-06")]
    pay_period: Option<Date>,
    /// The stored mapping (`PUT /file-mappings/{name}`) that names the columns of a CSV file. It counts as it is now.
    #[schema(example = "acme-export")]
    mapping: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FileQuery {
    /// What the posted file should amount to, where the body is the file itself.
    #[param(value_type = Option<String>)]
    control_total: Option<Cents>,
    /// The day that stands for the period the posted file pays for; by default the day of the summary, in Eastern time.
    #[param(value_type = Option<String>, format = Date)]
    pay_period: Option<Date>,
    /// The stored mapping that names the columns of the posted CSV file. It counts as it is now.
    mapping: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileLength {
    /// Bytes of the file.
    length: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreatedBatch {
    #[schema(value_type = String, example = "bat_01985e6d2c4b7a31b2a4d0c9e8f7a6b5")]
    batch_id: BatchId,
    state: BatchState,
    /// Where to put the file, if a length was given and the file was not posted.
    #[serde(skip_serializing_if = "Option::is_none")]
    upload: Option<UploadLink>,
}

/// One request, to be made exactly so, before the link ends after 15 minutes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UploadLink {
    method: String,
    url: String,
    headers: BTreeMap<String, String>,
}

impl From<ObjectLink> for UploadLink {
    fn from(link: ObjectLink) -> Self {
        Self { method: link.method, url: link.url, headers: link.headers.into_iter().collect() }
    }
}

impl CreatedBatch {
    fn new(batch: &Batch, upload: Option<ObjectLink>) -> Self {
        Self { batch_id: batch.id, state: batch.state, upload: upload.map(UploadLink::from) }
    }
}

/// Makes a batch: with an upload link for a JSON body, or of the payroll file itself (XML or CSV, up to 4 MB, plain or gzip).
/// docs/file.md describes the file.
///
/// With the header `Idempotency-Key` the same request may be sent again and makes no second batch.
#[utoipa::path(post, path = "/batches", tag = "batches",
    params(FileQuery, ("Idempotency-Key" = Option<String>, Header, description = "A name of yours for this request")),
    request_body(
        description = "JSON for a link; or the file itself, plain or packed with gzip, which its first bytes say. Behind API Gateway what is \
                       packed arrives whole only as application/gzip, without Content-Encoding.",
        content(
            (NewBatch = "application/json"),
            (String = "application/xml"),
            (String = "text/csv"),
            (Vec<u8> = "application/gzip")
        )
    ),
    responses((status = 201, body = CreatedBatch), Refused),
    security(("bearer" = ["payroll:upload"])))]
pub(crate) async fn create(
    State(system): State<System>,
    caller: Caller,
    QueryParameters(query): QueryParameters<FileQuery>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Response, Problem> {
    let answer = |outcome: Result<CreatedBatch, Problem>| match outcome {
        Ok(created) => (StatusCode::CREATED, Json(created)).into_response(),
        Err(problem) => problem.into_response(),
    };
    if !headers.contains_key(IDEMPOTENCY_KEY) {
        let id = system.new_uuid();
        return Ok(answer(made(&system, id, &caller, query, &headers, body).await));
    }
    let key = IdempotencyKey::from_request(&headers, None)?;
    let operation = operation(&query);
    let request = IdempotentRequest { caller: &caller, key: &key, operation: &operation, body: &body };
    let idempotency = Idempotency {
        table: system.table.clone(),
        clock: system.clock.clone(),
        random: system.random.clone(),
        lease: system.settings.lease,
    };
    let act = async |id| answer(made(&system, id, &caller, query, &headers, body.clone()).await);
    Ok(idempotency.run(request, act).await)
}

/// What tells a repeat of the request from another one. A request of before there were pay periods is the same as ever.
fn operation(query: &FileQuery) -> String {
    let control_total = query.control_total.map(|total| total.to_string()).unwrap_or_default();
    let pay_period = query.pay_period.map(|day| format!("&pay_period={day}")).unwrap_or_default();
    let mapping = query.mapping.as_ref().map(|name| format!("&mapping={name}")).unwrap_or_default();
    format!("POST /batches?control_total={control_total}{pay_period}{mapping}")
}

async fn made(
    system: &System,
    id: Uuid,
    caller: &Caller,
    query: FileQuery,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<CreatedBatch, Problem> {
    match content(headers)? {
        Content::Json => {
            let wanted: NewBatch = parse_json(&body)?;
            if let Some(length) = wanted.length {
                refuse_impossible(length)?;
            }
            let NewBatch { length, control_total, pay_period, mapping } = wanted;
            let announced = Announced { control_total, pay_period, mapping };
            let batch = upload::begin(system, id, &caller.subject, announced).await?;
            let link = match length {
                Some(length) => Some(upload::link(system, batch.id, length, &caller.subject).await?),
                None => None,
            };
            Ok(CreatedBatch::new(&batch, link))
        }
        Content::File => {
            let file = unpacked(headers, body)?;
            let FileQuery { control_total, pay_period, mapping } = query;
            let announced = Announced { control_total, pay_period, mapping };
            let batch = upload::begin(system, id, &caller.subject, announced).await?;
            upload::store(system, batch.id, file, &caller.subject).await?;
            Ok(CreatedBatch::new(&batch, None))
        }
    }
}

enum Content {
    Json,
    File,
}

fn content(headers: &HeaderMap) -> Result<Content, Problem> {
    let said = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/json" => Ok(Content::Json),
        "application/xml" | "text/xml" | "text/csv" | "application/csv" | "text/tab-separated-values" => {
            Ok(Content::File)
        }
        "application/gzip" | "application/x-gzip" => Ok(Content::File),
        _ => Err(Problem::unsupported_media_type(
            "Send application/json for a link, or the file itself as application/xml, text/xml, text/csv, text/tab-separated-values or \
             application/gzip.",
        )),
    }
}

fn refuse_impossible(length: u64) -> Result<(), Problem> {
    let most = Limits::default().file_bytes;
    if (1..=most).contains(&length) {
        return Ok(());
    }
    Err(Problem::unprocessable("length_invalid", format!("A file has 1 to {most} bytes.")))
}

/// A fresh link for the file of a batch that nobody has approved yet: for who made the batch, and nobody else.
#[utoipa::path(post, path = "/batches/{batch_id}/upload-link", tag = "batches",
    params(("batch_id" = String, Path)),
    request_body = FileLength,
    responses((status = 200, body = UploadLink), Refused),
    security(("bearer" = ["payroll:upload"])))]
pub(crate) async fn fresh_link(
    State(system): State<System>,
    caller: Caller,
    PathParameters(batch_id): PathParameters<BatchId>,
    body: JsonBody<FileLength>,
) -> Result<Json<UploadLink>, Problem> {
    refuse_impossible(body.value.length)?;
    Ok(Json(upload::link(&system, batch_id, body.value.length, &caller.subject).await?.into()))
}
