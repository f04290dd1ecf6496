//! HTTP for people who pay: upload a file, look at its summary, approve it as a second person, and stop, retry or refund what follows;
//! for operators: sources, billers, attention.
//!
//! Handlers translate and nothing else: every decision is an operation of `shared`. Each route names the roles that may use it, and
//! states them in the API's description as well; a test walks every route and holds the two together.

mod attention;
mod billers;
mod decisions;
mod file_body;
mod file_mappings;
mod outcomes;
mod reasons;
mod sources;
mod summary;
mod summary_view;
mod upload;

use axum::extract::DefaultBodyLimit;
use shared::domain::caller::Role;
use shared::http::api_router::ApiRouter;
use shared::http::caller::with_any_role;
use shared::operations::System;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const UPLOADERS: &[Role] = &[Role::PayrollUpload];
const APPROVERS: &[Role] = &[Role::PayrollApprove];
const OPERATORS: &[Role] = &[Role::Operate];

/// The function's whole HTTP surface.
pub const HTTP: ApiRouter<System> = ApiRouter::new(routes);

fn routes() -> OpenApiRouter<System> {
    let files =
        OpenApiRouter::new().routes(routes!(upload::create)).layer(DefaultBodyLimit::max(file_body::SENT_BYTES_MAX));
    let uploads = OpenApiRouter::new().routes(routes!(upload::fresh_link)).routes(routes!(decisions::withdraw));
    let readers = &[Role::PayrollUpload, Role::PayrollApprove, Role::ReportsRead];
    let mappings = OpenApiRouter::new().routes(routes!(file_mappings::store, file_mappings::delete));
    let mappings_read = OpenApiRouter::new().routes(routes!(file_mappings::list)).routes(routes!(file_mappings::read));
    let decisions = OpenApiRouter::new()
        .routes(routes!(decisions::approve))
        .routes(routes!(decisions::decline))
        .routes(routes!(decisions::cancel))
        .routes(routes!(decisions::retry));
    let operator = OpenApiRouter::new()
        .routes(routes!(decisions::refund))
        .routes(routes!(sources::pause))
        .routes(routes!(sources::resume))
        .routes(routes!(billers::list))
        .routes(routes!(billers::read, billers::propose))
        .routes(routes!(billers::confirm))
        .routes(routes!(billers::propose_remittance))
        .routes(routes!(billers::propose_institution_address))
        .routes(routes!(billers::confirm_remittance))
        .routes(routes!(attention::clear_payment))
        .routes(routes!(attention::clear_funding))
        .routes(routes!(attention::clear_batch))
        .routes(routes!(outcomes::read, outcomes::propose))
        .routes(routes!(outcomes::confirm));
    let source_readers = OpenApiRouter::new().routes(routes!(sources::list)).routes(routes!(sources::read));
    OpenApiRouter::new()
        .merge(with_any_role(files.merge(uploads).merge(mappings), UPLOADERS))
        .merge(with_any_role(
            OpenApiRouter::new().routes(routes!(summary::make)),
            &[Role::PayrollUpload, Role::PayrollApprove],
        ))
        .merge(with_any_role(OpenApiRouter::new().routes(routes!(summary::read)).merge(mappings_read), readers))
        .merge(with_any_role(decisions, APPROVERS))
        .merge(with_any_role(operator, OPERATORS))
        .merge(with_any_role(source_readers, &[Role::Operate, Role::ReportsRead]))
}
