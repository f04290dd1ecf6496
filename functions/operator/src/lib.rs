//! HTTP for operators, who keep the whole system going: dead letters, the audit, reconciliations and the health of the books, corrections.
//!
//! What operators do to one batch, source, biller or person stands with the function whose thing that is.

mod audit;
mod corrections;
mod dead_letters;
mod reconciliations;
mod repeats;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use shared::adapters::tokens::TokenVerifier;
use shared::domain::deadline::Deadline;
use shared::domain::people::Role;
use shared::http::caller::{authenticated, with_any_role};
use shared::http::conventions;
use shared::http::problem::ProblemDetails;
use shared::operations::System;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// API Gateway gives up after 29 seconds; the rest is for the answer.
const REQUEST_TIME: Duration = Duration::from_secs(28);
const ANSWER_RESERVE: Duration = Duration::from_secs(3);

#[derive(OpenApi)]
#[openapi(components(schemas(ProblemDetails)))]
struct Base;

/// The function's whole HTTP surface.
pub fn router(system: System, verifier: Arc<TokenVerifier>) -> Router {
    conventions(routes(system, verifier))
}

/// The routes behind authentication, without the conventions: for a server that merges several functions' routes into one.
pub fn routes(system: System, verifier: Arc<TokenVerifier>) -> Router {
    let (router, _) = described().split_for_parts();
    authenticated(router.with_state(system), verifier)
}

/// The description of the routes, made from the same source as the router.
pub fn api() -> utoipa::openapi::OpenApi {
    described().split_for_parts().1
}

fn described() -> OpenApiRouter<System> {
    let operator = OpenApiRouter::new()
        .routes(routes!(dead_letters::list))
        .routes(routes!(dead_letters::read))
        .routes(routes!(dead_letters::send_again))
        .routes(routes!(dead_letters::send_all_again))
        .routes(routes!(dead_letters::discard))
        .routes(routes!(audit::read))
        .routes(routes!(reconciliations::begin))
        .routes(routes!(reconciliations::read))
        .routes(routes!(reconciliations::items))
        .routes(routes!(reconciliations::health))
        .routes(routes!(corrections::propose))
        .routes(routes!(corrections::read))
        .routes(routes!(corrections::confirm));
    OpenApiRouter::with_openapi(Base::openapi()).merge(with_any_role(operator, &[Role::Operate]))
}

/// Until when a request may have calls in flight.
fn deadline(system: &System) -> Deadline {
    let now = system.clock.elapsed_now();
    Deadline::new(now.checked_add(REQUEST_TIME).unwrap_or(now), ANSWER_RESERVE)
}
