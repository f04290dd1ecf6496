//! What a bucket does for presigned links: takes and gives objects to whoever holds a valid one.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use shared::adapters::folder_objects::FolderObjects;
use shared::ports::objects::{ObjectError, Objects};

pub(super) fn router(objects: Arc<FolderObjects>) -> Router {
    Router::new().route("/objects/{*key}", get(download).put(upload)).with_state(objects)
}

async fn upload(
    State(objects): State<Arc<FolderObjects>>,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    // The link is good for one length: of what it does not allow nothing is read.
    let said = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if let Err(refused) = objects.links().verify_link("PUT", &key, &query.unwrap_or_default(), said) {
        return (StatusCode::FORBIDDEN, refused.to_string()).into_response();
    }
    let most = said.and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
    let Ok(body) = to_bytes(body, most).await else { return StatusCode::BAD_REQUEST.into_response() };
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    answer(objects.put(&key, content_type, body).await.map(|()| Bytes::new()))
}

async fn download(
    State(objects): State<Arc<FolderObjects>>,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    if let Err(refused) = objects.links().verify_link("GET", &key, &query.unwrap_or_default(), None) {
        return (StatusCode::FORBIDDEN, refused.to_string()).into_response();
    }
    answer(objects.get(&key).await)
}

fn answer(outcome: Result<Bytes, ObjectError>) -> Response {
    match outcome {
        Ok(body) => body.into_response(),
        Err(ObjectError::Missing(_)) => StatusCode::NOT_FOUND.into_response(),
        Err(other @ (ObjectError::Unavailable(_) | ObjectError::Defect(_))) => {
            (StatusCode::INTERNAL_SERVER_ERROR, other.to_string()).into_response()
        }
    }
}
