//! HTTP for people who look: batches, reports, histories of payments and fundings, the ledger. Nothing here changes money.
//!
//! Counts and sums are computed from the payments at each request, read consistently; lists come from the index and may lag a moment.

mod batches;
mod fundings;
mod ledger;
mod payments;
mod readers;
mod report_files;

use shared::domain::caller::Role;
use shared::domain::task::ReportKind;
use shared::http::api_router::ApiRouter;
use shared::http::caller::with_any_role;
use shared::operations::System;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A kind of report stands in a path alone, where nothing else describes it.
#[derive(OpenApi)]
#[openapi(components(schemas(ReportKind)))]
struct Base;

/// The function's whole HTTP surface.
pub const HTTP: ApiRouter<System> = ApiRouter::new(routes);

fn routes() -> OpenApiRouter<System> {
    // Who uploads or approves follows the batch; its payments are for readers of reports, and for operators, whom attention leads there.
    let batches = OpenApiRouter::new().routes(routes!(batches::list)).routes(routes!(batches::read));
    let readings = OpenApiRouter::new().routes(routes!(report_files::read)).routes(routes!(payments::of_employee));
    // Of a person for operators alone.
    let movements = OpenApiRouter::new()
        .routes(routes!(payments::list))
        .routes(routes!(payments::read))
        .routes(routes!(payments::history))
        .routes(routes!(fundings::list))
        .routes(routes!(fundings::read))
        .routes(routes!(fundings::history))
        .routes(routes!(ledger::trial_balance))
        .routes(routes!(ledger::postings));
    let followers = &[Role::PayrollUpload, Role::PayrollApprove, Role::ReportsRead, Role::Operate];
    OpenApiRouter::with_openapi(Base::openapi())
        .merge(with_any_role(batches, followers))
        .merge(with_any_role(readings, &[Role::ReportsRead]))
        .merge(with_any_role(movements, &[Role::ReportsRead, Role::Operate]))
}
