//! HTTP for operators, who keep the whole system going: the audit.
//!
//! What operators do to one batch, source, biller or person stands with the function whose thing that is.

mod audit;

use std::sync::Arc;

use axum::Router;
use shared::adapters::tokens::TokenVerifier;
use shared::domain::people::Role;
use shared::http::caller::{authenticated, with_any_role};
use shared::http::conventions;
use shared::http::problem::ProblemDetails;
use shared::operations::System;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

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
    let audit = OpenApiRouter::new().routes(routes!(audit::of_day));
    OpenApiRouter::with_openapi(Base::openapi()).merge(with_any_role(audit, &[Role::Operate]))
}
