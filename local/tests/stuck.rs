//! What fails again and again stops business time for nobody else.
#![cfg(test)]

use std::time::Duration;

use generator::Options;
use local::stack::{Stack, StackOptions, Store};
use serde_json::{Value, json};
use shared::domain::task::QueueName;
use shared::ports::queue::Queue as _;
use tokio::time::timeout;

/// Less than a message that failed stays hidden.
const PATIENCE: Duration = Duration::from_secs(120);

struct Office {
    stack: Stack,
    http: reqwest::Client,
}

impl Office {
    async fn ask(&self, token: &str, request: reqwest::RequestBuilder) -> Value {
        let answer = request.bearer_auth(token).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{status}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Uploads a small file, and approves it as a second person.
    async fn begin(&self) -> String {
        let (uploader, approver) = (self.stack.uploader_token(), self.stack.approver_token());
        let mut bytes = Vec::new();
        generator::generate(&Options { rows: 20, ..Options::default() }, &mut bytes).unwrap();
        let batches = format!("{}/batches", self.stack.base_url);
        let posted = self.http.post(&batches).header("content-type", "application/xml").body(bytes);
        let batch_id = self.ask(&uploader, posted).await["batch_id"].as_str().unwrap().to_owned();
        let batch = format!("{batches}/{batch_id}");
        let summary = self.ask(&uploader, self.http.post(format!("{batch}/summary"))).await;
        let approval = json!({
            "manifest_hash": summary["manifest_hash"],
            "total": summary["total"],
            "accept_accounts": summary["to_acknowledge"]["accounts"],
            "accept_overlaps": summary["to_acknowledge"]["overlaps"],
        });
        self.ask(&approver, self.http.post(format!("{batch}/approve")).json(&approval)).await;
        batch
    }

    async fn state(&self, batch: &str) -> Value {
        self.ask(&self.stack.approver_token(), self.http.get(batch)).await["state"].clone()
    }
}

#[tokio::test]
async fn a_batch_is_paid_although_a_message_fails_again_and_again() {
    let options = StackOptions { store: Store::Memory, ..StackOptions::default() };
    let office = Office { stack: Stack::start(options).await.unwrap(), http: reqwest::Client::new() };
    office.stack.queue.send(QueueName::Bulk, vec!["no task".to_owned()]).await.unwrap();
    let batch = office.begin().await;
    let paid = timeout(PATIENCE, async {
        while office.state(&batch).await != json!("completed") {
            office.stack.step().await.unwrap();
        }
    });
    paid.await.expect("business time stands still");
    assert_eq!(office.stack.queue.counters(QueueName::Bulk).in_flight, 1, "the message will come again");
}
