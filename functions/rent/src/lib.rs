//! HTTP for landlords and renters.
//!
//! Limit: so far the schedule of a lease before there is one; leases, statements and payments of rent are not served yet.

mod leases;

use shared::domain::caller::Role;
use shared::http::api_router::ApiRouter;
use shared::http::caller::with_any_role;
use shared::operations::System;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The function's whole HTTP surface.
pub const HTTP: ApiRouter<System> = ApiRouter::new(routes);

fn routes() -> OpenApiRouter<System> {
    with_any_role(OpenApiRouter::new().routes(routes!(leases::preview)), &[Role::Person])
}
