use std::sync::Arc;

use async_trait::async_trait;
use aws_lambda_events::event::sqs::SqsEvent;
use dead_letters::DeadLetterQueues;
use http::StatusCode;
use serde_json::{Value, json};
use shared::domain::ids::{BatchId, PaymentId};
use shared::domain::task::{QueueName, Task};
use shared::http::conventions;
use shared::operations::System;
use shared::ports::queue::{Queue, QueueError};

use crate::office::{OPERATOR, Office};

const REASON: &str = "The payment is there by now.";

/// A payment that is not there: to send it fails for good.
fn task(row: u32) -> Task {
    let batch: BatchId = "bat_00000000000000000000000000000007".parse().unwrap();
    Task::Submit { payment_id: PaymentId::Row { batch, row } }
}

fn delivery(id: &str, body: &str) -> SqsEvent {
    let record = json!({
        "messageId": id, "body": body, "eventSource": "aws:sqs", "eventSourceARN": "bulk",
        "attributes": {"ApproximateReceiveCount": "5", "SenderId": "AROAEXAMPLE:somebody"},
        "messageAttributes": {}, "awsRegion": "us-east-1",
    });
    serde_json::from_value(json!({ "Records": [record] })).unwrap()
}

/// The worker fails at the message, and its queue gives it up.
async fn given_up(office: &Office, id: &str, body: &str) {
    let world = &office.people.world;
    let answer = payment_worker::handle(&world.system, delivery(id, body), world.deadline_in(60)).await;
    assert_eq!(answer.batch_item_failures.len(), 1);
    let queues = DeadLetterQueues { bulk_arn: "bulk".to_owned(), other_arn: "other".to_owned() };
    let answer = dead_letters::handle(&world.system, &queues, delivery(id, body)).await;
    assert!(answer.batch_item_failures.is_empty());
}

async fn listed(office: &Office) -> Vec<Value> {
    office.get(OPERATOR, "/dead-letters").await.json()["items"].as_array().unwrap().clone()
}

async fn actions_on(office: &Office, id: &str) -> Vec<Value> {
    let entries = office.get(OPERATOR, &format!("/audit?subject={id}")).await.json();
    let told = |entry: &Value| json!([entry["actor"], entry["action"], entry["detail"]]);
    entries["items"].as_array().unwrap().iter().map(told).collect()
}

#[tokio::test]
async fn a_dead_letter_says_what_failed_and_is_sent_again_once() {
    let office = Office::open();
    given_up(&office, "m-1", &task(1).to_body()).await;
    let letter = listed(&office).await.remove(0);
    let payment_id = letter["task"]["payment_id"].as_str().unwrap();
    assert_eq!(letter["text"], format!("send payment {payment_id} to the bank"));
    assert_eq!((&letter["queue"], &letter["state"], &letter["times"]), (&json!("bulk"), &json!("open"), &json!(1)));
    assert_eq!(letter["failure"]["kind"], "final", "{letter}");
    assert_eq!(letter["failure"]["tries"], 5);
    assert_eq!(letter["since"], "2026-03-02T18:00:00Z");

    let id = letter["dead_letter_id"].as_str().unwrap();
    let path = format!("/dead-letters/{id}/send-again");
    let without = office.post(OPERATOR, &path, &json!({"reason": " "})).await;
    assert_eq!(without.refusal(), (422, "reason_invalid".to_owned()));
    for _ in 0..2 {
        let sent = office.post(OPERATOR, &path, &json!({"reason": REASON})).await;
        assert_eq!((sent.status, &sent.json()["state"]), (StatusCode::OK, &json!("sent_again")));
    }
    assert_eq!(office.people.world.take_tasks(QueueName::Bulk).unwrap(), [task(1)]);
    assert_eq!(listed(&office).await, Vec::<Value>::new());
    assert_eq!(actions_on(&office, id).await, [json!(["dora", "send_dead_letter_again", REASON])]);

    given_up(&office, "m-2", &task(1).to_body()).await;
    let again = listed(&office).await.remove(0);
    assert_eq!((&again["dead_letter_id"], &again["state"]), (&json!(id), &json!("open")));
    assert_eq!(again["decision"]["reason"], REASON, "it is seen that this did not help");
}

#[tokio::test]
async fn a_message_that_is_no_task_is_described_not_shown_and_discarded() {
    let office = Office::open();
    given_up(&office, "m-1", "account 123456789").await;
    let answer = office.get(OPERATOR, "/dead-letters").await;
    assert!(!answer.body.contains("123456789"), "{answer:?}");
    let letter = &answer.json()["items"][0];
    assert_eq!((&letter["text"], &letter["task"]), (&json!("no task of Clearway"), &Value::Null));
    assert_eq!(
        (&letter["message"]["bytes"], &letter["message"]["sender"]),
        (&json!(17), &json!("AROAEXAMPLE:somebody"))
    );
    assert_eq!(letter["failure"]["kind"], "not_a_task");

    let path = format!("/dead-letters/{}", letter["dead_letter_id"].as_str().unwrap());
    let refused = office.post(OPERATOR, &format!("{path}/send-again"), &json!({"reason": REASON})).await;
    assert_eq!(refused.refusal(), (409, "not_a_task".to_owned()));
    for _ in 0..2 {
        let discarded = office.post(OPERATOR, &format!("{path}/discard"), &json!({"reason": "A stray test."})).await;
        assert_eq!(discarded.json()["state"], "discarded");
    }
    assert_eq!(listed(&office).await, Vec::<Value>::new());
    assert_eq!(office.get(OPERATOR, &path).await.json()["decision"]["by"], "dora");
    let id = letter["dead_letter_id"].as_str().unwrap();
    assert_eq!(actions_on(&office, id).await, [json!(["dora", "discard_dead_letter", "A stray test."])]);
}

#[tokio::test]
async fn all_tasks_are_sent_again_at_once_and_what_is_no_task_stays() {
    let office = Office::open();
    for row in 1..=3 {
        given_up(&office, &format!("m-{row}"), &task(row).to_body()).await;
    }
    given_up(&office, "m-4", "no task").await;
    let done = office.post(OPERATOR, "/dead-letters/send-again", &json!({"reason": REASON})).await.json();
    assert_eq!(done, json!({"sent": 3, "not_tasks": 1, "has_more": false}));
    let mut sent = office.people.world.take_tasks(QueueName::Bulk).unwrap();
    sent.sort_by_key(Task::to_body);
    assert_eq!(sent, [task(1), task(2), task(3)]);
    assert_eq!(listed(&office).await.len(), 1);
    let audit = office.get(OPERATOR, "/audit?day=2026-03-02").await.json();
    assert_eq!(audit["items"].as_array().unwrap().len(), 3);
}

/// A queue that is out of reach.
#[derive(Debug)]
struct Down;

#[async_trait]
impl Queue for Down {
    async fn send(&self, _: QueueName, _: Vec<String>) -> Result<(), QueueError> {
        Err(QueueError("out of reach".to_owned()))
    }
}

#[tokio::test]
async fn a_letter_whose_queue_is_out_of_reach_stays_open_and_asking_again_ends_it() {
    let mut office = Office::open();
    given_up(&office, "m-1", &task(1).to_body()).await;
    let id = listed(&office).await[0]["dead_letter_id"].as_str().unwrap().to_owned();
    let path = format!("/dead-letters/{id}/send-again");

    let reachable = office.router.clone();
    let system = System { queue: Arc::new(Down), ..office.people.world.system.clone() };
    office.router = conventions(operator::HTTP.routes(system, office.people.verifier.clone()));
    let refused = office.post(OPERATOR, &path, &json!({"reason": REASON})).await;
    assert_eq!(refused.refusal(), (503, "try_again".to_owned()));
    assert_eq!(listed(&office).await[0]["state"], "sending");

    office.router = reachable;
    assert_eq!(office.post(OPERATOR, &path, &json!({"reason": REASON})).await.json()["state"], "sent_again");
    assert_eq!(office.people.world.take_tasks(QueueName::Bulk).unwrap(), [task(1)]);
    assert_eq!(actions_on(&office, &id).await.len(), 1);
}
