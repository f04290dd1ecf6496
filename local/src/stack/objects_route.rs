//! What a bucket does for presigned links: takes and gives objects to whoever holds a valid one.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use shared::adapters::folder_objects::FolderObjects;
use shared::ports::objects::{ObjectError, Objects};

/// The largest file the importer reads.
const UPLOAD_BYTES_MAX: usize = 2 * 1024 * 1024 * 1024;

pub(super) fn router(objects: Arc<FolderObjects>) -> Router {
    Router::new()
        .route("/objects/{*key}", get(download).put(upload))
        .layer(DefaultBodyLimit::max(UPLOAD_BYTES_MAX))
        .with_state(objects)
}

async fn upload(
    State(objects): State<Arc<FolderObjects>>,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let query = query.unwrap_or_default();
    if let Err(refused) = objects.links().verify_link("PUT", &key, &query, Some(body.len() as u64)) {
        return (StatusCode::FORBIDDEN, refused.to_string()).into_response();
    }
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
        Err(other) => (StatusCode::INTERNAL_SERVER_ERROR, other.to_string()).into_response(),
    }
}
