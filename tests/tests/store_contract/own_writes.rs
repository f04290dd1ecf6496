//! A request whose answer was lost is sent again: the second try meets the first one's work and must know it for its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_dynamodb::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::{Client, config::retry::RetryConfig};
use local::embedded_dynamodb::{EmbeddedDynamodb, TABLE};
use shared::adapters::dynamodb::DynamoTable;
use shared::adapters::simulated::SeededRandom;
use shared::adapters::system::SystemClock;
use shared::ports::table::{Change, Condition, Key, Table, TableError};

use crate::world::{delete, failed, given, put, read, version, versioned};

/// Lets requests through and turns their first answers into a failure of the service.
#[derive(Debug)]
struct LostAnswers {
    left: AtomicU32,
}

impl Intercept for LostAnswers {
    fn name(&self) -> &'static str {
        "lost answers"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _settings: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let lost = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if lost {
            *context.response_mut().status_mut() = 500.try_into()?;
            *context.response_mut().body_mut() = "".into();
        }
        Ok(())
    }
}

/// The engine's table over a line that loses the given number of answers, each of which the SDK asks for again.
fn lossy(engine: &EmbeddedDynamodb, answers: u32) -> DynamoTable {
    let settings = engine.client().config().to_builder();
    let settings = settings.interceptor(LostAnswers { left: AtomicU32::new(answers) }).retry_config(
        RetryConfig::standard().with_max_attempts(3).with_initial_backoff(std::time::Duration::from_millis(1)),
    );
    DynamoTable::new(Client::from_conf(settings.build()), TABLE, Arc::new(SeededRandom::new(1)), Arc::new(SystemClock))
}

async fn engine() -> EmbeddedDynamodb {
    EmbeddedDynamodb::start(None).await.expect("the engine starts")
}

fn step(key: &Key) -> Change {
    put(key, versioned(2), Condition::VersionIs(1))
}

#[tokio::test]
async fn a_put_whose_answer_was_lost_is_a_success() {
    let engine = engine().await;
    let (table, key) = (lossy(&engine, 1), Key::new("REQUEST#1", "REQUEST"));
    table.write(vec![put(&key, versioned(1), Condition::Absent)]).await.expect("our own claim");
    assert_eq!(version(&table, &key).await, Some(1));
}

#[tokio::test]
async fn a_step_whose_answers_were_lost_happens_once() {
    let engine = engine().await;
    let key = Key::new("PAYMENT#1", "PAYMENT");
    given(&engine.table(), &key, versioned(1)).await;
    lossy(&engine, 2).write(vec![step(&key)]).await.expect("our own step");
    assert_eq!(version(&engine.table(), &key).await, Some(2));
}

#[tokio::test]
async fn a_transaction_whose_answer_was_lost_is_a_success() {
    let engine = engine().await;
    let (payment, claim) = (Key::new("PAYMENT#2", "PAYMENT"), Key::new("CLAIM#2", "CLAIM"));
    given(&engine.table(), &payment, versioned(1)).await;
    given(&engine.table(), &claim, versioned(1)).await;
    lossy(&engine, 1).write(vec![step(&payment), delete(&claim, Condition::VersionIs(1))]).await.expect("our own step");
    assert_eq!(version(&engine.table(), &payment).await, Some(2));
    assert_eq!(read(&engine.table(), &claim).await, None);
}

#[tokio::test]
async fn a_delete_whose_answer_was_lost_is_a_success() {
    let engine = engine().await;
    let key = Key::new("CLAIM#3", "CLAIM");
    given(&engine.table(), &key, versioned(1)).await;
    lossy(&engine, 1).write(vec![delete(&key, Condition::VersionIs(1))]).await.expect("our own delete");
}

/// Race: another worker has won, and the answer that says so is lost. Taking the repeat for our own success would act twice.
#[tokio::test]
async fn the_write_of_another_is_never_taken_for_our_own() {
    let engine = engine().await;
    let key = Key::new("PAYMENT#4", "PAYMENT");
    given(&engine.table(), &key, versioned(2)).await;
    let (_, existing) = failed(lossy(&engine, 1).write(vec![step(&key)]).await);
    assert_eq!(existing, read(&engine.table(), &key).await);
}

#[tokio::test]
async fn a_write_whose_answers_all_are_lost_is_unknown_and_retryable() {
    let engine = engine().await;
    let outcome =
        lossy(&engine, 3).write(vec![put(&Key::new("REQUEST#5", "REQUEST"), versioned(1), Condition::Absent)]).await;
    assert!(matches!(outcome, Err(TableError::Unavailable(_))), "{outcome:?}");
}

#[tokio::test]
async fn an_engine_out_of_reach_is_retryable() {
    let engine = engine().await;
    let nowhere =
        engine.client().config().to_builder().endpoint_url("http://127.0.0.1:1").retry_config(RetryConfig::disabled());
    let client = Client::from_conf(nowhere.build());
    let table = DynamoTable::new(client, TABLE, Arc::new(SeededRandom::new(1)), Arc::new(SystemClock));
    let outcome = table.get(&Key::new("PAYMENT#6", "PAYMENT")).await;
    assert!(matches!(outcome, Err(TableError::Unavailable(_))), "{outcome:?}");
}
