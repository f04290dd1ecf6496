//! HTTP for people: link an institution, set a card's autopay up, agree to debits or take that back, and see why something was paid, or
//! not; for operators: lift a person's debit block, replace a check.
//!
//! Guarantees: a person is whoever the token names, and reaches only what is theirs; everything else is not there (404). Handlers
//! translate and nothing else: every decision is an operation of `shared`.

mod authorization;
mod bank_accounts;
mod cards;
mod items;
mod link;
mod operator;
mod payments;
mod replacements;
mod reviews;

use axum::extract::FromRequestParts;
use http::request::Parts;
use shared::domain::autopay::ids::PersonId;
use shared::domain::caller::{Caller, Role};
use shared::http::api_router::ApiRouter;
use shared::http::caller::with_any_role;
use shared::http::problem::Problem;
use shared::operations::System;
use shared::operations::autopay::subjects;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The function's whole HTTP surface.
pub const HTTP: ApiRouter<System> = ApiRouter::new(routes);

fn routes() -> OpenApiRouter<System> {
    let links = OpenApiRouter::new()
        .routes(routes!(link::create_token))
        .routes(routes!(items::list, items::create))
        .routes(routes!(items::read, items::remove))
        .routes(routes!(items::repaired))
        .routes(routes!(bank_accounts::list));
    let cards = OpenApiRouter::new()
        .routes(routes!(cards::list))
        .routes(routes!(cards::read))
        .routes(routes!(cards::set_up))
        .routes(routes!(cards::say_which))
        .routes(routes!(authorization::text))
        .routes(routes!(authorization::agree, authorization::revoke))
        .routes(routes!(reviews::list))
        .routes(routes!(reviews::make))
        .routes(routes!(payments::list))
        .routes(routes!(payments::posted))
        .routes(routes!(payments::cancel));
    let operator = OpenApiRouter::new()
        .routes(routes!(operator::clear_block))
        .routes(routes!(operator::clear_hold))
        .routes(routes!(operator::replace_check))
        .routes(routes!(replacements::read))
        .routes(routes!(operator::confirm_replacement))
        .routes(routes!(operator::send_refund_again))
        .routes(routes!(operator::confirm_refund_account));
    OpenApiRouter::new()
        .merge(with_any_role(links.merge(cards), &[Role::Person]))
        .merge(with_any_role(operator, &[Role::Operate]))
}

/// The person whom the token names.
struct Myself {
    id: PersonId,
}

impl FromRequestParts<System> for Myself {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &System) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        Ok(Self { id: subjects::person_of(state, &caller.subject).await? })
    }
}

/// Where a request came from, for the record of an authorization: what the nearest gateway saw, which it puts last.
struct CameFrom {
    ip_address: String,
}

const FORWARDED: &str = "x-forwarded-for";
const ADDRESS_CHARACTERS_MAX: usize = 45;

impl<S: Send + Sync> FromRequestParts<S> for CameFrom {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let forwarded = parts.headers.get_all(FORWARDED).iter().next_back();
        let nearest = forwarded.and_then(|value| value.to_str().ok()).and_then(|text| text.rsplit(',').next());
        let nearest = nearest.map(str::trim).filter(|text| (1..=ADDRESS_CHARACTERS_MAX).contains(&text.len()));
        Ok(Self { ip_address: nearest.unwrap_or("unknown").to_owned() })
    }
}

#[cfg(test)]
mod tests;
