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
        engine_alone(items)?;
        measure(&format!("table in memory, {items} items"), Arc::new(MemoryTable::new()), items).await?;
    }
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

/// The engine without SDK and HTTP, from one thread, from and to the JSON that it is asked in.
fn engine_alone(items: usize) -> Result<(), Box<dyn std::error::Error>> {
    let database = Database::memory()?;
    let keys = ["pk", "sk", "due_pk", "due_sk", "lists_pk", "lists_sk"];
    let key = |pk, sk| json!([{ "AttributeName": pk, "KeyType": "HASH" }, { "AttributeName": sk, "KeyType": "RANGE" }]);
    let index = |name, pk, sk| json!({ "IndexName": name, "KeySchema": key(pk, sk), "Projection": { "ProjectionType": "KEYS_ONLY" } });
    let table = json!({
        "TableName": "alone", "BillingMode": "PAY_PER_REQUEST", "KeySchema": key("pk", "sk"),
        "AttributeDefinitions": keys.map(|name| json!({ "AttributeName": name, "AttributeType": "S" })),
        "GlobalSecondaryIndexes": [index("due", "due_pk", "due_sk"), index("lists", "lists_pk", "lists_sk")],
    });
    database.create_table(serde_json::from_value(table)?)?;
    let put = |write: usize, item: usize| {
        json!({
            "TableName": "alone", "ConditionExpression": "attribute_not_exists(#pk)",
            "ExpressionAttributeNames": { "#pk": "pk" }, "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            "Item": {
                "pk": { "S": format!("BATCH#{}", write % WORKERS) }, "sk": { "S": format!("{write:05}#{item}") },
                "version": { "N": "1" }, "state": { "S": "created" }, "amount_cents": { "N": "123456" },
                "source": { "S": "SOURCE#0001" }, "funding": { "S": "FUNDING#0001" }, "attempt": { "N": "0" },
                "payee": { "M": { "name": { "S": "A Biller" }, "counterparty": { "S": "0123456789abcdef0123456789abcdef" } } },
                "writer": { "S": "0123456789abcdef0123456789abcdef" },
            },
        })
    };
    let writes = WORKERS * WRITES_PER_WORKER;
    let requests: Vec<String> = (0..writes)
        .map(|write| match items {
            1 => put(write, 0).to_string(),
            _ => {
                let puts: Vec<_> = (0..items).map(|item| json!({ "Put": put(write, item) })).collect();
                json!({ "TransactItems": puts }).to_string()
            }
        })
        .collect();
    let started = now();
    for request in &requests {
        let answer = match items {
            1 => serde_json::to_string(&database.put_item(serde_json::from_str(request)?)?)?,
            _ => serde_json::to_string(&database.transact_write_items(serde_json::from_str(request)?)?)?,
        };
        assert!(!answer.is_empty(), "the engine answers");
    }
    report(&format!("engine alone, {items} items"), writes, started.elapsed());
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
