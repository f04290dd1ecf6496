//! The three reports of a batch, as CSV or JSON. A large one is written by a worker and read by a link.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use shared::domain::ids::BatchId;
use shared::domain::task::{ReportFormat, ReportKind};
use shared::http::accept::wanted_format;
use shared::http::body::{PathParameters, QueryParameters};
use shared::http::problem::{Problem, Refused};
use shared::operations::report_text::{PaymentLine, TallyLine};
use shared::operations::reports::{self, LargeReport};
use shared::operations::{System, report_text, upload};
use utoipa::{IntoParams, ToSchema};

const ASK_AGAIN_SECONDS: &str = "5";

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Spelling {
    /// Begin CSV with a byte order mark, by which spreadsheets know that it is UTF-8; false where it is left out.
    #[serde(default)]
    bom: bool,
}

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
/// worker writes it, then 303 with a link. The header `Content-Disposition` names it as a file.
#[utoipa::path(get, path = "/batches/{batch_id}/reports/{report}", tag = "batches",
    params(("batch_id" = String, Path), ("report" = ReportKind, Path), Spelling),
    responses(
        (status = 200, content((String = "text/csv"), (Vec<ReportLine> = "application/json"))),
        (status = 202, body = ReportView),
        (status = 303, body = ReportView),
        Refused),
    security(("bearer" = ["reports:read"])))]
pub(crate) async fn read(
    State(system): State<System>,
    PathParameters((batch_id, report)): PathParameters<(BatchId, ReportKind)>,
    QueryParameters(spelling): QueryParameters<Spelling>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let format = match wanted_format(&headers, ReportFormat::Csv)? {
        ReportFormat::Csv if spelling.bom => ReportFormat::CsvBom,
        format @ (ReportFormat::Csv | ReportFormat::CsvBom | ReportFormat::Json) => format,
    };
    let batch = upload::load(&system, batch_id).await?;
    let rows = batch.manifest.as_ref().map_or(0, |head| head.rows);
    if rows > system.settings.report_rows_in_answer_max {
        return Ok(elsewhere(reports::large(&system, batch_id, report, format).await?));
    }
    let (content_type, body) = report_text::render(&system, batch_id, report, format).await?;
    let name = reports::file_name(batch_id, report, format);
    let headers =
        [(CONTENT_TYPE, content_type.to_owned()), (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))];
    Ok((headers, body).into_response())
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
