//! A delivery of SQS, each record on its own.
//!
//! Guarantees: a record that fails or panics is reported by its id and comes again alone; its batch-mates are done. Nothing runs on after
//! the handler returns. Limit: a record without an id cannot be reported. SQS always sends one; should it not, an empty id would bring the
//! whole delivery back and do the rest of it twice, so its failure is only logged.

use std::panic::AssertUnwindSafe;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use futures::FutureExt;
use futures::stream::{self, StreamExt};

/// As many as SQS delivers by default, so that a delivery takes as long as its slowest record.
const RECORDS_AT_ONCE: usize = 10;

/// Settles the records of a delivery at once. `settle` answers whether a record is done; those that are not come again.
pub async fn settle_each<Settling>(event: SqsEvent, settle: impl Fn(SqsMessage) -> Settling) -> SqsBatchResponse
where
    Settling: Future<Output = bool>,
{
    let settle = &settle;
    let failed_ids: Vec<String> = stream::iter(event.records)
        .map(|message| async move {
            let id = message.message_id.clone().filter(|id| !id.is_empty());
            match unless_it_panics(settle(message)).await {
                Some(true) => return None,
                Some(false) => {}
                None => tracing::error!(message_id = id, "the handling of a message panicked"),
            }
            if id.is_none() {
                tracing::error!("a message without an id failed: it cannot come again");
            }
            id
        })
        .buffer_unordered(RECORDS_AT_ONCE)
        .filter_map(std::future::ready)
        .collect()
        .await;
    let mut response = SqsBatchResponse::default();
    response.set_failures(failed_ids);
    response
}

/// What a panic leaves half done is in the table, where everything is decided anew.
pub async fn unless_it_panics<T>(work: impl Future<Output = T>) -> Option<T> {
    AssertUnwindSafe(work).catch_unwind().await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: Option<&str>, body: &str) -> SqsMessage {
        let mut message = SqsMessage::default();
        message.message_id = id.map(str::to_owned);
        message.body = Some(body.to_owned());
        message
    }

    #[tokio::test]
    async fn what_fails_or_panics_comes_again_alone() {
        let mut event = SqsEvent::default();
        event.records = vec![
            message(Some("1"), "done"),
            message(Some("2"), "fails"),
            message(Some("3"), "panics"),
            message(Some("4"), "done"),
            message(Some(""), "fails"),
            message(None, "fails"),
        ];
        let response = settle_each(event, |message| async move {
            match message.body.as_deref() {
                Some("done") => true,
                Some("fails") => false,
                other => panic!("{other:?}"),
            }
        })
        .await;
        let failures = response.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str());
        let mut failures: Vec<&str> = failures.collect();
        failures.sort_unstable();
        assert_eq!(failures, ["2", "3"], "never an empty id, which would bring all of them back");
    }
}
