//! Reconciliations: asked for by operators, besides the daily one; what they found; and whether the books can be relied on.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use shared::domain::caller::Caller;
use shared::domain::ids::ReconciliationId;
use shared::domain::reconciliation::health::Health;
use shared::domain::reconciliation::{Counts, Finding, Range, Reconciliation, ReconciliationState};
use shared::http::body::{JsonBody, PathParameters, QueryParameters};
use shared::http::pages::{PageBody, PageQuery};
use shared::http::problem::{Problem, Refused};
use shared::operations::{OperationError, System, lists, poll, reconciliation};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::repeats::once;

/// What is to be compared.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewReconciliation {
    /// The first day, in UTC, in which the bank made the transfers: `2026-03-02`.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// The last day; the same where it is left out. A range has 62 days at most.
    #[schema(value_type = Option<String>, format = Date)]
    to: Option<Date>,
    /// One source or person; all where it is left out.
    payer_id: Option<String>,
    /// Whether it only reports. So it does unless this is false: then the bank's word is applied where it is ahead of ours, and an
    /// unexplained difference pauses its payer.
    #[serde(default = "yes")]
    #[schema(default = true)]
    dry_run: bool,
}

const fn yes() -> bool {
    true
}

/// How a reconciliation stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReconciliationView {
    #[schema(value_type = String)]
    reconciliation_id: ReconciliationId,
    #[schema(value_type = String, format = Date)]
    from: Date,
    #[schema(value_type = String, format = Date)]
    to: Date,
    payer_id: Option<String>,
    dry_run: bool,
    state: ReconciliationState,
    /// Payers that are compared.
    payers: u64,
    /// What became of the comparisons; zeros until it is completed.
    counts: Counts,
    /// Who asked for it; `schedule` for the daily one.
    by: String,
    /// It judges nothing that the bank changed in the three hours before this.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    completed_at: Option<Timestamp>,
}

impl From<Reconciliation> for ReconciliationView {
    fn from(reconciliation: Reconciliation) -> Self {
        Self {
            reconciliation_id: reconciliation.id,
            from: reconciliation.range.from,
            to: reconciliation.range.to,
            payer_id: reconciliation.payer_id,
            dry_run: reconciliation.dry_run,
            state: reconciliation.state,
            payers: reconciliation.payers,
            counts: reconciliation.counts,
            by: reconciliation.by,
            as_of: reconciliation.as_of,
            completed_at: reconciliation.completed_at,
        }
    }
}

/// Compares our payments and fundings with the bank's transfers and checks, and the books with both, in the background.
///
/// With the header `Idempotency-Key` the same request may be sent again and begins no second one.
#[utoipa::path(post, path = "/reconciliations", tag = "reconciliations",
    params(("Idempotency-Key" = Option<String>, Header, description = "A name of yours for this request")),
    request_body = NewReconciliation,
    responses((status = 202, body = ReconciliationView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn begin(
    State(system): State<System>,
    caller: Caller,
    headers: HeaderMap,
    body: JsonBody<NewReconciliation>,
) -> Result<Response, Problem> {
    let act = async |id| match begun(&system, id, &caller, &body.value).await {
        Ok(begun) => (StatusCode::ACCEPTED, Json(begun)).into_response(),
        Err(problem) => problem.into_response(),
    };
    once(&system, &caller, &headers, "POST /reconciliations", &body.bytes, act).await
}

async fn begun(
    system: &System,
    id: Uuid,
    caller: &Caller,
    asked: &NewReconciliation,
) -> Result<ReconciliationView, Problem> {
    let now = system.clock.business_now();
    let range = Range::asked(asked.from, asked.to.unwrap_or(asked.from), now).map_err(OperationError::from)?;
    let payer_id = asked.payer_id.clone();
    Ok(reconciliation::request(system, id, range, payer_id, asked.dry_run, &caller.subject).await?.into())
}

/// Reconciliations, those of the schedule and those that operators asked for, newest first. The list lags a moment.
#[utoipa::path(get, path = "/reconciliations", tag = "reconciliations",
    params(PageQuery),
    responses((status = 200, body = PageBody<ReconciliationView>), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn list(
    State(system): State<System>,
    QueryParameters(page): QueryParameters<PageQuery>,
) -> Result<Json<PageBody<ReconciliationView>>, Problem> {
    let listed = lists::reconciliations(&system, page.start_after()?, page.limit()?).await?;
    Ok(Json(PageBody::new(listed.items.into_iter().map(ReconciliationView::from).collect(), listed.next)))
}

/// How a reconciliation stands.
#[utoipa::path(get, path = "/reconciliations/{reconciliation_id}", tag = "reconciliations",
    params(("reconciliation_id" = String, Path)),
    responses((status = 200, body = ReconciliationView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn read(
    State(system): State<System>,
    PathParameters(id): PathParameters<ReconciliationId>,
) -> Result<Json<ReconciliationView>, Problem> {
    Ok(Json(reconciliation::load(&system, id).await?.into()))
}

/// What it found, payer by payer. What agrees is counted and not listed.
#[utoipa::path(get, path = "/reconciliations/{reconciliation_id}/items", tag = "reconciliations",
    params(("reconciliation_id" = String, Path), PageQuery),
    responses((status = 200, body = PageBody<Finding>), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn items(
    State(system): State<System>,
    PathParameters(id): PathParameters<ReconciliationId>,
    QueryParameters(page): QueryParameters<PageQuery>,
) -> Result<Json<PageBody<Finding>>, Problem> {
    let (found, next) = reconciliation::findings(&system, id, page.start_after()?, page.limit()?).await?;
    Ok(Json(PageBody::new(found, next)))
}

/// Whether the books can be relied on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HealthView {
    health: Health,
    /// Every event of the bank up to this moment is recorded here, or waits in the inbox.
    #[schema(value_type = Option<String>, format = DateTime)]
    bank_events_until: Option<Timestamp>,
    /// The latest daily reconciliation; its items name every difference.
    reconciliation: Option<ReconciliationView>,
}

/// Whether payments, books and bank agree, by the daily reconciliation.
#[utoipa::path(get, path = "/health", tag = "reconciliations",
    responses((status = 200, body = HealthView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn health(State(system): State<System>) -> Result<Json<HealthView>, Problem> {
    let (health, latest) = reconciliation::health(&system).await?;
    let bank_events_until = poll::recorded_until(&system).await?;
    Ok(Json(HealthView { health, bank_events_until, reconciliation: latest.map(ReconciliationView::from) }))
}
