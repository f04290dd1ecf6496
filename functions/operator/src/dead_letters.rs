//! Tasks that the queues gave up.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::caller::Caller;
use shared::domain::dead_letter::{
    BodyFacts, Contents, DeadLetter, DeadLetterId, DeadLetterState, Failure, LetterDecision, task_text,
};
use shared::domain::task::{QueueName, Task};
use shared::http::api_router::request_deadline;
use shared::http::body::{JsonBody, PathParameters, QueryParameters};
use shared::http::pages::{PageBody, PageQuery};
use shared::http::problem::{Problem, Refused};
use shared::http::reason::stated;
use shared::operations::{System, dead_letters, lists};
use utoipa::ToSchema;

/// Why an operator does it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reasoned {
    /// For the audit; 1 to 500 characters, and nothing personal.
    reason: String,
}

impl Reasoned {
    pub(crate) fn reason(&self) -> Result<&str, Problem> {
        stated(&self.reason, "reason_invalid", "why you do this")
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct DeadLetterView {
    #[schema(value_type = String)]
    dead_letter_id: DeadLetterId,
    state: DeadLetterState,
    queue: QueueName,
    /// What it was to do, for people.
    text: String,
    /// Its kind and ids; absent where it is no task that can be run.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    task: Option<Task>,
    /// What describes a message that is no task: it may hold anything, so it is not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<BodyFacts>,
    /// How its last try ended; absent where the worker ended without a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
    /// Messages that say this and were given up since it is open.
    times: u64,
    /// Since when it is open.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last_at: Timestamp,
    /// What an operator decided last. Where it is open nevertheless, it was given up once more.
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<LetterDecision>,
}

impl From<DeadLetter> for DeadLetterView {
    fn from(letter: DeadLetter) -> Self {
        let (text, task, message) = match letter.contents {
            Contents::Task { task } => (task_text(&task), Some(task), None),
            Contents::OtherVersion { task_version, body } => {
                (format!("a task of version {task_version}, which this code does not read"), None, Some(body))
            }
            Contents::NotATask { body } => ("no task of Clearway".to_owned(), None, Some(body)),
        };
        Self {
            dead_letter_id: letter.id,
            state: letter.state,
            queue: letter.queue,
            text,
            task,
            message,
            failure: letter.failure,
            times: letter.times,
            since: letter.since,
            last_at: letter.last_at,
            decision: letter.decision,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SentAgainView {
    sent: usize,
    /// They are no tasks that can be run: discard them.
    not_tasks: usize,
    /// There may be more: ask again.
    has_more: bool,
}

/// Dead letters that wait for an operator, newest first. The list lags a moment.
#[utoipa::path(get, path = "/dead-letters", tag = "dead letters",
    params(PageQuery),
    responses((status = 200, body = PageBody<DeadLetterView>), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn list(
    State(system): State<System>,
    QueryParameters(page): QueryParameters<PageQuery>,
) -> Result<Json<PageBody<DeadLetterView>>, Problem> {
    let listed = lists::dead_letters(&system, page.start_after()?, page.limit()?).await?;
    // The index may still show one that was dealt with.
    let open = listed.items.into_iter().filter(|letter| letter.state.is_open());
    Ok(Json(PageBody::new(open.map(DeadLetterView::from).collect(), listed.next)))
}

/// One dead letter; of those that were dealt with, for 90 days.
#[utoipa::path(get, path = "/dead-letters/{dead_letter_id}", tag = "dead letters",
    params(("dead_letter_id" = String, Path)),
    responses((status = 200, body = DeadLetterView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn read(
    State(system): State<System>,
    PathParameters(id): PathParameters<DeadLetterId>,
) -> Result<Json<DeadLetterView>, Problem> {
    Ok(Json(dead_letters::load(&system, id).await?.into()))
}

/// Puts the task on the queue again that gave it up. Asked for again, nothing is sent twice.
#[utoipa::path(post, path = "/dead-letters/{dead_letter_id}/send-again", tag = "dead letters",
    params(("dead_letter_id" = String, Path)),
    request_body = Reasoned,
    responses((status = 200, body = DeadLetterView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn send_again(
    State(system): State<System>,
    caller: Caller,
    PathParameters(id): PathParameters<DeadLetterId>,
    body: JsonBody<Reasoned>,
) -> Result<Json<DeadLetterView>, Problem> {
    let letter = dead_letters::send_again(&system, id, &caller.subject, body.value.reason()?).await?;
    Ok(Json(letter.into()))
}

/// Puts every task that waits on its queue again, as many as the time of a request allows.
#[utoipa::path(post, path = "/dead-letters/send-again", tag = "dead letters",
    request_body = Reasoned,
    responses((status = 200, body = SentAgainView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn send_all_again(
    State(system): State<System>,
    caller: Caller,
    body: JsonBody<Reasoned>,
) -> Result<Json<SentAgainView>, Problem> {
    let reason = body.value.reason()?;
    let done = dead_letters::send_all_again(&system, &caller.subject, reason, request_deadline(&*system.clock)).await?;
    Ok(Json(SentAgainView { sent: done.sent, not_tasks: done.not_tasks, has_more: done.has_more }))
}

/// Gives a dead letter up for good. Asked for again, nothing changes.
#[utoipa::path(post, path = "/dead-letters/{dead_letter_id}/discard", tag = "dead letters",
    params(("dead_letter_id" = String, Path)),
    request_body = Reasoned,
    responses((status = 200, body = DeadLetterView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn discard(
    State(system): State<System>,
    caller: Caller,
    PathParameters(id): PathParameters<DeadLetterId>,
    body: JsonBody<Reasoned>,
) -> Result<Json<DeadLetterView>, Problem> {
    let letter = dead_letters::discard(&system, id, &caller.subject, body.value.reason()?).await?;
    Ok(Json(letter.into()))
}
