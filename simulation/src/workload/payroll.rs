//! A batch as people see it: uploaded, looked at, approved (or not), canceled, tried again, and its rest given back.

use std::rc::Rc;
use std::task::Poll;

use auditor::evidence::CommandKind;
use generator::Style;
use http::StatusCode;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use scenarios::simulation::people::{Caller, Sent};
use serde_json::{Value, json};
use shared::ports::queue::QueueName;

use super::Script;
use super::company::Company;
use super::content::{replace, summarize, upload};
use super::files::File;
use super::stops::{ALL, switch};
use crate::actor::{Actor, Answer, Request};
use crate::setup::Setup;

pub(crate) const UPLOADERS: [&str; 2] = ["uma", "ulf"];
const APPROVERS: [&str; 2] = ["abe", "ada"];
/// Who hold several roles, and have a hand in what others made.
const MEDDLERS: [&str; 3] = ["ulf", "abe", "ada"];
pub(crate) const OPERATORS: [&str; 2] = ["olga", "oscar"];

/// Looks at a batch before people leave it alone.
const LOOKS_MAX: u32 = 24;

/// A pay period lasts so many days.
const PERIOD_DAYS: i64 = 14;

pub(super) fn scripts(setup: &Setup, actor: &Actor) -> Vec<Script> {
    let Some(plan) = &setup.payroll else { return Vec::new() };
    let Some(company) = Company::of(plan).map(Rc::new) else { return Vec::new() };
    let mut scripts: Vec<Script> = Vec::new();
    for _ in 0..plan.batches {
        let rows = actor.fault_injector.between(2, plan.rows_max);
        scripts.push(Box::pin(payday(actor.clone(), company.clone(), rows)));
    }
    scripts
}

/// A file is paid; some time later its rows may come again.
async fn payday(actor: Actor, company: Rc<Company>, rows: u64) {
    actor.wait_minutes(0, 6 * 24 * 60).await;
    if actor.fault_injector.is_one_in(3) {
        company.change_account(&actor.fault_injector);
    }
    company.change_id(&actor.fault_injector);
    let file = company.file(&actor.fault_injector, rows);
    if actor.fault_injector.is_one_in(5) {
        let other = company.again(&actor.fault_injector, &file);
        return at_once(&actor, &file, &other).await;
    }
    let comes_again = actor.fault_injector.is_one_in(2);
    let period = (comes_again && actor.fault_injector.is_one_in(2)).then(|| day_of_period(&actor, 0));
    // Whoever looks after the first file does not wait with the second until it has ended.
    let first = pay(&actor, &file, period.as_deref());
    let second = async {
        if !comes_again {
            return;
        }
        actor.wait_minutes(60, 12 * 24 * 60).await;
        if actor.fault_injector.is_one_in(2) {
            company.change_account(&actor.fault_injector);
        }
        company.change_id(&actor.fault_injector);
        let again = company.again(&actor.fault_injector, &file);
        let period = actor
            .fault_injector
            .is_one_in(2)
            .then(|| day_of_period(&actor, i64::from(actor.fault_injector.is_one_in(2))));
        pay(&actor, &again, period.as_deref()).await;
    };
    futures::join!(first, second);
}

/// The day of a pay period, so many periods after the one of the day on which everything began.
fn day_of_period(actor: &Actor, periods_later: i64) -> String {
    let day = SignedDuration::from_hours(24);
    let periods = actor.now().duration_since(Timestamp::UNIX_EPOCH).as_secs() / (PERIOD_DAYS * day.as_secs());
    let at =
        Timestamp::UNIX_EPOCH.saturating_add(day * i32::try_from((periods + periods_later) * PERIOD_DAYS).unwrap_or(0));
    at.unwrap_or_default().to_zoned(TimeZone::UTC).date().to_string()
}

async fn pay(actor: &Actor, file: &File, period: Option<&str>) {
    let Some(batch_id) = upload(actor, file, Style::Compact, period).await else { return };
    // Some send the same payments in another file as well.
    let duplicate = if actor.fault_injector.is_one_in(4) {
        upload(actor, &file.reversed(), Style::Pretty, period).await
    } else {
        None
    };
    let Some(summary) = summarize(actor, UPLOADERS[0], &batch_id).await else { return };
    if actor.fault_injector.is_one_in(5) {
        let by = Caller::Approver(UPLOADERS[0]);
        let answer = approve(actor, by, &batch_id, &summary).await;
        actor.tell(format_args!("the uploader's own approval: {:?}", answer.map(|answer| answer.status)));
    }
    if actor.fault_injector.is_one_in(3) {
        meddle(actor, &batch_id, file).await;
    }
    actor.wait_minutes(0, 24 * 60).await;
    match actor.fault_injector.below(16) {
        0 => {
            let path = format!("/batches/{batch_id}/decline");
            command(actor, Caller::Approver(APPROVERS[0]), CommandKind::Decline, &batch_id, &path, Sent::Nothing).await;
        }
        // Nobody ever approves it.
        1 => return,
        _ => {
            if actor.fault_injector.is_one_in(3) {
                let (first, second) = (Caller::Approver(APPROVERS[0]), Caller::Approver(APPROVERS[1]));
                futures::join!(approve(actor, first, &batch_id, &summary), approve(actor, second, &batch_id, &summary));
            } else {
                approve(actor, Caller::Approver(APPROVERS[0]), &batch_id, &summary).await;
            }
        }
    }
    if let Some(duplicate) = duplicate {
        approve_duplicate(actor, &duplicate).await;
    }
    if actor.fault_injector.is_one_in(5) {
        call_off(actor, &batch_id).await;
    }
    look_after(actor, &batch_id).await;
}

/// Both files are looked at before either is approved, and then approved at once, by two people who know nothing of each other.
async fn at_once(actor: &Actor, file: &File, other: &File) {
    let (Some(one), Some(two)) =
        (upload(actor, file, Style::Compact, None).await, upload(actor, other, Style::Compact, None).await)
    else {
        return;
    };
    let (Some(of_one), Some(of_two)) =
        (summarize(actor, UPLOADERS[0], &one).await, summarize(actor, UPLOADERS[0], &two).await)
    else {
        return;
    };
    actor.wait_minutes(0, 24 * 60).await;
    let [first, second] = APPROVERS.map(Caller::Approver);
    let approve_two = async {
        if actor.fault_injector.is_one_in(2) {
            actor.wait_minutes(1, 3 * 60).await;
        }
        let answer = approve_as_shown(actor, second, &two, &of_two).await;
        let is_refused = answer.is_none_or(|answer| !answer.status.is_success());
        if is_refused && actor.fault_injector.is_one_in(2) {
            approve_anew(actor, second, &two).await;
        }
    };
    futures::join!(approve_as_shown(actor, first, &one, &of_one), approve_two);
    futures::join!(look_after(actor, &one), look_after(actor, &two));
}

/// Somebody else has a hand in the content, and then approves it if they may; or its maker replaces what was looked at.
async fn meddle(actor: &Actor, batch_id: &str, file: &File) {
    let by = actor.fault_injector.pick(&MEDDLERS).copied().unwrap_or(MEDDLERS[0]);
    match actor.fault_injector.below(4) {
        0 => {}
        1 => {
            replace(actor, by, batch_id, &file.enlarged()).await;
        }
        2 => {
            replace(actor, UPLOADERS[0], batch_id, &file.enlarged()).await;
            return;
        }
        _ => {
            // The maker's own replacement, summarized and approved by somebody else alone.
            replace(actor, UPLOADERS[0], batch_id, &file.reversed()).await;
        }
    }
    let Some(summary) = summarize(actor, by, batch_id).await else { return };
    approve_as_shown(actor, Caller::Approver(by), batch_id, &summary).await;
}

/// Cancels an approved batch: some day, while the machines look at it, at the moment in which its debits are made, or before they may leave.
async fn call_off(actor: &Actor, batch_id: &str) {
    let by = Caller::Approver(APPROVERS[1]);
    let path = format!("/batches/{batch_id}/cancel");
    let is_stopped = actor.fault_injector.is_one_in(4);
    if is_stopped {
        switch(actor, ALL, true).await;
    }
    match actor.fault_injector.below(3) {
        0 => actor.wait_minutes(0, 5 * 24 * 60).await,
        1 => {
            actor.wait_minutes(0, 5 * 24 * 60).await;
            meet_the_sweep(actor, batch_id).await;
        }
        _ => meet_the_funding(actor, batch_id).await,
    }
    command(actor, by, CommandKind::Cancel, batch_id, &path, Sent::Nothing).await;
    if is_stopped {
        actor.wait_minutes(5, 24 * 60).await;
        switch(actor, ALL, false).await;
    }
}

/// Waits until a debit of the batch has been made, and looks no longer than a day.
async fn meet_the_funding(actor: &Actor, batch_id: &str) {
    let until = actor.now().saturating_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX);
    let own = format!("FUNDING#{}", batch_id.replacen("bat_", "fnd_", 1));
    while actor.now() < until {
        let items = actor.simulation.table.dump();
        let is_made = items.iter().any(|item| item["pk"].as_str().is_some_and(|pk| pk.starts_with(&own)));
        if is_made {
            return;
        }
        actor.wait(SignedDuration::from_secs(5)).await;
    }
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

async fn approve(actor: &Actor, caller: Caller, batch_id: &str, summary: &Value) -> Option<Answer> {
    let answer = approve_as_shown(actor, caller, batch_id, summary).await;
    if answer.as_ref().is_some_and(|answer| answer.status == StatusCode::CONFLICT) {
        // The summary was made before somebody else's approval: it is made again and looked at again.
        return approve_anew(actor, caller, batch_id).await;
    }
    answer
}

/// Exactly what the summary shows is accepted; some overlook that rows are paid elsewhere too, or will not have it.
async fn approve_as_shown(actor: &Actor, caller: Caller, batch_id: &str, summary: &Value) -> Option<Answer> {
    let overlaps = match actor.fault_injector.is_one_in(6) {
        true => json!([]),
        false => summary["to_acknowledge"]["overlaps"].clone(),
    };
    let body = json!({
        "manifest_hash": summary["manifest_hash"],
        "total": summary["total"],
        "accept_accounts": summary["to_acknowledge"]["accounts"],
        "accept_overlaps": overlaps,
    });
    let path = format!("/batches/{batch_id}/approve");
    command(actor, caller, CommandKind::Approve, batch_id, &path, Sent::Json(body)).await
}

async fn approve_anew(actor: &Actor, caller: Caller, batch_id: &str) -> Option<Answer> {
    let summary = summarize(actor, UPLOADERS[0], batch_id).await?;
    approve_as_shown(actor, caller, batch_id, &summary).await
}

/// The same payments in another file: refused while the first file claims them.
async fn approve_duplicate(actor: &Actor, batch_id: &str) {
    actor.wait_minutes(0, 3 * 24 * 60).await;
    let Some(summary) = summarize(actor, UPLOADERS[0], batch_id).await else { return };
    let answer = approve(actor, Caller::Approver(APPROVERS[1]), batch_id, &summary).await;
    actor.tell(format_args!("the same payments in another file: {:?}", answer.map(|answer| answer.status)));
}

/// People come back to a batch until it has ended, and see to what is left.
async fn look_after(actor: &Actor, batch_id: &str) {
    let mut rounds = actor.fault_injector.below(3);
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
            try_again(actor, batch_id).await;
        } else if actor.fault_injector.is_one_in(4) {
            super::held::ask_for_refund(actor, batch_id).await;
        }
    }
}

/// Asks for a retry. Where later batches hold some of its rows, some leave it at that, and some name those batches.
pub(super) async fn try_again(actor: &Actor, batch_id: &str) {
    let path = format!("/batches/{batch_id}/retry");
    let by = Caller::Approver(APPROVERS[0]);
    let Some(answer) = command(actor, by, CommandKind::Retry, batch_id, &path, Sent::Nothing).await else { return };
    if actor.fault_injector.is_one_in(3) {
        super::mixed_up::disturb(actor, batch_id);
    }
    if answer.body["code"] != "overlap_not_accepted" || actor.fault_injector.is_one_in(2) {
        return;
    }
    let shown = answer.body["overlaps"].as_array().into_iter().flatten();
    let named: Vec<&Value> = shown.map(|overlap| &overlap["batch_id"]).collect();
    let by = Caller::Approver(APPROVERS[0]);
    command(actor, by, CommandKind::Retry, batch_id, &path, Sent::Json(json!({ "overlaps": named }))).await;
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
    if actor.fault_injector.is_one_in(8) {
        let (first, second) = futures::join!(actor.ask(request.clone()), actor.ask(request));
        return first.or(second);
    }
    let answer = actor.ask(request).await;
    actor.wait(SignedDuration::from_secs(1)).await;
    answer
}
