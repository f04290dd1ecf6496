//! The three reports of a batch, as CSV or JSON. A large one is written by a worker and read by a link.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use shared::domain::ids::BatchId;
use shared::domain::task::{ReportFormat, ReportKind};
use shared::http::accept::wanted_format;
use shared::http::body::PathParameters;
use shared::http::problem::{Problem, Refused};
use shared::operations::report_text::{PaymentLine, TallyLine};
use shared::operations::reports::{self, LargeReport};
use shared::operations::{System, report_text, upload};
use utoipa::ToSchema;

const ASK_AGAIN_SECONDS: &str = "5";

/// Where a large report stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
pub(crate) enum ReportView {
    /// A worker is writing it: ask again in a few seconds.
    Preparing,
    /// Get it there before the link ends after 15 minutes. The header `Location` says the same.
    Ready { url: String },
}

/// A line of a report as JSON: of the payments report, or of the two others.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the lines that are written elsewhere")]
pub(crate) enum ReportLine {
    Payment(PaymentLine),
    Tally(TallyLine),
}

/// A report of a batch, from its payments as they stand: CSV unless `Accept` asks for JSON. Above 100,000 rows it answers 202 while a
/// worker writes it, then 303 with a link.
#[utoipa::path(get, path = "/batches/{batch_id}/reports/{report}", tag = "batches",
    params(("batch_id" = String, Path), ("report" = ReportKind, Path)),
    responses(
        (status = 200, content((String = "text/csv"), (Vec<ReportLine> = "application/json"))),
        (status = 202, body = ReportView),
        (status = 303, body = ReportView),
        Refused),
    security(("bearer" = ["reports:read"])))]
pub(crate) async fn read(
    State(system): State<System>,
    PathParameters((batch_id, report)): PathParameters<(BatchId, ReportKind)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let format = wanted_format(&headers, ReportFormat::Csv)?;
    let batch = upload::load(&system, batch_id).await?;
    let rows = batch.manifest.as_ref().map_or(0, |head| head.rows);
    if rows > system.settings.report_rows_in_answer_max {
        return Ok(elsewhere(reports::large(&system, batch_id, report, format).await?));
    }
    let (content_type, body) = report_text::render(&system, batch_id, report, format).await?;
    let mut response = body.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    Ok(response)
}

fn elsewhere(report: LargeReport) -> Response {
    match report {
        LargeReport::Preparing => {
            let headers = [(RETRY_AFTER, ASK_AGAIN_SECONDS)];
            (StatusCode::ACCEPTED, headers, Json(ReportView::Preparing)).into_response()
        }
        LargeReport::Ready(link) => {
            let headers = [(LOCATION, link.url.clone())];
            (StatusCode::SEE_OTHER, headers, Json(ReportView::Ready { url: link.url })).into_response()
        }
    }
}
