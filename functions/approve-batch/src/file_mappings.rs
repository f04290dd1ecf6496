//! What the columns of a table are called where it comes from: stored under a name, for the batches that are made with it.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::caller::Caller;
use shared::domain::file_mapping::FileMapping;
use shared::http::body::{JsonBody, PathParameters, QueryParameters};
use shared::http::pages::{PageBody, PageQuery, cursor_invalid};
use shared::http::problem::{Problem, Refused};
use shared::operations::{System, file_mappings};
use utoipa::ToSchema;

/// A place in the list is a name of at most 64 characters, and this is longer than any of them encoded.
const CURSOR_CHARACTERS_MAX: usize = 128;

/// What the columns of a file are called.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileMappingBody {
    /// A column as docs/file.md names it, and what the first line of the file calls it.
    #[schema(example = json!({"source_id": "Company", "amount": "Net"}))]
    columns: BTreeMap<String, String>,
}

/// A stored mapping.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FileMappingView {
    /// `POST /batches` takes it as `mapping`.
    name: String,
    /// A column as docs/file.md names it, and what the first line of the file calls it.
    columns: BTreeMap<String, String>,
    /// They count as an uploader of every file that is read by it, and approve none.
    stored_by: String,
    /// When it was stored last.
    #[schema(value_type = String, format = DateTime)]
    stored_at: Timestamp,
}

impl From<FileMapping> for FileMappingView {
    fn from(mapping: FileMapping) -> Self {
        let FileMapping { name, version: _, columns, stored_by, stored_at } = mapping;
        Self { name, columns, stored_by, stored_at }
    }
}

/// Stores a mapping, or puts it in the place of the one of this name. Batches that were made before keep what they were made with.
#[utoipa::path(put, path = "/file-mappings/{name}", tag = "file-mappings", operation_id = "store_file_mapping",
    params(("name" = String, Path, description = "1 to 64 letters, digits, `_` and `-`")),
    request_body = FileMappingBody,
    responses((status = 200, description = "The mapping as it is stored.", body = FileMappingView), Refused),
    security(("bearer" = ["payroll:upload"])))]
pub(crate) async fn store(
    State(system): State<System>,
    caller: Caller,
    PathParameters(name): PathParameters<String>,
    body: JsonBody<FileMappingBody>,
) -> Result<Json<FileMappingView>, Problem> {
    Ok(Json(file_mappings::put(&system, &name, &body.value.columns, &caller.subject).await?.into()))
}

/// Every stored mapping, by name.
#[utoipa::path(get, path = "/file-mappings", tag = "file-mappings", operation_id = "list_file_mappings",
    params(PageQuery),
    responses((status = 200, description = "A page of mappings.", body = PageBody<FileMappingView>), Refused),
    security(("bearer" = ["payroll:upload"]), ("bearer" = ["payroll:approve"]), ("bearer" = ["reports:read"])))]
pub(crate) async fn list(
    State(system): State<System>,
    QueryParameters(page): QueryParameters<PageQuery>,
) -> Result<Json<PageBody<FileMappingView>>, Problem> {
    let after = page.start_after()?;
    if after.as_ref().is_some_and(|after| after.0.len() > CURSOR_CHARACTERS_MAX) {
        return Err(cursor_invalid());
    }
    let (items, next) = file_mappings::list(&system, after, page.limit()?).await?;
    Ok(Json(PageBody::new(items.into_iter().map(Into::into).collect(), next)))
}

/// One stored mapping.
#[utoipa::path(get, path = "/file-mappings/{name}", tag = "file-mappings", operation_id = "read_file_mapping",
    params(("name" = String, Path)),
    responses((status = 200, description = "The mapping.", body = FileMappingView), Refused),
    security(("bearer" = ["payroll:upload"]), ("bearer" = ["payroll:approve"]), ("bearer" = ["reports:read"])))]
pub(crate) async fn read(
    State(system): State<System>,
    PathParameters(name): PathParameters<String>,
) -> Result<Json<FileMappingView>, Problem> {
    Ok(Json(file_mappings::load(&system, &name).await?.into()))
}

/// Takes a mapping away, and answers what it was. Batches that were made with it keep it.
#[utoipa::path(delete, path = "/file-mappings/{name}", tag = "file-mappings", operation_id = "delete_file_mapping",
    params(("name" = String, Path)),
    responses((status = 200, description = "The mapping that was.", body = FileMappingView), Refused),
    security(("bearer" = ["payroll:upload"])))]
pub(crate) async fn delete(
    State(system): State<System>,
    caller: Caller,
    PathParameters(name): PathParameters<String>,
) -> Result<Json<FileMappingView>, Problem> {
    Ok(Json(file_mappings::delete(&system, &name, &caller.subject).await?.into()))
}
