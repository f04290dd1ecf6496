//! Sources: how they stand, and an operator's pause for one.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::caller::Caller;
use shared::domain::source::{Pause, PauseWord, Source};
use shared::http::body::{PathParameters, RawBody, parse_json};
use shared::http::problem::{Problem, Refused};
use shared::operations::{System, sources};
use utoipa::ToSchema;

use crate::reasons::ReasonBody;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceView {
    source_id: String,
    name: String,
    account_last4: String,
    fingerprint: String,
    /// The source's own account at the bank, once it is opened.
    bank_account_id: Option<String>,
    /// Nothing leaves the source now.
    paused: bool,
    pause: Option<Pause>,
    /// What an operator said who paused it, while that holds.
    pause_word: Option<PauseWord>,
    /// A funding came back after it was available: nothing is released until it is settled.
    receivable_open: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// Every source, by id.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceList {
    items: Vec<SourceView>,
}

impl SourceView {
    fn new(source: Source, now: Timestamp) -> Self {
        let pause = source.standing_pause(now).cloned();
        let pause_word = source.standing_word(now).cloned();
        Self {
            paused: pause.is_some(),
            source_id: source.id,
            name: source.name,
            account_last4: source.account.account_last4,
            fingerprint: source.account.fingerprint,
            bank_account_id: source.bank_account_id,
            pause,
            pause_word,
            receivable_open: source.receivable_open,
            created_at: source.created_at,
            updated_at: source.updated_at,
        }
    }
}

fn view(system: &System, source: Source) -> Json<SourceView> {
    Json(SourceView::new(source, system.clock.business_now()))
}

fn list_view(system: &System, sources: Vec<Source>) -> Json<SourceList> {
    let now = system.clock.business_now();
    Json(SourceList { items: sources.into_iter().map(|source| SourceView::new(source, now)).collect() })
}

/// Every source that a batch was approved for.
#[utoipa::path(get, path = "/sources", tag = "sources",
    responses((status = 200, body = SourceList), Refused),
    security(("bearer" = ["operate"]), ("bearer" = ["reports:read"])))]
pub(crate) async fn list(State(system): State<System>) -> Result<Json<SourceList>, Problem> {
    Ok(list_view(&system, sources::all(&system).await?))
}

/// One source.
#[utoipa::path(get, path = "/sources/{source_id}", tag = "sources",
    params(("source_id" = String, Path)),
    responses((status = 200, body = SourceView), Refused),
    security(("bearer" = ["operate"]), ("bearer" = ["reports:read"])))]
pub(crate) async fn read(
    State(system): State<System>,
    PathParameters(source_id): PathParameters<String>,
) -> Result<Json<SourceView>, Problem> {
    Ok(view(&system, sources::load(&system, &source_id).await?))
}

/// Nothing leaves the source until it is resumed.
#[utoipa::path(post, path = "/sources/{source_id}/pause", tag = "sources",
    params(("source_id" = String, Path)),
    request_body = Option<ReasonBody>,
    responses((status = 200, body = SourceView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn pause(
    State(system): State<System>,
    caller: Caller,
    PathParameters(source_id): PathParameters<String>,
    RawBody(body): RawBody,
) -> Result<Json<SourceView>, Problem> {
    let said = ReasonBody::read(&body)?;
    Ok(view(&system, sources::pause(&system, &source_id, said.by(&caller)?).await?))
}

/// Why a source goes on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResumeBody {
    /// 1 to 500 characters. Wanted where a debit came back with a code that forbids another one (pause reason `return_code`).
    #[serde(default)]
    reason: Option<String>,
}

/// Ends a pause, whoever or whatever made it.
#[utoipa::path(post, path = "/sources/{source_id}/resume", tag = "sources",
    params(("source_id" = String, Path)),
    request_body = Option<ResumeBody>,
    responses((status = 200, body = SourceView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn resume(
    State(system): State<System>,
    caller: Caller,
    PathParameters(source_id): PathParameters<String>,
    RawBody(body): RawBody,
) -> Result<Json<SourceView>, Problem> {
    let reason = if body.is_empty() { None } else { parse_json::<ResumeBody>(&body)?.reason };
    Ok(view(&system, sources::resume(&system, &source_id, &caller.subject, reason.as_deref()).await?))
}
