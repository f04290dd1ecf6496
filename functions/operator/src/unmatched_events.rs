//! Events of the bank that fit nothing, or that cannot be read.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use shared::domain::bank::unmatched::{Closing, UnmatchedEvent, Why};
use shared::domain::caller::Caller;
use shared::http::body::{JsonBody, PathParameters, QueryParameters};
use shared::http::pages::{PageBody, PageQuery};
use shared::http::problem::{Problem, Refused};
use shared::operations::{System, lists, unmatched_events};
use utoipa::ToSchema;

use crate::dead_letters::Reasoned;

#[derive(Serialize, ToSchema)]
pub(crate) struct UnmatchedEventView {
    /// The bank's id of it; where it has none that can be read, a name of ours.
    event_id: String,
    why: Why,
    /// What the bank calls it, where it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    event_type: Option<String>,
    /// The payment or funding that it names, and the attempt; of one without a key of ours the transfer.
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<String>,
    /// Of one without a key of ours: the payer's account at the bank that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    bank_account_id: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Since when it wants an operator; absent while its payment may still turn up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    attention_since: Option<Timestamp>,
    /// Whether the body is kept here, sealed. Otherwise it is read again from the bank.
    body_is_kept: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    closing: Option<Closing>,
}

impl From<UnmatchedEvent> for UnmatchedEventView {
    fn from(event: UnmatchedEvent) -> Self {
        Self {
            event_id: event.event_id,
            why: event.why,
            event_type: event.event_type,
            about: event.about,
            bank_account_id: event.bank_account_id,
            since: event.since,
            attention_since: event.attention_since,
            body_is_kept: event.sealed_body.is_some(),
            closing: event.closing,
        }
    }
}

/// Events of the bank that fit no payment or funding, or that cannot be read, newest first. The list lags a moment.
#[utoipa::path(get, path = "/unmatched-events", tag = "unmatched events",
    params(PageQuery),
    responses((status = 200, body = PageBody<UnmatchedEventView>), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn list(
    State(system): State<System>,
    QueryParameters(page): QueryParameters<PageQuery>,
) -> Result<Json<PageBody<UnmatchedEventView>>, Problem> {
    let listed = lists::unmatched_events(&system, page.start_after()?, page.limit()?).await?;
    // The index may still show one that was closed.
    let open = listed.items.into_iter().filter(UnmatchedEvent::is_open);
    Ok(Json(PageBody::new(open.map(UnmatchedEventView::from).collect(), listed.next)))
}

/// Gives an event up for good. Asked for again, nothing changes.
#[utoipa::path(post, path = "/unmatched-events/{event_id}/close", tag = "unmatched events",
    params(("event_id" = String, Path)),
    request_body = Reasoned,
    responses((status = 200, body = UnmatchedEventView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn close(
    State(system): State<System>,
    caller: Caller,
    PathParameters(event_id): PathParameters<String>,
    body: JsonBody<Reasoned>,
) -> Result<Json<UnmatchedEventView>, Problem> {
    let closed = unmatched_events::close(&system, &event_id, &caller.subject, body.value.reason()?).await?;
    Ok(Json(closed.into()))
}
