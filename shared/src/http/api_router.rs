//! The HTTP surface of a function that people call: its routes, behind a token, under the conventions, and their description.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::adapters::tokens::TokenVerifier;
use crate::domain::deadline::Deadline;
use crate::http::caller::authenticated;
use crate::http::conventions;
use crate::http::problem::ProblemDetails;
use crate::ports::clock::Clock;

/// API Gateway gives up after 29 seconds; the rest is for the answer.
const REQUEST_TIME: Duration = Duration::from_secs(28);
const ANSWER_RESERVE: Duration = Duration::from_secs(3);

/// Until when a request may have calls in flight.
pub fn request_deadline(clock: &dyn Clock) -> Deadline {
    let now = clock.elapsed_now();
    Deadline::new(now.checked_add(REQUEST_TIME).unwrap_or(now), ANSWER_RESERVE)
}

#[derive(OpenApi)]
#[openapi(components(schemas(ProblemDetails)))]
struct Base;

/// What is served and what is described are made from the same routes.
#[derive(Clone, Copy, Debug)]
pub struct ApiRouter<S> {
    routes: fn() -> OpenApiRouter<S>,
}

impl<S: Clone + Send + Sync + 'static> ApiRouter<S> {
    /// Of routes that each name the roles that may use them.
    pub const fn new(routes: fn() -> OpenApiRouter<S>) -> Self {
        Self { routes }
    }

    /// The whole surface.
    pub fn router(&self, state: S, verifier: Arc<TokenVerifier>) -> Router {
        conventions(self.routes(state, verifier))
    }

    /// The routes behind authentication, without the conventions: for a server that merges several functions' routes into one.
    pub fn routes(&self, state: S, verifier: Arc<TokenVerifier>) -> Router {
        let (router, _) = self.described().split_for_parts();
        authenticated(router.with_state(state), verifier)
    }

    pub fn api(&self) -> utoipa::openapi::OpenApi {
        self.described().into_openapi()
    }

    fn described(&self) -> OpenApiRouter<S> {
        OpenApiRouter::with_openapi(Base::openapi()).merge((self.routes)())
    }
}
