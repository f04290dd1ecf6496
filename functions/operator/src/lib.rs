//! HTTP for operators, who keep the whole system going: what waits for a person, the stop switch, dead letters, events of the bank that fit
//! nothing, the audit, reconciliations and the health of the books, corrections, endpoints of outgoing webhooks.
//!
//! What operators do to one batch, source, biller or person stands with the function whose thing that is.

mod account_corrections;
mod attention;
mod audit;
mod corrections;
mod dead_letters;
mod reconciliations;
mod repeats;
mod stops;
mod unmatched_events;
mod webhook_endpoints;
mod webhook_views;

use shared::domain::caller::Role;
use shared::http::api_router::ApiRouter;
use shared::http::caller::with_any_role;
use shared::operations::System;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The function's whole HTTP surface.
pub const HTTP: ApiRouter<System> = ApiRouter::new(routes);

fn routes() -> OpenApiRouter<System> {
    let operator = OpenApiRouter::new()
        .routes(routes!(attention::list))
        .routes(routes!(attention::count))
        .routes(routes!(dead_letters::list))
        .routes(routes!(dead_letters::read))
        .routes(routes!(dead_letters::send_again))
        .routes(routes!(dead_letters::send_all_again))
        .routes(routes!(dead_letters::discard))
        .routes(routes!(unmatched_events::list))
        .routes(routes!(unmatched_events::close))
        .routes(routes!(audit::read))
        .routes(routes!(reconciliations::list, reconciliations::begin))
        .routes(routes!(reconciliations::read))
        .routes(routes!(reconciliations::items))
        .routes(routes!(reconciliations::health))
        .routes(routes!(stops::list))
        .routes(routes!(stops::read, stops::throw))
        .routes(routes!(account_corrections::list))
        .routes(routes!(account_corrections::withdraw))
        .routes(routes!(account_corrections::confirm_withdrawal))
        .routes(routes!(corrections::propose))
        .routes(routes!(corrections::read))
        .routes(routes!(corrections::confirm))
        .routes(routes!(webhook_endpoints::list, webhook_endpoints::create))
        .routes(routes!(webhook_endpoints::read, webhook_endpoints::delete))
        .routes(routes!(webhook_endpoints::rotate_secret))
        .routes(routes!(webhook_endpoints::enable))
        .routes(routes!(webhook_endpoints::replay))
        .routes(routes!(webhook_endpoints::deliveries));
    with_any_role(operator, &[Role::Operate])
}
