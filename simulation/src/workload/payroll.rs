//! A batch as people see it: uploaded, looked at, approved (or not), canceled, tried again, and its rest given back.

use std::task::Poll;

use auditor::evidence::{CommandKind, PayrollFile};
use generator::Style;
use http::StatusCode;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use scenarios::simulation::people::{Caller, Sent};
use serde_json::{Value, json};
use shared::operations::upload::upload_object;
use shared::ports::queue::QueueName;

use super::Script;
use super::files::File;
use crate::actor::{Actor, Answer, Request};
use crate::setup::Setup;

pub(crate) const UPLOADERS: [&str; 2] = ["uma", "ulf"];
const APPROVERS: [&str; 2] = ["abe", "ada"];
pub(crate) const OPERATORS: [&str; 2] = ["olga", "oscar"];

/// Looks at a batch before people leave it alone.
const LOOKS_MAX: u32 = 24;

pub(super) fn scripts(setup: &Setup, actor: &Actor) -> Vec<Script> {
    let Some(plan) = &setup.payroll else { return Vec::new() };
    let Ok(rows) = generator::rows(&plan.company) else { return Vec::new() };
    let dead_servicers = rows.dead_servicers().to_vec();
    let mut rows = rows.collect::<Vec<_>>().into_iter();
    let mut scripts: Vec<Script> = Vec::new();
    for _ in 0..plan.batches {
        let count = usize::try_from(actor.weather.between(2, plan.rows_max)).unwrap_or(2);
        let rows = rows.by_ref().take(count).collect();
        scripts.push(Box::pin(batch(actor.clone(), File { rows, dead_servicers: dead_servicers.clone() })));
    }
    scripts
}

async fn batch(actor: Actor, file: File) {
    actor.wait_minutes(0, 6 * 24 * 60).await;
    let pay_period = actor.now().to_zoned(TimeZone::UTC).date();
    let Some(batch_id) = upload(&actor, &file, Style::Compact, pay_period).await else { return };
    // Some send the same payments of the same period in another file as well.
    let sends_a_twin = actor.weather.is_one_in(4);
    let twin = if sends_a_twin { upload(&actor, &file.reversed(), Style::Pretty, pay_period).await } else { None };
    let Some(summary) = summarize(&actor, &batch_id).await else { return };
    if actor.weather.is_one_in(5) {
        let by = Caller::Approver(UPLOADERS[0]);
        let answer = approve(&actor, by, &batch_id, &summary).await;
        actor.tell(format_args!("the uploader's own approval: {:?}", answer.map(|answer| answer.status)));
    }
    actor.wait_minutes(0, 24 * 60).await;
    match actor.weather.below(16) {
        0 => {
            let path = format!("/batches/{batch_id}/decline");
            command(&actor, Caller::Approver(APPROVERS[0]), CommandKind::Decline, &batch_id, &path, Sent::Nothing)
                .await;
        }
        // Nobody ever approves it.
        1 => return,
        _ => {
            if actor.weather.is_one_in(3) {
                let (first, second) = (Caller::Approver(APPROVERS[0]), Caller::Approver(APPROVERS[1]));
                futures::join!(
                    approve(&actor, first, &batch_id, &summary),
                    approve(&actor, second, &batch_id, &summary)
                );
            } else {
                approve(&actor, Caller::Approver(APPROVERS[0]), &batch_id, &summary).await;
            }
        }
    }
    if let Some(twin) = twin {
        approve_twin(&actor, &twin).await;
    }
    if actor.weather.is_one_in(6) {
        actor.wait_minutes(0, 5 * 24 * 60).await;
        if actor.weather.is_one_in(2) {
            meet_the_sweep(&actor, &batch_id).await;
        }
        let path = format!("/batches/{batch_id}/cancel");
        command(&actor, Caller::Approver(APPROVERS[1]), CommandKind::Cancel, &batch_id, &path, Sent::Nothing).await;
    }
    look_after(&actor, &batch_id).await;
}

/// Waits until the machines look at the batch as well.
async fn meet_the_sweep(actor: &Actor, batch_id: &str) {
    let items = actor.simulation.table.dump();
    let header = items.iter().find(|item| item.get("sk").is_some_and(|sk| sk == "BATCH") && item["id"] == batch_id);
    let due_at = header.and_then(|header| header.get("due_at")?.as_str()?.parse::<Timestamp>().ok());
    let Some(due_at) = due_at else { return };
    actor.wait(due_at.duration_since(actor.now()).max(SignedDuration::ZERO)).await;
    let until = actor.now().saturating_add(SignedDuration::from_mins(30)).unwrap_or(Timestamp::MAX);
    let is_met = || actor.simulation.queue.counters(QueueName::Other).in_flight > 0 || until < actor.now();
    std::future::poll_fn(|_| if is_met() { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// The file comes with the request, or by a link. Answers the batch's id.
async fn upload(actor: &Actor, file: &File, style: Style, pay_period: Date) -> Option<String> {
    let bytes = file.bytes(style).ok()?;
    let by = UPLOADERS[0];
    let by_link = actor.weather.is_one_in(3);
    let (path, sent) = if by_link {
        ("/batches".to_owned(), Sent::Json(json!({ "length": bytes.len(), "pay_period": pay_period })))
    } else {
        (format!("/batches?pay_period={pay_period}"), Sent::Xml(bytes.clone()))
    };
    let created = actor.ask(Request::post(Caller::Uploader(by), path, sent)).await?;
    let batch_id = created.body["batch_id"].as_str()?.to_owned();
    if by_link {
        let key = upload_object(batch_id.parse().ok()?);
        actor.simulation.system.objects.put(&key, "application/xml", bytes).await.ok()?;
    }
    let rows = file.rows_as_asked();
    actor.has_uploaded(PayrollFile { batch_id: batch_id.clone(), uploaded_by: by.to_owned(), rows });
    Some(batch_id)
}

async fn summarize(actor: &Actor, batch_id: &str) -> Option<Value> {
    let path = format!("/batches/{batch_id}/summary");
    let caller = Caller::Uploader(UPLOADERS[0]);
    let mut answer = actor.ask(Request::post(caller, path.clone(), Sent::Nothing)).await?;
    for _ in 0..LOOKS_MAX {
        if answer.status != StatusCode::ACCEPTED {
            break;
        }
        actor.wait_minutes(1, 20).await;
        answer = actor.ask(Request::get(caller, path.clone())).await?;
    }
    (answer.status == StatusCode::OK).then_some(answer.body)
}

async fn approve(actor: &Actor, caller: Caller, batch_id: &str, summary: &Value) -> Option<Answer> {
    let body = json!({
        "manifest_hash": summary["manifest_hash"],
        "total": summary["total"],
        "accept_accounts": summary["to_acknowledge"]["accounts"],
        "accept_overlaps": summary["to_acknowledge"]["overlaps"],
    });
    let path = format!("/batches/{batch_id}/approve");
    let answer = command(actor, caller, CommandKind::Approve, batch_id, &path, Sent::Json(body)).await;
    if answer.as_ref().is_some_and(|answer| answer.status == StatusCode::CONFLICT) {
        // The summary was made before somebody else's approval: it is made again and looked at again.
        return approve_anew(actor, caller, batch_id).await;
    }
    answer
}

async fn approve_anew(actor: &Actor, caller: Caller, batch_id: &str) -> Option<Answer> {
    let summary = summarize(actor, batch_id).await?;
    let body = json!({
        "manifest_hash": summary["manifest_hash"],
        "total": summary["total"],
        "accept_accounts": summary["to_acknowledge"]["accounts"],
        "accept_overlaps": summary["to_acknowledge"]["overlaps"],
    });
    let path = format!("/batches/{batch_id}/approve");
    command(actor, caller, CommandKind::Approve, batch_id, &path, Sent::Json(body)).await
}

/// The same payments in another file: refused while the first file claims them.
async fn approve_twin(actor: &Actor, batch_id: &str) {
    actor.wait_minutes(0, 3 * 24 * 60).await;
    let Some(summary) = summarize(actor, batch_id).await else { return };
    let answer = approve(actor, Caller::Approver(APPROVERS[1]), batch_id, &summary).await;
    actor.tell(format_args!("the same payments in another file: {:?}", answer.map(|answer| answer.status)));
}

/// People come back to a batch until it has ended, and see to what is left.
async fn look_after(actor: &Actor, batch_id: &str) {
    let mut rounds = actor.weather.below(3);
    for _ in 0..LOOKS_MAX {
        actor.wait_minutes(12 * 60, 4 * 24 * 60).await;
        let Some(batch) = actor.get(Caller::Uploader(UPLOADERS[1]), &format!("/batches/{batch_id}")).await else {
            continue;
        };
        let has_ended = matches!(batch["state"].as_str(), Some("completed" | "canceled"));
        let count = |state: &str| batch["payments"][state].as_u64().unwrap_or_default();
        if !has_ended {
            continue;
        }
        if rounds > 0 && count("failed") + count("returned") > 0 && batch["state"] == "completed" {
            rounds -= 1;
            let path = format!("/batches/{batch_id}/retry");
            let by = Caller::Approver(APPROVERS[0]);
            command(actor, by, CommandKind::Retry, batch_id, &path, Sent::Nothing).await;
        } else if actor.weather.is_one_in(4) {
            let path = format!("/batches/{batch_id}/refund");
            let by = Caller::Operator(OPERATORS[0]);
            command(actor, by, CommandKind::Refund, batch_id, &path, Sent::Nothing).await;
        }
    }
}

pub(super) async fn command(
    actor: &Actor,
    caller: Caller,
    kind: CommandKind,
    about: &str,
    path: &str,
    sent: Sent,
) -> Option<Answer> {
    let request = Request::post(caller, path, sent).commands(kind, about);
    // Some click twice.
    if actor.weather.is_one_in(8) {
        let (first, second) = futures::join!(actor.ask(request.clone()), actor.ask(request));
        return first.or(second);
    }
    let answer = actor.ask(request).await;
    actor.wait(SignedDuration::from_secs(1)).await;
    answer
}
