//! Who did what: one day of the audit.

use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use shared::http::body::QueryParameters;
use shared::http::problem::{Problem, Refused};
use shared::operations::System;
use shared::store::audit::{self, AuditEntry};
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Day {
    /// The day in UTC: `2026-03-02`.
    #[param(value_type = String, format = Date)]
    day: Date,
}

/// What people did on the day, in the order of time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditView {
    items: Vec<AuditEntry>,
}

/// What people did on a day.
#[utoipa::path(get, path = "/audit", tag = "audit",
    params(Day),
    responses((status = 200, body = AuditView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn of_day(
    State(system): State<System>,
    QueryParameters(Day { day }): QueryParameters<Day>,
) -> Result<Json<AuditView>, Problem> {
    Ok(Json(AuditView { items: audit::of_day(&*system.table, day).await? }))
}
