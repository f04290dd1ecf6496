//! The HTTP conventions that every function keeps: problem details, callers and roles, bodies, idempotent creates, pages, CSV.
//!
//! A function builds its router, then wraps it: `conventions(authenticated(router, verifier))`, or `conventions(router)` alone for
//! webhooks, which bring a signature and no token. Whatever then leaves the function is JSON or problem details.

pub mod accept;
pub mod api_router;
pub mod attention_routes;
pub mod body;
pub mod caller;
pub mod csv_text;
pub mod idempotency;
mod json;
mod mistakes;
pub mod pages;
pub mod problem;
mod query_names;
pub mod reason;
pub mod request_id;

use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use http::Method;

use crate::http::problem::Problem;
use crate::http::request_id::identify;

/// The largest JSON body, in bytes. A route that takes files puts its own `DefaultBodyLimit` on itself.
pub const JSON_BYTES_MAX: usize = 1024 * 1024;

/// Unknown paths and methods, too large bodies and panics answer as problem details; every answer bears its request's id.
pub fn conventions(router: Router) -> Router {
    router
        .fallback(async || Problem::not_found("path_unknown", "There is nothing under this path."))
        .method_not_allowed_fallback(async |method: Method| Problem::method_not_allowed(&method))
        .layer(DefaultBodyLimit::max(JSON_BYTES_MAX))
        .layer(from_fn(catch_panic))
        .layer(from_fn(identify))
}

/// A panic fails its own request alone. The answer and the log name the route and nothing of what was asked.
async fn catch_panic(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    // Nothing that the request could have left half changed is used again: state lives in the table.
    AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(%method, path, "a handler panicked");
        Problem::internal().into_response()
    })
}

#[cfg(test)]
mod tests;
