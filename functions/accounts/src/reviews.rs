//! Why a card was paid, or not.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use shared::domain::autopay::ids::CardId;
use shared::domain::autopay::review::{Action, Figures, Review};
use shared::domain::money::Cents;
use shared::domain::task::Task;
use shared::http::api_router::request_deadline;
use shared::http::body::{PathParameters, QueryParameters};
use shared::http::pages::PageQuery;
use shared::http::problem::{Problem, Refused};
use shared::operations::System;
use shared::operations::autopay::{people, review};
use utoipa::ToSchema;

use crate::Myself;

#[derive(Serialize, ToSchema)]
pub(crate) struct ReviewView {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    action: Action,
    /// Stable: programs may rely on it.
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    amount: Option<Cents>,
    /// Why, for people.
    reason: String,
    figures: Figures,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ReviewList {
    items: Vec<ReviewView>,
}

impl From<Review> for ReviewView {
    fn from(review: Review) -> Self {
        Self {
            at: review.at,
            action: review.action,
            code: review.code,
            amount: review.amount,
            reason: review.reason,
            figures: review.figures,
        }
    }
}

/// The latest reviews, newest first: those that paid or announced, and those that came to something else than the one before.
#[utoipa::path(get, path = "/cards/{card_id}/reviews", tag = "cards",
    params(("card_id" = String, Path), 
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "1 to 1000; 100 where it is left out")),
    responses((status = 200, body = ReviewList), Refused),
    security(("bearer" = ["person"])))]
pub(crate) async fn list(
    State(system): State<System>,
    myself: Myself,
    PathParameters(card_id): PathParameters<CardId>,
    QueryParameters(page): QueryParameters<PageQuery>,
) -> Result<Json<ReviewList>, Problem> {
    let reviews = review::recorded(&system, myself.id, card_id, page.limit()?).await?;
    Ok(Json(ReviewList { items: reviews.into_iter().map(ReviewView::from).collect() }))
}

/// Reviews the card now, on what is known of it.
///
/// Where a bank may take longer than a request, the answer is `bank_balance_stale` and the review is made again behind it.
#[utoipa::path(post, path = "/cards/{card_id}/review", tag = "cards",
    params(("card_id" = String, Path)),
    responses((status = 200, body = ReviewView), Refused),
    security(("bearer" = ["person"])))]
pub(crate) async fn make(
    State(system): State<System>,
    myself: Myself,
    PathParameters(card_id): PathParameters<CardId>,
) -> Result<Json<ReviewView>, Problem> {
    let card = people::card(&system, myself.id, card_id).await?;
    let review = review::review(&system, card.id, Some(myself.id), request_deadline(&*system.clock)).await?;
    let review = review.ok_or_else(|| Problem::not_found("not_found", "There is no such card."))?;
    if review.wants_bank_balance() {
        system.hint([Task::Review { card_id }]).await;
    }
    Ok(Json(review.into()))
}
