use serde_json::{Value, json};
use shared::domain::dead_letter::{Contents, DeadLetterId, DeadLetterState, FailureKind};
use shared::domain::task::Task;
use shared::operations::dead_letters::{count_open, load, note_failure, panicked};
use shared::store::keys;
use world::{Fault, World};

use super::*;

const BULK: &str = "arn:aws:sqs:us-east-1:123456789012:bulk-dead-letters";
const OTHER: &str = "arn:aws:sqs:us-east-1:123456789012:other-dead-letters";

fn world() -> World {
    World::at("2026-03-02T18:00:00Z".parse().unwrap())
}

fn task(name: &str) -> String {
    Task::MatchBankEvent { event_id: name.to_owned() }.to_body()
}

/// A message as Lambda hands it over from a dead-letter queue.
fn message(id: &str, body: &str, arn: &str) -> Value {
    json!({
        "messageId": id,
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "6", "SenderId": "AROAEXAMPLE:scheduler"},
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": "us-east-1"
    })
}

/// The ids of those that come again.
async fn handed_over(world: &World, messages: Vec<Value>) -> Vec<String> {
    let queues = DeadLetterQueues { bulk_arn: BULK.to_owned(), other_arn: OTHER.to_owned() };
    let event = serde_json::from_value(json!({ "Records": messages })).unwrap();
    let response = handle(&world.system, &queues, event).await;
    response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
}

#[tokio::test]
async fn what_a_queue_gave_up_is_written_down_with_why() {
    let world = world();
    note_failure(&world.system, &task("evnt_1"), &panicked(&world.system, Some(5))).await;
    let none: Vec<String> = Vec::new();
    assert_eq!(handed_over(&world, vec![message("m-1", &task("evnt_1"), OTHER)]).await, none);

    let letter = load(&world.system, DeadLetterId::of_body(&task("evnt_1"))).await.unwrap();
    assert_eq!((letter.queue, letter.state, letter.times), (QueueName::Other, DeadLetterState::Open, 1));
    assert_eq!(letter.contents, Contents::Task { task: Task::MatchBankEvent { event_id: "evnt_1".to_owned() } });
    let failure = letter.failure.unwrap();
    assert_eq!((failure.kind, failure.tries), (FailureKind::Panicked, Some(5)));
}

#[tokio::test]
async fn a_message_that_is_handed_over_twice_counts_once_and_the_same_task_again_counts() {
    let world = world();
    for id in ["m-1", "m-1", "m-2", "m-1"] {
        handed_over(&world, vec![message(id, &task("evnt_1"), BULK)]).await;
    }
    assert_eq!(count_open(&world.system).await.unwrap(), 1);
    assert_eq!(load(&world.system, DeadLetterId::of_body(&task("evnt_1"))).await.unwrap().times, 2);
}

#[tokio::test]
async fn of_what_is_no_task_nothing_is_kept_but_what_describes_it() {
    let world = world();
    let secret = "account 123456789";
    handed_over(&world, vec![message("m-1", secret, BULK)]).await;
    let letter = load(&world.system, DeadLetterId::of_body(secret)).await.unwrap();
    let Contents::NotATask { body } = &letter.contents else { panic!("{letter:?}") };
    assert_eq!((body.bytes, body.sender.as_deref()), (17, Some("AROAEXAMPLE:scheduler")));
    assert!(!format!("{letter:?}").contains("123456789\""));
    let stored = world.system.table.get(&keys::dead_letter(letter.id)).await.unwrap().unwrap();
    assert!(!serde_json::to_string(&stored).unwrap().contains(secret));
}

#[tokio::test]
async fn what_cannot_be_written_down_comes_again_alone() {
    let world = world();
    world.table.fail(keys::dead_letter(DeadLetterId::of_body(&task("evnt_bad"))), Fault::Unavailable);
    let messages = vec![message("m-good", &task("evnt_1"), OTHER), message("m-bad", &task("evnt_bad"), OTHER)];
    assert_eq!(handed_over(&world, messages).await, ["m-bad"]);
    assert_eq!(count_open(&world.system).await.unwrap(), 1);
}

#[tokio::test]
async fn a_message_of_another_queue_is_not_taken() {
    let elsewhere = "arn:aws:sqs:us-east-1:123456789012:elsewhere";
    assert_eq!(handed_over(&world(), vec![message("m-1", &task("evnt_1"), elsewhere)]).await, ["m-1"]);
}
