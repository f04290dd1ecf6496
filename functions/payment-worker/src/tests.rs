mod autopay;
mod single;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::domain::dead_letter::{DeadLetterId, FailureKind};
use shared::domain::task::Task;
use shared::ports::table::Key;
use shared::store::dead_letters::failure;
use shared::store::keys;
use world::{Fault, World};

use super::*;

fn world() -> World {
    World::at("2026-03-02T18:00:00Z".parse().unwrap())
}

/// A task that finds nothing to do in an empty table, and reads one item to see that.
fn harmless(name: &str) -> (Task, Key) {
    (Task::MatchBankEvent { event_id: name.to_owned() }, keys::inbox("column", name))
}

/// A message as Lambda hands it over from SQS.
fn message(id: &str, body: &str) -> Value {
    json!({
        "messageId": id,
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1772474400000",
            "SenderId": "AIDAEXAMPLE",
            "ApproximateFirstReceiveTimestamp": "1772474400012"
        },
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:clearway-bulk",
        "awsRegion": "us-east-1"
    })
}

fn delivery(messages: Vec<Value>) -> SqsEvent {
    serde_json::from_value(json!({ "Records": messages })).unwrap()
}

async fn failures(world: &World, messages: Vec<Value>) -> BTreeSet<String> {
    let response = handle(&world.system, delivery(messages), world.deadline_in(60)).await;
    response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
}

fn ids<const N: usize>(ids: [&str; N]) -> BTreeSet<String> {
    ids.map(str::to_owned).into()
}

#[tokio::test]
async fn a_delivery_of_good_tasks_reports_nothing() {
    let messages = (0..10).map(|n| message(&format!("m-{n}"), &harmless("evnt_1").0.to_body())).collect();
    assert_eq!(failures(&world(), messages).await, ids([]));
}

#[tokio::test]
async fn what_is_not_a_task_comes_back_alone() {
    let good = harmless("evnt_1").0.to_body();
    let other_version = good.replace(r#""version":1"#, r#""version":2"#);
    let messages = vec![
        message("m-good", &good),
        message("m-garbage", "account 123456789"),
        message("m-version", &other_version),
        message("m-also-good", &good),
    ];
    assert_eq!(failures(&world(), messages).await, ids(["m-garbage", "m-version"]));
}

#[tokio::test]
async fn a_task_that_panics_comes_back_alone() {
    let world = world();
    let (bad, key) = harmless("evnt_bad");
    world.table.fail(key, Fault::Panic);
    let messages = vec![message("m-good", &harmless("evnt_1").0.to_body()), message("m-bad", &bad.to_body())];
    assert_eq!(failures(&world, messages).await, ids(["m-bad"]));
}

#[tokio::test]
async fn an_error_brings_its_message_back_whether_or_not_a_repeat_may_help() {
    for fault in [Fault::Unavailable, Fault::Defect] {
        let world = world();
        let (bad, key) = harmless("evnt_bad");
        world.table.fail(key, fault);
        let messages = vec![message("m-bad", &bad.to_body()), message("m-good", &harmless("evnt_1").0.to_body())];
        assert_eq!(failures(&world, messages).await, ids(["m-bad"]), "{fault:?}");
    }
}

#[tokio::test]
async fn why_a_task_failed_last_is_kept_for_its_dead_letter() {
    let kept = async |world: &World, body: &str| {
        failures(world, vec![message("m-bad", body)]).await;
        let failure = failure(&*world.system.table, DeadLetterId::of_body(body)).await.unwrap().unwrap();
        (failure.kind, failure.tries, failure.error)
    };
    for (fault, kind) in [
        (Fault::Unavailable, FailureKind::MayPass),
        (Fault::Defect, FailureKind::Final),
        (Fault::Panic, FailureKind::Panicked),
    ] {
        let world = world();
        let (bad, key) = harmless("evnt_bad");
        world.table.fail(key, fault);
        let (found, tries, _) = kept(&world, &bad.to_body()).await;
        assert_eq!((found, tries), (kind, Some(1)), "{fault:?}");
    }
    let (kind, _, error) = kept(&world(), "account 123456789").await;
    assert_eq!((kind, error.as_str()), (FailureKind::NotATask, "the message is not a task"));
}

#[tokio::test]
async fn a_task_that_lost_a_race_once_is_done_in_place() {
    let world = world();
    let (task, key) = harmless("evnt_1");
    world.table.fail(key, Fault::ConflictOnce);
    assert_eq!(failures(&world, vec![message("m-1", &task.to_body())]).await, ids([]));
}

#[tokio::test]
async fn an_empty_id_is_never_reported() {
    let mut nameless = message("", "not a task");
    let messages = vec![nameless.clone(), message("m-good", &harmless("evnt_1").0.to_body())];
    assert_eq!(failures(&world(), messages).await, ids([]));

    nameless["messageId"] = Value::Null;
    assert_eq!(failures(&world(), vec![nameless]).await, ids([]));
}
