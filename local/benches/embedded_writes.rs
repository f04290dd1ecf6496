//! Writes per second through the SDK into the embedded engine, beside the engine alone and the table in memory: what a batch on a
//! laptop can reach at most.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dynoxide::Database;
use local::embedded_dynamodb::EmbeddedDynamodb;
use serde_json::{Value, json};
use shared::adapters::memory_table::MemoryTable;
use shared::ports::table::{Change, Condition, Indexing, Key, Table, TableError};
use tokio::task::JoinSet;

const WORKERS: usize = 16;
const WRITES_PER_WORKER: usize = 500;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = EmbeddedDynamodb::start(None).await?;
    let folder = tempfile::tempdir()?;
    let on_disk = EmbeddedDynamodb::start(Some(&folder.path().join("clearway.db"))).await?;
    for items in [1, 2, 4] {
        measure(&format!("SDK, engine in memory, {items} items"), Arc::new(engine.table()), items).await?;
        measure(&format!("SDK, engine in a file, {items} items"), Arc::new(on_disk.table()), items).await?;
        measure(&format!("table in memory, {items} items"), Arc::new(MemoryTable::new()), items).await?;
    }
    engine_alone()?;
    Ok(())
}

async fn measure(name: &str, table: Arc<dyn Table>, items: usize) -> Result<(), Box<dyn std::error::Error>> {
    let started = now();
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        let table = table.clone();
        workers.spawn(async move {
            for write in 0..WRITES_PER_WORKER {
                table.write((0..items).map(|item| put(items, worker, write, item)).collect()).await?;
            }
            Ok::<(), TableError>(())
        });
    }
    while let Some(outcome) = workers.join_next().await {
        outcome??;
    }
    report(name, WORKERS * WRITES_PER_WORKER, started.elapsed());
    Ok(())
}

fn put(items: usize, worker: usize, write: usize, item: usize) -> Change {
    let key = Key::new(format!("BATCH#{items}#{worker}"), format!("{write:05}#{item}"));
    let Value::Object(attributes) = payment() else { return Change::Delete { key, condition: Condition::Absent } };
    Change::Put { key, attributes, indexing: Indexing::default(), condition: Condition::Absent }
}

fn payment() -> Value {
    json!({
        "version": 1, "state": "created", "amount_cents": 123_456, "source": "SOURCE#0001", "funding": "FUNDING#0001",
        "payee": { "name": "A Biller", "counterparty": "0123456789abcdef0123456789abcdef" }, "attempt": 0,
    })
}

/// The engine without SDK and HTTP, from one thread.
fn engine_alone() -> Result<(), Box<dyn std::error::Error>> {
    let database = Database::memory().map_err(|error| format!("{error:?}"))?;
    let table = json!({
        "TableName": "alone", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
    });
    database.create_table(serde_json::from_value(table)?).map_err(|error| format!("{error:?}"))?;
    let started = now();
    let writes = WORKERS * WRITES_PER_WORKER;
    for write in 0..writes {
        let request = json!({
            "TableName": "alone", "ConditionExpression": "attribute_not_exists(pk)",
            "Item": { "pk": { "S": write.to_string() }, "state": { "S": "created" }, "amount_cents": { "N": "123456" } },
        });
        database.put_item(serde_json::from_value(request)?).map_err(|error| format!("{error:?}"))?;
    }
    report("engine alone, 1 item", writes, started.elapsed());
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a measurement is there to be read")]
fn report(name: &str, writes: usize, elapsed: Duration) {
    let per_second = writes as u128 * 1_000_000 / elapsed.as_micros().max(1);
    println!("{name}: {per_second} writes per second");
}

#[expect(clippy::disallowed_methods, reason = "a measurement of real time")]
fn now() -> Instant {
    Instant::now()
}
