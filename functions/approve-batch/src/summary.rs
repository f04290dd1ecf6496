//! The summary of a batch: made from its file, and read again.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use shared::domain::batch::{Batch, BatchState};
use shared::domain::caller::Caller;
use shared::domain::ids::BatchId;
use shared::domain::payroll_file::{Rejection, RowError};
use shared::http::api_router::request_deadline;
use shared::http::body::PathParameters;
use shared::http::problem::{Problem, ProblemEntry, Refused};
use shared::operations::summarize::{self, Summarized};
use shared::operations::{OperationError, System, approve, sources, upload};
use shared::ports::objects::ObjectError;
use utoipa::ToSchema;

use crate::summary_view::SummaryView;

/// A worker is reading the file: ask again with GET.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SummaryStarted {
    #[schema(value_type = String)]
    batch_id: BatchId,
    state: BatchState,
}

/// Reads the uploaded file and says what it holds. A file with errors answers 422 `file_rejected` and lists them. Whoever asks for a summary
/// counts as an uploader of the file and cannot approve it; reading one with GET counts for nothing.
#[utoipa::path(post, path = "/batches/{batch_id}/summary", tag = "batches",
    params(("batch_id" = String, Path)),
    responses((status = 200, body = SummaryView), (status = 202, body = SummaryStarted), Refused),
    security(("bearer" = ["payroll:upload"]), ("bearer" = ["payroll:approve"])))]
pub(crate) async fn make(
    State(system): State<System>,
    caller: Caller,
    PathParameters(batch_id): PathParameters<BatchId>,
) -> Result<Response, Problem> {
    match summarize::request(&system, batch_id, &caller.subject, request_deadline(&*system.clock)).await {
        Ok(Summarized::Ready(batch)) => ready(&system, &batch).await,
        Ok(Summarized::Rejected(_, rejection)) => Err(rejected(&rejection)),
        Ok(Summarized::Started) => Ok(started(batch_id)),
        Err(OperationError::Object(ObjectError::Missing(key))) if key == upload::upload_object(batch_id) => {
            let detail = "The file is not there yet. Put it where the upload link says, then ask again.";
            Err(Problem::conflict("file_missing", detail))
        }
        Err(other) => Err(other.into()),
    }
}

/// The summary that was made last.
#[utoipa::path(get, path = "/batches/{batch_id}/summary", tag = "batches",
    params(("batch_id" = String, Path)),
    responses((status = 200, body = SummaryView), (status = 202, body = SummaryStarted), Refused),
    security(("bearer" = ["payroll:upload"]), ("bearer" = ["payroll:approve"]), ("bearer" = ["reports:read"])))]
pub(crate) async fn read(
    State(system): State<System>,
    PathParameters(batch_id): PathParameters<BatchId>,
) -> Result<Response, Problem> {
    let batch = upload::load(&system, batch_id).await?;
    match batch.state {
        BatchState::Summarizing => Ok(started(batch_id)),
        BatchState::Rejected => Err(rejected(&summarize::stored_errors(&system, batch_id).await?)),
        BatchState::Draft
        | BatchState::Ready
        | BatchState::Importing
        | BatchState::Paying
        | BatchState::Completed
        | BatchState::Canceling
        | BatchState::Canceled
        | BatchState::Declined
        | BatchState::Expired
        | BatchState::Failed => ready(&system, &batch).await,
    }
}

fn started(batch_id: BatchId) -> Response {
    let body = SummaryStarted { batch_id, state: BatchState::Summarizing };
    (StatusCode::ACCEPTED, Json(body)).into_response()
}

async fn ready(system: &System, batch: &Batch) -> Result<Response, Problem> {
    let Some(head) = &batch.manifest else {
        let detail = "No summary was made of this batch: ask for one with POST.";
        return Err(Problem::conflict("summary_missing", detail));
    };
    let manifest = system.manifest(batch.id, &head.hash).await?;
    let obstacles = approve::obstacles(system, batch, &manifest).await?;
    let pauses = sources::pauses(system, &manifest).await?;
    let view = SummaryView::new(batch, head, &manifest, obstacles, &pauses).map_err(OperationError::from)?;
    Ok(Json(view).into_response())
}

fn rejected(rejection: &Rejection) -> Problem {
    let errors = rejection.errors().into_iter().map(entry).collect();
    let detail = "The file has errors, so nothing of it can be paid. Correct it and upload it again: see errors.";
    Problem::unprocessable("file_rejected", detail).with_errors(errors, rejection.error_count())
}

fn entry(error: RowError) -> ProblemEntry {
    ProblemEntry {
        row: Some(error.row),
        line: error.line,
        field: error.field,
        column: error.column,
        code: error.code.to_string(),
        offset: Some(error.offset),
        message: error.message,
    }
}
