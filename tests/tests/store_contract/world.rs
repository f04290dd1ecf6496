//! The tables under contract, and short words for what the stories do with them.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::client::Waiters;
use local::embedded_dynamodb::EmbeddedDynamodb;
use serde_json::{Value, json};
use shared::adapters::clients::{self, AwsClients};
use shared::adapters::dynamodb::{DynamoTable, create_table};
use shared::adapters::memory_table::MemoryTable;
use shared::adapters::system::{SystemClock, SystemRandom};
use shared::ports::random::random_u64;
use shared::ports::table::{Attributes, Change, Condition, Indexing, Key, Table, TableError};

/// The service makes a table in some ten seconds.
const TABLE_READY_WITHIN: Duration = Duration::from_secs(120);

/// A table, and what must live as long as it.
pub(crate) struct World {
    table: Arc<dyn Table>,
    _engine: Option<EmbeddedDynamodb>,
}

impl World {
    pub(crate) fn table(&self) -> &dyn Table {
        self.table.as_ref()
    }
}

pub(crate) fn memory() -> World {
    World { table: Arc::new(MemoryTable::new()), _engine: None }
}

pub(crate) async fn dynamodb() -> World {
    let world = match std::env::var("AWS_ENDPOINT_URL") {
        Ok(url) => endpoint(&url).await,
        Err(_) => embedded().await,
    };
    // Each world has a table of its own: stories run side by side.
    world.expect("a table is set up")
}

async fn embedded() -> Result<World, Box<dyn std::error::Error>> {
    let engine = EmbeddedDynamodb::start(None).await?;
    Ok(World { table: Arc::new(engine.table()), _engine: Some(engine) })
}

async fn endpoint(url: &str) -> Result<World, Box<dyn std::error::Error>> {
    let client = AwsClients::from_config(&clients::config(Some(url))).dynamodb;
    let name = format!("contract-{:016x}", random_u64(&SystemRandom));
    create_table(&client, &name).await?;
    client.wait_until_table_exists().table_name(&name).wait(TABLE_READY_WITHIN).await?;
    let table = DynamoTable::new(client, name, Arc::new(SystemRandom), Arc::new(SystemClock));
    Ok(World { table: Arc::new(table), _engine: None })
}

pub(crate) fn attributes(value: Value) -> Attributes {
    let Value::Object(attributes) = value else { panic!("an item is a map: {value}") };
    attributes
}

pub(crate) fn put(key: &Key, value: Value, condition: Condition) -> Change {
    put_indexed(key, value, Indexing::default(), condition)
}

pub(crate) fn put_indexed(key: &Key, value: Value, indexing: Indexing, condition: Condition) -> Change {
    Change::Put { key: key.clone(), attributes: attributes(value), indexing, condition }
}

pub(crate) fn delete(key: &Key, condition: Condition) -> Change {
    Change::Delete { key: key.clone(), condition }
}

pub(crate) fn check(key: &Key, condition: Condition) -> Change {
    Change::Check { key: key.clone(), condition }
}

/// Writes one item whatever was there.
pub(crate) async fn given(table: &dyn Table, key: &Key, value: Value) {
    table.write(vec![put(key, value, Condition::Always)]).await.expect("an unconditional put");
}

pub(crate) async fn read(table: &dyn Table, key: &Key) -> Option<Attributes> {
    table.get(key).await.expect("a read")
}

/// The stored number called `version`.
pub(crate) async fn version(table: &dyn Table, key: &Key) -> Option<u64> {
    read(table, key).await.and_then(|item| item.get("version").and_then(Value::as_u64))
}

pub(crate) fn versioned(version: u64) -> Value {
    json!({ "version": version })
}

/// The key and item that a failed condition names.
pub(crate) fn failed(outcome: Result<(), TableError>) -> (Key, Option<Attributes>) {
    match outcome {
        Err(TableError::ConditionFailed { key, existing }) => (key, existing.map(|item| *item)),
        other => panic!("a failed condition was expected, not {other:?}"),
    }
}

pub(crate) fn assert_defect(outcome: Result<(), TableError>) {
    assert!(matches!(outcome, Err(TableError::Defect(_))), "a defect was expected, not {outcome:?}");
}
