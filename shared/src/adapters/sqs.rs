//! The queues over SQS.
//!
//! A send is cut into requests of ten messages and 256 KB. A message may arrive twice where an answer was lost; every task may run
//! twice anyway. When a send fails some messages may have been handed over.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use futures::{StreamExt, TryStreamExt, stream};

use crate::ports::clock::Clock;
use crate::ports::queue::{Queue, QueueError, QueueName};

const MESSAGES_MAX: usize = 10;
const REQUEST_BYTES_MAX: usize = 256 * 1024;
/// Requests at once: 5,000 tasks are 500 requests of about 10 ms, so under a second.
const REQUESTS_AT_ONCE: usize = 8;
/// Tries of the messages that a request left behind, beside the SDK's own tries of the request.
const TRIES_MAX: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);

/// Where the two queues are.
#[derive(Clone, Debug)]
pub struct QueueUrls {
    pub bulk: String,
    pub other: String,
}

/// Both queues.
#[derive(Clone, Debug)]
pub struct SqsQueue {
    client: Client,
    urls: QueueUrls,
    clock: Arc<dyn Clock>,
}

impl SqsQueue {
    pub fn new(client: Client, urls: QueueUrls, clock: Arc<dyn Clock>) -> Self {
        Self { client, urls, clock }
    }

    async fn send_all(&self, url: &str, mut bodies: Vec<String>) -> Result<(), QueueError> {
        let mut tries = 1;
        loop {
            let (left, reason) = self.send_once(url, bodies).await?;
            if left.is_empty() {
                return Ok(());
            }
            if tries == TRIES_MAX {
                let count = left.len();
                return Err(QueueError(format!("{count} messages were not accepted, the last for {reason}")));
            }
            self.clock.pause(PAUSE).await;
            bodies = left;
            tries += 1;
        }
    }

    /// One request. Answers the messages that were not accepted and the last reason.
    async fn send_once(&self, url: &str, bodies: Vec<String>) -> Result<(Vec<String>, String), QueueError> {
        let entries = (0_usize..)
            .zip(&bodies)
            .map(|(position, body)| {
                SendMessageBatchRequestEntry::builder().id(position.to_string()).message_body(body).build()
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| QueueError(error.to_string()))?;
        let answer = self
            .client
            .send_message_batch()
            .queue_url(url)
            .set_entries(Some(entries))
            .send()
            .await
            .map_err(|error| QueueError(DisplayErrorContext(error).to_string()))?;
        // What is not named as accepted is sent again: an answer without an entry must not lose a message.
        let accepted: std::collections::HashSet<&str> = answer.successful().iter().map(|entry| entry.id()).collect();
        let reason = answer.failed().last().map_or("no reason", |entry| entry.code()).to_owned();
        let left = (0_usize..).zip(bodies).filter(|(position, _)| !accepted.contains(position.to_string().as_str()));
        Ok((left.map(|(_, body)| body).collect(), reason))
    }
}

#[async_trait]
impl Queue for SqsQueue {
    async fn send(&self, queue: QueueName, bodies: Vec<String>) -> Result<(), QueueError> {
        let url = match queue {
            QueueName::Bulk => &self.urls.bulk,
            QueueName::Other => &self.urls.other,
        };
        stream::iter(requests(bodies)?)
            .map(|bodies| self.send_all(url, bodies))
            .buffer_unordered(REQUESTS_AT_ONCE)
            .try_collect()
            .await
    }
}

/// Cuts messages into requests that the service takes.
fn requests(bodies: Vec<String>) -> Result<Vec<Vec<String>>, QueueError> {
    let mut requests: Vec<Vec<String>> = Vec::new();
    let mut bytes = 0_usize;
    for body in bodies {
        if body.len() > REQUEST_BYTES_MAX {
            return Err(QueueError(format!("a message of {} bytes is too large: tasks carry ids only", body.len())));
        }
        bytes = bytes.saturating_add(body.len());
        match requests.last_mut() {
            Some(request) if request.len() < MESSAGES_MAX && bytes <= REQUEST_BYTES_MAX => request.push(body),
            Some(_) | None => {
                bytes = body.len();
                requests.push(vec![body]);
            }
        }
    }
    Ok(requests)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_message_goes_once_in_requests_the_service_takes(lengths in prop::collection::vec(0_usize..REQUEST_BYTES_MAX, 0..40)) {
            let bodies: Vec<String> = lengths.iter().map(|length| "x".repeat(*length)).collect();
            let requests = requests(bodies.clone()).expect("none is too large");
            for request in &requests {
                prop_assert!(!request.is_empty() && request.len() <= MESSAGES_MAX);
                prop_assert!(request.iter().map(String::len).sum::<usize>() <= REQUEST_BYTES_MAX);
            }
            prop_assert_eq!(requests.concat(), bodies);
        }
    }

    #[test]
    fn ten_small_messages_are_one_request() {
        let count = |messages: usize| requests(vec!["x".to_owned(); messages]).expect("small").len();
        assert_eq!([0, 1, 10, 11, 25].map(count), [0, 1, 1, 2, 3]);
    }

    #[test]
    fn a_message_over_the_limit_is_refused_before_anything_is_sent() {
        assert!(requests(vec!["x".to_owned(), "x".repeat(REQUEST_BYTES_MAX + 1)]).is_err());
    }
}
