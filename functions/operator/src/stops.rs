//! The stop switch: nothing leaves any more, of all payers or of one, known or not yet.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::caller::Caller;
use shared::domain::stop::{ALL, Left, Stop, is_scope};
use shared::http::body::{JsonBody, PathParameters};
use shared::http::problem::{Problem, Refused};
use shared::operations::{System, stops};
use utoipa::ToSchema;

/// How a switch is to stand.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Throw {
    stopped: bool,
    /// Why, for whoever reads it later; 1 to 500 characters.
    reason: String,
}

/// How a switch stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StopView {
    /// `all`, or the id of a source or person.
    scope: String,
    /// No money of the scope is claimed.
    stopped: bool,
    /// Nothing leaves any more for certain. False until what was claimed before the stop is over, which takes minutes: ask again.
    confirmed: bool,
    /// Who threw it last; absent where nobody ever has.
    by: Option<String>,
    reason: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// What the bank had, or may have, and had not settled when the stop was confirmed.
    left: Option<Left>,
}

/// The switch of all, and every one that is on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StopList {
    items: Vec<StopView>,
}

impl StopView {
    fn new(scope: &str, stop: Option<Stop>) -> Self {
        let confirmed = stop.as_ref().is_some_and(|stop| stop.stopped && stop.confirmed_at.is_some());
        let left = stop.as_ref().filter(|_| confirmed).map(|stop| stop.left);
        let stopped = stop.as_ref().is_some_and(|stop| stop.stopped);
        let since = stop.as_ref().map(|stop| stop.since);
        let (by, reason) = stop.map(|stop| (stop.by, stop.reason)).unzip();
        Self { scope: scope.to_owned(), stopped, confirmed, by, reason, since, left }
    }
}

/// The switch of all, and each payer's that is on. The list of payers lags a moment.
#[utoipa::path(get, path = "/stops", tag = "stops",
    responses((status = 200, body = StopList), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn list(State(system): State<System>) -> Result<Json<StopList>, Problem> {
    let on = stops::on(&system).await?;
    let mut items = Vec::new();
    if on.first().is_none_or(|stop| stop.scope != ALL) {
        items.push(StopView::new(ALL, stops::load(&system, ALL).await?));
    }
    items.extend(on.into_iter().map(|stop| StopView::new(&stop.scope.clone(), Some(stop))));
    Ok(Json(StopList { items }))
}

/// How the switch of `all`, or of a source or person, stands. One that was never thrown is off.
#[utoipa::path(get, path = "/stops/{scope}", tag = "stops",
    params(("scope" = String, Path, description = "`all`, or the id of a source or person")),
    responses((status = 200, body = StopView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn read(
    State(system): State<System>,
    PathParameters(scope): PathParameters<String>,
) -> Result<Json<StopView>, Problem> {
    let stop = stops::load(&system, &scope).await?;
    Ok(Json(StopView::new(&scope, stop)))
}

/// Throws a switch. While it is on no debit, transfer, check or refund of the scope is claimed; what is due stays due. The payer need not
/// exist yet. Thrown the same way again it stays as it is.
#[utoipa::path(put, path = "/stops/{scope}", tag = "stops",
    params(("scope" = String, Path, description = "`all`, or the id of a source or person")),
    request_body = Throw,
    responses((status = 200, body = StopView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn throw(
    State(system): State<System>,
    caller: Caller,
    PathParameters(scope): PathParameters<String>,
    body: JsonBody<Throw>,
) -> Result<Json<StopView>, Problem> {
    if !is_scope(&scope) {
        return Err(Problem::unprocessable(
            "stop_scope_invalid",
            "Name `all`, in small letters, or the whole id of a source or person.",
        ));
    }
    let Throw { stopped, reason } = body.value;
    let stop = stops::throw(&system, &scope, stopped, &caller.subject, &reason).await?;
    Ok(Json(StopView::new(&scope, stop)))
}
