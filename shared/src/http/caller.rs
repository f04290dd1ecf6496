//! Who calls, on every route: a bearer token that verifies, and the role that the route needs.

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http::header::AUTHORIZATION;
use http::request::Parts;
use utoipa_axum::router::OpenApiRouter;

use crate::adapters::tokens::{TokenError, TokenVerifier};
use crate::domain::caller::{Caller, MissingRole, Role};
use crate::http::problem::Problem;
use crate::http::query_names::{QueryNames, refuse_others};

const NO_TOKEN: &str = "Bearer";
const BAD_TOKEN: &str = "Bearer error=\"invalid_token\"";

/// Lets nobody reach a route of this router without a valid token, whether or not its handler asks for the [`Caller`].
pub fn authenticated(router: Router, verifier: Arc<TokenVerifier>) -> Router {
    router.route_layer(from_fn_with_state(verifier, authenticate))
}

/// Lets only callers with one of the roles reach these routes, and only with query parameters that the routes describe. Stands inside
/// [`authenticated`], and answers before the path and the body are read: whoever lacks the role learns nothing else.
pub fn with_any_role<S: Clone + Send + Sync + 'static>(
    routes: OpenApiRouter<S>,
    roles: &'static [Role],
) -> OpenApiRouter<S> {
    let names = QueryNames::of(routes.get_openapi());
    routes.route_layer(from_fn_with_state(names, refuse_others)).route_layer(from_fn_with_state(roles, check_role))
}

async fn authenticate(
    State(verifier): State<Arc<TokenVerifier>>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let authorization = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let caller = verifier.verify(authorization).await?;
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

async fn check_role(
    State(roles): State<&'static [Role]>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    caller.require(roles)?;
    Ok(next.run(request).await)
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        parts.extensions.get::<Caller>().cloned().ok_or_else(|| {
            tracing::error!("a route asks for its caller without standing behind authentication");
            Problem::internal()
        })
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        let detail = format!("{error}.");
        match error {
            TokenError::Missing => Problem::unauthorized("token_missing", detail, NO_TOKEN),
            TokenError::Malformed
            | TokenError::WrongAlgorithm
            | TokenError::UnknownKey
            | TokenError::BadSignature
            | TokenError::Refused(_) => Problem::unauthorized("token_invalid", detail, BAD_TOKEN),
            TokenError::IssuerUnreachable(cause) => {
                tracing::warn!(cause, "the token issuer cannot be reached");
                let detail = "Tokens cannot be verified right now. Send the same request again.";
                Problem::unavailable("issuer_unreachable", detail, 5)
            }
        }
    }
}

impl From<MissingRole> for Problem {
    fn from(missing: MissingRole) -> Self {
        let roles: Vec<&str> = missing.0.iter().map(|role| role.as_str()).collect();
        Problem::forbidden("role_missing", format!("{missing}.")).with("roles", roles)
    }
}
